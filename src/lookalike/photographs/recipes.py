"""The steps that turn a photograph of a garment into an image like Fashion-MNIST's.

A recipe (`params.Recipe`) says which steps are taken. All steps work on a `MaskedPicture`: colours, and for every
pixel the share that the garment covers. The last step returns 28x28 grey values, the garment on black.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.pictures import read_picture
from lookalike.data.masks import MASKS, Mask, Pixels, frame_pixels, largest_object
from lookalike.errors import RejectedError
from lookalike.params import Recipe

EDGE = 28
WORKING_EDGE = 160  # pixels: what a mask needs, and what keeps GrabCut below a tenth of a second
EMPTY, FULL = 0.01, 0.95  # a mask that covers less or more of the picture has found no garment
CORNER_TOLERANCE = 0.05  # of the largest distance of two colours, as published
TAILS = 2  # percent of a garment's pixels at each end of its tones that a stretch leaves out
WHITE = 255.0
PLAIN = 16  # grey values: so near to black or white is a plain ground, and so far apart may be the colours of a grey
FAINT = 1e-4  # a coverage at which a garment's colour is lost in rounding

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class MaskedPicture:
    """A photograph between two steps, with the mask of its garment.

    Attributes:
        colours: float32 (H, W, 3), RGB in 0..255; after the tones, the same grey in all three.
        coverage: float32 (H, W) in 0..1, how much of a pixel is garment; 1 everywhere where nothing masks.
        ground: mean grey value of the background, in 0..255.
    """

    colours: Floats
    coverage: Floats
    ground: float

    @property
    def visible(self) -> Pixels:
        """The colours as uint8 (H, W, 3), to be shown or saved."""
        return np.asarray(self.colours.clip(0, 255).round().astype(np.uint8))


@dataclass(frozen=True)
class RecipeStep:
    """The name of a step and the function that applies it."""

    name: str
    take: Callable[[MaskedPicture], MaskedPicture]


class Preparer:
    """One photograph and the masks found in it, which all recipes share because they are expensive.

    Args:
        upright: uint8 (H, W, 3), turned by the orientation in the file.
        as_stored: the pixels as they are stored; the same array if the file has no other orientation.
    """

    def __init__(self, upright: Pixels, as_stored: Pixels) -> None:
        self.sources = {True: to_working_size(upright)}
        self.sources[False] = self.sources[True] if as_stored is upright else to_working_size(as_stored)
        self.masks: dict[tuple[int, str], Mask] = {}

    @classmethod
    def open(cls, path: Path) -> Self:
        """The photograph in the file `path`.

        Raises:
            RejectedError: it cannot be read.
        """
        upright, as_stored = read_picture(path), read_picture(path, upright=False)
        return cls(upright, upright if np.array_equal(upright, as_stored) else as_stored)

    def use_mask(self, recipe: Recipe, mask: Mask) -> None:
        """Take `mask` (H, W) for the garment in the photograph, in place of the one that `recipe` would find."""
        self.masks[(id(self.sources[recipe.upright]), recipe.mask)] = mask

    def prepare(self, recipe: Recipe) -> list[tuple[str, MaskedPicture]]:
        """The photograph after each step of `recipe`, by the step's name; the last is 28x28 and grey.

        Raises:
            RejectedError: the mask is empty or covers everything.
        """
        picture = unmasked(self.sources[recipe.upright])
        stages = [("upright" if recipe.upright else "as stored", picture)]
        for step in self.steps(recipe):
            picture = step.take(picture)
            stages.append((step.name, picture))
        return stages

    def steps(self, recipe: Recipe) -> list[RecipeStep]:
        """The steps of `recipe` after the first, in their order."""
        steps = [
            (recipe.thumbnail is not None, "thumbnail", lambda picture: to_thumbnail(picture, recipe.thumbnail)),
            (recipe.mask != "none", "mask", lambda picture: apply_mask(picture, self.mask(recipe), "the mask")),
            (recipe.largest, "largest", keep_largest),
            (recipe.crop != "none", "crop", trim_corner_colour if recipe.crop == "corner" else crop_to_garment),
            (recipe.max_aspect is not None, "narrow", lambda picture: limit_aspect(picture, recipe.max_aspect)),
            (True, "resize", resize_by_skipping if recipe.resize == "skip" else resize_antialiased),
            (recipe.sharpen, "sharpen", sharpen),
            (True, "centre" if recipe.centre else "corner", lambda picture: place_on_canvas(picture, recipe.centre)),
            (recipe.background, "background", blacken_background),
            (True, recipe.tone, lambda picture: map_tones(picture, recipe)),
        ]
        return [RecipeStep(name, take) for taken, name, take in steps if taken]

    def mask(self, recipe: Recipe) -> Mask:
        """The garment in the photograph, found once."""
        source = self.sources[recipe.upright]
        key = (id(source), recipe.mask)
        if key not in self.masks:
            self.masks[key] = MASKS[recipe.mask](source)
        return self.masks[key]


def final_image(picture: MaskedPicture) -> NDArray[np.uint8]:
    """The image after the last step, as a model takes it: uint8 (28, 28)."""
    return picture.visible[..., 0]


def fashion_mnist_tones(image: Pixels) -> Pixels | None:
    """The grey values (28, 28) of `image` (H, W, 3) if it has the data set's size and look already, else None.

    That is 28x28 grey pixels, of whose frame most are black as in the data set, or white as in its inverse; so are
    99.8 % of Fashion-MNIST's test images.
    """
    if image.shape[:2] != (EDGE, EDGE) or np.ptp(image, axis=2).max() > PLAIN:
        return None
    tones = luma(image.astype(np.float32)).round().astype(np.uint8)
    ground = np.median(tones[frame_pixels(tones.shape)])
    return tones if min(ground, WHITE - ground) <= PLAIN else None


def leave_one_step_out(recipe: Recipe) -> dict[str, Recipe]:
    """The recipe with one step left out (or its sampling exchanged), for each step that it takes."""
    other = "antialias" if recipe.resize == "skip" else "skip"
    off = {
        "upright": False,
        "thumbnail": None,
        "mask": "none",
        "largest": False,
        "crop": "none",
        "max_aspect": None,
        "resize": other,
        "sharpen": False,
        "centre": False,
        "background": False,
        "tone": "grey",
        "stretch": None,
    }
    return {
        step: recipe.model_copy(update={step: value}) for step, value in off.items() if getattr(recipe, step) != value
    }


def to_working_size(image: Pixels) -> Pixels:
    """`image` with its longest edge at `WORKING_EDGE` pixels, if it was longer."""
    height, width = image.shape[:2]
    scale = min(1.0, WORKING_EDGE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def unmasked(image: Pixels) -> MaskedPicture:
    """A picture without a mask; the ground is the mean of its frame."""
    colours = image.astype(np.float32)
    ground = luma(colours)[frame_pixels(image.shape[:2])].mean()
    return MaskedPicture(colours, np.ones(image.shape[:2], np.float32), float(ground))


def luma(colours: Floats) -> Floats:
    """Luma (H, W) of RGB (H, W, 3), both in 0..255 (ITU-R BT.601)."""
    return np.asarray(colours @ np.array([0.299, 0.587, 0.114], np.float32))


def resize(picture: MaskedPicture, height: int, width: int) -> MaskedPicture:
    """The picture at another size, each pixel the mean of those under it; a garment's colour without the ground's."""
    coverage = resize_array(picture.coverage, height, width)
    inside = resize_array(picture.colours * picture.coverage[..., None], height, width)
    plain = resize_array(picture.colours, height, width)
    weight = coverage[..., None]
    colours = np.where(weight > FAINT, inside / np.maximum(weight, FAINT), plain)
    return replace(picture, colours=colours, coverage=coverage)


def resize_array(values: Floats, height: int, width: int) -> Floats:
    """`values` (H, W[, 3]) averaged over the area of each new pixel (interpolated where it grows)."""
    smaller = height * width < values.shape[0] * values.shape[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(values, (width, height), interpolation=how), np.float32)


def size_to_fit(picture: MaskedPicture, high: int, wide: int) -> tuple[int, int]:
    """Height and width of the picture scaled to fit a frame."""
    height, width = picture.coverage.shape
    scale = min(high / height, wide / width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def to_thumbnail(picture: MaskedPicture, frame: tuple[int, int] | None) -> MaskedPicture:
    """The picture scaled to fit `frame` (width, height), as a shop's smallest picture."""
    assert frame is not None  # a recipe without it does not take this step
    wide, high = frame
    return resize(picture, *size_to_fit(picture, high, wide))


def apply_mask(picture: MaskedPicture, mask: Mask, what: str) -> MaskedPicture:
    """The picture with `mask` as its coverage, and the mean tone outside the mask as its ground."""
    share = mask.mean()
    if not EMPTY <= share <= FULL:
        fault = "empty" if share < EMPTY else "all-covering"
        raise RejectedError(f"{what} is {fault}: {share:.1%} of the picture; no garment found")
    height, width = picture.coverage.shape
    coverage = resize_array(mask.astype(np.float32), height, width)
    outside = coverage < 0.5
    ground = float(luma(picture.colours)[outside].mean()) if outside.any() else picture.ground
    return replace(picture, coverage=coverage, ground=ground)


def keep_largest(picture: MaskedPicture) -> MaskedPicture:
    """The picture with only the largest object: half of a pair whose shoes stand apart."""
    if picture.coverage.min() == 1:
        return picture
    return apply_mask(picture, largest_object(picture.coverage > 0.5), "the largest object")


def crop_to_garment(picture: MaskedPicture) -> MaskedPicture:
    """The picture cropped to the box around the garment."""
    rows, columns = (np.flatnonzero((picture.coverage > 0.5).any(axis=axis)) for axis in (1, 0))
    return crop_box(picture, rows, columns)


def trim_corner_colour(picture: MaskedPicture) -> MaskedPicture:
    """The picture without the outer rows and columns that are within 5 % of the corner's colour, as published."""
    distance = np.linalg.norm(picture.colours - picture.colours[0, 0], axis=2) / (255 * math.sqrt(3))
    differs = distance > CORNER_TOLERANCE
    return crop_box(picture, *(np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0)))


def crop_box(picture: MaskedPicture, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> MaskedPicture:
    """The picture cropped to the box that these rows and columns span; whole if there are none."""
    if not len(rows) or not len(columns):
        return picture
    box = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return replace(picture, colours=picture.colours[box], coverage=picture.coverage[box])


def limit_aspect(picture: MaskedPicture, max_aspect: float | None) -> MaskedPicture:
    """The picture squeezed to at most that width for its height: spread sleeves hang down in the data set."""
    assert max_aspect is not None  # a recipe without it does not take this step
    height, width = picture.coverage.shape
    return resize(picture, height, max(1, min(width, round(height * max_aspect))))


def resize_antialiased(picture: MaskedPicture) -> MaskedPicture:
    """The picture with its longest edge at 28 pixels, antialiased."""
    return resize(picture, *size_to_fit(picture, EDGE, EDGE))


def resize_by_skipping(picture: MaskedPicture) -> MaskedPicture:
    """The picture with its longest edge at 28 pixels by skipping rows and columns, as published."""
    rows, columns = (
        (np.arange(new) * old // new)
        for new, old in zip(size_to_fit(picture, EDGE, EDGE), picture.coverage.shape, strict=True)
    )
    box = np.ix_(rows, columns)
    return replace(picture, colours=picture.colours[box], coverage=picture.coverage[box])


def sharpen(picture: MaskedPicture) -> MaskedPicture:
    """The picture after unsharp masking with a Gaussian of one pixel."""
    soft = cv2.GaussianBlur(picture.colours, (0, 0), 1.0)
    return replace(picture, colours=(2 * picture.colours - soft).clip(0, 255))


def place_on_canvas(picture: MaskedPicture, centre: bool) -> MaskedPicture:
    """The picture on a white canvas of 28x28: in its middle, or else in its upper left corner."""
    height, width = picture.coverage.shape
    top, left = ((EDGE - height) // 2, (EDGE - width) // 2) if centre else (0, 0)
    box = (slice(top, top + height), slice(left, left + width))
    colours, coverage = np.full((EDGE, EDGE, 3), WHITE, np.float32), np.zeros((EDGE, EDGE), np.float32)
    colours[box], coverage[box] = picture.colours, picture.coverage
    return replace(picture, colours=colours, coverage=coverage)


def blacken_background(picture: MaskedPicture) -> MaskedPicture:
    """The picture with all that is not garment set to 0."""
    return replace(picture, colours=picture.colours * picture.coverage[..., None])


def map_tones(picture: MaskedPicture, recipe: Recipe) -> MaskedPicture:
    """The picture in grey: unchanged, inverted (`negate`), or inverted if the garment is darker (`contrast`).

    A stretch spreads the garment's tones over a range. Where the background is black it stays so, and a garment's
    darkest pixel is still brighter.
    """
    coverage, garment = picture.coverage, picture.coverage > 0.5
    colours = picture.colours
    if recipe.background:  # undo the blending with black, which is no tone of the garment
        colours = np.asarray(colours / np.maximum(coverage, 1e-3)[..., None], np.float32)
    tones = luma(colours).clip(0, 255)
    inner = tones[garment] if garment.any() else tones.ravel()
    if recipe.tone == "negate" or (recipe.tone == "contrast" and inner.mean() < picture.ground):
        tones, inner = WHITE - tones, WHITE - inner
    if recipe.stretch is not None:
        low, high = np.percentile(inner, [TAILS, 100 - TAILS])
        darkest, brightest = recipe.stretch
        share = ((tones - low) / max(high - low, 1)).clip(0, 1)
        tones = np.asarray(darkest + share * (brightest - darkest), np.float32)
    if recipe.background:
        tones = np.asarray(np.maximum(tones, 1) * coverage, np.float32)
    return replace(picture, colours=np.repeat(tones[..., None], 3, axis=2))
