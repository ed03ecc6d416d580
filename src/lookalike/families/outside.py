"""How well a score tells test images from images of another data set, which are of no class of the model.

A score is higher the more an image looks like one of the model's classes. In detection, test images are the positives.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.hierarchical import mean_over_seeds
from lookalike.evaluation.metrics import Floats, softmax
from lookalike.evaluation.statistics import Estimate
from lookalike.families.influence import bounded
from lookalike.families.jackknife import image_draws
from lookalike.families.separability import Scores, auroc_interval, auroc_with_influences

SCORES = (
    "maximum logit",  # Hendrycks et al., "Scaling out-of-distribution detection", ICML 2022
    "energy",  # its negative: log of the sum of exp(logit); Liu et al., NeurIPS 2020, at temperature 1
    "maximum probability",  # Hendrycks & Gimpel, ICLR 2017
    "nearest neighbours",  # minus the distance; Sun et al., ICML 2022
)
TRUE_POSITIVE_RATE = 0.95
ROUNDING = 1e-9  # of .05 N, which is no image less


@dataclass(frozen=True)
class Detection:
    """What one score detects, mean over seeds.

    Attributes:
        auroc: probability that a test image scores above an outside image, in [0, 1]; chance is 1/2.
        fpr95: share of outside images that score as high as at least 95 % of the test images; 0 is best, chance is .95.
    """

    auroc: Estimate
    fpr95: Estimate


def outside_scores(
    test: NDArray[np.floating], outside: NDArray[np.floating], test_distances: Floats, distances: Floats
) -> dict[str, Scores]:
    """Each of `SCORES` of test images (first) and of outside images (second).

    Args:
        test: logits (S, N, C) of the test images.
        outside: logits (S, M, C) of the images of another data set.
        test_distances, distances: (T,) and (M,), of the first seed, see `evaluation.distance.knn_distance`.
    """
    ours, theirs = from_logits(test), from_logits(outside)
    scores = {name: Scores(ours[name], theirs[name]) for name in ours}
    return scores | {"nearest neighbours": Scores(-test_distances[None], -distances[None])}


def from_logits(logits: NDArray[np.floating]) -> dict[str, Floats]:
    """The scores (S, N) that logits (S, N, C) give."""
    from scipy.special import logsumexp

    exact = logits.astype(np.float64)
    values = (exact.max(axis=2), logsumexp(exact, axis=2), np.stack([softmax(seed).max(axis=1) for seed in exact]))
    return dict(zip(SCORES, values, strict=False))


def detection(scores: Scores) -> Detection:
    """What a score detects, from those of test images and of outside images.

    Raises:
        ValueError: there are no images of one kind, or a score is NaN.
    """
    return Detection(auroc_interval(auroc_with_influences(scores)), false_positive_rate(scores.first, scores.second))


def false_positive_rate(test: Floats, outside: Floats) -> Estimate:
    """The share of outside images (S, M) that score as high as at least 95 % of the test images (S, N).

    Both samples are independent. So the variance over images is that of thresholds from resampled test images, plus
    that of the share of outside images at the threshold.
    """
    images, others = test.shape[1], outside.shape[1]
    everyone = np.ones((1, images))
    passed = np.stack([theirs >= threshold(ours, everyone) for ours, theirs in zip(test, outside, strict=True)])
    drawn = np.stack([threshold(ours, image_draws(images)) for ours in test])  # (S, draws)
    rates = [1 - np.searchsorted(np.sort(each), at) / others for each, at in zip(outside, drawn, strict=True)]
    variance = float(np.mean(rates, axis=0).var() + passed.mean(axis=0).var() / others)
    found = mean_over_seeds([passed.mean(axis=1).tolist()], [None], variance, images + others)
    return bounded(found.estimate(), 0, 1)


def threshold(scores: Floats, weights: Floats) -> Floats:
    """The highest score that at least 95 % of the weight (D, N) of scores (N,) reaches: (D,)."""
    allowed = math.floor((1 - TRUE_POSITIVE_RATE) * len(scores) + ROUNDING)  # may stay below the threshold
    order = np.argsort(scores)[: 2 * allowed + 50]  # no resample draws so few of these
    lost = weights[:, order].cumsum(axis=1) > allowed
    return scores[order][lost.argmax(axis=1)]
