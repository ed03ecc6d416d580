"""Costs of a model: counts, which are equal on every machine, and measurements on this machine."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn

from lookalike.costs.memory import peak_of
from lookalike.models.macs import count_work
from lookalike.runtime import Runtime

Shape = tuple[int, int, int]  # channels, height and width
LEAST, MOST = 2, 7  # rounds of a measurement
PATIENCE = 0.25  # seconds after which no further round begins


@dataclass(frozen=True)
class Size:
    """Trained parameters of a model, and its multiply-accumulates and activations for one image.

    Activations are the outputs of all convolutions and matrix products. Radosavovic et al., "Designing network design
    spaces" (CVPR 2020), count those of convolutions, the only ones in their networks; here linear layers and both
    products of attention, scores and sums of values, count as well.
    """

    parameters: int
    macs: int
    activations: int


def size_of(model: nn.Module, input_shape: Shape) -> Size:
    """The size of `model`, which is on the CPU and is not changed."""
    work = count_work(copy.deepcopy(model), input_shape)  # which changes how attention is computed
    weights = [parameter.numel() for parameter in model.parameters() if parameter.requires_grad]
    return Size(sum(weights), work.macs, work.activations)


@dataclass(frozen=True)
class Spread:
    """Median, minimum and maximum over the rounds of a measurement."""

    median: float
    least: float
    most: float
    rounds: int


@dataclass(frozen=True)
class Speed:
    """A pass over `batch` images in evaluation mode, without gradients, in float32.

    Attributes:
        seconds: of the pass.
        memory: peak bytes beyond weights and images; None means unknown.
    """

    batch: int
    seconds: Spread
    memory: int | None


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values), len(values))


@torch.inference_mode()
def speed_of(model: nn.Module, input_shape: Shape, batch: int, runtime: Runtime) -> Speed:
    """The speed of a model on the device. The first pass over the batch measures memory, later passes measure time."""
    images = batch_of(input_shape, batch, runtime)
    model(images[:1])  # libraries allocate memory on their first call, which is not the model's
    memory = peak_of(lambda: model(images), runtime.device)
    return Speed(batch, spread(in_turns([lambda: model(images)], runtime.device)[0]), memory)


def batch_of(input_shape: Shape, batch: int, runtime: Runtime) -> Tensor:
    """Noise images on the device; the time does not depend on their content."""
    return torch.rand(batch, *input_shape).to(runtime.device).contiguous(memory_format=runtime.memory_format)


@torch.inference_mode()
def in_turns(
    passes: Sequence[Callable[[], object]], device: torch.device, patience: float = PATIENCE
) -> list[list[float]]:
    """The seconds of each of several passes, by round.

    The passes alternate, so that other processes slow all of them equally and ratios within a round are fair. The
    caller has run each once before. Rounds end after `patience` seconds or `MOST` rounds, but not before `LEAST`.
    """
    rounds: list[list[float]] = []
    while len(rounds) < LEAST or (len(rounds) < MOST and sum(map(sum, rounds)) < patience):
        rounds.append([seconds_of(one, device) for one in passes])
    return [list(one) for one in zip(*rounds, strict=True)]


def seconds_of(run: Callable[[], object], device: torch.device) -> float:
    """The seconds of a call, until the device is done."""
    wait(device)
    began = time.perf_counter()
    run()
    wait(device)
    return time.perf_counter() - began


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@dataclass(frozen=True)
class TimeComparison:
    """The seconds of a module and of its replacement, and their ratio, other / plain."""

    plain: Spread
    other: Spread
    ratio: Spread


@torch.inference_mode()
def compare_times(modules: tuple[nn.Module, nn.Module], input_shape: Shape, runtime: Runtime) -> TimeComparison:
    """The times of two modules for one image. Ratios are within a round."""
    images = batch_of(input_shape, 1, runtime)
    passes = [partial(runtime.place(module).eval(), images) for module in modules]
    for one in passes:
        one()
    first, second = in_turns(passes, runtime.device)
    ratios = [other / plain for plain, other in zip(first, second, strict=True)]
    return TimeComparison(spread(first), spread(second), spread(ratios))
