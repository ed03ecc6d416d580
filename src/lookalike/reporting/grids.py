"""Pictures with a row for each class, image or layer: many maps of one kind side by side."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:  # the primer draws without evidence
    from lookalike.artifacts.explanations import InSteps, Layers, Response
    from lookalike.artifacts.test_sets import TestSet

IMAGE = "the image"
BY_CLASS = ("CAM", "Grad-CAM")  # methods by which several images of each class are shown
ACROSS = 8  # images of a class
CHANNELS = 5  # that are shown of a layer, on either side
ABREAST = 2  # the same, on each of several sides


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
    return table_figure({"image": images} | {f"draw {k + 1}": seen for k, seen in enumerate(drawn)}, names)


def table_figure(columns: Mapping[str, NDArray[np.uint8]], names: Sequence[str]) -> Figure:
    """Images in a table: heading -> (N, H, W[, 3]), and the names of the N rows."""
    left, sheet = margin(names), Sheet()
    for column, (heading, pictures) in enumerate(columns.items()):
        x = left + column * (MEDIUM + GAP)
        sheet.write(x + MEDIUM / 2, TITLE - GAP, heading)
        for row, picture in enumerate(pictures):
            sheet.paste((x, TITLE + row * (MEDIUM + GAP)), as_tile(picture, MEDIUM))
    for row, name in enumerate(names):
        sheet.write(left - GAP, TITLE + row * (MEDIUM + GAP) + MEDIUM / 2, name, ha="right", va="center")
    return sheet.figure()


def journey_figure(image: NDArray[np.uint8], sides: "Mapping[str, InSteps]", channels: Mapping[str, int]) -> Figure:
    """One image (H, W[, 3]) through every convolution, a row each: of its maps those that vary most.

    Args:
        sides: heading -> layer -> the few feature maps (O, h, w) that are shown, such as before and after training; the
            same layers in each. Each map is coloured by its own largest absolute value.
        channels: layer -> how many maps it has.
    """
    layers = next(iter(sides.values()))
    names = [f"{name}\n{channels[name]} of {maps.shape[1]}x{maps.shape[2]}" for name, maps in layers.items()]
    left, sheet, top = margin([IMAGE, *names]), Sheet(), TITLE + MEDIUM + LINE + 2 * GAP
    sheet.write(left - GAP, TITLE + MEDIUM / 2, IMAGE, ha="right", va="center")
    sheet.paste((left, TITLE), as_tile(image, MEDIUM))
    for row, name in enumerate(names):
        sheet.write(left - GAP, top + row * (MEDIUM + GAP) + MEDIUM / 2, name, ha="right", va="center")
    for side, (heading, found) in enumerate(sides.items()):
        start = left + side * (CHANNELS * (MEDIUM + GAP) + 3 * GAP)
        sheet.write(start, top - GAP, heading, ha="left", fontsize=9)
        for row, maps in enumerate(found.values()):
            for column, values in enumerate(maps.astype(np.float32)):
                sheet.paste((start + column * (MEDIUM + GAP), top + row * (MEDIUM + GAP)), picture(values))
    sheet.add_map_scales([True])
    return sheet.figure()


def layers_figure(sides: "Mapping[str, Layers]") -> Figure:
    """What every layer makes of an image and of others, side by side, a row a layer.

    Args:
        sides: heading -> image, and by layer the few maps (O, h, w) that are shown of it, or numbers (1, D), laid out
            in rows; the same layers in each. Each map is coloured by its own largest absolute value.
    """
    first = next(iter(sides.values())).outputs
    left, sheet, top = margin([IMAGE, *first]), Sheet(), TITLE + MEDIUM + LINE
    for row, name in enumerate([IMAGE, *first]):
        y = TITLE if row == 0 else top + (row - 1) * (MEDIUM + GAP)
        sheet.write(left - GAP, y + MEDIUM / 2, name, ha="right", va="center")
    for side, (heading, layers) in enumerate(sides.items()):
        start = left + side * (ABREAST * (MEDIUM + GAP) + 2 * GAP)
        sheet.write(start, TITLE - GAP, heading, ha="left")
        sheet.paste((start, TITLE), as_tile(layers.image, MEDIUM))
        for row, values in enumerate(layers.outputs.values()):
            for column, shown in enumerate(as_maps(values.astype(np.float32))):
                sheet.paste((start + column * (MEDIUM + GAP), top + row * (MEDIUM + GAP)), picture(shown))
    sheet.add_map_scales([True])
    return sheet.figure()


def responses_figure(test_set: "TestSet", layers: "Mapping[str, Response]") -> Figure:
    """What filters respond to, two filters in a row: an input made to excite one, and the images that excite it most.

    Args:
        layers: by convolution, what its filters respond to.
    """
    across = 1 + next(iter(layers.values())).images.shape[1]
    sheet, top = Sheet(), 0
    for name, layer in layers.items():
        top += 2 * LINE
        sheet.write(GAP, top, name, ha="left", fontsize=9, fontweight="bold")
        top += 2 * LINE
        for k, (number, made, best) in enumerate(zip(layer.filters, layer.inputs, layer.images, strict=True)):
            left = GAP + k % 2 * (across * (MEDIUM + GAP) + 5 * GAP)
            y = top + k // 2 * (MEDIUM + LINE + GAP)
            sheet.write(left, y - 2, f"filter {number}", ha="left")
            for column, shown in enumerate([made, *test_set.pictures(best)]):
                sheet.paste((left + column * (MEDIUM + GAP), y), as_tile(shown, MEDIUM))
        top += math.ceil(len(layer.filters) / 2) * (MEDIUM + LINE + GAP)
    sheet.end = top
    return sheet.figure()


def as_maps(values: Floats) -> Floats:
    """Maps (O, h, w) as they are; numbers (1, D) as one map, in rows of about equal length, zeros behind them."""
    if values.ndim == 3:
        return values
    width = math.ceil(math.sqrt(values.size))
    return np.pad(values[0], (0, -values.size % width)).reshape(1, -1, width)


def picture(values: Floats) -> Pixels:
    """A feature map (h, w) of either sign; a blank one has the colour of 0."""
    shown = np.zeros_like(values) if is_blank(values) else values
    return as_tile(coloured(in_shares(shown), signed=True), MEDIUM)
