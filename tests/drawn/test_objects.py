"""The drawn objects: their shape, their repeatability, and that colour alone does not give the class away."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.preprocessing import StandardScaler

from lookalike.drawn.objects import draw_objects

AIRPLANE, AUTOMOBILE, BIRD, CAT, DEER, DOG, FROG, HORSE, SHIP, TRUCK = range(10)


@pytest.fixture(scope="module")
def drawn():
    return draw_objects(1000, seed=3)


def held_out_accuracy(features, labels):
    """Accuracy of a linear classifier on the last 300 of the rows."""
    features = StandardScaler().fit_transform(features)
    classifier = RidgeClassifier(alpha=30.0).fit(features[:700], labels[:700])
    return classifier.score(features[700:], labels[700:])


def mean_outline(drawn, label):
    """How much the brightness changes around each pixel, on average over a class: its typical outline (32, 32)."""
    images, labels = drawn
    grey = images[labels == label].mean(axis=3)
    down, across = np.gradient(grey, axis=(1, 2))
    return np.hypot(down, across).mean(axis=0)


def outline_distance(drawn, first, second):
    return np.linalg.norm(mean_outline(drawn, first) - mean_outline(drawn, second))


def test_shapes_and_types(drawn):
    images, labels = drawn
    assert images.shape == (1000, 32, 32, 3)
    assert images.dtype == labels.dtype == np.uint8
    assert np.bincount(labels, minlength=10).tolist() == [100] * 10


def test_same_seed_same_bytes_whatever_the_count(drawn):
    images, labels = draw_objects(30, seed=3)
    np.testing.assert_array_equal(images, drawn[0][:30])
    np.testing.assert_array_equal(labels, drawn[1][:30])


def test_another_seed_draws_other_images():
    assert not np.array_equal(draw_objects(20, seed=1)[0], draw_objects(20, seed=2)[0])


def test_objects_face_both_ways(drawn):
    """Heads and cabs are no more often on one side: a class's mean outline is nearly its own mirror image."""
    outline = mean_outline(drawn, TRUCK)
    assert np.abs(outline - outline[:, ::-1]).mean() < 0.2 * outline.mean()


def test_colour_alone_does_not_give_the_class_away(drawn):
    images, labels = drawn
    pixels = images.reshape(1000, -1, 3).astype(np.float64)
    colours = np.concatenate([pixels.mean(axis=1), pixels.std(axis=1)], axis=1)
    assert held_out_accuracy(colours, labels) < 0.4


def test_shape_is_learnable(drawn):
    images, labels = drawn
    grey = images.mean(axis=3)
    outlines = np.hypot(*np.gradient(grey, axis=(1, 2))).reshape(1000, -1)
    assert 0.35 < held_out_accuracy(outlines, labels) < 0.95


@pytest.mark.parametrize(
    ("alike", "apart"),
    [
        ((AUTOMOBILE, TRUCK), (AUTOMOBILE, BIRD)),
        ((CAT, DOG), (CAT, SHIP)),
        ((DEER, HORSE), (DEER, TRUCK)),
        ((AIRPLANE, BIRD), (AIRPLANE, FROG)),
    ],
)
def test_look_alikes_share_an_outline(drawn, alike, apart):
    assert outline_distance(drawn, *alike) < outline_distance(drawn, *apart)


@pytest.mark.parametrize(("alike", "apart"), [((SHIP, AIRPLANE), (SHIP, DEER)), ((AIRPLANE, BIRD), (AIRPLANE, CAT))])
def test_what_flies_or_floats_shares_its_setting(drawn, alike, apart):
    images, labels = drawn
    rows = [images[labels == label].mean(axis=(0, 2)) for label in (*alike, *apart)]
    assert np.linalg.norm(rows[0] - rows[1]) < np.linalg.norm(rows[2] - rows[3])
