"""Confident learning, against cleanlab and a slow loop."""

import cleanlab
import numpy as np
import pytest

from lookalike.evaluation.metrics import label_margins
from lookalike.evaluation.statistics import proportion
from lookalike.families.label_errors import (
    accuracy_without,
    candidates,
    confident_joint,
    counted_as,
    thresholds,
)

RNG = np.random.default_rng(0)
CLASSES, IMAGES = 6, 2_000
TRUTH = RNG.integers(0, CLASSES, IMAGES)
WRONG = RNG.random(IMAGES) < 0.08
LABELS = np.where(WRONG, (TRUTH + RNG.integers(1, CLASSES, IMAGES)) % CLASSES, TRUTH)
SCORES = RNG.normal(size=(IMAGES, CLASSES)) + 2.5 * np.eye(CLASSES)[TRUTH]
PROBABILITIES = np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True)


def test_the_joint_is_that_of_cleanlab() -> None:
    expected = cleanlab.count.compute_confident_joint(LABELS, PROBABILITIES, calibrate=False)
    found = confident_joint(PROBABILITIES, LABELS)
    off = ~np.eye(CLASSES, dtype=bool)
    np.testing.assert_array_equal(found[off], expected[off])
    np.testing.assert_array_equal(np.diag(found), np.diag(expected))


def test_candidates_are_those_of_cleanlab_in_its_order() -> None:
    expected = cleanlab.filter.find_label_issues(
        LABELS, PROBABILITIES, filter_by="confident_learning", return_indices_ranked_by="normalized_margin", n_jobs=1
    )
    assert candidates(PROBABILITIES, LABELS).tolist() == expected.tolist()
    assert WRONG[expected].mean() > 0.5  # and they are what was made wrong


def test_margins_are_those_of_cleanlab() -> None:
    expected = cleanlab.rank.get_normalized_margin_for_each_label(LABELS, PROBABILITIES)
    np.testing.assert_allclose((label_margins(PROBABILITIES, LABELS) + 1) / 2, expected)


def test_images_are_counted_as_the_paper_says() -> None:
    limits = [np.mean([PROBABILITIES[n, j] for n in range(IMAGES) if LABELS[n] == j]) for j in range(CLASSES)]
    np.testing.assert_allclose(thresholds(PROBABILITIES, LABELS), limits)
    expected = []
    for row in PROBABILITIES:
        reached = [j for j in range(CLASSES) if row[j] >= limits[j]]
        expected.append(max(reached, key=lambda j: row[j]) if reached else -1)
    np.testing.assert_array_equal(counted_as(PROBABILITIES, LABELS), expected)


def test_a_class_without_images_is_no_suspicion() -> None:
    probabilities = np.array([[0.6, 0.0, 0.4], [0.4, 0.5, 0.1], [0.9, 0.05, 0.05]])
    found = counted_as(probabilities, np.array([0, 0, 0]))
    assert found.tolist() == [-1, -1, 0]
    assert candidates(probabilities, np.array([0, 0, 0])).size == 0


def test_accuracy_without_suspicious_labels_is_that_of_the_others() -> None:
    right = np.array([[True, False, True, True]])
    found = accuracy_without(right, np.array([1]))
    assert found.all_images == proportion(3, 4)
    assert found.without == proportion(3, 3)
    assert accuracy_without(right, np.arange(4)).without is None


def test_equal_margins_are_in_the_order_of_images() -> None:
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9], [0.1, 0.9], [0.1, 0.9]])
    assert candidates(probabilities, np.array([0, 1, 0, 0])).tolist() == [2, 3]
    assert label_margins(probabilities, np.array([0, 1, 0, 0])) == pytest.approx([0.8, 0.8, -0.8, -0.8])
