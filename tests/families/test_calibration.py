"""Classwise calibration and selective prediction, against slow loops and the plain functions of one seed."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.evaluation.selective_prediction import accuracy_of_surest, area_under_risk_coverage
from lookalike.evaluation.statistics import proportion
from lookalike.families.calibration import (
    COVERAGES,
    answered_images,
    area_difference,
    class_gaps_by_bin,
    classwise_error,
    order_by_score,
    selective_prediction,
)
from lookalike.families.jackknife import Floats

RNG = np.random.default_rng(0)
IMAGES, CLASSES = 600, 4
LABELS = RNG.integers(0, CLASSES, IMAGES)


def probabilities(seeds: int, sharpness: float = 1.0) -> Floats:
    """Probabilities that favour the label."""
    logits = sharpness * (RNG.normal(size=(seeds, IMAGES, CLASSES)) + 1.5 * np.eye(CLASSES)[LABELS])
    return np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)


def slow_error(found: Floats) -> float:
    """The classwise calibration error of one seed, bin by bin as in the paper."""
    errors = []
    for c in range(CLASSES):
        error = 0.0
        for b in range(15):
            inside = [n for n in range(IMAGES) if b / 15 < found[n, c] <= (b + 1) / 15]
            if inside:
                gap = np.mean([LABELS[n] == c for n in inside]) - np.mean([found[n, c] for n in inside])
                error += len(inside) / IMAGES * abs(gap)
        errors.append(error)
    return float(np.mean(errors))


def test_the_error_is_that_of_the_paper() -> None:
    found = probabilities(2)
    estimate = classwise_error(found, LABELS)
    assert estimate.value == pytest.approx(np.mean([slow_error(seed) for seed in found]))


def test_an_error_that_noise_explains_may_be_zero() -> None:
    found = probabilities(1)
    rng = np.random.default_rng(5)
    drawn = np.array([rng.choice(CLASSES, p=row) for row in found[0]])
    assert classwise_error(found, drawn).low == 0
    too_sure = classwise_error(probabilities(1, 4), LABELS)
    assert 0 < too_sure.low < too_sure.value


def test_gaps_add_up_to_label_counts_minus_probabilities() -> None:
    found = probabilities(1)[0]
    gaps = class_gaps_by_bin(found, LABELS)
    assert gaps.shape == (IMAGES, CLASSES * 15)
    sums = gaps.sum(axis=0).reshape(CLASSES, 15).sum(axis=1)
    np.testing.assert_allclose(sums, np.bincount(LABELS) - found.sum(axis=0))


def answers(seeds: int, images: int = IMAGES, digits: int = 1) -> tuple[Floats, NDArray[np.bool_]]:
    """Scores, some of them equal, and right predictions that are likelier for higher scores."""
    scores = RNG.random((seeds, images)).round(digits)
    return scores, RNG.random((seeds, images)) < 0.5 + scores / 2


def test_figures_are_those_of_one_seed_after_another() -> None:
    scores, right = answers(3)
    found = order_by_score(scores, right).by_seed(np.ones((1, IMAGES)))[0]
    for k, seed in enumerate(zip(scores, right, strict=True)):
        curve = accuracy_of_surest(*seed)
        np.testing.assert_allclose(found[k, :-1], [curve[round(coverage * IMAGES) - 1] for coverage in COVERAGES])
        assert found[k, -1] == pytest.approx(area_under_risk_coverage(*seed))


def test_drawing_an_image_twice_is_having_it_twice() -> None:
    scores, right = answers(2, 300, digits=9)
    weights = RNG.integers(0, 3, (4, 300)).astype(float)
    found = order_by_score(scores, right).by_seed(weights)
    for draw, row in zip(found, weights.astype(int), strict=True):
        repeated = order_by_score(np.repeat(scores, row, axis=1), np.repeat(right, row, axis=1))
        expected = repeated.by_seed(np.ones((1, row.sum())))[0]
        np.testing.assert_allclose(draw[:, :-1], expected[:, :-1])
        np.testing.assert_allclose(draw[:, -1], expected[:, -1], atol=0.01)


@pytest.mark.parametrize(("coverage", "images", "expected"), [(0.7, 10, 7), (0.5, 5, 3), (0.5, 1, 1), (1.0, 4, 4)])
def test_coverages_are_of_whole_images(coverage: float, images: int, expected: int) -> None:
    assert answered_images(coverage, images) == expected


def test_answers_that_are_all_right_have_wilson_intervals() -> None:
    found = selective_prediction(answers(3, 20)[0], np.ones((3, 20), bool))
    assert found.accuracies == tuple(proportion(k, k) for k in (10, 14, 18, 20))
    assert (found.area.value, found.area.low) == (0, 0)
    assert found.area.high == pytest.approx(1 - proportion(20, 20).low)


def test_intervals_surround_the_values() -> None:
    found = selective_prediction(*answers(3))
    for estimate in (*found.accuracies, found.area):
        assert 0 <= estimate.low < estimate.value < estimate.high <= 1
    rising = [one.value for one in found.accuracies]
    assert rising == sorted(rising, reverse=True)


def test_the_difference_of_areas_is_that_of_both() -> None:
    first, second = answers(3), answers(4)
    found = area_difference(first, second)
    sides: Sequence[tuple[Floats, NDArray[np.bool_]]] = (first, second)
    areas = [np.mean([area_under_risk_coverage(*seed) for seed in zip(*side, strict=True)]) for side in sides]
    assert found is not None
    assert found.value == pytest.approx(areas[0] - areas[1])
    assert area_difference((first[0][:2], first[1][:2]), second) is None


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="a score is NaN"):
        selective_prediction(np.full((1, 3), np.nan), np.ones((1, 3), bool))
