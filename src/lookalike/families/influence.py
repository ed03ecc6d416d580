"""The uncertainty of a mean over seeds of a smooth statistic, without resampling.

The variance over images is that of their influences (infinitesimal jackknife; Efron & Tibshirani, "An Introduction to
the Bootstrap", 1993, chapter 21): how much the statistic changes with the weight of an image, times the number of
images. Of a mean it is the deviation from it; of an AUROC it gives the variance of DeLong, DeLong & Clarke-Pearson
(Biometrics 44, 1988). Seeds are independent, so that their own variance is that of their values.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.hierarchical import ENOUGH, UncertainValue, mean_over_seeds
from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import FEW, Estimate, wilson_estimate


@dataclass(frozen=True, eq=False)
class Influenced:
    """A statistic of S seeds and what each image adds to it.

    Attributes:
        by_seed: (S,), the statistic of each seed.
        influences: of each sample of images (such as those of each of two classes) the influence of its images on the
            mean over seeds, (n,).
    """

    by_seed: Floats
    influences: tuple[Floats, ...]

    @property
    def images(self) -> int:
        return sum(map(len, self.influences))

    @property
    def uncertain(self) -> UncertainValue:
        """The mean over seeds; below three seeds the variation from seed to seed is not known."""
        return mean_over_seeds([self.by_seed.tolist()], [None], variance_of(self.influences), self.images)

    def estimate(self, low: float = -math.inf, high: float = math.inf) -> Estimate | None:
        """The mean over seeds with its 95 % interval, cut to what is possible; None where it is not defined."""
        return bounded(self.uncertain.estimate(), low, high) if np.isfinite(self.by_seed).all() else None


def difference_of(first: Influenced, second: Influenced) -> UncertainValue | None:
    """The first minus the second statistic, of the same images; None below three seeds or where one is not defined."""
    values = [first.by_seed.tolist(), second.by_seed.tolist()]
    if min(map(len, values)) < ENOUGH or not np.isfinite(values[0] + values[1]).all():
        return None
    gaps = tuple(one - other for one, other in zip(first.influences, second.influences, strict=True))
    return mean_over_seeds(values, [None, None], variance_of(gaps), first.images)


def variance_of(influences: Sequence[Floats]) -> float:
    """The variance over images of a statistic with these influences, whose samples are independent."""
    return float(sum(np.var(sample) / len(sample) for sample in influences))


def mean_over_images(values: NDArray[np.generic]) -> Influenced:
    """The mean of values (S, n) over images, with its influences."""
    by_image = values.mean(axis=0, dtype=np.float64)
    return Influenced(values.mean(axis=1, dtype=np.float64), (by_image - by_image.mean(),))


def ratio_over_images(numerator: NDArray[np.generic], denominator: NDArray[np.generic]) -> Influenced:
    """The sum of numerators (S, n) over images, divided by that of denominators (S, n); NaN of a seed for 0 / 0."""
    top, bottom = (values.mean(axis=1, dtype=np.float64) for values in (numerator, denominator))
    with np.errstate(invalid="ignore", divide="ignore"):
        by_seed = top / bottom
        influences = (numerator - by_seed[:, None] * denominator) / bottom[:, None]
    return Influenced(by_seed, (influences.mean(axis=0),))


def share_estimate(right: NDArray[np.bool_]) -> Estimate | None:
    """The share of images for which something holds, from (S, n), with its 95 % interval; None of no images.

    The interval is over seeds and images. Below three seeds or `FEW` images, and for a share of 0 or 1, it is Wilson's
    over images alone: a normal interval covers those too seldom.
    """
    if not right.shape[1]:
        return None
    if len(right) >= ENOUGH and right.shape[1] >= FEW and 0 < right.mean() < 1:
        return mean_over_images(right).estimate(0, 1)
    return wilson_estimate(right.mean(axis=0), np.arange(right.shape[1]))


def bounded(found: Estimate, low: float, high: float) -> Estimate:
    """The same with an interval that ends where no value lies."""
    return Estimate(found.value, max(low, found.low), min(high, found.high))
