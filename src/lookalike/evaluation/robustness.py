"""How accuracy and calibration hold up when images are spoiled, by kind and severity.

The figures are means over the seeds; their intervals are over images, which all variants share, so that differences
are paired. The draws of a corruption are the same for every variant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lookalike.artifacts.datasets import Dataset
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.inference import readers_of
from lookalike.evaluation.metrics import ECE_BINS, confidence_bins, reliability, softmax
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, percentile_estimate, resample
from lookalike.runtime import Runtime

Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]
SEED = 13  # of the corruptions' draws


@dataclass(frozen=True)
class Spoiled:
    """What a variant says of N images of one kind and severity.

    Attributes:
        right: (N,), share of the seeds that are right.
        ece: expected calibration error, mean over seeds.
    """

    right: Floats
    ece: Estimate


Conditions = dict[tuple[str, int], Spoiled]  # by kind and severity; "" and 0: as they are


def study_robustness(
    models: Path,
    names: Sequence[str],
    dataset: Dataset,
    a_class: int,
    pairs: Sequence[tuple[str, str]],
    runtime: Runtime,
) -> dict[str, Any]:
    """Every variant on every corruption of the same test images, and the pairs' differences, as JSON-able data.

    Args:
        models: the folder with those of each variant.
        names: the variants, each of which has a seed that did not diverge.
        a_class: so many of the first test images of each class are spoiled; of none nothing ({}) is known.
    """
    if not names or not a_class:
        return {}
    chosen = first_of_each_class(dataset.test_labels, a_class)
    images, labels = dataset.test_images[chosen], dataset.test_labels[chosen].astype(np.int64)
    sets, weights = list(spoiled_sets(images)), resample(len(chosen))
    found: dict[str, Conditions] = {}
    for name in tqdm(names, desc="robustness", unit="variant", disable=None):
        logits = answers(models / name, dataset, [pixels for _, pixels in sets], runtime)
        found[name] = {
            condition: judged(of_condition, labels, weights)
            for (condition, _), of_condition in zip(sets, logits.swapaxes(0, 1), strict=True)
        }
    return {
        "images": len(chosen),
        "strengths": {kind: corruption.strengths for kind, corruption in CORRUPTIONS.items()},
        "variants": {name: summary(conditions, weights) for name, conditions in found.items()},
        "pairs": [
            {"first": first, "second": second} | differences(found[first], found[second], weights)
            for first, second in pairs
        ],
    }


def spoiled_sets(images: Pixels) -> Iterator[tuple[tuple[str, int], Pixels]]:
    """The images as they are, then by every kind and severity."""
    yield ("", 0), images
    for kind in tqdm(CORRUPTIONS, desc="corruptions", unit="kind", disable=None):
        for severity in SEVERITIES:
            yield (kind, severity), corrupt(images, kind, severity, seed=SEED)


def answers(folder: Path, dataset: Dataset, sets: Sequence[Pixels], runtime: Runtime) -> NDArray[np.float32]:
    """Logits (S, sets, N, C) of a variant's seeds."""
    readers = readers_of(folder, dataset, runtime)
    return np.stack([[reader.read(pixels).logits for pixels in sets] for reader in readers])


def judged(logits: NDArray[np.float32], labels: NDArray[np.int64], weights: NDArray[np.float32]) -> Spoiled:
    """One condition: logits (S, N, C) of all seeds."""
    right = (logits.argmax(2) == labels).mean(0)
    probabilities = [softmax(each) for each in logits]
    value = np.mean([reliability(each, labels).expected_calibration_error for each in probabilities])
    drawn = np.mean([resampled_ece(each, labels, weights) for each in probabilities], axis=0)
    return Spoiled(right, percentile_estimate(float(value), drawn))


def resampled_ece(probabilities: Floats, labels: NDArray[np.int64], weights: NDArray[np.float32]) -> Floats:
    """The expected calibration error in each resample (draws,); see `metrics.reliability`.

    A bin's count times |accuracy - confidence| is the sum of right minus confidence over its images.
    """
    confidence = probabilities.max(1)
    gaps = (probabilities.argmax(1) == labels) - confidence
    by_bin = np.zeros((len(labels), ECE_BINS), np.float32)
    by_bin[np.arange(len(labels)), confidence_bins(confidence)] = gaps
    return np.abs(weights @ by_bin).sum(1).astype(np.float64) / len(labels)


def summary(conditions: Conditions, weights: NDArray[np.float32]) -> dict[str, Any]:
    """A variant's figures: of the images as they are, over all corruptions, and of each."""
    clean = conditions["", 0]
    return {
        "clean": condition(clean, weights),
        "overall": asdict(bootstrap_mean(overall(conditions), weights)),
        "kinds": {
            kind: [condition(conditions[kind, severity], weights) for severity in SEVERITIES] for kind in CORRUPTIONS
        },
    }


def condition(spoiled: Spoiled, weights: NDArray[np.float32]) -> dict[str, Any]:
    """Accuracy and calibration error with their intervals."""
    return {"accuracy": asdict(bootstrap_mean(spoiled.right, weights)), "ece": asdict(spoiled.ece)}


def overall(conditions: Conditions, kind: str | None = None) -> Floats:
    """(N,), share of right answers to each image over the seeds, and over all corruptions or the severities of one."""
    kinds = CORRUPTIONS if kind is None else (kind,)
    return np.mean([conditions[each, severity].right for each in kinds for severity in SEVERITIES], axis=0)


def differences(first: Conditions, second: Conditions, weights: NDArray[np.float32]) -> dict[str, Any]:
    """First minus second accuracy, over all corruptions and over the severities of each kind."""

    def difference(kind: str | None) -> dict[str, float]:
        return asdict(bootstrap_mean(overall(first, kind) - overall(second, kind), weights))

    return {"overall": difference(None), "kinds": {kind: difference(kind) for kind in CORRUPTIONS}}
