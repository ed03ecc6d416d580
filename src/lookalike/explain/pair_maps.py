"""Pixels that distinguish two look-alikes, on average over the images of each class."""

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lookalike.explain.attributions import integrated_gradients
from lookalike.explain.maps import contrast_target, to_numpy
from lookalike.explain.subject import Subject

Pair = tuple[int, int]


def pair_maps(subject: Subject, pairs: tuple[Pair, ...], count: int) -> NDArray[np.float32]:
    """For each pair and each of its two classes, the mean map of evidence for this class and against the other.

    Integrated gradients of the difference of the two logits, own minus other, for the first `count` images per class.

    Args:
        subject: one seed with all test images, of every class one or more.
        pairs: P pairs of classes.

    Returns:
        (P, 2, H, W).
    """
    labels = subject.images.labels
    members = {label: subject.part(np.flatnonzero(labels == label)[:count]) for pair in pairs for label in pair}
    means = [[mean_map(members[own], own, other) for own, other in (pair, pair[::-1])] for pair in pairs]
    return to_numpy(torch.stack([torch.stack(both) for both in means]))


def mean_map(subject: Subject, own: int, other: int) -> Tensor:
    """The mean map (H, W) of a subject's images of the class `own` against the class `other`."""
    labels = torch.full((len(subject.images.labels),), own, device=subject.inputs.device)
    aim = contrast_target(labels, torch.full_like(labels, other), len(subject.dataset.class_names))
    return subject.explain_by(partial(integrated_gradients, empty=subject.empty), aim).mean(0)
