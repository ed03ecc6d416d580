"""What filters are tuned to, in numbers: how few frequencies, and how much one orientation."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lookalike.evaluation.statistics import Estimate, bootstrap_mean, proportion, resample

ORIENTATIONS = 18  # every ten degrees
FREQUENCY = math.pi / 4  # radians a pixel: waves of eight, between the blob and the checkerboard that 3x3 can hold
RANDOM = 1000  # filters that chance is known from
LEVEL = 0.95
TINY = torch.finfo(torch.float64).tiny  # a penalty can make a whole filter zero: it has neither frequencies nor answers


@dataclass(frozen=True)
class Tuning:
    """A figure of the filters of a layer: mean over filters, before and after training, and what training added."""

    untrained: Estimate
    trained: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Filters:
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
    """How evenly the power of filters (O, I, h, w) spreads over frequencies: (O,), from 0 (one) to 1 (all alike).

    The entropy of the squared discrete Fourier transform, summed over input planes and made to sum to one, as a share
    of the largest that there can be. Smooth filters have few, low frequencies; white noise has all.
    """
    power = torch.fft.fft2(filters.double()).abs().square().sum(1).flatten(1)
    shares = power / power.sum(1, keepdim=True).clamp(min=TINY)
    return -torch.special.xlogy(shares, shares).sum(1) / math.log(power.shape[1])


def selectivity(filters: Tensor) -> Tensor:
    """How much filters (O, I, h, w) prefer gratings of one orientation: (O,), from 0 (none) to 1 (answer no other).

    One minus the circular variance (Ringach, Shapley & Hawken, Journal of Neuroscience 22, 2002) of the amplitude of
    the response to waves of eight pixels, over input planes the root of the sum of squares.
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
def chance(planes: int, height: int, width: int) -> float:
    """The selectivity that 95 % of random filters (uniform, as they are before training) stay below."""
    draws = torch.Generator().manual_seed(13)
    filters = torch.rand(RANDOM, planes, height, width, generator=draws) * 2 - 1
    return float(selectivity(filters).quantile(LEVEL))


def tuning(trained: Tensor, untrained: Tensor) -> Filters:
    """The filters (O, I, h, w) of one layer, and the same filters before training."""
    weights, tuned = resample(len(trained)), selectivity(trained)
    least = chance(*trained.shape[1:])
    return Filters(
        count=len(trained),
        spectral_entropy=compared(spectral_entropy(trained), spectral_entropy(untrained), weights),
        selectivity=compared(tuned, selectivity(untrained), weights),
        selective=proportion(int((tuned > least).sum()), len(trained)),
    )


def compared(trained: Tensor, untrained: Tensor, weights: NDArray[np.float64]) -> Tuning:
    """Figures (O,) of the same filters, paired."""
    after, before = (values.cpu().numpy() for values in (trained, untrained))
    return Tuning(*(bootstrap_mean(values, weights) for values in (before, after, after - before)))
