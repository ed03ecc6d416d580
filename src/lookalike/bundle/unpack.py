"""Unpack the evidence archives of a bundle, after checking every file in them."""

import json
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from lookalike.artifacts.fingerprint import sha_256
from lookalike.artifacts.folders import replacing_folder, write_bytes
from lookalike.bundle.layout import EVIDENCE, INDEX, PARAMETERS, PROVENANCE, VERSION
from lookalike.errors import InputError

LARGEST = 2**30  # bytes of one archive's files: no evidence is as large, and larger archives are not read
COMMON = {PARAMETERS, PROVENANCE}
UNREADABLE = (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)


def unpack_evidence(files: Sequence[Path], folder: Path) -> dict[str, Any]:
    """Check the archives that `lookalike.bundle.evidence` wrote and unpack all of them into the new folder `folder`.

    Nothing is written unless all are whole. `folder` then has `params.yaml`, `provenance.json`, and
    `models/<study>/<variant>/` and the like.

    Returns:
        The content of `provenance.json`: `commit`, `dirty` (whether tracked files differed from it), `profile`,
        `params` (SHA-256 of `params.yaml`) and `settings` (each variant's digest of effective settings).

    Raises:
        InputError: one line that names the archive, and what is wrong with it.
    """
    if folder.exists():
        raise InputError(f"{folder}: exists already; evidence is unpacked into a new folder")
    if not files:
        raise InputError("no evidence archive is named")
    contents: dict[str, bytes] = {}
    for file in files:
        for name, content in read_archive(file).items():
            if contents.setdefault(name, content) != content:
                what = "another bundle's" if name in COMMON else "another run's"
                raise InputError(f"{file}: {name} differs from that in the archives before it; this one is {what}")
    origin = read_origin(contents, files[0])
    with replacing_folder(folder) as part:
        for name, content in contents.items():
            write_bytes(part / name, content)
    return origin


def read_archive(file: Path) -> dict[str, bytes]:
    """The files of an archive by their paths, without the index, which they agree with.

    Raises:
        InputError: see `unpack_evidence`.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > LARGEST:
                raise InputError(f"{file}: holds more than {LARGEST >> 20} MiB; no evidence is as large")
            contents = {info.filename: archive.read(info) for info in infos}
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such file") from error
    except UNREADABLE as error:
        raise InputError(f"{file}: cannot be read as a zip file; it is truncated or damaged") from error
    digests = read_index(file, contents.pop(INDEX, b""))
    for name in sorted({*digests, *contents}):
        if not is_evidence(name):
            raise InputError(f"{file}: {name!r} is no path of evidence; allowed: {', '.join(EVIDENCE)}")
    if len(contents) + 1 < len(infos) or digests.keys() != contents.keys() or not contents.keys() >= COMMON:
        raise InputError(f"{file}: the files are not those of its index; the archive was edited")
    for name, content in contents.items():
        if sha_256(content) != digests[name]:
            raise InputError(f"{file}: {name} does not match its digest; the archive was edited")
    return contents


def read_index(file: Path, text: bytes) -> dict[str, str]:
    """The digests by path that an archive's index has."""
    try:
        index = json.loads(text)
        version, digests = index["version"], dict(index["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: no evidence of a bundle; {INDEX} is missing or damaged") from error
    if version != VERSION:
        raise InputError(f"{file}: {INDEX} has version {version!r}; this code reads version {VERSION}")
    return digests


def is_evidence(name: str) -> bool:
    """Whether a path in an archive is one that `lookalike.bundle.evidence` writes: it leads nowhere else."""
    if name in COMMON:
        return True
    parts = name.split("/")
    plain = all(part.isprintable() and part not in {"", ".", ".."} for part in parts) and not {*name} & {*"\\:"}
    return plain and len(parts) >= 4 and parts[0] in EVIDENCE and not PurePosixPath(name).is_absolute()


def read_origin(contents: dict[str, bytes], file: Path) -> dict[str, Any]:
    """The content of `provenance.json`, whose `params` is the digest of `params.yaml`."""
    try:
        origin: dict[str, Any] = json.loads(contents[PROVENANCE])
        whole = {"commit", "dirty", "profile", "params", "settings"} <= origin.keys()
    except (ValueError, AttributeError) as error:
        raise InputError(f"{file}: {PROVENANCE} is damaged") from error
    if not whole or origin["params"] != sha_256(contents[PARAMETERS]):
        raise InputError(f"{file}: {PARAMETERS} is not the one that {PROVENANCE} names; the archive was edited")
    return origin
