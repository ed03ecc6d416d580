"""The tables of convolutions: against the formula, against torch's counter, and by hand."""

from fractions import Fraction

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lookalike.costs import measure
from lookalike.costs.convolutions import (
    BOTTLENECKS,
    LAYERS,
    convolution_and_separable,
    design_table,
    design_times,
    separable_table,
    separable_times,
    stack,
)
from lookalike.costs.measure import Shape
from lookalike.runtime import Runtime


def macs_of(layer: nn.Module, shape: Shape) -> int:
    """By torch's own counter."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        layer.to("meta")(torch.empty(1, *shape, device="meta"))
    return counter.get_total_flops() // 2


@pytest.mark.parametrize("row", separable_table(), ids=str)
def test_what_is_left_is_what_is_predicted(row: measure.Size) -> None:
    left = Fraction(1, row.outputs) + Fraction(1, 9)
    assert Fraction(row.separable.macs, row.standard.macs) == left
    assert Fraction(row.separable.parameters, row.standard.parameters) == left
    assert row.predicted == pytest.approx(float(left), rel=1e-15)
    assert row.standard.activations == row.outputs * row.side**2
    assert row.separable.activations == (row.inputs + row.outputs) * row.side**2


def test_separable_convolutions_are_counted_as_torch_counts_them() -> None:
    for row, (inputs, outputs, side) in zip(separable_table(), LAYERS, strict=True):
        counted = [macs_of(layer, (inputs, side, side)) for layer in convolution_and_separable(inputs, outputs)]
        assert counted == [row.standard.macs, row.separable.macs]
        assert row.standard.macs == 9 * inputs * outputs * side**2


def test_a_separable_convolution_makes_as_many_channels() -> None:
    standard, separable = convolution_and_separable(4, 6)
    assert standard(torch.rand(1, 4, 5, 5)).shape == separable(torch.rand(1, 4, 5, 5)).shape == (1, 6, 5, 5)


def test_a_separable_convolution_is_a_standard_one_of_rank_one() -> None:
    """Pointwise weights (O, I) times the kernel of each channel (I, k, k)."""
    _, separable = convolution_and_separable(4, 6)
    depthwise, (pointwise,) = separable  # type: ignore[misc]
    kernel = pointwise.weight * depthwise.weight.transpose(0, 1)
    maps = torch.rand(2, 4, 7, 7)
    torch.testing.assert_close(separable(maps), nn.functional.conv2d(maps, kernel, padding=1))


def test_bottlenecks_have_the_weights_of_their_papers() -> None:
    resnet, inception = design_table()
    assert (resnet.plain.parameters, resnet.reduced.parameters) == (2 * 9 * 256**2, 2 * 256 * 64 + 9 * 64**2)
    assert (inception.plain.parameters, inception.reduced.parameters) == (25 * 192 * 32, 192 * 16 + 25 * 16 * 32)
    assert (resnet.plain_layers, resnet.reduced_layers) == (
        "3x3 to 256, 3x3 to 256",
        "1x1 to 64, 3x3 to 64, 1x1 to 256",
    )
    assert resnet.reduced.activations == (64 + 64 + 256) * 56**2


def test_bottlenecks_are_counted_as_torch_counts_them() -> None:
    for row, (shape, *both) in zip(design_table(), BOTTLENECKS.values(), strict=True):
        counted = [macs_of(stack(shape[0], *layers), shape) for layers in both]
        assert counted == [row.plain.macs, row.reduced.macs]


def test_there_is_a_time_for_every_row(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "MOST", 2)
    assert len(separable_times(runtime)) == len(LAYERS)
    resnet, inception = design_times(runtime)
    assert resnet.ratio.most < 1
    assert (inception.plain.rounds, inception.other.rounds, inception.ratio.rounds) == (2, 2, 2)
