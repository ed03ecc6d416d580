"""Pictures with a row for each class, image or layer: many maps of one kind side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.reporting.maps import (
    GAP,
    LINE,
    MEDIUM,
    TITLE,
    Floats,
    Pixels,
    Sheet,
    as_tile,
    coloured,
    in_shares,
    is_blank,
    margin,
)

IMAGE = "the image"
BY_CLASS = ("CAM", "Grad-CAM")  # methods by which several images of each class are shown
ACROSS = 8  # images of a class
CHANNELS = 5  # that are shown of a layer, on either side


def classes_figure(
    images: NDArray[np.uint8],
    maps: Floats,
    labels: NDArray[np.integer],
    class_names: Sequence[str],
    *,
    title: str,
    signed: bool,
) -> Figure:
    """Up to eight images of each class under their maps, a row a class.

    Args:
        images, maps, labels: (N, H, W[, 3]), (N, h, w) and (N,).
        title: what stands above, such as the method with its gain.
        signed: whether maps have either sign, see `maps.overlay`.
    """
    left, sheet = margin(class_names), Sheet()
    sheet.write(GAP, TITLE - GAP, title, ha="left")
    for row, name in enumerate(class_names):
        y = TITLE + row * (MEDIUM + GAP)
        sheet.write(left - GAP, y + MEDIUM / 2, name, ha="right", va="center")
        for column, k in enumerate(np.flatnonzero(labels == row)[:ACROSS]):
            sheet.paste_map((left + column * (MEDIUM + GAP), y), images[k], maps[k], MEDIUM, signed=signed)
    sheet.end = TITLE + len(class_names) * (MEDIUM + GAP)
    sheet.add_map_scales([signed])
    return sheet.figure()


def augmentation_figure(images: NDArray[np.uint8], drawn: NDArray[np.uint8], names: Sequence[str]) -> Figure:
    """Images (N, H, W[, 3]), a row each, and beside them what a training sees of them: (D, N, H, W[, 3])."""
    left, sheet = margin(names), Sheet()
    headings = ["image", *(f"draw {k + 1}" for k in range(len(drawn)))]
    for column, (heading, pictures) in enumerate(zip(headings, (images, *drawn), strict=True)):
        x = left + column * (MEDIUM + GAP)
        sheet.write(x + MEDIUM / 2, TITLE - GAP, heading)
        for row, picture in enumerate(pictures):
            sheet.paste((x, TITLE + row * (MEDIUM + GAP)), as_tile(picture, MEDIUM))
    for row, name in enumerate(names):
        sheet.write(left - GAP, TITLE + row * (MEDIUM + GAP) + MEDIUM / 2, name, ha="right", va="center")
    return sheet.figure()


def journey_figure(image: NDArray[np.uint8], sides: Mapping[str, Mapping[str, Floats]]) -> Figure:
    """One image (H, W[, 3]) through every convolution, a row each: of its maps those that vary most.

    Args:
        sides: heading -> layer -> feature maps (O, h, w), such as before and after training; the same layers in each.
            Each map is coloured by its own largest absolute value.
    """
    layers = next(iter(sides.values()))
    names = [f"{name}\n{len(maps)} of {maps.shape[1]}x{maps.shape[2]}" for name, maps in layers.items()]
    left, sheet, top = margin([IMAGE, *names]), Sheet(), TITLE + MEDIUM + LINE + 2 * GAP
    sheet.write(left - GAP, TITLE + MEDIUM / 2, IMAGE, ha="right", va="center")
    sheet.paste((left, TITLE), as_tile(image, MEDIUM))
    for row, name in enumerate(names):
        sheet.write(left - GAP, top + row * (MEDIUM + GAP) + MEDIUM / 2, name, ha="right", va="center")
    for side, (heading, found) in enumerate(sides.items()):
        start = left + side * (CHANNELS * (MEDIUM + GAP) + 3 * GAP)
        sheet.write(start, top - GAP, heading, ha="left", fontsize=9)
        for row, maps in enumerate(found.values()):
            for column, values in enumerate(most_varied(maps)):
                sheet.paste((start + column * (MEDIUM + GAP), top + row * (MEDIUM + GAP)), picture(values))
    sheet.add_map_scales([True])
    return sheet.figure()


def most_varied(maps: Floats) -> Floats:
    """Of maps (O, h, w) the few with the largest deviation, the largest first."""
    return maps[np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:CHANNELS]]


def picture(values: Floats) -> Pixels:
    """A feature map (h, w) of either sign; a blank one has the colour of 0."""
    shown = np.zeros_like(values) if is_blank(values) else values
    return as_tile(coloured(in_shares(shown), signed=True), MEDIUM)
