"""Who repairs whose mistakes: what a second model mends and breaks, and what both give together.

What a second model gets right where a first is wrong says little by itself: a second training of the first repairs some
of its mistakes too, and breaks some of what it had right. Hence both directions are counted, and the control is another
seed of the same model. All is of single seeds; temperatures and gates are chosen on validation images alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import load_description
from lookalike.evaluation.metrics import Floats, Ints, softmax
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, exact_mcnemar, proportion, resample
from lookalike.evaluation.variant import Evaluation

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Answers:
    """What one seed of a model says of N test and M validation images.

    Attributes:
        test, valid: probabilities (N, C) and (M, C) after its temperature.
        macs: multiply-accumulates of one image.
    """

    test: Floats
    valid: Floats
    macs: int


@dataclass(frozen=True)
class Cascade:
    """The second model is asked only where the first is no surer than a gate, and its answer is taken.

    Attributes:
        gate: a confidence of the first model in [0, 1], see `choose_gate`; 0: the second is never asked.
        asked: share of the test images that the second is asked about.
        accuracy, gain: of the cascade, and what it has over the first model.
        macs: multiply-accumulates of an image in the mean.
        macs_per_repair: those that asking costs for each image more that is right; None if there are no more.
    """

    gate: float
    asked: float
    accuracy: Estimate
    gain: Estimate
    macs: float
    macs_per_repair: float | None


@dataclass(frozen=True)
class Repair:
    """A first and a second model on the same test images.

    Attributes:
        both_right, only_first, only_second, both_wrong: numbers of images.
        fixed: share of the first model's mistakes that the second gets right; None if it makes none.
        broken: share of what the first gets right that the second gets wrong; None if it gets nothing right.
        mcnemar_p: p-value of only_first against only_second, see `statistics.exact_mcnemar`.
        oracle: accuracy if one knew which of the two to believe.
        averaged, averaged_gain: accuracy of the mean of both probabilities, and what it has over the first model.
    """

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    fixed: Estimate | None
    broken: Estimate | None
    mcnemar_p: float
    oracle: Estimate
    averaged: Estimate
    averaged_gain: Estimate
    cascade: Cascade


def study_repairs(
    models: Path, evaluations: Mapping[str, Evaluation], dataset: Dataset, pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """The ledger of a study, see `ledger`; `models` holds the model folders of its variants."""
    members = dict.fromkeys(name for pair in pairs for name in pair)
    answers = {name: answers_of(models / name, evaluations[name]) for name in members}
    return ledger(answers, dataset.test_labels, dataset.train_labels[dataset.valid_indices], pairs)


def ledger(
    answers: Mapping[str, Sequence[Answers]], labels: Ints, valid_labels: Ints, pairs: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Every pair of variants in both orders, their first seeds; and as control two seeds of each that has them.

    Args:
        answers: by variant, one for each seed that did not diverge.
        labels, valid_labels: (N,) and (M,); a variant that validates on fewer images sees the first of them.
        pairs: the variants to compare.

    Returns:
        JSON-able: "pairs" with "first" and "second", "control" with "variant", and each a `Repair`.
    """
    weights = resample(len(labels))

    def told(first: Answers, second: Answers) -> dict[str, Any]:
        return asdict(repair(first, second, labels, valid_labels, weights))

    both_orders = [order for first, second in pairs for order in ((first, second), (second, first))]
    again = {name: seeds for name, seeds in answers.items() if len(seeds) > 1}
    return {
        "pairs": [{"first": a, "second": b, **told(answers[a][0], answers[b][0])} for a, b in both_orders],
        "control": [{"variant": name, **told(*seeds[:2])} for name, seeds in again.items()],
    }


def answers_of(folder: Path, evaluation: Evaluation) -> list[Answers]:
    """What each evaluated seed of the model folder `folder` says; `evaluation` has predictions."""
    predictions, macs = evaluation.predictions, load_description(folder)["macs"]
    assert predictions is not None  # by contract
    logits = zip(predictions.test_logits, predictions.valid_logits, evaluation.temperatures, strict=True)
    return [Answers(softmax(test / t), softmax(valid / t), macs) for test, valid, t in logits]


def repair(first: Answers, second: Answers, labels: Ints, valid_labels: Ints, weights: NDArray[np.float32]) -> Repair:
    """Compare what two models say of N test images (labels) and of those validation images that both may see.

    Args:
        valid_labels: (M,), of the validation images in the split's order; a model has answers for the first of them.
        weights: (draws, N), see `statistics.resample`.
    """
    one, two = (answers.test.argmax(axis=1) == labels for answers in (first, second))
    averaged = (first.test + second.test).argmax(axis=1) == labels
    both_right, only_first, only_second, both_wrong = (
        int(where.sum()) for where in (one & two, one & ~two, ~one & two, ~one & ~two)
    )
    return Repair(
        both_right=both_right,
        only_first=only_first,
        only_second=only_second,
        both_wrong=both_wrong,
        fixed=share(only_second, only_second + both_wrong),
        broken=share(only_first, only_first + both_right),
        mcnemar_p=exact_mcnemar(only_first, only_second),
        oracle=bootstrap_mean((one | two).astype(float), weights),
        averaged=bootstrap_mean(averaged.astype(float), weights),
        averaged_gain=bootstrap_mean(averaged.astype(float) - one, weights),
        cascade=cascade(first, second, shared_gate(first, second, valid_labels), labels, weights),
    )


def share(part: int, whole: int) -> Estimate | None:
    """A proportion with Wilson's interval; None of nothing."""
    return proportion(part, whole) if whole else None


def shared_gate(first: Answers, second: Answers, valid_labels: Ints) -> float:
    """The gate, see `choose_gate`, from the validation images that both models may see."""
    count = min(len(first.valid), len(second.valid))
    return choose_gate(first.valid[:count], second.valid[:count], valid_labels[:count])


def choose_gate(first: Floats, second: Floats, labels: Ints) -> float:
    """The confidence up to which asking the second model gives the highest accuracy; of equals the lowest.

    Args:
        first, second: probabilities (M, C) of validation images.
        labels: (M,).
    """
    confidence = first.max(axis=1)
    order = np.argsort(confidence, kind="stable")
    one, two = (answers.argmax(axis=1)[order] == labels[order] for answers in (first, second))
    gates = np.concatenate([[0.0], confidence[order]])
    gained = np.concatenate([[0], np.cumsum(two.astype(int) - one)])  # by asking about as many, the least sure first
    gained = np.where(np.append(gates[1:] > gates[:-1], [True]), gained, -len(labels))  # equally sure: all or none
    return float(gates[gained.argmax()])


def cascade(first: Answers, second: Answers, gate: float, labels: Ints, weights: NDArray[np.float32]) -> Cascade:
    """What the cascade gives on the test images, see `Cascade`."""
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
        macs_per_repair=float(asked.sum()) * second.macs / more if more > 0 else None,
    )
