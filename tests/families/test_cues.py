"""What models are right by, against slow loops."""

import numpy as np
import pytest

from lookalike.evaluation.statistics import proportion
from lookalike.families.cues import accuracy_by_condition, kept_accuracy, right_where_preferred, two_alternative
from lookalike.families.influence import share_estimate

RNG = np.random.default_rng(0)
SEEDS, CONDITIONS, IMAGES, CLASSES = 3, 4, 300, 5
LABELS = RNG.integers(0, CLASSES, IMAGES)
STRENGTH = np.array([3, 1, 0.3, 2])[:, None, None]
LOGITS = RNG.normal(size=(SEEDS, CONDITIONS, IMAGES, CLASSES)) + STRENGTH * np.eye(CLASSES)[LABELS]
OWN = np.take_along_axis(LOGITS, LABELS[None, None, :, None], axis=3)
PREFERRED = OWN > LOGITS
USABLE = np.stack([np.ones(IMAGES, bool), RNG.random(IMAGES) < 0.7, np.ones(IMAGES, bool), np.zeros(IMAGES, bool)])


def test_an_image_is_right_where_its_class_has_the_highest_logit() -> None:
    np.testing.assert_array_equal(right_where_preferred(PREFERRED), LOGITS.argmax(axis=3) == LABELS)


def test_accuracies_are_of_the_images_that_a_condition_was_made_of() -> None:
    found = accuracy_by_condition(right_where_preferred(PREFERRED), USABLE)
    for k in range(CONDITIONS - 1):
        hits = [LOGITS[s, k, n].argmax() == LABELS[n] for s in range(SEEDS) for n in range(IMAGES) if USABLE[k, n]]
        one = found[k]
        assert one is not None
        assert one.value == pytest.approx(np.mean(hits))
        assert one.low < one.value < one.high
    assert found[3] is None


def test_two_alternatives_leave_third_classes_out() -> None:
    pair = (1, 4)
    found = two_alternative(PREFERRED, USABLE, LABELS, pair)
    other = {1: 4, 4: 1}
    for k in range(CONDITIONS - 1):
        images = [n for n in range(IMAGES) if USABLE[k, n] and LABELS[n] in pair]
        hits = [LOGITS[s, k, n, LABELS[n]] > LOGITS[s, k, n, other[LABELS[n]]] for s in range(SEEDS) for n in images]
        one = found[k]
        assert one is not None
        assert one.value == pytest.approx(np.mean(hits))
    assert found[3] is None
    assert two_alternative(PREFERRED, USABLE, LABELS, (7, 8))[0] is None


def test_what_is_kept_is_a_share_of_the_accuracy_on_the_same_images() -> None:
    right = right_where_preferred(PREFERRED)
    found = kept_accuracy(right, USABLE, 0)
    assert found[3] is None
    assert found[0] is not None
    np.testing.assert_array_equal(found[0].by_seed, 1)
    assert found[1] is not None
    by_seed = [right[s, 1, USABLE[1]].sum() / right[s, 0, USABLE[1]].sum() for s in range(SEEDS)]
    np.testing.assert_allclose(found[1].by_seed, by_seed)
    estimate = found[1].estimate()
    assert estimate is not None
    assert estimate.low < estimate.value < 1


def test_shares_of_all_images_are_wilson_intervals() -> None:
    right = np.ones((SEEDS, 1, IMAGES), bool)
    assert accuracy_by_condition(right, np.ones((1, IMAGES), bool)) == (proportion(IMAGES, IMAGES),)
    assert share_estimate(right[:, 0]) == proportion(IMAGES, IMAGES)
