"""Optimisers and learning-rate schedules.

The update rules are written out for two reasons. The first study used Keras's Adam, which differs from torch's (see
`adam_step`). And `torch.optim` imports torch's compiler, which would cost each training stage a second.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

ADAM_BETA1, ADAM_BETA2 = 0.9, 0.999
KERAS_EPS, TORCH_EPS = 1e-7, 1e-8  # added to the root of the second moment
NOT_DECAYED = {"position_embedding", "class_token", "pos_embed", "cls_token"}  # beside all that has one dimension


@dataclass(frozen=True)
class Optimisation:
    """The settings of an optimiser and its learning-rate schedule.

    Attributes:
        optimizer: `adam` as in Keras or `torch_adam` as in torch (Kingma & Ba, ICLR 2015; betas .9 and .999, see
            `adam_step`), or `sgd`.
        lr: learning rate of the first epoch after the warm-up.
        schedule: `constant`; `step` (times `lr_factor` at each of `lr_drops`); `alternating` (lr in even epochs,
            `lr_other` in odd ones); `cosine` (from lr towards zero over all epochs). Each has one value per epoch.
        warmup_epochs: length of a linear warm-up, which multiplies every schedule; 0 means none.
        momentum: of sgd; 0 means none.
        lr_drops: fractions of all epochs, in (0, 1) and ascending, so that a shorter run decays as far.
        l2: adds the gradient of l2 / 2 times the squared weights of all parameters, which torch's Adam and SGD call
            weight decay. The reported loss is without it.
        weight_decay: each step subtracts this share, times the learning rate, from each decayed weight (Loshchilov &
            Hutter, "Decoupled Weight Decay Regularization", ICLR 2019); see `is_decayed`.
    """

    optimizer: Literal["adam", "torch_adam", "sgd"]
    lr: float
    schedule: Literal["constant", "step", "alternating", "cosine"] = "constant"
    warmup_epochs: float = 0.0
    momentum: float = 0.0
    lr_drops: tuple[float, ...] = ()
    lr_factor: float = 0.1
    lr_other: float = 1e-2
    l2: float = 0.0
    weight_decay: float = 0.0


def learning_rate(settings: Optimisation, epoch: int, epochs: int) -> float:
    """The learning rate of `epoch` (counted from 0) out of `epochs`."""
    warmup = min(1.0, (epoch + 1) / (settings.warmup_epochs + 1))
    match settings.schedule:
        case "constant":
            return warmup * settings.lr
        case "step":
            drops = sum(epoch >= round(drop * epochs) for drop in settings.lr_drops)
            return warmup * settings.lr * settings.lr_factor**drops
        case "alternating":
            return warmup * (settings.lr_other if epoch % 2 else settings.lr)
        case "cosine":
            return warmup * settings.lr * (1 + math.cos(math.pi * epoch / epochs)) / 2


def is_decayed(name: str, parameter: Tensor) -> bool:
    """Whether weight decay applies: to kernels, not to biases, norms, class tokens and position embeddings."""
    return parameter.ndim > 1 and name.rpartition(".")[2] not in NOT_DECAYED


class Optimiser:
    """Updates the trainable parameters of a model by `adam_step` or `sgd_step`.

    Attributes:
        lr: learning rate of the next step.
        decayed: the parameters that weight decay applies to, see `is_decayed`.
        steps: steps taken so far.
        moments: running averages of the gradients: velocities for sgd, else first and second moments.
    """

    def __init__(self, model: nn.Module, settings: Optimisation) -> None:
        self.settings = settings
        trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
        self.parameters: list[Tensor] = list(trained.values())
        self.decayed: list[Tensor] = [parameter for name, parameter in trained.items() if is_decayed(name, parameter)]
        self.lr = settings.lr
        self.steps = 0
        copies = 1 if settings.optimizer == "sgd" else 2
        self.moments = [[torch.zeros_like(parameter) for parameter in self.parameters] for _ in range(copies)]

    @torch.no_grad()
    def step(self) -> None:
        """Update the weights from their gradients (None counts as zero), then delete the gradients."""
        self.steps += 1
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in self.parameters]
        if self.settings.l2:
            torch._foreach_add_(gradients, self.parameters, alpha=self.settings.l2)
        if self.settings.weight_decay and self.decayed:
            torch._foreach_mul_(self.decayed, 1 - self.lr * self.settings.weight_decay)
        if self.settings.optimizer == "sgd":
            sgd_step(self.parameters, gradients, self.moments, self.lr, self.settings.momentum)
        else:
            corrected = TORCH_EPS * math.sqrt(1 - ADAM_BETA2**self.steps)  # for the corrected second moment
            eps = KERAS_EPS if self.settings.optimizer == "adam" else corrected
            adam_step(self.parameters, gradients, self.moments, self.steps, self.lr, eps)
        for parameter in self.parameters:
            parameter.grad = None

    def state(self) -> dict[str, Any]:
        """The state that a continuation needs besides the weights."""
        return {"steps": self.steps, "moments": self.moments}

    def restore(self, state: dict[str, Any]) -> None:
        self.steps = state["steps"]
        for moments, saved in zip(self.moments, state["moments"], strict=True):
            torch._foreach_copy_(moments, saved)


def adam_step(
    parameters: list[Any], gradients: list[Tensor], moments: list[list[Tensor]], step: int, lr: float, eps: float
) -> None:
    """Adam as in Keras, in place; `step` counts from 1.

    m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
    w <- w - lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)

    Epsilon is added to the root of the *uncorrected* second moment (the "epsilon hat" of Kingma & Ba, section 2); torch
    adds it to that of the corrected one. In the first steps they differ by a factor of 1 / sqrt(1 - b2^t), up to 30,
    which matters if gradients are as small as epsilon: in the first layers of a deep network that does not train.
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
