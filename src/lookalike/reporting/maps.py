"""Pictures made of images and maps.

Each is one array of pixels, drawn at its own size on one pair of axes, since a hundred pairs of axes take seconds.
Places on it are in pixels from the top left.
"""

import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from lookalike.reporting.style import DPI, SMALL, WIDTH, Look

Pixels = NDArray[np.uint8]  # (H, W, 3)
Floats = NDArray[np.floating]
Place = tuple[int, int]  # x and y, of a picture those of its upper left corner

LARGE, MEDIUM = 84, 56  # pixels of a tile: three or two for each of a 28x28 image
GAP = 4
LINE = 13  # pixels that a line of small text is high
LETTER = 5.5  # pixels that a letter of it is wide
TITLE = 24  # pixels above a mosaic
STRIP = (10, 84)  # height and width of a scale of colours
OPACITY = 0.6  # of a map over its image


def colours(name: str) -> Pixels:
    """The 256 colours (256, 3) of a colour map."""
    return (np.asarray(mpl.colormaps[name](np.arange(256)))[:, :3] * 255).round().astype(np.uint8)


SEQUENTIAL = colours("viridis")
DIVERGING = colours("PuOr_r")  # purple below 0, orange above


@dataclass
class Sheet:
    """What a figure will show: pictures, each at its place, and texts with their looks.

    Attributes:
        end: how far down there is something else than pictures.
    """

    pictures: list[tuple[Place, Pixels]] = field(default_factory=list)
    texts: list[tuple[float, float, str, Look]] = field(default_factory=list)
    end: int = 0

    def paste(self, place: Place, picture: Pixels) -> None:
        """Add a picture."""
        self.pictures.append((place, picture))

    def write(self, x: float, y: float, text: str, **look: Any) -> None:
        """Add a text, small, and centred above its place unless `look` says otherwise."""
        self.texts.append((x, y, text, {"fontsize": SMALL, "ha": "center", "va": "bottom", **look}))

    def paste_map(self, place: Place, image: NDArray[np.uint8], values: Floats, size: int, *, signed: bool) -> None:
        """Add a map over its image, see `overlay`; a blank one says so."""
        self.paste(place, overlay(image, values, size, signed=signed))
        if is_blank(values):
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            self.write(place[0] + size / 2, place[1] + size / 2, "blank", va="center", bbox=box)

    def add_scale(self, scale: Pixels, low: str, high: str) -> None:
        """Add, below all else, a strip of the 256 colours (256, 3) between what its ends stand for."""
        height, width = STRIP
        left, top = 40, self.extent[1] + 2 * GAP
        self.paste((left, top), np.broadcast_to(scale[np.linspace(0, 255, width).astype(int)], (height, width, 3)))
        self.write(left - GAP, top + height / 2, low, ha="right", va="center_baseline")
        self.write(left + width + GAP, top + height / 2, high, ha="left", va="center_baseline")

    def add_map_scales(self, signed: Iterable[bool]) -> None:
        """Add the scales of maps, of which some may be signed and some not."""
        kinds = set(signed)
        if False in kinds:
            self.add_scale(SEQUENTIAL, "low", "high   of each map's own values")
        if True in kinds:
            self.add_scale(DIVERGING, "−", "+   each map's largest value of either sign, 0 in the middle")

    @property
    def extent(self) -> Place:
        """Where all ends at the right and below."""
        rights, ends = zip(*((x + len(each[0]), y + len(each)) for (x, y), each in self.pictures), strict=True)
        beyond = {"left": 1, "center": 0.5, "right": 0}  # of its place, as shares of a text's width
        texts = (x + beyond[look["ha"]] * text_width([text], look["fontsize"]) for x, _, text, look in self.texts)
        return round(max(*rights, *texts)), max(*ends, self.end)

    def figure(self) -> Figure:
        """The figure, each pixel of a picture one of its own."""
        width, height = (end + GAP for end in self.extent)
        canvas = np.full((height, width, 3), 255, np.uint8)
        for (left, top), picture in self.pictures:
            canvas[top : top + len(picture), left : left + len(picture[0])] = picture
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.imshow(canvas, interpolation="none", aspect="auto", extent=(0, width, height, 0))
        for x, y, text, look in self.texts:
            axes.text(x, y, text, parse_math=False, **look)  # as in `style`
        return figure


def is_blank(values: Floats) -> bool:
    """Whether a map says nothing: it is constant but for rounding, or not finite; as in `faithfulness.is_blank`."""
    return not np.isfinite(values).all() or bool(np.ptp(values) <= 1e-6 * np.abs(values).max())


def overlay(image: NDArray[np.uint8], values: Floats, size: int, *, signed: bool) -> Pixels:
    """The map `values` (h, w), enlarged bilinearly, in colours over `image` (H, W[, 3]) in grey: (size, size, 3).

    Colours run from the map's own lowest value to its highest or, if `signed`, to its largest absolute value on both
    sides of 0. A blank map adds no colours.
    """
    grey = as_tile(image, size).mean(axis=2, keepdims=True).repeat(3, axis=2)
    if is_blank(values):
        return grey.astype(np.uint8)
    shares = in_shares(values) if signed else in_shares(values - values.min())
    enlarged = Image.fromarray(shares).resize((size, size), Image.Resampling.BILINEAR)
    return ((1 - OPACITY) * grey + OPACITY * coloured(np.asarray(enlarged), signed=signed)).round().astype(np.uint8)


def in_shares(values: Floats) -> NDArray[np.float32]:
    """Values of any shape as shares of the largest absolute one: -1 to 1."""
    return (values / max(np.abs(values).max(), np.finfo(np.float32).tiny)).astype(np.float32)


def coloured(shares: Floats, *, signed: bool) -> Pixels:
    """The colours (H, W, 3) of values (H, W) from -1 to 1 if `signed`, else from 0 to 1."""
    scale, places = (DIVERGING, (shares + 1) / 2) if signed else (SEQUENTIAL, shares)
    return scale[(np.clip(places, 0, 1) * 255).round().astype(int)]


def as_tile(image: NDArray[np.uint8], size: int) -> Pixels:
    """An image (H, W[, 3]) enlarged with its pixels visible: (size, size, 3); a grey one dark on light, as in print."""
    rgb = image if image.ndim == 3 else np.repeat(255 - image[..., None], 3, axis=2)
    return np.asarray(Image.fromarray(rgb).resize((size, size), Image.Resampling.NEAREST))


def maps_figure(
    images: NDArray[np.uint8],
    columns: Mapping[str, Floats],
    row_names: Sequence[str],
    *,
    notes: Mapping[str, str],
    signed: Collection[str],
) -> Figure:
    """Images (R, H, W[, 3]) beside their maps, a row an image.

    Args:
        columns: heading -> maps (R, h, w), each column on its own grid.
        row_names: R.
        notes: heading -> what stands below it: the method's gain, and those of random maps and a centred Gaussian.
        signed: the headings of columns whose maps have either sign, see `overlay`.
    """
    left = margin(row_names)
    size = tile_size(left, 1 + len(columns))
    headings = ["image", *(f"{folded(name, size)}\n{notes[name]}" for name in columns)]
    top, pitch = lines(headings) * LINE + GAP, max(size, text_width(headings)) + GAP
    sheet = Sheet()
    for column, heading in enumerate(headings):
        sheet.write(left + column * pitch + size / 2, top - GAP, heading)
    for row, (name, image) in enumerate(zip(row_names, images, strict=True)):
        y = top + row * (size + GAP)
        sheet.write(left - GAP, y + size / 2, name, ha="right", va="center")
        sheet.paste((left, y), as_tile(image, size))
        for column, (heading, maps) in enumerate(columns.items(), start=1):
            place = (left + column * pitch, y)
            sheet.paste_map(place, image, maps[row], size, signed=heading in signed)
    sheet.add_map_scales(heading in signed for heading in columns)
    return sheet.figure()


def margin(row_names: Sequence[str]) -> int:
    """The room (pixels) that the names of rows take at the left."""
    return text_width(row_names) + 2 * GAP


def text_width(texts: Iterable[str], points: float = SMALL) -> int:
    """About how wide (pixels) the widest of some texts is."""
    return round(LETTER * points / SMALL * max(len(line) for text in texts for line in text.split("\n")))


def tile_size(left: int, columns: int) -> int:
    """The size of tiles (pixels) of which so many fit beside a margin; that of the smaller ones if neither fits."""
    return LARGE if left + columns * (LARGE + GAP) <= WIDTH * DPI else MEDIUM


def folded(text: str, width: int) -> str:
    """Small text in lines of about this width (pixels)."""
    return textwrap.fill(text, round(width / LETTER))


def lines(texts: Iterable[str]) -> int:
    """How many lines the longest of some texts has."""
    return max(text.count("\n") + 1 for text in texts)


def heads_figure(image: NDArray[np.uint8], maps: Floats, gains: Floats, *, note: str) -> Figure:
    """The attention of each head over one image (H, W[, 3]), a row a block, and below each map its gain.

    Args:
        maps: (blocks, heads + 1, h, w), without negative values; the last of a block is the mean over its heads.
        gains: (blocks, heads + 1).
        note: what stands below the image: the gains of random maps and of a centred Gaussian.
    """
    names = [f"block {k + 1}" for k in range(len(maps))]
    headings = ["image", *(f"head {k + 1}" for k in range(maps.shape[1] - 1)), "mean"]
    left, top = margin(names), LINE + GAP
    size = tile_size(left, len(headings))
    sheet = Sheet()
    sheet.paste((left, top), as_tile(image, size))
    sheet.write(left + size / 2, top + size + GAP, note, va="top")
    for row, name in enumerate(names):
        sheet.write(left - GAP, top + row * (size + LINE + GAP) + size / 2, name, ha="right", va="center")
    for column, heading in enumerate(headings):
        sheet.write(left + column * (size + GAP) + size / 2, top - GAP, heading)
    for row, head in np.ndindex(gains.shape):
        x, y = left + (head + 1) * (size + GAP), top + row * (size + LINE + GAP)
        sheet.paste_map((x, y), image, maps[row, head], size, signed=False)
        sheet.write(x + size / 2, y + size + 1, f"gain {gains[row, head]:z.2f}".replace("-", "−"), va="top")
    sheet.end = sheet.extent[1] + LINE
    sheet.add_map_scales([False])
    return sheet.figure()


def filters_figure(filters: Floats, inputs: int) -> Figure:
    """The kernels of a convolution, a tile each, all on one scale.

    Args:
        filters: (O, 3, h, w), shown in red, green and blue, or the means over input channels (O, 1, h, w).
        inputs: the number of its input channels.
    """
    count, _, *size = filters.shape
    title = f"{count} filters of {size[0]}x{size[1]}"
    sheet = Sheet()
    if inputs == 3:
        pictures = ((in_shares(filters).transpose(0, 2, 3, 1) + 1) * 127.5).round().astype(np.uint8)
        largest = np.abs(filters).max()
        title += f", in red, green and blue: grey is 0, the brightest {largest:.2g}, the darkest −{largest:.2g}"
        paste_mosaic(sheet, GAP, pictures)
    else:
        means = filters.mean(axis=1)
        largest = np.abs(means).max()
        title += f", means over {inputs} input channels" if inputs > 1 else ""
        paste_mosaic(sheet, GAP, coloured(in_shares(means), signed=True))
        sheet.add_scale(DIVERGING, f"−{largest:.2g}", f"{largest:.2g}")
    sheet.write(GAP, TITLE - GAP, title, fontsize=9, ha="left")
    return sheet.figure()


def feature_maps_figure(image: NDArray[np.uint8], maps: Floats, name: str) -> Figure:
    """What the O filters of the convolution `name` find in one image (H, W[, 3]): maps (O, h, w) of either sign.

    Each map is coloured by its own largest absolute value; one that is blank stays grey and says so.
    """
    sheet = Sheet()
    sheet.paste((GAP, TITLE), as_tile(image, LARGE))
    blank = [is_blank(values) for values in maps]
    shares = [
        in_shares(np.zeros_like(values) if nothing else values) for values, nothing in zip(maps, blank, strict=True)
    ]
    places = paste_mosaic(sheet, LARGE + 3 * GAP, coloured(np.stack(shares), signed=True))
    for (x, y), nothing in zip(places, blank, strict=True):
        if nothing:
            sheet.write(x + MEDIUM / 2, y + MEDIUM / 2, "blank", va="center")
    sheet.write(GAP, TITLE - GAP, f"the image, and the {len(maps)} feature maps of {name}", fontsize=9, ha="left")
    sheet.add_map_scales([True])
    return sheet.figure()


def paste_mosaic(sheet: Sheet, left: int, pictures: Pixels) -> list[Place]:
    """Small pictures (K, h, w, 3) in rows below the title, as wide as the figure may be: the place of each."""
    columns = int((WIDTH * DPI - left) // (MEDIUM + GAP))
    places = [
        (left + k % columns * (MEDIUM + GAP), TITLE + k // columns * (MEDIUM + GAP)) for k in range(len(pictures))
    ]
    for place, picture in zip(places, pictures, strict=True):
        sheet.paste(place, as_tile(picture, MEDIUM))
    return places
