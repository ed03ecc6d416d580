"""What a variant makes of photographs: how often it is right, on which of them, and where its errors go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.photos import HALVES
from lookalike.evaluation.metrics import Ints, confusion_matrix, softmax
from lookalike.evaluation.statistics import Estimate, mean_where, share_where

DESCRIBED_BY = ("background", "items", "view", "worn")


@dataclass(frozen=True)
class Part:
    """Some of the labelled photographs: how many, and the share that is predicted right; None if there are none."""

    images: int
    accuracy: Estimate | None


@dataclass(frozen=True)
class PhotographFigures:
    """What S seeds make of photographs brought to the model's format; `dataclasses.asdict` makes it JSON-able.

    Only photographs whose label is one of the classes count. A figure is a mean over seeds and photographs, its
    interval over senders (`statistics.share_where`, and `mean_where` for the confidence); None if there are no
    photographs, or too few.

    Attributes:
        all, without_doubtful: every photograph, and those whose label is not marked as doubtful.
        halves: "choose" and "score".
        classes: by true class, every class.
        attributes: attribute -> value -> photographs, for every value that occurs, "" where nothing was said.
        group_accuracy: share predicted in the true class's look-alike group.
        predicted: share predicted as each class, rightly or not.
        confidence: highest probability.
        confusion: counts (C, C) of the first seed, row the true class, column the predicted one.
    """

    all: Part
    without_doubtful: Part
    halves: dict[str, Part]
    classes: dict[str, Part]
    attributes: dict[str, dict[str, Part]]
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
    right = predicted == labels
    parts = {name: parts_by(about[name], right, labelled, weights) for name in DESCRIBED_BY}
    in_group = group_of[predicted] == group_of[labels]  # of the labelled ones
    confidence = np.stack([softmax(seed).max(axis=1) for seed in logits])
    return PhotographFigures(
        all=part(right, labelled, weights),
        without_doubtful=part(right, labelled & (about["doubtful"] != "yes"), weights),
        halves={half: part(right, labelled & (about["half"] == half), weights) for half in HALVES},
        classes={name: part(right, labels == k, weights) for k, name in enumerate(class_names)},
        attributes=parts,
        group_accuracy=share_where(in_group.mean(axis=0), labelled, weights),
        predicted={
            name: share_where((predicted == k).mean(axis=0), labelled, weights) for k, name in enumerate(class_names)
        },
        confidence=mean_where(confidence.mean(axis=0), labelled, weights),
        confusion=confusion_matrix(predicted[0][labelled], labels[labelled], len(class_names)).tolist(),
    )


def parts_by(
    values: NDArray[np.str_], right: NDArray[np.bool_], labelled: NDArray[np.bool_], weights: NDArray[np.float64]
) -> dict[str, Part]:
    """The labelled photographs (N,) by the value (N,) of an attribute, each value that any photograph has, sorted."""
    return {str(value): part(right, labelled & (values == value), weights) for value in np.unique(values)}


def part(right: NDArray[np.bool_], where: NDArray[np.bool_], weights: NDArray[np.float64]) -> Part:
    """The photographs `where` (N,), of all that the seeds get right or not (S, N)."""
    return Part(int(where.sum()), share_where(right.mean(axis=0), where, weights))


def best_recipe(logits: Mapping[str, Mapping[str, NDArray[np.floating]]], labels: Ints, halves: Sequence[str]) -> str:
    """The recipe of the best variant and recipe, see `choose`.

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
    return choose(scores)[1]


def choose(scores: Mapping[tuple[str, str], float]) -> tuple[str, str]:
    """The (variant, recipe) with the highest accuracy on the half "choose"; of equal ones the first in order.

    Raises:
        ValueError: nothing to choose from.
    """
    return max(scores, key=lambda pair: scores[pair])
