"""Corrupted and shifted test images, the same for every variant, and what one variant says about them."""

from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Condition, Corrupted
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, SHIFT_PIXELS, SHIFTS, corrupt, shift
from lookalike.evaluation.calibration import calibration_error
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.inference import readers_of
from lookalike.evaluation.statistics import resample
from lookalike.runtime import Runtime

SEED = 13  # of the corruptions' draws
SHIFTED_UP_TO = 40  # pixels of width: in larger images a shift by SHIFT_PIXELS is small beside the object
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class CorruptedImages:
    """N test images of classes `labels` (N,), as they are, by every kind and severity of corruption, and shifted."""

    sets: dict[Condition, Pixels]
    labels: NDArray[np.int64]


def corrupted_images(dataset: Dataset, per_class: int) -> CorruptedImages:
    """The first `per_class` test images of each class in every condition; all variants see the same ones."""
    chosen = first_of_each_class(dataset.test_labels, per_class)
    images = dataset.test_images[chosen]
    sets: dict[Condition, Pixels] = {("", 0): images}
    for kind in tqdm(CORRUPTIONS, desc="corruptions", unit="kind", disable=None):
        sets |= {(kind, severity): corrupt(images, kind, severity, seed=SEED) for severity in SEVERITIES}
    if max(images.shape[1:3]) <= SHIFTED_UP_TO:
        sets |= {(kind, pixels): shift(images, kind, pixels) for kind in SHIFTS for pixels in SHIFT_PIXELS}
    return CorruptedImages(sets, dataset.test_labels[chosen].astype(np.int64))


def corrupted_answers(folder: Path, dataset: Dataset, images: CorruptedImages, runtime: Runtime) -> Corrupted:
    """What all seeds in the model folder `folder` that did not diverge say about the images."""
    readers, weights = readers_of(folder, dataset, runtime), resample(len(images.labels))
    right, ece = [], []
    for pixels in images.sets.values():
        logits = np.stack([reader.read(pixels).logits for reader in readers])
        right.append(logits.argmax(axis=2) == images.labels)
        ece.append(astuple(calibration_error(logits, images.labels, weights)))
    return Corrupted(tuple(images.sets), np.stack(right, axis=1), np.array(ece))
