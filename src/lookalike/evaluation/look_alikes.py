"""All variants of a study on the test images: look-alike classes, pairs of models, images that were trained on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.test_sets import TestSet
from lookalike.errors import InputError
from lookalike.evaluation.cases import pick_cases
from lookalike.evaluation.groups import group_confusion, look_alike_figures
from lookalike.evaluation.metrics import Ints
from lookalike.evaluation.pairs import Ranking, Side, as_json, compare_pair
from lookalike.evaluation.statistics import resample

CASES = 2  # of each kind that are picked
RANKED = 50  # images with the same prediction that are listed, the most divergent first

Json = dict[str, Any]


@dataclass(frozen=True)
class ComparedPair:
    """Two variants, and all test images with the same prediction by their divergence."""

    first: str
    second: str
    ranking: Ranking

    @property
    def agreed(self) -> bool:
        """Whether there is any such image."""
        return len(self.ranking.indices) > 0


def study_look_alikes(
    sides: dict[str, Side], test_set: TestSet, group_of: Ints, pairs: Sequence[tuple[str, str]]
) -> tuple[Json, list[ComparedPair]]:
    """The figures of all variants and pairs, JSON-able, and each pair's ranking of images, to be drawn.

    Args:
        sides: logits and temperatures of each variant that did not diverge, for the images of `test_set`.
        group_of: (C,), see `groups`.
        pairs: the variants to compare.

    Raises:
        InputError: there are no variants.
    """
    if not sides:
        raise InputError("every seed of every variant diverged: nothing is left to compare; lower their lr")
    labels, shown = test_set.labels, test_set.shown
    weights = resample(len(labels))
    figures = {name: asdict(look_alike_figures(side.logits, labels, group_of, weights)) for name, side in sides.items()}
    comparisons, drawn = [], []
    for first, second in pairs:
        comparison = compare_pair(sides[first], sides[second], labels, group_of, weights)
        drawn.append(ComparedPair(first, second, comparison.ranking))
        ranking = {key: values[:RANKED] for key, values in as_json(comparison)["ranking"].items()}
        cases = pick_cases(sides[first].logits[0], sides[second].logits[0], labels, CASES, among=shown)
        own = {"ranking": ranking, "cases": [asdict(case) for case in cases]}
        comparisons.append({"first": first, "second": second, **as_json(comparison), **own})
    found = {
        "variants": figures,
        "confusions": {
            name: group_confusion(side.predicted[0], labels, group_of).tolist() for name, side in sides.items()
        },
        "pairs": comparisons,
        "duplicates": accuracy_without_repeats(sides, test_set),
    }
    return found, drawn


def accuracy_without_repeats(sides: dict[str, Side], test_set: TestSet) -> Json:
    """Test images that stand in the published training set as well, and every variant's accuracy without them.

    `images` stand there byte for byte; `near` only share their average hash with a training image, of the same label.
    """
    others = np.ones(len(test_set.labels), bool)
    others[test_set.repeated] = others[test_set.near] = False
    right = {name: (side.predicted == test_set.labels).mean(axis=0) for name, side in sides.items()}
    return {
        "images": test_set.repeated.tolist(),
        "near": test_set.near.tolist(),
        "accuracy": {
            name: {"with": mean_or_none(one), "without": mean_or_none(one[others])} for name, one in right.items()
        },
    }


def mean_or_none(values: NDArray[np.floating]) -> float | None:
    """The mean as a plain number; None without values."""
    return float(values.mean()) if len(values) else None
