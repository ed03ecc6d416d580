"""Accuracy, likelihood, calibration and confusions from logits and labels, in NumPy.

Throughout, logits are (N, C), probabilities (N, C) with rows that sum to one, labels (N,) integers below C.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.integer]
Bools = NDArray[np.bool_]
ECE_BINS = 15


def log_softmax(logits: NDArray[np.floating]) -> Floats:
    """Logarithms of the probabilities, computed in double precision."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def softmax(logits: NDArray[np.floating]) -> Floats:
    """Probabilities from logits."""
    return np.exp(log_softmax(logits))


def top_k_accuracy(scores: NDArray[np.floating], labels: Ints, k: int) -> float:
    """Share of images whose label is among the k highest scores, in [0, 1]; of equal scores the lower class counts."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return float((best == labels[:, None]).any(axis=1).mean())


def accuracy(scores: NDArray[np.floating], labels: Ints) -> float:
    """Share of images whose highest score is their label's, in [0, 1]."""
    return top_k_accuracy(scores, labels, 1)


def negative_log_likelihood(logits: NDArray[np.floating], labels: Ints) -> float:
    """Mean of -log p(label), in nats."""
    return float(-log_softmax(logits)[np.arange(len(labels)), labels].mean())


def brier_score(probabilities: Floats, labels: Ints) -> float:
    """Mean squared distance between the distribution and the truth, summed over classes: 0 (best) to 2.

    Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78 (1950).
    """
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


def label_margins(probabilities: Floats, labels: Ints) -> Floats:
    """Probability (N, C) of an image's label minus the highest of the other classes: (N,), in [-1, 1].

    The normalised margin of Northcutt, Jiang & Chuang, "Confident learning" (JAIR 2021), section 3.2.
    """
    own = np.arange(len(labels)), labels
    others = probabilities.copy()
    others[own] = -np.inf
    return probabilities[own] - others.max(axis=1)


def confusion_matrix(predicted: Ints, labels: Ints, classes: int) -> NDArray[np.int64]:
    """Counts (C, C): row the true class, column the predicted one."""
    return np.bincount(labels.astype(np.int64) * classes + predicted, minlength=classes**2).reshape(classes, classes)


@dataclass(frozen=True)
class ClassScores:
    """Precision, recall and F1 of each class, each (C,) in [0, 1]; a ratio without cases (0/0) is 0."""

    precision: Floats
    recall: Floats
    f1: Floats
    support: NDArray[np.int64]


def class_scores(confusion: NDArray[np.int64]) -> ClassScores:
    """Scores of each class from a confusion matrix (row true, column predicted)."""
    right = np.diag(confusion).astype(np.float64)
    predicted, actual = confusion.sum(axis=0), confusion.sum(axis=1)
    precision, recall = ratio_or_zero(right, predicted), ratio_or_zero(right, actual)
    return ClassScores(precision, recall, ratio_or_zero(2 * precision * recall, precision + recall), actual)


def ratio_or_zero(numerator: NDArray[np.floating] | Ints, denominator: NDArray[np.floating] | Ints) -> Floats:
    """The ratio element by element, with 0 for 0/0."""
    return np.divide(numerator, denominator, out=np.zeros(len(numerator)), where=denominator > 0)


@dataclass(frozen=True)
class Reliability:
    """Confidence against accuracy in equal-width bins of confidence; each field is (bins,).

    Attributes:
        lower, upper: a bin holds lower < confidence <= upper (the first one 0 as well).
        count: number of images in the bin.
        confidence, accuracy: their means over the bin's images; 0 in an empty bin.
    """

    lower: Floats
    upper: Floats
    count: NDArray[np.int64]
    confidence: Floats
    accuracy: Floats

    @property
    def expected_calibration_error(self) -> float:
        """ECE: mean |accuracy - confidence| over the bins, weighted by their counts (Guo et al., ICML 2017, eq. 3)."""
        gaps = np.abs(self.accuracy - self.confidence)
        return float((self.count * gaps).sum() / self.count.sum())


def confidence_bins(confidence: Floats, bins: int = ECE_BINS) -> NDArray[np.int64]:
    """The number of the equal-width bin that each confidence (N,) falls into; exactly 1 falls into the last."""
    return np.clip(np.searchsorted(np.linspace(0, 1, bins + 1), confidence, side="left") - 1, 0, bins - 1)


def reliability(probabilities: Floats, labels: Ints, bins: int = ECE_BINS) -> Reliability:
    """Bin the images by the confidence of their prediction; a confidence of exactly 1 falls into the last bin."""
    confidence = probabilities.max(axis=1)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    edges = np.linspace(0, 1, bins + 1)
    index = confidence_bins(confidence, bins)
    count = np.bincount(index, minlength=bins)
    return Reliability(
        lower=edges[:-1],
        upper=edges[1:],
        count=count,
        confidence=ratio_or_zero(np.bincount(index, confidence, bins), count),
        accuracy=ratio_or_zero(np.bincount(index, right, bins), count),
    )
