"""Ten crops of each test image: the four corners and the middle of a larger image, and their mirror images."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.evaluation.inference import readers_of
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample
from lookalike.runtime import Runtime

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Views:
    """Test accuracy from one view, from ten, and ten minus one: means over seeds, intervals over images."""

    one: Estimate
    ten: Estimate
    difference: Estimate


def ten_views(images: Pixels, padding: int) -> list[Pixels]:
    """Images (N, H, W[, 3]) moved into each corner of a frame of so many empty pixels, and left where they are; then
    all of these mirrored: as many arrays of the same shape as there are views.

    Krizhevsky et al., "ImageNet classification with deep convolutional neural networks" (NIPS 2012), section 4.1, cut
    224x224 out of 256x256; small images that are trained on crops of a padded image are cut out of that.
    """
    height, width = images.shape[1:3]
    frame = [(0, 0), (padding, padding), (padding, padding), *[(0, 0)] * (images.ndim - 3)]
    padded = np.pad(images, frame)
    corners = [(top, left) for top in (0, 2 * padding) for left in (0, 2 * padding)]
    cut = [padded[:, top : top + height, left : left + width] for top, left in [*corners, (padding, padding)]]
    return [*cut, *(view[:, :, ::-1] for view in cut)]


def compare_views(folder: Path, padding: int, dataset: Dataset, runtime: Runtime) -> Views:
    """How much ten views help a variant that was trained on crops of images padded by so many pixels: the mean of its
    probabilities decides."""
    views, labels = ten_views(dataset.test_images[:], padding), dataset.test_labels
    middle = len(views) // 2 - 1
    one, ten = [], []
    for reader in readers_of(folder, dataset, runtime):
        seen = [softmax(reader.read(view).logits) for view in views]
        one.append(seen[middle].argmax(1) == labels)
        ten.append(np.mean(seen, axis=0).argmax(1) == labels)
    from_one, from_ten, weights = np.mean(one, axis=0), np.mean(ten, axis=0), resample(len(labels))
    return Views(*(bootstrap_mean(right, weights) for right in (from_one, from_ten, from_ten - from_one)))
