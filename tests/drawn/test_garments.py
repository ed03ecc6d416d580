"""The drawn garments: their shape, their repeatability, and that the look-alike classes do look alike."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from lookalike.drawn.garments import draw_garments

T_SHIRT, TROUSER, PULLOVER, COAT, SHIRT, SNEAKER, BAG, BOOT = 0, 1, 2, 4, 6, 7, 8, 9
TOPS = (T_SHIRT, PULLOVER, COAT, SHIRT)


@pytest.fixture(scope="module")
def drawn():
    return draw_garments(1200, seed=3)


@pytest.fixture(scope="module")
def errors(drawn):
    """Confusion counts (10, 10) of a linear classifier on held-out images."""
    images, labels = drawn
    flat = images.reshape(len(images), -1) / 255.0
    predicted = RidgeClassifier(alpha=30.0).fit(flat[:800], labels[:800]).predict(flat[800:])
    confusion = np.zeros((10, 10), dtype=int)
    np.add.at(confusion, (labels[800:], predicted), 1)
    return confusion


def mean_distance(drawn, first, second):
    """The mean Euclidean distance between the images of two classes."""
    images, labels = drawn
    a, b = (images[labels == label].reshape(-1, 28 * 28).astype(np.float64) for label in (first, second))
    return np.sqrt((a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T).mean()


def test_shapes_and_types(drawn):
    images, labels = drawn
    assert images.shape == (1200, 28, 28)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels, minlength=10).tolist() == [120] * 10


@pytest.mark.parametrize("count", [1, 7, 23])
def test_any_count_is_balanced_to_within_one(count):
    counts = np.bincount(draw_garments(count, seed=0)[1], minlength=10)
    assert counts.sum() == count
    assert counts.max() - counts.min() <= 1


def test_no_images_is_an_error():
    with pytest.raises(ValueError, match="count"):
        draw_garments(0, seed=0)


def test_labels_are_shuffled(drawn):
    labels = drawn[1]
    assert len({tuple(block) for block in labels.reshape(-1, 10)}) > 100


def test_same_seed_same_bytes_whatever_the_count(drawn):
    images, labels = draw_garments(40, seed=3)
    np.testing.assert_array_equal(images, drawn[0][:40])
    np.testing.assert_array_equal(labels, drawn[1][:40])


def test_another_seed_draws_other_images():
    assert not np.array_equal(draw_garments(20, seed=1)[0], draw_garments(20, seed=2)[0])


def test_no_image_is_drawn_twice(drawn):
    assert len({image.tobytes() for image in drawn[0]}) == 1200


def test_garment_is_bright_on_a_black_ground(drawn):
    images = drawn[0]
    assert 0.4 < (images == 0).mean() < 0.8
    assert images[:, :, [0, -1]].mean() < 10
    assert images.max(axis=(1, 2)).min() > 60


def test_longest_edge_nearly_fills_the_frame(drawn):
    lit = drawn[0] > 0
    height, width = lit.any(axis=2).sum(axis=1), lit.any(axis=1).sum(axis=1)
    assert np.percentile(np.maximum(height, width), 2) >= 22


def test_toes_point_left(drawn):
    images, labels = drawn
    boots = images[labels == BOOT].mean(axis=0)
    assert boots[:12, 14:].sum() > 3 * boots[:12, :14].sum()


@pytest.mark.parametrize(
    ("alike", "apart"),
    [
        ((T_SHIRT, SHIRT), (T_SHIRT, TROUSER)),
        ((PULLOVER, COAT), (PULLOVER, BAG)),
        ((SNEAKER, BOOT), (SNEAKER, TROUSER)),
    ],
)
def test_look_alikes_are_nearer_than_other_classes(drawn, alike, apart):
    assert mean_distance(drawn, *alike) < 0.9 * mean_distance(drawn, *apart)


def test_neither_trivial_nor_hopeless_for_a_linear_classifier(errors):
    assert 0.55 < np.trace(errors) / errors.sum() < 0.95


def test_shirt_is_harder_than_trouser(errors):
    recall = np.diag(errors) / errors.sum(axis=1)
    assert recall[SHIRT] < recall[TROUSER] - 0.15


def test_errors_of_the_tops_stay_among_the_tops(errors):
    wrong = errors - np.diag(np.diag(errors))
    assert wrong[np.ix_(TOPS, TOPS)].sum() > 0.6 * wrong[list(TOPS)].sum()
