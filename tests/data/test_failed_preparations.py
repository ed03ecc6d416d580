"""Corrupted garments against SciPy and plain loops, on drawn garments."""

import numpy as np
import pytest
from scipy import ndimage

from lookalike.data.failed_preparations import WAYS, Images, imitate_failure
from lookalike.drawn.garments import draw_garments

IMAGES, _ = draw_garments(40, seed=6)
STRENGTHS = (0.1, 0.5, 1.0)


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("shape", [(40, 28, 28), (40, 13, 28), (0, 28, 28), (1, 1, 1)])
def test_no_strength_leaves_the_bytes_as_they_are(how: str, shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8) * (
        np.random.default_rng(3).random(shape) < 0.6
    ).astype(np.uint8)
    found = imitate_failure(images, how, 0)
    assert (found.shape, found.dtype) == (images.shape, np.uint8)
    assert found.tobytes() == images.tobytes()
    assert not np.shares_memory(found, images)


@pytest.mark.parametrize("how", WAYS)
def test_more_strength_changes_more_and_leaves_the_input_alone(how: str) -> None:
    before = IMAGES.copy()
    changes = [np.abs(imitate_failure(IMAGES, how, s).astype(int) - IMAGES).mean() for s in (0, 0.1, 0.3)]
    assert changes[0] < changes[1] < changes[2]
    for strength in STRENGTHS:
        found = imitate_failure(IMAGES, how, strength)
        assert (found.shape, found.dtype) == (IMAGES.shape, np.uint8)
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize("how", WAYS)
def test_each_image_is_corrupted_by_itself(how: str) -> None:
    alone = [imitate_failure(IMAGES[k : k + 1], how, 0.4)[0] for k in range(5)]
    np.testing.assert_array_equal(imitate_failure(IMAGES, how, 0.4)[:5], alone)


@pytest.mark.parametrize("how", ["negative", "turn", "smear", "fill"])
def test_an_image_without_garment_stays_empty(how: str) -> None:
    assert not imitate_failure(np.zeros((2, 28, 28), np.uint8), how, 0.7).any()


@pytest.mark.parametrize("strength", STRENGTHS)
def test_the_ground_is_lifted(strength: float) -> None:
    found = imitate_failure(IMAGES, "ground", strength)
    assert set(found[IMAGES == 0]) == {round(255 * strength)}
    np.testing.assert_array_equal(found[IMAGES > 0], IMAGES[IMAGES > 0])


def test_garments_are_turned_into_their_negative() -> None:
    expected = np.array([[0 if tone == 0 else 256 - tone for tone in image.ravel()] for image in IMAGES.astype(int)])
    found = imitate_failure(IMAGES, "negative", 1)
    np.testing.assert_array_equal(found, expected.reshape(IMAGES.shape))
    np.testing.assert_array_equal(imitate_failure(found, "negative", 1), IMAGES)
    half = imitate_failure(IMAGES, "negative", 0.5)
    assert set(half[IMAGES > 0]) == {128}
    assert not half[IMAGES == 0].any()


def test_turns_are_those_of_numpy_and_scipy() -> None:
    np.testing.assert_array_equal(imitate_failure(IMAGES, "turn", 1), IMAGES[:, ::-1, ::-1])
    np.testing.assert_array_equal(imitate_failure(IMAGES, "turn", 0.5), np.rot90(IMAGES, axes=(1, 2)))
    framed = np.pad(IMAGES[:, 2:-2, 2:-2], ((0, 0), (2, 2), (2, 2)))  # Pillow and SciPy differ on garments at the edge
    theirs = [ndimage.rotate(image.astype(float), 36, reshape=False, order=1) for image in framed]
    np.testing.assert_allclose(imitate_failure(framed, "turn", 0.2), theirs, atol=1)


@pytest.mark.parametrize("strength", [0.01, *STRENGTHS])
def test_blurs_are_those_of_scipy(strength: float) -> None:
    sigma = (0, 4 * strength, 4 * strength)
    theirs = ndimage.gaussian_filter(IMAGES.astype(float), sigma, mode="constant", truncate=8)
    np.testing.assert_allclose(imitate_failure(IMAGES, "smear", strength), theirs, atol=0.51)


def test_a_blur_treats_rows_and_columns_alike() -> None:
    image = IMAGES[:3, :20]
    np.testing.assert_array_equal(
        imitate_failure(image, "smear", 0.3), imitate_failure(image.swapaxes(1, 2), "smear", 0.3).swapaxes(1, 2)
    )


def filled(image: Images, strength: float) -> Images:
    """By a plain loop over the pixels of the bounding box."""
    result = image.copy()
    rows, columns = np.nonzero(image)
    tone = round(strength * image[image > 0].mean())
    for y in range(rows.min(), rows.max() + 1):
        for x in range(columns.min(), columns.max() + 1):
            if image[y, x] == 0:
                result[y, x] = tone
    return result


@pytest.mark.parametrize("strength", STRENGTHS)
def test_gaps_are_filled_within_the_bounding_box(strength: float) -> None:
    small = IMAGES.copy()
    small[:20, :6], small[:20, :, 20:] = 0, 0  # boxes that do not reach the edges
    for images in (IMAGES, small):
        expected = [filled(image, strength) for image in images]
        np.testing.assert_array_equal(imitate_failure(images, "fill", strength), expected)


def test_a_hole_is_filled_and_what_lies_outside_stays() -> None:
    image = np.zeros((1, 6, 6), np.uint8)
    image[0, 1:4, 1:4] = [[40, 80, 40], [80, 0, 80], [40, 80, 0]]
    found = imitate_failure(image, "fill", 1)
    assert (found[0, 2, 2], found[0, 3, 3]) == (63, 63)  # the mean of the seven others is 62.9
    assert found.sum() == image.sum() + 2 * 63


@pytest.mark.parametrize("strength", [-0.1, 1.01, float("nan")])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        imitate_failure(IMAGES, "ground", strength)


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(KeyError, match="crumple"):
        imitate_failure(IMAGES, "crumple", 0.5)
