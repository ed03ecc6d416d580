"""All variants of a study on the same photographs: accuracy, comparisons, ablations, distances, failed preparations."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import PhotoOutputs
from lookalike.artifacts.photos import PhotoSet
from lookalike.artifacts.test_sets import TestSet
from lookalike.data.failed_preparations import GARMENTS, STRENGTHS
from lookalike.evaluation.distance import auroc_estimate
from lookalike.evaluation.hierarchical import pooled_spread
from lookalike.evaluation.metrics import Floats, Ints, softmax
from lookalike.evaluation.pairs import Side, as_json, compare_pair
from lookalike.evaluation.selective_prediction import accuracy_by_quantile, area_under_risk_coverage, risk_coverage
from lookalike.evaluation.statistics import Estimate, proportion, resample_clusters, share_difference, share_where
from lookalike.photographs.accuracy import best_scored, photograph_figures

Json = dict[str, Any]


def study_photos(
    outputs: dict[str, PhotoOutputs],
    sides: dict[str, Side],
    test_set: TestSet,
    group_of: Ints,
    pairs: Sequence[tuple[str, str]],
    collector: str,
) -> Json:
    """All results on photographs, JSON-able; variants that diverged are in none of the arguments.

    Nothing ({}) if the study's models were shown none.

    Args:
        outputs: by variant.
        sides: by variant, for the images of `test_set`.
        group_of: (C,), see `groups`.
        pairs: the variants to compare.
        collector: the class that is suspected to collect failed preparations.
    """
    photos = test_set.photos
    if photos is None:
        return {}
    labelled = photos.labels >= 0
    weights, labelled_weights = resample_clusters(photos.senders), resample_clusters(photos.senders[labelled])
    figures = {
        variant: {
            recipe: asdict(
                photograph_figures(logits, photos.labels, photos.attributes, photos.class_names, group_of, weights)
            )
            for recipe, logits in output.logits.items()
        }
        for variant, output in outputs.items()
    }
    comparisons = [
        compare_on_photographs((first, second), recipe, outputs, sides, photos.labels, group_of, labelled_weights)
        for first, second in pairs
        for recipe in photos.recipes
    ]
    return {
        "provenance": photos.provenance,
        "photographs": len(labelled),
        "labelled": int(labelled.sum()),
        "figures": figures,
        "comparisons": comparisons,
        "chosen": best_on_first_half(figures),
        "ablations": {
            name: ablation_accuracies(one, photos, labelled_weights) for name, one in outputs.items() if one.ablations
        },
        "distance": {
            name: {recipe: distance_and_confidence(one, recipe, photos.labels) for recipe in one.logits}
            for name, one in outputs.items()
        },
        "failed_preparations": collector_shares_by_way(
            outputs, photos.class_names.index(collector), test_set.labels[:GARMENTS]
        )
        | {"collector": collector},
    }


def compare_on_photographs(
    names: tuple[str, str],
    recipe: str,
    outputs: dict[str, PhotoOutputs],
    sides: dict[str, Side],
    labels: Ints,
    group_of: Ints,
    weights: NDArray[np.float64],
) -> Json:
    """The comparison of two variants on the labelled photographs, prepared by one recipe."""
    where = labels >= 0
    known = {name: output.logits[recipe][:, where] for name, output in outputs.items()}
    spread = pooled_spread((logits.argmax(axis=2) == labels[where]).mean(axis=1).tolist() for logits in known.values())
    first, second = (Side(known[name], sides[name].temperatures, spread) for name in names)
    comparison = as_json(compare_pair(first, second, labels[where], group_of, weights))
    del comparison["ranking"]
    return {"first": names[0], "second": names[1], "recipe": recipe, **comparison}


def best_on_first_half(figures: dict[str, dict[str, Json]]) -> Json:
    """The variant and recipe that are best on one half of the photographs, and how good they are on the other."""
    scores = {
        (variant, recipe): one["halves"]["choose"]["accuracy"]["value"]
        for variant, recipes in figures.items()
        for recipe, one in recipes.items()
    }
    variant, recipe = best_scored(scores)
    return {"variant": variant, "recipe": recipe, **figures[variant][recipe]["halves"]}


def ablation_accuracies(output: PhotoOutputs, photos: PhotoSet, weights: NDArray[np.float64]) -> list[Json]:
    """Accuracy of the first seed on labelled photographs without each step, and the difference: after minus before."""
    where = photos.labels >= 0
    labels = photos.labels[where]
    rows = []
    for way, predicted in output.ablations.items():
        after = predicted[where] == labels
        before = output.logits[way.recipe][0, where].argmax(axis=1) == labels
        accuracy = share_where(after, np.ones_like(after), weights)
        assert accuracy is not None  # models are shown labelled photographs or none
        estimates = {
            "accuracy": asdict(accuracy),
            "difference": asdict(share_difference(after, before, weights)),
        }
        rows.append({"recipe": way.recipe, "step": way.without, **estimates})
    return rows


def distance_and_confidence(output: PhotoOutputs, recipe: str, labels: Ints) -> Json:
    """Distance from the training images and selective prediction, for the first seed and one recipe."""
    logits, distances, where = output.logits[recipe][0], output.distances[recipe], labels >= 0
    confidence, right = softmax(logits).max(axis=1), logits.argmax(axis=1) == labels
    scores = {"confidence": confidence, "distance": -distances}
    return {
        "from_test_images": asdict(auroc_estimate(distances, output.test_distances)),
        "from_none_of_the_classes": {
            name: auroc_or_none(score[where], score[~where]) for name, score in scores.items()
        },
        "right_from_wrong": {
            name: auroc_or_none(score[where & right], score[where & ~right]) for name, score in scores.items()
        },
        "quantiles": [asdict(part) for part in accuracy_by_quantile(distances[where], right[where])],
        "abstention": {name: asdict(risk_coverage(score[where], right[where])) for name, score in scores.items()},
        "aurc": {name: area_under_risk_coverage(score[where], right[where]) for name, score in scores.items()},
    }


def auroc_or_none(higher: Floats, lower: Floats) -> Json | None:
    """AUROC of a score whose `higher` values should exceed the `lower` ones; None if there are none of either."""
    return asdict(auroc_estimate(higher, lower)) if len(higher) and len(lower) else None


def collector_shares_by_way(outputs: dict[str, PhotoOutputs], collector: int, labels: Ints) -> Json:
    """Share of test images of other classes predicted as `collector`, by way and strength of corruption."""
    focus = {name: one.garments for name, one in outputs.items() if one.garments}
    ways = next(iter(focus.values()), {})
    return {
        "strengths": list(STRENGTHS),
        "ways": {
            way: {
                name: [asdict(collector_share(predicted, labels, collector)) for predicted in corrupted[way]]
                for name, corrupted in focus.items()
            }
            for way in ways
        },
    }


def collector_share(predicted: Ints, labels: Ints, collector: int) -> Estimate:
    """Share of the images of all other classes that is predicted as the class `collector`, with Wilson's interval.

    Args:
        predicted: (N,).
        labels: (N,); images labelled -1 are of no class and do not count.

    Raises:
        ValueError: no image of another class.
    """
    others = (labels != collector) & (labels >= 0)
    return proportion(int((predicted[others] == collector).sum()), int(others.sum()))
