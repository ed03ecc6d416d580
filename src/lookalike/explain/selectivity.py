"""Tuning of filters: to few frequencies, and to one orientation."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lookalike.evaluation.statistics import Estimate, bootstrap_mean, proportion, resample

ORIENTATIONS = 18  # every ten degrees
FREQUENCY = math.pi / 4  # radians per pixel: waves of eight pixels
RANDOM = 1000  # random filters
LEVEL = 0.95
TINY = torch.finfo(torch.float64).tiny  # a penalty can make a whole filter zero, with neither frequencies nor responses


@dataclass(frozen=True)
class Tuning:
    """A figure of a layer's filters, mean over filters: before training, after it, and the difference."""

    untrained: Estimate
    trained: Estimate
    difference: Estimate


@dataclass(frozen=True)
class FilterTuning:
    """The first convolution's filters.

    Attributes:
        spectral_entropy, selectivity: see the functions of these names.
        selective: the share of filters more selective than 95 % of random ones, after training: by chance .05.
    """

    count: int
    spectral_entropy: Tuning
    selectivity: Tuning
    selective: Estimate


def spectral_entropy(filters: Tensor) -> Tensor:
    """Spectral entropy of filters (O, I, h, w): (O,), from 0 (one frequency) to 1 (all frequencies equally).

    The entropy of the squared discrete Fourier transform, summed over input channels and scaled to sum to one, as a
    share of its maximum. Smooth filters have few, low frequencies; white noise has all.
    """
    power = torch.fft.fft2(filters.double()).abs().square().sum(1).flatten(1)
    shares = power / power.sum(1, keepdim=True).clamp(min=TINY)
    return -torch.special.xlogy(shares, shares).sum(1) / math.log(power.shape[1])


def selectivity(filters: Tensor) -> Tensor:
    """Orientation selectivity of filters (O, I, h, w): (O,), from 0 (no preference) to 1 (only one orientation).

    One minus the circular variance (Ringach, Shapley & Hawken, Journal of Neuroscience 22, 2002) of the amplitude of
    the response to waves of eight pixels; over input channels the root of the sum of squares.
    """
    h, w = filters.shape[2:]
    angles = torch.arange(ORIENTATIONS, dtype=torch.float64, device=filters.device) * (math.pi / ORIENTATIONS)
    rows, columns = (torch.arange(size, dtype=torch.float64, device=filters.device) for size in (h, w))
    phase = angles.cos()[:, None, None] * columns + angles.sin()[:, None, None] * rows[:, None]  # (angles, h, w)
    waves = torch.polar(torch.ones_like(phase), -FREQUENCY * phase)
    answers = torch.einsum("oihw,ahw->oia", filters.to(torch.complex128), waves).abs().square().sum(1).sqrt()
    doubled = torch.polar(torch.ones_like(angles), 2 * angles)
    return (answers * doubled).sum(1).abs() / answers.sum(1).clamp(min=TINY)


@lru_cache(maxsize=8)
def chance(channels: int, height: int, width: int) -> float:
    """The 95 % quantile of the selectivity of random filters (uniform, as before training)."""
    draws = torch.Generator().manual_seed(13)
    filters = torch.rand(RANDOM, channels, height, width, generator=draws) * 2 - 1
    return float(selectivity(filters).quantile(LEVEL))


def tuning(trained: Tensor, untrained: Tensor) -> FilterTuning:
    """The tuning of the filters (O, I, h, w) of one layer, after and before training."""
    weights, tuned = resample(len(trained)), selectivity(trained)
    least = chance(*trained.shape[1:])
    return FilterTuning(
        count=len(trained),
        spectral_entropy=before_and_after(spectral_entropy(trained), spectral_entropy(untrained), weights),
        selectivity=before_and_after(tuned, selectivity(untrained), weights),
        selective=proportion(int((tuned > least).sum()), len(trained)),
    )


def before_and_after(trained: Tensor, untrained: Tensor, weights: NDArray[np.float64]) -> Tuning:
    """The means of a figure (O,) of the same filters before and after training, and of the difference."""
    after, before = (values.cpu().numpy() for values in (trained, untrained))
    return Tuning(*(bootstrap_mean(values, weights) for values in (before, after, after - before)))
