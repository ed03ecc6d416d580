"""Which file a line of a table of labels means: tables and folders may spell the same name differently."""

import difflib
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

from lookalike.artifacts.pictures import SUFFIXES
from lookalike.errors import RejectedError

SEARCHED = 1000  # names that are compared at most: a wrong folder fails at every line, and each search takes a while
SIMILAR = 0.8  # `difflib` ratio from which on names are similar: twice the matching letters by those of both names


class FileNames:
    """The names of files, to be found by what a table calls them.

    Args:
        folder: the name of the folder, with which a table may begin its paths.
        files: paths in the folder.
    """

    def __init__(self, folder: str, files: Sequence[str]) -> None:
        self.folder = normalise_path(folder)
        self.by_name, self.by_stem = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for file in files:
            name = normalise_path(file)
            self.by_name[name].append(file)
            if (suffix := PurePosixPath(name).suffix) in SUFFIXES:
                self.by_stem[name.removesuffix(suffix)].append(file)

    def fitting(self, name: str) -> list[str]:
        """The files that are called `name` but for spaces, slashes, the case of letters, how accents are stored, the
        folder's own name in front, and, if none is, a missing suffix.
        """
        called = normalise_path(name)
        ways = (called, called.removeprefix(f"{self.folder}/"))
        return next((found for by in (self.by_name, self.by_stem) for way in ways if (found := by.get(way))), [])

    def find(self, name: str) -> str | None:
        """The file that `name` fits, None if there is none.

        Raises:
            RejectedError: it fits several.
        """
        found = self.fitting(name)
        if len(found) > 1:
            raise RejectedError(f"no such file, but several of such a name: {', '.join(found)}; write one of these")
        return found[0] if found else None

    def meant(self, name: str) -> list[str]:
        """The files that a line with `name` may mean."""
        return self.fitting(name) or self.near(name)

    def near(self, name: str) -> list[str]:
        """The files that an unknown `name` may mean: those of that name in other folders, else the most similar."""
        called = normalise_path(name)
        last = called.rpartition("/")[2]
        same = [file for way, files in self.by_name.items() if way.rpartition("/")[2] == last for file in files]
        alike = difflib.get_close_matches(called, [*self.by_name][:SEARCHED], n=1, cutoff=SIMILAR)
        return same or [file for way in alike for file in self.by_name[way]]


def normalise_path(name: str) -> str:
    """A path in the spelling that is compared: composed accents, slashes, lower case, no spaces around parts."""
    parts = (part.strip() for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/"))
    return unicodedata.normalize("NFC", "/".join(part for part in parts if part not in ("", ".")).casefold())
