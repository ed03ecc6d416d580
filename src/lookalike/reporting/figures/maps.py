"""Pictures made of images and maps.

Each is one array of pixels, drawn at its own size on one pair of axes, since a hundred pairs of axes take seconds.
Places on it are in pixels from the top left.
"""

import math
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from lookalike.reporting.figures.parts import TELEPHONE, Cuts, note_parts
from lookalike.reporting.figures.style import DPI, SMALL, WIDTH, Look

Pixels = NDArray[np.uint8]  # (H, W, 3)
Floats = NDArray[np.floating]
Place = tuple[int, int]  # x and y, of a picture those of its upper left corner

LARGE, MEDIUM = 84, 56  # pixels of a tile: three or two for each of a 28x28 image
PHOTO, SMALL_IMAGE = 160, 64  # pixels of a tile of an image that has more than so many
MOST = 980  # pixels that a sheet is wide; what is more goes below
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
DIVERGING = colours("PRGn")  # purple below 0 or against, green above 0 or for


@dataclass
class Sheet:
    """What a figure will show: pictures, each at its place, and texts with their looks.

    Attributes:
        end: how far down there is something else than pictures.
        cuts: the positions at which a telephone may cut the sheet.
    """

    pictures: list[tuple[Place, Pixels]] = field(default_factory=list)
    texts: list[tuple[float, float, str, Look]] = field(default_factory=list)
    end: int = 0
    cuts: Cuts = field(default_factory=Cuts)

    def paste(self, place: Place, picture: Pixels) -> None:
        self.pictures.append((place, picture))

    def write(self, x: float, y: float, text: str, **look: Any) -> None:
        """Add a text, small, and centred above its place unless `look` says otherwise."""
        self.texts.append((x, y, text, {"fontsize": SMALL, "ha": "center", "va": "bottom", **look}))

    def name_row(self, right: float, top: float, size: int, name: str) -> None:
        """Add the name of a row of tiles of `size`, at their left."""
        self.write(right, top + size / 2, name, ha="right", va="center")

    def paste_map(self, place: Place, image: NDArray[np.uint8], values: Floats, size: int, *, signed: bool) -> None:
        """Add a map over its image, see `overlay`; a blank one is labelled "blank"."""
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
        self.cuts.rows.append(self.extent[1] + GAP)
        if False in kinds:
            self.add_scale(SEQUENTIAL, "low", "high   of each map's own values")
        if True in kinds:
            self.add_scale(DIVERGING, "−", "+   each map's largest value, 0 in the middle")

    @property
    def extent(self) -> Place:
        """The right and the lower end of all that is drawn."""
        return self.right_of(0, math.inf), max(self.end, *(y + len(each) for (_, y), each in self.pictures))

    def right_of(self, top: float, end: float) -> int:
        """The right end of all that is drawn from `top` to `end`."""
        rights = [x + len(each[0]) for (x, y), each in self.pictures if top <= y < end]
        texts = [x + beyond(text, look) for x, y, text, look in self.texts if top <= y < end]
        return round(max([0, *rights, *texts]))

    def figure(self) -> Figure:
        """The figure; each pixel of a picture is one pixel of the figure."""
        width, height = (end + GAP for end in self.extent)
        canvas = np.full((height, width, 3), 255, np.uint8)
        for (left, top), picture in self.pictures:
            canvas[top : top + len(picture), left : left + len(picture[0])] = picture
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI)
        if width > TELEPHONE:
            rights = [self.right_of(top, end) for top, end in pairwise([0, *self.cuts.rows, height])]
            note_parts(figure, self.cuts.parts(height, [right and right + GAP for right in rights]))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.imshow(canvas, interpolation="none", aspect="auto", extent=(0, width, height, 0))
        for x, y, text, look in self.texts:
            axes.text(x, y, text, parse_math=False, **look)  # as in `style`
        return figure


def beyond(text: str, look: Look) -> float:
    """About how far a text reaches to the right of its position."""
    share = {"left": 1, "center": 0.5, "right": 0}[look["ha"]] * (1.2 if look.get("fontweight") == "bold" else 1)
    return share * text_width([text], look["fontsize"])


def is_blank(values: Floats) -> bool:
    """Whether a map is constant up to rounding, or not finite; as in `faithfulness.is_blank`."""
    return not np.isfinite(values).all() or bool(np.ptp(values) <= 1e-6 * np.abs(values).max())


def overlay(image: NDArray[np.uint8], values: Floats, size: int, *, signed: bool) -> Pixels:
    """The map `values` (h, w), enlarged bilinearly, in colours over `image` (H, W[, 3]) in grey: (size, size, 3).

    Colours run from the map's own lowest value to its highest or, if `signed`, to its largest absolute value on both
    sides of 0. A blank map adds no colours.
    """
    grey = as_tile(image, size).mean(axis=2, keepdims=True).repeat(3, axis=2)
    if is_blank(values):
        return grey.astype(np.uint8)
    return blend(grey, map_colours(values, size, signed=signed))


def blend(grey: Pixels | Floats, colours: Pixels) -> Pixels:
    """Colours (H, W, 3) over a grey image (H, W, 3)."""
    blended: Pixels = ((1 - OPACITY) * grey + OPACITY * colours).round().astype(np.uint8)
    return blended


def map_colours(values: Floats, width: int, height: int | None = None, *, signed: bool) -> Pixels:
    """The colours of `overlay` alone: (height, width, 3), `height` as `width` if None; white if the map is blank."""
    size = (width, width if height is None else height)
    if is_blank(values):
        return np.full((*size[::-1], 3), 255, np.uint8)
    shares = scale_to_unit(values) if signed else scale_to_unit(values - values.min())
    enlarged = Image.fromarray(shares).resize(size, Image.Resampling.BILINEAR)
    return apply_colours(np.asarray(enlarged), signed=signed)


def scale_to_unit(values: Floats) -> NDArray[np.float32]:
    """Values of any shape as shares of the largest absolute one: -1 to 1."""
    return (values / max(np.abs(values).max(), np.finfo(np.float32).tiny)).astype(np.float32)


def apply_colours(shares: Floats, *, signed: bool) -> Pixels:
    """The colours (H, W, 3) of values (H, W) from -1 to 1 if `signed`, else from 0 to 1."""
    scale, positions = (DIVERGING, (shares + 1) / 2) if signed else (SEQUENTIAL, shares)
    return scale[(np.clip(positions, 0, 1) * 255).round().astype(int)]


def as_tile(image: NDArray[np.uint8], size: int) -> Pixels:
    """An image (H, W[, 3]) as (size, size, 3): a small one with its pixels visible, a grey one dark on light."""
    rgb = image if image.ndim == 3 else np.repeat(255 - image[..., None], 3, axis=2)
    smooth = max(image.shape[:2]) > SMALL_IMAGE
    how = Image.Resampling.LANCZOS if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(rgb).resize((size, size), how))


def signed_tile(values: Floats, size: int) -> Pixels:
    """A map (h, w) of either sign in the colours of its own largest absolute value; a blank one has the colour of 0."""
    shown = np.zeros_like(values) if is_blank(values) else values
    return as_tile(apply_colours(scale_to_unit(shown), signed=True), size)


def maps_figure(
    images: NDArray[np.uint8],
    columns: Mapping[str, Floats],
    row_names: Sequence[str],
    *,
    notes: Mapping[str, str],
    signed: Collection[str],
) -> Figure:
    """Images (R, H, W[, 3]) beside their maps, one row per image; of many columns the further ones stand below.

    Args:
        columns: heading -> maps (R, h, w), each column on its own grid.
        row_names: R.
        notes: heading -> what stands below it: the method's gain, and those of random maps and a centred Gaussian.
        signed: the headings of columns whose maps have either sign, see `overlay`.
    """
    left = margin(row_names)
    size = tile_size(images.shape[1], left, 1 + len(columns))
    headings = {name: f"{textwrap.fill(name, round(size / LETTER))}\n{notes[name]}" for name in columns}
    pitch, sheet = max(size, text_width(headings.values())) + GAP, Sheet(cuts=Cuts(left - GAP))
    lines = max(text.count("\n") + 1 for text in headings.values())
    sheet.cuts.columns = [left + size // 2 + round((k - 0.5) * pitch) for k in range(1, len(columns) + 1)]
    for names in chunks(list(columns), tiles_per_row(left, pitch) - 1):
        start = sheet.extent[1] + 3 * GAP if sheet.pictures else 0
        sheet.cuts.rows += [start] if start else []
        top = start + lines * LINE + GAP
        sheet.write(left + size / 2, top - GAP, "image")
        for row, (name, image) in enumerate(zip(row_names, images, strict=True)):
            sheet.name_row(left - GAP, top + row * (size + GAP), size, name)
            sheet.paste((left, top + row * (size + GAP)), as_tile(image, size))
        for column, name in enumerate(names, start=1):
            x = left + column * pitch
            sheet.write(x + size / 2, top - GAP, headings[name])
            for row, (image, values) in enumerate(zip(images, columns[name], strict=True)):
                sheet.paste_map((x, top + row * (size + GAP)), image, values, size, signed=name in signed)
    sheet.add_map_scales(heading in signed for heading in columns)
    return sheet.figure()


def margin(row_names: Sequence[str]) -> int:
    """The width (pixels) of the names of rows, at the left."""
    return text_width(row_names) + 2 * GAP


def text_width(texts: Iterable[str], points: float = SMALL) -> int:
    """About how wide (pixels) the widest of some texts is."""
    return round(LETTER * points / SMALL * max(len(line) for text in texts for line in text.split("\n")))


def tile_size(side: int, left: int, columns: int) -> int:
    """The size (pixels) of tiles for images of `side` pixels: large if all columns fit beside the margin."""
    small = LARGE if left + columns * (LARGE + GAP) <= WIDTH * DPI else MEDIUM
    return tile_of(side, small)


def tile_of(side: int, small: int) -> int:
    """The size of the tile of an image of `side` pixels: `small`, but for photographs."""
    return PHOTO if side > SMALL_IMAGE else small


def tiles_per_row(left: int, pitch: int) -> int:
    """How many tiles fit side by side in a sheet, at least two."""
    return max(2, (MOST - left) // pitch)


def chunks(names: Sequence[str], across: int) -> list[Sequence[str]]:
    return [names[k : k + across] for k in range(0, len(names), across)]
