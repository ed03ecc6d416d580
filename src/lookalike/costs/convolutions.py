"""Convolutions compared with cheaper ones between the same shapes, without normalisation, ReLU and biases."""

from dataclasses import dataclass

from torch import nn

from lookalike.costs.measure import Shape, Size, TimeComparison, compare_times, size_of
from lookalike.runtime import Runtime

KERNEL = 3  # of separable convolutions
LAYERS = ((64, 128, 56), (128, 256, 28), (512, 512, 14), (1024, 1024, 7))  # four of MobileNet's: channels, side
Stack = tuple[tuple[int, int], ...]  # kernel and output channels of each convolution


@dataclass(frozen=True)
class Separable:
    """A convolution from `inputs` to `outputs` channels, and the two convolutions that replace it.

    `predicted` is the remaining share of the multiply-accumulates, 1 / outputs + 1 / kernel^2: Howard et al.,
    "MobileNets" (2017), section 3.1.
    """

    inputs: int
    outputs: int
    side: int
    predicted: float
    standard: Size
    separable: Size


def separable_table() -> list[Separable]:
    """The sizes for every layer of `LAYERS`."""
    rows = []
    for inputs, outputs, side in LAYERS:
        standard, separable = (
            size_of(layer, (inputs, side, side)) for layer in convolution_and_separable(inputs, outputs)
        )
        rows.append(Separable(inputs, outputs, side, 1 / outputs + 1 / KERNEL**2, standard, separable))
    return rows


def separable_times(runtime: Runtime) -> list[TimeComparison]:
    """The times for every layer: the convolution, and the two that replace it."""
    return [
        compare_times(convolution_and_separable(inputs, outputs), (inputs, side, side), runtime)
        for inputs, outputs, side in LAYERS
    ]


def convolution_and_separable(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    """A convolution; and one within each channel ("depthwise") followed by a 1x1 convolution ("pointwise")."""
    depthwise = nn.Conv2d(inputs, inputs, KERNEL, padding=KERNEL // 2, groups=inputs, bias=False)
    return stack(inputs, (KERNEL, outputs)), nn.Sequential(depthwise, stack(inputs, (1, outputs)))


def stack(inputs: int, *layers: tuple[int, int]) -> nn.Sequential:
    """Convolutions that keep height and width, each given as its kernel and its output channels."""
    made = []
    for kernel, outputs in layers:
        made.append(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False))
        inputs = outputs
    return nn.Sequential(*made)


# The shape of the input; convolutions on all its channels; and convolutions that reduce the channels first.
BOTTLENECKS: dict[str, tuple[Shape, Stack, Stack]] = {
    # He et al., "Deep Residual Learning" (CVPR 2016), figure 5, without the shortcuts
    "ResNet, 256 channels": ((256, 56, 56), ((3, 256), (3, 256)), ((1, 64), (3, 64), (1, 256))),
    # Szegedy et al., "Going deeper with convolutions" (CVPR 2015), table 1, row 3a
    "Inception 3a, 192 channels": ((192, 28, 28), ((5, 32),), ((1, 16), (5, 32))),
}


@dataclass(frozen=True)
class Design:
    """Convolutions on all channels of their input, and others that reduce the channels first."""

    place: str
    plain_layers: str
    reduced_layers: str
    plain: Size
    reduced: Size


def design_table() -> list[Design]:
    """The sizes for all `BOTTLENECKS`."""
    rows = []
    for place, (shape, plain, reduced) in BOTTLENECKS.items():
        sizes = [size_of(stack(shape[0], *layers), shape) for layers in (plain, reduced)]
        rows.append(Design(place, layer_names(plain), layer_names(reduced), *sizes))
    return rows


def design_times(runtime: Runtime) -> list[TimeComparison]:
    """The times for all `BOTTLENECKS`, without and with a bottleneck."""
    return [
        compare_times((stack(shape[0], *plain), stack(shape[0], *reduced)), shape, runtime)
        for shape, plain, reduced in BOTTLENECKS.values()
    ]


def layer_names(layers: Stack) -> str:
    """A name of convolutions, such as "1x1 to 16, 5x5 to 32"."""
    return ", ".join(f"{kernel}x{kernel} to {outputs}" for kernel, outputs in layers)
