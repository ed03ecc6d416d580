"""Each corruption against its formula, or against what it must leave as it is."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, SHIFT_PIXELS, SHIFTS, corrupt, shift
from lookalike.drawn.garments import draw_garments
from lookalike.errors import InputError

Pixels = NDArray[np.uint8]
LEAVE_BLACK = [name for name in CORRUPTIONS if name not in ("gaussian noise", "impulse noise", "brightness")]


@pytest.fixture(scope="module")
def garments() -> Pixels:
    return draw_garments(20, seed=3)[0]


def apply(name: str, image: NDArray[np.float64], strength: float, seed: int = 0) -> NDArray[np.float64]:
    return CORRUPTIONS[name].apply(image, strength, np.random.default_rng(seed))


def drop() -> NDArray[np.float64]:
    """A soft spot off the middle of a black image."""
    rows, columns = np.mgrid[:28, :28]
    return np.exp(-((rows - 10.0) ** 2 + (columns - 16.0) ** 2) / 18)[:, :, None]


@pytest.mark.parametrize("name", CORRUPTIONS)
class TestEveryCorruption:
    def test_images_keep_their_shape_and_kind(self, name: str, garments: Pixels) -> None:
        for images in (garments[:2], garments[:2, :20], np.stack([garments[:2]] * 3, axis=3)):
            before = images.copy()
            corrupted = corrupt(images, name, 3, seed=0)
            assert (corrupted.shape, corrupted.dtype) == (images.shape, np.uint8)
            assert (corrupted != images).any()
            assert (images == before).all()

    def test_the_worse_the_further_from_the_image(self, name: str, garments: Pixels) -> None:
        distances = [
            np.square(corrupt(garments, name, severity, seed=0) / 255 - garments / 255).mean()
            for severity in SEVERITIES
        ]
        assert distances == sorted(distances)
        assert distances[-1] > 1.5 * distances[0] > 0

    def test_the_seed_and_the_place_decide_the_draws(self, name: str, garments: Pixels) -> None:
        first = corrupt(garments, name, 3, seed=0)
        assert (corrupt(garments[:5], name, 3, seed=0) == first[:5]).all()
        twice = corrupt(np.stack([garments[0]] * 8), name, 3, seed=0)
        drawn = name not in ("blur", "scale", "brightness", "contrast")
        assert (twice != twice[0]).any() == drawn
        assert (corrupt(garments, name, 3, seed=1) != first).any() == drawn


@pytest.mark.parametrize("name", LEAVE_BLACK)
def test_what_comes_in_from_outside_is_black(name: str) -> None:
    black = np.zeros((28, 28, 1))
    if name in ("zigzag", "occlusion"):
        assert apply(name, black, CORRUPTIONS[name].strengths[0]).any()
    else:
        assert not apply(name, black, CORRUPTIONS[name].strengths[4]).any()


NEUTRAL = {
    "gaussian noise": 0,
    "impulse noise": 0,
    "blur": 0,
    "motion blur": 0,
    "rotate": 0,
    "shear": 0,
    "scale": 1,
    "translate": 0,
    "brightness": 0,
    "contrast": 1,
    "occlusion": 0,
}


@pytest.mark.parametrize(("name", "strength"), NEUTRAL.items())
def test_a_strength_of_nothing_changes_nothing(name: str, strength: float) -> None:
    np.testing.assert_allclose(apply(name, drop(), strength), drop(), rtol=0, atol=1e-12)


def test_noise_has_the_moments_of_its_formula() -> None:
    grey = np.full((400, 400, 1), 0.4)
    normal = apply("gaussian noise", grey, 0.1)
    assert (normal.mean(), normal.std()) == (pytest.approx(0.4, abs=0.001), pytest.approx(0.1, rel=0.01))
    counted = apply("shot noise", grey, 25)
    assert (counted.mean(), counted.var()) == (pytest.approx(0.4, abs=0.001), pytest.approx(0.4 / 25, rel=0.02))
    struck = apply("impulse noise", grey, 0.2)
    assert [(struck == value).mean() for value in (0, 1)] == [pytest.approx(0.1, abs=0.005)] * 2


def centre(image: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(ndimage.center_of_mass(image[:, :, 0]))


MIDDLE = np.array([13.5, 13.5])
FROM_MIDDLE: list[tuple[str, float, Callable[[NDArray[np.float64]], list[NDArray[np.float64]]]]] = [
    ("rotate", 90, lambda place: [np.array([-place[1], place[0]]), np.array([place[1], -place[0]])]),
    ("shear", 0.5, lambda place: [np.array([place[0], place[1] + sign * 0.5 * place[0]]) for sign in (-1, 1)]),
    ("scale", 0.5, lambda place: [place / 2]),
]


@pytest.mark.parametrize(("name", "strength", "places"), FROM_MIDDLE)
def test_a_spot_goes_where_geometry_takes_it(
    name: str, strength: float, places: Callable[[NDArray[np.float64]], list[NDArray[np.float64]]]
) -> None:
    expected, seen = places(centre(drop()) - MIDDLE), set()
    for seed in range(8):
        found = centre(apply(name, drop(), strength, seed)) - MIDDLE
        distances = [np.abs(found - place).max() for place in expected]
        assert min(distances) < 0.3
        seen.add(int(np.argmin(distances)))
    assert len(seen) == len(expected)  # either side is drawn


def test_a_shift_is_as_long_as_said_in_any_direction() -> None:
    moves = np.array([centre(apply("translate", drop(), 4, seed)) - centre(drop()) for seed in range(30)])
    np.testing.assert_allclose(np.linalg.norm(moves, axis=1), 4, atol=0.3)
    assert (moves.min(axis=0) < -2).all()
    assert (moves.max(axis=0) > 2).all()
    wide = np.repeat(np.repeat(drop(), 2, axis=0), 2, axis=1)
    moved = centre(apply("translate", wide, 4)) - centre(wide)
    assert np.linalg.norm(moved) == pytest.approx(8, abs=0.3)  # lengths grow with the width


def test_blur_is_a_gaussian_and_motion_a_line() -> None:
    point = np.zeros((57, 57, 1))
    point[28, 28] = 1
    soft = apply("blur", point, 1.5)[:, :, 0]
    rows, columns = np.mgrid[-28:29, -28:29]
    sigma = 1.5 * 57 / 28
    np.testing.assert_allclose(soft, np.exp(-(rows**2 + columns**2) / 2 / sigma**2) / (2 * np.pi * sigma**2), atol=1e-4)
    streak = apply("motion blur", point, 8)[:, :, 0]
    assert streak.sum() == pytest.approx(1)
    spread = np.linalg.eigvalsh(np.cov(np.indices(streak.shape).reshape(2, -1), aweights=streak.ravel()))
    length = 8 * 57 / 28
    assert spread[1] == pytest.approx(length**2 / 12, rel=0.1)
    assert spread[0] < 0.5


def test_light_follows_its_formulas() -> None:
    np.testing.assert_allclose(apply("brightness", drop(), 0.2), drop() + 0.2)
    flat = apply("contrast", drop(), 0.5)
    assert flat.mean() == pytest.approx(drop().mean())
    assert flat.std() == pytest.approx(drop().std() / 2)


@pytest.mark.parametrize("share", [0.25, 0.5])
def test_a_square_is_covered_and_nothing_else(share: float) -> None:
    white = np.ones((28, 28, 3))
    covered = apply("occlusion", white, share)
    rows, columns = np.nonzero(covered[:, :, 0] != 1)
    assert len(rows) == (28 * share) ** 2
    assert (np.ptp(rows), np.ptp(columns)) == (28 * share - 1, 28 * share - 1)
    assert set(np.unique(covered)) == {0.5, 1}


@pytest.mark.parametrize("strokes", [1, 4, 9])
def test_a_zigzag_is_a_thin_white_line_over_the_image(strokes: float) -> None:
    image = 0.3 * np.ones((28, 28, 1))
    drawn = apply("zigzag", image, strokes)
    changed = drawn > image
    assert drawn.max() == pytest.approx(1, abs=1e-9)
    assert (drawn >= image).all()
    assert 20 < changed.sum() < 0.6 * changed.size
    assert ndimage.label(changed[:, :, 0], np.ones((3, 3)))[1] == 1  # in one piece


def test_unknown_kinds_and_severities_are_refused(garments: Pixels) -> None:
    with pytest.raises(InputError, match="no corruption is called 'snow'; known: gaussian noise, shot noise, "):
        corrupt(garments, "snow", 1, seed=0)
    for severity in (0, 6):
        with pytest.raises(InputError, match=f"a severity is one of 1, 2, 3, 4, 5, got {severity}"):
            corrupt(garments, "blur", severity, seed=0)


MOVED = {  # of the image 123 / 456 / 789, by a pixel
    "shift left": [[2, 3, 0], [5, 6, 0], [8, 9, 0]],
    "shift right": [[0, 1, 2], [0, 4, 5], [0, 7, 8]],
    "shift up": [[4, 5, 6], [7, 8, 9], [0, 0, 0]],
    "shift down": [[0, 0, 0], [1, 2, 3], [4, 5, 6]],
}
NUMBERS = np.arange(1, 10, dtype=np.uint8).reshape(1, 3, 3)


@pytest.mark.parametrize("kind", SHIFTS)
def test_a_grey_image_is_moved_and_0_moves_in(kind: str) -> None:
    found = shift(NUMBERS, kind, 1)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], MOVED[kind])


def test_in_colour_images_a_mirror_image_moves_in() -> None:
    colours = np.stack([NUMBERS, 2 * NUMBERS, 3 * NUMBERS], axis=3)
    expected = {
        ("shift right", 2): [[2, 1, 1], [5, 4, 4], [8, 7, 7]],  # the border, and before it what lies behind it
        ("shift up", 1): [[4, 5, 6], [7, 8, 9], [7, 8, 9]],
    }
    for (kind, pixels), image in expected.items():
        found = shift(colours, kind, pixels)
        assert found.shape == colours.shape
        for channel in range(3):
            np.testing.assert_array_equal(found[0, ..., channel], (channel + 1) * np.array(image))


@pytest.mark.parametrize("pixels", SHIFT_PIXELS)
def test_a_shift_there_and_back_loses_the_border_alone(pixels: int, garments: Pixels) -> None:
    back = shift(shift(garments, "shift left", pixels), "shift right", pixels)
    np.testing.assert_array_equal(back[:, :, pixels:], garments[:, :, pixels:])
    assert not back[:, :, :pixels].any()
