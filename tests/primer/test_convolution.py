"""The arithmetic of convolutions against what torch does."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lookalike.models.macs import count_macs
from lookalike.models.registry import create_model
from lookalike.primer.convolution import ReceptiveField, Window, multiply_accumulates, receptive_fields, weight_count
from lookalike.primer.fields import linearised

RANDOM = 300  # settings


def settings() -> list[dict[str, int]]:
    rng = np.random.default_rng(0)
    names = {"side": 24, "kernel": 7, "stride": 4, "padding": 4, "dilation": 3, "groups": 4, "inputs": 3, "outputs": 3}
    found = [{name: int(rng.integers(1, most + 1)) for name, most in names.items()} for _ in range(RANDOM)]
    return [one | {"padding": one["padding"] - 1} for one in found]


def test_sizes_weights_and_products_are_those_of_torch() -> None:
    fitted = 0
    for given in settings():
        side, groups = given["side"], given["groups"]
        inputs, outputs = given["inputs"] * groups, given["outputs"] * groups
        window = Window(*(given[name] for name in ("kernel", "stride", "padding", "dilation")))
        layer = nn.Conv2d(inputs, outputs, window.kernel, window.stride, window.padding, window.dilation, groups)
        assert weight_count(inputs, outputs, window.kernel, groups=groups) == sum(p.numel() for p in layer.parameters())
        try:
            made = layer(torch.zeros(1, inputs, side, side)).shape[2]
        except RuntimeError:
            with pytest.raises(ValueError, match=rf"a window of {window.extent} does not fit into \d+ positions"):
                window.outputs(side)
            continue
        fitted += 1
        assert window.outputs(side) == made
        assert multiply_accumulates(inputs, outputs, window, side, groups=groups) == count_macs(
            layer, (inputs, side, side)
        )
    assert RANDOM / 2 < fitted < RANDOM  # both happen


def test_poolings_have_the_same_arithmetic() -> None:
    for given in settings():
        window = Window(given["kernel"], given["stride"], min(given["padding"], given["kernel"] // 2))
        if window.extent <= given["side"] + 2 * window.padding:
            layer = nn.MaxPool2d(window.kernel, window.stride, window.padding)
            assert window.outputs(given["side"]) == layer(torch.zeros(1, 1, given["side"], given["side"])).shape[2]


def test_the_exercises_of_the_report() -> None:
    assert Window(3).outputs(4) == 2
    two = nn.Sequential(nn.Conv2d(8, 8, 3, bias=False), nn.Conv2d(8, 8, 3, bias=False))
    one = nn.Sequential(nn.Conv2d(8, 8, 5, bias=False))
    assert receptive_fields(two, (8, 9, 9))[-1].size == receptive_fields(one, (8, 9, 9))[-1].size == 5
    assert 2 * weight_count(8, 8, 3, bias=False) == 18 / 25 * weight_count(8, 8, 5, bias=False)


# Sizes that no layer cuts short: a unit beside what was cut off sees less than its field.
NETWORKS: list[tuple[str, tuple[int, int, int], dict[str, Any]]] = [
    ("alexnet", (1, 95, 95), {"max_channels": 2, "normalise": False}),
    ("alexnet", (1, 39, 39), {"max_channels": 2, "normalise": False}),
    ("fashion_cnn", (1, 30, 30), {}),
    ("filter_net", (1, 32, 32), {"kernels": "5x5", "max_channels": 4}),
    ("filter_net", (1, 32, 32), {"kernels": "3x3-3x3", "max_channels": 4}),
    ("lenet1", (1, 28, 28), {}),
    ("lenet5", (1, 28, 28), {}),
    ("lenet5_modern", (1, 20, 24), {}),
    ("mnist_net", (1, 28, 28), {}),
    ("four_layer_net", (1, 32, 32), {"activation": "tanh", "max_channels": 4}),
    ("simple_cnn", (1, 44, 44), {"batch_norm": True, "max_channels": 4}),
    ("vgg", (1, 59, 59), {"max_channels": 2}),
]


@pytest.mark.parametrize(("name", "shape", "arguments"), NETWORKS)
def test_fields_are_where_gradients_are(name: str, shape: tuple[int, int, int], arguments: dict[str, Any]) -> None:
    """With weights above zero and means for maxima, a unit's gradient is not zero where it sees, and only there."""
    model = create_model(name, arguments, input_shape=shape, num_classes=3)
    fields = receptive_fields(model, shape)
    assert len(fields) >= 3
    linear = linearised(model)
    for field in fields:
        rows, units = rows_seen(linear, field.layer, shape)
        middle = units // 2
        first = field.start + middle * field.jump
        expected = np.arange(max(first, 0), min(first + field.size, shape[1]))
        np.testing.assert_array_equal(rows, expected, err_msg=field.layer)


def rows_seen(model: nn.Module, layer: str, shape: tuple[int, int, int]) -> tuple[np.ndarray, int]:
    """The rows of the image that the middle row's first unit of a layer sees, and how many rows of units there are."""
    images, outputs = torch.ones(1, *shape, dtype=torch.float64, requires_grad=True), []
    hook = model.get_submodule(layer).register_forward_hook(lambda _layer, _given, output: outputs.append(output))
    features = getattr(model, "features", None)
    (features or model)(images)
    hook.remove()
    units = outputs[0].shape[2]
    (gradient,) = torch.autograd.grad(outputs[0][0, 0, units // 2, outputs[0].shape[3] // 2], images)
    return np.nonzero(gradient[0, 0].abs().sum(1).numpy())[0], units


def test_the_first_fields_of_lenet5() -> None:
    assert receptive_fields(create_model("lenet5", input_shape=(1, 32, 32), num_classes=10), (1, 32, 32)) == [
        ReceptiveField("features.1", 5, 1, 0),
        ReceptiveField("features.3", 6, 2, 0),
        ReceptiveField("features.5", 14, 2, 0),
        ReceptiveField("features.7", 16, 4, 0),
    ]
