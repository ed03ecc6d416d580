"""Photographs in folders of classes: which there are, in which order they are taken, and which can be decoded."""

import hashlib
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lookalike.artifacts.pictures import decode_picture, is_ignored, list_files
from lookalike.errors import InputError, RejectedError

Listing = list[tuple[str, int]]  # path in the folder, and label
Skipped = tuple[tuple[str, str], ...]  # path in the folder, and why the file is not used
CHUNK = 1024  # photographs that wait to be decoded: a set may hold millions
ELONGATED = 50  # times as long as wide: its square would be cut out of a picture that no memory holds


@dataclass(frozen=True)
class PhotoFolder:
    """Photographs in a folder, not read yet.

    Attributes:
        path: the folder.
        classes: names of the classes' folders, by label.
        train, test: path in the folder and label of each photograph, by class and then by path.
        about: provenance.
        in_place: whether it is a person's own, of which nothing is copied.
        skipped: the other files there, none of which can be a photograph.
    """

    path: Path
    classes: tuple[str, ...]
    train: Listing
    test: Listing
    about: dict[str, Any]
    in_place: bool = False
    skipped: Skipped = ()

    def listing(self, part: str) -> Listing:
        """The photographs of a part, `train` or `test`."""
        return {"train": self.train, "test": self.test}[part]


def class_folders(folder: Path) -> tuple[str, ...]:
    """The names of the folders in `folder`, sorted, without those to be ignored; none where there is no such folder."""
    return tuple(path.name for path in visible_entries(folder) if path.is_dir())


def visible_entries(folder: Path) -> list[Path]:
    """What is in `folder`, sorted, but for what is to be ignored; nothing where there is no such folder."""
    return sorted(path for path in folder.iterdir() if not is_ignored(path.name)) if folder.is_dir() else []


def list_classes(folder: Path, parts: Sequence[str], classes: Sequence[str]) -> tuple[Listing, Skipped]:
    """The files below `<part>/<class>/` that may be photographs, by class, then in the order of `parts`, then by path.

    And all other files, with the reason, among them those that lie beside the folders of the classes.
    """
    beside = (path for part in parts for path in visible_entries(folder / part) if not path.is_dir())
    listing, others = Listing(), [(str(path.relative_to(folder)), "lies in no folder of a class") for path in beside]
    for label, name in enumerate(classes):
        for part in parts:
            files = list(list_files(folder, f"{part}/{name}/")) if (folder / part / name).is_dir() else []
            listing += [(file, label) for file, reason in files if not reason]
            others += [(file, reason) for file, reason in files if reason]
    return listing, tuple(others)


def interleave_classes(labels: NDArray[np.integer]) -> NDArray[np.int64]:
    """An order (N,) in which classes take turns: the first of each class, then the second of each, and so on.

    Any prefix of it is as balanced as possible.
    """
    by_class = np.argsort(labels, kind="stable")
    ordered = labels[by_class]
    turn = np.arange(len(labels)) - np.searchsorted(ordered, ordered)
    return by_class[np.lexsort((ordered, turn))]


def check_photographs(folder: Path, names: Sequence[str], about: str) -> list[tuple[str, str]]:
    """Decode every photograph once, on all cores: its md5, and in a few words why it cannot be used, "" if it can.

    No image is kept. The progress bar is called `about`.

    Raises:
        InputError: a file cannot be read at all.
    """

    def look(name: str) -> tuple[str, str]:
        try:
            with (folder / name).open("rb") as stream:
                md5 = hashlib.file_digest(stream, "md5").hexdigest()
                stream.seek(0)
                return md5, decoding_fault(stream)
        except OSError as error:
            raise InputError(f"{folder / name}: {error.strerror}; mend the folder and run again") from error

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


def decoding_fault(stream: IO[bytes]) -> str:
    """Why an open file is no photograph, in a few words; "" if it is one."""
    try:
        width, height = decode_picture(stream).size
    except RejectedError as error:
        return str(error)
    long = max(width, height) > ELONGATED * min(width, height)
    return f"{width} x {height} pixels: too long for its width" if long else ""
