"""Images that keep one cue: against OpenCV's filters, a patch at a time, and by hand."""

import sys
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lookalike.data.masks import object_masks
from lookalike.drawn.garments import draw_garments
from lookalike.errors import InputError
from lookalike.evaluation.cues import (
    CUES,
    DEVIATIONS,
    PATCHES,
    STRENGTHS,
    colour_objects,
    edges,
    high_pass,
    keep_cue,
    low_pass,
)

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def garments() -> Pixels:
    return draw_garments(6, seed=3)[0]


@pytest.fixture(scope="module")
def colours() -> Pixels:
    """Three discs of other colours on other grounds, with noise, and a picture of one colour."""
    rng, places = np.random.default_rng(0), np.hypot(*(np.indices((32, 32)) - 15.5))
    images = np.full((4, 32, 32, 3), 90, np.uint8)
    for image, inside, outside in zip(
        images, ((200, 30, 30), (20, 60, 200), (220, 220, 40)), (20, 220, 100), strict=False
    ):
        image[:] = np.where((places < 9)[..., None], inside, outside) + rng.integers(0, 12, (32, 32, 3))
    return images


def drawn(*shape: int) -> Pixels:
    return np.random.default_rng(shape).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(("kind", "strength"), CUES)
def test_every_cue_gives_other_images_of_the_same_format(garments: Pixels, kind: str, strength: int) -> None:
    for images in (garments, drawn(3, 28, 28, 3)):
        before = images.copy()
        made, usable = keep_cue(images, kind, strength, seed=1)
        assert (made.shape, made.dtype) == (images.shape, np.uint8)
        assert (usable.shape, usable.dtype) == ((len(images),), bool)
        assert (made != images).any()
        np.testing.assert_array_equal(images, before)
        again, still = keep_cue(images, kind, strength, seed=1)
        np.testing.assert_array_equal(made, again)
        np.testing.assert_array_equal(usable, still)
    assert keep_cue(garments, kind, strength, seed=2)[1].all()


def test_the_cues_are_these() -> None:
    filters = [(kind, strength) for kind in ("low-pass", "high-pass", "edges") for strength in STRENGTHS]
    assert (("silhouette", 1), ("shuffled", 2), ("shuffled", 4), ("shuffled", 7), *filters) == CUES


@pytest.mark.parametrize(("kind", "strength"), [("outline", 1), ("silhouette", 2), ("shuffled", 3), ("", 0)])
def test_an_unknown_cue_is_refused(garments: Pixels, kind: str, strength: int) -> None:
    with pytest.raises(InputError, match=r"^no cue is called .* known: silhouette 1, shuffled 2, "):
        keep_cue(garments, kind, strength, seed=1)


@pytest.mark.parametrize(("kind", "strength"), CUES)
@pytest.mark.parametrize("value", [0, 77, 255])
def test_of_an_image_of_one_tone_nothing_can_be_made(kind: str, strength: int, value: int) -> None:
    for shape in ((28, 28), (28, 28, 3)):
        images = np.stack([np.full(shape, value, np.uint8), drawn(*shape)])
        images[1, :4], images[1, -4:] = 0, 0
        made, usable = keep_cue(images, kind, strength, seed=1)
        assert not usable[0]
        assert len(np.unique(made[0])) == 1
        assert usable[1] or (kind == "silhouette" and len(shape) == 3), "GrabCut finds no object in noise"


# --- silhouettes ----------------------------------------------------------------------------------------------------


def test_a_silhouette_is_filled_with_the_mean_tone_of_all_objects() -> None:
    images = np.zeros((3, 7, 7), np.uint8)
    images[0, 1:6, 1:6], images[0, 3, 3] = 50, 0  # a ring of 24 pixels
    images[1, 2, 2:4], images[1, 6, 6] = 200, 9  # two pixels; another is darker than a garment
    made, usable = keep_cue(images, "silhouette", 1, seed=0)
    tone = round((24 * 50 + 0 + 2 * 200) / (24 + 1 + 2))
    expected = np.zeros_like(images)
    expected[0, 1:6, 1:6] = expected[1, 2, 2:4] = tone
    np.testing.assert_array_equal(made, expected)
    assert usable.tolist() == [True, True, False]


def test_silhouettes_of_colour_images_are_grabcuts(colours: Pixels) -> None:
    made, usable = keep_cue(colours, "silhouette", 1, seed=0)
    masks = object_masks(colours[:3])
    for image, mask in zip(made[:3], masks, strict=True):
        assert (image == image[..., :1]).all(), "grey"
        disc = np.hypot(*(np.indices((32, 32)) - 15.5)) < 9
        assert ((image[..., 0] > 0) & disc).sum() > 0.9 * disc.sum()
        np.testing.assert_array_equal(image[mask] > 0, True)
    assert len(np.unique(made)) == 2
    assert usable.tolist() == [True, True, True, False]


def test_without_opencv_colour_images_have_no_silhouette(colours: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "lookalike.data.masks", raising=False)
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert not colour_objects(colours).any()
    assert not keep_cue(colours, "silhouette", 1, seed=0)[1].any()


# --- shuffled patches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("patches", PATCHES)
def test_patches_change_places_by_a_permutation_of_each_images_own(patches: int) -> None:
    images, side = drawn(5, 28, 28, 3), 28 // patches
    made, _ = keep_cue(images, "shuffled", patches, seed=4)
    places = [(down, right) for down in range(0, 28, side) for right in range(0, 28, side)]
    orders = []
    for k, (before, after) in enumerate(zip(images, made, strict=True)):
        order = np.random.default_rng((4, k)).permutation(patches**2)
        for target, source in enumerate(order):
            (y, x), (v, u) = places[target], places[source]
            np.testing.assert_array_equal(after[y : y + side, x : x + side], before[v : v + side, u : u + side])
        orders.append(order.tolist())
    assert sorted(orders[0]) == list(range(patches**2))
    assert any(order != orders[0] for order in orders)
    assert (keep_cue(images, "shuffled", patches, seed=5)[0] != made).any()


def test_an_image_whose_patches_stay_where_they_are_is_not_usable() -> None:
    images = drawn(100, 28, 28)
    made, usable = keep_cue(images, "shuffled", 2, seed=1)
    same = [(before == after).all() for before, after in zip(images, made, strict=True)]
    np.testing.assert_array_equal(usable, ~np.array(same))
    assert 0 < sum(same) < 12, "one of 24 permutations changes nothing"


@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 3), (30, 33), (97, 96, 3)])
@pytest.mark.parametrize("patches", PATCHES)
def test_no_pixel_is_lost_where_patches_are_of_several_sizes(shape: tuple[int, ...], patches: int) -> None:
    image = np.arange(np.prod(shape)).reshape(shape) % 251
    numbered = np.arange(shape[0] * shape[1]).reshape(shape[:2])
    parts = [np.array_split(np.arange(side), patches) for side in shape[:2]]
    images = image[None].astype(np.uint8)
    made, usable = keep_cue(images, "shuffled", patches, seed=0)
    for value in range(251):
        assert (made == value).sum() == (images == value).sum()
    moved = False
    pieces = [numbered[np.ix_(down, right)] for down in parts[0] for right in parts[1]]
    for down in parts[0]:
        for right in parts[1]:
            found = made[0][np.ix_(down, right)]
            alike = [piece for piece in pieces if piece.shape == found.shape[:2]]
            whole = images[0].reshape(-1, *shape[2:])
            assert any((whole[piece] == found).all() for piece in alike)
            moved |= bool((images[0][np.ix_(down, right)] != found).any())
    assert usable[0] == moved
    assert moved or patches == 2


# --- filters --------------------------------------------------------------------------------------------------------


def blurred(image: Floats, deviation: float) -> Floats:
    """OpenCV's Gaussian, cut off at four deviations as scipy's."""
    size = 2 * int(4 * deviation + 0.5) + 1
    return cv2.GaussianBlur(image, (size, size), deviation, borderType=cv2.BORDER_REPLICATE).reshape(image.shape)


def steepness(image: Floats, deviation: float) -> Floats:
    smooth = blurred(image, deviation)
    down, right = (
        cv2.Sobel(smooth, cv2.CV_64F, dx, 1 - dx, ksize=3, borderType=cv2.BORDER_REPLICATE).reshape(image.shape)
        for dx in (0, 1)
    )
    largest = np.sqrt(down**2 + right**2).max(axis=2, keepdims=True)
    return np.repeat(largest / largest.max(), image.shape[2], axis=2)


PLAIN: dict[str, Callable[[Floats, float], Floats]] = {
    "low-pass": blurred,
    "high-pass": lambda image, deviation: np.clip(0.5 + image - blurred(image, deviation), 0, 1),
    "edges": steepness,
}


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28, 3), (56, 56, 3)])
def test_filters_are_opencvs(kind: str, strength: int, shape: tuple[int, int, int]) -> None:
    images = drawn(2, *shape)
    made, _ = keep_cue(images[..., 0] if shape[2] == 1 else images, kind, strength, seed=0)
    deviation = DEVIATIONS[kind][strength - 1] * shape[1] / 28
    for image, found in zip(images / 255, made, strict=True):
        np.testing.assert_allclose(found.reshape(shape), 255 * PLAIN[kind](image, deviation), atol=0.5 + 1e-6)


def test_low_and_high_frequencies_add_up_to_the_image() -> None:
    image = drawn(28, 28, 1) / 255
    np.testing.assert_allclose(low_pass(image, 2) + high_pass(image, 2) - 0.5, image)
    assert low_pass(image, 2).std() < low_pass(image, 1).std() < image.std()


def test_edges_lie_where_the_image_changes() -> None:
    image = np.zeros((28, 28, 3))
    image[:, 14:, 1] = 0.2  # of one channel alone
    found = edges(image, 0.5)
    assert (found[:, 13:15] == 1).all()
    np.testing.assert_allclose(found[:, [0, -1]], 0)


@pytest.mark.parametrize("kind", DEVIATIONS)
def test_stronger_filters_leave_less(garments: Pixels, kind: str) -> None:
    changes = []
    for strength in STRENGTHS:
        made = keep_cue(garments, kind, strength, seed=0)[0].astype(float)
        changes.append(
            np.corrcoef(made.ravel(), garments.ravel().astype(float))[0, 1] if kind != "edges" else -strength
        )
    assert changes == sorted(changes, reverse=True)
