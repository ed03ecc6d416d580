"""Activations and their derivatives, softmax and the sigmoid, against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lookalike.primer.functions import ACTIVATIONS, LEAK, sigmoid, softmax

THEIRS = {
    "ReLU": F.relu,
    "leaky ReLU": lambda x: F.leaky_relu(x, LEAK),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_derivatives_are_torchs(name: str) -> None:
    x = torch.linspace(-6, 6, 61, dtype=torch.float64, requires_grad=True)
    y = THEIRS[name](x)
    (slopes,) = torch.autograd.grad(y.sum(), x)
    ours = ACTIVATIONS[name]
    np.testing.assert_allclose(ours.apply(x.detach().numpy()), y.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(ours.derivative(x.detach().numpy()), slopes.numpy(), atol=1e-12)


def test_large_numbers_do_not_overflow() -> None:
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_allclose(sigmoid(np.array([-800.0, 0, 800])), [0, 0.5, 1], atol=1e-12)
        np.testing.assert_allclose(softmax(np.array([800.0, 800.0, -800.0])), [0.5, 0.5, 0])


def test_softmax_is_torchs() -> None:
    logits = np.random.default_rng(0).normal(size=(4, 5))
    np.testing.assert_allclose(softmax(logits), torch.from_numpy(logits).softmax(1).numpy())
