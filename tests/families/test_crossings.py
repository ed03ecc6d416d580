"""Crossings of curves whose crossing is known."""

import math

import numpy as np
import pytest

from lookalike.families.crossings import Crossing, NoCrossing, crossed_at, crossing, quantile
from lookalike.families.learning_curves import PowerLaw, RunErrors

SIZES = np.geomspace(100, 10_000, 4)


def points(curve: PowerLaw, noise: float = 0.0, seed: int = 0, runs: int = 3) -> RunErrors:
    """Three runs of each size."""
    every = np.repeat(SIZES, runs)
    return RunErrors(every, curve.at(every) * np.exp(np.random.default_rng(seed).normal(0, noise, len(every))))


EARLY, LATE = PowerLaw(1, 0.2), PowerLaw(1 * 1000**0.3, 0.5)  # they cross at 1,000 images


def test_the_crossing_of_power_laws_is_found() -> None:
    found = crossing(points(EARLY), points(LATE))
    assert isinstance(found, Crossing)
    assert found.size == pytest.approx(1000)
    assert (found.low, found.high) == pytest.approx((1000, 1000))
    assert (found.better_above, found.certainty) == ("second", 1)
    turned = crossing(points(LATE), points(EARLY))
    assert isinstance(turned, Crossing)
    assert turned.better_above == "first"


def test_noise_gives_an_interval_that_holds_the_crossing() -> None:
    hits = 0
    for seed in range(50):
        found = crossing(points(EARLY, 0.05, seed), points(LATE, 0.05, seed + 1000))
        assert isinstance(found, Crossing)
        assert (found.low or 0) < found.size < (found.high or math.inf)
        hits += (found.low or 0) <= 1000 <= (found.high or math.inf)
    assert hits >= 42


def test_no_crossing_within_the_sizes_names_the_better_family() -> None:
    far = PowerLaw(1 * 1e6**0.3, 0.5)  # crosses at a million
    assert crossing(points(EARLY), points(far)) == NoCrossing("first", 1)
    assert crossing(points(far), points(EARLY)) == NoCrossing("second", 1)


def test_families_that_meet_at_the_largest_size_do_not_cross() -> None:
    ends = SIZES[[0, 3]]
    found = crossing(RunErrors(ends, np.array([0.4, 0.2])), RunErrors(ends, np.array([0.6, 0.2])))
    assert found == NoCrossing("first", 0)
    assert isinstance(crossing(points(EARLY), points(EARLY)), NoCrossing)


def test_an_interval_that_leaves_the_sizes_is_open() -> None:
    late = PowerLaw(9_000**0.1, 0.3)  # crosses at 9,000 at a flat angle
    found = crossing(points(EARLY, 0.2, 1), points(late, 0.2, 1))
    assert isinstance(found, Crossing)
    assert found.low is None or found.high is None
    assert found.certainty < 1


def test_families_need_a_common_range_and_curves() -> None:
    few = RunErrors(np.array([1.0, 2.0]), np.array([0.5, 0.4]))
    assert crossing(points(EARLY), few) is None
    assert crossing(points(EARLY), RunErrors(SIZES[:1], np.array([0.5]))) is None


def test_without_repeated_runs_nothing_is_certain() -> None:
    found = crossing(points(EARLY, runs=1), points(LATE, runs=1))
    assert isinstance(found, Crossing)
    assert (found.low, found.high, found.certainty) == (None, None, 0)


def test_a_gap_crosses_where_it_last_rises_through_zero() -> None:
    sizes = np.geomspace(1, 1000, 4)
    assert crossed_at(np.array([-1.0, 1, -1, 1]), sizes) == pytest.approx(10**2.5)
    assert crossed_at(np.array([-1.0, -1, -1, -1]), sizes) == math.inf
    assert crossed_at(np.array([1.0, 1, 1, 1]), sizes) == -math.inf


def test_infinite_quantiles_are_none() -> None:
    drawn = np.array([-math.inf, 1, 2, 3, math.inf])
    assert [quantile(drawn, q) for q in (0.05, 0.5, 0.95)] == [None, 2, None]
