"""Receptive fields of the registered convolutional networks, by arithmetic and by gradients."""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from lookalike.explain.maps import outputs_of
from lookalike.models.base import Model
from lookalike.models.layers import SparseConv2d, Subsampling
from lookalike.models.lenet5 import Codes
from lookalike.models.registry import create_model
from lookalike.primer.convolution import ReceptiveField, receptive_fields

# Sides of images for which no stride skips the last row: a unit next to a skipped row sees less than its field.
SIDES: dict[str, tuple[int, dict[str, Any]]] = {
    "lenet1": (28, {}),
    "lenet5": (28, {}),
    "lenet5_modern": (28, {}),
    "mnist_net": (28, {}),
    "fashion_cnn": (30, {}),
    "filter_net": (32, {"max_channels": 2}),
    "four_layer_net": (32, {"max_channels": 2}),
    "simple_cnn": (44, {"max_channels": 2}),
    "alexnet": (39, {"max_channels": 2}),
    "vgg": (59, {"max_channels": 2}),
    "residual_net": (97, {"max_channels": 2}),
}
KEPT = (
    nn.Conv2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d | nn.ReplicationPad2d | nn.Flatten | nn.Linear | Subsampling | Codes
)


@dataclass(frozen=True)
class FieldCheck:
    """A layer's receptive field, and the rows (first, last) of an image that its middle unit sees.

    Attributes:
        field: by arithmetic.
        rows: by the unit's gradient.
        expected: the rows of the field within the image.
    """

    field: ReceptiveField
    rows: tuple[int, int]
    expected: tuple[int, int]


def fields_of(name: str) -> list[FieldCheck]:
    """The receptive field of every convolution and pooling of a network, for grey images with its side in `SIDES`."""
    side, arguments = SIDES[name]
    shape = (1, side, side)
    model = create_model(name, arguments, input_shape=shape, num_classes=2)
    fields, straight = receptive_fields(model, shape), linearised(model)
    found = []
    for field in fields:
        rows, middle = rows_seen(straight, field.layer, side)
        first = field.start + middle * field.jump
        found.append(FieldCheck(field, rows, (max(first, 0), min(first + field.size, side) - 1)))
    return found


def linearised(model: Model) -> Model:
    """A linear copy of the network with the same windows: all weights 1, mean pooling, no activations.

    A unit's gradient is then positive in its receptive field and zero elsewhere.
    """
    straight = copy.deepcopy(model).double().eval()
    for name, layer in [*straight.named_modules()]:
        parent, _, own = name.rpartition(".")
        if isinstance(layer, nn.MaxPool2d):
            means = nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding)
            setattr(straight.get_submodule(parent), own, means)
        elif not [*layer.children()] and not isinstance(layer, KEPT):
            setattr(straight.get_submodule(parent), own, nn.Identity())
        if isinstance(layer, SparseConv2d):
            layer.mask.fill_(1)
    for parameter in straight.parameters():
        nn.init.ones_(parameter)
    return straight


def rows_seen(straight: Model, layer: str, side: int) -> tuple[tuple[int, int], int]:
    """The first and last row of an image that the unit in the middle of a layer sees, and the unit's row."""
    image = torch.ones(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    with outputs_of(straight.get_submodule(layer)) as outputs:
        straight.features(image)
    middle = outputs[0].shape[2] // 2
    (gradient,) = torch.autograd.grad(outputs[0][0, 0, middle, middle], image)
    rows = gradient[0, 0].sum(1).nonzero().flatten().tolist()
    return (rows[0], rows[-1]), middle
