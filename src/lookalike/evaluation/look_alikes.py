"""All variants of a study on the test images: look-alike classes, pairs of models, images that were trained on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import ImageFiles, Pixels, View
from lookalike.errors import InputError
from lookalike.evaluation.cases import pick_cases
from lookalike.evaluation.duplicates import average_hash, duplicated
from lookalike.evaluation.groups import group_confusion, look_alike_figures
from lookalike.evaluation.metrics import Ints
from lookalike.evaluation.pairs import Ranking, Side, as_json, compare
from lookalike.evaluation.statistics import resample

SMALL, CHUNK = 32, 500  # side of what a photograph is hashed by, and images hashed at once
CASES = 2  # of each kind that are picked
RANKED = 50  # images with the same prediction that are listed, the most divergent first

Json = dict[str, Any]


@dataclass(frozen=True)
class Pair:
    """Two variants, and all test images with the same prediction by their divergence."""

    first: str
    second: str
    ranking: Ranking

    @property
    def agreed(self) -> bool:
        """Whether there is any such image."""
        return len(self.ranking.indices) > 0


def study_look_alikes(
    sides: dict[str, Side], dataset: Dataset, group_of: Ints, pairs: Sequence[tuple[str, str]]
) -> tuple[Json, list[Pair]]:
    """Figures, JSON-able, and what is to be drawn of each pair.

    Args:
        sides: logits and temperatures of each variant that did not diverge, for the test images of `dataset`.
        group_of: (C,), see `groups`.
        pairs: the variants to compare.

    Raises:
        InputError: there are no variants.
    """
    if not sides:
        raise InputError("every seed of every variant diverged: nothing is left to compare; lower their lr")
    labels = dataset.test_labels.astype(np.int64)
    weights = resample(len(labels))
    figures = {name: asdict(look_alike_figures(side.logits, labels, group_of, weights)) for name, side in sides.items()}
    comparisons, drawn = [], []
    for first, second in pairs:
        comparison = compare(sides[first], sides[second], labels, group_of, weights)
        drawn.append(Pair(first, second, comparison.ranking))
        ranking = {key: values[:RANKED] for key, values in as_json(comparison)["ranking"].items()}
        cases = pick_cases(sides[first].logits[0], sides[second].logits[0], labels, CASES)
        own = {"ranking": ranking, "cases": [asdict(case) for case in cases]}
        comparisons.append({"first": first, "second": second, **as_json(comparison), **own})
    found = {
        "variants": figures,
        "confusions": {
            name: group_confusion(side.predicted[0], labels, group_of).tolist() for name, side in sides.items()
        },
        "pairs": comparisons,
        "duplicates": trained_on(sides, dataset),
    }
    return found, drawn


def trained_on(sides: dict[str, Side], dataset: Dataset) -> Json:
    """Test images that stand in the published training set as well, and every variant's accuracy without them.

    `images` stand there byte for byte; `near` only share their average hash with a training image, of the same label.
    """
    twice = duplicated(dataset.test_images, dataset.train_images)
    near = duplicated(*(labelled_hash(*part) for part in parts(dataset))) & ~twice
    right = {name: (side.predicted == dataset.test_labels).mean(axis=0) for name, side in sides.items()}
    return {
        "images": np.flatnonzero(twice).tolist(),
        "near": np.flatnonzero(near).tolist(),
        "accuracy": {name: {"with": mean(one), "without": mean(one[~(twice | near)])} for name, one in right.items()},
    }


def parts(dataset: Dataset) -> list[tuple[Pixels, NDArray[np.uint8]]]:
    """Images and labels of the test and of the training set."""
    return [(dataset.test_images, dataset.test_labels), (dataset.train_images, dataset.train_labels)]


def labelled_hash(images: Pixels, labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The average hash of each image with its label: (N, bytes); photographs are made small for it."""
    small = images.seen(View(SMALL)) if isinstance(images, ImageFiles) else images
    hashes = [average_hash(small[start : start + CHUNK]) for start in range(0, len(small), CHUNK)]
    return np.column_stack([np.concatenate(hashes), labels])


def mean(values: NDArray[np.floating]) -> float | None:
    """The mean as a plain number; None of nothing."""
    return float(values.mean()) if len(values) else None
