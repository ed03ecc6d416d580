"""What a model is right by: its accuracy on images that keep some cues (outline, texture, frequencies) and lose others.

Throughout, `preferred` (S, K, N, C) says of S seeds, K conditions and N images whether the logit of the image's own
class is above that of class c (False at its own class), and `usable` (K, N) of which images a condition was made.
"""

import numpy as np

from lookalike.evaluation.metrics import Bools, Ints
from lookalike.evaluation.statistics import Estimate
from lookalike.families.influence import Influenced, ratio_over_images, share_estimate
from lookalike.families.separability import Pair


def right_where_preferred(preferred: Bools) -> Bools:
    """Which images are predicted right, (S, K, N): those whose own class is above all C - 1 others."""
    return preferred.sum(axis=3) == preferred.shape[3] - 1


def accuracy_by_condition(right: Bools, usable: Bools) -> tuple[Estimate | None, ...]:
    """The accuracy in each condition on the images that it was made of; None without images."""
    return tuple(share_estimate(right[:, k][:, where]) for k, where in enumerate(usable))


def two_alternative(preferred: Bools, usable: Bools, labels: Ints, pair: Pair) -> tuple[Estimate | None, ...]:
    """In each condition the share of a pair's images whose own logit is above that of the other class of the pair.

    Chance is 1/2, whatever the number of classes; so the loss of one class to a third one is no loss here.
    """
    other = np.full(len(labels), -1)
    other[labels == pair[0]], other[labels == pair[1]] = pair[1], pair[0]
    images = np.flatnonzero(other >= 0)
    above = preferred[:, :, images, other[images]]  # (S, K, n)
    return tuple(share_estimate(above[:, k][:, where[images]]) for k, where in enumerate(usable))


def kept_accuracy(right: Bools, usable: Bools, clean: int) -> tuple[Influenced | None, ...]:
    """In each condition the accuracy as a share of that on the same images as they are; None without images.

    Args:
        right: (S, K, N), see `right_where_preferred`.
        clean: the number of the condition in which images are as they are.
    """
    return tuple(
        ratio_over_images(right[:, k][:, where], right[:, clean][:, where]) if where.any() else None
        for k, where in enumerate(usable)
    )
