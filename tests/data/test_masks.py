"""Masks: they find drawn garments, the same ones every time, and the largest object is one thing without specks."""

import os
import sys
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookalike.artifacts.pictures import read_picture
from lookalike.data.masks import (
    LOST,
    MASKS,
    Mask,
    Pixels,
    border_distance,
    frame_pixels,
    grabcut,
    largest_object,
    rembg_mask,
    rembg_network,
    run_grabcut,
)
from lookalike.drawn.photographs import BACKGROUNDS, draw_snapshots
from lookalike.errors import InputError
from lookalike.photographs.recipes import to_working_size

Cases = list[tuple[Pixels, Mask]]


@pytest.fixture(scope="module")
def drawn() -> dict[str, Cases]:
    """By their ground, 15 pictures in the size that masks are made in, each with the mask it was drawn by."""
    cases: dict[str, Cases] = {background: [] for background in BACKGROUNDS}
    for shot in draw_snapshots(45, seed=3):
        mask = to_working_size(np.repeat(shot.mask[..., None], 3, axis=2).astype(np.uint8) * 255)[..., 0] > 127
        cases[shot.background].append((to_working_size(shot.image), mask))
    return cases


def overlap(found: Mask, true: Mask) -> float:
    """Intersection over union."""
    return float((found & true).sum() / (found | true).sum())


@pytest.mark.parametrize(
    ("name", "background", "floor"),
    [("grabcut", "plain", 0.95), ("grabcut", "textured", 0.95), ("border", "plain", 0.9), ("border", "textured", 0.75)],
)
def test_drawn_garments_are_found(drawn: dict[str, Cases], name: str, background: str, floor: float) -> None:
    overlaps = [overlap(MASKS[name](image), true) for image, true in drawn[background]]
    assert np.median(overlaps) > floor


def test_grabcut_copes_better_with_clutter_than_the_naive_way(drawn: dict[str, Cases]) -> None:
    cases = drawn["cluttered"]
    medians = [np.median([overlap(way(image), true) for image, true in cases]) for way in (grabcut, border_distance)]
    assert medians[0] > 0.85
    assert medians[0] > medians[1] + 0.2


def test_grabcut_finds_the_same_again_whatever_was_drawn_by_lot_before(drawn: dict[str, Cases]) -> None:
    images = [image for image, _ in drawn["cluttered"][:5]]
    first = [grabcut(image) for image in images]
    for seed, (image, before) in enumerate(zip(images, first, strict=True), start=1):
        cv2.setRNGSeed(seed)
        np.testing.assert_array_equal(grabcut(image), before)


def test_grabcut_finds_the_same_from_two_threads(drawn: dict[str, Cases]) -> None:
    images = [image for image, _ in drawn["cluttered"][:5]]
    alone = [grabcut(image) for image in images]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(grabcut, images))
    np.testing.assert_equal(together, alone)


@pytest.mark.parametrize(("shape", "wide"), [((160, 120), 4), ((28, 100), 2)])
def test_the_border_is_a_frame(shape: tuple[int, int], wide: int) -> None:
    inner = np.zeros(shape, bool)
    inner[wide : shape[0] - wide, wide : shape[1] - wide] = True
    np.testing.assert_array_equal(frame_pixels(shape), ~inner)


def test_the_larger_of_two_objects_is_kept() -> None:
    mask = np.zeros((50, 60), bool)
    mask[5:15, 5:15] = True
    large = np.zeros_like(mask)
    large[20:40, 20:50] = True
    np.testing.assert_array_equal(largest_object(mask | large), large)


def test_objects_that_touch_at_a_corner_are_one() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:20, 5:20] = mask[20:30, 20:30] = True
    np.testing.assert_array_equal(largest_object(mask), mask)


def test_small_gaps_are_filled_and_a_big_hole_stays() -> None:
    ring = np.zeros((50, 50), bool)
    ring[5:45, 5:45] = True
    ring[15:25, 15:25] = False  # 4 % of the picture: between the handles of a bag
    mask = ring.copy()
    mask[35:37, 35:37] = mask[40, 10] = False
    np.testing.assert_array_equal(largest_object(mask), ring)


def test_a_mask_without_ground_stays_full() -> None:
    assert largest_object(np.ones((30, 40), bool)).all()


def test_an_empty_mask_stays_empty() -> None:
    assert not largest_object(np.zeros((30, 40), bool)).any()


def test_without_rembg_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rembg", None)
    rembg_network.cache_clear()
    with pytest.raises(InputError, match=r"\Amask: rembg is not installed; pip install 'lookalike\[rembg\]'[^\n]*\Z"):
        rembg_mask(np.zeros((30, 40, 3), np.uint8))


def test_what_rembg_finds_likely_is_garment(monkeypatch: pytest.MonkeyPatch) -> None:
    found = np.array([[0, 127], [128, 255]], np.uint8)
    fake = types.SimpleNamespace(
        remove=lambda image, session, only_mask: found if only_mask and session == "loaded once" else image,
        new_session=lambda: "loaded once",
    )
    monkeypatch.setitem(sys.modules, "rembg", fake)
    rembg_network.cache_clear()
    np.testing.assert_array_equal(rembg_mask(np.zeros((2, 2, 3), np.uint8)), [[False, False], [True, True]])


@pytest.mark.real_data
@pytest.mark.parametrize(
    "name", ["outwear/78ca5eae-827e-4966-9fee-420e85cf95e2", "dress/e9a97cee-c85f-4eb9-87fe-9a7de7e94355"]
)
def test_a_garment_that_reaches_into_the_frame_is_found_from_the_middle(name: str) -> None:
    mirror = os.environ.get("LOOKALIKE_MIRROR")
    if not mirror or not Path(mirror, "photos").is_dir():
        pytest.skip("needs the published photographs in the folder LOOKALIKE_MIRROR")
    image = to_working_size(read_picture(Path(mirror, "photos", f"{name}.jpg")))
    frame = frame_pixels(image.shape[:2])
    assert largest_object(run_grabcut(image, frame, garment=np.zeros_like(frame))).mean() < LOST
    assert largest_object(grabcut(image)).mean() > 0.15


def test_a_bare_wall_has_no_garment() -> None:
    wall = np.full((60, 80, 3), (200, 60, 60), np.uint8)
    assert not grabcut(wall).any()
