"""Test images seen ten times: from the four corners and the middle of a larger image, and mirrored."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import finished_seeds
from lookalike.data.tensors import place_images
from lookalike.evaluation.inference import infer, restore_model
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


def compare_views(folder: Path, description: dict[str, Any], dataset: Dataset, runtime: Runtime) -> Views:
    """How much ten views help a variant that was trained on crops: the mean of its probabilities decides."""
    views, labels = ten_views(dataset.test_images, description["augmentation"]["crop"]), dataset.test_labels
    middle = len(views) // 2 - 1
    one, ten = [], []
    for seed in finished_seeds(description):
        model = restore_model(folder, description, seed, runtime)
        seen = []
        for view in views:
            placed = place_images(view, labels, mean=dataset.mean, std=dataset.std, runtime=runtime)
            seen.append(softmax(infer(model, placed, keep_features=False).logits))
        one.append(seen[middle].argmax(1) == labels)
        ten.append(np.mean(seen, axis=0).argmax(1) == labels)
    from_one, from_ten, weights = np.mean(one, axis=0), np.mean(ten, axis=0), resample(len(labels))
    return Views(*(bootstrap_mean(right, weights) for right in (from_one, from_ten, from_ten - from_one)))
