"""Test images changed as failed preparations change photographs, in one respect at a time.

All images are uint8 (N, H, W), bright on a background of 0; the garment is what is not 0. A strength of 0
leaves the bytes as they are, one of 1 changes it most.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Images = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
GARMENTS = 400  # test images that are corrupted: a share's interval is then ten points wide at most
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)  # the first leaves an image as it is
WIDEST = 4.0  # standard deviation of the blur of strength 1, in pixels


def imitate_failure(images: Images, how: str, strength: float) -> Images:
    """Corrupt `images` (N, H, W) in the way `how`, one of `WAYS`; the result has the same shape.

    Raises:
        KeyError: no such way.
        ValueError: a strength outside [0, 1].
    """
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must lie in [0, 1], got {strength}")
    return WAYS[how](images, strength)


def lift_ground(images: Images, strength: float) -> Images:
    """Images whose background, and what is as black within the garment, is raised to strength * 255."""
    return np.where(images == 0, np.uint8(round(255 * strength)), images)


def invert_garment(images: Images, strength: float) -> Images:
    """Images whose garments are blended with their negative; the background stays."""
    negative = 256.0 - images  # turns 1..255 around, so that no garment becomes background
    return np.where(images == 0, images, as_bytes((1 - strength) * images + strength * negative))


def turn(images: Images, strength: float) -> Images:
    """Images turned counterclockwise by strength * 180 degrees about the middle; new corners are background."""
    turned = [Image.fromarray(image).rotate(180 * strength, Image.Resampling.BILINEAR) for image in images]
    return np.array(turned, np.uint8).reshape(images.shape)


def smear(images: Images, strength: float) -> Images:
    """Images blurred by a Gaussian with a standard deviation of strength * 4 pixels; beyond the edges is background."""
    down, across = (blur_matrix(size, WIDEST * strength) for size in images.shape[1:])
    return as_bytes(down @ images @ across)


def blur_matrix(size: int, sigma: float) -> Floats:
    """The symmetric matrix (size, size) that blurs a line of pixels; what it moves beyond the ends is lost."""
    reach = np.arange(-8 * int(WIDEST), 8 * int(WIDEST) + 1)
    width = max(sigma, 1e-3)  # a thousandth of a pixel is none: all neighbours weigh exactly 0
    position = np.arange(size)
    weights = np.exp(-(((position[:, None] - position) / width) ** 2) / 2)
    return weights / np.exp(-((reach / width) ** 2) / 2).sum()


def fill_gaps(images: Images, strength: float) -> Images:
    """Images whose black pixels in the garment's bounding box are raised to strength * the garment's mean tone."""
    garment = images > 0
    rows, columns = (fill_between(np.logical_or.reduce(garment, axis=axis)) for axis in (2, 1))
    box = rows[:, :, None] & columns[:, None, :]
    mean_tone = images.sum(axis=(1, 2)) / np.maximum(garment.sum(axis=(1, 2)), 1)
    return np.where(box & ~garment, as_bytes(strength * mean_tone)[:, None, None], images)


def fill_between(marks: Bools) -> Bools:
    """Marks (N, L) from the first to the last mark of each row."""
    begun = np.logical_or.accumulate(marks, axis=1)
    not_over = np.logical_or.accumulate(marks[:, ::-1], axis=1)[:, ::-1]
    return begun & not_over


def as_bytes(tones: Floats) -> Images:
    """Tones in [0, 255], rounded."""
    return tones.round().astype(np.uint8)


WAYS: dict[str, Callable[[Images, float], Images]] = {
    "ground": lift_ground,
    "negative": invert_garment,
    "turn": turn,
    "smear": smear,
    "fill": fill_gaps,
}
