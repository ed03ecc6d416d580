"""Test images that keep one cue alone, the same for every variant, and one variant's predictions for them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Condition, Cues
from lookalike.evaluation.corrupted_images import SEED, Pixels, first_test_images, logits_by_condition
from lookalike.evaluation.cues import CUES, keep_cue
from lookalike.evaluation.metrics import Ints
from lookalike.runtime import Runtime


@dataclass(frozen=True, eq=False)
class CueImages:
    """N test images of classes `labels` (N,), as they are and by every cue in `cues.CUES`.

    Attributes:
        usable: bool (K, N), whether each of the K conditions could be made of an image.
    """

    sets: dict[Condition, Pixels]
    usable: NDArray[np.bool_]
    labels: NDArray[np.int64]


def cue_images(dataset: Dataset, per_class: int) -> CueImages:
    """The first `per_class` test images of each class by every cue; all variants see the same ones."""
    images, labels = first_test_images(dataset, per_class)
    sets, usable = {("", 0): images}, [np.ones(len(labels), bool)]
    for kind, strength in CUES:
        sets[kind, strength], possible = keep_cue(images, kind, strength, seed=SEED)
        usable.append(possible)
    return CueImages(sets, np.stack(usable), labels)


def evaluate_cues(folder: Path, dataset: Dataset, images: CueImages, runtime: Runtime) -> Cues:
    """Which classes the seeds in `folder` that did not diverge prefer to the true one on the images."""
    found = [preferred(logits, images.labels) for logits in logits_by_condition(folder, dataset, images.sets, runtime)]
    return Cues(tuple(images.sets), images.usable, np.stack(found, axis=1))


def preferred(logits: NDArray[np.floating], labels: Ints) -> NDArray[np.bool_]:
    """Whether the logit of an image's own class is above that of each class: (S, N, C), False at its own class.

    Args:
        logits: (S, N, C).
        labels: (N,).
    """
    own = np.take_along_axis(logits, labels[None, :, None], axis=2)
    return own > logits
