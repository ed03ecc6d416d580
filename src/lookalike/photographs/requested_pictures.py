"""The pictures that a user names on the command line: files, folders, and what is neither."""

import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.artifacts.pictures import SUFFIXES, is_ignored
from lookalike.errors import InputError, RejectedError

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True)
class RequestedPictures:
    """The pictures that the command was given.

    Attributes:
        paths: their files, not read yet.
        unusable: reason by name, of the files and folders without a usable picture.
        left_out: a sentence if there are more pictures than are shown, else "".
    """

    paths: list[Path]
    unusable: dict[str, str]
    left_out: str


def find_pictures(given: Sequence[str], *, outcomes: Collection[Path], most: int) -> RequestedPictures:
    """The first `most` of the pictures that are `given` as files or as folders, which are not searched below.

    `outcomes` are the files that the command writes; a folder may hold those of an earlier call.

    Raises:
        InputError: more names are given, or one would be overwritten, being one of the `outcomes`.
    """
    if len(given) > most:
        raise InputError(f"{len(given)} pictures; at most {most} at once")
    written, found, unusable = {os.path.realpath(path) for path in outcomes}, list[Path](), dict[str, str]()
    for name in given:
        if os.path.realpath(name) in written:
            raise InputError(f"{printable(str(Path(name)))}: would be overwritten by the outcome; rename it")
        try:
            found += pictures_at(name, written)
        except RejectedError as error:
            unusable[printable(name)] = str(error)
    left_out = f"{len(found)} pictures, of which the first {most} are shown" if len(found) > most else ""
    return RequestedPictures(found[:most], unusable, left_out)


def pictures_at(name: str, written: Collection[str]) -> list[Path]:
    """The file `name`, or the files directly in that folder with a suffix of pictures, except those in `written`.

    Raises:
        RejectedError: it is an address, or a folder without pictures.
    """
    if ADDRESS.match(name):
        raise RejectedError("addresses are not taken: download the picture first")
    path = Path(name)
    try:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError as error:
        raise RejectedError(f"cannot be read: {error.strerror}") from error
    if inside == [path]:
        return inside
    named = (one for one in inside if one.suffix.lower() in SUFFIXES and not is_ignored(one.name))
    pictures = [one for one in named if os.path.realpath(one) not in written]
    if not pictures:
        raise RejectedError(f"no pictures in this folder; their names end in {', '.join(SUFFIXES)}")
    return pictures


def printable(name: str) -> str:
    """The name of a file on one line: characters that cannot be printed become question marks."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)
