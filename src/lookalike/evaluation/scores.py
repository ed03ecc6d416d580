"""Figures of one variant, computed from its evidence: scores of every seed, confusions, calibration."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import geometric_mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Evaluation
from lookalike.evaluation import metrics
from lookalike.evaluation.calibration import at_bound, calibration_error
from lookalike.evaluation.hierarchical import SeedSpread, hierarchical, mean_of
from lookalike.evaluation.statistics import FEW, mean_and_deviation, resample, wilson_interval

Json = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """The figures of a variant: a summary over seeds, and details of each seed; JSON-able."""

    summary: Json
    details: Json


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


def score_variant(
    evaluation: Evaluation, labels: metrics.Ints, class_names: Sequence[str], spread: SeedSpread | None = None
) -> Scored:
    """All figures of a variant on the test images, whose classes are `labels` (N,).

    Args:
        spread: of the accuracy from seed to seed that counts if there are fewer than three seeds; None if not known.
    """
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
    error = calibration_error(logits, labels, resample(len(labels)))
    low, high = accuracy_interval(logits.argmax(axis=2) == labels, spread)
    summary = {"accuracy_low": low, "accuracy_high": high, **summary_of_seeds(scores)}
    summary |= {"ece_low": error.low, "ece_high": error.high}
    return Scored(summary | {"diverged": evaluation.diverged}, details)


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


def seed_accuracies(evaluation: Evaluation, labels: metrics.Ints) -> list[float]:
    """The accuracy of each seed on the test images, whose classes are `labels` (N,)."""
    found: list[float] = (evaluation.test_logits.argmax(axis=2) == labels).mean(axis=1).tolist()
    return found


def accuracy_interval(right: NDArray[np.bool_], spread: SeedSpread | None) -> tuple[float, float]:
    """The 95 % interval of the mean accuracy over seeds and images, from right predictions (S, N), in [0, 1].

    It is that of `hierarchical`; of fewer than 100 images, or where all or no predictions are right, Wilson's.

    Args:
        spread: see `score_variant`; without one and with fewer than three seeds the interval is over images alone.
    """
    images, share = right.shape[1], float(right.mean())
    if images < FEW or share in {0, 1}:
        return wilson_interval(share * images, images)
    found = hierarchical([mean_of(right)], [spread])
    assert found is not None  # there are images
    low, high = found.interval()
    return max(0.0, low), min(1.0, high)


def summary_of_seeds(scores: list[SeedScores]) -> Json:
    """Means over seeds, and the deviation of the accuracy over seeds if there are several.

    The mean of the temperatures is the geometric one, since they are factors; `temperature_at_bound` counts the seeds
    whose temperature lies at a bound of its search, where it is a limit and not an optimum.
    """
    names = [name for name in vars(scores[0]) if name != "seed"]
    summary = {name: mean_and_deviation([getattr(score, name) for score in scores])[0] for name in names}
    _, deviation = mean_and_deviation([score.accuracy for score in scores])
    temperatures = [score.temperature for score in scores]
    return {
        "seeds": len(scores),
        **({"accuracy_sd": deviation} if deviation is not None else {}),
        **summary,
        "temperature": geometric_mean(temperatures),
        "temperature_at_bound": sum(map(at_bound, temperatures)),
    }


def describe_seed(
    logits: NDArray[np.floating], labels: metrics.Ints, temperature: float, class_names: Sequence[str]
) -> Json:
    """Confusion matrix, scores of each class, and reliability before and after the temperature, as JSON-able data."""
    confusion = metrics.confusion_matrix(logits.argmax(axis=1), labels, len(class_names))
    scores = metrics.class_scores(confusion)
    bins = [metrics.reliability(metrics.softmax(logits.astype(np.float64) / t), labels) for t in (1.0, temperature)]
    tables = [{name: values.tolist() for name, values in vars(each).items()} for each in bins]
    return {
        "confusion": confusion.tolist(),
        "classes": [
            {"class": name} | {score: values[k].item() for score, values in vars(scores).items()}
            for k, name in enumerate(class_names)
        ],
        "reliability": tables[0],
        "calibrated_reliability": tables[1],
    }
