"""Intervals and tests against statsmodels and SciPy, deviations against NumPy, resamples against plain loops."""

import math

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from lookalike.evaluation.statistics import (
    Estimate,
    bootstrap_mean,
    bootstrap_ratio,
    exact_mcnemar,
    mean_and_deviation,
    proportion,
    ratio_of_geometric_means,
    resample,
    welch_interval,
    wilson_interval,
)

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


def test_a_proportion_carries_the_interval_of_wilson() -> None:
    interval = wilson_interval(3, 8)
    assert proportion(3, 8) == Estimate(0.375, interval.low, interval.high)


@pytest.mark.parametrize("counts", [(0, 0), (0, 1), (5, 0), (1, 1), (7, 7), (3, 9), (9, 3), (120, 90), (900, 1000)])
def test_exact_mcnemar_is_that_of_statsmodels(counts: tuple[int, int]) -> None:
    expected = mcnemar([[17, counts[0]], [counts[1], 4]], exact=True).pvalue if any(counts) else 1
    assert exact_mcnemar(*counts) == pytest.approx(expected, rel=1e-9)


def test_resamples_hold_as_many_images_as_there_are_and_each_equally_often() -> None:
    weights = resample(50, draws=4000, seed=3)
    assert (weights.shape, weights.dtype) == ((4000, 50), np.float64)
    np.testing.assert_array_equal(weights.sum(axis=1), 50)
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.08)  # five standard errors
    np.testing.assert_allclose(weights.var(axis=0), 1 - 1 / 50, atol=0.15)  # that of a multinomial count
    np.testing.assert_array_equal(weights % 1, 0)


def test_resamples_repeat_with_the_seed_and_only_with_it() -> None:
    np.testing.assert_array_equal(resample(20), resample(20, draws=1000, seed=13))
    assert (resample(20) != resample(20, seed=14)).any()


def test_bootstrap_intervals_are_those_of_a_loop_over_resamples() -> None:
    rng = np.random.default_rng(0)
    numerator, denominator, weights = rng.normal(size=60), rng.integers(0, 3, 60), resample(60, draws=200)
    images = [np.repeat(np.arange(60), row.astype(int)) for row in weights]
    means = np.quantile([numerator[drawn].mean() for drawn in images], [0.025, 0.975])
    ratios = np.quantile([numerator[drawn].sum() / denominator[drawn].sum() for drawn in images], [0.025, 0.975])
    mean, ratio = bootstrap_mean(numerator, weights), bootstrap_ratio(numerator, denominator, weights)
    assert mean.value == pytest.approx(numerator.mean(), rel=1e-12)
    assert (mean.low, mean.high) == pytest.approx(means, rel=1e-5)
    assert ratio is not None
    assert ratio.value == pytest.approx(numerator.sum() / denominator.sum(), rel=1e-12)
    assert (ratio.low, ratio.high) == pytest.approx(ratios, rel=1e-5)


def test_bootstrap_intervals_agree_with_those_of_scipy_up_to_chance() -> None:
    values = np.random.default_rng(1).exponential(size=400)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    mine = bootstrap_mean(values, resample(400, draws=4000))
    width = theirs.high - theirs.low
    assert (mine.low, mine.high) == pytest.approx((theirs.low, theirs.high), abs=0.06 * width)


def test_a_ratio_without_cases_is_unknown() -> None:
    assert bootstrap_ratio(np.zeros(5), np.zeros(5, bool), resample(5)) is None


def test_resamples_without_cases_are_left_out() -> None:
    weights = np.array([[2, 0], [1, 1], [0, 2]], np.float64)
    found = bootstrap_ratio(np.array([9, 3]), np.array([0, 1]), weights)  # 18/0, 12/1 and 6/2
    assert found == Estimate(12, pytest.approx(3 + 0.025 * 9), pytest.approx(12 - 0.025 * 9))


def test_a_figure_that_is_the_same_for_all_images_has_no_width() -> None:
    right = np.ones(1001, bool)
    assert bootstrap_ratio(right * 3, right * 3, resample(1001, draws=50)) == Estimate(1, 1, 1)


def samples(sizes: tuple[int, int], deviations: tuple[float, float], seed: int = 5) -> list[list[float]]:
    rng = np.random.default_rng(seed)
    return [
        rng.normal(mean, deviation, size).tolist()
        for mean, deviation, size in zip((1, 3), deviations, sizes, strict=True)
    ]


@pytest.mark.parametrize("sizes", [(2, 2), (2, 3), (3, 2), (3, 3), (5, 40), (100, 7)])
@pytest.mark.parametrize("deviations", [(1, 1), (0.001, 1), (1, 0.001), (1e-9, 2e-9), (1e6, 3e6), (0, 1), (1, 0)])
@pytest.mark.filterwarnings("ignore:Precision loss")  # of theirs, where the values of one side agree
def test_welch_interval_is_that_of_scipy(sizes: tuple[int, int], deviations: tuple[float, float]) -> None:
    first, second = samples(sizes, deviations)
    found = welch_interval(first, second)
    assert found is not None
    theirs = scipy.stats.ttest_ind(first, second, equal_var=False).confidence_interval()
    assert found.value == pytest.approx(np.mean(first) - np.mean(second), rel=1e-12)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)
    assert all(type(number) is float for number in (found.value, found.low, found.high))


def test_welch_interval_turns_around_with_its_sides() -> None:
    first, second = samples((3, 4), (1, 2))
    found, turned = welch_interval(first, second), welch_interval(second, first)
    assert found is not None
    assert turned == Estimate(-found.value, -found.high, -found.low)
    assert found.value < 0


@pytest.mark.parametrize(("first", "second", "difference"), [([3, 3], [1, 1, 1], 2), ([1, 1], [1, 1], 0)])
def test_welch_interval_of_values_that_agree_has_no_width(
    first: list[float], second: list[float], difference: float
) -> None:
    assert welch_interval(first, second) == Estimate(difference, difference, difference)


@pytest.mark.parametrize(("first", "second"), [([], [1, 2]), ([1], [1, 2]), ([1, 2], [1]), ([1, 2], []), ([], [])])
def test_welch_interval_of_fewer_than_two_values_is_unknown(first: list[float], second: list[float]) -> None:
    assert welch_interval(first, second) is None
    assert welch_interval(second, first) is None


def test_a_ratio_is_that_of_geometric_means_with_welchs_interval_of_logarithms() -> None:
    assert ratio_of_geometric_means([2.0], [1.0, 1.0]) is None
    exact = ratio_of_geometric_means([4.0, 4.0], [2.0, 2.0])
    assert exact is not None
    assert all(math.isclose(getattr(exact, key), 2) for key in ("value", "low", "high"))
    found = ratio_of_geometric_means([2.0, 8.0, 4.0], [1.0, 2.0])
    theirs = scipy.stats.ttest_ind(np.log([2.0, 8.0, 4.0]), np.log([1.0, 2.0]), equal_var=False).confidence_interval()
    assert found is not None
    assert found.value == pytest.approx(4 / math.sqrt(2))
    assert (found.low, found.high) == pytest.approx((math.exp(theirs.low), math.exp(theirs.high)))
