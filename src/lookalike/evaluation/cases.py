"""Example images, picked by rule and not by eye."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Ints, softmax
from lookalike.evaluation.pairs import jensen_shannon, most_divergent


@dataclass(frozen=True)
class Case:
    """An image, the rule that picked it, and the Jensen-Shannon divergence (bits) of the two models on it."""

    rule: str
    index: int
    divergence: float


def pick_cases(
    first_logits: NDArray[np.floating], second_logits: NDArray[np.floating], labels: Ints, count: int, *, among: Ints
) -> list[Case]:
    """By each rule the `count` images on which two models diverge most, fewer if there are fewer.

    Args:
        first_logits, second_logits: (N, C).
        labels: (N,).
        among: indices of the images to pick from.
    """
    known = np.zeros(len(labels), bool)
    known[among] = True
    divergence = jensen_shannon(softmax(first_logits), softmax(second_logits))
    first, second = first_logits.argmax(axis=1), second_logits.argmax(axis=1)
    rules = {
        "same prediction, wrong": (first == second) & (first != labels),
        "same prediction, right": (first == second) & (first == labels),
        "first right, second wrong": (first == labels) & (second != labels),
        "second right, first wrong": (second == labels) & (first != labels),
    }
    return [
        Case(rule, int(index), float(divergence[index]))
        for rule, where in rules.items()
        for index in most_divergent(divergence, where & known)[:count]
    ]


def first_of_each_class(labels: Ints, count: int) -> NDArray[np.int64]:
    """Indices of the first `count` images of each class (all if there are fewer): the first of each, the second, ..."""
    ranks = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        ranks[labels == label] = np.arange((labels == label).sum())
    chosen = np.flatnonzero(ranks < count)
    return chosen[np.lexsort((labels[chosen], ranks[chosen]))]
