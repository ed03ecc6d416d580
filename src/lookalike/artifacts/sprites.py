"""`sprites/<study>/`: all test images of a study, one picture per class, for people to look at."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.folders import replacing_folder, write_bytes
from lookalike.artifacts.image_files import small_images
from lookalike.artifacts.webp import webp

COLUMNS = 50  # images side by side
LARGEST = 64  # pixels of a side
MOST_IMAGES = 12_000  # so that a class of images is no higher than WebP allows (16,383 pixels)
MOST_NUMBERS = 300_000  # one probability per image and class
MOST_BYTES = 5_000_000  # of a study's pictures, if they are packed without loss


def is_searchable(images: int, classes: int) -> bool:
    """Whether a page can hold the outputs for so many images; of larger data sets it holds a sample."""
    return images <= MOST_IMAGES and images * classes <= MOST_NUMBERS


def save_sprites(folder: Path, dataset: Dataset) -> None:
    """Write `<class number>.webp` for each class with test images, whole or not at all; none if not `is_searchable`."""
    labels = dataset.test_labels.astype(np.int64)
    with replacing_folder(folder) as part:
        if is_searchable(len(labels), len(dataset.class_names)):
            found = np.unique(labels)
            grids = [
                image_grid(invert_grey(small_images(dataset.test_images, np.flatnonzero(labels == k), LARGEST)))
                for k in found
            ]
            for number, content in zip(found.tolist(), encode_grids(grids), strict=True):
                write_bytes(part / f"{number}.webp", content)


def load_sprites(folder: Path) -> dict[int, bytes]:
    """The pictures by the number of the class; none if there is no such folder."""
    return {int(path.stem): path.read_bytes() for path in sorted(folder.glob("*.webp"))}


def invert_grey(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images (n, H, W) or (n, H, W, 3) as figures show them: grey ones dark on light, as they are printed."""
    return 255 - images if images.ndim == 3 else images


def image_grid(images: NDArray[np.uint8], columns: int = COLUMNS) -> Image.Image:
    """Images (n, H, W) or (n, H, W, 3), n > 0, in rows of so many; the rest of the last row is black."""
    rows, (height, width) = -(-len(images) // columns), images.shape[1:3]
    filled = np.zeros((rows * columns, *images.shape[1:]), np.uint8)
    filled[: len(images)] = images
    tiled = filled.reshape(rows, columns, *images.shape[1:]).swapaxes(1, 2)  # (R, C, H, ...) -> (R, H, C, ...)
    return Image.fromarray(tiled.reshape(rows * height, columns * width, *images.shape[3:]))


def encode_grids(grids: Sequence[Image.Image]) -> list[bytes]:
    """Grey pictures as WebP without loss, unless they take too many bytes; those and colour ones with a small loss."""
    if all(one.mode == "L" for one in grids):
        whole = [webp(one, lossless=True) for one in grids]
        if sum(map(len, whole)) <= MOST_BYTES:
            return whole
    return [webp(one, lossless=False) for one in grids]
