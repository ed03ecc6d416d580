"""Look-alike figures against plain loops, an example by hand, and models that never or always err."""

import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import entropy

from lookalike.evaluation.groups import (
    group_confusion,
    group_numbers,
    look_alike_figures,
    look_alike_pairs,
    probability_shares,
)
from lookalike.evaluation.statistics import Estimate, resample

GROUP_OF = np.array([0, 1, 0, 2, 1, 0])
LABELS = np.random.default_rng(8).integers(0, 6, 80).astype(np.uint8)
CONDITIONAL = ("true", "look_alikes", "outside")


@pytest.fixture
def logits() -> NDArray[np.float32]:
    """Three seeds, 80 images, six classes; about half of the images are predicted right."""
    drawn = np.random.default_rng(9).normal(0, 1.5, (3, 80, 6)).astype(np.float32)
    drawn[:, np.arange(80), LABELS] += 1.5
    return drawn


def by_loop(logits: NDArray[np.float32], images: NDArray[np.intp]) -> dict[str, float]:
    """The figures of the images `images`, one seed and image after the other."""
    seen: dict[str, list[float]] = {}
    for seed in logits:
        for i in images:
            p, label = softmax(seed[i].astype(float)), LABELS[i]
            guess = int(np.argmax(p))
            kin = [k for k in range(6) if GROUP_OF[k] == GROUP_OF[label]]
            second, first = sorted(p)[-2:]
            given = (p[label], sum(p[k] for k in kin if k != label), 1 - sum(p[k] for k in kin))
            entry = {f"{part}_all": x for part, x in zip(CONDITIONAL, given, strict=True)}
            case = "right" if guess == label else "wrong"
            entry |= {f"{part}_{case}": x for part, x in zip(CONDITIONAL, given, strict=True)}
            entry |= {"severity": 1 if guess in kin else 2} if guess != label else {}
            entry |= {"group_accuracy": guess in kin, "confused_within": guess in kin and guess != label}
            entry |= {"confused_across": guess not in kin, "margin": first - second, "entropy": entropy(p)}
            entry |= {"shopper_true": 10 * p[label], "shopper_group": 10 * sum(p[k] for k in kin)}
            entry |= {"overconfidence": first - (guess == label)}
            for name, value in entry.items():
                seen.setdefault(name, []).append(float(value))
    return {name: float(np.mean(values)) for name, values in seen.items()}


def test_figures_are_those_of_a_loop(logits: NDArray[np.float32]) -> None:
    weights = resample(80, draws=25)
    figures = asdict(look_alike_figures(logits, LABELS, GROUP_OF, weights))
    assert figures.pop("mistakes") == pytest.approx((logits.argmax(axis=2) != LABELS).sum() / 3)
    expected = by_loop(logits, np.arange(80))
    drawn = [by_loop(logits, np.repeat(np.arange(80), row.astype(int))) for row in weights]
    assert figures.keys() == expected.keys()
    for name, value in expected.items():
        low, high = np.quantile([figure[name] for figure in drawn], [0.025, 0.975])
        assert figures[name] == pytest.approx({"value": value, "low": low, "high": high}, rel=1e-5), name
        assert low < value < high


def test_an_example_by_hand() -> None:
    """Classes a and b look alike, c does not; one image right, one confused within, two confused across."""
    probabilities = np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.25, 0.125, 0.625], [0.75, 0.125, 0.125]])
    labels, group_of = np.array([0, 1, 1, 2]), np.array([0, 0, 1])
    figures = look_alike_figures(np.log(probabilities)[None], labels, group_of, resample(4))
    values = {name: figure["value"] for name, figure in asdict(figures).items() if isinstance(figure, dict)}
    assert figures.mistakes == 3
    expected = {
        "group_accuracy": 0.5,
        "confused_within": 0.25,
        "confused_across": 0.5,
        "true_all": 1 / 4,
        "true_right": 0.5,
        "true_wrong": 0.5 / 3,
        "look_alikes_all": 1 / 4,
        "look_alikes_right": 0.25,
        "look_alikes_wrong": 0.75 / 3,
        "outside_all": 2 / 4,
        "outside_right": 0.25,
        "outside_wrong": 1.75 / 3,
        "severity": 5 / 3,
        "shopper_true": 2.5,
        "shopper_group": 5,
        "margin": (0.25 + 0.25 + 0.375 + 0.625) / 4,
        "overconfidence": (0.5 + 0.5 + 0.625 + 0.75) / 4 - 1 / 4,
    }
    assert {name: values[name] for name in expected} == pytest.approx(expected)


def test_mistakes_weigh_the_same_whichever_seed_makes_them() -> None:
    """One seed errs three times within the group, the other once outside: severity 5/4, not the mean of 1 and 2."""
    labels, group_of = np.zeros(4, int), np.array([0, 0, 1])
    predicted = np.array([[1, 1, 1, 0], [0, 0, 0, 2]])
    figures = look_alike_figures(np.eye(3)[predicted], labels, group_of, resample(4))
    assert figures.severity is not None
    assert (figures.severity.value, figures.mistakes) == (1.25, 2)


def test_a_model_that_is_always_right_has_no_figures_of_mistakes() -> None:
    logits = np.where(np.eye(6, dtype=bool)[LABELS], np.float32(2000), np.float32(0))[None]
    figures = look_alike_figures(logits, LABELS, GROUP_OF, resample(80, draws=20))
    assert figures.mistakes == 0
    unknown = {name for name, figure in asdict(figures).items() if figure is None}
    assert unknown == {"true_wrong", "look_alikes_wrong", "outside_wrong", "severity"}
    assert figures.group_accuracy == figures.true_right == figures.margin == Estimate(1, 1, 1)
    assert figures.confused_within == figures.outside_all == figures.entropy == Estimate(0, 0, 0)
    assert figures.shopper_true == Estimate(10, 10, 10)
    assert figures.overconfidence == Estimate(0, 0, 0)


def test_a_model_that_is_always_wrong_has_no_figures_of_right_images() -> None:
    logits = 9 * np.eye(6)[(LABELS + 1) % 6][None]
    figures = look_alike_figures(logits, LABELS, GROUP_OF, resample(80, draws=20))
    assert figures.mistakes == 80
    assert figures.true_right is figures.look_alikes_right is figures.outside_right is None
    assert figures.true_wrong == figures.true_all
    assert figures.overconfidence.value == pytest.approx(softmax(9 * np.eye(6)[0]).max())  # as sure as it is wrong


def test_in_groups_of_one_class_nothing_is_confused_within(logits: NDArray[np.float32]) -> None:
    figures = look_alike_figures(logits, LABELS, np.arange(6), resample(80, draws=20))
    assert figures.confused_within == figures.look_alikes_all == figures.look_alikes_wrong == Estimate(0, 0, 0)
    assert figures.severity == Estimate(2, 2, 2)
    assert figures.shopper_group == figures.shopper_true
    assert 0 < figures.group_accuracy.value < 1


def test_in_a_group_of_all_classes_nothing_is_confused_across(logits: NDArray[np.float32]) -> None:
    figures = look_alike_figures(logits, LABELS, np.zeros(6, int), resample(80, draws=20))
    assert figures.confused_across == figures.outside_all == Estimate(0, 0, 0)
    assert figures.severity == figures.group_accuracy == Estimate(1, 1, 1)


def test_figures_become_json(logits: NDArray[np.float32]) -> None:
    figures = asdict(look_alike_figures(logits[:1], LABELS, GROUP_OF, resample(80, draws=20)))
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_shares_sum_to_one_and_belong_to_class_and_group(logits: NDArray[np.float32]) -> None:
    probabilities = softmax(logits.astype(float), axis=2)
    shares = probability_shares(probabilities, LABELS, GROUP_OF)
    np.testing.assert_allclose(sum(shares.values()), np.ones((3, 80)), rtol=1e-12)
    i = int(np.flatnonzero(LABELS == 4)[0])
    np.testing.assert_array_equal(shares["true"][:, i], probabilities[:, i, 4])
    np.testing.assert_array_equal(shares["look_alikes"][:, i], probabilities[:, i, 1])


def test_groups_are_numbered_in_their_order() -> None:
    groups = {"tops": ["shirt", "coat"], "bags": ["bag"], "shoes": ["boot", "sandal"]}
    np.testing.assert_array_equal(group_numbers(groups, ["bag", "boot", "coat", "sandal", "shirt"]), [1, 2, 0, 2, 0])


def test_group_confusion_adds_up_the_classes() -> None:
    labels, predicted = np.array([0, 2, 5, 3, 3, 1], np.uint8), np.array([2, 0, 4, 3, 0, 4])
    np.testing.assert_array_equal(group_confusion(predicted, labels, GROUP_OF), [[2, 1, 0], [0, 1, 0], [1, 0, 1]])


def test_look_alikes_are_all_pairs_within_groups_in_the_order_of_classes() -> None:
    assert look_alike_pairs(GROUP_OF) == ((0, 2), (0, 5), (1, 4), (2, 5))
    assert look_alike_pairs(np.arange(4)) == ()
