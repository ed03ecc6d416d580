"""Evidence of a variant: the arrays and figures that statistics, report and explorer need, without its weights.

A folder of evidence holds `arrays.npz` (compressed, no pickle) and `evidence.json`: the version of the format, the kind
of evidence, its content, and a digest over content and arrays. `docs/reference/evidence.md` describes every field.
"""

import hashlib
import json
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.folders import replacing_folder, write_json
from lookalike.errors import InputError

VERSION = 2
DAMAGED = (OSError, ValueError, EOFError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)  # by where it is
ARRAYS, CONTENT, INPUTS = "arrays.npz", "evidence.json", "inputs.json"

Arrays = Mapping[str, NDArray[Any]]
Content = Mapping[str, Any]


def write_evidence(folder: Path, kind: str, content: Content, arrays: Arrays) -> None:
    """Write JSON-able `content` and `arrays` (by name) into an existing folder; the same input gives the same bytes."""
    np.savez_compressed(folder / ARRAYS, **arrays)  # type: ignore[arg-type]  # mypy takes them for `allow_pickle`
    about = {"version": VERSION, "kind": kind, "digest": evidence_digest(content, arrays)}
    write_json(folder / CONTENT, about | {"content": dict(content)})


def read_evidence(folder: Path, kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Content and arrays as `write_evidence` wrote them.

    Raises:
        InputError: a file is missing, truncated or edited, or of another version or kind.
    """
    about, arrays = read_content(folder / CONTENT), read_arrays(folder / ARRAYS)
    if about.get("version") != VERSION:
        raise InputError(f"{folder / CONTENT}: version {about.get('version')!r}; this code reads version {VERSION}")
    if about.get("kind") != kind:
        raise InputError(f"{folder / CONTENT}: evidence of kind {about.get('kind')!r}, expected {kind!r}")
    if not isinstance(about.get("content"), dict) or about.get("digest") != evidence_digest(about["content"], arrays):
        raise InputError(f"{folder}: the evidence does not match its digest; it was edited or is incomplete")
    return about["content"], arrays


def read_content(path: Path) -> dict[str, Any]:
    """A JSON object from a file; an InputError of one line if there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON, the file is damaged") from error
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a JSON object")
    return content


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an .npz file by name; an InputError of one line if it cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except DAMAGED as error:
        raise InputError(f"{path}: cannot be read, the file is damaged") from error


def evidence_digest(content: Content, arrays: Arrays) -> str:
    """SHA-256 (hex) over the content as JSON and over name, type, shape and bytes of every array."""
    sha = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        sha.update(f"{name} {array.dtype.str} {array.shape}".encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


def with_prefix(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The arrays with a prefix and a slash before each name."""
    return {f"{prefix}/{name}": values for name, values in arrays.items()}


def without_prefix(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """The arrays whose names have the prefix and a slash, by the rest of the name."""
    return {name[len(prefix) + 1 :]: values for name, values in arrays.items() if name.startswith(f"{prefix}/")}


def pack_bits(bits: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Bits (..., N) as bytes (..., ceil(N / 8))."""
    return np.packbits(bits, axis=-1)


def unpack_bits(packed: NDArray[np.uint8], count: int) -> NDArray[np.bool_]:
    """The first `count` bits (..., count) of bytes (..., ceil(count / 8))."""
    return np.unpackbits(packed, axis=-1, count=count).astype(bool)


def in_half(values: NDArray[np.floating]) -> NDArray[np.float16] | NDArray[np.float32]:
    """The values in half precision, or in single where half has no numbers as large: a failed network may have."""
    too_large = np.fmax.reduce(np.abs(values), axis=None, initial=0) > np.finfo(np.float16).max
    return values.astype(np.float32) if too_large else values.astype(np.float16)


def is_current(folder: Path, inputs: Mapping[str, str]) -> bool:
    """Whether what is in `folder` was computed from exactly these inputs (digests by name)."""
    try:
        return read_content(folder / INPUTS) == dict(inputs)
    except InputError:  # nothing was computed, or the note is damaged: compute it
        return False


@contextmanager
def replaced_unless_current(folder: Path, inputs: Mapping[str, str]) -> Iterator[Path | None]:
    """Yield a temporary folder that replaces `folder` at the end of the block, with `inputs` noted in it.

    Yields None if `folder` was computed from the same inputs: it stays as it is.
    """
    if is_current(folder, inputs):
        yield None
        return
    with replacing_folder(folder) as part:
        yield part
        write_json(part / INPUTS, dict(inputs))


def keep_only(folder: Path, names: Iterable[str]) -> None:
    """Delete the folders in `folder` that have none of these names, such as those of variants that are gone.

    `folder` is there afterwards, even if there is nothing to keep in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in set(folder.glob("*")) - {folder / name for name in names}:
        shutil.rmtree(path)
