"""Corrupted and shifted test images, the same for every variant, and one variant's predictions for them."""

from collections.abc import Iterator, Mapping
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
    images, labels = first_test_images(dataset, per_class)
    sets: dict[Condition, Pixels] = {("", 0): images}
    for kind in tqdm(CORRUPTIONS, desc="corruptions", unit="kind", disable=None):
        sets |= {(kind, severity): corrupt(images, kind, severity, seed=SEED) for severity in SEVERITIES}
    if max(images.shape[1:3]) <= SHIFTED_UP_TO:
        sets |= {(kind, pixels): shift(images, kind, pixels) for kind in SHIFTS for pixels in SHIFT_PIXELS}
    return CorruptedImages(sets, labels)


def first_test_images(dataset: Dataset, per_class: int) -> tuple[Pixels, NDArray[np.int64]]:
    """The first `per_class` test images of each class, and their labels."""
    chosen = first_of_each_class(dataset.test_labels, per_class)
    return dataset.test_images[chosen], dataset.test_labels[chosen].astype(np.int64)


def evaluate_corrupted(folder: Path, dataset: Dataset, images: CorruptedImages, runtime: Runtime) -> Corrupted:
    """Right predictions and calibration errors on the images, of all seeds in `folder` that did not diverge."""
    weights, right, ece = resample(len(images.labels)), [], []
    for logits in logits_by_condition(folder, dataset, images.sets, runtime):
        right.append(logits.argmax(axis=2) == images.labels)
        ece.append(astuple(calibration_error(logits, images.labels, weights)))
    return Corrupted(tuple(images.sets), np.stack(right, axis=1), np.array(ece))


def logits_by_condition(
    folder: Path, dataset: Dataset, sets: Mapping[Condition, Pixels], runtime: Runtime
) -> Iterator[NDArray[np.float32]]:
    """Logits (S, N, C) of all seeds in `folder` that did not diverge, one condition after the other."""
    readers = readers_of(folder, dataset, runtime)
    for pixels in sets.values():
        yield np.stack([reader.read(pixels).logits for reader in readers])
