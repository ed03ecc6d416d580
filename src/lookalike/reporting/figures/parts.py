"""Where a wide picture is cut, so that a telephone shows its parts one below the other."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TELEPHONE = 385  # CSS pixels: a picture that is no wider is legible on a telephone, at most a tenth smaller
Box = tuple[int, int, int, int]  # x, y, width and height in a picture
Part = tuple[Box, ...]  # boxes of one height that stand side by side


@dataclass
class Cuts:
    """Places in pixels where a picture may be cut.

    Attributes:
        names: how wide the names of its rows are, at the left: every part repeats them.
        columns: x at which it is cut from top to bottom, where a band would be too wide.
        rows: y at which it is cut from side to side, always.
    """

    names: int = 0
    columns: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def parts(self, height: int, rights: Sequence[int]) -> tuple[Part, ...]:
        """The parts of a picture in the order of reading.

        Args:
            height: of the picture.
            rights: how wide the bands between `rows` are, from the top; 0 of one in which nothing is.
        """
        bands = zip(pairwise([0, *self.rows, height]), rights, strict=True)
        return tuple(part for (top, end), right in bands for part in self.parts_of_band(top, end - top, right))

    def parts_of_band(self, top: int, height: int, right: int) -> Iterable[Part]:
        """What stands between two cuts from side to side: as many columns at a time as a telephone has room for."""
        edges, start = sorted({*(x for x in self.columns if self.names < x < right), right}), 0
        while right > start:
            left = start and self.names  # the first part has the names anyway
            room = [x for x in edges if start < x <= start + TELEPHONE - left]
            end = right if right <= TELEPHONE else max(room, default=min(x for x in edges if x > start))
            columns = (start, top, end - start, height)
            yield ((0, top, left, height), columns) if left else (columns,)
            start = end


def quarters(width: int, height: int) -> tuple[Part, ...]:
    """The parts of a picture that consists of two rows of two equal ones."""
    x, y = width // 2, height // 2
    boxes: list[Box] = [(left, top, x, y) for top in (0, y) for left in (0, x)]
    return tuple((box,) for box in boxes)


def note_parts(figure: "Figure", parts: Iterable[Part]) -> "Figure":
    """The figure with its parts, which `rendering` stores in the picture."""
    figure.set_gid(parts_as_note(parts))
    return figure


def parts_as_note(parts: Iterable[Part]) -> str:
    """Parts as text that a picture keeps."""
    return json.dumps([*parts], separators=(",", ":"))


def read_parts(note: str | None) -> tuple[Part, ...]:
    """The parts out of a note; none out of none."""
    return tuple(tuple((x, y, width, height) for x, y, width, height in part) for part in json.loads(note or "[]"))
