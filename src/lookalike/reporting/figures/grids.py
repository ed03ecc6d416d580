"""Pictures with a row for each class, image or layer: many maps of one kind side by side."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.reporting.figures.maps import (
    GAP,
    LINE,
    MEDIUM,
    MOST,
    SMALL_IMAGE,
    TITLE,
    Floats,
    Place,
    Sheet,
    as_tile,
    chunks,
    margin,
    signed_tile,
    tile_of,
    tiles_per_row,
)
from lookalike.reporting.figures.parts import Cuts

if TYPE_CHECKING:  # the primer draws without evidence
    from lookalike.artifacts.explanations import FilterExamples, InSteps, LayerOutputs
    from lookalike.artifacts.test_sets import TestSet

IMAGE = "the image"
BY_CLASS = ("CAM", "Grad-CAM")  # methods by which several images of each class are shown
ACROSS = 8  # images of a class
CHANNELS = 5  # that are shown of a layer, on either side
FAINT = 8  # of 255: what is nearer to the border's grey is noise
ABREAST = 2  # the same, on each of several sides


def class_maps_figure(
    images: NDArray[np.uint8],
    maps: Floats,
    labels: NDArray[np.integer],
    class_names: Sequence[str],
    *,
    title: str,
    signed: bool,
) -> Figure:
    """Up to eight images of each class under their maps, one row per class; fewer where they are large.

    Args:
        images, maps, labels: (N, H, W[, 3]), (N, h, w) and (N,).
        title: what stands above, such as the method with its gain.
        signed: whether maps have either sign, see `maps.overlay`.
    """
    left, size = margin(class_names), tile_of(images.shape[1], MEDIUM)
    sheet = Sheet(cuts=Cuts(left - GAP, tile_edges(left, size), [TITLE - GAP // 2]))
    sheet.write(GAP, TITLE - GAP, title, ha="left")
    for row, name in enumerate(class_names):
        y = TITLE + row * (size + GAP)
        sheet.name_row(left - GAP, y, size, name)
        for column, k in enumerate(np.flatnonzero(labels == row)[: min(ACROSS, tiles_per_row(left, size + GAP))]):
            sheet.paste_map((left + column * (size + GAP), y), images[k], maps[k], size, signed=signed)
    sheet.end = TITLE + len(class_names) * (size + GAP)
    sheet.add_map_scales([signed])
    return sheet.figure()


def augmentation_figure(images: NDArray[np.uint8], drawn: NDArray[np.uint8], names: Sequence[str]) -> Figure:
    """Images (N, H, W[, 3]), one row each, next to their augmented draws (D, N, H, W[, 3])."""
    return image_table_figure({"image": images} | {f"draw {k + 1}": seen for k, seen in enumerate(drawn)}, names)


def image_table_figure(columns: Mapping[str, NDArray[np.uint8]], names: Sequence[str]) -> Figure:
    """Images in a table: heading -> (N, H, W[, 3]), and the names of the N rows; columns that do not fit go below."""
    left, size = margin(names), tile_of(next(iter(columns.values())).shape[1], MEDIUM)
    sheet = Sheet(cuts=Cuts(left - GAP, tile_edges(left, size)))
    for headings in chunks(list(columns), tiles_per_row(left, size + GAP)):
        top = (sheet.extent[1] if sheet.pictures else 0) + TITLE
        sheet.cuts.rows += [top - TITLE] if sheet.pictures else []
        for column, heading in enumerate(headings):
            x = left + column * (size + GAP)
            sheet.write(x + size / 2, top - GAP, heading)
            for row, picture in enumerate(columns[heading]):
                sheet.paste((x, top + row * (size + GAP)), as_tile(picture, size))
        for row, name in enumerate(names):
            sheet.name_row(left - GAP, top + row * (size + GAP), size, name)
    return sheet.figure()


def journey_figure(image: NDArray[np.uint8], sides: "Mapping[str, InSteps]", channels: Mapping[str, int]) -> Figure:
    """One image (H, W[, 3]) through every convolution, one row each: of its maps those that vary most.

    Args:
        sides: heading -> layer -> the few feature maps (O, h, w) that are shown, such as before and after training; the
            same layers in each. Each map is coloured by its own largest absolute value.
        channels: layer -> how many maps it has.
    """
    layers = next(iter(sides.values()))
    names = [f"{name}\n{channels[name]} of {maps.shape[1]}x{maps.shape[2]}" for name, maps in layers.items()]
    size, left = tile_of(len(image), MEDIUM), margin([IMAGE, *names])
    top = TITLE + size + LINE + 2 * GAP
    sheet = Sheet(cuts=Cuts(left - GAP, rows=[TITLE + size + GAP]))
    name_layers(sheet, left, size, top, names)
    sheet.paste((left, TITLE), as_tile(image, size))
    for side, (heading, found) in enumerate(sides.items()):
        start = left + side * (CHANNELS * (MEDIUM + GAP) + 3 * GAP)
        sheet.cuts.columns.append(start - GAP)
        sheet.write(start, top - GAP, heading, ha="left", fontsize=9)
        paste_layers(sheet, (start, top), found.values())
    sheet.add_map_scales([True])
    return sheet.figure()


def layers_figure(sides: "Mapping[str, LayerOutputs]") -> Figure:
    """What every layer makes of an image and of others, side by side, one row per layer.

    Args:
        sides: heading -> image, and by layer the few maps (O, h, w) that are shown of it, or numbers (1, D), laid out
            in rows; the same layers in each. Each map is coloured by its own largest absolute value.
    """
    first = next(iter(sides.values()))
    size, left = tile_of(len(first.image), MEDIUM), margin([IMAGE, *first.outputs])
    top, sheet = TITLE + size + LINE, Sheet(cuts=Cuts(left - GAP))
    name_layers(sheet, left, size, top, first.outputs)
    for side, (heading, layers) in enumerate(sides.items()):
        start = left + side * (max(size + GAP, ABREAST * (MEDIUM + GAP)) + 2 * GAP)
        sheet.cuts.columns.append(start - GAP)
        sheet.write(start, TITLE - GAP, heading, ha="left")
        sheet.paste((start, TITLE), as_tile(layers.image, size))
        paste_layers(sheet, (start, top), layers.outputs.values())
    sheet.add_map_scales([True])
    return sheet.figure()


def tile_edges(left: int, size: int) -> list[int]:
    """Where a sheet with tiles of `size` from `left` on may be cut: between them."""
    return [*range(left - GAP // 2, MOST, size + GAP)]


def name_layers(sheet: Sheet, left: int, size: int, top: int, names: Iterable[str]) -> None:
    sheet.name_row(left - GAP, TITLE, size, IMAGE)
    for row, name in enumerate(names):
        sheet.name_row(left - GAP, top + row * (MEDIUM + GAP), MEDIUM, name)


def paste_layers(sheet: Sheet, place: Place, layers: Iterable[NDArray[Any]]) -> None:
    for row, values in enumerate(layers):
        for column, shown in enumerate(as_maps(values.astype(np.float32))):
            tile = signed_tile(shown, MEDIUM)
            sheet.paste((place[0] + column * (MEDIUM + GAP), place[1] + row * (MEDIUM + GAP)), tile)


def responses_figure(
    test_set: "TestSet", layers: "Mapping[str, FilterExamples]", silent: Collection[tuple[str, int]]
) -> Figure:
    """What filters respond to: what one sees of an input made to excite it, and the images that excite it most.

    Args:
        layers: by convolution, what its filters respond to.
        silent: layers and numbers of filters that respond to all images alike.
    """
    best, top = next(iter(layers.values())).images.shape[1], 0
    size = tile_of(test_set.images.shape[1], MEDIUM)
    across = min(1 + best, tiles_per_row(GAP, size + GAP))
    abreast = 2 if size == MEDIUM else 1  # filters in a row
    second = GAP + across * (size + GAP) + 5 * GAP
    sheet = Sheet(cuts=Cuts(0, [*tile_edges(GAP, size)[:across], *tile_edges(second, size)]))
    for name, layer in layers.items():
        alive = [(name, int(number)) not in silent for number in layer.filters]
        seen, top = field_of(layer.inputs[alive] if any(alive) else layer.inputs), top + 4 * LINE
        whole = max(layer.inputs.shape[1:3]) < SMALL_IMAGE  # larger ones were made small, so that pixels count for less
        rows, columns = (part.stop - part.start for part in seen)
        title = f"{name}: a filter sees {rows}×{columns} pixels" if whole else name
        sheet.write(GAP, top - 2 * LINE, title, ha="left", fontsize=9)
        sheet.cuts.rows += [top - 4 * LINE, top - 2 * LINE + GAP]
        for k, (number, made, images) in enumerate(zip(layer.filters, layer.inputs, layer.images, strict=True)):
            left = second if k % abreast else GAP
            y = top + k // abreast * (size + LINE + GAP)
            if not alive[k]:
                sheet.write(left, y - 2, f"filter {number}: never active", ha="left")
                continue
            sheet.write(left, y - 2, f"filter {number}", ha="left")
            for column, shown in enumerate([made[seen], *test_set.pictures(images)][:across]):
                sheet.paste((left + column * (size + GAP), y), as_tile(shown, size))
        top += math.ceil(len(layer.filters) / abreast) * (size + LINE + GAP)
    sheet.end = top
    return sheet.figure()


def field_of(inputs: NDArray[np.uint8]) -> tuple[slice, slice]:
    """The part of made inputs (F, H, W[, 3]) that the unit in the middle sees: where they differ from their borders.

    Elsewhere nothing but the noise they began with is left, which is too weak to be seen.
    """
    pixels = inputs.reshape(*inputs.shape[:3], -1).astype(float)
    borders = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]], axis=1)
    differs = np.abs(pixels - np.median(borders, axis=1)[:, None, None]).max(axis=(0, 3)) > FAINT
    return part_of(differs.any(axis=1)), part_of(differs.any(axis=0))


def part_of(marked: NDArray[np.bool_]) -> slice:
    """The slice from the first to the last marked position; all positions if none is marked."""
    positions = np.flatnonzero(marked)
    return slice(int(positions[0]), int(positions[-1]) + 1) if len(positions) else slice(0, len(marked))


def as_maps(values: Floats) -> Floats:
    """Maps (O, h, w) as they are; numbers (1, D) as one map, in rows of about equal length, zeros behind them."""
    if values.ndim == 3:
        return values
    width = math.ceil(math.sqrt(values.size))
    return np.pad(values[0], (0, -values.size % width)).reshape(1, -1, width)
