"""Optimisers and learning-rate schedules."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn


@dataclass(frozen=True)
class Optimisation:
    """How weights are updated.

    Attributes:
        optimizer: `adam` (Kingma & Ba, 2015; betas .9 and .999) or `sgd`.
        lr: learning rate of the first epoch.
        schedule: `constant`; `step` (times `lr_factor` every `lr_every` epochs); `alternating` (lr and `lr_other` by
            turns, an epoch each); `cosine` (from lr towards zero over all epochs, one value an epoch).
        momentum: of sgd; 0 is none.
        adam_eps: Keras's epsilon, see `Optimiser.step`.
    """

    optimizer: Literal["adam", "sgd"]
    lr: float
    schedule: Literal["constant", "step", "alternating", "cosine"] = "constant"
    momentum: float = 0.0
    lr_every: int = 10
    lr_factor: float = 0.1
    lr_other: float = 1e-2
    adam_eps: float = 1e-7


def learning_rate(settings: Optimisation, epoch: int, epochs: int) -> float:
    """The learning rate of `epoch` (counted from 0) out of `epochs`."""
    match settings.schedule:
        case "constant":
            return settings.lr
        case "step":
            return settings.lr * settings.lr_factor ** (epoch // settings.lr_every)
        case "alternating":
            return settings.lr if epoch % 2 == 0 else settings.lr_other
        case "cosine":
            return settings.lr * (1 + math.cos(math.pi * epoch / epochs)) / 2


class Optimiser:
    """A torch optimiser under the settings' names.

    Keras adds epsilon to the square root of the *uncorrected* second moment (the "epsilon hat" of Kingma & Ba,
    section 2), torch to that of the corrected one. They differ most in the first steps, by a factor of
    1 / sqrt(1 - beta2^t); giving torch that epsilon makes its Adam Keras's.
    """

    def __init__(self, model: nn.Module, settings: Optimisation) -> None:
        self.settings = settings
        trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.torch: torch.optim.Optimizer
        if settings.optimizer == "adam":
            self.torch = torch.optim.Adam(trainable, lr=settings.lr, eps=settings.adam_eps, fused=True)
        else:
            self.torch = torch.optim.SGD(trainable, lr=settings.lr, momentum=settings.momentum, fused=True)
        self.steps = 0

    def set_learning_rate(self, lr: float) -> None:
        """Use `lr` from the next step on."""
        for group in self.torch.param_groups:
            group["lr"] = lr

    def step(self) -> None:
        """Update the weights from their gradients, then forget the gradients."""
        self.steps += 1
        if self.settings.optimizer == "adam":
            for group in self.torch.param_groups:
                group["eps"] = self.settings.adam_eps / math.sqrt(1 - group["betas"][1] ** self.steps)
        self.torch.step()
        self.torch.zero_grad(set_to_none=True)
