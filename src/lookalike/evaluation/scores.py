"""Figures of one variant, computed from its evidence: scores of every seed, confusions, calibration."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Evaluation
from lookalike.evaluation import metrics
from lookalike.evaluation.statistics import mean_and_deviation, wilson_interval

Figures = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """The figures of a variant: a summary over seeds, and details of each seed; JSON-able."""

    summary: Figures
    details: Figures


@dataclass(frozen=True)
class SeedScores:
    """The test figures of one seed. Accuracies lie in [0, 1], likelihoods in nats.

    `temperature` was fitted on the validation images; `calibrated_...` are the same figures after it.
    """

    seed: int
    accuracy: float
    top2_accuracy: float
    nll: float
    brier: float
    ece: float
    temperature: float
    calibrated_nll: float
    calibrated_brier: float
    calibrated_ece: float


def score(evaluation: Evaluation, labels: metrics.Ints, class_names: Sequence[str]) -> Scored:
    """All figures of a variant on the test images, whose classes are `labels` (N,)."""
    if not evaluation.seeds:
        return Scored({"seeds": 0, "diverged": evaluation.diverged}, {"seeds": []})
    logits, temperatures = evaluation.test_logits, evaluation.temperatures.tolist()
    scores = [score_seed(*one, labels) for one in zip(evaluation.seeds, logits, temperatures, strict=True)]
    details = {
        "seeds": [asdict(one) for one in scores],
        "first_seed": describe_seed(logits[0], labels, temperatures[0], class_names),
    }
    if evaluation.views is not None:
        details["views"] = dict(evaluation.views)
    return Scored(summarise(scores, len(labels)) | {"diverged": evaluation.diverged}, details)


def score_seed(seed: int, logits: NDArray[np.floating], temperature: float, labels: metrics.Ints) -> SeedScores:
    """All figures of one seed from its test logits (N, C)."""
    calibrated = likelihood_scores(logits.astype(np.float64) / temperature, labels)
    return SeedScores(
        seed=seed,
        accuracy=metrics.accuracy(logits, labels),
        top2_accuracy=metrics.top_k_accuracy(logits, labels, 2),
        temperature=temperature,
        **likelihood_scores(logits, labels),
        **{f"calibrated_{name}": value for name, value in calibrated.items()},
    )


def likelihood_scores(logits: NDArray[np.floating], labels: metrics.Ints) -> dict[str, float]:
    """The figures that depend on how sure a model is: nll, brier, ece."""
    probabilities = metrics.softmax(logits)
    return {
        "nll": metrics.negative_log_likelihood(logits, labels),
        "brier": metrics.brier_score(probabilities, labels),
        "ece": metrics.reliability(probabilities, labels).expected_calibration_error,
    }


def summarise(scores: list[SeedScores], test_images: int) -> Figures:
    """Means over seeds; for the accuracy the deviation over seeds and the 95 % Wilson interval of its mean.

    The interval speaks of the sampling of `test_images` images, the deviation of seed-to-seed variation.
    """
    names = [name for name in asdict(scores[0]) if name != "seed"]
    summary = {name: mean_and_deviation([getattr(score, name) for score in scores])[0] for name in names}
    interval = wilson_interval(round(summary["accuracy"] * test_images), test_images)
    _, deviation = mean_and_deviation([score.accuracy for score in scores])
    return {
        "seeds": len(scores),
        "accuracy_low": interval.low,
        "accuracy_high": interval.high,
        **({"accuracy_sd": deviation} if deviation is not None else {}),
        **summary,
    }


def describe_seed(
    logits: NDArray[np.floating], labels: metrics.Ints, temperature: float, class_names: Sequence[str]
) -> Figures:
    """Confusion matrix, scores of each class, and reliability before and after the temperature, as JSON-able data."""
    confusion = metrics.confusion_matrix(logits.argmax(axis=1), labels, len(class_names))
    scores = metrics.class_scores(confusion)
    bins = [metrics.reliability(metrics.softmax(logits.astype(np.float64) / t), labels) for t in (1.0, temperature)]
    return {
        "confusion": confusion.tolist(),
        "classes": [
            {
                "class": name,
                "precision": scores.precision[k],
                "recall": scores.recall[k],
                "f1": scores.f1[k],
                "support": int(scores.support[k]),
            }
            for k, name in enumerate(class_names)
        ],
        "reliability": as_lists(bins[0]),
        "calibrated_reliability": as_lists(bins[1]),
    }


def as_lists(bins: metrics.Reliability) -> dict[str, list[float]]:
    """A reliability table as plain lists."""
    return {name: values.tolist() for name, values in asdict(bins).items()}
