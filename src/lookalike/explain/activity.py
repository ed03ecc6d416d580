"""What goes through a convolutional network, layer by layer: activations before and after batch normalisation.

As in training: batch normalisation takes the statistics of the images at hand, so that an untrained network, whose
running statistics say nothing yet, can be looked at as well. Dropout is off.
"""

import copy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.evaluation.statistics import Estimate, bootstrap_mean, percentile_estimate, proportion, resample
from lookalike.explain.convolutions import convolutions, outputs_by_name

BINS = 60  # of a histogram
TAIL = 0.001  # share of the values beyond either end of a histogram


@dataclass(frozen=True)
class Distribution:
    """Values of one layer: their mean and deviation, and how many of them lie in equal bins from `low` to `high`."""

    mean: float
    deviation: float
    low: float
    high: float
    counts: list[int]


@dataclass(frozen=True)
class Layer:
    """One convolution and what follows it.

    Attributes:
        name, channels: of the convolution.
        before: what the convolution puts out.
        after: the same after batch normalisation; None without.
        narrowing: deviation after as a share of that before, an interval over images; None without or of a constant.
        dead: share of the channels that ReLU leaves at zero everywhere in every image, with Wilson's interval.
        zeros: share of zeros after ReLU, mean over images.
        effective_rank: see `effective_rank`; of each image's channels after ReLU, mean over images.
    """

    name: str
    channels: int
    before: Distribution
    after: Distribution | None
    narrowing: Estimate | None
    dead: Estimate
    zeros: Estimate
    effective_rank: Estimate


@dataclass(frozen=True)
class Activity:
    """Every convolution from the input on; `narrowing` is the geometric mean over those with batch normalisation."""

    images: int
    layers: list[Layer]
    narrowing: Estimate | None


@torch.no_grad()
def activity(model: nn.Module, images: Tensor) -> Activity:
    """What images (N, C, H, W) set going in a network in which ReLU follows every convolution; it stays as it is."""
    names = normalisations(model)
    watched = [*names, *(name for name in names.values() if name)]
    outputs = outputs_by_name(as_in_training(model), images, watched)
    weights, layers, drawn = resample(len(images)), [], []
    for name, normalisation in names.items():
        before, after = outputs[name], outputs[normalisation] if normalisation else None
        narrowing = None
        if after is not None and before.std() > 0:
            (value, one), (wide, other) = (deviations(part, weights) for part in (after, before))
            drawn.append((np.log(value / wide), np.log(one / other)))
            narrowing = percentile_estimate(value / wide, one / other)
        layers.append(layer(name, before, after, narrowing, weights))
    together = None
    if drawn:
        value, resampled = (np.exp(np.mean(part, axis=0)) for part in zip(*drawn, strict=True))
        together = percentile_estimate(float(value), resampled)
    return Activity(len(images), layers, together)


def normalisations(model: nn.Module) -> dict[str, str | None]:
    """Of each convolution the batch normalisation that follows it, by their names in the model; None: none does."""
    found: dict[str, str | None] = dict.fromkeys(convolutions(model))
    last = None
    for name, module in model.named_modules():
        if name in found:
            last = name
        elif isinstance(module, nn.BatchNorm2d) and last is not None:
            found[last] = name
    return found


def as_in_training(model: nn.Module) -> nn.Module:
    """A copy whose batch normalisation takes the statistics of the images at hand, and which drops nothing out."""
    running = copy.deepcopy(model).eval()
    for module in running.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train()
    return running


def layer(
    name: str, before: Tensor, after: Tensor | None, narrowing: Estimate | None, weights: NDArray[np.float64]
) -> Layer:
    """What is known of a convolution's output (N, O, h, w) and of the same after batch normalisation."""
    rectified = (before if after is None else after).relu()
    channels = rectified.shape[1]
    dead = int((rectified.amax(dim=(0, 2, 3)) == 0).sum())
    return Layer(
        name=name,
        channels=channels,
        before=distribution(before),
        after=None if after is None else distribution(after),
        narrowing=narrowing,
        dead=proportion(dead, channels),
        zeros=bootstrap_mean((rectified == 0).float().mean(dim=(1, 2, 3)).cpu().numpy(), weights),
        effective_rank=bootstrap_mean(effective_rank(rectified).cpu().numpy(), weights),
    )


def distribution(values: Tensor) -> Distribution:
    """Of values of any shape; what lies beyond the ends of the histogram is not counted."""
    flat = values.flatten().float().cpu().numpy()
    low, high = (float(end) for end in np.quantile(flat, [TAIL, 1 - TAIL]))
    counts, _ = np.histogram(flat, BINS, (low, high) if high > low else (low - 0.5, low + 0.5))
    return Distribution(float(flat.mean()), float(flat.std()), low, high, counts.tolist())


def deviations(values: Tensor, weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The deviation of values (N, ...) about their mean, and in each resample of the images (draws, N): (draws,)."""
    flat = values.flatten(1).double()
    mean, square = (part.mean(1).cpu().numpy() for part in (flat, flat**2))  # of each image
    shares = weights.astype(np.float64) / len(mean)
    drawn = np.sqrt(np.maximum(shares @ square - (shares @ mean) ** 2, 0))
    return float(np.sqrt(square.mean() - mean.mean() ** 2)), drawn


def effective_rank(planes: Tensor) -> Tensor:
    """In how many directions the channels (N, O, h, w) of each image vary: (N,), from 1 to min(O, h w), 0 if in none.

    The exponential of the entropy of the singular values, which are made to sum to one, of the channels less their
    means: Roy & Vetterli, "The effective rank" (EUSIPCO 2007).
    """
    matrices = planes.flatten(2).double()
    matrices = matrices - matrices.mean(dim=2, keepdim=True)
    if matrices.shape[1] > matrices.shape[2]:
        matrices = matrices.transpose(1, 2)
    squares = torch.linalg.eigvalsh(matrices @ matrices.transpose(1, 2)).clamp(min=0)
    values = torch.where(squares > 1e-12 * squares.amax(1, keepdim=True), squares, 0).sqrt()
    shares = values / values.sum(1, keepdim=True).clamp(min=torch.finfo(values.dtype).tiny)
    entropy = -torch.special.xlogy(shares, shares).sum(1)
    return torch.where(values.sum(1) > 0, entropy.exp(), 0)
