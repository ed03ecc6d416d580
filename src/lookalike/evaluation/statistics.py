"""How far a figure can be trusted."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Z95 = 1.959963984540054  # the 97.5 % quantile of the standard normal distribution


@dataclass(frozen=True)
class Interval:
    """A 95 % interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson_interval(successes: int, trials: int) -> Interval:
    """The score interval of a proportion: Wilson, JASA 22 (1927), without continuity correction.

    Raises:
        ValueError: no trials, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"needs 0 <= successes <= trials and trials > 0, got {successes} of {trials}")
    share, z2 = successes / trials, Z95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def proportion(successes: int, trials: int) -> Estimate:
    """A share with Wilson's interval, see `wilson_interval`."""
    interval = wilson_interval(successes, trials)
    return Estimate(successes / trials, interval.low, interval.high)


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
    parts = [np.var(values, ddof=1) / len(values) for values in (first, second)]
    error = sum(part**2 / (len(values) - 1) for part, values in zip(parts, (first, second), strict=True))
    freedom = sum(parts) ** 2 / error if error else math.inf
    half = float(stdtrit(freedom, 0.975) * math.sqrt(sum(parts))) if error else 0.0
    return Estimate(difference, difference - half, difference + half)


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


def bootstrap_mean(values: NDArray[np.floating], weights: NDArray[np.float64]) -> Estimate:
    """The mean of `values` (N,) with its percentile interval over the resamples `weights` (draws, N)."""
    return percentile_estimate(float(np.mean(values)), resampled_sums(values, weights) / len(values))


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
