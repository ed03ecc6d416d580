"""Look-alike groups: mistakes within and across groups, and the probability given to look-alikes.

Throughout, `group_of` (C,) gives the group number of each class; its look-alikes are the other classes of its group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats, Ints, confusion_matrix, log_softmax
from lookalike.evaluation.statistics import Estimate, ratio_estimate, resampled_sums

PRODUCTS = 10


@dataclass(frozen=True)
class LookAlikeFigures:
    """Figures of S seeds about look-alikes; None where a figure has no images. `dataclasses.asdict` makes it JSON-able.

    A figure is a mean over seeds and images, its interval that of the bootstrap over images.

    Attributes:
        group_accuracy: share of images predicted in the true class's group.
        confused_within, confused_across: shares of all images predicted wrongly inside and outside that group.
        true_..., look_alikes_..., outside_...: probability given to the true class, to its look-alikes and to the other
            groups; over all images, those predicted right, and those predicted wrong.
        severity: height of the lowest common ancestor of true and predicted class in the tree class < group < all,
            mean over mistakes: 1 (within the group) to 2 (Bertinetto et al., Making Better Mistakes, CVPR 2020).
        mistakes: how many images a seed predicts wrong, mean over seeds: the denominator of `severity`.
        shopper_true, shopper_group: of ten products allotted by the predicted probabilities, the expected number that
            are of the true class, and of its group (this class included): 0 to 10.
        margin: difference of the two highest probabilities.
        overconfidence: highest probability minus the share of images predicted right.
        entropy: of the predicted distribution, in nats.
    """

    group_accuracy: Estimate
    confused_within: Estimate
    confused_across: Estimate
    true_all: Estimate
    true_right: Estimate | None
    true_wrong: Estimate | None
    look_alikes_all: Estimate
    look_alikes_right: Estimate | None
    look_alikes_wrong: Estimate | None
    outside_all: Estimate
    outside_right: Estimate | None
    outside_wrong: Estimate | None
    severity: Estimate | None
    mistakes: float
    shopper_true: Estimate
    shopper_group: Estimate
    margin: Estimate
    overconfidence: Estimate
    entropy: Estimate


def group_numbers(groups: Mapping[str, Sequence[str]], class_names: Sequence[str]) -> NDArray[np.int64]:
    """The number (C,) of each class's group, counted in the order of `groups`; every class stands in exactly one."""
    number = {name: k for k, members in enumerate(groups.values()) for name in members}
    return np.array([number[name] for name in class_names], np.int64)


def look_alike_pairs(group_of: Ints) -> tuple[tuple[int, int], ...]:
    """All pairs of classes of the same group, in the order of the classes."""
    pairs = combinations(range(len(group_of)), 2)
    return tuple((first, second) for first, second in pairs if group_of[first] == group_of[second])


def group_confusion(predicted: Ints, labels: Ints, group_of: Ints) -> NDArray[np.int64]:
    """Counts (G, G) of images: row the true class's group, column the predicted one's."""
    return confusion_matrix(group_of[predicted], group_of[labels], int(group_of.max()) + 1)


def probability_shares(probabilities: Floats, labels: Ints, group_of: Ints) -> dict[str, Floats]:
    """Probability given to the true class, to its look-alikes and outside the group, which sum to one.

    Args:
        probabilities: (..., N, C).
        labels: (N,).

    Returns:
        "true", "look_alikes" and "outside", each (..., N).
    """
    group = group_of[:, None] == group_of
    itself = np.eye(len(group_of), dtype=bool)
    parts = {"true": itself, "look_alikes": group & ~itself, "outside": ~group}
    return {name: (probabilities * part[labels]).sum(axis=-1) for name, part in parts.items()}


def look_alike_figures(
    logits: NDArray[np.floating], labels: Ints, group_of: Ints, weights: NDArray[np.float64]
) -> LookAlikeFigures:
    """All figures of one model.

    Args:
        logits: (S, N, C), of S seeds.
        labels: (N,).
        weights: (draws, N), see `statistics.resample`.
    """
    predicted = logits.argmax(axis=2)
    right, in_group = predicted == labels, group_of[predicted] == group_of[labels]
    everywhere = np.ones_like(right)
    cases = {"all": everywhere, "right": right, "wrong": ~right}
    means = {
        "group_accuracy": (in_group, "all"),
        "confused_within": (in_group & ~right, "all"),
        "confused_across": (~in_group, "all"),
        "severity": (np.where(in_group, 1, 2), "wrong"),
    }
    log_probabilities = np.stack([log_softmax(seed) for seed in logits])
    shares = probability_shares(np.exp(log_probabilities), labels, group_of)
    means |= {f"{part}_{case}": (shares[part], case) for part in shares for case in cases}
    means |= {name: (values, "all") for name, values in confidence_figures(log_probabilities, shares, right).items()}
    # a mean over seeds and images is a ratio of sums, in which images stay whole to be resampled
    drawn = {case: resampled_sums(where.sum(axis=0), weights) for case, where in cases.items()}
    estimates: dict[str, Any] = {}
    for name, (values, case) in means.items():
        sums = (values * cases[case]).sum(axis=0)
        counted = float(cases[case].sum())
        estimates[name] = ratio_estimate(float(sums.sum()), counted, resampled_sums(sums, weights), drawn[case])
    return LookAlikeFigures(**estimates, mistakes=float((~right).sum(axis=1).mean()))


def confidence_figures(
    log_probabilities: Floats, shares: dict[str, Floats], right: NDArray[np.bool_]
) -> dict[str, Floats]:
    """The figures of `LookAlikeFigures` about how sure a model is, for each seed and image: (S, N)."""
    probabilities = np.exp(log_probabilities)
    ascending = np.sort(probabilities, axis=2)
    return {
        "shopper_true": PRODUCTS * shares["true"],
        "shopper_group": PRODUCTS * (shares["true"] + shares["look_alikes"]),
        "margin": ascending[..., -1] - ascending[..., -2],
        "overconfidence": ascending[..., -1] - right,
        "entropy": -(probabilities * log_probabilities).sum(axis=2),
    }
