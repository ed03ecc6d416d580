"""Curves, areas and quantiles against plain loops over images, and for scores that are all the same."""

import itertools
import json
from dataclasses import asdict

import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.evaluation.selective_prediction import (
    RiskCoverage,
    accuracy_by_quantile,
    accuracy_of_surest,
    area_under_risk_coverage,
    risk_coverage,
)
from lookalike.evaluation.statistics import proportion

RNG = np.random.default_rng(8)
SCORES = RNG.permutation(257) / 256  # no two alike
RIGHT = RNG.random(257) < 0.3 + 0.6 * SCORES
TIED = np.array([0.5, 0.9, 0.5, 0.1, 0.5, 0.9, 0.1])
TIED_RIGHT = np.array([True, True, False, False, True, False, True])


def looped(scores: NDArray[np.floating], right: NDArray[np.bool_]) -> list[float]:
    """Accuracy among the k best images, k from 1 on; without ties."""
    best = sorted(range(len(scores)), key=lambda i: -scores[i])
    return [sum(bool(right[i]) for i in best[:k]) / k for k in range(1, len(scores) + 1)]


def test_accuracy_among_the_best_is_that_of_a_loop() -> None:
    np.testing.assert_allclose(accuracy_of_surest(SCORES, RIGHT), looped(SCORES, RIGHT), rtol=1e-12)


def test_of_ties_the_expectation_over_all_orders_counts() -> None:
    orders = itertools.permutations(range(7))
    expected = np.mean([looped(TIED + 1e-6 * np.array(order), TIED_RIGHT) for order in orders], axis=0)
    np.testing.assert_allclose(accuracy_of_surest(TIED, TIED_RIGHT), expected, rtol=1e-12)


@pytest.mark.parametrize(("scores", "right"), [(SCORES, RIGHT), (TIED, TIED_RIGHT), (np.round(SCORES, 1), RIGHT)])
def test_no_result_depends_on_the_order(scores: NDArray[np.floating], right: NDArray[np.bool_]) -> None:
    order = np.random.default_rng(1).permutation(len(scores))
    assert risk_coverage(scores[order], right[order]) == risk_coverage(scores, right)
    assert area_under_risk_coverage(scores[order], right[order]) == area_under_risk_coverage(scores, right)
    assert accuracy_by_quantile(scores[order], right[order]) == accuracy_by_quantile(scores, right)


@pytest.mark.parametrize("images", [1, 2, 99, 100, 101, 150, 199, 200, 257])
def test_a_curve_has_evenly_spaced_coverages_and_the_accuracies_at_them(images: int) -> None:
    scores, right = SCORES[:images], RIGHT[:images]
    curve, everywhere = risk_coverage(scores, right), looped(scores, right)
    assert len(curve.coverage) == len(curve.accuracy) == min(images, 100)
    assert curve.coverage[-1] == 1
    assert curve.accuracy[-1] == pytest.approx(right.mean())
    np.testing.assert_allclose(curve.coverage, np.linspace(0, 1, len(curve.coverage) + 1)[1:], atol=1 / images)
    kept = np.array(curve.coverage) * images
    np.testing.assert_allclose(kept, np.round(kept), atol=1e-9)
    assert (np.diff(kept) > 0.5).all()
    assert curve.accuracy == pytest.approx([everywhere[round(k) - 1] for k in kept])


def test_a_curve_by_hand() -> None:
    curve = risk_coverage(np.array([0.1, 0.4, 0.3, 0.2]), np.array([False, True, False, True]))
    assert curve == RiskCoverage([0.25, 0.5, 0.75, 1], [1, 0.5, pytest.approx(2 / 3), 0.5])
    assert json.loads(json.dumps(asdict(curve))) == asdict(curve)


@pytest.mark.parametrize(("scores", "right"), [(SCORES, RIGHT), (SCORES, RIGHT | True), (SCORES, RIGHT & False)])
def test_the_area_is_the_mean_risk(scores: NDArray[np.floating], right: NDArray[np.bool_]) -> None:
    risks = [1 - share for share in looped(scores, right)]
    assert area_under_risk_coverage(scores, right) == pytest.approx(sum(risks) / len(risks), abs=1e-12)


def test_the_area_of_scores_that_say_nothing_is_the_error() -> None:
    assert area_under_risk_coverage(np.ones(8), np.arange(8) < 6) == pytest.approx(0.25)


def test_the_area_is_least_for_scores_that_put_the_right_ones_first() -> None:
    areas = [area_under_risk_coverage(score, RIGHT) for score in (RIGHT + 0.0, SCORES, -SCORES, ~RIGHT + 0.0)]
    assert areas == sorted(areas)
    assert len(set(areas)) == 4


@pytest.mark.parametrize("bins", [1, 2, 5, 7])
@pytest.mark.parametrize("images", [7, 10, 23, 257])
def test_quantiles_are_those_of_a_loop(images: int, bins: int) -> None:
    scores, right = SCORES[:images], RIGHT[:images]
    ascending = sorted(range(images), key=lambda i: scores[i])
    quantiles = accuracy_by_quantile(scores, right, bins)
    assert len(quantiles) == bins
    assert max(q.count for q in quantiles) - min(q.count for q in quantiles) <= 1
    for quantile in quantiles:
        part, ascending = ascending[: quantile.count], ascending[quantile.count :]
        assert (quantile.low, quantile.high) == (scores[part[0]], scores[part[-1]])
        assert quantile.accuracy == proportion(sum(bool(right[i]) for i in part), len(part))
    assert not ascending


def test_images_with_the_same_score_stay_together() -> None:
    found = accuracy_by_quantile(TIED, TIED_RIGHT, bins=4)  # 0.1 0.1 | 0.5 0.5 0.5 | (none) | 0.9 0.9
    assert [(q.low, q.high, q.count) for q in found] == [(0.1, 0.1, 2), (0.5, 0.5, 3), (0.9, 0.9, 2)]
    assert [q.accuracy for q in found] == [proportion(1, 2), proportion(2, 3), proportion(1, 2)]


def test_one_image() -> None:
    scores, right = np.array([0.4]), np.array([True])
    assert risk_coverage(scores, right) == RiskCoverage([1], [1])
    assert area_under_risk_coverage(scores, right) == 0
    (quantile,) = accuracy_by_quantile(scores, right)
    assert (quantile.low, quantile.high, quantile.count, quantile.accuracy) == (0.4, 0.4, 1, proportion(1, 1))


def test_quantiles_become_json() -> None:
    written = [asdict(quantile) for quantile in accuracy_by_quantile(SCORES.astype(np.float32), RIGHT)]
    assert json.loads(json.dumps(written)) == written


@pytest.mark.parametrize("figure", [risk_coverage, area_under_risk_coverage, accuracy_by_quantile])
def test_scores_without_an_order_are_refused(figure) -> None:
    with pytest.raises(ValueError, match="no images"):
        figure(SCORES[:0], RIGHT[:0])
    with pytest.raises(ValueError, match="NaN"):
        figure(np.array([0.3, np.nan]), RIGHT[:2])
