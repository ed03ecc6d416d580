"""Intervals and tests against statsmodels and SciPy, deviations against NumPy, resamples against plain loops."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.stats
from numpy.typing import NDArray
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from lookalike.evaluation.statistics import (
    FEW,
    FEWEST,
    Estimate,
    bootstrap_mean,
    bootstrap_ratio,
    clusters_of,
    effective_trials,
    exact_mcnemar,
    mean_and_deviation,
    mean_where,
    proportion,
    ratio_of_geometric_means,
    resample,
    resample_clusters,
    share_difference,
    share_where,
    welch_interval,
    wilson_interval,
)

COUNTS = [(k, n) for n in (1, 2, 5, 10, 97, 1000, 10_000) for k in sorted({0, 1, n // 3, n // 2, n - 1, n})]


@pytest.mark.parametrize(("successes", "trials"), COUNTS)
def test_wilson_interval_is_that_of_statsmodels(successes: int, trials: int) -> None:
    low, high = wilson_interval(successes, trials)
    expected = proportion_confint(successes, trials, alpha=0.05, method="wilson")
    assert (low, high) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert 0 <= low < high <= 1


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
    assert proportion(3, 8) == Estimate(0.375, *wilson_interval(3, 8))


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


# --- images that come in clusters -----------------------------------------------------------------------------------

SIZES = [20, 12, 7, 7, 5, 5, *[2] * 12, *[1] * 40]  # photographs of each sender, much as published
SENDERS = np.repeat(np.arange(len(SIZES)), SIZES)


def test_clusters_are_drawn_whole_and_each_equally_often() -> None:
    weights = resample_clusters(SENDERS, draws=4000)
    drawn = resample(len(SIZES), draws=4000)
    for sender in range(len(SIZES)):
        np.testing.assert_array_equal(weights[:, sender == SENDERS], drawn[:, [sender] * SIZES[sender]])
    assert weights.shape == (4000, len(SENDERS))
    assert weights.sum(axis=1).std() > 5  # clusters differ in size


def test_single_images_are_resampled_as_without_clusters() -> None:
    names = np.random.default_rng(0).permutation([f"{k}.jpg" for k in range(30)])
    np.testing.assert_array_equal(resample_clusters(names), resample(30))


def test_clusters_are_known_from_the_weights() -> None:
    shuffled = np.random.default_rng(1).permutation(SENDERS)
    found = clusters_of(resample_clusters(shuffled))
    assert len(set(zip(found.tolist(), shuffled.tolist(), strict=True))) == len(set(found)) == len(SIZES)
    assert len(set(clusters_of(resample(500)).tolist())) == 500


def test_a_mean_is_over_the_images_that_were_drawn() -> None:
    values, weights = np.random.default_rng(2).random(len(SENDERS)), resample_clusters(SENDERS, draws=200)
    means = [np.repeat(values, row.astype(int)).mean() for row in weights]
    found = bootstrap_mean(values, weights)
    assert (found.low, found.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), rel=1e-9)


def covered(
    draw: Callable[[], NDArray[np.floating]], weights: NDArray[np.float64], truth: float, *, times: int
) -> float:
    """In how many of so many cases the interval of the mean of what is drawn holds the truth."""
    found = [bootstrap_mean(draw(), weights) for _ in range(times)]
    return float(np.mean([one.low <= truth <= one.high for one in found]))


def test_only_clusters_cover_means_of_clustered_values() -> None:
    rng = np.random.default_rng(3)
    senders = np.repeat(np.arange(80), 4)

    def draw() -> NDArray[np.floating]:
        return rng.normal(0, 1, 80)[senders] + rng.normal(0, 1, len(senders))

    assert 0.92 <= covered(draw, resample_clusters(senders), 0.0, times=600) <= 0.98
    assert covered(draw, resample(len(senders)), 0.0, times=600) < 0.85


# --- shares of few images -------------------------------------------------------------------------------------------


def share(values: NDArray[np.generic], weights: NDArray[np.float64] | None = None) -> Estimate:
    found = share_where(values, np.ones(len(values), bool), resample(len(values)) if weights is None else weights)
    assert found is not None
    return found


@pytest.mark.parametrize(("images", "high"), [(1, 0.793), (3, 0.561), (18, 0.176), (70, 0.052), (400, 0.0095)])
def test_none_of_few_images_is_no_interval_without_width(images: int, high: float) -> None:
    none, every = share(np.zeros(images, bool)), share(np.ones(images, bool))
    assert (none.value, none.low) == (0, pytest.approx(0, abs=1e-12))
    assert none.high == pytest.approx(high, abs=5e-4)
    assert (every.value, every.high) == (1, pytest.approx(1))
    assert every.low == pytest.approx(1 - none.high)


@pytest.mark.parametrize("images", [1, 2, 7, 50, FEW - 1])
def test_a_share_of_few_images_has_wilsons_interval(images: int) -> None:
    where = np.arange(2 * images) % 2 == 0
    for successes in sorted({0, 1, images // 3, images}):
        values = np.zeros(2 * images)
        values[np.flatnonzero(where)[:successes]] = 1
        values[~where] = 0.4  # which does not count
        found = share_where(values, where, resample(2 * images))
        expected = proportion_confint(successes, images, method="wilson")
        assert found is not None
        assert found.value == pytest.approx(successes / images)
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)


def test_several_seeds_are_no_further_trials() -> None:
    right = np.random.default_rng(4).random((3, 40)) < 0.3  # seeds that know nothing of each other
    found = share(right.mean(axis=0))
    expected = proportion_confint(right.mean() * 40, 40, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected)


def test_a_share_of_many_images_has_the_interval_of_the_bootstrap() -> None:
    right, weights = np.arange(FEW) < 7, resample(FEW)
    assert share(right) == bootstrap_ratio(right, np.ones(FEW), weights)
    assert share_where(right, np.zeros(FEW, bool), weights) is None


@pytest.mark.parametrize(("images", "least"), [(3, 0.91), (12, 0.96), (18, 0.93), (70, 0.94)])
def test_small_shares_of_few_images_are_covered(images: int, least: float) -> None:
    """The exact probability that an interval holds the share, mean over three shares; the bootstrap's is .27 to .73."""
    found = [share(np.arange(images) < k) for k in range(images + 1)]
    covered = []
    for truth in (0.03, 0.05, 0.1):
        chances = scipy.stats.binom.pmf(np.arange(images + 1), images, truth)
        covered.append(sum(p for p, one in zip(chances, found, strict=True) if one.low <= truth <= one.high))
    assert np.mean(covered) >= least
    assert min(covered) >= 0.85  # of n = 3 and a share of .05: the lower end of 1 of 3 is .06


def test_photographs_of_a_sender_are_fewer_trials() -> None:
    assert effective_trials(np.arange(8) / 7, np.arange(8)) == 8
    assert effective_trials(np.ones(5), np.zeros(5, int)) == 1
    pairs = np.arange(20) // 2
    ratio = (scipy.stats.t.ppf(0.975, 19) / scipy.stats.t.ppf(0.975, 9)) ** 2
    assert effective_trials(np.zeros(20), pairs) == pytest.approx(20 * ratio)
    assert effective_trials((pairs % 2).astype(float), pairs) == pytest.approx(10 * ratio)  # both alike
    assert effective_trials(np.arange(20) % 2.0, pairs) == pytest.approx(20 * ratio)  # both unlike: no more than 20


def test_small_shares_of_clustered_photographs_are_covered() -> None:
    rng, senders, truth = np.random.default_rng(5), np.repeat(np.arange(12), 5), 0.1
    weights = resample_clusters(senders)
    found = []
    for _ in range(300):
        chances = rng.beta(truth, 1 - truth, 12)[senders]  # correlation of 1/2 within a sender
        one = share(rng.random(60) < chances, weights)
        found.append(one.low <= truth <= one.high)
    assert np.mean(found) > 0.9


# --- differences of two shares, and means of few images -------------------------------------------------------------


def table(both: int, first: int, second: int, none: int) -> list[NDArray[np.bool_]]:
    """Which images either model gets right, from how many both, one or none of them get right."""
    return [np.repeat(sides, [both, first, second, none]) for sides in ([True, True, False, False], [True, False] * 2)]


def newcombe(both: int, first: int, second: int, none: int) -> tuple[float, float]:
    """Newcombe's method 10 from the counts as he writes it."""
    images = both + first + second + none
    sides = [both + first, both + second]
    spread = math.prod([both + first, second + none, both + second, first + none])
    excess = both * none - first * second
    phi = 0.0 if not spread else (excess if excess < 0 else max(excess - images / 2, 0)) / math.sqrt(spread)
    (l1, u1), (l2, u2) = (proportion_confint(k, images, method="wilson") for k in sides)
    p1, p2 = (k / images for k in sides)
    below = math.sqrt((p1 - l1) ** 2 - 2 * phi * (p1 - l1) * (u2 - p2) + (u2 - p2) ** 2)
    above = math.sqrt((u1 - p1) ** 2 - 2 * phi * (u1 - p1) * (p2 - l2) + (p2 - l2) ** 2)
    return p1 - p2 - below, p1 - p2 + above


@pytest.mark.parametrize(
    "counts", [(36, 12, 2, 0), (54, 0, 0, 0), (0, 0, 0, 3), (30, 1, 0, 9), (2, 9, 8, 1), (0, 0, 1, 0)]
)
def test_a_difference_over_few_images_is_newcombes(counts: tuple[int, int, int, int]) -> None:
    first, second = table(*counts)
    found = share_difference(first, second, resample(sum(counts)))
    assert found.value == pytest.approx((counts[1] - counts[2]) / sum(counts))
    assert (found.low, found.high) == pytest.approx(newcombe(*counts), abs=1e-9)
    assert found.low <= found.value <= found.high
    assert found.high - found.low > 0.1
    turned = share_difference(second, first, resample(sum(counts)))
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low))


def test_newcombes_interval_is_that_of_his_table() -> None:
    found = share_difference(*table(36, 12, 2, 0), resample(50))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0569, 0.3404)


def test_a_difference_over_many_images_is_that_of_the_paired_bootstrap() -> None:
    first, second = table(60, 20, 5, 30)
    weights = resample(115)
    assert share_difference(first, second, weights) == bootstrap_mean(first.astype(float) - second, weights)
    same = share_difference(first, first, weights)
    assert (same.value, same.low) == (0, pytest.approx(-same.high))
    assert 0.01 < same.high < 0.05


def test_small_differences_over_few_images_are_covered() -> None:
    rng, chances = np.random.default_rng(6), [0.8, 0.1, 0.03, 0.07]
    weights, found = resample(30), []
    for _ in range(400):
        one = share_difference(*table(*rng.multinomial(30, chances)), weights)
        found.append(one.low <= 0.07 <= one.high)
    assert np.mean(found) > 0.93


def test_the_mean_of_few_images_has_students_interval() -> None:
    values, where = np.random.default_rng(7).normal(size=60), np.arange(60) % 3 == 0
    found, chosen = mean_where(values, where, resample(60)), values[where]
    low, high = scipy.stats.t.interval(0.95, 19, chosen.mean(), scipy.stats.sem(chosen))
    assert found == Estimate(*(pytest.approx(x) for x in (chosen.mean(), low, high)))
    for images in range(FEWEST):
        assert mean_where(values, np.arange(60) < images, resample(60)) is None
    assert mean_where(values, where, resample_clusters(np.zeros(60))) is None


def test_the_mean_of_few_clustered_images_has_the_interval_of_their_clusters() -> None:
    """If all photographs of a sender are alike, and senders have equally many, senders are the sample."""
    means, senders = np.random.default_rng(8).normal(size=9), np.repeat(np.arange(9), 4)
    found = mean_where(means[senders], np.ones(36, bool), resample_clusters(senders))
    low, high = scipy.stats.t.interval(0.95, 8, means.mean(), scipy.stats.sem(means))
    assert found == Estimate(*(pytest.approx(x) for x in (means.mean(), low, high)))


def test_the_mean_of_many_images_has_the_interval_of_the_bootstrap() -> None:
    values, where, weights = np.random.default_rng(9).random(150), np.arange(150) < FEW, resample(150)
    assert mean_where(values, where, weights) == bootstrap_ratio(values * where, where, weights)


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
