"""Ways to damage evidence of any kind, each of which must be refused in one line that names the folder or a file."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lookalike.artifacts.evidence import ARRAYS, CONTENT, VERSION, read_arrays
from lookalike.artifacts.folders import read_json, write_json
from lookalike.errors import InputError


def truncated(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])

    return damage


def edited(**changes: object) -> Callable[[Path], None]:
    return lambda folder: write_json(folder / CONTENT, read_json(folder / CONTENT) | changes)


def edited_content(folder: Path) -> None:
    about = read_json(folder / CONTENT)
    write_json(folder / CONTENT, about | {"content": about["content"] | {"more": 1}})


def edited_array(folder: Path) -> None:
    arrays = read_arrays(folder / ARRAYS)
    name = next(name for name, values in arrays.items() if values.size)
    arrays[name] = arrays[name].copy()
    arrays[name].flat[0] += 1
    np.savez_compressed(folder / ARRAYS, **arrays)  # type: ignore[arg-type]


def renamed_array(folder: Path) -> None:
    arrays = read_arrays(folder / ARRAYS)
    arrays["other"] = arrays.pop(next(iter(arrays)))
    np.savez_compressed(folder / ARRAYS, **arrays)  # type: ignore[arg-type]


DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {  # what the message says, and what is done
    "arrays missing": ("no such file", lambda folder: (folder / ARRAYS).unlink()),
    "content missing": ("no such file", lambda folder: (folder / CONTENT).unlink()),
    "arrays truncated": ("damaged", truncated(ARRAYS)),
    "content truncated": ("damaged", truncated(CONTENT)),
    "later version": (f"version {VERSION + 1}; this code reads version {VERSION}", edited(version=VERSION + 1)),
    "other kind": ("evidence of kind 'costs', expected", edited(kind="costs")),
    "content edited": ("does not match its digest", edited_content),
    "array edited": ("does not match its digest", edited_array),
    "array renamed": ("does not match its digest", renamed_array),
}


def assert_refused(load: Callable[[Path], object], folder: Path, case: str) -> None:
    """Damage the evidence in `folder`; reading it must fail in one line."""
    message, damage = DAMAGES[case]
    damage(folder)
    with pytest.raises(InputError, match=message) as refused:
        load(folder)
    assert str(refused.value).startswith(str(folder))
    assert len(str(refused.value).splitlines()) == 1
