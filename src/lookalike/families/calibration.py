"""How far the probabilities of a model can be trusted class by class, and selective prediction in a group."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from scipy.sparse import csr_array

from lookalike.evaluation.calibration import error_estimate
from lookalike.evaluation.hierarchical import ENOUGH, UncertainValue, mean_over_seeds
from lookalike.evaluation.metrics import ECE_BINS, Bools, Floats, confidence_bins
from lookalike.evaluation.selective_prediction import check_scores
from lookalike.evaluation.statistics import Estimate, wilson_interval
from lookalike.families.influence import bounded
from lookalike.families.jackknife import Ints, image_draws

COVERAGES = (0.5, 0.7, 0.9, 1.0)
Number = TypeVar("Number", int, Floats)
ROUNDING = 1e-9  # of a coverage times a number of images, which is no image more


@dataclass(frozen=True)
class SelectivePrediction:
    """Selective prediction: the accuracy among the images that a model is surest of; means over seeds.

    Attributes:
        accuracies: at each of `COVERAGES`, the accuracy among that share of the images.
        area: under the risk-coverage curve, in [0, 1], 0 is best; see `abstention.area_under_risk_coverage`.
    """

    accuracies: tuple[Estimate, ...]
    area: Estimate


def classwise_error(probabilities: Floats, labels: Ints) -> Estimate:
    """The classwise expected calibration error in [0, 1], mean over seeds, from (S, N, C) and (N,).

    Of every class the images are binned by its probability, in 15 bins of equal width; the error is the mean absolute
    difference of probability and frequency, weighted by the bins' counts, and meaned over classes (Kull et al., NeurIPS
    2019, section 2; Nixon et al., CVPR Workshops 2019, static calibration error). The interval is over images, of the
    kind that `evaluation.calibration.calibration_error` explains: noise makes the error of every sample too large.
    """
    weights = image_draws(len(labels))
    gaps = [class_gaps_by_bin(seed, labels) for seed in probabilities]
    sums = np.stack([gap.sum(axis=0) for gap in gaps])  # (S, C * bins)
    drawn = np.stack([(gap.T @ weights.T).T for gap in gaps])  # (S, draws, C * bins)
    return error_estimate(sums, drawn, len(labels) * probabilities.shape[2])


def class_gaps_by_bin(probabilities: Floats, labels: Ints) -> csr_array:
    """Truth (0 or 1) minus probability of each image and class, in the column of class and bin: (N, C * bins)."""
    images, classes = probabilities.shape
    truth = labels[:, None] == np.arange(classes)
    columns = np.arange(classes) * ECE_BINS + confidence_bins(probabilities)
    rows = np.arange(0, images * classes + 1, classes)
    return csr_array(((truth - probabilities).ravel(), columns.ravel(), rows), (images, classes * ECE_BINS))


def selective_prediction(scores: Floats, right: Bools) -> SelectivePrediction:
    """Accuracies and area from scores (S, N), which are higher where a model is surer, and right predictions (S, N).

    Where all of the answers are right, or none is, an interval is Wilson's, for the images that are answered; that of
    an area of 0 ends at the upper end of the risk of answering all images.

    Raises:
        ValueError: no images, or a score that is NaN.
    """
    images, found = scores.shape[1], order_by_score(scores, right)
    values, drawn = found.by_seed(np.ones((1, images)))[0], found.by_seed(image_draws(images)).mean(axis=1)
    estimates = []
    for k, answered in enumerate([*(answered_images(coverage, images) for coverage in COVERAGES), images]):
        uncertain = mean_over_seeds([values[:, k].tolist()], [None], float(drawn[:, k].var()), images)
        value = uncertain.value
        certain = Estimate(value, *wilson_interval(round(value) * answered, answered))
        estimates.append(bounded(uncertain.estimate(), 0, 1) if 0 < value < 1 else certain)
    return SelectivePrediction(tuple(estimates[:-1]), estimates[-1])


def area_difference(first: tuple[Floats, Bools], second: tuple[Floats, Bools]) -> UncertainValue | None:
    """The area under the risk-coverage curve of one variant minus that of another, on the same images.

    Args:
        first, second: scores and right predictions, each (S, N). None below three seeds of a variant.
    """
    if min(len(first[0]), len(second[0])) < ENOUGH:
        return None
    images, sides = first[0].shape[1], [order_by_score(*side) for side in (first, second)]
    values = [side.by_seed(np.ones((1, images)))[0, :, -1].tolist() for side in sides]
    drawn = [side.by_seed(image_draws(images))[:, :, -1].mean(axis=1) for side in sides]
    return mean_over_seeds(values, [None, None], float((drawn[0] - drawn[1]).var()), images)


@dataclass(frozen=True, eq=False)
class OrderedImages:
    """The images of S seeds, the one with the highest score first.

    Attributes:
        orders: int64 (S, N), the images.
        correct: (S, N), whether they are right. Images with the same score come in no order, so each counts as the
            share of them that is right.
    """

    orders: Ints
    correct: Floats

    def by_seed(self, weights: Floats) -> Floats:
        """The accuracy at each of `COVERAGES` and then the area, of images with weights (D, N): (D, S, K + 1)."""
        seeds = zip(self.orders, self.correct, strict=True)
        return np.stack([accuracies_and_area(weights[:, order], correct) for order, correct in seeds], axis=1)


def order_by_score(scores: Floats, right: Bools) -> OrderedImages:
    """The images of S seeds by their scores (S, N)."""
    check_scores(scores.ravel())
    orders, shares = [], []
    for score, correct in zip(scores, right, strict=True):
        _, tied, counts = np.unique(-score, return_inverse=True, return_counts=True)
        orders.append(np.argsort(tied, kind="stable"))
        shares.append((np.bincount(tied, correct) / counts)[tied[orders[-1]]])
    return OrderedImages(np.stack(orders), np.stack(shares))


def accuracies_and_area(weights: Floats, correct: Floats) -> Floats:
    """The accuracy at each of `COVERAGES` and then the area: (D, K + 1).

    Args:
        weights: (D, N), how often each image was drawn, the image with the highest score first.
        correct: (N,), see `OrderedImages`.
    """
    answered, right = weights.cumsum(axis=1), (weights * correct).cumsum(axis=1)
    found, draws = [], np.arange(len(weights))
    for coverage in COVERAGES:
        count = answered_images(coverage, answered[:, -1])
        last = (answered < count[:, None]).sum(axis=1)  # the image that makes them as many, perhaps drawn too often
        found.append((right[draws, last] - (answered[draws, last] - count) * correct[last]) / count)
    # an image drawn several times has several coverages, all of which are taken to have the risk of the last
    means = right / np.maximum(answered, 1)
    return np.stack([*found, 1 - (weights * means).sum(axis=1) / answered[:, -1]], axis=1)


def answered_images(coverage: float, images: Number) -> Number:
    """The number of images that are answered at a coverage: at least one."""
    return np.maximum(np.ceil(coverage * images - ROUNDING), 1)
