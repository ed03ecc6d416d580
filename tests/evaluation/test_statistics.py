"""Intervals against statsmodels, deviations against NumPy."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from lookalike.evaluation.statistics import mean_and_deviation, wilson_interval

COUNTS = [(k, n) for n in (1, 2, 5, 10, 97, 1000, 10_000) for k in sorted({0, 1, n // 3, n // 2, n - 1, n})]


@pytest.mark.parametrize(("successes", "trials"), COUNTS)
def test_wilson_interval_is_that_of_statsmodels(successes: int, trials: int) -> None:
    interval = wilson_interval(successes, trials)
    expected = proportion_confint(successes, trials, alpha=0.05, method="wilson")
    assert (interval.low, interval.high) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert 0 <= interval.low < interval.high <= 1


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (1, 0), (3, 2), (-1, 2)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match=f"got {successes} of {trials}"):
        wilson_interval(successes, trials)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_mean_and_deviation_are_those_of_numpy(count: int) -> None:
    values = np.random.default_rng(count).random(count).tolist()
    assert mean_and_deviation(values) == pytest.approx((np.mean(values), np.std(values, ddof=1)))


def test_the_deviation_of_one_value_is_unknown() -> None:
    assert mean_and_deviation([0.25]) == (0.25, None)
