"""Images that keep one kind of information: the outline, the parts without their arrangement, coarse or fine detail.

What a model still recognises shows which cues it uses. Silhouettes and edges are after Geirhos et al.,
"ImageNet-trained CNNs are biased towards texture" (ICLR 2019); shuffled patches after Naseer et al., "Intriguing
properties of vision transformers" (NeurIPS 2021); low- and high-pass filters after Geirhos et al., "Generalisation in
humans and deep neural networks" (NeurIPS 2018). Deviations are in pixels of an image 28 wide and grow with its width.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lookalike.data.corruptions import Image, Pixels, scale_of
from lookalike.data.ground import EMPTY
from lookalike.errors import InputError

PATCHES = (2, 4, 7)  # patches per side of shuffled images
STRENGTHS = (1, 2, 3)  # of filters and edges, from the mildest
DEVIATIONS = {"low-pass": (1.0, 2.0, 4.0), "high-pass": (4.0, 2.0, 1.0), "edges": (0.5, 1.0, 2.0)}  # by strength
CUES = (
    ("silhouette", 1),
    *(("shuffled", patches) for patches in PATCHES),
    *((kind, strength) for kind in DEVIATIONS for strength in STRENGTHS),
)
LARGEST = 0.9  # of a colour image: a larger mask is no object
FLAT = 1e-6  # a gradient below this is rounding: the step of one grey level gives more


def keep_cue(images: Pixels, kind: str, strength: int, *, seed: int) -> tuple[Pixels, NDArray[np.bool_]]:
    """Images (N, H, W) or (N, H, W, 3) that keep one cue, and whether (N,) it could be made of each.

    An image is not usable if it stays as it is, or if nothing is left of it: all pixels are equal.

    Args:
        kind, strength: one of `CUES`.
        seed: of the permutations; each image has its own.

    Raises:
        InputError: no such kind or strength.
    """
    if (kind, strength) not in CUES:
        raise InputError(f"no cue is called {kind!r} {strength}; known: {', '.join(f'{k} {s}' for k, s in CUES)}")
    if kind == "silhouette":
        made = silhouettes(images)
    elif kind == "shuffled":
        made = shuffled(images, strength, seed)
    else:
        made = filtered(images, FILTERS[kind], DEVIATIONS[kind][strength - 1])
    before, after = (pixels.reshape(len(images), -1) for pixels in (images, made))
    return made, (before != after).any(axis=1) & (after.min(axis=1) < after.max(axis=1))


def silhouettes(images: Pixels) -> Pixels:
    """The filled outlines of the objects in one grey on black ground.

    The grey is the mean of all objects in `images`: it is as bright as they are and says nothing about the class. An
    image without a usable outline becomes black.
    """
    masks = grey_objects(images) if images.ndim == 3 else colour_objects(images)
    tone = images[masks].mean() if masks.any() else 0
    made = np.where(masks, np.rint(tone), 0).astype(np.uint8)
    return made if images.ndim == 3 else np.repeat(made[..., None], 3, axis=3)


def grey_objects(images: Pixels) -> NDArray[np.bool_]:
    """Where grey images (N, H, W) on black ground are brighter than `EMPTY`, and the holes in that."""
    return np.stack([ndimage.binary_fill_holes(image > 255 * EMPTY) for image in images])


def colour_objects(images: Pixels) -> NDArray[np.bool_]:
    """GrabCut's masks (N, H, W) of colour images, holes filled; nothing where they cover more than `LARGEST`.

    Without OpenCV, which not every machine has, all masks are empty.
    """
    try:
        from lookalike.data.masks import object_masks
    except ModuleNotFoundError as error:
        if error.name != "cv2":
            raise
        return np.zeros(images.shape[:3], bool)
    masks = np.stack([ndimage.binary_fill_holes(mask) for mask in object_masks(images)])
    masks[masks.mean(axis=(1, 2)) > LARGEST] = False
    return masks


def shuffled(images: Pixels, patches: int, seed: int) -> Pixels:
    """Images whose `patches` x `patches` patches have changed places, by a permutation of each image's own.

    Where a side is no multiple of `patches`, the first patches are one pixel longer than the last; patches change
    places with those of the same shape alone, so that no pixel is lost and none is interpolated.
    """
    rows, columns = (np.array_split(np.arange(side), patches) for side in images.shape[1:3])
    places = [np.ix_(down, right) for down in rows for right in columns]
    shapes = np.array([len(down) * images.shape[2] + len(right) for down in rows for right in columns])
    made = np.empty_like(images)
    for index, image in enumerate(images):
        rng = np.random.default_rng((seed, index))
        for shape in np.unique(shapes):
            alike = np.flatnonzero(shapes == shape)
            for target, source in zip(alike, rng.permutation(alike), strict=True):
                made[index][places[target]] = image[places[source]]
    return made


def filtered(images: Pixels, apply: Callable[[Image, float], Image], deviation: float) -> Pixels:
    """Each image, in [0, 1], after `apply`, cut off at 0 and 1; `deviation` is in pixels of images 28 wide."""
    made = np.empty_like(images)
    for index, pixels in enumerate(images.reshape(*images.shape[:3], -1)):
        image = apply(pixels / 255, deviation * scale_of(pixels))
        made[index] = np.rint(255 * np.clip(image, 0, 1)).reshape(images.shape[1:])
    return made


def low_pass(image: Image, deviation: float) -> Image:
    """The image (H, W, C) convolved with a Gaussian; beyond the border its outermost pixels are repeated."""
    return ndimage.gaussian_filter(image, (deviation, deviation, 0), mode="nearest")


def high_pass(image: Image, deviation: float) -> Image:
    """The image minus `low_pass`, around mid grey: around black, the negative half of it would be cut off."""
    return 0.5 + image - low_pass(image, deviation)


def edges(image: Image, deviation: float) -> Image:
    """Magnitude of Sobel's gradient of the blurred image, the largest of the channels; its maximum is 1.

    An image without edges becomes black.
    """
    channels = low_pass(image, deviation).transpose(2, 0, 1)
    gradients = [[ndimage.sobel(channel, axis, mode="nearest") for axis in (0, 1)] for channel in channels]
    steepness = np.max([np.hypot(down, right) for down, right in gradients], axis=0)[:, :, None]
    scaled = steepness / steepness.max() if steepness.max() > FLAT else np.zeros_like(steepness)
    return np.broadcast_to(scaled, image.shape)


FILTERS = {"low-pass": low_pass, "high-pass": high_pass, "edges": edges}
