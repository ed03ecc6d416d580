"""Test images whose label may be wrong, by confident learning, and accuracy without them.

Northcutt, Jiang & Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 70 (2021), section 3:
an image is counted as of class j where its probability of j reaches the mean probability of j over the images that are
labelled j. Counted otherwise than labelled, it is a candidate.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Bools, Floats, confusion_matrix, label_margins
from lookalike.evaluation.statistics import Estimate
from lookalike.families.influence import share_estimate

Ints = NDArray[np.int64]
ROUNDING = 1e-6  # a probability that falls short of a threshold by so little reaches it, as in cleanlab


@dataclass(frozen=True)
class Cleaned:
    """The accuracy of a variant, mean over seeds.

    Attributes:
        all_images: on all test images.
        without: on those that are no candidates; None of none.
    """

    all_images: Estimate | None
    without: Estimate | None


def thresholds(probabilities: Floats, labels: Ints) -> Floats:
    """The mean probability (C,) of each class over the images that are labelled so; infinite for a class without."""
    counts = np.bincount(labels, minlength=probabilities.shape[1])
    own = probabilities[np.arange(len(labels)), labels]
    sums = np.bincount(labels, own, minlength=len(counts))
    return np.divide(sums, counts, out=np.full(len(counts), np.inf), where=counts > 0)


def counted_as(probabilities: Floats, labels: Ints) -> Ints:
    """The class (N,) that each image is counted as, -1 for none: of those that reach the threshold, the likeliest."""
    reached = probabilities >= thresholds(probabilities, labels) - ROUNDING
    likeliest = np.where(reached, probabilities, -1).argmax(axis=1)
    return np.where(reached.any(axis=1), likeliest, -1)


def confident_joint(probabilities: Floats, labels: Ints) -> Ints:
    """Counts (C, C) of images by label (row) and by the class that they are counted as (column); eq. 1, no scaling."""
    counted = counted_as(probabilities, labels)
    where = counted >= 0
    return confusion_matrix(counted[where], labels[where], probabilities.shape[1])


def candidates(probabilities: Floats, labels: Ints) -> Ints:
    """The images off the diagonal of the confident joint, the lowest margin first; of equals the lower index.

    Args:
        probabilities: (N, C), of models that were not trained on these images.
        labels: (N,).
    """
    counted = counted_as(probabilities, labels)
    indices = np.flatnonzero((counted >= 0) & (counted != labels))
    return indices[np.argsort(label_margins(probabilities, labels)[indices], kind="stable")]


def accuracy_without(right: Bools, suspicious: Ints) -> Cleaned:
    """The accuracy with and without some images, from right predictions (S, N) and the images' indices."""
    return Cleaned(share_estimate(right), share_estimate(np.delete(right, suspicious, axis=1)))
