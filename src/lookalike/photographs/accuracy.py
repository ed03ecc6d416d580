"""Accuracy of a variant on photographs: overall, by class, by attribute and by half, and its confusions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.photos import HALVES
from lookalike.evaluation.metrics import Ints, confusion_matrix, softmax
from lookalike.evaluation.statistics import Estimate, mean_where, share_where

BEST = "fitted"  # the recipe that is the most accurate one for the released models (published report)
DESCRIBED_BY = ("background", "items", "view", "worn")


@dataclass(frozen=True)
class SubsetAccuracy:
    """Number of some labelled photographs, and the share that is predicted right; None if there are none."""

    images: int
    accuracy: Estimate | None


@dataclass(frozen=True)
class PhotographFigures:
    """Accuracy and confusions of S seeds on prepared photographs; `dataclasses.asdict` makes it JSON-able.

    Only photographs whose label is one of the classes count. A figure is a mean over seeds and photographs, its
    interval over senders (`statistics.share_where`, and `mean_where` for the confidence); None if there are no
    photographs, or too few.

    Attributes:
        all, without_doubtful: every photograph, and those whose label is not marked as doubtful.
        halves: "choose" and "score".
        classes: by true class, every class.
        attributes: attribute -> value -> photographs, for every value that occurs, "" where it is unknown.
        group_accuracy: share predicted in the true class's look-alike group.
        predicted: share predicted as each class, right or wrong.
        confidence: highest probability.
        confusion: counts (C, C) of the first seed, row the true class, column the predicted one.
    """

    all: SubsetAccuracy
    without_doubtful: SubsetAccuracy
    halves: dict[str, SubsetAccuracy]
    classes: dict[str, SubsetAccuracy]
    attributes: dict[str, dict[str, SubsetAccuracy]]
    group_accuracy: Estimate | None
    predicted: dict[str, Estimate | None]
    confidence: Estimate | None
    confusion: list[list[int]]


def photograph_figures(
    logits: NDArray[np.floating],
    labels: Ints,
    attributes: Mapping[str, Sequence[str]],
    class_names: Sequence[str],
    group_of: Ints,
    weights: NDArray[np.float64],
) -> PhotographFigures:
    """All figures of one variant on photographs prepared by one recipe.

    Args:
        logits: (S, N, C), of S seeds.
        labels: (N,), -1 where the photograph shows none of the classes.
        attributes: N values each of "half", "doubtful" ("yes" if it is) and those in `DESCRIBED_BY`.
        class_names: C names.
        group_of: (C,), see `groups`.
        weights: (draws, N), see `statistics.resample_clusters`.
    """
    about = {name: np.asarray(values, str) for name, values in attributes.items()}
    predicted, labelled = logits.argmax(axis=2), labels >= 0
    right = (predicted == labels).mean(axis=0)
    in_group = group_of[predicted] == group_of[labels]  # of the labelled ones
    confidence = np.stack([softmax(seed).max(axis=1) for seed in logits])

    def subset(where: NDArray[np.bool_]) -> SubsetAccuracy:
        return SubsetAccuracy(int(where.sum()), share_where(right, where, weights))

    return PhotographFigures(
        all=subset(labelled),
        without_doubtful=subset(labelled & (about["doubtful"] != "yes")),
        halves={half: subset(labelled & (about["half"] == half)) for half in HALVES},
        classes={name: subset(labels == k) for k, name in enumerate(class_names)},
        attributes={
            name: {str(value): subset(labelled & (about[name] == value)) for value in np.unique(about[name])}
            for name in DESCRIBED_BY
        },
        group_accuracy=share_where(in_group.mean(axis=0), labelled, weights),
        predicted={
            name: share_where((predicted == k).mean(axis=0), labelled, weights) for k, name in enumerate(class_names)
        },
        confidence=mean_where(confidence.mean(axis=0), labelled, weights),
        confusion=confusion_matrix(predicted[0][labelled], labels[labelled], len(class_names)).tolist(),
    )


def best_recipe(logits: Mapping[str, Mapping[str, NDArray[np.floating]]], labels: Ints, halves: Sequence[str]) -> str:
    """The recipe of the best variant and recipe, see `best_scored`.

    Args:
        logits: variant -> recipe -> (S, N, C), of one variant at least.
        labels: (N,), -1 where the photograph shows none of the classes.
        halves: N values, those of the attribute "half".
    """
    where = (labels >= 0) & (np.asarray(halves, str) == HALVES[0])
    scores = {
        (variant, recipe): float(((one.argmax(axis=2) == labels).mean(axis=0) * where).sum() / where.sum())
        for variant, recipes in logits.items()
        for recipe, one in recipes.items()
    }
    return best_scored(scores)[1]


def best_scored(scores: Mapping[tuple[str, str], float]) -> tuple[str, str]:
    """The (variant, recipe) with the highest accuracy on the half "choose"; of equal ones the first in order.

    Raises:
        ValueError: nothing to choose from.
    """
    return max(scores, key=lambda pair: scores[pair])
