"""Pictures of how families of architectures tell look-alikes apart: contrast maps and doubtful labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.families.findings import ClassPair
from lookalike.reporting.figures.families import short
from lookalike.reporting.figures.maps import (
    GAP,
    LARGE,
    LINE,
    MEDIUM,
    MOST,
    TITLE,
    Sheet,
    as_tile,
    margin,
    signed_tile,
    tile_of,
)
from lookalike.reporting.figures.parts import Cuts

ACROSS, PITCH = 4, 190  # doubtful labels in a row, and the pixels that each has


@dataclass(frozen=True)
class Doubtful:
    """A test image whose label the judges find hard to believe.

    Attributes:
        label, judged: the class by the label, and the one that the judges find most probable.
        label_share, judged_share: their probabilities, mean over judges.
    """

    index: int
    label: str
    label_share: float
    judged: str
    judged_share: float


def contrast_maps_figure(
    pairs: Sequence[ClassPair], classes: NDArray[np.uint8], maps: Mapping[str, NDArray[np.floating]]
) -> Figure:
    """What speaks for each class of a pair against the other, by family: one row per pair, on either side one class.

    Large images of the second classes stand below those of the first.

    Args:
        classes: (P, 2, H, W[, 3]), the mean image of each class.
        maps: heading -> (P, 2, h, w), of either sign; each map is coloured by its own largest absolute value.
    """
    names = [short(name) for pair in pairs for name in pair]
    left, size, sheet = margin(names), tile_of(classes.shape[2], MEDIUM), Sheet()
    pitch = size + GAP
    width, height = left + (1 + len(maps)) * pitch + 2 * GAP, TITLE + len(pairs) * pitch
    sheet.cuts.columns.append(width)
    for side in range(2):
        start, top = (left + side * width, TITLE) if 2 * width <= MOST else (left, TITLE + side * height)
        for column, heading in enumerate(["mean image", *maps]):
            sheet.write(start + column * pitch + size / 2, top - GAP, heading)
        for row, pair in enumerate(pairs):
            y = top + row * pitch
            sheet.name_row(start - GAP, y, size, short(pair[side]))
            sheet.paste((start, y), as_tile(classes[row, side], size))
            for column, of_family in enumerate(maps.values(), start=1):
                sheet.paste((start + column * pitch, y), signed_tile(of_family[row, side].astype(np.float64), size))
    sheet.add_map_scales([True])
    return sheet.figure()


def doubtful_figure(doubtful: Sequence[Doubtful], images: Sequence[NDArray[np.uint8]]) -> Figure:
    """Images (H, W[, 3]) with doubtful labels, four per row, each above its label and the class of the judges."""
    sheet = Sheet(cuts=Cuts(columns=[PITCH * k for k in range(1, ACROSS)]))
    for k, (one, image) in enumerate(zip(doubtful, images, strict=True)):
        size = tile_of(len(image), LARGE)
        x, y = k % ACROSS * PITCH, k // ACROSS * (size + 3 * LINE + 3 * GAP)
        sheet.cuts.rows += [y] if x == 0 < y else []
        sheet.paste((x + (PITCH - size) // 2, y + GAP), as_tile(image, size))
        lines = (
            f"test image {one.index}",
            f"label: {short(one.label)} {one.label_share:.2f}",
            f"judges: {short(one.judged)} {one.judged_share:.2f}",
        )
        for row, line in enumerate(lines):
            sheet.write(x + PITCH / 2, y + size + 2 * GAP + row * LINE, line, va="top")
        sheet.end = y + size + 3 * LINE + 3 * GAP
    return sheet.figure()
