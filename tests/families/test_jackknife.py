"""Uncertainty by jackknife and bootstrap, against closed forms, `hierarchical`, slow loops and simulations."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.evaluation.hierarchical import hierarchical, mean_of, on_the_second_side
from lookalike.families.jackknife import Floats, Ints, Statistic, image_draws, jackknife_sides

IMAGES = 400


def mean_difference(first: NDArray[np.generic], second: NDArray[np.generic]) -> Statistic:
    """The difference of the means of values (A, N) and (B, N)."""

    def statistic(sides: Sequence[Ints], weights: Floats) -> Floats:
        shares = [weights @ side[seeds].mean(axis=0) for side, seeds in zip((first, second), sides, strict=True)]
        return (shares[0] - shares[1]) / weights.sum(axis=1)

    return statistic


def test_of_a_mean_it_is_what_the_hierarchical_bootstrap_estimates() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random((4, IMAGES)) < 0.8, rng.random((5, IMAGES)) < 0.7
    found = jackknife_sides(mean_difference(first, second), [4, 5], image_draws(IMAGES))
    expected = hierarchical([mean_of(first), on_the_second_side(mean_of(second))], [None, None])
    assert found is not None
    assert expected is not None
    assert found.value == pytest.approx(expected.value)
    assert found.drawn is None
    assert found.image_variance == pytest.approx(expected.image_variance, rel=0.2)
    for side, values in zip(found.sides, (first, second), strict=True):
        assert side.spread is not None
        assert side.spread.deviation == pytest.approx(np.std(values.mean(axis=1), ddof=1))
        assert side.spread.freedom == side.count - 1 == len(values) - 1
    assert found.freedom == pytest.approx(expected.freedom, rel=0.2)


def test_of_another_statistic_it_is_the_jackknife_of_the_book() -> None:
    values = np.random.default_rng(1).random((6, 30))

    def variance(sides: Sequence[Ints], weights: Floats) -> Floats:
        return np.full(len(weights), np.var(values[sides[0]].mean(axis=1)))

    found = jackknife_sides(variance, [6], np.ones((2, 30)))
    left_out = [np.var([values[k].mean() for k in range(6) if k != out]) for out in range(6)]
    error = math.sqrt(5 / 6 * sum((one - sum(left_out) / 6) ** 2 for one in left_out))
    assert found is not None
    assert found.error == pytest.approx(error)


@pytest.mark.parametrize("counts", [(2, 3), (3, 1)])
def test_two_seeds_are_too_few(counts: tuple[int, int]) -> None:
    values = np.zeros((3, IMAGES))
    assert jackknife_sides(mean_difference(values, values), counts, image_draws(IMAGES)) is None


def test_what_is_not_defined_is_none() -> None:
    def undefined(sides: Sequence[Ints], weights: Floats) -> Floats:
        return np.full(len(weights), np.nan)

    def undefined_without_the_first(sides: Sequence[Ints], weights: Floats) -> Floats:
        return np.full(len(weights), 1.0 if 0 in sides[0] else np.nan)

    assert jackknife_sides(undefined, [3], np.ones((2, 5))) is None
    assert jackknife_sides(undefined_without_the_first, [3], np.ones((2, 5))) is None


def ratio_of_means(first: Floats, second: Floats) -> Statistic:
    """A statistic that is no mean: the ratio of the means of both sides."""

    def statistic(sides: Sequence[Ints], weights: Floats) -> Floats:
        top, bottom = (weights @ side[seeds].mean(axis=0) for side, seeds in zip((first, second), sides, strict=True))
        return top / bottom

    return statistic


def test_intervals_hold_the_true_value_about_as_often_as_they_say() -> None:
    rng, runs, hits = np.random.default_rng(3), 300, 0
    weights = image_draws(100)
    for _ in range(runs):
        image = rng.normal(0, 1, 100)
        first, second = (5 + image + rng.normal(0, 0.2, (3, 1)) + rng.normal(0, 0.5, (3, 100)) for _ in range(2))
        found = jackknife_sides(ratio_of_means(first, second), [3, 3], weights)
        assert found is not None
        low, high = found.interval()
        hits += low <= 1 <= high
    assert 0.92 <= hits / runs <= 0.99
