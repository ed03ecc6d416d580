"""Selective prediction: the accuracy of a model that answers only where it is sure.

Throughout, scores (N,) are higher the surer the model is (its confidence, or minus the distance of the image), and
right (N,) says where its prediction is right. No result depends on the order of the images.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Bools, Floats
from lookalike.evaluation.statistics import Estimate, proportion

POINTS = 100


@dataclass(frozen=True)
class RiskCoverage:
    """Accuracy among the images that are answered, by their share in all images; both lists are of shares in [0, 1].

    Evenly spaced coverages up to 1, as near as whole images allow: at most `POINTS`, one an image if there are fewer.
    """

    coverage: list[float]
    accuracy: list[float]


@dataclass(frozen=True)
class ScoreRange:
    """A part of the images: its lowest and highest score, how many they are, and the share of them that is right."""

    low: float
    high: float
    count: int
    accuracy: Estimate


def risk_coverage(scores: NDArray[np.floating], right: Bools) -> RiskCoverage:
    """Accuracy among the k images with the highest scores, over the coverage k/N, see `accuracy_of_surest`.

    One minus the risk of Geifman & El-Yaniv, "Selective classification for deep neural networks" (NeurIPS 2017).
    """
    accuracy = accuracy_of_surest(scores, right)
    images, points = len(accuracy), min(len(accuracy), POINTS)
    kept = -(-np.arange(1, points + 1) * images // points)  # rounded up, so that the last one keeps all
    return RiskCoverage((kept / images).tolist(), accuracy[kept - 1].tolist())


def area_under_risk_coverage(scores: NDArray[np.floating], right: Bools) -> float:
    """Mean risk (one minus the accuracy) over the coverages 1/N, 2/N, ..., 1: 0 (best) to 1.

    Geifman, Uziel & El-Yaniv, "Bias-reduced uncertainty estimation for deep neural classifiers" (ICLR 2019), AURC.
    """
    return float(1 - accuracy_of_surest(scores, right).mean())


def accuracy_of_surest(scores: NDArray[np.floating], right: Bools) -> Floats:
    """Accuracy (N,) among the k images with the highest scores, for k from 1 to N.

    Images with the same score come in no order: where only some of them are kept, it is the expectation over which,
    so each counts as the share of them that is right.

    Raises:
        ValueError: no images, or a score that is NaN.
    """
    check_scores(scores)
    _, tied, counts = np.unique(-scores, return_inverse=True, return_counts=True)
    shares = np.bincount(tied, right) / counts
    return np.repeat(shares, counts).cumsum() / np.arange(1, len(scores) + 1)


def accuracy_by_quantile(scores: NDArray[np.floating], right: Bools, bins: int = 5) -> list[ScoreRange]:
    """Accuracy, with Wilson's interval, among the images by their score: `bins` parts of equal size, lowest first.

    Sizes differ by one if they have to. Images with the same score stay together, in the part of the first of them;
    parts that are then empty are left out.

    Raises:
        ValueError: no images, or a score that is NaN.
    """
    check_scores(scores)
    below = np.searchsorted(np.sort(scores), scores)  # how many score lower
    part_of = below * bins // len(scores)
    parts = [part_of == part for part in np.unique(part_of)]
    return [
        ScoreRange(
            low=float(scores[part].min()),
            high=float(scores[part].max()),
            count=int(part.sum()),
            accuracy=proportion(int(right[part].sum()), int(part.sum())),
        )
        for part in parts
    ]


def check_scores(scores: NDArray[np.floating]) -> None:
    """Raise ValueError if there are no scores, or one that has no place in an order."""
    if not len(scores):
        raise ValueError("no images")
    if np.isnan(scores).any():
        raise ValueError("a score is NaN")
