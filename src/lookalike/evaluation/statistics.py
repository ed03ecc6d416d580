"""Intervals of shares, means and ratios over images, and tests of two models."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054  # the 97.5 % quantile of the standard normal distribution
FEW = 100  # images: with fewer the bootstrap of a share of .1 or less covers it in only .27 to .73 of all cases
FEWEST = 5  # images that the mean of a continuous figure needs for an interval
COMPARED = 64  # resamples in which clusters are compared: two clusters agree in all of them with probability 1e-32


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson_interval(successes: float, trials: float) -> tuple[float, float]:
    """The ends of the 95 % score interval of a proportion: Wilson, JASA 22 (1927), without continuity correction.

    Numbers need not be whole where trials are effective ones, see `effective_trials`.

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"needs 0 <= successes <= trials and trials > 0, got {successes} of {trials}")
    share, z2 = successes / trials, Z95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def proportion(successes: int, trials: int) -> Estimate:
    """A share with Wilson's interval, see `wilson_interval`."""
    low, high = wilson_interval(successes, trials)  # first: it refuses counts that are none
    return Estimate(successes / trials, low, high)


def mean_and_deviation(values: list[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation (n - 1); the deviation of a single value is unknown: None."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None


def exact_mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p-value of as uneven a split of the images that only one of two models gets right.

    McNemar, Psychometrika 12 (1947), with the binomial distribution (p = 1/2) itself; 1 without such images.
    """
    from scipy.special import bdtr

    return float(min(1.0, 2 * bdtr(min(only_first, only_second), only_first + only_second, 0.5)))


def welch_interval(first: Sequence[float], second: Sequence[float]) -> Estimate | None:
    """First minus second mean of independent values whose variances may differ; None if either has fewer than two.

    Welch, Biometrika 34 (1947), with Satterthwaite's degrees of freedom.
    """
    from scipy.special import stdtrit

    if min(len(first), len(second)) < 2:
        return None
    difference = float(np.mean(first) - np.mean(second))
    parts = [(float(np.var(values, ddof=1) / len(values)), len(values) - 1.0) for values in (first, second)]
    error = math.sqrt(sum(variance for variance, _ in parts))
    half = float(stdtrit(satterthwaite(parts), 0.975) * error) if error else 0.0
    return Estimate(difference, difference - half, difference + half)


def satterthwaite(parts: Sequence[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of variances, given as pairs (variance, degrees of freedom); infinite of zeros."""
    error = sum(variance**2 / freedom for variance, freedom in parts if variance)
    return sum(variance for variance, _ in parts) ** 2 / error if error else math.inf


def ratio_of_geometric_means(first: Sequence[float], second: Sequence[float]) -> Estimate | None:
    """First over second, of independent positive values; None if either has fewer than two. Welch's interval, of the
    logarithms."""
    found = welch_interval(*([math.log(value) for value in side] for side in (first, second)))
    return found and Estimate(*(math.exp(part) for part in (found.value, found.low, found.high)))


@lru_cache(maxsize=8)
def resample(count: int, *, draws: int = 1000, seed: int = 13) -> NDArray[np.float64]:
    """Bootstrap weights (draws, count): how often each of `count` images stands in each resample; rows sum to `count`.

    Figures and models that share the weights are resampled alike, so that their differences are paired. The array is
    shared as well, and cannot be written to.
    """
    rng = np.random.default_rng(seed)
    drawn = (rng.integers(0, count, count) for _ in range(draws))
    weights = np.stack([np.bincount(images, minlength=count).astype(np.float64) for images in drawn])
    weights.flags.writeable = False
    return weights


def resample_clusters(clusters: NDArray[np.generic], *, draws: int = 1000, seed: int = 13) -> NDArray[np.float64]:
    """Bootstrap weights (draws, N) of N images that come in clusters: whole clusters are drawn, with replacement.

    Davison & Hinkley, "Bootstrap methods and their application" (1997), section 3.8, the first of two strategies. As
    clusters differ in size, so do the sums of the rows. Where each image is a cluster these are the weights of
    `resample`.

    Args:
        clusters: (N,), the cluster of each image.
    """
    _, first, number = np.unique(clusters, return_index=True, return_inverse=True)
    in_order = np.argsort(np.argsort(first))  # by first appearance, so that single images keep their order
    return resample(len(first), draws=draws, seed=seed)[:, in_order[number]]


def clusters_of(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number (N,) of each image's cluster: images of one cluster have equal weights (draws, N) in each resample."""
    counts = np.ascontiguousarray(weights[:COMPARED].T, np.uint8)  # as texts they take a tenth of the time to compare
    return np.unique(counts.view(f"S{counts.shape[1]}").ravel(), return_inverse=True)[1]


def bootstrap_mean(values: NDArray[np.floating], weights: NDArray[np.float64]) -> Estimate:
    """The mean of `values` (N,) with its percentile interval over the resamples `weights` (draws, N)."""
    images = resampled_sums(np.ones(len(values)), weights)
    return percentile_estimate(float(np.mean(values)), resampled_sums(values, weights) / images)


def share_where(values: NDArray[np.generic], where: NDArray[np.bool_], weights: NDArray[np.float64]) -> Estimate | None:
    """The mean over the images `where` of a share; None if there are none.

    The interval is that of the bootstrap. Where it covers too seldom, for fewer than `FEW` images or a share of 0 or 1,
    it is Wilson's with `effective_trials`.

    Args:
        values: (N,) in [0, 1]; of each image whether something holds, or the share of seeds for which it does.
        where: (N,).
        weights: (draws, N), see `resample` and `resample_clusters`.
    """
    chosen = values[where].astype(np.float64)
    if len(chosen) >= FEW and 0 < chosen.mean() < 1:
        return bootstrap_ratio(values * where, where, weights)
    return wilson_estimate(chosen, clusters_of(weights[:, where])) if len(chosen) else None


def wilson_estimate(shares: NDArray[np.float64], clusters: NDArray[np.int64]) -> Estimate:
    """The mean of `shares` (n,) in [0, 1] with Wilson's interval for `effective_trials`, see there."""
    share, trials = float(shares.mean()), effective_trials(shares, clusters)
    return Estimate(share, *wilson_interval(share * trials, trials))


def effective_trials(shares: NDArray[np.float64], clusters: NDArray[np.int64]) -> float:
    """How many independent trials n images of K clusters are worth: 1 to n, and n if no two are of one cluster.

    Korn & Graubard, "Confidence intervals for proportions with small expected number of positive counts estimated from
    survey data", Survey Methodology 24 (1998): p (1 - p) over the variance of the mean, times the squared ratio of the
    t quantiles of n - 1 and K - 1 degrees of freedom. Several seeds on an image are no further trials.

    Args:
        shares: (n,) in [0, 1]; their mean is p.
        clusters: (n,), numbers from 0.
    """
    from scipy.special import stdtrit

    images, groups, share = len(shares), len(np.unique(clusters)), shares.mean()
    if groups == 1:
        return 1.0
    variance = clustered_variance(shares, clusters)
    trials = min(images, share * (1 - share) / variance) if variance else images
    return max(1.0, float(trials * (stdtrit(images - 1, 0.975) / stdtrit(groups - 1, 0.975)) ** 2))


def clustered_variance(values: NDArray[np.float64], clusters: NDArray[np.int64]) -> float:
    """The variance of the mean of `values` (n,), from the sums of their deviations in each cluster (numbers from 0)."""
    sums = np.bincount(clusters, values - values.mean())
    return float((sums**2).sum() / len(values) ** 2)


def share_difference(first: NDArray[np.generic], second: NDArray[np.generic], weights: NDArray[np.float64]) -> Estimate:
    """First minus second of two shares of the same N images.

    The interval is that of the paired bootstrap; for fewer than `FEW` images, and where the shares of every image are
    equal, it is `newcombe_estimate`.

    Args:
        first, second: (N,) in [0, 1], as in `share_where`.
        weights: (draws, N).
    """
    one, two = first.astype(np.float64), second.astype(np.float64)
    if len(one) >= FEW and (one != two).any():
        return bootstrap_mean(one - two, weights)
    return newcombe_estimate(one, two, clusters_of(weights))


def newcombe_estimate(first: NDArray[np.float64], second: NDArray[np.float64], clusters: NDArray[np.int64]) -> Estimate:
    """First minus second of two paired shares, each with `wilson_estimate`.

    Newcombe, "Improved confidence intervals for the difference between binomial proportions based on paired data",
    Statistics in Medicine 17 (1998), method 10. With several seeds the table of both right, one right and none right
    holds expected numbers, of a seed of the first and a seed of the second model.

    Args:
        first, second: (n,) in [0, 1].
        clusters: (n,), numbers from 0.
    """
    one, two = (wilson_estimate(shares, clusters) for shares in (first, second))
    phi, difference = newcombe_phi(first, second), one.value - two.value

    def reach(own: float, other: float) -> float:
        return math.sqrt(max(0.0, own**2 - 2 * phi * own * other + other**2))

    below = reach(one.value - one.low, two.high - two.value)
    above = reach(one.high - one.value, two.value - two.low)
    return Estimate(difference, max(-1.0, difference - below), min(1.0, difference + above))


def newcombe_phi(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The correlation of two paired shares (n,), drawn n/2 towards 0 if positive; 0 where a share is 0 or 1."""
    images, one, two = len(first), first.sum(), second.sum()
    spread = math.sqrt(one * (images - one) * two * (images - two))
    excess = images * (first * second).sum() - one * two  # ad - bc
    corrected = max(excess - images / 2, 0.0) if excess > 0 else excess
    return float(corrected / spread) if spread else 0.0


def mean_where(values: NDArray[np.floating], where: NDArray[np.bool_], weights: NDArray[np.float64]) -> Estimate | None:
    """The mean of a continuous figure over the images `where`; None for fewer than `FEWEST` images, or one cluster.

    The interval is that of the bootstrap; for fewer than `FEW` images it is Student's, with the variance and the
    degrees of freedom of clusters.

    Args:
        values: (N,).
        where: (N,).
        weights: (draws, N).
    """
    from scipy.special import stdtrit

    if np.count_nonzero(where) >= FEW:
        return bootstrap_ratio(values * where, where, weights)
    chosen, clusters = values[where].astype(np.float64), clusters_of(weights[:, where])
    groups = len(np.unique(clusters))
    if len(chosen) < FEWEST or groups == 1:
        return None
    variance = clustered_variance(chosen, clusters) * groups / (groups - 1)
    mean, half = float(chosen.mean()), float(stdtrit(groups - 1, 0.975)) * math.sqrt(variance)
    return Estimate(mean, mean - half, mean + half)


def bootstrap_ratio(
    numerator: NDArray[np.generic], denominator: NDArray[np.generic], weights: NDArray[np.float64]
) -> Estimate | None:
    """sum(numerator) / sum(denominator) over images, see `ratio_estimate`.

    Args:
        numerator, denominator: (N,), the latter not negative.
        weights: (draws, N), see `resample`.
    """
    drawn = (resampled_sums(values, weights) for values in (numerator, denominator))
    return ratio_estimate(float(np.sum(numerator)), float(np.sum(denominator)), *drawn)


def resampled_sums(values: NDArray[np.generic], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sum of `values` (N,) in each resample: (draws,)."""
    # in double precision, so that machines that add up in another order agree in all digits that are shown
    sums: NDArray[np.float64] = weights @ values.astype(np.float64)
    return sums


def ratio_estimate(
    numerator: float,
    denominator: float,
    drawn_numerators: NDArray[np.float64],
    drawn_denominators: NDArray[np.float64],
) -> Estimate | None:
    """A ratio with its percentile interval over the resamples' numerators and denominators, each (draws,).

    None where the denominator is 0; resamples whose denominator is 0 are left out.
    """
    if denominator == 0:
        return None
    usable = drawn_denominators > 0
    return percentile_estimate(numerator / denominator, drawn_numerators[usable] / drawn_denominators[usable])


def percentile_estimate(value: float, drawn: NDArray[np.float64]) -> Estimate:
    """`value` between the 2.5 % and 97.5 % quantiles of what the resamples gave (Efron, Annals of Statistics 7, 1979).

    The interval need not hold the value if the resamples are skewed.
    """
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
