"""Noise and distortions that images are corrupted with, thirteen kinds in five severities each.

The kinds are after Mu & Gilmer, "MNIST-C: a robustness benchmark for computer vision" (2019), and Hendrycks &
Dietterich, "Benchmarking neural network robustness to common corruptions and perturbations" (ICLR 2019); formulas and
strengths are written out here. Below, x is an image with pixels in [0, 1], and what leaves that range is cut off.
Lengths are in pixels of an image 28 wide and grow with its width. What a distortion moves in from outside is 0, the
background.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lookalike.errors import InputError

Pixels = NDArray[np.uint8]
Image = NDArray[np.float64]  # (H, W, C) in [0, 1]
OTHER = "another image"  # no corruption, but a reference: two unrelated images
SEVERITIES = (1, 2, 3, 4, 5)
SHIFTS = {"shift left": (0, -1), "shift right": (0, 1), "shift up": (-1, 0), "shift down": (1, 0)}  # down, right
SHIFT_PIXELS = (2, 4, 6, 8)
WIDTH = 28  # of the images that lengths are given for


@dataclass(frozen=True)
class Corruption:
    """A function of an image, a strength and a generator, and its strengths from the mildest to the worst."""

    apply: Callable[[Image, float, np.random.Generator], Image]
    strengths: tuple[float, float, float, float, float]


def corrupt(images: Pixels, kind: str, severity: int, *, seed: int) -> Pixels:
    """Corrupt images (N, H, W) or (N, H, W, C); the same seed gives the same draws, of each image its own.

    Raises:
        InputError: no such kind or severity.
    """
    if kind not in CORRUPTIONS:
        raise InputError(f"no corruption is called {kind!r}; known: {', '.join(CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise InputError(f"a severity is one of {', '.join(map(str, SEVERITIES))}, got {severity}")
    corruption = CORRUPTIONS[kind]
    strength = corruption.strengths[severity - 1]
    corrupted = np.empty_like(images)
    for index, pixels in enumerate(images.reshape(*images.shape[:3], -1)):
        rng = np.random.default_rng((seed, index))
        image = np.clip(corruption.apply(pixels / 255, strength, rng), 0, 1)
        corrupted[index] = np.rint(255 * image).astype(np.uint8).reshape(images.shape[1:])
    return corrupted


def shift(images: Pixels, kind: str, pixels: int) -> Pixels:
    """Move images (N, H, W) or (N, H, W, 3) by whole pixels, in one of `SHIFTS`; unlike `translate` it draws nothing.

    What moves in is 0, the background, in grey images, and the mirror image of the border in colour images.
    """
    down, right = (pixels * step for step in SHIFTS[kind])
    padding = [(0, 0), *((max(by, 0), max(-by, 0)) for by in (down, right)), *[(0, 0)] * (images.ndim - 3)]
    padded = np.pad(images, padding, mode="constant" if images.ndim == 3 else "symmetric")
    top, left = max(-down, 0), max(-right, 0)
    return padded[:, top : top + images.shape[1], left : left + images.shape[2]]


def gaussian_noise(image: Image, deviation: float, rng: np.random.Generator) -> Image:
    """x + e, e normal with that deviation."""
    return image + rng.normal(0, deviation, image.shape)


def shot_noise(image: Image, photons: float, rng: np.random.Generator) -> Image:
    """n / photons, n of Poisson's distribution with mean photons x: what a sensor counts that sees few of them."""
    return rng.poisson(photons * image) / photons


def impulse_noise(image: Image, share: float, rng: np.random.Generator) -> Image:
    """That share of the pixels is black or white, half of them each."""
    hit, white = (rng.random((*image.shape[:2], 1)) for _ in range(2))
    return np.where(hit < share, white < 0.5, image)


def gaussian_blur(image: Image, deviation: float, _rng: np.random.Generator) -> Image:
    """Convolved with a Gaussian of that deviation."""
    sigma = deviation * scale_of(image)
    return ndimage.gaussian_filter(image, (sigma, sigma, 0), mode="constant")


def motion_blur(image: Image, length: float, rng: np.random.Generator) -> Image:
    """The mean over a shift along a line of that length, in a direction that is drawn."""
    angle, reach = rng.uniform(0, np.pi), length * scale_of(image)
    steps = 2 * round(reach) + 1
    shifts = reach * ((np.arange(steps) + 0.5) / steps - 0.5)
    half = int(np.ceil(reach / 2)) + 1
    point = np.pad(np.ones((1, 1, 1)), ((half, half), (half, half), (0, 0)))
    kernel = np.mean([translate_by(point, s * np.sin(angle), s * np.cos(angle)) for s in shifts], axis=0)
    return ndimage.convolve(image, kernel, mode="constant")


def rotate(image: Image, degrees: float, rng: np.random.Generator) -> Image:
    """Turned about its middle by that angle, to a side that is drawn."""
    angle = np.deg2rad(degrees) * random_sign(rng)
    return transform(image, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]))


def shear(image: Image, slope: float, rng: np.random.Generator) -> Image:
    """Each row is shifted along itself by slope times its height over the middle, to a side that is drawn."""
    return transform(image, np.array([[1, 0], [slope * random_sign(rng), 1]]))


def scale(image: Image, factor: float, _rng: np.random.Generator) -> Image:
    """Shrunk about its middle to that share of its size."""
    return transform(image, np.eye(2) / factor)


def translate(image: Image, distance: float, rng: np.random.Generator) -> Image:
    """Shifted by that distance in a direction that is drawn."""
    angle, length = rng.uniform(0, 2 * np.pi), distance * scale_of(image)
    return translate_by(image, length * np.sin(angle), length * np.cos(angle))


def brighten(image: Image, added: float, _rng: np.random.Generator) -> Image:
    """x + added."""
    return image + added


def lower_contrast(image: Image, factor: float, _rng: np.random.Generator) -> Image:
    """m + factor (x - m), m the image's mean."""
    mean = image.mean()
    return mean + factor * (image - mean)


def draw_zigzag(image: Image, strokes: float, rng: np.random.Generator) -> Image:
    """A white line a pixel wide through so many points right and left of an axis that is drawn."""
    height, width, _ = image.shape
    angle, middle = rng.uniform(0, np.pi), np.array([(height - 1) / 2, (width - 1) / 2])
    along, across = np.array([np.sin(angle), np.cos(angle)]), np.array([np.cos(angle), -np.sin(angle)])
    steps = np.linspace(-0.4, 0.4, round(strokes) + 1) * width
    offsets = 0.15 * width * (-1.0) ** np.arange(len(steps)) * rng.uniform(0.5, 1, len(steps))
    points = middle + steps[:, None] * along + offsets[:, None] * across
    drawn = [draw_segment(image.shape[:2], start, end) for start, end in pairwise(points)]
    return np.maximum(image, np.max(drawn, axis=0)[:, :, None])


def occlude(image: Image, share: float, rng: np.random.Generator) -> Image:
    """A grey square whose side is that share of the width, in a place that is drawn."""
    height, width, _ = image.shape
    edge = round(share * width)
    top, left = rng.integers(0, height - edge + 1), rng.integers(0, width - edge + 1)
    covered = image.copy()
    covered[top : top + edge, left : left + edge] = 0.5
    return covered


CORRUPTIONS = {
    "gaussian noise": Corruption(gaussian_noise, (0.08, 0.14, 0.22, 0.32, 0.45)),
    "shot noise": Corruption(shot_noise, (60, 25, 12, 5, 2)),
    "impulse noise": Corruption(impulse_noise, (0.03, 0.07, 0.12, 0.2, 0.3)),
    "blur": Corruption(gaussian_blur, (0.6, 0.9, 1.3, 1.8, 2.4)),
    "motion blur": Corruption(motion_blur, (2, 4, 6, 8, 11)),
    "rotate": Corruption(rotate, (10, 20, 30, 40, 50)),
    "shear": Corruption(shear, (0.15, 0.3, 0.45, 0.6, 0.8)),
    "scale": Corruption(scale, (0.9, 0.8, 0.7, 0.6, 0.5)),
    "translate": Corruption(translate, (1, 2, 3, 4.5, 6)),
    "brightness": Corruption(brighten, (0.1, 0.2, 0.3, 0.45, 0.6)),
    "contrast": Corruption(lower_contrast, (0.75, 0.5, 0.35, 0.22, 0.12)),
    "zigzag": Corruption(draw_zigzag, (1, 2, 4, 6, 9)),
    "occlusion": Corruption(occlude, (0.15, 0.25, 0.35, 0.45, 0.55)),
}


def scale_of(image: Image) -> float:
    """How much wider the image is than those that lengths are given for."""
    return image.shape[1] / WIDTH


def random_sign(rng: np.random.Generator) -> int:
    """-1 or 1."""
    return 2 * int(rng.integers(2)) - 1


def transform(image: Image, matrix: NDArray[np.float64]) -> Image:
    """The image whose pixel p (row, column from the middle) shows what was at `matrix` p, bilinearly."""
    middle = (np.array(image.shape[:2]) - 1) / 2
    offset = middle - matrix @ middle
    channels = [ndimage.affine_transform(one, matrix, offset, order=1) for one in image.transpose(2, 0, 1)]
    return np.stack(channels, axis=2)


def translate_by(image: Image, down: float, right: float) -> Image:
    """The image shifted by so many pixels, bilinearly."""
    return ndimage.shift(image, (down, right, 0), order=1)


def draw_segment(shape: tuple[int, int], start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """A segment between two positions (row, column): 1 on it, falling to 0 one pixel away."""
    positions = np.indices(shape).transpose(1, 2, 0) - start
    along = end - start
    share = np.clip(positions @ along / np.maximum(along @ along, 1e-12), 0, 1)
    distance = np.linalg.norm(positions - share[:, :, None] * along, axis=2)
    return np.clip(1.5 - distance, 0, 1)
