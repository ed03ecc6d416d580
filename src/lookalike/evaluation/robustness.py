"""How accuracy and calibration hold up when images are corrupted, by kind and severity; computed from evidence.

The figures are means over the seeds; their intervals are over images, which all variants share, so that differences
are paired. Shifted images are part of the evidence, but of no figure here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Condition, Corrupted
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ConditionScores:
    """What a variant says of N images of one kind and severity.

    Attributes:
        right: (N,), share of the seeds that are right.
        ece: expected calibration error, mean over seeds.
    """

    right: Floats
    ece: Estimate


Conditions = dict[Condition, ConditionScores]  # "" and 0: as they are


def study_robustness(corrupted: Mapping[str, Corrupted], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Every variant on every corruption of the same test images, and the pairs' differences, as JSON-able data.

    Args:
        corrupted: by variant; of none nothing ({}) is known.
    """
    if not corrupted:
        return {}
    images = next(iter(corrupted.values())).right.shape[2]
    found, weights = {name: conditions_of(one) for name, one in corrupted.items()}, resample(images)
    return {
        "images": images,
        "strengths": {kind: corruption.strengths for kind, corruption in CORRUPTIONS.items()},
        "variants": {name: summary(conditions, weights) for name, conditions in found.items()},
        "pairs": [
            {"first": first, "second": second} | differences(found[first], found[second], weights)
            for first, second in pairs
        ],
    }


def conditions_of(corrupted: Corrupted) -> Conditions:
    """Share of the seeds that are right, and the calibration error, by condition."""
    right = corrupted.right.mean(axis=0)
    return {
        condition: ConditionScores(right[k], Estimate(*corrupted.ece[k].tolist()))
        for k, condition in enumerate(corrupted.conditions)
    }


def summary(conditions: Conditions, weights: NDArray[np.float64]) -> dict[str, Any]:
    """A variant's figures: of the images as they are, over all corruptions, and of each."""
    clean = conditions["", 0]
    return {
        "clean": condition(clean, weights),
        "overall": asdict(bootstrap_mean(overall(conditions), weights)),
        "kinds": {
            kind: [condition(conditions[kind, severity], weights) for severity in SEVERITIES] for kind in CORRUPTIONS
        },
    }


def condition(scores: ConditionScores, weights: NDArray[np.float64]) -> dict[str, Any]:
    """Accuracy and calibration error with their intervals."""
    return {"accuracy": asdict(bootstrap_mean(scores.right, weights)), "ece": asdict(scores.ece)}


def overall(conditions: Conditions, kind: str | None = None) -> Floats:
    """(N,), share of right answers to each image over the seeds, and over all corruptions or the severities of one."""
    kinds = CORRUPTIONS if kind is None else (kind,)
    return np.mean([conditions[each, severity].right for each in kinds for severity in SEVERITIES], axis=0)


def differences(first: Conditions, second: Conditions, weights: NDArray[np.float64]) -> dict[str, Any]:
    """First minus second accuracy, over all corruptions and over the severities of each kind."""

    def difference(kind: str | None) -> dict[str, float]:
        return asdict(bootstrap_mean(overall(first, kind) - overall(second, kind), weights))

    return {"overall": difference(None), "kinds": {kind: difference(kind) for kind in CORRUPTIONS}}
