"""Keras's initial weights: their distribution, and biases of zero."""

import math

import pytest
from torch import Tensor, nn

from lookalike.models.initialisation import keras_init_


@pytest.mark.parametrize(
    ("layer", "fans"),
    [
        (nn.Linear(30, 50), 30 + 50),
        (nn.Conv2d(4, 16, 3), 9 * (4 + 16)),
        (nn.Conv2d(8, 8, (1, 5), bias=False), 5 * (8 + 8)),
    ],
)
def test_kernels_are_glorot_uniform_and_biases_zero(layer: nn.Linear | nn.Conv2d, fans: int) -> None:
    limit = math.sqrt(6 / fans)
    keras_init_(nn.Sequential(nn.Sequential(layer), nn.ReLU()))
    assert layer.bias is None or not layer.bias.any()
    assert_uniform(layer.weight, limit)


def assert_uniform(weight: Tensor, limit: float) -> None:
    """Within the limit, near it on both sides, and with the deviation of a uniform distribution."""
    assert weight.abs().max() <= limit
    assert weight.min() < -0.95 * limit
    assert weight.max() > 0.95 * limit
    assert weight.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.1)
