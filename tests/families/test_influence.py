"""Uncertainty by influences, against the bootstrap and closed forms."""

import numpy as np
import pytest

from lookalike.evaluation.hierarchical import UncertainValue, hierarchical, mean_of, on_the_second_side
from lookalike.evaluation.statistics import Estimate, proportion
from lookalike.families.influence import (
    Influenced,
    bounded,
    difference_of,
    mean_over_images,
    ratio_over_images,
    share_estimate,
    variance_of,
)
from lookalike.families.jackknife import image_draws, jackknife_sides

IMAGES = 500
RIGHT = np.random.default_rng(0).random((4, IMAGES)) < 0.8
OTHER = np.random.default_rng(1).random((3, IMAGES)) < 0.6


def known(found: UncertainValue | None) -> UncertainValue:
    """A quantity that is there."""
    assert found is not None
    return found


def test_a_mean_is_as_uncertain_as_by_the_hierarchical_bootstrap() -> None:
    found, expected = mean_over_images(RIGHT).uncertain, known(hierarchical([mean_of(RIGHT)], [None]))
    assert found.value == pytest.approx(expected.value)
    assert found.image_variance == pytest.approx(expected.image_variance, rel=0.05)
    assert found.sides[0].variance == pytest.approx(expected.sides[0].variance, rel=0.1)
    assert found.images == expected.images


def test_a_difference_is_as_uncertain_as_by_the_hierarchical_bootstrap() -> None:
    terms = [mean_of(RIGHT), on_the_second_side(mean_of(OTHER))]
    found, expected = (
        known(difference_of(mean_over_images(RIGHT), mean_over_images(OTHER))),
        known(hierarchical(terms, [None, None])),
    )
    assert found.value == pytest.approx(expected.value)
    assert found.image_variance == pytest.approx(expected.image_variance, rel=0.05)
    assert found.error == pytest.approx(expected.error, rel=0.1)


def test_a_ratio_is_as_uncertain_as_by_the_bootstrap() -> None:
    top, bottom = (RIGHT & OTHER[:1]).astype(float), RIGHT.astype(float)
    found = ratio_over_images(top, bottom)
    expected = known(
        jackknife_sides(
            lambda sides, weights: np.mean([weights @ top[k] / (weights @ bottom[k]) for k in sides[0]], axis=0),
            [4],
            image_draws(IMAGES),
        )
    )
    assert found.uncertain.value == pytest.approx(expected.value)
    assert found.uncertain.image_variance == pytest.approx(expected.image_variance, rel=0.2)
    assert found.uncertain.sides[0].variance == pytest.approx(expected.sides[0].variance)


def test_a_ratio_by_nothing_is_not_defined() -> None:
    found = ratio_over_images(np.zeros((3, 5)), np.zeros((3, 5)))
    assert found.estimate() is None
    assert difference_of(found, found) is None


def test_samples_are_independent() -> None:
    one, other = np.array([1.0, -1, 0, 0]), np.array([2.0, -2])
    assert variance_of([one, other]) == pytest.approx(0.5 / 4 + 4 / 2)
    assert Influenced(np.zeros(1), (one, other)).images == 6


def test_below_three_seeds_no_difference_is_judged() -> None:
    assert difference_of(mean_over_images(RIGHT[:2]), mean_over_images(OTHER)) is None
    assert not mean_over_images(RIGHT[:2]).uncertain.knows_seeds


def test_shares_of_few_images_and_of_all_have_wilson_intervals() -> None:
    assert share_estimate(RIGHT[:1]) == proportion(int(RIGHT[0].sum()), IMAGES)
    assert share_estimate(np.ones((3, IMAGES), bool)) == proportion(IMAGES, IMAGES)
    assert share_estimate(np.ones((3, 20), bool)) == proportion(20, 20)
    assert share_estimate(np.ones((3, 0), bool)) is None
    assert share_estimate(RIGHT) == mean_over_images(RIGHT).estimate()


def test_intervals_end_where_no_value_lies() -> None:
    assert bounded(Estimate(0.9, 0.7, 1.1), 0, 1) == Estimate(0.9, 0.7, 1)
    assert bounded(Estimate(0.1, -0.7, 0.2), 0, 1) == Estimate(0.1, 0, 0.2)
