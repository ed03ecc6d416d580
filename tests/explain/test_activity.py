"""Activations against hooks and NumPy, effective ranks that are known, and batch normalisation that narrows or not."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lookalike.evaluation.statistics import resample
from lookalike.explain.activity import (
    activity,
    as_in_training,
    channel_effective_rank,
    distribution,
    resampled_deviation,
)
from lookalike.explain.activity import normalisations as followed_by
from lookalike.models.registry import create_model
from lookalike.runtime import seeded


def build(name: str, *, batch_norm: bool) -> nn.Module:
    with seeded(0, "init"):
        arguments = {"batch_norm": batch_norm, "max_channels": 6, "dropout": 0.5}
        return create_model(name, arguments, input_shape=(3, 20, 20), num_classes=7).eval()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(5, 3, 20, 20, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", ["simple_cnn", "vgg"])
def test_each_convolution_is_followed_by_its_batch_normalisation(name: str) -> None:
    found = followed_by(build(name, batch_norm=True))
    assert len(found) == {"simple_cnn": 3, "vgg": 8}[name]
    for convolution, normalisation in found.items():
        stem, _, number = convolution.rpartition(".")
        assert normalisation == f"{stem}.{int(number) + 1}"
    assert set(followed_by(build(name, batch_norm=False)).values()) == {None}


@pytest.mark.parametrize("batch_norm", [True, False])
def test_layers_are_what_hooks_see_of_a_model_in_training_without_dropout(batch_norm: bool, images: Tensor) -> None:
    model = build("vgg", batch_norm=batch_norm)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.2, 2)
                module.bias.uniform_(-1, 1)
    state = copy.deepcopy(model.state_dict())
    found = activity(model, images)
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert found.images == 5
    x, layers = images, iter(found.layers)
    with torch.no_grad():
        for module in model.convolutions:
            if isinstance(module, nn.Conv2d):
                layer, before = next(layers), module(x)
                after = before
            elif isinstance(module, nn.BatchNorm2d):
                mean, var = before.mean((0, 2, 3), keepdim=True), before.var((0, 2, 3), correction=0, keepdim=True)
                scale, shift = (part.view(1, -1, 1, 1) for part in (module.weight, module.bias))
                after = (before - mean) / (var + module.eps).sqrt() * scale + shift
            elif isinstance(module, nn.ReLU):
                assert layer.before.mean == pytest.approx(before.mean().item(), abs=1e-5)
                assert layer.before.deviation == pytest.approx(before.std(correction=0).item(), rel=1e-4)
                rectified = after.relu()
                assert layer.zeros.value == pytest.approx((rectified == 0).float().mean().item(), abs=2e-3)
                assert layer.dead.value == pytest.approx((rectified.amax((0, 2, 3)) == 0).double().mean().item())
                if batch_norm:
                    ratio = after.std(correction=0) / before.std(correction=0)
                    assert layer.narrowing.value == pytest.approx(ratio.item(), rel=1e-4)
                    assert layer.after.deviation == pytest.approx(after.std(correction=0).item(), rel=1e-4)
                else:
                    assert layer.narrowing is layer.after is None
                x = rectified
                continue
            else:
                x = module(x) if isinstance(module, nn.MaxPool2d) else x
    assert next(layers, None) is None


def test_narrowing_is_the_geometric_mean_over_layers(images: Tensor) -> None:
    found = activity(build("simple_cnn", batch_norm=True), images)
    ratios = [layer.narrowing.value for layer in found.layers]
    assert found.narrowing.value == pytest.approx(float(np.prod(ratios)) ** (1 / 3))
    assert found.narrowing.low < found.narrowing.value < found.narrowing.high
    assert activity(build("simple_cnn", batch_norm=False), images).narrowing is None


def test_a_layer_that_is_constant_is_not_narrowed(images: Tensor) -> None:
    model = build("simple_cnn", batch_norm=True)
    with torch.no_grad():
        model.features[0].weight.zero_()
        model.features[0].bias.zero_()
    first, second, third = activity(model, images).layers
    assert first.narrowing is None
    assert (first.before.deviation, first.effective_rank.value) == (0, 0)
    for layer in (second, third):
        assert layer.narrowing is None or np.isfinite(layer.narrowing.value)


def test_a_channel_that_is_never_positive_is_dead(images: Tensor) -> None:
    model = build("simple_cnn", batch_norm=False)
    with torch.no_grad():
        model.features[0].bias[:2] = -100
    first, *_ = activity(model, images).layers
    assert (first.channels, first.dead.value) == (6, pytest.approx(2 / 6))
    assert first.dead.low < 2 / 6 < first.dead.high
    assert first.zeros.value >= 2 / 6


def test_only_batch_normalisation_is_set_to_training() -> None:
    running = as_in_training(build("vgg", batch_norm=True))
    training = {type(module) for module in running.modules() if module.training}
    assert training == {nn.BatchNorm2d}


def test_the_deviation_of_a_resample_is_that_of_its_images() -> None:
    values, weights = torch.randn(4, 3, 2, 2) + torch.arange(4)[:, None, None, None], resample(4, draws=20)
    whole, drawn = resampled_deviation(values, weights)
    assert whole == pytest.approx(values.numpy().std(), rel=1e-6)
    for counts, deviation in zip(weights.astype(int), drawn, strict=True):
        assert deviation == pytest.approx(np.repeat(values.numpy(), counts, axis=0).std(), rel=1e-6)


def test_a_distribution_is_a_histogram_without_the_tails() -> None:
    values = torch.arange(100_000).double()
    found = distribution(values.view(10, 100, 100))
    assert (found.mean, found.deviation) == (
        pytest.approx(values.mean().item()),
        pytest.approx(values.std(correction=0).item(), rel=1e-4),
    )
    assert (found.low, found.high) == (pytest.approx(100, abs=1), pytest.approx(99_899, abs=1))
    assert sum(found.counts) == pytest.approx(99_800, abs=2)
    assert max(found.counts) - min(found.counts) <= 1
    assert sum(distribution(torch.full((3, 2), 4.0)).counts) == 6


@pytest.mark.parametrize("shape", [(6, 4, 4), (30, 2, 3)])
def test_the_effective_rank_is_the_entropy_of_the_singular_values(shape: tuple[int, int, int]) -> None:
    maps = torch.randn(3, *shape)
    for one, rank in zip(maps.flatten(2).double().numpy(), channel_effective_rank(maps), strict=True):
        values = np.linalg.svd(one - one.mean(axis=1, keepdims=True), compute_uv=False)
        shares = values[values > 1e-9 * values[0]] / values.sum()
        assert rank.item() == pytest.approx(np.exp(-(shares * np.log(shares)).sum()), rel=1e-6)


def test_channels_that_are_multiples_of_one_have_rank_one_and_constant_ones_none() -> None:
    one = torch.randn(1, 1, 4, 4)
    assert channel_effective_rank(one * torch.tensor([1.0, -2.0, 3.0]).view(1, 3, 1, 1)).item() == pytest.approx(1)
    assert channel_effective_rank(torch.full((1, 3, 4, 4), 7.0)).item() == 0
    wave = torch.linspace(0, 2 * np.pi, 65)[:-1].view(8, 8)
    independent = torch.stack([wave.sin(), wave.cos(), (2 * wave).sin()])[None]  # orthogonal, of equal length
    assert channel_effective_rank(independent).item() == pytest.approx(3, rel=1e-5)
