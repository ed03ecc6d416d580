"""Suspected labels: a loop over images, in the order of their margins."""

from dataclasses import replace

import numpy as np
import pytest

from lookalike.artifacts.evaluations import Evaluation
from lookalike.evaluation.metrics import label_margins
from lookalike.evaluation.suspects import SUSPECTS, find_suspects


@pytest.fixture
def evaluation() -> Evaluation:
    """Two seeds of other temperatures on 60 images."""
    logits = np.random.default_rng(0).normal(0, 3, (2, 60, 5)).astype(np.float16)
    return Evaluation((0, 1), 0, np.array([0.5, 3.0]), logits)


def test_the_least_credible_labels_come_first(evaluation: Evaluation) -> None:
    labels, images = np.arange(60) % 5, np.random.default_rng(1).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    margins = []
    for k, label in enumerate(labels):
        mean = np.zeros(5)
        for logits, temperature in zip(evaluation.test_logits, evaluation.temperatures, strict=True):
            scaled = np.exp(logits[k].astype(float) / temperature)
            mean += scaled / scaled.sum() / 2
        margins.append(mean[label] - max(mean[c] for c in range(5) if c != label))
    found = find_suspects(evaluation, images, labels)
    assert (len(found.indices), found.indices.dtype) == (SUSPECTS, np.int64)
    assert found.indices.tolist() == np.argsort(margins)[:SUSPECTS].tolist()
    np.testing.assert_array_equal(found.images, images[found.indices])


def test_few_images_are_all_listed_and_large_ones_made_small(evaluation: Evaluation) -> None:
    few = replace(evaluation, test_logits=evaluation.test_logits[:, :3])
    found = find_suspects(few, np.zeros((3, 120, 120, 3), np.uint8), np.array([0, 1, 2]))
    assert sorted(found.indices.tolist()) == [0, 1, 2]
    assert found.images.shape == (3, 96, 96, 3)


def test_a_margin_is_the_labels_probability_minus_the_highest_other() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(label_margins(probabilities, np.array([0, 1, 2])), [0.2, -0.2, 1.0])
    assert probabilities[0, 0] == 0.5, "the argument stays as it was"
