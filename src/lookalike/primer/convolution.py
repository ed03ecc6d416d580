"""The arithmetic of convolutions and poolings: sizes, weights, products and receptive fields.

Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016); for fields Araujo, Norris & Sim,
"Computing receptive fields of convolutional neural networks" (Distill, 2019).
"""

from dataclasses import dataclass

from torch import nn

from lookalike.explain.convolutions import run_order
from lookalike.models.layers import Subsampling


@dataclass(frozen=True)
class Window:
    """The window of a convolution or a pooling along one side of its input.

    Attributes:
        kernel: number of positions it reads.
        stride: positions per step.
        padding: positions added before the first and after the last.
        dilation: distance between the positions it reads.
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def extent(self) -> int:
        """Length from the first position that it reads to the last: d (k - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    def outputs(self, inputs: int) -> int:
        """Length of the output for a side of length `inputs`: floor((n + 2 p - extent) / s) + 1.

        Raises:
            ValueError: the window is longer than the padded side.
        """
        room = inputs + 2 * self.padding - self.extent
        if room < 0:
            raise ValueError(f"a window of {self.extent} does not fit into {inputs + 2 * self.padding} positions")
        return room // self.stride + 1


def weight_count(inputs: int, outputs: int, kernel: int, *, groups: int = 1, bias: bool = True) -> int:
    """The weights of a square convolution: per output channel k^2 for each input channel of its group, and a bias."""
    return outputs * (kernel**2 * inputs // groups + bias)


def multiply_accumulates(inputs: int, outputs: int, window: Window, side: int, *, groups: int = 1) -> int:
    """The multiply-accumulates of a convolution of a square image: one per weight, without biases, and position."""
    per_position = weight_count(inputs, outputs, window.kernel, groups=groups, bias=False)
    return per_position * window.outputs(side) ** 2


@dataclass(frozen=True)
class ReceptiveField:
    """The receptive field of a layer's units in the image, along one side.

    Attributes:
        layer: its name in the model.
        size: pixels.
        jump: pixels between the fields of neighbouring units.
        start: the first pixel that the first unit sees; below zero in the padding.
    """

    layer: str
    size: int
    jump: int
    start: int


def receptive_fields(model: nn.Module, input_shape: tuple[int, int, int]) -> list[ReceptiveField]:
    """The receptive fields of convolutions and poolings in the order in which they run, for images of `input_shape`.

    size' = size + (extent - 1) jump,  start' = start - padding jump,  jump' = jump stride

    Pointwise layers (activations, normalisations, dropout) change nothing. The list ends before the first layer that
    reads all positions.
    """
    fields, last = [], ReceptiveField("image", 1, 1, 0)
    for name, layer in run_order(model, input_shape):
        if isinstance(layer, nn.Linear | nn.AdaptiveAvgPool2d):
            break
        window = window_of(layer)
        if window is None:
            continue
        size = last.size + (window.extent - 1) * last.jump
        last = ReceptiveField(name, size, last.jump * window.stride, last.start - window.padding * last.jump)
        if not isinstance(layer, nn.ReplicationPad2d):
            fields.append(last)
    return fields


def window_of(layer: nn.Module) -> Window | None:
    """The window of `layer` from top to bottom; None if the layer is pointwise."""
    match layer:
        case nn.Conv2d():
            padding = layer.padding if isinstance(layer.padding, tuple) else (0,)
            return Window(layer.kernel_size[0], layer.stride[0], int(padding[0]), layer.dilation[0])
        case nn.MaxPool2d() | nn.AvgPool2d():
            return Window(*(one_of(size) for size in (layer.kernel_size, layer.stride, layer.padding)))
        case Subsampling():
            return Window(2, 2)
        case nn.ReplicationPad2d():
            return Window(1, 1, layer.padding[2])
        case _:
            return None


def one_of(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]
