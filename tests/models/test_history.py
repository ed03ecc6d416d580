"""The networks from LeNet to AlexNet, layer by layer against what their papers say of them."""

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.errors import InputError
from lookalike.models.layers import LocalResponseNorm, Permutation, ScaledTanh, SparseConv2d, Subsampling
from lookalike.models.lenet5 import CONNECTIONS, Codes
from lookalike.models.macs import count_macs
from lookalike.models.registry import create_model

DIGIT, CIFAR, IMAGENET = (1, 28, 28), (3, 32, 32), (3, 224, 224)
KINDS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d, Subsampling, nn.Linear, Codes)


def build(name: str, shape: tuple[int, int, int], classes: int = 10, **arguments: Any) -> nn.Module:
    torch.manual_seed(0)
    return create_model(name, arguments, input_shape=shape, num_classes=classes).eval()


def shapes(model: nn.Module, shape: tuple[int, int, int]) -> list[tuple[int, ...]]:
    """The output shape (without N) of each layer of `KINDS` for one image, in the order of computation."""
    found: list[tuple[int, ...]] = []
    for layer in model.modules():
        if isinstance(layer, KINDS):
            layer.register_forward_hook(lambda _layer, _given, output: found.append(tuple(output.shape[1:])))
    with torch.inference_mode():
        model(torch.zeros(1, *shape))
    return found


def count(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


# --- MnistNet, MnistMLP and FourLayerNet ----------------------------------------------------------------------------


def test_the_digit_network_flattens_9216_numbers() -> None:
    model = build("mnist_net", DIGIT)
    assert shapes(model, DIGIT) == [(32, 26, 26), (64, 24, 24), (64, 12, 12), (128,), (10,)]
    assert model.features[6].in_features == 9216  # type: ignore[union-attr, index]
    assert count(model) == 1_199_882  # PyTorch's example


def test_the_fully_connected_network_is_784_300_10() -> None:
    model = build("mnist_mlp", DIGIT)
    assert shapes(model, DIGIT) == [(300,), (10,)]
    assert count(model) == 784 * 300 + 300 + 300 * 10 + 10


def test_the_fully_connected_network_is_explained_on_the_image_itself() -> None:
    model, images, seen = build("mnist_mlp", DIGIT), torch.rand(2, *DIGIT), []
    model.spatial.register_forward_hook(lambda _layer, _given, output: seen.append(output))  # type: ignore[union-attr, operator]
    model(images)
    assert torch.equal(seen[0], images)


PERMUTABLE = [("mnist_mlp", {}), ("lenet5", {"codes": False})]


def order_of(model: nn.Module) -> Tensor:
    (order,) = (buffer for name, buffer in model.named_buffers() if name.endswith("order"))
    return order


def test_a_permutation_follows_from_its_seed_alone() -> None:
    for seed in (0, 1):
        torch.manual_seed(seed)
        layer = Permutation(28, 28, 13)
        assert layer.order[:6].tolist() == [290, 680, 148, 679, 142, 494]
        assert sorted(layer.order.tolist()) == list(range(784))
    assert not torch.equal(Permutation(28, 28, 14).order, layer.order)


def test_a_permutation_moves_all_channels_of_a_pixel_alike() -> None:
    images, layer = torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last), Permutation(4, 5, 13)
    moved = layer(images)
    assert moved.shape == images.shape
    for position, source in enumerate(layer.order.tolist()):
        assert torch.equal(moved[:, :, position // 5, position % 5], images[:, :, source // 5, source % 5])


@pytest.mark.parametrize(("name", "arguments"), PERMUTABLE)
def test_a_permuted_network_begins_with_the_same_weights(name: str, arguments: dict[str, Any]) -> None:
    model, plain = build(name, DIGIT, **arguments, permutation=13), build(name, DIGIT, **arguments)
    assert list(model.state_dict()) == list(plain.state_dict())
    assert all(torch.equal(*pair) for pair in zip(model.parameters(), plain.parameters(), strict=True))


@pytest.mark.parametrize(("name", "arguments"), PERMUTABLE)
def test_a_permuted_network_reads_permuted_images(name: str, arguments: dict[str, Any]) -> None:
    model, plain = build(name, DIGIT, **arguments, permutation=13), build(name, DIGIT, **arguments)
    images = torch.rand(4, *DIGIT)
    moved = images.flatten(1)[:, order_of(model)].view_as(images)
    torch.testing.assert_close(model(images), plain(moved), rtol=0, atol=1e-6)
    assert (model(images) - plain(images)).abs().max() > 1e-5


def test_to_the_fully_connected_network_a_permutation_is_one_of_its_weights() -> None:
    model, plain = build("mnist_mlp", DIGIT, permutation=13), build("mnist_mlp", DIGIT)
    images = torch.rand(4, *DIGIT)
    with torch.no_grad():
        weights = plain.get_parameter("features.2.weight")
        weights[:, order_of(model)] = weights.clone()
    torch.testing.assert_close(model(images), plain(images))


def test_the_permuted_network_is_explained_on_the_image_as_it_is() -> None:
    model, images, seen = build("mnist_mlp", DIGIT, permutation=13), torch.rand(2, *DIGIT), []
    model.spatial.register_forward_hook(lambda _layer, _given, output: seen.append(output))  # type: ignore[union-attr, operator]
    model(images)
    assert torch.equal(seen[0], images)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_networks_of_relu_and_tanh_begin_alike(activation: str) -> None:
    model, other = build("four_layer_net", CIFAR, activation=activation), build("four_layer_net", CIFAR)
    convolved = [(32, 32, 32), (32, 32, 32), (32, 16, 16), (64, 16, 16), (64, 16, 16), (64, 8, 8)]
    assert shapes(model, CIFAR) == [*convolved, (10,)]
    for mine, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    kind = {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]
    assert sum(isinstance(layer, kind) for layer in model.modules()) == 4


# --- LeNet-1 and LeNet-5 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [28, 20])
def test_lenet1_has_the_feature_maps_of_its_paper(size: int) -> None:
    shape = (1, size, size)
    expected = [(4, 24, 24), (4, 12, 12), (12, 8, 8), (12, 4, 4), (10,)]
    assert shapes(build("lenet1", shape), shape) == expected


@pytest.mark.parametrize(("name", "size"), [("lenet5", 28), ("lenet5", 32), ("lenet5", 20), ("lenet5_modern", 28)])
def test_lenet5_has_the_feature_maps_of_its_paper(name: str, size: int) -> None:
    expected = [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120,), (84,), (10,)]
    shape = (1, size, size)
    assert shapes(build(name, shape), shape) == expected


def test_lenet1_trains_2578_parameters() -> None:
    model = build("lenet1", DIGIT)
    assert count(model) - unconnected(model) == 104 + 8 + 512 + 24 + 1_930 == 2_578


def test_lenet5_trains_60_000_parameters() -> None:
    model = build("lenet5", DIGIT)
    assert unconnected(model) == 900
    assert count(model) - unconnected(model) == 156 + 12 + 1_516 + 32 + 48_120 + 10_164 == 60_000


def unconnected(model: nn.Module) -> int:
    """Weights of sparse convolutions that the mask keeps from having an effect."""
    sparse = [layer for layer in model.modules() if isinstance(layer, SparseConv2d)]
    return sum(int((layer.mask.expand_as(layer.weight) == 0).sum()) for layer in sparse)


def seen_by(layer: SparseConv2d, channel: int) -> list[int]:
    """The output channels that change with one input channel."""
    only = torch.zeros(1, layer.in_channels, 5, 5)
    only[0, channel] = torch.rand(5, 5)
    difference = (layer(only) - layer(torch.zeros_like(only))).flatten()
    return difference.nonzero().flatten().tolist()


def test_lenet1_connects_20_pairs_of_feature_maps_in_two_halves() -> None:
    (layer,) = [layer for layer in build("lenet1", DIGIT).modules() if isinstance(layer, SparseConv2d)]
    with torch.no_grad():
        seen = [seen_by(layer, channel) for channel in range(4)]
    assert seen == [[0, 1, 2, 4, 5], [1, 2, 3, 4, 5], [6, 7, 8, 10, 11], [7, 8, 9, 10, 11]]


def test_a_feature_map_of_c3_sees_those_of_the_table_and_no_others() -> None:
    """Table I of the paper as printed: a row per feature map of S2, an X where a feature map of C3 sees it."""
    table = ["X   XXX  XXXX XX", "XX   XXX  XXXX X", "XXX   XXX  X XXX", " XXX  XXXX  X XX", "  XXX  XXXX XX X"]
    table.append("   XXX  XXXX XXX")
    torch.manual_seed(0)
    layer = SparseConv2d(6, CONNECTIONS, 5)
    for channel, row in enumerate(table):
        assert seen_by(layer, channel) == [output for output, mark in enumerate(row) if mark == "X"]


def test_weights_without_a_connection_are_never_trained() -> None:
    layer = SparseConv2d(6, CONNECTIONS, 5)
    layer(torch.rand(2, 6, 8, 8)).square().sum().backward()
    assert layer.weight.grad is not None
    assert not (layer.weight.grad * (1 - layer.mask)).any()
    assert (layer.weight.grad * layer.mask).any()


def test_subsampling_is_a_coefficient_times_a_sum_and_a_bias() -> None:
    layer, maps = Subsampling(3), torch.rand(2, 3, 4, 6)
    nn.init.normal_(layer.weight)
    nn.init.normal_(layer.bias)
    sums = maps.view(2, 3, 2, 2, 3, 2).sum((3, 5))
    for k in range(3):
        torch.testing.assert_close(layer(maps)[:, k], sums[:, k] * layer.weight[k] + layer.bias[k])


def test_the_scaled_tanh_reaches_one_at_one() -> None:
    ends = ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0, 100.0]))
    torch.testing.assert_close(ends, torch.tensor([-1.0, 0.0, 1.0, 1.7159]), rtol=0, atol=1e-4)


def test_outputs_are_distances_from_codes() -> None:
    torch.manual_seed(0)
    layer, x = Codes(84, 10), torch.randn(5, 84)
    assert {*layer.codes.unique().tolist()} == {-1.0, 1.0}
    assert len(layer.codes.unique(dim=0)) == 10
    torch.testing.assert_close(layer(x), -torch.cdist(x, layer.codes).square(), rtol=1e-4, atol=1e-4)
    assert not list(layer.parameters())


def test_codes_come_back_with_the_weights() -> None:
    model, other = build("lenet5", DIGIT), create_model("lenet5", input_shape=DIGIT, num_classes=10).eval()
    images = torch.rand(2, *DIGIT)
    assert not torch.equal(model(images), other(images))
    other.load_state_dict(model.state_dict())
    assert torch.equal(model(images), other(images))


@pytest.mark.parametrize(("arguments", "kind"), [({}, ScaledTanh), ({"activation": "sigmoid"}, nn.Sigmoid)])
def test_an_activation_follows_every_layer_of_lenet5_but_the_last(
    arguments: dict[str, str], kind: type[nn.Module]
) -> None:
    activations = sum(isinstance(layer, kind) for layer in build("lenet5", DIGIT, **arguments).modules())
    assert activations == 6  # C1, S2, C3, S4, C5, F6
    assert sum(isinstance(layer, kind | nn.Tanh) for layer in build("lenet5_modern", DIGIT, **arguments).modules()) == 4


def test_lenet5_may_end_with_a_dense_layer() -> None:
    assert isinstance(build("lenet5", DIGIT, codes=False).head, nn.Linear)
    assert isinstance(build("lenet5_modern", DIGIT).head, nn.Linear)


@pytest.mark.parametrize(
    ("name", "fan_ins"),
    [
        ("lenet1", (25, 4, 25 * 20 / 12, 4, 192)),
        ("lenet5", (25, 4, 25 * 60 / 16, 4, 400, 120)),
        ("mnist_mlp", (784, 300)),
    ],
)
def test_weights_of_1998_lie_within_2_4_over_the_fan_in(name: str, fan_ins: tuple[float, ...]) -> None:
    layers = [layer for layer in build(name, DIGIT).modules() if isinstance(layer, KINDS) and [*layer.parameters()]]
    for layer, connections in zip(layers, fan_ins, strict=True):
        values = torch.cat([parameter.detach().flatten() for parameter in layer.parameters()])
        assert values.abs().max() <= 2.4 / connections
        assert values.abs().max() >= 0.55 * 2.4 / connections


# --- AlexNet --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(5, 1e-4, 0.75, 2.0), (3, 0.5, 0.5, 1.0), (1, 2.0, 1.0, 0.1)])
@pytest.mark.parametrize("channels", [1, 2, 7])
def test_local_response_normalisation_is_torchs_with_alpha_times_size(
    size: tuple[int, float, float, float], channels: int
) -> None:
    n, alpha, beta, k = size
    maps = 30 * torch.randn(2, channels, 4, 5)
    theirs = nn.LocalResponseNorm(n, alpha * n, beta, k)
    torch.testing.assert_close(LocalResponseNorm(n, alpha, beta, k)(maps), theirs(maps))


def test_local_response_normalisation_is_the_formula_of_the_paper() -> None:
    maps, layer = 50 * torch.randn(1, 9, 1, 1, dtype=torch.float64), LocalResponseNorm()
    a = maps.flatten().tolist()
    for i, value in enumerate(layer(maps).flatten().tolist()):
        around = sum(a[j] ** 2 for j in range(max(0, i - 2), min(8, i + 2) + 1))
        assert value == pytest.approx(a[i] / (2 + 1e-4 * around) ** 0.75, rel=1e-12)


def test_alexnet_has_the_shapes_and_weights_of_its_paper() -> None:
    model = build("alexnet", IMAGENET, classes=1000)
    first = [(96, 55, 55), (96, 27, 27), (256, 27, 27), (256, 13, 13), (384, 13, 13), (384, 13, 13), (256, 13, 13)]
    assert shapes(model, IMAGENET) == [*first, (256, 6, 6), (4096,), (4096,), (1000,)]
    assert count(model) == 60_965_224  # the reference implementation's; the paper says 60 million
    assert count_macs(model, IMAGENET) == pytest.approx(0.72e9, rel=0.01)


def test_alexnet_fits_small_images() -> None:
    first = [(96, 32, 32), (96, 15, 15), (256, 15, 15), (256, 7, 7), (384, 7, 7), (384, 7, 7), (256, 7, 7)]
    assert shapes(build("alexnet", CIFAR), CIFAR) == [*first, (256, 3, 3), (4096,), (4096,), (10,)]


def test_half_of_the_channels_see_half_of_the_channels_before() -> None:
    groups = [layer.groups for layer in build("alexnet", CIFAR).modules() if isinstance(layer, nn.Conv2d)]
    assert groups == [1, 2, 1, 2, 2]


def test_alexnets_parts_can_be_left_out() -> None:
    whole, plain = build("alexnet", CIFAR), build("alexnet", CIFAR, normalise=False)
    normalised = [
        [type(before) for before, after in zip(net.convolutions, net.convolutions[1:], strict=False) if is_norm(after)]
        for net in (whole, plain)
    ]
    assert normalised == [[nn.ReLU, nn.ReLU], []]
    images = torch.rand(2, *CIFAR)
    assert not torch.equal(whole.train()(images), whole(images))
    undropped = build("alexnet", CIFAR, dropout=0.0).train()
    assert torch.equal(undropped(images), undropped(images))


def is_norm(layer: nn.Module) -> bool:
    return isinstance(layer, LocalResponseNorm)


def test_alexnet_begins_with_small_weights_and_with_ones_where_the_paper_says() -> None:
    layers = [layer for layer in build("alexnet", CIFAR).modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    biases: list[Tensor] = [layer.bias for layer in layers if layer.bias is not None]
    assert [bias.unique().tolist() for bias in biases] == [[0], [1], [0], [1], [1], [1], [1], [0]]
    for layer in layers:
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.05)
        assert layer.weight.mean().item() == pytest.approx(0, abs=4 * 0.01 / math.sqrt(layer.weight.numel()))


def test_alexnet_can_begin_as_he_says() -> None:
    layers = [layer for layer in build("alexnet", CIFAR, he=True).modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    for layer in layers:
        fan_in = layer.weight[0].numel()
        assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=0.05)
        assert layer.bias is not None
        assert not layer.bias.any()


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("mnist_net", 5, "images must be at least 6 pixels high and wide, got 5x40"),
        ("four_layer_net", 3, "images must be at least 4 pixels high and wide, got 3x40"),
        ("lenet1", 28, "images must be at most 28 pixels high and wide, got 28x40"),
        ("lenet5", 28, "images must be at most 32 pixels high and wide, got 28x40"),
        ("lenet5_modern", 11, "images must be at least 12 pixels high and wide, got 11x40"),
        ("alexnet", 14, "images must be at least 15 pixels high and wide, got 14x40"),
    ],
)
def test_images_of_a_wrong_size_are_refused(name: str, size: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_model(name, {}, input_shape=(1, size, 40), num_classes=10)


@pytest.mark.parametrize("name", ["lenet5", "lenet5_modern", "four_layer_net"])
def test_an_unknown_activation_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"activation must be one of .*tanh.*, got swish"):
        build(name, DIGIT, activation="swish")


def test_a_maximum_of_channels_keeps_the_groups() -> None:
    narrow = build("alexnet", CIFAR, max_channels=16)
    *maps, hidden, features, _ = shapes(narrow, CIFAR)
    assert {channels for channels, *_ in maps} == {16}
    assert hidden == features == (4096 * 16 // 384,)
    assert F.softmax(narrow(torch.rand(3, *CIFAR)), dim=1).shape == (3, 10)
