"""Complementary errors of two families: error consistency, and the gain from averaging models.

A pair of runs is *within* a family if both are of the same variant, and *between* families if each is of one variant.
Both kinds are pairs of different seeds: runs of one seed that see few images see the same ones
(`data.splits.seen_by`), and would agree more for that reason alone.
Two families are complementary where pairs between them agree less, or gain more, than pairs within them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.evaluation.hierarchical import UncertainValue
from lookalike.evaluation.metrics import Bools, Floats
from lookalike.evaluation.pairs import beyond_chance
from lookalike.families.jackknife import Ints, image_draws, jackknife_sides

PairValues = Callable[[Floats], Floats]
"""From weights (D, N) of images to a value of each pair of S seeds, (D, S, S)."""


@dataclass(frozen=True, eq=False)
class SeedPairContrast:
    """A quantity of pairs of seeds.

    Attributes:
        within: mean of the two variants, each over the pairs of its own seeds.
        between: mean over the pairs of a run of each variant, with different seeds.
        difference: between minus within.
    """

    within: UncertainValue
    between: UncertainValue
    difference: UncertainValue


def seed_pair_contrast(pair_values: PairValues, counts: tuple[int, int], weights: Floats) -> SeedPairContrast | None:
    """The pairs of seeds within and between two variants; None below three seeds, or where a mean is not defined.

    Args:
        pair_values: of the seeds of both variants, those of the first one first.
        counts: how many seeds each variant has.
        weights: (draws, N) of images.
    """

    def means(sides: tuple[float, float]) -> UncertainValue | None:
        def statistic(seeds: Sequence[Ints], weights: Floats) -> Floats:
            pairs, (first, second) = pair_values(weights), seeds
            within = (own_pairs(pairs, first) + own_pairs(pairs, counts[0] + second)) / 2
            rows, columns = np.nonzero(first[:, None] != second)
            between = pairs[:, first[rows], counts[0] + second[columns]].mean(axis=1)
            return sides[0] * within + sides[1] * between

        return jackknife_sides(statistic, counts, weights)

    found = [means(signs) for signs in ((1, 0), (0, 1), (-1, 1))]
    within, between, difference = found
    return SeedPairContrast(within, between, difference) if within and between and difference else None


def own_pairs(pairs: Floats, seeds: Ints) -> Floats:
    """The mean of values (D, S, S) over the pairs of different seeds among `seeds`: (D,)."""
    first, second = np.triu_indices(len(seeds), 1)
    return pairs[:, seeds[first], seeds[second]].mean(axis=1)


def kappas(shares: Floats, both: Floats) -> Floats:
    """The error consistency of all pairs of models, see `pairs.error_consistency`; NaN where chance alone agrees.

    Args:
        shares: (..., M), of images that each model gets right.
        both: (..., M, M), of images that both get right.
    """
    first, second = shares[..., :, None], shares[..., None, :]
    excess, room = beyond_chance(first, second, 1 - first - second + 2 * both)
    return np.divide(excess, room, out=np.full_like(both, np.nan), where=room > 1e-12)


def kappa_matrix(right: Bools) -> Floats:
    """The error consistency of every pair of M models, from right predictions (M, N): (M, M)."""
    as_numbers = right.astype(np.float64)
    return kappas(as_numbers.mean(axis=1), as_numbers @ as_numbers.T / right.shape[1])


def consistency_contrast(first: Bools, second: Bools) -> SeedPairContrast | None:
    """The error consistency within and between two variants, from right predictions (A, N) and (B, N).

    None below three seeds of a variant, or where a seed gets every image right or wrong.
    """
    right = np.concatenate([first, second]).astype(np.float64)
    joint = (right[:, None] * right).reshape(-1, right.shape[1])

    def values(weights: Floats) -> Floats:
        total = weights.sum(axis=1, keepdims=True)
        both = weights @ joint.T / total
        return kappas(weights @ right.T / total, both.reshape(-1, len(right), len(right)))

    return seed_pair_contrast(values, (len(first), len(second)), image_draws(right.shape[1]))


def averaging_contrast(first: Floats, second: Floats, labels: Ints) -> SeedPairContrast | None:
    """The accuracy of averaged probabilities over the mean accuracy of both models, within and between two variants.

    Args:
        first, second: probabilities (A, N, C) and (B, N, C).
        labels: (N,).
    """
    probabilities = np.concatenate([first, second])
    right = (probabilities.argmax(axis=2) == labels).astype(np.float64)
    gains = np.zeros((len(right), len(right), len(labels)))
    for one, other in zip(*np.triu_indices(len(right), 1), strict=True):
        averaged = (probabilities[one] + probabilities[other]).argmax(axis=1) == labels
        gains[one, other] = gains[other, one] = averaged - (right[one] + right[other]) / 2

    def values(weights: Floats) -> Floats:
        total = weights.sum(axis=1, keepdims=True)
        means = weights @ gains.reshape(-1, len(labels)).T / total
        return means.reshape(-1, len(right), len(right))

    return seed_pair_contrast(values, (len(first), len(second)), image_draws(len(labels)))
