"""Masked photographs and drawings: what the model for photographs does without."""

import numpy as np
from PIL import Image

from lookalike.drawn.photographs import draw_snapshots
from lookalike.photographs.photo_model_steps import DRAWINGS, drawings, masked


def test_the_background_gets_its_mean_colour_and_the_garment_stays() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(150, 190, (240, 320, 3)).astype(np.uint8)
    pixels[60:180, 100:220] = rng.integers(20, 50, (120, 120, 3))
    found = np.asarray(masked(Image.fromarray(pixels)))
    assert found.shape == pixels.shape
    np.testing.assert_array_equal(found[80:160, 120:200], pixels[80:160, 120:200])
    outside = found[:40].reshape(-1, 3)
    assert np.ptp(outside, axis=0).max() == 0
    np.testing.assert_allclose(outside[0], pixels[:40].mean(axis=(0, 1)), atol=2)


def test_where_no_garment_is_found_the_photograph_stays() -> None:
    wall = Image.new("RGB", (80, 60), (200, 60, 60))
    assert masked(wall) is wall


def test_the_drawings_show_all_classes() -> None:
    found = drawings()
    assert len(found) == DRAWINGS
    assert {one.label for one in found} == {*range(10)}
    np.testing.assert_array_equal(found[0].image, draw_snapshots(1, 13)[0].image)
