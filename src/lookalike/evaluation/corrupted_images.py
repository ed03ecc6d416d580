"""Corrupted test images, the same for every variant, and what one variant says about them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Condition, Corrupted
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.inference import readers_of
from lookalike.evaluation.metrics import ECE_BINS, Floats, confidence_bins, reliability, softmax
from lookalike.evaluation.statistics import percentile_estimate, resample
from lookalike.runtime import Runtime

SEED = 13  # of the corruptions' draws
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class CorruptedImages:
    """N test images of classes `labels` (N,), as they are and by every kind and severity of corruption."""

    sets: dict[Condition, Pixels]
    labels: NDArray[np.int64]


def corrupted_images(dataset: Dataset, per_class: int) -> CorruptedImages:
    """The first `per_class` test images of each class in every condition; all variants see the same ones."""
    chosen = first_of_each_class(dataset.test_labels, per_class)
    images = dataset.test_images[chosen]
    sets: dict[Condition, Pixels] = {("", 0): images}
    for kind in tqdm(CORRUPTIONS, desc="corruptions", unit="kind", disable=None):
        sets |= {(kind, severity): corrupt(images, kind, severity, seed=SEED) for severity in SEVERITIES}
    return CorruptedImages(sets, dataset.test_labels[chosen].astype(np.int64))


def corrupted_answers(folder: Path, dataset: Dataset, images: CorruptedImages, runtime: Runtime) -> Corrupted:
    """What all seeds in the model folder `folder` that did not diverge say about the images."""
    readers, weights = readers_of(folder, dataset, runtime), resample(len(images.labels))
    right, ece = [], []
    for pixels in images.sets.values():
        logits = np.stack([reader.read(pixels).logits for reader in readers])
        right.append(logits.argmax(axis=2) == images.labels)
        ece.append(calibration_error(logits, images.labels, weights))
    return Corrupted(tuple(images.sets), np.stack(right, axis=1), np.array(ece))


def calibration_error(
    logits: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Expected calibration error with its interval, mean over the seeds of logits (S, N, C)."""
    probabilities = [softmax(each) for each in logits]
    value = np.mean([reliability(each, labels).expected_calibration_error for each in probabilities])
    drawn = np.mean([resampled_ece(each, labels, weights) for each in probabilities], axis=0)
    estimate = percentile_estimate(float(value), drawn)
    return estimate.value, estimate.low, estimate.high


def resampled_ece(probabilities: Floats, labels: NDArray[np.int64], weights: NDArray[np.float64]) -> Floats:
    """The expected calibration error in each resample (draws,); see `metrics.reliability`.

    A bin's count times |accuracy - confidence| is the sum of right minus confidence over its images.
    """
    confidence = probabilities.max(1)
    gaps = (probabilities.argmax(1) == labels) - confidence
    by_bin = np.zeros((len(labels), ECE_BINS), np.float32)
    by_bin[np.arange(len(labels)), confidence_bins(confidence)] = gaps
    return np.abs(weights @ by_bin).sum(1).astype(np.float64) / len(labels)
