"""The drawn photographs: their repeatability, their balance, and that each shows a garment which stands out."""

import hashlib

import numpy as np
import pytest
from scipy import ndimage

from lookalike.drawn.garments import CLASSES
from lookalike.drawn.photographs import draw_snapshots

SHOES = {5, 7, 9}


@pytest.fixture(scope="module")
def drawn():
    return draw_snapshots(120, seed=3)


def edge_contrast(snapshot):
    """The distance in RGB between the mean colours just inside and just outside the garment's outline."""
    inside = snapshot.mask & ~ndimage.binary_erosion(snapshot.mask, iterations=4)
    outside = ndimage.binary_dilation(snapshot.mask, iterations=6) & ~ndimage.binary_dilation(snapshot.mask)
    return np.linalg.norm(snapshot.image[inside].mean(axis=0) - snapshot.image[outside].mean(axis=0))


def brightness(snapshot, where):
    return snapshot.image[where].mean()


def test_shapes_and_types(drawn):
    assert {snapshot.image.shape for snapshot in drawn} == {(320, 240, 3), (240, 320, 3)}
    for snapshot in drawn:
        assert snapshot.image.dtype == np.uint8
        assert snapshot.mask.dtype == bool
        assert snapshot.mask.shape == snapshot.image.shape[:2]


def test_no_pictures_is_an_error():
    with pytest.raises(ValueError, match="count"):
        draw_snapshots(0, seed=0)


def test_same_seed_same_pictures_whatever_the_count(drawn):
    for again, before in zip(draw_snapshots(13, seed=3), drawn, strict=False):
        assert (again.label, again.background, again.items) == (before.label, before.background, before.items)
        np.testing.assert_array_equal(again.image, before.image)
        np.testing.assert_array_equal(again.mask, before.mask)


def test_what_is_drawn_stays_what_it_was():
    """The demonstration's photographs, and all that is said of them, would change with a single pixel."""
    sha = hashlib.sha256()
    for shot in draw_snapshots(30, seed=3):
        sha.update(shot.image.tobytes() + shot.mask.tobytes() + f"{shot.label}{shot.background}{shot.items}".encode())
    assert sha.hexdigest() == "8cfc29b16703b65dbaa1b5d169c5f8695f8b4998d4dee9dd7e505a2658aaa682"


def test_other_classes_and_another_size():
    shots = draw_snapshots(12, seed=3, classes=CLASSES[7:10], paired=(0,), size=160)
    assert {shot.image.shape for shot in shots} == {(160, 120, 3), (120, 160, 3)}
    assert {shot.label for shot in shots} == {0, 1, 2}
    assert {shot.label for shot in shots if shot.items == "pair"} == {0}


def test_another_seed_draws_other_pictures(drawn):
    others = draw_snapshots(3, seed=4)
    assert all(other.image.tobytes() != one.image.tobytes() for other, one in zip(others, drawn, strict=False))


def test_every_ten_hold_each_class_once(drawn):
    labels = np.array([snapshot.label for snapshot in drawn]).reshape(-1, 10)
    assert (np.sort(labels) == np.arange(10)).all()
    assert len({tuple(block) for block in labels}) == len(labels)


def test_backgrounds_take_turns(drawn):
    names = [snapshot.background for snapshot in drawn]
    assert names == ["plain", "textured", "cluttered"] * 40


def test_some_shoes_and_nothing_else_are_pairs(drawn):
    items = {label: {shot.items for shot in drawn if shot.label == label} for label in range(10)}
    assert all(items[label] == ({"single", "pair"} if label in SHOES else {"single"}) for label in items)


def test_texture_is_rougher_than_a_plain_ground(drawn):
    """The median over pictures of how much neighbouring pixels of the ground differ."""
    rough = {"plain": [], "textured": []}
    for snapshot in drawn:
        if snapshot.background in rough:
            away = ~ndimage.binary_dilation(snapshot.mask, iterations=20)
            smooth = ndimage.gaussian_filter(snapshot.image.mean(axis=2), 1.5)  # takes the camera's noise away
            rough[snapshot.background].append(np.hypot(*np.gradient(smooth))[away].mean())
    assert np.median(rough["textured"]) > 3 * np.median(rough["plain"])


def test_garment_covers_a_fair_share_of_the_middle_and_leaves_the_edges(drawn):
    cover = np.array([snapshot.mask.mean() for snapshot in drawn])
    assert (cover > 0.05).mean() > 0.97  # all but a few sandals of little more than a sole
    assert cover.min() > 0.02
    assert cover.max() < 0.7
    for snapshot in drawn:
        assert not snapshot.mask[[0, -1]].any()
        assert not snapshot.mask[:, [0, -1]].any()
        centre = np.array(ndimage.center_of_mass(snapshot.mask)) / snapshot.mask.shape
        assert np.abs(centre - 0.5).max() < 0.2


def test_garment_stands_out_from_its_surroundings(drawn):
    contrasts = np.array([edge_contrast(snapshot) for snapshot in drawn])
    assert (contrasts > 30).mean() > 0.95
    assert (contrasts < 80).mean() > 0.1  # but not always strongly


def test_garments_are_darker_or_brighter_than_the_ground(drawn):
    darker = [brightness(snapshot, snapshot.mask) < brightness(snapshot, ~snapshot.mask) for snapshot in drawn]
    assert 0.3 < np.mean(darker) < 0.85
