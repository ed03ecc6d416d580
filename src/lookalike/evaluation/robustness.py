"""Accuracy and calibration on corrupted images, by kind and severity; computed from evidence.

The figures are means over the seeds; their intervals are over images, which all variants share, so that differences
are paired. Shifted images are part of the evidence, but of no figure here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from lookalike.artifacts.evaluations import Condition, Corrupted
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES
from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample

Rights = Mapping[Condition, Floats]  # (N,), share of the seeds that are right about each image; ("", 0): as they are


def study_robustness(corrupted: Mapping[str, Corrupted], pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Every variant on every corruption of the same test images, and the pairs' differences, as JSON-able data.

    Args:
        corrupted: by variant; of none nothing ({}) is known.
    """
    if not corrupted:
        return {}
    images = next(iter(corrupted.values())).right.shape[2]
    weights = resample(images)
    right = {name: dict(zip(one.conditions, one.right.mean(axis=0), strict=True)) for name, one in corrupted.items()}
    return {
        "images": images,
        "strengths": {kind: corruption.strengths for kind, corruption in CORRUPTIONS.items()},
        "variants": {name: variant_summary(right[name], one, weights) for name, one in corrupted.items()},
        "pairs": [
            {"first": first, "second": second} | accuracy_differences(right[first], right[second], weights)
            for first, second in pairs
        ],
    }


def variant_summary(right: Rights, corrupted: Corrupted, weights: Floats) -> dict[str, Any]:
    """A variant's accuracy and calibration error: of the images as they are, over all corruptions, and of each."""
    ece = dict(zip(corrupted.conditions, corrupted.ece.tolist(), strict=True))

    def scores(condition: Condition) -> dict[str, Any]:
        return {
            "accuracy": asdict(bootstrap_mean(right[condition], weights)),
            "ece": asdict(Estimate(*ece[condition])),
        }

    return {
        "clean": scores(("", 0)),
        "overall": asdict(bootstrap_mean(mean_right(right), weights)),
        "kinds": {kind: [scores((kind, severity)) for severity in SEVERITIES] for kind in CORRUPTIONS},
    }


def mean_right(right: Rights, kind: str | None = None) -> Floats:
    """The mean (N,) of `right` over the severities of one corruption, or of all if `kind` is None."""
    kinds = CORRUPTIONS if kind is None else (kind,)
    return np.mean([right[each, severity] for each in kinds for severity in SEVERITIES], axis=0)


def accuracy_differences(first: Rights, second: Rights, weights: Floats) -> dict[str, Any]:
    """First minus second accuracy, over all corruptions and over the severities of each kind."""

    def difference(kind: str | None) -> dict[str, float]:
        return asdict(bootstrap_mean(mean_right(first, kind) - mean_right(second, kind), weights))

    return {"overall": difference(None), "kinds": {kind: difference(kind) for kind in CORRUPTIONS}}
