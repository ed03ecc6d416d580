"""Schedules by value; the optimisers against formulas in NumPy."""

import math

import numpy as np
import pytest
import torch
from conftest import TINY_ARGUMENTS
from numpy.typing import NDArray
from torch import nn

from lookalike.models.registry import create_model
from lookalike.training.optimisation import Optimisation, Optimiser, is_decayed, learning_rate

RATES = [0.1, 0.1, 0.02]  # of three steps


@pytest.mark.parametrize(
    ("settings", "rates"),
    [
        (Optimisation("adam", 0.1), [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]),
        (Optimisation("adam", 0.8, "step", lr_drops=(0.3333, 0.6667), lr_factor=0.5), [0.8, 0.8, 0.4, 0.4, 0.2, 0.2]),
        (Optimisation("sgd", 0.8, "step", lr_drops=(0.5,), lr_factor=0.1), [0.8, 0.8, 0.8, 0.08, 0.08, 0.08]),
        (Optimisation("sgd", 0.6, warmup_epochs=2), [0.2, 0.4, 0.6, 0.6, 0.6, 0.6]),
        (
            Optimisation("sgd", 0.2, "cosine", warmup_epochs=1),
            [0.1, 0.1 + 0.05 * math.sqrt(3), 0.15, 0.1, 0.05, 0.1 - 0.05 * 3**0.5],
        ),
        (Optimisation("sgd", 0.1, "alternating", lr_other=0.01), [0.1, 0.01, 0.1, 0.01, 0.1, 0.01]),
        (Optimisation("sgd", 0.2, "cosine"), [0.2, 0.1 + 0.05 * math.sqrt(3), 0.15, 0.1, 0.05, 0.1 - 0.05 * 3**0.5]),
    ],
    ids=lambda value: value.schedule if isinstance(value, Optimisation) else "",
)
def test_learning_rates(settings: Optimisation, rates: list[float]) -> None:
    assert [learning_rate(settings, epoch, epochs=6) for epoch in range(6)] == pytest.approx(rates, rel=1e-12)


def adam(weight: NDArray, gradients: list[NDArray], eps: float) -> NDArray:
    """Keras's update: epsilon is added to the square root of the uncorrected second moment."""
    m = v = np.zeros_like(weight)
    for t, (gradient, rate) in enumerate(zip(gradients, RATES, strict=True), start=1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        alpha = rate * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        weight = weight - alpha * m / (np.sqrt(v) + eps)
    return weight


def sgd(weight: NDArray, gradients: list[NDArray], momentum: float) -> NDArray:
    """Velocity times momentum plus gradient, and a step of the learning rate along it."""
    velocity = np.zeros_like(weight)
    for gradient, rate in zip(gradients, RATES, strict=True):
        velocity = momentum * velocity + gradient
        weight = weight - rate * velocity
    return weight


def three_steps(settings: Optimisation, weight: NDArray, gradients: list[NDArray]) -> NDArray:
    model = nn.Linear(3, 2, bias=False).double()
    model.weight.data = torch.from_numpy(weight.copy())
    optimiser = Optimiser(model, settings)
    for gradient, rate in zip(gradients, RATES, strict=True):
        optimiser.lr = rate
        model.weight.grad = torch.from_numpy(gradient.copy())
        optimiser.step()
        assert model.weight.grad is None
    return model.weight.detach().numpy()


@pytest.fixture
def weight() -> NDArray:
    return np.random.default_rng(1).normal(size=(2, 3))


@pytest.fixture(params=[1.0, 1e-6], ids=["large gradients", "gradients near epsilon"])
def gradients(request: pytest.FixtureRequest) -> list[NDArray]:
    return list(request.param * np.random.default_rng(2).normal(size=(3, 2, 3)))


def test_adam_is_that_of_keras(weight: NDArray, gradients: list[NDArray]) -> None:
    got = three_steps(Optimisation("adam", 0.1), weight, gradients)
    np.testing.assert_allclose(got - weight, adam(weight, gradients, 1e-7) - weight, rtol=1e-9)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_keeps_its_momentum(weight: NDArray, gradients: list[NDArray], momentum: float) -> None:
    got = three_steps(Optimisation("sgd", 0.1, momentum=momentum), weight, gradients)
    np.testing.assert_allclose(got - weight, sgd(weight, gradients, momentum) - weight, rtol=1e-9)


def test_weights_that_are_not_trained_are_left_out() -> None:
    model = nn.Linear(3, 2)
    model.bias.requires_grad_(False)
    parameters = Optimiser(model, Optimisation("adam", 0.1)).parameters
    assert len(parameters) == 1
    assert parameters[0] is model.weight


@pytest.mark.parametrize(
    ("settings", "reference"),
    [
        (Optimisation("torch_adam", 0.1), {"kind": "Adam"}),
        (Optimisation("torch_adam", 0.1, l2=0.3), {"kind": "Adam", "weight_decay": 0.3}),
        (Optimisation("torch_adam", 0.1, weight_decay=0.3), {"kind": "AdamW", "weight_decay": 0.3}),
        (Optimisation("sgd", 0.1, momentum=0.9, l2=0.3), {"kind": "SGD", "momentum": 0.9, "weight_decay": 0.3}),
    ],
    ids=["adam", "l2, adam", "decay", "l2, sgd"],
)
def test_updates_are_those_of_torch(
    settings: Optimisation, reference: dict, weight: NDArray, gradients: list[NDArray]
) -> None:
    kind, options = reference["kind"], {name: value for name, value in reference.items() if name != "kind"}
    parameter = nn.Parameter(torch.from_numpy(weight.copy()))
    theirs = getattr(torch.optim, kind)([parameter], lr=0.1, **options)
    for gradient, rate in zip(gradients, RATES, strict=True):
        theirs.param_groups[0]["lr"] = rate
        parameter.grad = torch.from_numpy(gradient.copy())
        theirs.step()
    np.testing.assert_allclose(three_steps(settings, weight, gradients), parameter.detach().numpy(), rtol=1e-9)


def test_weight_decay_spares_biases_norms_class_tokens_and_position_embeddings() -> None:
    spared = {"head.bias", "norm.weight", "norm.bias", "class_token", "position_embedding"}
    for name in ("vit", "zoo_vit"):
        model = create_model(name, TINY_ARGUMENTS[name], input_shape=(3, 16, 16), num_classes=5)
        names = {key for key, parameter in model.named_parameters() if not is_decayed(key, parameter)}
        kernels = {key for key, parameter in model.named_parameters() if parameter.ndim > 1} - names
        assert {key.rpartition(".")[2] for key in kernels} == {"weight"}
        assert {"head.bias"} <= names
        assert any("norm" in key for key in names)
    assert spared <= {key for key, parameter in written_out().named_parameters() if not is_decayed(key, parameter)}


def test_only_decayed_weights_shrink() -> None:
    model = written_out()
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimiser = Optimiser(model, Optimisation("sgd", lr=0.1, weight_decay=0.5))
    optimiser.step()  # without gradients
    for name, value in model.named_parameters():
        expected = before[name] * (0.95 if is_decayed(name, value) else 1)
        torch.testing.assert_close(value.detach(), expected)


def written_out() -> nn.Module:
    """A small ViT whose parameters are none of them zero."""
    model = create_model("vit", TINY_ARGUMENTS["vit"], input_shape=(3, 16, 16), num_classes=5)
    for parameter in model.parameters():
        nn.init.uniform_(parameter, 1, 2)
    return model
