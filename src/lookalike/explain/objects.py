"""Where the object is in a photograph, which GrabCut finds. It needs OpenCV, which not every machine has."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lookalike.data.masks import grabcut
from lookalike.explain.localisation import Masks

SIDE = 96  # pixels to which small images are enlarged: GrabCut of 32 pixels finds no object in every twelfth image


def object_masks(pixels: NDArray[np.uint8]) -> Masks:
    """Where the object is in colour images (N, H, W, 3): (N, H, W), by GrabCut of images of at least `SIDE` pixels."""
    factor = -(-SIDE // min(pixels.shape[1:3]))
    return np.stack([object_mask(np.ascontiguousarray(image), factor) for image in pixels])


def object_mask(image: NDArray[np.uint8], factor: int) -> Masks:
    """The mask (H, W) of one image (H, W, 3), cut out of the image enlarged by `factor`; half of a pixel suffices."""
    height, width = image.shape[:2]
    enlarged = cv2.resize(image, (factor * width, factor * height), interpolation=cv2.INTER_CUBIC)
    covered = grabcut(enlarged.astype(np.uint8)).reshape(height, factor, width, factor).mean(axis=(1, 3))
    return np.asarray(covered >= 0.5)
