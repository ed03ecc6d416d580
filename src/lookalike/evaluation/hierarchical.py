"""Intervals over seeds and images: a variant was trained with some of all seeds, and tested on some of all images.

Seeds are resampled first and images within them, for all variants the same images (hierarchical bootstrap: Davison &
Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8). With few seeds that is too narrow: S drawn
values vary (S - 1) / S times as much as they should, and normal quantiles ignore that the variance is itself estimated.
So the distance of each end from the value is stretched until the interval is as wide as the standard error times the
quantile of Student's t, with the degrees of freedom of Satterthwaite (Biometrics Bulletin 2, 1946) over the components
of the variance: images, and the seeds of each side. Hesterberg, "What teachers should know about the bootstrap", The
American Statistician 69 (2015), section 5.3, calls this an expanded percentile interval.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import Estimate, satterthwaite

DRAWS = 10_000
SEED = 13
ENOUGH = 3  # seeds of a side whose own deviation counts; fewer borrow that of other variants
POWER = 0.8
MOST_SEEDS = 100_000
CHUNK = 500  # draws that are multiplied at a time
FEW_KINDS = 500  # of rows: above, each row is drawn by itself


@dataclass(frozen=True)
class SeedSpread:
    """A standard deviation from seed to seed, with the degrees of freedom that it was estimated with."""

    deviation: float
    freedom: float


@dataclass(frozen=True)
class Seeds:
    """The seeds of one side of a comparison.

    Attributes:
        count: how many there are.
        spread: of the quantity from seed to seed; None where it is not known.
        borrowed: whether the spread is that of other variants.
    """

    count: int
    spread: SeedSpread | None
    borrowed: bool = False

    @property
    def variance(self) -> float:
        """The variance of the mean over the seeds."""
        return 0.0 if self.spread is None else self.spread.deviation**2 / self.count


@dataclass(frozen=True, eq=False)
class UncertainValue:
    """A quantity with its uncertainty over seeds and images.

    Attributes:
        value: the quantity.
        image_variance: of the value, over samples of as many images; 0 where images are no source of chance.
        images: how many images (or senders of photographs) these are; 0 where there are none.
        sides: the seeds of each side.
        drawn: (draws,) what resamples gave; None means that the value is normally distributed.
    """

    value: float
    image_variance: float
    images: int
    sides: tuple[Seeds, ...]
    drawn: Floats | None = None

    @property
    def error(self) -> float:
        return math.sqrt(self.image_variance + sum(side.variance for side in self.sides))

    @property
    def freedom(self) -> float:
        """Satterthwaite's degrees of freedom of the standard error."""
        parts = [(self.image_variance, self.images - 1.0)]
        parts += [(side.variance, side.spread.freedom) for side in self.sides if side.spread is not None]
        return satterthwaite(parts)

    @property
    def knows_seeds(self) -> bool:
        """Whether the variation from seed to seed of every side is known."""
        return all(side.spread is not None for side in self.sides)

    @property
    def few_seeds(self) -> bool:
        """Whether a side has so few seeds that it borrows its spread."""
        return any(side.count < ENOUGH for side in self.sides)

    @property
    def lent_freedom(self) -> float | None:
        """The degrees of freedom of a spread that a side borrows; None if none does."""
        return next((side.spread.freedom for side in self.sides if side.borrowed and side.spread), None)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        from scipy.special import ndtri, stdtrit

        tail = (1 - level) / 2
        reach = float(stdtrit(self.freedom, 1 - tail)) if math.isfinite(self.freedom) else float(ndtri(1 - tail))
        half = reach * self.error
        deviation = 0.0 if self.drawn is None else float(np.std(self.drawn))
        if self.drawn is None or not deviation:
            return self.value - half, self.value + half
        stretch = half / (float(ndtri(1 - tail)) * deviation)
        low, high = np.quantile(self.drawn, [tail, 1 - tail]) - self.value
        return self.value + stretch * float(low), self.value + stretch * float(high)

    def minus(self, constant: float) -> "UncertainValue":
        return replace(self, value=self.value - constant, drawn=None if self.drawn is None else self.drawn - constant)

    def estimate(self, level: float = 0.95) -> Estimate:
        return Estimate(self.value, *self.interval(level))

    def needed(self, bound: float, level: float = 0.95) -> int | None:
        """How many seeds per side would place `bound` outside the interval with a probability of 80 %.

        The value and all deviations are taken to stay; the quantiles are those of that number of seeds. None where no
        number would do, because images alone leave too much chance.
        """
        from scipy.special import stdtrit

        distance, tail = abs(self.value - bound), (1 - level) / 2

        def decided(seeds: int) -> bool:
            variances = [side.spread.deviation**2 / seeds for side in self.sides if side.spread is not None]
            parts = [(self.image_variance, self.images - 1.0), *((one, seeds - 1.0) for one in variances)]
            freedom = min(satterthwaite(parts), 1e9)
            reach = stdtrit(freedom, 1 - tail) + stdtrit(freedom, POWER)
            return bool(distance > reach * math.sqrt(sum(variance for variance, _ in parts)))

        low, high = 1, 2
        while not decided(high):
            low, high = high, 2 * high
            if high > MOST_SEEDS:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if decided(middle) else (middle, high)
        return high


@dataclass(frozen=True, eq=False)
class Term:
    """A part of a quantity: sign * sum(numerator) / sum(denominator), over the seeds of both sides and over images.

    Attributes:
        numerator: (A, B, N): A seeds of the first side, or 1 if it has no part in this; B of the second; N images.
        denominator: the same, not negative; its A and B may be 1. None means N.
    """

    numerator: NDArray[np.generic]
    denominator: NDArray[np.generic] | None = None
    sign: float = 1.0


def mean_of(values: NDArray[np.generic], where: NDArray[np.generic] | None = None, *, sign: float = 1.0) -> Term:
    """The mean of values (S, N) of the seeds of the first side, over all images or those `where`, (S or 1, N)."""
    return Term(values[:, None], None if where is None else where[:, None], sign)


def hierarchical(
    terms: Sequence[Term],
    borrowed: Sequence[SeedSpread | None],
    *,
    clusters: NDArray[np.integer] | None = None,
    draws: int = DRAWS,
) -> UncertainValue | None:
    """The sum of `terms` with its uncertainty over seeds and images; None where a denominator is 0.

    Args:
        borrowed: for each side (one or two) the spread of the quantity from seed to seed that counts if the side has
            fewer than three seeds; None where it is not known.
        clusters: (N,), which images belong together, such as the photographs of one sender: they are resampled as one.
    """
    rng = np.random.default_rng(SEED)
    columns, layouts = in_columns(terms)
    if clusters is not None:
        columns = summed_by(columns, clusters)
    counts = [max(layout.shape[side] for layout in layouts) for side in (0, 1)]
    all_alike: list[Floats] = [np.full((1, count), 1 / count) for count in counts]
    whole = columns.sum(axis=0, keepdims=True)
    value = assembled(whole, layouts, all_alike)
    if not np.isfinite(value).all():
        return None
    resampled = sums_of_resamples(columns, draws)
    chosen, seeds, shift = list(all_alike), [], np.zeros(draws)
    for side, spread in enumerate(borrowed):
        count = counts[side]
        if count >= ENOUGH:
            chosen[side] = rng.multinomial(count, all_alike[side][0], draws) / count
            one_side = [chosen[each] if each == side else all_alike[each] for each in (0, 1)]
            variance = finite_variance(assembled(whole, layouts, one_side)) * count / (count - 1)
            seeds.append(Seeds(count, SeedSpread(math.sqrt(variance * count), count - 1)))
        else:
            seeds.append(Seeds(count, spread, borrowed=spread is not None))
            if spread is not None:
                shift = shift + rng.normal(0, spread.deviation / math.sqrt(count), draws)
    drawn = assembled(resampled, layouts, chosen) + shift
    images_alone = finite_variance(assembled(resampled, layouts, all_alike))
    return UncertainValue(float(value[0]), images_alone, len(columns), tuple(seeds), drawn[np.isfinite(drawn)])


def finite_variance(values: Floats) -> float:
    """The variance of the finite values: in a resample a ratio may have a denominator of zero."""
    return float(np.nanvar(np.where(np.isfinite(values), values, np.nan)))


def values_by_seed(terms: Sequence[Term]) -> list[float]:
    """The quantity for each seed of the first side, averaged over the seeds of the second side if it has any."""
    columns, layouts = in_columns(terms)
    count, others = (max(layout.shape[side] for layout in layouts) for side in (0, 1))
    alone: list[Floats] = [np.eye(count), np.full((1, others), 1 / others)]
    values: list[float] = assembled(columns.sum(axis=0, keepdims=True), layouts, alone).tolist()
    return values


def on_the_second_side(term: Term) -> Term:
    """The same term with its sides exchanged and its sign reversed: what is subtracted for the second variant."""
    of = None if term.denominator is None else np.swapaxes(term.denominator, 0, 1)
    return Term(np.swapaxes(term.numerator, 0, 1), of, -term.sign)


@dataclass(frozen=True)
class Layout:
    """The columns of one term in the table of `in_columns`, numerators first, and the numbers of seeds (A, B)."""

    columns: slice
    shape: tuple[int, int]
    denominators: tuple[int, int]
    sign: float


def in_columns(terms: Sequence[Term]) -> tuple[Floats, list[Layout]]:
    """The terms as the columns of one table with a row per image, (N, K), and the layout of each term."""
    parts, layouts, start = [], [], 0
    for term in terms:
        ones = np.ones((1, 1, np.shape(term.numerator)[2]))
        pair = (term.numerator, ones if term.denominator is None else term.denominator)
        shapes = [(each.shape[0], each.shape[1]) for each in pair]
        width = sum(first * second for first, second in shapes)
        layouts.append(Layout(slice(start, start + width), shapes[0], shapes[1], term.sign))
        parts += [each.reshape(-1, each.shape[2]).astype(np.float64) for each in pair]
        start += width
    return np.concatenate(parts).T, layouts


def assembled(sums: Floats, layouts: Sequence[Layout], weights: Sequence[Floats]) -> Floats:
    """The quantity from sums over images (D, K) and weights (D or 1, A), (D or 1, B) of seeds: (D,); NaN for 0 / 0."""
    total: Floats = np.zeros(1)
    for layout in layouts:
        of_term = sums[:, layout.columns]
        (a, b), (c, d) = layout.shape, layout.denominators
        numerator = weighted_sums(of_term[:, : a * b].reshape(-1, a, b), weights)
        denominator = weighted_sums(of_term[:, a * b :].reshape(-1, c, d), weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            total = total + layout.sign * numerator / denominator
    return total


def weighted_sums(sums: Floats, weights: Sequence[Floats]) -> Floats:
    """Sums (D, A, B) averaged over the seeds of both sides; a side with a single entry has no part in them."""
    first, second = (
        side if side.shape[1] == sums.shape[axis] else np.ones((1, 1)) for axis, side in enumerate(weights, 1)
    )
    averages: Floats = ((sums * second[:, None, :]).sum(axis=2) * first).sum(axis=1)
    return averages


def summed_by(columns: Floats, clusters: NDArray[np.integer]) -> Floats:
    """Rows (N, K) added up by the cluster (N,) that they belong to: (clusters, K)."""
    _, numbers = np.unique(clusters, return_inverse=True)
    sums = np.zeros((int(numbers.max()) + 1, columns.shape[1]))
    np.add.at(sums, numbers, columns)
    return sums


def sums_of_resamples(columns: Floats, draws: int) -> Floats:
    """The sums of columns (N, K) over the rows of each resample: (draws, K).

    Rows that are alike are drawn together: how often each kind is drawn has a multinomial distribution.
    """
    kinds, counts = np.unique(columns, axis=0, return_counts=True)
    if len(kinds) > FEW_KINDS:
        chunks = np.split(drawn_counts(len(columns), draws), range(CHUNK, draws, CHUNK))
        return np.concatenate([chunk.astype(np.float64) @ columns for chunk in chunks])
    drawn = np.random.default_rng(SEED).multinomial(len(columns), counts / len(columns), draws)
    return drawn.astype(np.float64) @ kinds


@lru_cache(maxsize=2)
def drawn_counts(rows: int, draws: int) -> NDArray[np.uint8]:
    """How often each of `rows` is in each resample: (draws, rows); cached, because drawing takes seconds."""
    rng, counts = np.random.default_rng(SEED), np.empty((draws, rows), np.uint8)
    for count in counts:
        count[:] = np.bincount(rng.integers(0, rows, rows), minlength=rows)
    counts.flags.writeable = False
    return counts


def mean_over_seeds(
    values: Sequence[Sequence[float]],
    borrowed: Sequence[SeedSpread | None],
    image_variance: float = 0.0,
    images: int = 0,
) -> UncertainValue:
    """The mean of the first side's values, one per seed, minus that of the second side's if there is one.

    Args:
        borrowed: as of `hierarchical`.
        image_variance: of the difference of means, over samples of `images` images.
    """
    means, seeds = [], []
    for side, spread in zip(values, borrowed, strict=True):
        own = SeedSpread(float(np.std(side, ddof=1)), len(side) - 1) if len(side) >= ENOUGH else spread
        seeds.append(Seeds(len(side), own, borrowed=len(side) < ENOUGH and own is not None))
        means.append(float(np.mean(side)))
    value = means[0] - means[1] if len(means) > 1 else means[0]
    return UncertainValue(value, image_variance, images, tuple(seeds))


def pooled_spread(groups: Iterable[Sequence[float]]) -> SeedSpread | None:
    """The spread within groups of values, one per seed, of those groups with three or more; None if there are none."""
    deviations = [(float(np.var(group, ddof=1)), len(group) - 1) for group in groups if len(group) >= ENOUGH]
    freedom = sum(each for _, each in deviations)
    if not freedom:
        return None
    return SeedSpread(math.sqrt(sum(variance * each for variance, each in deviations) / freedom), freedom)
