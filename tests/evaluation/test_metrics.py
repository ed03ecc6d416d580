"""Metrics against scikit-learn, SciPy and torchmetrics, and at the ends of the number line."""

import numpy as np
import pytest
import sklearn.metrics
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax as scipy_log_softmax
from torchmetrics.classification import MulticlassCalibrationError

from lookalike.evaluation import metrics

Case = tuple[NDArray[np.float32], NDArray[np.uint8]]


@pytest.fixture(params=range(5))
def case(request: pytest.FixtureRequest) -> Case:
    """300 logits of 6 classes that lean to their labels; class 4 is never true, class 5 never predicted."""
    rng = np.random.default_rng(request.param)
    labels = rng.choice([0, 1, 2, 3, 5], 300).astype(np.uint8)
    logits = rng.normal(0, 2, (300, 6)).astype(np.float32)
    logits[np.arange(300), labels] += 1.5
    logits[:, 5] = -20
    return logits, labels


def test_log_softmax_is_that_of_scipy(case: Case) -> None:
    logits, _ = case
    expected = scipy_log_softmax(logits.astype(np.float64), axis=1)
    np.testing.assert_allclose(metrics.log_softmax(logits), expected, rtol=1e-12)
    np.testing.assert_allclose(metrics.softmax(logits), np.exp(expected), rtol=1e-12)
    assert metrics.log_softmax(logits).dtype == np.float64


@pytest.mark.parametrize("k", [1, 2, 5, 6])
def test_top_k_accuracy_is_that_of_sklearn(case: Case, k: int) -> None:
    logits, labels = case
    expected = sklearn.metrics.top_k_accuracy_score(labels, logits, k=k, labels=range(6)) if k < 6 else 1.0
    assert metrics.top_k_accuracy(logits, labels, k) == pytest.approx(expected, abs=1e-12)


def test_accuracy_is_that_of_sklearn(case: Case) -> None:
    logits, labels = case
    expected = sklearn.metrics.accuracy_score(labels, logits.argmax(axis=1))
    assert metrics.accuracy(logits, labels) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("label", "hits"), [(0, [0, 0, 1, 1]), (1, [1, 1, 1, 1]), (2, [0, 1, 1, 1]), (3, [0, 0, 0, 1])]
)
def test_of_equal_scores_the_lower_class_counts(label: int, hits: list[int]) -> None:
    scores = np.array([[1, 5, 5, 1]])
    assert [metrics.top_k_accuracy(scores, np.array([label]), k) for k in (1, 2, 3, 4)] == hits


def test_likelihood_and_brier_score_are_those_of_sklearn(case: Case) -> None:
    logits, labels = case
    probabilities = metrics.softmax(logits)
    nll = sklearn.metrics.log_loss(labels, probabilities, labels=range(6))
    assert metrics.negative_log_likelihood(logits, labels) == pytest.approx(nll, rel=1e-9)
    brier = sklearn.metrics.brier_score_loss(labels, probabilities, labels=range(6), scale_by_half=False)
    assert metrics.brier_score(probabilities, labels) == pytest.approx(brier, rel=1e-9)


@pytest.mark.parametrize(
    ("probabilities", "expected"), [([1, 0], 0), ([0, 1], 2), ([0.5, 0.5], 0.5), ([0.2, 0.8], 1.28)]
)
def test_brier_score_lies_between_0_and_2(probabilities: list[float], expected: float) -> None:
    assert metrics.brier_score(np.array([probabilities]), np.array([0])) == pytest.approx(expected)


@pytest.mark.parametrize(("label", "nll"), [(0, 0.0), (1, 1e4), (2, 2e4)])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_extreme_logits_stay_finite(label: int, nll: float, kind: type) -> None:
    logits, labels = np.array([[1e4, 0, -1e4]], kind), np.array([label])
    assert metrics.negative_log_likelihood(logits, labels) == nll
    np.testing.assert_array_equal(metrics.softmax(logits), [[1, 0, 0]])
    assert metrics.brier_score(metrics.softmax(logits), labels) == 2 * (label != 0)
    bins = metrics.reliability(metrics.softmax(logits), labels)
    assert bins.expected_calibration_error == (label != 0)


def test_confusion_matrix_and_class_scores_are_those_of_sklearn(case: Case) -> None:
    logits, labels = case
    predicted = logits.argmax(axis=1)
    confusion = metrics.confusion_matrix(predicted, labels, 6)
    np.testing.assert_array_equal(confusion, sklearn.metrics.confusion_matrix(labels, predicted, labels=range(6)))
    expected = sklearn.metrics.precision_recall_fscore_support(labels, predicted, labels=range(6), zero_division=0)
    scores = metrics.class_scores(confusion)
    for mine, theirs in zip((scores.precision, scores.recall, scores.f1, scores.support), expected, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)


def test_confusion_rows_are_true_classes_and_large_label_products_do_not_overflow() -> None:
    confusion = metrics.confusion_matrix(np.array([2, 99]), np.array([98, 99], np.uint8), 100)
    assert confusion.shape == (100, 100)
    assert (confusion[98, 2], confusion[99, 99], confusion.sum()) == (1, 1, 2)


def test_ratios_without_cases_are_zero() -> None:
    scores = metrics.class_scores(np.array([[0, 0, 0], [0, 3, 0], [0, 1, 0]]))
    np.testing.assert_array_equal(scores.precision, [0, 0.75, 0])
    np.testing.assert_array_equal(scores.recall, [0, 1, 0])
    np.testing.assert_allclose(scores.f1, [0, 6 / 7, 0])
    np.testing.assert_array_equal(scores.support, [0, 3, 1])


def test_expected_calibration_error_is_that_of_torchmetrics(case: Case) -> None:
    """Its bins are [lower, upper), ours (lower, upper]: the same where no confidence is an edge."""
    logits, labels = case
    probabilities = metrics.softmax(logits)
    theirs = MulticlassCalibrationError(num_classes=6, n_bins=15, norm="l1")
    expected = theirs(torch.from_numpy(probabilities), torch.from_numpy(labels.astype(np.int64))).item()
    assert metrics.reliability(probabilities, labels).expected_calibration_error == pytest.approx(expected, abs=1e-6)


def test_bins_partition_the_images(case: Case) -> None:
    logits, labels = case
    probabilities = metrics.softmax(logits)
    bins = metrics.reliability(probabilities, labels, bins=7)
    assert bins.count.sum() == 300
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    for k in range(7):
        inside = (confidence > bins.lower[k]) & (confidence <= bins.upper[k])
        assert bins.count[k] == inside.sum()
        if inside.any():
            assert bins.confidence[k] == pytest.approx(confidence[inside].mean())
            assert bins.accuracy[k] == pytest.approx(right[inside].mean())
    np.testing.assert_allclose(bins.lower[1:], bins.upper[:-1])


def test_a_confidence_of_exactly_1_shares_the_last_bin() -> None:
    probabilities = np.array([[1.0, 0.0], [0.96, 0.04], [0.0, 1.0], [0.99, 0.01]])
    bins = metrics.reliability(probabilities, np.array([0, 1, 1, 1]))
    np.testing.assert_array_equal(bins.count, [0] * 14 + [4])
    assert bins.confidence[14] == pytest.approx(3.95 / 4)
    assert bins.accuracy[14] == 0.5
    assert bins.expected_calibration_error == pytest.approx(3.95 / 4 - 0.5)


def test_an_edge_belongs_to_the_bin_below_and_empty_bins_are_zero() -> None:
    bins = metrics.reliability(
        np.array([[0.5, 0.25, 0.25], [0.75, 0.25, 0], [0.7, 0.2, 0.1]]), np.zeros(3, int), bins=4
    )
    np.testing.assert_array_equal(bins.count, [0, 1, 2, 0])
    np.testing.assert_allclose(bins.confidence, [0, 0.5, 0.725, 0])
    np.testing.assert_array_equal(bins.accuracy, [0, 1, 1, 0])
    assert bins.expected_calibration_error == pytest.approx((0.5 + 2 * 0.275) / 3)
