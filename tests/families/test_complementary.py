"""Pairs of seeds within and between variants, against scikit-learn and slow loops."""

from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from lookalike.families.complementary import averaging_contrast, consistency_contrast, kappa_matrix, own_pairs
from lookalike.families.jackknife import Floats

IMAGES, CLASSES = 1_000, 4
RNG = np.random.default_rng(0)
HARD = RNG.normal(size=(2, IMAGES))  # how hard each image is for either family


def right_of(family: int, seeds: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Right predictions of seeds that err on the images that are hard for their family."""
    return HARD[family] + rng.normal(0, 0.7, (seeds, IMAGES)) < 1


FIRST, SECOND = right_of(0, 3, RNG), right_of(1, 4, RNG)


def test_kappas_are_those_of_scikit_learn() -> None:
    right = np.concatenate([FIRST, SECOND])
    expected = [[cohen_kappa_score(one, other) for other in right] for one in right]
    np.testing.assert_allclose(kappa_matrix(right), expected)


def test_kappa_is_undefined_where_chance_agrees_always() -> None:
    found = kappa_matrix(np.array([[True, True], [True, False]]))
    assert np.isnan(found[0, 0])
    assert found[0, 1] == 0
    assert found[1, 1] == 1


def test_own_pairs_are_those_of_different_seeds() -> None:
    pairs = RNG.random((2, 5, 5))
    pairs = pairs + pairs.transpose(0, 2, 1)
    expected = [np.mean([one[a, b] for a, b in combinations([0, 2, 3], 2)]) for one in pairs]
    np.testing.assert_allclose(own_pairs(pairs, np.array([0, 2, 3])), expected)


def across(first: NDArray[Any], second: NDArray[Any]) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """All pairs of a run of either side, with different seeds."""
    return [(one, other) for (k, one), (j, other) in product(enumerate(first), enumerate(second)) if k != j]


def test_consistency_within_and_between_by_slow_loops() -> None:
    found = consistency_contrast(FIRST, SECOND)
    assert found is not None
    own = [np.mean([cohen_kappa_score(a, b) for a, b in combinations(side, 2)]) for side in (FIRST, SECOND)]
    between = np.mean([cohen_kappa_score(a, b) for a, b in across(FIRST, SECOND)])
    assert found.within.value == pytest.approx(np.mean(own))
    assert found.between.value == pytest.approx(between)
    assert found.difference.value == pytest.approx(between - np.mean(own))
    assert found.difference.interval()[1] < 0
    assert [side.count for side in found.difference.sides] == [3, 4]


def test_without_three_seeds_or_errors_there_is_no_contrast() -> None:
    assert consistency_contrast(FIRST[:2], SECOND) is None
    assert consistency_contrast(FIRST, np.ones_like(SECOND)) is None


def probabilities(right: NDArray[np.bool_], labels: NDArray[np.int64]) -> Floats:
    """Probabilities of predictions that are right where they are to be."""
    rng = np.random.default_rng(len(right))
    guess = np.where(right, labels, (labels + rng.integers(1, CLASSES, right.shape)) % CLASSES)
    found = rng.random((*right.shape, CLASSES)) + 2 * np.eye(CLASSES)[guess]
    return found / found.sum(axis=2, keepdims=True)


def test_the_gain_of_averaging_by_slow_loops() -> None:
    labels = RNG.integers(0, CLASSES, IMAGES)
    first, second = probabilities(FIRST, labels), probabilities(SECOND, labels)
    found = averaging_contrast(first, second, labels)

    def gain(one: Floats, other: Floats) -> float:
        accuracies = [np.mean(each.argmax(axis=1) == labels) for each in (one, other, (one + other) / 2)]
        return float(accuracies[2] - (accuracies[0] + accuracies[1]) / 2)

    assert found is not None
    own = [np.mean([gain(a, b) for a, b in combinations(side, 2)]) for side in (first, second)]
    between = np.mean([gain(a, b) for a, b in across(first, second)])
    assert found.within.value == pytest.approx(np.mean(own))
    assert found.between.value == pytest.approx(between)
    assert found.difference.value == pytest.approx(between - np.mean(own))
    assert found.difference.error > 0


def drawn(seeds: int, images: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Right predictions (2, S, N) of two families; some seeds err more often."""
    hard, level = rng.normal(size=(2, 1, images)), rng.normal(1, 0.1, (2, seeds, 1))
    found: NDArray[np.bool_] = hard + rng.normal(0, 0.7, (2, seeds, images)) < level
    return found


def test_intervals_of_kappa_hold_the_value_of_many_seeds_and_images() -> None:
    rng, hits, runs = np.random.default_rng(4), 0, 60
    many = drawn(20, 10_000, rng)
    matrices = [kappa_matrix(side) for side in many]
    own = np.mean([own_pairs(one[None], np.arange(20))[0] for one in matrices])
    true = kappa_matrix(np.concatenate(many))[:20, 20:].mean() - own
    for _ in range(runs):
        found = consistency_contrast(*drawn(3, 300, rng))
        assert found is not None
        low, high = found.difference.interval()
        hits += low <= true <= high
    assert hits / runs >= 0.9
