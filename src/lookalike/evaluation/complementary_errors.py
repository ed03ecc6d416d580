"""Complementary errors: what a second model corrects and newly breaks, and the accuracy of both together.

What a second model gets right where a first is wrong says little by itself: a second training run of the first corrects
some of its errors, too, and newly breaks some of what it had right. Hence both directions are counted, and the control
is another seed of the same model. All is of single seeds; temperatures and gates are chosen on validation images alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Evaluation
from lookalike.evaluation.metrics import Bools, Floats, Ints, softmax
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, exact_mcnemar, proportion, resample


@dataclass(frozen=True)
class SeedPredictions:
    """The predictions of one seed of a model for N test and M validation images.

    Attributes:
        test: probabilities (N, C) after temperature scaling.
        valid_right: bool (M,), whether the prediction is right.
        valid_confidence: (M,), highest probability after temperature scaling.
        macs: multiply-accumulates per image.
    """

    test: Floats
    valid_right: Bools
    valid_confidence: NDArray[np.floating]
    macs: int


@dataclass(frozen=True)
class Cascade:
    """The second model is asked only where the first is no surer than a gate, and its answer is taken.

    Attributes:
        gate: a confidence of the first model in [0, 1], see `choose_gate`; 0: the second is never asked.
        asked: share of the test images that the second is asked about.
        accuracy, gain: of the cascade, and what it has over the first model.
        macs: multiply-accumulates of an image in the mean.
        macs_per_correction: those that asking costs for each image more that is right; None if there are no more.
    """

    gate: float
    asked: float
    accuracy: Estimate
    gain: Estimate
    macs: float
    macs_per_correction: float | None


@dataclass(frozen=True)
class ErrorComparison:
    """A first and a second model on the same test images.

    Attributes:
        both_right, only_first, only_second, both_wrong: numbers of images.
        corrected: share of the first model's errors that the second gets right; None if it makes none.
        newly_broken: share of what the first gets right that the second gets wrong; None if it gets nothing right.
        mcnemar_p: p-value of only_first against only_second, see `statistics.exact_mcnemar`.
        oracle: accuracy if one knew which of the two to believe.
        averaged, averaged_gain: accuracy of the mean of both probabilities, and what it has over the first model.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    corrected: Estimate | None
    newly_broken: Estimate | None
    mcnemar_p: float
    oracle: Estimate
    averaged: Estimate
    averaged_gain: Estimate
    cascade: Cascade


def study_complementary_errors(
    evaluations: Mapping[str, Evaluation], macs: Mapping[str, int], labels: Ints, pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """The complementary errors of a study's pairs, see `compare_all`.

    Args:
        evaluations, macs: by variant; `macs` are multiply-accumulates per image.
        labels: (N,), of the test images.
    """
    members = dict.fromkeys(name for pair in pairs for name in pair)
    return compare_all({name: predictions_of(evaluations[name], macs[name]) for name in members}, labels, pairs)


def compare_all(
    answers: Mapping[str, Sequence[SeedPredictions]], labels: Ints, pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Every pair of variants in both orders, their first seeds; and as control two seeds of each that has them.

    Args:
        answers: by variant, one for each seed that did not diverge, at most two.
        labels: (N,); of the validation images, a variant that validates on fewer sees the first ones.
        pairs: the variants to compare.

    Returns:
        JSON-able: "pairs" with "first" and "second", "control" with "variant", and each a `ErrorComparison`.
    """
    weights = resample(len(labels))

    def compared(first: SeedPredictions, second: SeedPredictions) -> dict[str, Any]:
        return asdict(compare_errors(first, second, labels, weights))

    both_orders = [order for first, second in pairs for order in ((first, second), (second, first))]
    again = {name: seeds for name, seeds in answers.items() if len(seeds) > 1}
    return {
        "pairs": [{"first": a, "second": b, **compared(answers[a][0], answers[b][0])} for a, b in both_orders],
        "control": [{"variant": name, **compared(*seeds[:2])} for name, seeds in again.items()],
    }


def predictions_of(evaluation: Evaluation, macs: int) -> list[SeedPredictions]:
    """The predictions of the first two seeds of a variant that did not diverge."""
    valid = evaluation.validation
    assert valid is not None  # by contract
    seeds = zip(evaluation.test_logits, evaluation.temperatures, valid.right, valid.confidence, strict=False)
    return [SeedPredictions(softmax(test / t), right, confidence, macs) for test, t, right, confidence in seeds]


def compare_errors(
    first: SeedPredictions, second: SeedPredictions, labels: Ints, weights: NDArray[np.float64]
) -> ErrorComparison:
    """The comparison of two models on N test images and on those validation images that both may see.

    Args:
        weights: (draws, N), see `statistics.resample`.
    """
    one, two = (answers.test.argmax(axis=1) == labels for answers in (first, second))
    averaged = (first.test + second.test).argmax(axis=1) == labels
    both_right, only_first, only_second, both_wrong = (
        int(where.sum()) for where in (one & two, one & ~two, ~one & two, ~one & ~two)
    )
    return ErrorComparison(
        both_right=both_right,
        only_first=only_first,
        only_second=only_second,
        both_wrong=both_wrong,
        corrected=proportion_or_none(only_second, only_second + both_wrong),
        newly_broken=proportion_or_none(only_first, only_first + both_right),
        mcnemar_p=exact_mcnemar(only_first, only_second),
        oracle=bootstrap_mean((one | two).astype(float), weights),
        averaged=bootstrap_mean(averaged.astype(float), weights),
        averaged_gain=bootstrap_mean(averaged.astype(float) - one, weights),
        cascade=run_cascade(first, second, shared_gate(first, second), labels, weights),
    )


def proportion_or_none(part: int, whole: int) -> Estimate | None:
    """A proportion with Wilson's interval; None if `whole` is 0."""
    return proportion(part, whole) if whole else None


def shared_gate(first: SeedPredictions, second: SeedPredictions) -> float:
    """The gate, see `choose_gate`, from the validation images that both models may see."""
    count = min(len(first.valid_right), len(second.valid_right))
    return choose_gate(first.valid_confidence[:count], first.valid_right[:count], second.valid_right[:count])


def choose_gate(confidence: NDArray[np.floating], first_right: Bools, second_right: Bools) -> float:
    """The confidence up to which asking the second model gives the highest accuracy; of equals the lowest.

    Args:
        confidence: (M,), of the first model on validation images.
        first_right, second_right: (M,), whether each model's prediction is right.
    """
    order = np.argsort(confidence, kind="stable")
    one, two = first_right[order], second_right[order]
    gates = np.concatenate([[0.0], confidence[order]])
    gained = np.concatenate([[0], np.cumsum(two.astype(int) - one)])  # by asking about as many, the least sure first
    gained = np.where(np.append(gates[1:] > gates[:-1], [True]), gained, -len(confidence))  # equally sure: all or none
    return float(gates[gained.argmax()])


def run_cascade(
    first: SeedPredictions, second: SeedPredictions, gate: float, labels: Ints, weights: NDArray[np.float64]
) -> Cascade:
    """The accuracy and cost of the cascade on the test images."""
    asked = first.test.max(axis=1) <= gate
    one = first.test.argmax(axis=1) == labels
    right = np.where(asked, second.test.argmax(axis=1) == labels, one)
    more = int(right.sum()) - int(one.sum())
    return Cascade(
        gate,
        float(asked.mean()),
        accuracy=bootstrap_mean(right.astype(float), weights),
        gain=bootstrap_mean(right.astype(float) - one, weights),
        macs=float(first.macs + asked.mean() * second.macs),
        macs_per_correction=float(asked.sum()) * second.macs / more if more > 0 else None,
    )
