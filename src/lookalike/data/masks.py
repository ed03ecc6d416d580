"""Masks of photographs: which pixels show the garment.

Every method takes a picture uint8 (H, W, 3) in RGB and returns a boolean mask (H, W), true on the garment.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lookalike.errors import InputError

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MARGIN = 0.04  # of the shorter side: the frame that is taken for ground
ROUNDS = 4  # of GrabCut; more of them change few pixels
LOST = 0.03  # of the picture: less than this is no garment that a person would photograph
GROWTH = 1.2  # least ratio of what was found to what was given
SPECK = 0.01  # of the picture: a smaller gap inside a garment is a fold or a glint
SIDE = 96  # pixels to which small images are enlarged: GrabCut of 32 pixels finds no object in every twelfth image


def grabcut(image: Pixels) -> Mask:
    """The mask of GrabCut (Rother, Kolmogorov & Blake, SIGGRAPH 2004): the frame is background.

    One mixture of five Gaussians is fitted to the colours of the background and one to the garment's, by turns with the
    cut. If that finds nothing (the garment reaches into the frame, or has nearly the background's colour), the middle
    third is taken for garment. Its result is used if it grew, but not to the whole picture.
    """
    ground = frame_pixels(image.shape[:2])
    if ground.all():  # a strip too narrow to hold anything else
        return ~ground
    found = run_grabcut(image, ground, garment=np.zeros_like(ground))
    if largest_object(found).mean() > LOST:
        return found
    seed = middle_third(image.shape[:2])
    grown = run_grabcut(image, ground, garment=seed)
    # What grows from the middle of a wall without a garment ends nowhere: all is taken, or no more than was given.
    return grown if GROWTH * seed.sum() < grown.sum() < (~ground).sum() / GROWTH else found


def recut(image: Pixels, mask: Mask, marked: Mask) -> Mask:
    """The mask of GrabCut that begins with `mask`, of which the `marked` pixels are sure: a person marked them.

    The frame is background where nothing else is marked. A mask without any garment, or without any background, is
    returned as it is.
    """
    garment = mask & marked
    ground = (~mask & marked) | (frame_pixels(mask.shape) & ~garment)
    if garment.all() or ground.all():
        return mask
    return run_grabcut(image, ground, garment, probably=mask if mask.any() else ~ground)


def run_grabcut(image: Pixels, ground: Mask, garment: Mask, probably: Mask | None = None) -> Mask:
    """The mask of one run of GrabCut, given pixels that are surely background and surely garment.

    Of the others, those in `probably` are taken for garment at first; None means all.
    """
    labels = np.full(ground.shape, cv2.GC_PR_FGD, np.uint8)
    if probably is not None:
        labels[~probably] = cv2.GC_PR_BGD
    labels[garment], labels[ground] = cv2.GC_FGD, cv2.GC_BGD
    nowhere = (0, 0, 0, 0)  # the rectangle that the labels stand in for
    cv2.setRNGSeed(0)  # of this thread: the mixtures start from k-means
    cv2.grabCut(image, labels, nowhere, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_MASK)
    return (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)


def middle_third(shape: tuple[int, ...]) -> Mask:
    """The middle third of a picture (H, W) along both edges."""
    inner = np.zeros(shape, bool)
    inner[tuple(slice(edge // 3, edge - edge // 3) for edge in shape)] = True
    return inner


def border_distance(image: Pixels) -> Mask:
    """The pixels whose colour differs from the frame's median by more than Otsu's threshold: the baseline."""
    median = np.median(image[frame_pixels(image.shape[:2])], axis=0)
    distance = np.linalg.norm(image - median, axis=2).clip(0, 255).astype(np.uint8)
    threshold, _ = cv2.threshold(distance, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return distance > threshold


def rembg_mask(image: Pixels) -> Mask:
    """The mask of rembg's network (an optional extra, which downloads its weights when it is first used)."""
    remove, session = rembg_network()
    return np.asarray(remove(image, session=session, only_mask=True)) > 127


@cache
def rembg_network() -> tuple[Any, Any]:
    """Rembg's function and its network, loaded once."""
    try:
        from rembg import new_session, remove
    except ImportError as error:
        raise InputError("mask: rembg is not installed; pip install 'lookalike[rembg]', or choose grabcut") from error
    return remove, new_session()


def frame_pixels(shape: tuple[int, ...]) -> Mask:
    """The pixels within `MARGIN` of the edges of a picture (H, W)."""
    wide = max(2, int(MARGIN * min(shape)))
    frame = np.ones(shape, bool)
    frame[wide:-wide, wide:-wide] = False
    return frame


def largest_object(mask: Mask) -> Mask:
    """The largest connected part of `mask`, its small gaps filled; an empty mask stays as it is."""
    parts, numbers, facts, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if parts == 1:
        return mask
    kept = numbers == 1 + facts[1:, cv2.CC_STAT_AREA].argmax()
    _, gaps, facts, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    small = facts[:, cv2.CC_STAT_AREA] < SPECK * mask.size
    return kept | small[gaps]


def object_masks(pixels: Pixels) -> Mask:
    """Where the object is in colour images (N, H, W, 3): (N, H, W), by GrabCut of images of at least `SIDE` pixels."""
    factor = -(-SIDE // min(pixels.shape[1:3]))
    return np.stack([object_mask(np.ascontiguousarray(image), factor) for image in pixels])


def object_mask(image: Pixels, factor: int) -> Mask:
    """The mask (H, W) of one image (H, W, 3), cut out of the image enlarged by `factor`; half of a pixel suffices."""
    height, width = image.shape[:2]
    enlarged = cv2.resize(image, (factor * width, factor * height), interpolation=cv2.INTER_CUBIC)
    covered = grabcut(enlarged.astype(np.uint8)).reshape(height, factor, width, factor).mean(axis=(1, 3))
    return np.asarray(covered >= 0.5)


MASKS: dict[str, Callable[[Pixels], Mask]] = {"grabcut": grabcut, "border": border_distance, "rembg": rembg_mask}
