"""Activations of a convolutional network, layer by layer, before and after batch normalisation.

As in training, batch normalisation uses the statistics of the images at hand, because the running statistics of an
untrained network mean nothing. Dropout is off.
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
    """Mean and standard deviation of the values of one layer, and their counts in equal bins from `low` to `high`."""

    mean: float
    deviation: float
    low: float
    high: float
    counts: list[int]


@dataclass(frozen=True)
class LayerActivity:
    """One convolution, with the batch normalisation and ReLU that follow it.

    Attributes:
        name, channels: of the convolution.
        before: its output.
        after: the output of batch normalisation; None without.
        narrowing: standard deviation after / before batch normalisation, with an interval over images; None without
            batch normalisation, or if the output is constant.
        dead: share of the channels that are zero after ReLU everywhere in every image, with Wilson's interval.
        zeros: share of zeros after ReLU, mean over images.
        effective_rank: of each image's channels after ReLU, mean over images; see the function.
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
    layers: list[LayerActivity]
    narrowing: Estimate | None


@torch.no_grad()
def activity(model: nn.Module, images: Tensor) -> Activity:
    """The activity for images (N, C, H, W) of a network in which ReLU follows every convolution; it is not changed."""
    names = normalisations(model)
    watched = [*names, *(name for name in names.values() if name)]
    outputs = outputs_by_name(as_in_training(model), images, watched)
    weights, layers, logarithms = resample(len(images)), [], []
    for name, normalisation in names.items():
        before, after = outputs[name], outputs[normalisation] if normalisation else None
        narrowing = None
        if after is not None and before.std() > 0:
            (value, one), (wide, other) = (resampled_deviation(part, weights) for part in (after, before))
            logarithms.append((np.log(value / wide), np.log(one / other)))
            narrowing = percentile_estimate(value / wide, one / other)
        rectified = (before if after is None else after).relu()
        dead = int((rectified.amax(dim=(0, 2, 3)) == 0).sum())
        zeros = (rectified == 0).float().mean(dim=(1, 2, 3))
        layers.append(
            LayerActivity(
                name=name,
                channels=rectified.shape[1],
                before=distribution(before),
                after=None if after is None else distribution(after),
                narrowing=narrowing,
                dead=proportion(dead, rectified.shape[1]),
                zeros=bootstrap_mean(zeros.cpu().numpy(), weights),
                effective_rank=bootstrap_mean(channel_effective_rank(rectified).cpu().numpy(), weights),
            )
        )
    geometric_mean = None
    if logarithms:
        value, resampled = (np.exp(np.mean(part, axis=0)) for part in zip(*logarithms, strict=True))
        geometric_mean = percentile_estimate(float(value), resampled)
    return Activity(len(images), layers, geometric_mean)


def normalisations(model: nn.Module) -> dict[str, str | None]:
    """The name of each convolution -> the name of the batch normalisation that follows it, or None."""
    found: dict[str, str | None] = dict.fromkeys(convolutions(model))
    last = None
    for name, module in model.named_modules():
        if name in found:
            last = name
        elif isinstance(module, nn.BatchNorm2d) and last is not None:
            found[last] = name
    return found


def as_in_training(model: nn.Module) -> nn.Module:
    """A copy of `model` without dropout, whose batch normalisation uses the statistics of the images at hand."""
    running = copy.deepcopy(model).eval()
    for module in running.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train()
    return running


def distribution(values: Tensor) -> Distribution:
    """The distribution of values of any shape; the histogram leaves out its tails, see `TAIL`."""
    flat = values.flatten().float().cpu().numpy()
    low, high = (float(end) for end in np.quantile(flat, [TAIL, 1 - TAIL]))
    counts, _ = np.histogram(flat, BINS, (low, high) if high > low else (low - 0.5, low + 0.5))
    return Distribution(float(flat.mean()), float(flat.std()), low, high, counts.tolist())


def resampled_deviation(values: Tensor, weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """The standard deviation of values (N, ...), and of each resample of the images (draws, N): (draws,)."""
    flat = values.flatten(1).double()
    mean, square = (part.mean(1).cpu().numpy() for part in (flat, flat**2))  # of each image
    shares = weights.astype(np.float64) / len(mean)
    drawn = np.sqrt(np.maximum(shares @ square - (shares @ mean) ** 2, 0))
    return float(np.sqrt(square.mean() - mean.mean() ** 2)), drawn


def channel_effective_rank(channels: Tensor) -> Tensor:
    """Number of directions in which the channels (N, O, h, w) of each image vary: (N,), 1 to min(O, h w), or 0.

    The exponential of the entropy of the singular values, scaled to sum to one, of the channels minus their means: Roy
    & Vetterli, "The effective rank" (EUSIPCO 2007).
    """
    matrices = channels.flatten(2).double()
    matrices = matrices - matrices.mean(dim=2, keepdim=True)
    if matrices.shape[1] > matrices.shape[2]:
        matrices = matrices.transpose(1, 2)
    squares = torch.linalg.eigvalsh(matrices @ matrices.transpose(1, 2)).clamp(min=0)
    values = torch.where(squares > 1e-12 * squares.amax(1, keepdim=True), squares, 0).sqrt()
    shares = values / values.sum(1, keepdim=True).clamp(min=torch.finfo(values.dtype).tiny)
    entropy = -torch.special.xlogy(shares, shares).sum(1)
    return torch.where(values.sum(1) > 0, entropy.exp(), 0)
