"""How the error of a family falls with the number of training images.

A curve is error = scale * size^-exponent + floor. Power laws: Hestness et al., "Deep learning scaling is predictable,
empirically" (2017); with a floor: Rosenfeld et al., "A constructive prediction of the generalization error
across scales" (ICLR 2020). The floor is fitted from five sizes on: with fewer it takes over the exponent.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lookalike.evaluation.hierarchical import Seeds, SeedSpread, UncertainValue
from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import Estimate, percentile_estimate

ENOUGH_SIZES = 5  # for a floor
DRAWS, SEED = 200, 13
GRID, ROUNDS, HIGHEST_FLOOR = 40, 3, 0.99  # values of the floor in each round, as shares of the lowest error
NEWTON_STEPS = 5


@dataclass(frozen=True, eq=False)
class RunErrors:
    """The errors in [0, 1] of P runs, each with an own random subset of the training images: sizes and errors (P,)."""

    sizes: Floats
    errors: Floats

    @cached_property
    def tried(self) -> Floats:
        return np.unique(self.sizes)

    @cached_property
    def groups(self) -> list[Floats]:
        return [self.errors[self.sizes == size] for size in self.tried]

    @property
    def means(self) -> Floats:
        return np.array([group.mean() for group in self.groups])


@dataclass(frozen=True)
class PowerLaw:
    """error = scale * size^-exponent + floor."""

    scale: float
    exponent: float
    floor: float = 0.0

    def at(self, sizes: Floats) -> Floats:
        return self.scale * sizes**-self.exponent + self.floor


@dataclass(frozen=True)
class FittedCurve:
    """A curve with two 95 % intervals of its exponent, both over subsets and training runs, not over test images.

    Attributes:
        resampled: from resampled runs of each size, see `resampled_means`.
        jackknifed: Student's, with the variance of the jackknife; None where no size has two runs.
    """

    curve: PowerLaw
    resampled: Estimate | None
    jackknifed: Estimate | None


def fit_power_law(sizes: Floats, means: Floats) -> PowerLaw | None:
    """The curve through mean errors (K,) at K sizes, see `fit_power_laws`; None below two sizes or if one is 0."""
    return next(iter(fit_power_laws(sizes, means[None])), None)


def fit_power_laws(sizes: Floats, means: Floats) -> list[PowerLaw]:
    """The curves through mean errors (D, K) at K sizes; those that `fit_power_law` has none for are left out.

    Squares of log errors are minimised, because errors that differ by factors vary in proportion; sizes weigh the same
    however many runs they have, since what separates the means from a power law is the law, not chance. The floor is
    that of a grid from 0 to the lowest error, which is made finer about the best one.
    """
    means = means[(means > 0).all(axis=1)]
    if len(sizes) < 2 or not len(means):
        return []
    lowest, best = means.min(axis=1), np.zeros((len(means), 1))
    if len(sizes) >= ENOUGH_SIZES:
        grid, rows = np.linspace(0, HIGHEST_FLOOR, GRID)[None], np.arange(len(means))
        for step in HIGHEST_FLOOR / GRID ** np.arange(1, ROUNDS + 1):
            shares = np.clip(best + grid, 0, HIGHEST_FLOOR)
            *_, misfits = laws_at_floors(sizes, means[:, None], shares * lowest[:, None])
            best = shares[rows, np.where(np.isfinite(misfits), misfits, np.inf).argmin(axis=1)][:, None]
            grid = np.linspace(-2 * step, 2 * step, GRID)[None]
    floors = best[:, 0] * lowest
    scales, exponents, _ = laws_at_floors(sizes, means, floors)
    curves = np.stack([scales, exponents, floors], axis=1)
    return [PowerLaw(*one) for one in curves[np.isfinite(curves).all(axis=1)].tolist()]


@np.errstate(over="ignore", divide="ignore", invalid="ignore")
def laws_at_floors(sizes: Floats, means: Floats, floors: Floats) -> tuple[Floats, Floats, Floats]:
    """Scales, exponents and sums of squared log residuals (...) of curves with given floors (...) through (..., K).

    Gauss-Newton steps from the line through log(error - floor); without a floor that line is the solution. Steps that
    lead astray, as they may with a floor far too high, give large sums or numbers that are not finite.
    """
    x, c = np.log(sizes), floors[..., None]
    target, weights = np.log(means - c), (1 - c / means) ** 2
    for _ in range(NEWTON_STEPS):
        centre = (weights * x).sum(axis=-1) / weights.sum(axis=-1)
        distance = x - centre[..., None]
        slope = (weights * distance * target).sum(axis=-1) / (weights * distance**2).sum(axis=-1)
        level = (weights * target).sum(axis=-1) / weights.sum(axis=-1) - slope * centre
        line = level[..., None] + slope[..., None] * x
        above = np.exp(line)
        residuals = np.log(means) - np.log(above + c)
        share = above / (above + c)  # by which the logarithm of the error follows that of the power law
        target, weights = line + residuals / share, share**2
    return np.exp(level), -slope, (residuals**2).sum(axis=-1)


def fit_curve(points: RunErrors) -> FittedCurve | None:
    """The curve of a family with the intervals of its exponent; None as of `fit_power_law`."""
    curve = fit_power_law(points.tried, points.means)
    if curve is None:
        return None
    curves = resampled_curves(points)
    drawn = np.array([one.exponent for one in curves])
    uncertain = jackknife_exponent(points, curve.exponent)
    return FittedCurve(
        curve,
        resampled=percentile_estimate(curve.exponent, drawn) if curves else None,
        jackknifed=None if uncertain is None else uncertain.estimate(),
    )


def jackknife_exponent(points: RunErrors, exponent: float) -> UncertainValue | None:
    """The exponent with the variance of the jackknife that leaves out one run of a size at a time.

    Jones, "Jackknife estimation of functions of stratum means", Biometrika 61 (1974): the sum over sizes of (m - 1) / m
    times the squared deviations of the m exponents from their mean. None where no size has two runs.
    """
    seeds = []
    for k, group in enumerate(points.groups):
        means, exponents = points.means, []
        for left_out in range(len(group)) if len(group) > 1 else ():
            means[k] = np.delete(group, left_out).mean()
            curve = fit_power_law(points.tried, means)
            if curve is None:
                return None
            exponents.append(curve.exponent)
        if exponents:
            variance = (len(group) - 1) * float(np.var(exponents))  # of the exponent
            seeds.append(Seeds(len(group), SeedSpread(math.sqrt(variance * len(group)), len(group) - 1)))
    return UncertainValue(exponent, 0.0, 0, tuple(seeds)) if seeds else None


def resampled_curves(points: RunErrors, seed: int = SEED) -> list[PowerLaw]:
    """The curves of resamples, without those that cannot be fitted; none where no size has two runs."""
    return fit_power_laws(points.tried, resampled_means(points, seed))


def resampled_means(points: RunErrors, seed: int = SEED) -> Floats:
    """Mean errors of each size in resamples: (DRAWS, K); (0, K) where no size has two runs.

    The m runs of a size are drawn with replacement, and the deviations of their means stretched by the root of
    m / (m - 1): means of so few vary too little else (Davison & Hinkley, 1997, section 3.2). A size with one run
    borrows the pooled relative deviation of the others, normally distributed.
    """
    rng, groups, means = np.random.default_rng(seed), points.groups, points.means
    several = [(group / group.mean()).var(ddof=1) for group in groups if len(group) > 1 and group.mean() > 0]
    if not several:
        return np.empty((0, len(groups)))
    relative = math.sqrt(float(np.mean(several)))
    columns = []
    for group, mean in zip(groups, means, strict=True):
        m = len(group)
        if m == 1:
            columns.append(mean * (1 + relative * rng.standard_normal(DRAWS)))
        else:
            drawn = group[rng.integers(0, m, (DRAWS, m))].mean(axis=1)
            columns.append(mean + math.sqrt(m / (m - 1)) * (drawn - mean))
    return np.stack(columns, axis=1)
