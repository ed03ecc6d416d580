"""Test images that a model has already seen."""

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def duplicated(images: NDArray[np.uint8], among: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which (N,) of `images` (N, H, W[, C]) stand, byte for byte, among the images `among` (M, H, W[, C]).

    Raises:
        ValueError: images of two shapes.
    """
    if images.shape[1:] != among.shape[1:]:
        raise ValueError(f"images of shapes {images.shape[1:]} and {among.shape[1:]}")
    known = {digest(image) for image in among}
    return np.array([digest(image) in known for image in images], bool)


def digest(image: NDArray[np.uint8]) -> bytes:
    """A hash of the pixels, to hold many images at the cost of few bytes each."""
    return blake2b(image.tobytes(), digest_size=16).digest()
