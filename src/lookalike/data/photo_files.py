"""Photographs in folders of classes: which there are, in which order they are taken, and which can be decoded."""

import hashlib
import io
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lookalike.artifacts.image_files import upright
from lookalike.errors import InputError

Listing = list[tuple[str, int]]  # path in the folder, and label
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
CHUNK = 1024  # photographs that wait to be decoded: a set may hold millions
ELONGATED = 50  # times as long as wide: its square would be cut out of a picture that no memory holds


@dataclass(frozen=True)
class PhotoFolder:
    """Photographs that are there, not read yet.

    Attributes:
        path: the folder.
        classes: names of the classes' folders, by label.
        train, test: path in the folder and label of each photograph, by class and then by path.
        about: provenance.
        in_place: whether it is a person's own, of which nothing is copied.
    """

    path: Path
    classes: tuple[str, ...]
    train: Listing
    test: Listing
    about: dict[str, Any]
    in_place: bool = False

    def listing(self, part: str) -> Listing:
        """The photographs of a part, `train` or `test`."""
        return {"train": self.train, "test": self.test}[part]


def class_folders(folder: Path) -> tuple[str, ...]:
    """The names of the folders in `folder`, sorted; none where there is no such folder."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if path.name[0] != "." and path.is_dir()))


def list_classes(folder: Path, parts: Sequence[str], classes: Sequence[str]) -> Listing:
    """The photographs `<part>/<class>/<file>` of all `parts`, by class, then by path; other files do not count."""
    return [
        (f"{part}/{name}/{file}", label)
        for label, name in enumerate(classes)
        for part in parts
        if (folder / part / name).is_dir()
        for file in sorted(path.name for path in (folder / part / name).iterdir())
        if is_photograph(file)
    ]


def is_photograph(name: str) -> bool:
    """Whether a file's name is that of a photograph; hidden ones are not."""
    return name[0] != "." and name.lower().endswith(SUFFIXES)


def in_turns(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """An order (N,) in which classes take turns: the first of each class, then the second of each, and so on.

    So that any prefix of it holds the classes as evenly as can be.
    """
    by_class = np.argsort(labels, kind="stable")
    ordered = labels[by_class]
    turn = np.arange(len(labels)) - np.searchsorted(ordered, ordered)
    return by_class[np.lexsort((ordered, turn))]


def examine(folder: Path, names: Sequence[str], about: str) -> list[tuple[str, str]]:
    """Decode every photograph once, on all cores: its md5, and in a few words why it cannot be used, "" if it can.

    None is kept. `about` is said with the progress.

    Raises:
        InputError: a file cannot be read at all.
    """

    def look(name: str) -> tuple[str, str]:
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise InputError(f"{folder / name}: {error.strerror}; mend the folder and run again") from error
        return hashlib.md5(content).hexdigest(), name_fault(name) or fault(content)

    outcomes = []
    with (
        warnings.catch_warnings(action="ignore"),  # of oddities in what surrounds the pixels
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tqdm(total=len(names), desc=about, disable=None) as bar,
    ):
        for start in range(0, len(names), CHUNK):
            for outcome in pool.map(look, names[start : start + CHUNK]):
                outcomes.append(outcome)
                bar.update()
    return outcomes


def name_fault(name: str) -> str:
    """Why a file's name cannot stand in a table, "" if it can."""
    return "" if name.encode(errors="replace") == name.encode(errors="surrogateescape") else "its name is not UTF-8"


def fault(content: bytes) -> str:
    """Why a file is no photograph, in a few words; "" if it is one."""
    from PIL import UnidentifiedImageError

    try:
        size = upright(io.BytesIO(content)).size
    except UnidentifiedImageError:
        return "damaged, or no picture" if content else "empty"
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        return " ".join(str(error).split()) or type(error).__name__
    return f"{size[0]} x {size[1]} pixels: too long for its width" if max(size) > ELONGATED * min(size) else ""
