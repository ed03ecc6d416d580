"""Parts of a wide picture, which a telephone shows one below the other."""

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
    """Positions in pixels at which a picture may be cut.

    Attributes:
        names: the width of the row names at the left, which every part repeats.
        columns: x of the vertical cuts; they are used only where a band is wider than a telephone.
        rows: y of the horizontal cuts; all are used.
    """

    names: int = 0
    columns: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def parts(self, height: int, rights: Sequence[int]) -> tuple[Part, ...]:
        """The parts of a picture in the order of reading.

        Args:
            height: of the picture.
            rights: the width of each band between two `rows`, from the top; 0 means that the band is empty.
        """
        bands = zip(pairwise([0, *self.rows, height]), rights, strict=True)
        return tuple(part for (top, end), right in bands for part in self.parts_of_band(top, end - top, right))

    def parts_of_band(self, top: int, height: int, right: int) -> Iterable[Part]:
        """The parts of the band between two horizontal cuts, each with as many columns as fit on a telephone."""
        edges, start = sorted({*(x for x in self.columns if self.names < x < right), right}), 0
        while right > start:
            left = start and self.names  # the first part has the names anyway
            room = [x for x in edges if start < x <= start + TELEPHONE - left]
            end = right if right <= TELEPHONE else max(room, default=min(x for x in edges if x > start))
            columns = (start, top, end - start, height)
            yield ((0, top, left, height), columns) if left else (columns,)
            start = end


def quarters(width: int, height: int) -> tuple[Part, ...]:
    """The four equal parts of a picture, in two rows."""
    x, y = width // 2, height // 2
    boxes: list[Box] = [(left, top, x, y) for top in (0, y) for left in (0, x)]
    return tuple((box,) for box in boxes)


def note_parts(figure: "Figure", parts: Iterable[Part]) -> "Figure":
    """The figure with its parts, which `rendering` stores in the picture."""
    figure.set_gid(parts_as_note(parts))
    return figure


def parts_as_note(parts: Iterable[Part]) -> str:
    """Parts as text, which is stored in a picture."""
    return json.dumps([*parts], separators=(",", ":"))


def read_parts(note: str | None) -> tuple[Part, ...]:
    """The parts in a note of `parts_as_note`; None or "" means none."""
    return tuple(tuple((x, y, width, height) for x, y, width, height in part) for part in json.loads(note or "[]"))
