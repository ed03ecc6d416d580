"""The separability of two classes by a model's logits: AUROC, d' and asymmetry.

The score of an image is its logit of the first class minus that of the second. Throughout, logits are (S, N, C),
labels (N,), and a pair holds the numbers of two classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.distance import ranks_among
from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import Estimate, wilson_interval
from lookalike.families.influence import Influenced, bounded

Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores (S, P) of images of the first class, and (S, Q) of those of the second."""

    first: Floats
    second: Floats


@dataclass(frozen=True)
class Asymmetry:
    """Which of two classes is taken for the other more often.

    Attributes:
        value: (first taken for second - second taken for first) / (sum of both), in [-1, 1]; None without confusions.
        taken: how many images a seed confuses, mean over seeds: of the first class, of the second.
    """

    value: Estimate | None
    taken: tuple[float, float]


def pair_scores(logits: NDArray[np.floating], labels: Ints, pair: Pair) -> Scores:
    first, second = (
        logits[:, labels == own, pair[0]].astype(np.float64) - logits[:, labels == own, pair[1]] for own in pair
    )
    return Scores(first, second)


def auroc_with_influences(scores: Scores) -> Influenced:
    """The probability that an image of the first class scores above one of the second, a tie counting half.

    The influence of an image is the share of the other class that it is on the right side of, minus the AUROC.

    Raises:
        ValueError: a class has no images.
    """
    placed = [placements(*seed) for seed in zip(scores.first, scores.second, strict=True)]
    firsts, seconds = (np.stack(side).mean(axis=0) for side in zip(*placed, strict=True))
    by_seed = np.array([side.mean() for side, _ in placed])
    return Influenced(by_seed, (firsts - firsts.mean(), seconds - seconds.mean()))


def placements(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """The share of `second` (Q,) below each of `first` (P,), and of `first` above each of `second`; a tie is half."""
    below, not_above = ranks_among(first, second)
    lower, not_higher = ranks_among(second, first)
    return (below + not_above) / (2 * len(second)), 1 - (lower + not_higher) / (2 * len(first))


def auroc_interval(found: Influenced) -> Estimate:
    """An AUROC with its interval; where no pair of images is in the wrong order (or all are), it is Wilson's.

    The trials are then as many as pairs of images without an image in common: a variance of zero is no certainty.
    """
    value, trials = float(found.by_seed.mean()), min(map(len, found.influences))
    if 0 < value < 1:
        return bounded(found.uncertain.estimate(), 0, 1)
    return Estimate(value, *wilson_interval(value * trials, trials))


def d_prime(scores: Scores) -> Influenced:
    """The difference of the means of both classes in units of their deviation (root of the mean of both variances).

    Green & Swets, "Signal Detection Theory and Psychophysics" (1966); with unequal variances this is d_a of Simpson &
    Fitter, Psychological Bulletin 80 (1973). NaN where no score varies. The influences are the derivatives of the
    formula with respect to both means and both variances.
    """
    sides = (scores.first, scores.second)
    gaps = [side - side.mean(axis=1, keepdims=True) for side in sides]
    variances = [(gap**2).mean(axis=1) for gap in gaps]
    distance, spread = sides[0].mean(axis=1) - sides[1].mean(axis=1), np.sqrt(sum(variances) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = (1 / spread, -1 / spread)
        curvature = distance / (4 * spread**3)
        influences = tuple(
            (slope[:, None] * gap - curvature[:, None] * (gap**2 - variance[:, None])).mean(axis=0)
            for gap, slope, variance in zip(gaps, slopes, variances, strict=True)
        )
        by_seed = np.where(spread > 0, distance / spread, np.nan)
    return Influenced(by_seed, influences)


def asymmetry(predicted: Ints, labels: Ints, pair: Pair) -> Asymmetry:
    """Which class of a pair is taken for the other more often, from predicted classes (S, N).

    The interval is Wilson's for the share of the first class among confusions. Seeds that confuse the same image are
    no further trials: there are as many as Kish's effective sample size (Survey Sampling, 1965, section 11.7), with
    each image weighing as many seeds as confuse it. It leaves seed-to-seed variation out.
    """
    seeds = [(predicted[:, labels == own] == other).sum(axis=0) for own, other in (pair, pair[::-1])]
    forth, back = (int(counts.sum()) for counts in seeds)
    taken = (forth / len(predicted), back / len(predicted))
    if not forth + back:
        return Asymmetry(None, taken)
    trials = (forth + back) ** 2 / sum(int((counts**2).sum()) for counts in seeds)
    share = forth / (forth + back)
    low, high = wilson_interval(share * trials, trials)
    return Asymmetry(Estimate(2 * share - 1, 2 * low - 1, 2 * high - 1), taken)
