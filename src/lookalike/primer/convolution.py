"""The arithmetic of convolutions and poolings: sizes, weights, products, and the field that a unit sees.

Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016); for fields Araujo, Norris & Sim,
"Computing receptive fields of convolutional neural networks" (Distill, 2019).
"""

from dataclasses import dataclass

from torch import nn

from lookalike.explain.convolutions import run_order
from lookalike.models.layers import Subsampling


@dataclass(frozen=True)
class Window:
    """How a convolution or a pooling moves along one side of its input.

    Attributes:
        kernel: places it looks at.
        stride: how far it moves.
        padding: places added before the first and behind the last.
        dilation: distance of the places it looks at.
    """

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1

    @property
    def extent(self) -> int:
        """From the first place it looks at to the last: d (k - 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    def outputs(self, inputs: int) -> int:
        """Length of what it puts out of a side of that length: floor((n + 2 p - extent) / s) + 1.

        Raises:
            ValueError: the window is longer than the padded side.
        """
        room = inputs + 2 * self.padding - self.extent
        if room < 0:
            raise ValueError(f"a window of {self.extent} does not fit into {inputs + 2 * self.padding} places")
        return room // self.stride + 1


def weights(inputs: int, outputs: int, kernel: int, *, groups: int = 1, bias: bool = True) -> int:
    """Weights of a square convolution: each output channel has k^2 for each input channel of its group, and a bias."""
    return outputs * (kernel**2 * inputs // groups + bias)


def products(inputs: int, outputs: int, window: Window, side: int, *, groups: int = 1) -> int:
    """Multiply-accumulates of a convolution of a square image: a weight, without biases, at each place."""
    per_place = weights(inputs, outputs, window.kernel, groups=groups, bias=False)
    return per_place * window.outputs(side) ** 2


@dataclass(frozen=True)
class Field:
    """What a unit of a layer sees of the image, along one side.

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


def receptive_fields(model: nn.Module, input_shape: tuple[int, int, int]) -> list[Field]:
    """Of each convolution and pooling in the order they are run in, for images (C, H, W) of `input_shape`.

    size' = size + (extent - 1) jump,  start' = start - padding jump,  jump' = jump stride

    What looks at each place alone (activations, normalisations, dropout) changes nothing; from the first layer that
    sees all places on nothing is listed.
    """
    fields, last = [], Field("image", 1, 1, 0)
    for name, layer in run_order(model, input_shape):
        if isinstance(layer, nn.Linear | nn.AdaptiveAvgPool2d):
            break
        window = window_of(layer)
        if window is None:
            continue
        last = Field(
            name,
            last.size + (window.extent - 1) * last.jump,
            last.jump * window.stride,
            last.start - window.padding * last.jump,
        )
        if not isinstance(layer, nn.ReplicationPad2d):
            fields.append(last)
    return fields


def window_of(layer: nn.Module) -> Window | None:
    """How `layer` moves over its input, top to bottom; None if it looks at each place alone."""
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
    """The first of a pair, or the number itself."""
    return size if isinstance(size, int) else size[0]
