"""The two networks of the CIFAR-10 study, layer by layer against what the study says of them."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lookalike.models.layers import Dropout, he_init_
from lookalike.models.macs import count_macs
from lookalike.models.registry import create_model

CIFAR: tuple[int, int, int] = (3, 32, 32)
CONVOLUTIONS = [3, 64, 128, 256, 256, 512, 512, 512, 512]  # planes before and after each
PLACES = [32**2] * 4 + [15**2] * 4  # that each convolution is computed at
DENSE = [512, 1000, 512, 10]


def build(name: str, **arguments: Any) -> nn.Module:
    torch.manual_seed(0)
    return create_model(name, arguments, input_shape=CIFAR, num_classes=10).eval()


def shapes(model: nn.Module, *kinds: type[nn.Module]) -> list[tuple[int, ...]]:
    """The shape (without N) of what each layer of these kinds puts out for one image, in the order they are run in."""
    found: list[tuple[int, ...]] = []

    def note(_layer: nn.Module, _given: tuple[Tensor, ...], output: Tensor) -> None:
        found.append(tuple(output.shape[1:]))

    for layer in model.modules():
        if isinstance(layer, kinds):
            layer.register_forward_hook(note)
    with torch.inference_mode():
        model(torch.zeros(1, *CIFAR))
    return found


def test_vgg11_has_the_shapes_of_the_study() -> None:
    kinds = (nn.Conv2d, nn.MaxPool2d, nn.AdaptiveAvgPool2d, nn.Linear)
    assert shapes(build("vgg11_cifar", batch_norm=True), *kinds) == [
        (64, 32, 32),
        (128, 32, 32),
        (256, 32, 32),
        (256, 32, 32),
        (256, 15, 15),
        (512, 15, 15),
        (512, 15, 15),
        (512, 15, 15),
        (512, 15, 15),
        (512, 7, 7),
        (512, 1, 1),
        (1000,),
        (512,),
        (10,),
    ]


def test_vgg11_computes_2_8_billion_products() -> None:
    pairs = list(pairwise(CONVOLUTIONS))
    expected = sum(9 * less * more * places for (less, more), places in zip(pairs, PLACES, strict=True))
    expected += sum(less * more for less, more in pairwise(DENSE))
    assert count_macs(build("vgg11_cifar"), CIFAR) == expected
    assert expected == pytest.approx(2.8e9, rel=0.02)


def test_vgg11_has_a_weight_for_each_product_and_place() -> None:
    weights = sum((9 * less + 1) * more for less, more in pairwise(CONVOLUTIONS))
    weights += sum((less + 1) * more for less, more in pairwise(DENSE))
    count = {name: sum(map(torch.numel, build("vgg11_cifar", batch_norm=on).parameters())) for name, on in SWITCH}
    assert count["without"] == weights
    assert count["with"] == weights + 2 * sum(CONVOLUTIONS[1:])


SWITCH = (("without", False), ("with", True))


def test_the_simple_network_halves_its_planes_three_times() -> None:
    kinds = (nn.Conv2d, nn.MaxPool2d, nn.Linear)
    convolved = [(32, 32, 32), (32, 16, 16), (64, 16, 16), (64, 8, 8), (128, 8, 8), (128, 4, 4)]
    assert shapes(build("simple_cnn"), *kinds) == [*convolved, (256,), (10,)]


@pytest.mark.parametrize("name", ["simple_cnn", "vgg11_cifar"])
class TestSwitches:
    def test_batch_norm_follows_each_convolution(self, name: str) -> None:
        plain, normalised = ([*build(name, batch_norm=on).modules()] for on in (False, True))
        assert not any(isinstance(layer, nn.BatchNorm2d) for layer in plain)
        follow = [type(after) for before, after in pairwise(normalised) if is_conv(before)]
        assert {*follow} == {nn.BatchNorm2d}

    def test_dropout_follows_each_pooling(self, name: str) -> None:
        layers = [*build(name, dropout=0.2).modules()]
        after_pooling = [b for a, b in pairwise(layers) if isinstance(a, nn.MaxPool2d)]
        assert all(isinstance(layer, Dropout) and layer.threshold == 51 for layer in after_pooling)
        assert sum(isinstance(layer, Dropout) for layer in layers) == len(after_pooling) >= 2

    def test_channels_are_capped_and_nothing_else(self, name: str) -> None:
        narrow = shapes(build(name, max_channels=16), nn.Conv2d, nn.Linear)
        wide = shapes(build(name), nn.Conv2d, nn.Linear)
        capped = [(min(planes, 16), *places) for planes, *places in wide]
        assert narrow == capped

    def test_grad_cam_reads_the_last_convolution(self, name: str) -> None:
        model = build(name)
        with torch.inference_mode():
            found: list[Tensor] = []
            model.spatial.register_forward_hook(lambda _layer, _given, output: found.append(output))
            model(torch.rand(1, *CIFAR))
        assert tuple(found[0].shape[1:]) == {"simple_cnn": (128, 8, 8), "vgg11_cifar": (512, 15, 15)}[name]
        assert found[0].min() >= 0


def is_conv(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv2d)


def test_weights_begin_as_torch_draws_them_or_as_he_does() -> None:
    torch.manual_seed(0)
    plain, he = (create_model("vgg11_cifar", {"he": on}, input_shape=CIFAR, num_classes=10) for on in (False, True))
    for name, layer in plain.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fan_in = layer.weight[0].numel()
            assert layer.weight.abs().max() <= fan_in**-0.5
            assert layer.weight.var().item() == pytest.approx(1 / 3 / fan_in, rel=0.15), name
            theirs = he.get_submodule(name)
            assert isinstance(theirs, nn.Conv2d | nn.Linear)
            assert theirs.weight.var().item() == pytest.approx(2 / fan_in, rel=0.15), name
            assert not theirs.bias.any()  # type: ignore[union-attr]


def test_he_keeps_the_variance_of_deep_relu_networks() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(*[layer for _ in range(20) for layer in (nn.Linear(200, 200), nn.ReLU())])
    x = torch.randn(500, 200)
    assert net(x).square().mean() < 1e-2  # torch's default lets it die out
    he_init_(net)
    assert 0.3 < net(x).square().mean() < 3


@pytest.mark.parametrize(("name", "size"), [("simple_cnn", 7), ("vgg11_cifar", 6)])
def test_images_that_are_too_small_are_refused(name: str, size: int) -> None:
    from lookalike.errors import InputError

    with pytest.raises(InputError, match=rf"images must be at least {size + 1} pixels high and wide, got {size}x32"):
        create_model(name, {}, input_shape=(3, size, 32), num_classes=10)
