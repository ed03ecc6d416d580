"""What a model costs: what can be counted, alike on every machine, and what must be measured on this one."""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn

from lookalike.costs.memory import peak_of
from lookalike.models.macs import count_work
from lookalike.runtime import Runtime

Shape = tuple[int, int, int]  # channels, height and width
LEAST, MOST = 2, 7  # rounds of a measurement
PATIENCE = 0.25  # seconds after which a measurement has enough of them


@dataclass(frozen=True)
class Size:
    """What a model is and computes for one image: trained weights, multiply-accumulates and activations.

    Activations are the numbers that all convolutions and matrix products put out: Radosavovic et al., "Designing
    network design spaces" (CVPR 2020), count those of convolutions, which is all there is in their networks; here
    linear layers and both products of attention, scores and sums of values, count as well.
    """

    parameters: int
    macs: int
    activations: int


def size_of(model: nn.Module, input_shape: Shape) -> Size:
    """Of one image; `model`, on the CPU, stays as it is."""
    work = count_work(copy.deepcopy(model), input_shape)  # which has all layers compute as their papers write them
    weights = [parameter.numel() for parameter in model.parameters() if parameter.requires_grad]
    return Size(sum(weights), work.macs, work.activations)


@dataclass(frozen=True)
class Spread:
    """The median, the least and the most of the rounds of a measurement."""

    median: float
    least: float
    most: float
    rounds: int


@dataclass(frozen=True)
class Speed:
    """A pass over `batch` images: seconds, and the most bytes taken at once beyond weights and images (None: unknown).

    In evaluation mode, without gradients, in single precision.
    """

    batch: int
    seconds: Spread
    memory: int | None


def spread(values: Sequence[float]) -> Spread:
    """Of the values of all rounds."""
    return Spread(median(values), min(values), max(values), len(values))


@torch.inference_mode()
def speed_of(model: nn.Module, input_shape: Shape, batch: int, runtime: Runtime) -> Speed:
    """Of a placed model. Memory is that of the first pass over the batch, which does not count for time."""
    images = batch_of(input_shape, batch, runtime)
    model(images[:1])  # what libraries take for themselves when they are first called is nobody's
    memory = peak_of(lambda: model(images), runtime.device)
    return Speed(batch, spread(in_turns([lambda: model(images)], runtime.device)[0]), memory)


def batch_of(input_shape: Shape, batch: int, runtime: Runtime) -> Tensor:
    """Noise on the device; what an image shows does not change how long it takes."""
    return torch.rand(batch, *input_shape).to(runtime.device).contiguous(memory_format=runtime.memory_format)


def placed(model: nn.Module, runtime: Runtime) -> nn.Module:
    """`model` on the device, as it answers after training."""
    return runtime.place(model).eval()


@torch.inference_mode()
def in_turns(
    passes: Sequence[Callable[[], object]], device: torch.device, patience: float = PATIENCE
) -> list[list[float]]:
    """The seconds of each of several passes, by round.

    They take turns, so that what else the machine has to do slows all of them alike and their ratio within a round is
    fair. Each is warm: whoever compares passes calls them once before. Rounds end after `patience` seconds, or at
    `MOST`, but not before `LEAST`.
    """
    rounds: list[list[float]] = []
    while len(rounds) < LEAST or (len(rounds) < MOST and sum(map(sum, rounds)) < patience):
        rounds.append([seconds_of(one, device) for one in passes])
    return [list(one) for one in zip(*rounds, strict=True)]


def seconds_of(run: Callable[[], object], device: torch.device) -> float:
    """How long a call takes, until the device is done."""
    wait(device)
    began = time.perf_counter()
    run()
    wait(device)
    return time.perf_counter() - began


def wait(device: torch.device) -> None:
    """Until a GPU has done all that it was asked; a CPU does it at once."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@dataclass(frozen=True)
class Compared:
    """The seconds of a module and of another that does its work; and how many times as long the other takes."""

    plain: Spread
    other: Spread
    ratio: Spread


@torch.inference_mode()
def compare(modules: tuple[nn.Module, nn.Module], input_shape: Shape, runtime: Runtime) -> Compared:
    """A module and another, on one image. The ratio is that within a round."""
    images = batch_of(input_shape, 1, runtime)
    plain, other = (placed(module, runtime) for module in modules)
    passes = (lambda: plain(images), lambda: other(images))
    for one in passes:
        one()
    first, second = in_turns(passes, runtime.device)
    return Compared(
        spread(first), spread(second), spread([mine / theirs for mine, theirs in zip(second, first, strict=True)])
    )
