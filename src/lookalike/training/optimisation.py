"""Optimisers and learning-rate schedules.

The two update rules are written out here, though torch has both, for two reasons: Keras's Adam, which the first study
used, is not torch's (see `adam_step`), and `torch.optim` imports torch's compiler when it is first used, which costs
every training five seconds of CPU.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

ADAM_BETA1, ADAM_BETA2 = 0.9, 0.999
KERAS_EPS, TORCH_EPS = 1e-7, 1e-8  # added to the root of the second moment


@dataclass(frozen=True)
class Optimisation:
    """How weights are updated.

    Attributes:
        optimizer: `adam` as Keras has it or `torch_adam` as torch has it (Kingma & Ba, ICLR 2015; betas .9 and .999,
            see `adam_step`), or `sgd`.
        lr: learning rate of the first epoch.
        schedule: `constant`; `step` (times `lr_factor` every `lr_every` epochs); `alternating` (lr and `lr_other` by
            turns, an epoch each); `cosine` (from lr towards zero over all epochs, one value an epoch).
        momentum: of sgd; 0 is none.
        l2: adds the gradient of l2 / 2 times the squared weights, as torch's Adam and SGD do under the name of weight
            decay. The loss that is reported is without it.
        weight_decay: takes that share, times the learning rate, off every weight at each step, beside the gradient:
            Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (ICLR 2019).
    """

    optimizer: Literal["adam", "torch_adam", "sgd"]
    lr: float
    schedule: Literal["constant", "step", "alternating", "cosine"] = "constant"
    momentum: float = 0.0
    lr_every: int = 10
    lr_factor: float = 0.1
    lr_other: float = 1e-2
    l2: float = 0.0
    weight_decay: float = 0.0


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
    """Updates the trainable parameters of a model by `adam_step` or `sgd_step`.

    Attributes:
        lr: learning rate of the next step.
        steps: steps taken so far.
        moments: running averages of the gradients: velocities for sgd, else first and second moments.
    """

    def __init__(self, model: nn.Module, settings: Optimisation) -> None:
        self.settings = settings
        self.parameters: list[Tensor] = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.lr = settings.lr
        self.steps = 0
        copies = 1 if settings.optimizer == "sgd" else 2
        self.moments = [[torch.zeros_like(parameter) for parameter in self.parameters] for _ in range(copies)]

    @torch.no_grad()
    def step(self) -> None:
        """Update the weights from their gradients (none counts as zero), then forget the gradients."""
        self.steps += 1
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        if self.settings.l2:
            torch._foreach_add_(gradients, self.parameters, alpha=self.settings.l2)
        if self.settings.weight_decay:
            torch._foreach_mul_(self.parameters, 1 - self.lr * self.settings.weight_decay)
        match self.settings.optimizer:
            case "adam":
                adam_step(self.parameters, gradients, self.moments, self.steps, self.lr, KERAS_EPS)
            case "torch_adam":
                eps = TORCH_EPS * math.sqrt(1 - ADAM_BETA2**self.steps)  # beside the corrected moment
                adam_step(self.parameters, gradients, self.moments, self.steps, self.lr, eps)
            case "sgd":
                sgd_step(self.parameters, gradients, self.moments, self.lr, self.settings.momentum)
        for parameter in self.parameters:
            parameter.grad = None

    def state(self) -> dict[str, Any]:
        """All that a continuation needs besides the weights."""
        return {"steps": self.steps, "moments": self.moments}

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.steps = state["steps"]
        for moments, saved in zip(self.moments, state["moments"], strict=True):
            torch._foreach_copy_(moments, saved)


def adam_step(
    parameters: list[Any], gradients: list[Tensor], moments: list[list[Tensor]], step: int, lr: float, eps: float
) -> None:
    """Adam as Keras has it, in place; `step` counts from 1.

    m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
    w <- w - lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)

    Epsilon stands beside the *uncorrected* second moment (the "epsilon hat" of Kingma & Ba, section 2), where torch
    adds it to the corrected one; in the first steps that is a factor of 1 / sqrt(1 - b2^t), up to thirty. It matters
    where gradients are as small as epsilon: in the first layers of a deep network that does not train.
    """
    first, second = moments
    torch._foreach_lerp_(first, gradients, 1 - ADAM_BETA1)
    torch._foreach_mul_(second, ADAM_BETA2)
    torch._foreach_addcmul_(second, gradients, gradients, 1 - ADAM_BETA2)
    roots = torch._foreach_sqrt(second)
    torch._foreach_add_(roots, eps)
    scale = math.sqrt(1 - ADAM_BETA2**step) / (1 - ADAM_BETA1**step)
    torch._foreach_addcdiv_(parameters, first, roots, -lr * scale)


def sgd_step(
    parameters: list[Any], gradients: list[Tensor], moments: list[list[Tensor]], lr: float, momentum: float
) -> None:
    """Stochastic gradient descent with momentum, in place: u <- momentum u + g,  w <- w - lr u."""
    (velocities,) = moments
    torch._foreach_mul_(velocities, momentum)
    torch._foreach_add_(velocities, gradients)
    torch._foreach_add_(parameters, velocities, alpha=-lr)
