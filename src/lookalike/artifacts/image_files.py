"""Photographs that stay in their files and are decoded when they are asked for: sets that no memory holds."""

import hashlib
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.pictures import open_picture
from lookalike.errors import InputError, RejectedError

Interpolation = Literal["bilinear", "bicubic"]
Images = NDArray[np.uint8]
THREADS = 4  # decoding releases Python's lock


@dataclass(frozen=True)
class View:
    """How a photograph becomes a square: its shorter side is scaled to size / crop, and the middle of `size` is kept.

    That is how timm and torchvision prepare images for evaluation.

    Attributes:
        size: side of the square in pixels.
        crop: share of the shorter side that is kept, in (0, 1].
        interpolation: of the scaling, which averages over what a pixel shrinks from.
    """

    size: int
    crop: float = 1.0
    interpolation: Interpolation = "bicubic"


@dataclass(frozen=True, eq=False)
class ImageFiles:
    """Reads as an array uint8 (N, size, size, 3) does, but is one of file names.

    Attributes:
        folder: where the files lie.
        names: (N,), their paths in it.
        checksums: (N,), their md5.
        in_place: whether the files are a person's own, which stay where they are and are never copied.
    """

    folder: Path
    names: NDArray[np.str_]
    checksums: NDArray[np.str_]
    view: View
    in_place: bool = False

    def __len__(self) -> int:
        return len(self.names)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return len(self), self.view.size, self.view.size, 3

    @property
    def ndim(self) -> int:
        return 4

    def __getitem__(self, which: int | slice | NDArray[np.integer] | Sequence[int]) -> Images:
        """The images themselves: (size, size, 3) of one, else (n, size, size, 3)."""
        if isinstance(which, int | np.integer):
            return self.decode(str(self.names[which]))
        chosen = self.names[which]
        images = np.empty((len(chosen), *self.shape[1:]), np.uint8)
        with ThreadPoolExecutor(THREADS) as pool:
            for k, image in enumerate(pool.map(self.decode, map(str, chosen))):
                images[k] = image
        return images

    def __getitems__(self, which: Sequence[int]) -> list[Images] | InputError:
        """The images one by one, as torch's loader asks for them in a process of its own.

        The error is returned: torch would bury one that is raised there in that process's traceback.
        """
        try:
            return [self[k] for k in which]
        except InputError as error:
            return error

    def take(self, which: slice | NDArray[np.integer]) -> "ImageFiles":
        """Some of them, not read yet."""
        return replace(self, names=self.names[which], checksums=self.checksums[which])

    def seen(self, view: View) -> "ImageFiles":
        """The same files, cut and scaled in another way."""
        return replace(self, view=view)

    def decode(self, name: str) -> Images:
        """One photograph as the view has it.

        Raises:
            InputError: the file is gone, or has changed so that it cannot be decoded.
        """
        path = self.folder / name
        try:
            return central_square(open_picture(path), self.view)
        except RejectedError as error:
            raise InputError(f"{path}: {error}; put it back as it was, or fetch the data set again") from error

    @property
    def digest(self) -> str:
        """SHA-256 over the view, the names and the checksums of the files."""
        lines = [repr(self.view), *(f"{name} {md5}" for name, md5 in zip(self.names, self.checksums, strict=True))]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


Pixels = Images | ImageFiles
LARGEST = 96  # pixels: how large photographs are kept for pictures


def small_images(images: Pixels, which: NDArray[np.integer], largest: int = LARGEST) -> Images:
    """Some images as they are drawn: (n, H, W) or (n, H, W, 3); large ones are made small."""
    if isinstance(images, ImageFiles):
        return images.seen(replace(images.view, size=min(largest, images.view.size)))[which]
    return shrink(np.asarray(images[which]), largest)


def take_images(images: Pixels, which: NDArray[np.integer] | slice) -> Pixels:
    """Some of the images; files stay unread."""
    return images.take(which) if isinstance(images, ImageFiles) else images[which]


def channels_first(images: Images) -> Images:
    """Images (N, H, W) or (N, H, W, C) as (N, C, H, W)."""
    return images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)


def shrink(images: Images, largest: int = LARGEST) -> Images:
    """Images (n, H, W) or (n, H, W, 3) with sides of at most `largest` pixels, by averaging."""
    height, width = images.shape[1:3]
    share = largest / max(height, width)
    if share >= 1:
        return images
    size = (round(width * share), round(height * share))
    return np.stack([np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BOX)) for one in images])


def to_pixels(values: NDArray[np.floating]) -> Images:
    """Numbers (n, H, W, C) as images, each from its lowest value to its highest; (n, H, W) if C is 1."""
    low, high = (end(values, axis=(1, 2, 3), keepdims=True) for end in (np.min, np.max))
    scaled = (values - low) / np.maximum(high - low, np.finfo(np.float32).tiny)
    images: Images = (255 * scaled).round().astype(np.uint8)
    return images[..., 0] if images.shape[3] == 1 else images


def central_square(picture: Image.Image, view: View) -> Images:
    """The middle of an RGB picture as `view` has it: (size, size, 3)."""
    shorter, size = min(picture.size), view.size
    scaled = math.floor(size / view.crop)
    width, height = (int(scaled * side / shorter) for side in picture.size)
    left, top = round((width - size) / 2), round((height - size) / 2)
    resampling = Image.Resampling[view.interpolation.upper()]
    large = picture.resize((width, height), resampling)
    return np.asarray(large.crop((left, top, left + size, top + size)))
