"""How far layers move: which layers there are, and cosines against a forward pass layer by layer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.data.corruptions import CORRUPTIONS, OTHER, corrupt
from lookalike.drawn.garments import draw_garments
from lookalike.explain.drift import SEED, SEVERITY, SHOWN, cosine, drift, layer_outputs, named_layers, through_layers
from lookalike.explain.subject import Images, Subject
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded

COUNT = 6
CNN = ["convolution 1", "pooling 1", "convolution 2", "pooling 2", "convolution 3", "dense 1", "dense 2"]


def build(name: str, **arguments: Any) -> nn.Module:
    with seeded(0, "init"):
        return create_model(name, arguments, input_shape=(1, 28, 28), num_classes=10).eval()


@pytest.fixture
def subject(dataset: Dataset, runtime: Runtime) -> Subject:
    drawn = Images(draw_garments(COUNT, seed=3)[0], np.arange(COUNT), np.arange(COUNT))
    small = replace(dataset, train_images=draw_garments(96, seed=1)[0], mean=(0.3,), std=(0.4,))
    model = build("lenet5")
    return Subject(model, model, small, runtime, drawn)


def test_layers_are_numbered_by_kind_in_the_order_of_the_image() -> None:
    assert list(named_layers(build("fashion_cnn"), (1, 28, 28))) == CNN
    lenet = ["convolution 1", "pooling 1", "convolution 2", "pooling 2", "dense 1", "dense 2", "dense 3"]
    for name in ("lenet5", "lenet5_modern"):
        assert list(named_layers(build(name), (1, 28, 28))) == lenet


def test_a_layer_puts_out_what_the_next_one_is_given() -> None:
    """Behind its activation, and before it is flattened."""
    named = named_layers(build("lenet5"), (1, 28, 28))
    assert named["convolution 1"] == "features.2"
    assert named["pooling 2"] == "features.8"
    assert named["dense 2"] == "features.13"
    assert named["dense 3"] == "head"


def test_outputs_are_those_of_a_forward_pass(subject: Subject) -> None:
    found = layer_outputs(subject)
    value, expected = subject.inputs, {}
    names = {
        "features.2": "convolution 1",
        "features.4": "pooling 1",
        "features.8": "pooling 2",
        "features.11": "dense 1",
    }
    with torch.no_grad():
        for index, layer in enumerate(subject.model.features):  # type: ignore[arg-type]  # a sequence
            value = layer(value)
            expected[f"features.{index}"] = value
        assert torch.equal(found["dense 3"], subject.model(subject.inputs))
    for place, name in names.items():
        assert torch.equal(found[name], expected[place])


def test_cosines_are_those_of_corrupted_images(subject: Subject) -> None:
    found = drift(subject)
    assert (found["images"], found["severity"], list(found["kinds"])) == (COUNT, SEVERITY, [*CORRUPTIONS, OTHER])
    clean = layer_outputs(subject)
    for kind in ("blur", "occlusion"):
        pixels = corrupt(subject.images.pixels, kind, SEVERITY, seed=SEED)
        corrupted = layer_outputs(subject.of(Images(pixels, subject.images.labels, subject.images.predicted)))
        for row in found["kinds"][kind]:
            one, other = (values[row["layer"]].flatten(1) for values in (clean, corrupted))
            expected = F.cosine_similarity(one, other).mean().item()
            assert row["cosine"]["value"] == pytest.approx(expected, abs=1e-5)
            assert row["cosine"]["low"] - 1e-6 <= row["cosine"]["value"] <= row["cosine"]["high"] + 1e-6


def test_the_yardstick_is_another_image(subject: Subject) -> None:
    found = {row["layer"]: row["cosine"]["value"] for row in drift(subject)["kinds"][OTHER]}
    values = layer_outputs(subject)["dense 2"]
    pairs = [F.cosine_similarity(values[k], values[k - 1], dim=0).item() for k in range(COUNT)]
    assert found["dense 2"] == pytest.approx(np.mean(pairs), abs=1e-5)


def test_one_image_goes_through_all_layers(subject: Subject) -> None:
    found = through_layers(subject)
    assert list(found) == ["as it is", *(kind for kind in CORRUPTIONS if kind in SHOWN)]
    image, made = found["as it is"]
    np.testing.assert_array_equal(image, subject.images.pixels[0])
    assert made["convolution 1"].shape == (6, 28, 28)
    assert made["dense 3"].shape == (10,)
    assert any((found[kind][0] != image).any() for kind in SHOWN)


def test_outputs_of_zeros_are_alike_to_nothing() -> None:
    assert cosine(torch.zeros(2, 3), torch.ones(2, 3)).tolist() == [0, 0]
    assert cosine(torch.ones(1, 2, 2), 5 * torch.ones(1, 2, 2)).tolist() == pytest.approx([1])
