"""Gratings have the orientation, and patches the hue, that their number says."""

import colorsys

import numpy as np
import pytest

from lookalike.explain.stimuli import EACH, STEPS, WAVELENGTHS, gratings, patches


@pytest.mark.parametrize("shape", [(28, 28), (32, 32, 3)])
def test_the_strongest_frequency_of_a_grating_has_its_orientation(shape: tuple[int, ...]) -> None:
    images = gratings(shape)
    assert (images.shape, images.dtype) == ((STEPS * EACH, *shape), np.uint8)
    for k, image in enumerate(images):
        grey = image.astype(float).reshape(*shape[:2], -1).mean(axis=2)
        power = np.abs(np.fft.rfft2(grey - grey.mean(), s=(128, 128))) ** 2
        row, column = np.unravel_index(power.argmax(), power.shape)
        down = (row if row < 64 else row - 128) / 128
        across = column / 128
        apart = (np.degrees(np.arctan2(down, across)) - 180 / STEPS * (k % STEPS)) % 180
        assert min(apart, 180 - apart) < 180 / STEPS / 2, k
        assert 1 / WAVELENGTHS[1] - 0.02 < np.hypot(down, across) < 1 / WAVELENGTHS[0] + 0.02


def test_phases_differ_within_an_orientation() -> None:
    images = gratings((16, 16)).astype(float)
    same = images[::STEPS].reshape(EACH, -1)
    assert np.corrcoef(same)[np.triu_indices(EACH, 1)].min() < 0


def test_a_patch_has_its_hue_at_changing_positions_and_brightness() -> None:
    images = patches((32, 32, 3))
    assert (images.shape, images.dtype) == ((STEPS * EACH, 32, 32, 3), np.uint8)
    corners, values = set(), []
    for k, image in enumerate(images):
        colourful = np.ptp(image.astype(float).reshape(4, 8, 4, 8, 3).mean(axis=(1, 3)), axis=2)
        corners.add(int(colourful.argmax()))
        inside = image[np.ptp(image.astype(int), axis=2) > 60].mean(axis=0) / 255
        hue, _, value = colorsys.rgb_to_hsv(*inside)
        apart = (hue - k % STEPS / STEPS) % 1
        assert min(apart, 1 - apart) < 0.5 / STEPS, k
        values.append(value)
    assert len(corners) > 4
    assert max(values) - min(values) > 0.3


def test_stimuli_are_the_same_every_time() -> None:
    np.testing.assert_array_equal(gratings((16, 16)), gratings((16, 16)))
    np.testing.assert_array_equal(patches((16, 16, 3)), patches((16, 16, 3)))
