"""Pictures of what is inside a network: attention by head, the filters of a convolution and its feature maps."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.reporting.figures.grids import tile_edges
from lookalike.reporting.figures.maps import (
    DIVERGING,
    GAP,
    LARGE,
    LINE,
    MEDIUM,
    SMALL_IMAGE,
    TITLE,
    Floats,
    Pixels,
    Place,
    Sheet,
    apply_colours,
    as_tile,
    is_blank,
    margin,
    scale_to_unit,
    signed_tile,
    tile_of,
    tile_size,
    tiles_per_row,
)
from lookalike.reporting.figures.parts import TELEPHONE, Cuts

HEAD = 112  # pixels of a tile of the attention of one head over a photograph: there are many of them


def heads_figure(image: NDArray[np.uint8], maps: Floats, gains: Floats, *, note: str) -> Figure:
    """The attention of each head over one image (H, W[, 3]), one row or more per block, and below each map its gain.

    Args:
        maps: (blocks, heads + 1, h, w), without negative values; the last of a block is the mean over its heads.
        gains: (blocks, heads + 1).
        note: what stands below the image, a word per line: the gains of random maps and of a centred Gaussian.
    """
    names = [f"block {k + 1}" for k in range(len(maps))]
    headings = [*(f"head {k + 1}" for k in range(maps.shape[1] - 1)), "mean"]
    left, top = margin(names), LINE + GAP
    size = max(tile_size(0, left, len(headings)), HEAD if len(image) > SMALL_IMAGE else 0)
    across = tiles_per_row(left, size + GAP) - 1
    pitch, rows = size + 2 * LINE + GAP, -(-gains.shape[1] // across)
    sheet = Sheet(cuts=Cuts(left - GAP, tile_edges(left, size)))
    sheet.paste((left, top), as_tile(image, size))
    sheet.write(left + size / 2, top - GAP, "image")
    sheet.write(left + size / 2, top + size + GAP, note.replace(" ", "\n"), va="top")
    for block, name in enumerate(names):
        sheet.name_row(left - GAP, top + block * rows * pitch, size, name)
    for block, head in np.ndindex(gains.shape):
        x, y = left + (head % across + 1) * (size + GAP), top + (block * rows + head // across) * pitch
        sheet.paste_map((x, y), image, maps[block, head], size, signed=False)
        label = f"{headings[head]}\ngain {gains[block, head]:z.2f}".replace("-", "−")
        sheet.write(x + size / 2, y + size + 1, label, va="top")
    sheet.end = sheet.extent[1] + 2 * LINE
    sheet.add_map_scales([False])
    return sheet.figure()


def filters_figure(filters: Floats, inputs: int) -> Figure:
    """The kernels of a convolution, one tile each, all on one scale.

    Args:
        filters: (O, 3, h, w), shown in red, green and blue, or the means over input channels (O, 1, h, w).
        inputs: the number of its input channels.
    """
    count, _, *size = filters.shape
    title = f"{count} filters of {size[0]}x{size[1]}"
    sheet = Sheet()
    if inputs == 3:
        kernels = ((scale_to_unit(filters).transpose(0, 2, 3, 1) + 1) * 127.5).round().astype(np.uint8)
        largest = np.abs(filters).max()
        title += f" in colour: grey is 0, the extremes are ±{largest:.2g}"
    else:
        means = filters.mean(axis=1)
        largest = np.abs(means).max()
        title += f", means over {inputs} input channels" if inputs > 1 else ""
        kernels = apply_colours(scale_to_unit(means), signed=True)
    paste_mosaic(sheet, TITLE, [as_tile(kernel, MEDIUM) for kernel in kernels])
    if inputs != 3:
        sheet.add_scale(DIVERGING, f"−{largest:.2g}", f"{largest:.2g}")
    sheet.write(GAP, TITLE - GAP, title, ha="left")
    return sheet.figure()


def feature_maps_figure(image: NDArray[np.uint8], maps: Floats, name: str) -> Figure:
    """What the O filters of the convolution `name` find in one image (H, W[, 3]): maps (O, h, w) of either sign.

    Each map is coloured by its own largest absolute value; one that is blank stays grey and says so.
    """
    sheet = Sheet()
    size = tile_of(len(image), LARGE)
    sheet.paste((GAP, TITLE), as_tile(image, size))
    corners = paste_mosaic(sheet, TITLE + size + GAP, [signed_tile(values, MEDIUM) for values in maps])
    for (x, y), values in zip(corners, maps, strict=True):
        if is_blank(values):
            sheet.write(x + MEDIUM / 2, y + MEDIUM / 2, "blank", va="center")
    sheet.write(GAP, TITLE - GAP, f"the image, and the {len(maps)} feature maps of {name}", ha="left")
    sheet.add_map_scales([True])
    return sheet.figure()


def paste_mosaic(sheet: Sheet, top: int, tiles: Sequence[Pixels]) -> list[Place]:
    """Paste medium tiles in rows from `top` on, as wide as a telephone shows; returns the place of each."""
    pitch = MEDIUM + GAP
    columns = (TELEPHONE - GAP) // pitch
    corners = [(GAP + k % columns * pitch, top + k // columns * pitch) for k in range(len(tiles))]
    for place, tile in zip(corners, tiles, strict=True):
        sheet.paste(place, tile)
    return corners
