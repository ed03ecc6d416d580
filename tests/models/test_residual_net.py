"""The residual networks for small images, against what their paper says of them and against plain functions."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.errors import InputError
from lookalike.models.registry import create_model
from lookalike.models.residual_net import ResidualBlock

CIFAR: tuple[int, int, int] = (3, 32, 32)


def build(**arguments: Any) -> nn.Module:
    torch.manual_seed(0)
    return create_model("residual_net", arguments, input_shape=CIFAR, num_classes=10).eval()


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_depths_have_the_weights_of_table_6(depth: int, millions: float) -> None:
    model = build(depth=depth)
    assert sum(map(torch.numel, model.parameters())) / 1e6 == pytest.approx(
        millions, abs=0.04 if depth == 110 else 5e-3
    )
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in model.modules()) == depth


def test_a_plain_network_has_the_weights_of_the_residual_one_and_another_answer() -> None:
    plain, residual = (build(depth=8, residual=on) for on in (False, True))
    assert plain.state_dict().keys() == residual.state_dict().keys()
    for mine, theirs in zip(plain.parameters(), residual.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    images = torch.rand(2, *CIFAR)
    assert not torch.allclose(plain(images), residual(images))


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("outputs", [3, 7])
@pytest.mark.parametrize("residual", [False, True])
def test_a_block_is_two_convolutions_and_a_sum(stride: int, outputs: int, residual: bool) -> None:
    block = ResidualBlock(3, outputs, stride=stride, residual=residual).double().eval()
    for layer in block.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for values in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
                assert values is not None
                nn.init.uniform_(values, 0.5, 1.5)
    maps = torch.randn(2, 3, 9, 8, dtype=torch.float64)
    first, norm1, _, second, norm2 = block.convolutions
    assert isinstance(first, nn.Conv2d)
    assert isinstance(second, nn.Conv2d)
    hidden = F.conv2d(maps, first.weight, stride=stride, padding=1)
    found = F.conv2d(normalised(hidden, norm1).relu(), second.weight, padding=1)
    expected = normalised(found, norm2)
    if residual:
        for row, column in torch.cartesian_prod(*map(torch.arange, expected.shape[2:])).tolist():
            expected[:, :3, row, column] += maps[:, :, stride * row, stride * column]
    torch.testing.assert_close(block(maps), expected.relu())


def normalised(maps: Tensor, norm: nn.Module) -> Tensor:
    """By the formula: (x - mean) / sqrt(variance + eps) * weight + bias."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    return (maps - norm.running_mean[:, None, None]) * scale[:, None, None] + norm.bias[:, None, None]


def test_stages_halve_the_sides_and_double_the_channels() -> None:
    model, seen = build(depth=14), []
    for layer in model.modules():
        if isinstance(layer, ResidualBlock):
            layer.register_forward_hook(lambda _layer, _given, output: seen.append(tuple(output.shape[1:])))
    maps: list[Tensor] = []
    model.pooled.register_forward_hook(lambda _layer, _given, output: maps.append(output))  # type: ignore[union-attr, operator]
    features = model.features(torch.rand(2, *CIFAR))  # type: ignore[operator]
    assert seen == [(16, 32, 32)] * 2 + [(32, 16, 16)] * 2 + [(64, 8, 8)] * 2
    assert model.spatial is model.pooled
    torch.testing.assert_close(features, maps[0].mean(dim=(2, 3)))
    assert maps[0].min() >= 0


def test_channels_are_capped() -> None:
    convolutions = [layer for layer in build(depth=8, max_channels=20).modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [16] * 3 + [20] * 4


@pytest.mark.parametrize("depth", [2, 7, 18, 21, 55])
def test_a_depth_that_is_not_6n_plus_2_is_refused(depth: int) -> None:
    with pytest.raises(InputError, match=rf"depth must be 6 n \+ 2, such as 20 or 56, got {depth}"):
        build(depth=depth)
