"""The uncertainty of a statistic that is no mean over seeds, such as one of pairs of seeds.

The variance over the seeds of each side is that of the delete-one jackknife (Efron & Tibshirani, "An Introduction to
the Bootstrap", 1993, eq. 11.5), which is exact for means and on average too large for other statistics (Efron & Stein,
Annals of Statistics 9, 1981). The variance over images is that of the bootstrap, with all seeds. The interval follows
`hierarchical.UncertainValue`: Student's t with Satterthwaite's degrees of freedom.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.hierarchical import ENOUGH, Seeds, SeedSpread, UncertainValue, finite_variance
from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import resample

DRAWS = 300
Ints = NDArray[np.int64]
Statistic = Callable[[Sequence[Ints], Floats], Floats]
"""From the indices of each side's seeds and weights (D, N) of N images to D values; NaN where one is not defined."""


def image_draws(images: int) -> Floats:
    """Bootstrap weights (DRAWS, images), see `statistics.resample`."""
    return resample(images, draws=DRAWS)


def jackknife_sides(statistic: Statistic, counts: Sequence[int], weights: Floats) -> UncertainValue | None:
    """A statistic with its uncertainty over images and over the seeds of each side.

    Args:
        statistic: see `Statistic`.
        counts: the number of seeds of each side; one or more sides.
        weights: (draws, N), how often each image stands in each resample.

    Returns:
        None below three seeds on a side, and where the statistic is not defined, also without one of the seeds.
    """
    if min(counts) < ENOUGH:
        return None
    everyone, once = [np.arange(count) for count in counts], np.ones((1, weights.shape[1]))
    value = float(statistic(everyone, once)[0])
    errors = [jackknife_error(statistic, everyone, side, once) for side in range(len(counts))]
    if not np.isfinite([value, *errors]).all():
        return None
    seeds = tuple(
        Seeds(count, SeedSpread(math.sqrt(count) * error, count - 1))
        for count, error in zip(counts, errors, strict=True)
    )
    return UncertainValue(value, finite_variance(statistic(everyone, weights)), weights.shape[1], seeds)


def jackknife_error(statistic: Statistic, everyone: Sequence[Ints], side: int, once: Floats) -> float:
    """The standard error over the seeds of one side, from the values that leave one of them out."""
    count = len(everyone[side])
    without = [
        statistic([np.delete(seeds, left_out) if k == side else seeds for k, seeds in enumerate(everyone)], once)[0]
        for left_out in range(count)
    ]
    return math.sqrt((count - 1) * float(np.var(without)))
