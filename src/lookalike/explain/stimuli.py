"""Synthetic test images with one known property: gratings of eight orientations, and patches of eight hues."""

import colorsys

import numpy as np
from numpy.typing import NDArray

STEPS = 8  # orientations from 0 to below 180 degrees, and hues all around
EACH = 16  # images of each
NUMBERS = np.arange(STEPS * EACH) % STEPS  # the orientation or hue of each image, in steps
SEED = 13
WAVELENGTHS = (4, 8)  # pixels
NOISE = 20  # standard deviation of every pixel


def gratings(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Grey gratings of random phase, wavelength and contrast: uint8 (N, H, W) or (N, H, W, 3).

    Their orientations are `NUMBERS` steps from vertical stripes. `shape` is that of one image.
    """
    rng = np.random.default_rng(SEED)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    images = []
    for number in NUMBERS:
        angle, phase = np.pi * number / STEPS, rng.uniform(0, 2 * np.pi)
        frequency = 2 * np.pi / rng.uniform(*WAVELENGTHS)
        wave = np.cos(frequency * (np.cos(angle) * columns + np.sin(angle) * rows) + phase)
        grey = 128 + rng.uniform(20, 100) * wave
        images.append(np.broadcast_to(grey[(..., *([None] * (len(shape) - 2)))], shape))
    return noisy(np.stack(images), rng)


def patches(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Squares of random position and brightness on grey: uint8 (N, H, W, 3), half as wide as the image.

    Their hues are `NUMBERS` steps from red. `shape` is that of one image.
    """
    rng = np.random.default_rng(SEED)
    height, width, _ = shape
    images = np.full((len(NUMBERS), *shape), 128.0)
    for number, image in zip(NUMBERS, images, strict=True):
        top, left = rng.integers(0, (height - height // 2 + 1, width - width // 2 + 1))
        colour = colorsys.hsv_to_rgb(number / STEPS, 0.6, rng.uniform(0.4, 1))
        image[top : top + height // 2, left : left + width // 2] = 255 * np.array(colour)
    return noisy(images, rng)


def noisy(images: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Images with Gaussian noise, independent in every pixel and channel."""
    return np.clip(images + rng.normal(0, NOISE, images.shape), 0, 255).astype(np.uint8)
