"""What filters respond to: images against a search by hand, made inputs where the best one is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.drawn.garments import draw_garments
from lookalike.explain.convolutions import feature_maps
from lookalike.explain.responses import BEST, FILTERS, excitation, maximise, middle_units, responses, to_norm
from lookalike.explain.subject import Images, Subject
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded

COUNT = 12


@pytest.fixture
def subject(dataset: Dataset, runtime: Runtime) -> Subject:
    with seeded(0, "init"):
        model = create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).eval()
    drawn = Images(draw_garments(COUNT, seed=3)[0], np.arange(COUNT) % 10, np.arange(COUNT) % 10)
    return Subject(model, model, replace(dataset, mean=(0.3,), std=(0.4,)), runtime, drawn)


def test_the_first_the_middle_and_the_last_convolution_are_asked(subject: Subject) -> None:
    assert [found.layer for found in responses(subject)] == ["features.0", "features.4", "features.8"]
    deep = create_model("vgg", {"max_channels": 8}, input_shape=(1, 28, 28), num_classes=10).eval()
    found = responses(replace(subject, model=deep, untrained=deep))
    convolutions = [name for name, layer in deep.named_modules() if isinstance(layer, nn.Conv2d)]
    assert [one.layer for one in found] == [convolutions[k] for k in (0, 4, 7)]


def test_images_are_those_with_the_highest_values(subject: Subject) -> None:
    maps = {name: values.numpy() for name, values in feature_maps(subject.model, subject.inputs).items()}
    for found in responses(subject):
        assert found.images.shape == found.values.shape == (FILTERS, BEST)
        assert len(set(found.filters.tolist())) == FILTERS
        highest = maps[found.layer].max(axis=(2, 3))
        for number, images, values in zip(found.filters, found.images, found.values, strict=True):
            order = np.argsort(-highest[:, number], kind="stable")[:BEST]
            np.testing.assert_array_equal(images, order)
            np.testing.assert_allclose(values, highest[order, number], rtol=1e-5)
        standing = (highest.max(0) - highest.mean(0)) / highest.std(0, ddof=1)
        assert set(found.filters.tolist()) == set(np.argsort(-standing, kind="stable")[:FILTERS].tolist())


def test_the_middle_is_that_of_the_map(subject: Subject) -> None:
    (first, *_), maps = responses(subject), feature_maps(subject.model, subject.inputs)["features.0"]
    size = maps.shape[2]
    middle = maps[:, first.filters, size // 2, size // 2].amax(0)
    np.testing.assert_allclose(first.middle, middle.numpy(), rtol=1e-5)
    _, all_middles = excitation(subject.model, subject.inputs, "features.0")
    assert torch.equal(all_middles, maps[:, :, size // 2, size // 2])


def test_what_excites_a_filter_of_the_first_layer_most_is_its_kernel() -> None:
    """Of all inputs of one norm, by Cauchy and Schwarz."""
    model = nn.Sequential(nn.Conv2d(2, 4, 5, bias=False), nn.ReLU()).eval()
    filters, norm = torch.tensor([2, 0, 3]), 7.0
    made, reached = maximise(model, "0", filters, torch.Size((2, 11, 11)), norm)
    kernels = model[0].weight.detach()[filters]
    expected = torch.zeros(3, 2, 11, 11)
    expected[:, :, 3:8, 3:8] = to_norm(kernels, norm)  # a map of 7 x 7, whose middle is at 3
    torch.testing.assert_close(made, expected, atol=0.02, rtol=0)
    torch.testing.assert_close(reached, norm * kernels.flatten(1).norm(dim=1), rtol=1e-4, atol=0)


def test_made_inputs_excite_more_than_noise_and_leave_the_model_alone(subject: Subject) -> None:
    before = {name: values.clone() for name, values in subject.model.state_dict().items()}
    for found in responses(subject):
        made = torch.from_numpy(found.inputs).permute(0, 3, 1, 2)
        norm = subject.inputs.flatten(1).norm(dim=1).mean()
        torch.testing.assert_close(made.flatten(1).norm(dim=1), norm.expand(FILTERS), rtol=1e-4, atol=0)
        filters = torch.from_numpy(found.filters)
        with torch.no_grad():
            noise = to_norm(torch.randn(made.shape), float(norm))
            there = middle_units(subject.model, found.layer, filters, made)
            assert (there > middle_units(subject.model, found.layer, filters, noise)).all()
        np.testing.assert_allclose(there.numpy(), found.reached, rtol=1e-4, atol=1e-4)
        assert (found.reached > found.middle).all()
    assert all(torch.equal(values, before[name]) for name, values in subject.model.state_dict().items())
    assert all(parameter.grad is None for parameter in subject.model.parameters())


def test_figures_are_described_filter_by_filter(subject: Subject) -> None:
    found = responses(subject)[0]
    known = found.described()
    assert known["layer"] == found.layer
    assert [row["filter"] for row in known["filters"]] == found.filters.tolist()
    assert [row["best"] for row in known["filters"]] == pytest.approx(found.values[:, 0].tolist())


def test_a_scaled_zero_stays_zero() -> None:
    values = to_norm(torch.stack([torch.zeros(3, 2), torch.ones(3, 2)]), 5.0)
    assert values[0].abs().sum() == 0
    assert values[1].norm().item() == pytest.approx(5)
