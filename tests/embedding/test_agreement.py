"""Scores against scikit-learn and all permutations, intervals against plain loops, and the extremes."""

import json
from dataclasses import asdict, fields
from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.metrics.cluster import contingency_matrix

from lookalike.embedding.agreement import (
    Agreement,
    adjusted_mutual_information,
    adjusted_rand,
    contingency,
    hungarian_accuracy,
    purity,
    resampled_tables,
    score_agreement,
    v_measure,
)
from lookalike.evaluation.statistics import Estimate, resample

SCORES = {
    "ari": (adjusted_rand, metrics.adjusted_rand_score),
    "ami": (adjusted_mutual_information, metrics.adjusted_mutual_info_score),
    "v_measure": (v_measure, metrics.v_measure_score),
}
Labels = NDArray[np.int64]


def partitions(clusters: int, classes: int, kept: float = 0.5, count: int = 120) -> tuple[Labels, Labels]:
    """Labels, and clusters that follow them in about a share `kept` of the points."""
    rng = np.random.default_rng(clusters * classes)
    labels = rng.integers(0, classes, count)
    return np.where(rng.random(count) < kept, labels % clusters, rng.integers(0, clusters, count)), labels


def best_by_permutation(clusters: Labels, labels: Labels) -> float:
    """The highest accuracy that naming each cluster after a class of its own can give."""
    k, c = int(clusters.max()) + 1, int(labels.max()) + 1
    names = (np.array(name) for name in permutations([*range(c), *[-1] * max(0, k - c)], k))
    return max(float((name[clusters] == labels).mean()) for name in names)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize(("clusters", "classes"), [(3, 3), (6, 4), (2, 5), (1, 4)])
def test_scores_are_those_of_scikit_learn(name: str, clusters: int, classes: int) -> None:
    ours, theirs = SCORES[name]
    found, labels = partitions(clusters, classes)
    assert ours(contingency(found, labels, classes)[None])[0] == pytest.approx(theirs(labels, found), abs=1e-12)


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("labels", [np.zeros(7, int), np.arange(7)])
def test_partitions_that_leave_no_choice_agree(name: str, labels: Labels) -> None:
    ours, theirs = SCORES[name]
    assert ours(contingency(labels, labels, 7)[None])[0] == theirs(labels, labels) == 1


@pytest.mark.parametrize(("clusters", "classes"), [(4, 4), (6, 3), (3, 5)])
def test_hungarian_accuracy_is_the_best_of_all_permutations(clusters: int, classes: int) -> None:
    found, labels = partitions(clusters, classes)
    accuracy = hungarian_accuracy(contingency(found, labels, classes)[None])[0]
    assert accuracy == pytest.approx(best_by_permutation(found, labels))
    assert accuracy < 1


def test_purity_by_hand() -> None:
    table = np.array([[3, 1, 0], [2, 2, 1], [0, 0, 1]])
    assert purity(table) == (3 + 2 + 1) / 10


def test_a_table_counts_points_and_keeps_classes_without_any() -> None:
    found, labels = partitions(5, 3)
    np.testing.assert_array_equal(contingency(found, labels.astype(np.uint8), 3), contingency_matrix(found, labels))
    np.testing.assert_array_equal(contingency(np.array([2, 0]), np.array([0, 1]), 3), [[0, 1, 0], [0] * 3, [1, 0, 0]])


def test_tables_of_resamples_are_those_of_the_drawn_points() -> None:
    (found, labels), weights = partitions(5, 3), resample(120, draws=7)
    for row, table in zip(weights, resampled_tables(found, labels, weights), strict=True):
        points = np.repeat(np.arange(120), row.astype(int))
        np.testing.assert_array_equal(table, contingency(found[points], labels[points], 3))


def test_intervals_spread_like_the_scores_of_resamples_around_the_value() -> None:
    (found, labels), weights = partitions(4, 3), resample(120, draws=60)
    images = [np.repeat(np.arange(120), row.astype(int)) for row in weights]
    result = score_agreement(found, labels, weights)
    expected = {name: (theirs, theirs(labels, found)) for name, (_, theirs) in SCORES.items()}
    for name, (theirs, value) in expected.items():
        scores = np.array([theirs(labels[drawn], found[drawn]) for drawn in images])
        low, high = np.quantile(value + scores - scores.mean(), [0.025, 0.975])
        assert getattr(result, name) == Estimate(*map(pytest.approx, (value, low, high))), name
        assert low < value < high


def test_chance_agreement_is_not_taken_for_agreement() -> None:
    """The plain quantiles of the resamples, of which a third of the points are copies, lie above zero."""
    (found, labels), weights = partitions(10, 10, kept=0, count=300), resample(300, draws=200)
    result = score_agreement(found, labels, weights)
    assert result.ari.low < 0 < result.ari.high
    assert result.ami.low < 0 < result.ami.high
    assert np.quantile(adjusted_rand(resampled_tables(found, labels, weights)), 0.025) > 0


@pytest.mark.parametrize("name", [field.name for field in fields(Agreement)])
def test_clusters_that_are_the_labels_under_other_numbers_agree_for_certain(name: str) -> None:
    _, labels = partitions(5, 5)
    renamed = np.array([3, 0, 4, 1, 2])[labels]
    assert getattr(score_agreement(renamed, labels, resample(120, draws=30)), name) == Estimate(1, 1, 1)


def test_more_clusters_than_classes_cost_accuracy_and_not_purity() -> None:
    labels = np.arange(120) % 3
    result = score_agreement(np.arange(120) % 6, labels, resample(120, draws=30))
    assert result.hungarian_accuracy.value == 0.5
    assert result.purity == Estimate(1, 1, 1)


def test_agreement_becomes_json() -> None:
    found = asdict(score_agreement(*partitions(4, 3), resample(120, draws=20)))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
