"""What can be read from layers: against hooks, scikit-learn, and networks of which the answer is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.explain.depth import (
    FEATURES,
    PENALTY,
    activations,
    class_selectivity,
    decoded,
    depth_readouts,
    in_second_half,
    projected,
    ridge,
)
from lookalike.explain.subject import Images, Subject
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime

LABELS = np.arange(40) % 4


def subject_of(model: nn.Module, dataset: Dataset, *, colours: bool) -> Subject:
    """40 noisy images of 16x16 in four classes, each brighter in another quarter."""
    images = np.random.default_rng(1).integers(0, 60, (40, 16, 16, 3), dtype=np.uint8)
    for k, label in enumerate(LABELS):
        images[k, 8 * (label // 2) :][:8, 8 * (label % 2) :][:, :8] += 150
    mean, std = ((0.0,), (1.0,)) if not colours else ((0.0,) * 3, (1.0,) * 3)
    pixels = images if colours else images[..., 0]
    seen = replace(dataset, mean=mean, std=std)
    return Subject(model.eval(), model, seen, Runtime(torch.device("cpu")), Images(pixels, LABELS, LABELS))


@pytest.mark.parametrize("colours", [False, True])
def test_rows_are_those_of_the_convolutions_in_the_order_in_which_they_run(dataset: Dataset, *, colours: bool) -> None:
    torch.manual_seed(0)
    shape = (3 if colours else 1, 16, 16)
    model = create_model("simple_cnn", {"batch_norm": True}, input_shape=shape, num_classes=10)
    rows = depth_readouts(subject_of(model, dataset, colours=colours))
    assert [row.layer for row in rows] == ["conv1", "conv2", "conv3"]
    for row in rows:
        assert 0 <= row.probe_accuracy["low"] <= row.probe_accuracy["value"] <= row.probe_accuracy["high"] <= 1
        assert 0 <= row.class_selectivity <= 1
        assert 0 <= row.orientation_decoded <= 1
        assert (row.colour_decoded is not None) == colours
    assert rows[0].probe_accuracy["value"] == 1, "classes differ by which quarter is bright"
    assert depth_readouts(subject_of(model, dataset, colours=colours)) == rows


def test_activations_are_the_averages_of_what_leaves_relu(dataset: Dataset) -> None:
    torch.manual_seed(0)
    model = create_model("simple_cnn", {"batch_norm": True}, input_shape=(1, 16, 16), num_classes=10)
    subject = subject_of(model, dataset, colours=False)
    found = activations(subject)
    x = subject.inputs
    names = iter(found)
    with torch.no_grad():
        for layer in model.features:
            if isinstance(layer, nn.Flatten):
                break
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                side = x.shape[2] // 2
                cells = x.unflatten(3, (2, side)).unflatten(2, (2, side)).mean(dim=(3, 5)).flatten(1)  # (N, 4 K)
                expected = torch.cat([x.mean(dim=(2, 3)), cells], dim=1)
                np.testing.assert_allclose(found[next(names)], expected, rtol=1e-5, atol=1e-6)
    assert next(names, None) is None


class Eyes(nn.Module):
    """A network with one convolution, whose weights are given."""

    def __init__(self, weights: NDArray[np.float64]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(*weights.shape[1::-1], weights.shape[2], bias=False)
        self.conv.weight.data = torch.from_numpy(weights).float()
        self.head = nn.Linear(len(weights), 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(self.conv(images).relu().mean(dim=(2, 3)))


def test_colours_are_read_where_they_are_kept_and_not_where_they_are_not(dataset: Dataset) -> None:
    differences = np.eye(3) - np.roll(np.eye(3), 1, axis=0)
    opponent = np.concatenate([differences, -differences])[:, :, None, None]
    grey = np.full((1, 3, 1, 1), 1 / 3)
    seeing, blind = (
        depth_readouts(subject_of(Eyes(weights), dataset, colours=True))[0] for weights in (opponent, grey)
    )
    assert seeing.colour_decoded is not None
    assert blind.colour_decoded is not None
    assert seeing.colour_decoded > 0.7
    assert blind.colour_decoded < 0.3, "brightness is random"


def test_orientations_are_read_from_oriented_filters_and_not_from_a_single_pixel(dataset: Dataset) -> None:
    y, x = np.mgrid[:7, :7] - 3
    angles = np.pi * np.arange(8) / 8
    waves = np.stack([np.cos(np.pi / 3 * (np.cos(a) * x + np.sin(a) * y) + p) for a in angles for p in (0, np.pi / 2)])
    waves -= waves.mean(axis=(1, 2), keepdims=True)
    oriented, pixel = (
        depth_readouts(subject_of(Eyes(weights), dataset, colours=False))[0]
        for weights in (waves[:, None], np.ones((1, 1, 1, 1)))
    )
    assert oriented.orientation_decoded > 0.9
    assert pixel.orientation_decoded < 0.4


def test_class_selectivity_by_hand() -> None:
    labels = np.array([0, 0, 1, 2])
    means = np.array([[4.0, 1, 0, 3], [2, 1, 0, 3], [0, 1, 0, 0], [1, 1, 0, 0]])  # one channel per column
    expected = [(3 - 0.5) / (3 + 0.5), 0, 0, 1]  # classes 3, 0, 1; all the same; never active; one class alone
    assert class_selectivity(means, labels) == pytest.approx(np.mean(expected))


def test_ridge_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    features, others = rng.normal(2, 3, (20, 30)), rng.normal(2, 3, (7, 30))
    targets = np.eye(4)[rng.integers(0, 4, 20)]
    model = Ridge(alpha=PENALTY * 20).fit(features, targets)
    np.testing.assert_allclose(ridge(features, targets, others), model.predict(others), rtol=1e-8, atol=1e-10)


def test_separable_classes_are_found_and_others_are_guessed() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 8
    noise = rng.normal(0, 1, (400, 300))
    assert decoded(noise[:, :8] + 20 * np.eye(8)[labels], labels).all()
    assert decoded(noise, labels).mean() == pytest.approx(1 / 8, abs=0.05)


def test_a_constant_feature_is_no_answer_but_no_error() -> None:
    labels = np.arange(16) % 2
    assert decoded(np.ones((16, 3)), labels).mean() == pytest.approx(0.5)


def test_each_class_is_halved() -> None:
    labels = np.array([3, 3, 1, 3, 1, 3, 1])
    assert in_second_half(labels).tolist() == [False, True, False, False, True, True, False]


def test_wide_features_are_projected_such_that_distances_stay_and_narrow_ones_are_kept() -> None:
    features = np.random.default_rng(0).normal(0, 1, (12, 2000))
    assert projected(features).shape == (12, FEATURES)
    np.testing.assert_array_equal(projected(features[:, :FEATURES]), features[:, :FEATURES])
    before, after = (np.linalg.norm(one[:, None] - one, axis=2) for one in (features, projected(features)))
    others = ~np.eye(12, dtype=bool)
    assert np.abs(after[others] / before[others] - 1).max() < 0.25
