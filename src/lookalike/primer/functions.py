"""Activation functions with their derivatives, and softmax."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
LEAK = 0.1  # slope of a leaky ReLU below zero; often .01, which no picture shows


@dataclass(frozen=True)
class Activation:
    """An activation function and its derivative; at a jump, the derivative from the left."""

    apply: Callable[[Numbers], Numbers]
    derivative: Callable[[Numbers], Numbers]


def sigmoid(x: Numbers) -> Numbers:
    """1 / (1 + exp(-x))."""
    return 0.5 * (1 + np.tanh(x / 2))  # equal, without overflow


def softmax(logits: Numbers) -> Numbers:
    """exp(x_k) / sum_j exp(x_j) along the last axis: numbers that sum to one."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


ACTIVATIONS = {
    "ReLU": Activation(lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
    "leaky ReLU": Activation(lambda x: np.where(x > 0, x, LEAK * x), lambda x: np.where(x > 0, 1.0, LEAK)),
    "tanh": Activation(np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sigmoid": Activation(sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
}
