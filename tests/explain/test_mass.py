"""Where the mass of maps lies: against SciPy, and maps whose mass is known."""

import numpy as np
import pytest
import scipy.ndimage

from lookalike.explain.mass import centres_and_spreads, mass_by_class


def test_the_centre_is_that_of_scipy() -> None:
    maps = np.random.default_rng(0).normal(size=(5, 4, 6))
    for one, (x, y, _) in zip(np.maximum(maps, 0), centres_and_spreads(maps), strict=True):
        row, column = scipy.ndimage.center_of_mass(one)
        assert (x, y) == (pytest.approx((column + 0.5) / 6), pytest.approx((row + 0.5) / 4))


@pytest.mark.parametrize("size", [1, 2, 7, 32])
def test_an_even_mass_lies_in_the_middle_and_spreads_alike_on_every_grid(size: int) -> None:
    ((x, y, spread),) = centres_and_spreads(np.full((1, size, size), 3.0))
    assert (x, y, spread) == (pytest.approx(0.5), pytest.approx(0.5), pytest.approx(np.sqrt(1 / 6)))


def test_one_place_is_its_own_centre() -> None:
    maps = np.full((1, 4, 4), -1.0)
    maps[0, 0, 3] = 2
    ((x, y, spread),) = centres_and_spreads(maps)
    assert (x, y) == (pytest.approx(7 / 8), pytest.approx(1 / 8))
    assert spread == pytest.approx(np.sqrt(2 / 12) / 4)  # that of one even cell


def test_each_class_has_its_means_over_the_maps_with_a_mass() -> None:
    maps = np.random.default_rng(0).random((9, 4, 4)) + 0.1
    maps[3] = -1  # has none
    labels = np.array([0, 0, 2, 2, 2, 0, 3, 2, 2])
    maps[6] = 0
    first, none, third, empty = mass_by_class(maps, labels, 4)
    assert none is empty is None
    for found, where in ((first, [0, 1, 5]), (third, [2, 4, 7, 8])):
        assert found is not None
        expected = centres_and_spreads(maps[where]).mean(axis=0)
        assert found.images == len(where)
        for estimate, value in zip((found.x, found.y, found.spread), expected, strict=True):
            assert estimate.value == pytest.approx(value)
            assert estimate.low <= estimate.value <= estimate.high
