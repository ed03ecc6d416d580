"""From which number of training images on one family is better than another."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lookalike.evaluation.metrics import Bools, Floats
from lookalike.families.learning_curves import SEED, PowerLaw, RunErrors, fit_power_law, resampled_curves

Better = Literal["first", "second"]
STEPS = 400  # sizes at which curves are compared


@dataclass(frozen=True)
class Crossing:
    """The second family becomes better, or worse, from some number of training images on.

    Attributes:
        size: that number.
        low, high: its 95 % interval; None means that it ends beyond the sizes tried.
        better_above: the family with the lower error at larger sizes.
        certainty: share of the resamples in which the curves cross in this direction within the sizes tried.
    """

    size: float
    low: float | None
    high: float | None
    better_above: Better
    certainty: float


@dataclass(frozen=True)
class NoCrossing:
    """No crossing within the sizes tried: one family is better at all of them.

    Attributes:
        better: the family with the lower error.
        certainty: share of the resamples in which it is better at all sizes.
    """

    better: Better
    certainty: float


def crossing(first: RunErrors, second: RunErrors) -> Crossing | NoCrossing | None:
    """From which number of training images on which family is better, within the sizes that both were tried at.

    Both are resampled independently. Families that were trained on the same subsets vary together, so that this
    interval is rather too wide. None where a curve cannot be fitted, or the families share no range of sizes.
    """
    low, high = max(first.tried[0], second.tried[0]), min(first.tried[-1], second.tried[-1])
    curves = [fit_power_law(points.tried, points.means) for points in (first, second)]
    if curves[0] is None or curves[1] is None or low >= high:
        return None
    sizes = np.geomspace(low, high, STEPS)
    gap = logarithmic_gap(curves[0], curves[1], sizes)
    pairs = list(zip(resampled_curves(first), resampled_curves(second, SEED + 1), strict=False))
    gaps = np.array([logarithmic_gap(*pair, sizes) for pair in pairs]).reshape(-1, STEPS)
    side = np.sign(gap[-1]) or np.sign(gap[0])  # by which a gap rises through zero where it crosses in this direction
    better: Better = "first" if side < 0 else "second"
    size, drawn = crossed_at(side * gap, sizes), np.array([crossed_at(side * one, sizes) for one in gaps])
    if not math.isfinite(size):
        return NoCrossing(better, share_of((side * gaps > 0).all(axis=1)))
    low_end, high_end = (quantile(drawn, q) if len(drawn) else None for q in (0.025, 0.975))
    return Crossing(size, low_end, high_end, better, share_of(np.isfinite(drawn)))


def logarithmic_gap(first: PowerLaw, second: PowerLaw, sizes: Floats) -> Floats:
    """The logarithm of the first error minus that of the second: linear in the logarithm of the size without floors."""
    return np.log(first.at(sizes)) - np.log(second.at(sizes))


def crossed_at(gap: Floats, sizes: Floats) -> float:
    """The size at which a gap last rises through zero; minus infinity if it is positive before, else infinity."""
    if gap[-1] <= 0:
        return math.inf
    if (gap > 0).all():
        return -math.inf
    k = int(np.flatnonzero(gap <= 0)[-1])
    step = gap[k] / (gap[k] - gap[k + 1])
    return float(sizes[k] * (sizes[k + 1] / sizes[k]) ** step)


def quantile(drawn: Floats, q: float) -> float | None:
    """A quantile of sizes of which some are infinite; None if it is so itself."""
    found = float(np.quantile(drawn, q, method="inverted_cdf"))
    return found if math.isfinite(found) else None


def share_of(where: Bools) -> float:
    """The share of resamples for which something holds; 0 without resamples."""
    return float(where.mean()) if len(where) else 0.0
