"""The drawn photographs of clothes: their repeatability, their balance, and that each shows something."""

import numpy as np
import pytest

from lookalike.data.embedded import load_embedded
from lookalike.data.image_archives import CLOTHES
from lookalike.drawn.clothes import CLASSES, DRAWN_SIZE, HATS, crop_to_square, draw_clothes
from lookalike.drawn.photographs import draw_snapshots


@pytest.fixture(scope="module")
def drawn():
    return draw_clothes(60, seed=3)


def test_shapes_and_types(drawn):
    images, labels = drawn
    assert images.shape == (60, 96, 96, 3)
    assert images.dtype == labels.dtype == np.uint8


def test_every_ten_hold_each_class_once(drawn):
    assert len(CLASSES) == len(CLOTHES) == 10
    assert (np.sort(drawn[1].reshape(-1, 10)) == np.arange(10)).all()


def test_same_seed_same_pictures_whatever_the_count(drawn):
    images, labels = draw_clothes(13, seed=3)
    np.testing.assert_array_equal(images, drawn[0][:13])
    np.testing.assert_array_equal(labels, drawn[1][:13])
    assert not np.array_equal(draw_clothes(3, seed=4)[0], images[:3])


@pytest.mark.parametrize("label", range(10))
def test_the_middle_square_has_the_whole_of_it(label):
    shots = draw_snapshots(12, seed=5, classes=(CLASSES[label],), paired=(), size=DRAWN_SIZE)
    for shot in shots:
        assert max(shot.image.shape) == DRAWN_SIZE
        mask = crop_to_square(np.repeat(shot.mask[..., None], 3, axis=2).astype(np.uint8) * 255)[..., 0] > 127
        assert 0.03 < mask.mean() < 0.75
        assert not mask[[0, -1]].any()
        assert not mask[:, [0, -1]].any()


def test_shoes_alone_come_in_pairs():
    shots = draw_snapshots(100, seed=3, classes=CLASSES, paired=(6,), size=DRAWN_SIZE)
    pairs = [shot.label for shot in shots if shot.items == "pair"]
    assert set(pairs) == {6}
    assert 2 <= len(pairs) <= 8


def test_every_hat_is_about_as_wide_as_high_or_wider():
    rng = np.random.default_rng(0)
    for draw in HATS.values():
        points = np.concatenate([stroke.points for stroke in draw(rng)])
        width, height = np.ptp(points, axis=0)
        assert 0.8 < width / height < 4


@pytest.mark.parametrize(("train", "test", "counts"), [(100, 50, (100, 50)), (1000, 200, (200, 40))])
@pytest.mark.parametrize("name", ["clothing", "clothing_500"])
def test_both_parts_shrink_in_proportion_when_there_are_too_few(monkeypatch, name, train, test, counts):
    from lookalike.drawn import clothes

    blank = np.zeros((400, 2, 2, 3), np.uint8)
    monkeypatch.setattr(clothes, "draw_clothes", lambda count, seed: (blank[:count], blank[:count, 0, 0, 0]))
    data = load_embedded(name, train_images=train, test_images=test)
    assert (len(data.train_images), len(data.test_images)) == counts
