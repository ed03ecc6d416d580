"""The networks for CIFAR-10, layer by layer, against their papers and the study."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lookalike.errors import InputError
from lookalike.models.initialisation import he_init_
from lookalike.models.layers import Dropout, LocalResponseNorm
from lookalike.models.macs import count_macs
from lookalike.models.registry import create_model
from lookalike.primer.convolution import receptive_fields

CIFAR: tuple[int, int, int] = (3, 32, 32)
CONVOLUTIONS = [3, 64, 128, 256, 256, 512, 512, 512, 512]  # channels before and after each
POSITIONS = [32**2] * 4 + [15**2] * 4  # spatial positions of each convolution's output
DENSE = [512, 1000, 512, 10]


def build(name: str, **arguments: Any) -> nn.Module:
    torch.manual_seed(0)
    return create_model(name, arguments, input_shape=CIFAR, num_classes=10).eval()


def shapes(model: nn.Module, *kinds: type[nn.Module]) -> list[tuple[int, ...]]:
    """The output shape (without N) of each layer of these kinds for one image, in the order of computation."""
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
    assert shapes(build("vgg", batch_norm=True), *kinds) == [
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
    expected = sum(9 * before * after * count for (before, after), count in zip(pairs, POSITIONS, strict=True))
    expected += sum(before * after for before, after in pairwise(DENSE))
    assert count_macs(build("vgg"), CIFAR) == expected
    assert expected == pytest.approx(2.8e9, rel=0.02)


def test_vgg11_has_the_parameters_of_its_layers() -> None:
    weights = sum((9 * before + 1) * after for before, after in pairwise(CONVOLUTIONS))
    weights += sum((before + 1) * after for before, after in pairwise(DENSE))
    count = {name: sum(map(torch.numel, build("vgg", batch_norm=on).parameters())) for name, on in SWITCH}
    assert count["without"] == weights
    assert count["with"] == weights + 2 * sum(CONVOLUTIONS[1:])


SWITCH = (("without", False), ("with", True))

# Table 1 of the paper: channels of each convolution, and its kernel if not 3x3. | is a max-pool of the study.
TABLE = {
    "A": "64 128 256 256 | 512 512 512 512",
    "A-LRN": "64 128 256 256 | 512 512 512 512",
    "B": "64 64 128 128 256 256 | 512 512 512 512",
    "C": "64 64 128 128 256 256 256/1 | 512 512 512/1 512 512 512/1",
    "D": "64 64 128 128 256 256 256 | 512 512 512 512 512 512",
    "E": "64 64 128 128 256 256 256 256 | 512 512 512 512 512 512 512 512",
}


@pytest.mark.parametrize("configuration", TABLE)
def test_vgg_has_the_convolutions_of_the_paper_and_the_two_poolings_of_the_study(configuration: str) -> None:
    found = []
    for layer in build("vgg", configuration=configuration).convolutions:  # type: ignore[union-attr]
        if isinstance(layer, nn.Conv2d):
            kernel = layer.kernel_size[0]
            found.append(str(layer.out_channels) + (f"/{kernel}" if kernel != 3 else ""))
        elif isinstance(layer, nn.MaxPool2d):
            found.append("|")
    assert found == [*TABLE[configuration].split(), "|"]


@pytest.mark.parametrize("configuration", TABLE)
def test_vgg_keeps_its_sides_in_every_configuration(configuration: str) -> None:
    model = build("vgg", configuration=configuration, max_channels=8)
    assert shapes(model, nn.MaxPool2d, nn.AdaptiveAvgPool2d) == [(8, 15, 15), (8, 7, 7), (8, 1, 1)]
    assert shapes(model, nn.Conv2d)[-1] == (8, 15, 15)


def test_vgg_normalises_local_responses_after_the_first_convolution_of_a_lrn_alone() -> None:
    found = {name: [*build("vgg", configuration=name, max_channels=8).convolutions] for name in TABLE}  # type: ignore[arg-type]
    where = {
        name: [k for k, x in enumerate(layers) if isinstance(x, LocalResponseNorm)] for name, layers in found.items()
    }
    assert where == {
        name: [2] if name == "A-LRN" else [] for name in TABLE
    }  # a convolution, ReLU, and the normalisation


def test_an_unknown_configuration_of_vgg_lists_the_known() -> None:
    with pytest.raises(InputError, match="model vgg: configuration must be one of A, A-LRN, B, C, D, E, got F"):
        build("vgg", configuration="F")


# --- FilterNet ------------------------------------------------------------------------------------------------------


def test_two_small_filters_have_fewer_weights_than_one_large() -> None:
    large, small = (build("filter_net", kernels=kernels) for kernels in ("5x5", "3x3-3x3"))
    weights, others = [], []
    for model in (large, small):
        weights.append(sum(layer.weight.numel() for layer in model.modules() if isinstance(layer, nn.Conv2d)))
        others.append(
            sum(p.numel() for layer in model.modules() if isinstance(layer, nn.Linear) for p in layer.parameters())
        )
    assert weights == [25 * (3 * 32 + 32 * 64), 9 * (3 * 32 + 32 * 32 + 32 * 32 + 32 * 64)] == [53_600, 37_728]
    assert others == [64 * 8 * 8 * 128 + 128 + 128 * 10 + 10] * 2


def test_two_small_filters_see_as_far_as_one_large() -> None:
    for kernels in ("5x5", "3x3-3x3"):
        fields = receptive_fields(build("filter_net", kernels=kernels), CIFAR)
        pooled = [
            (field.size, field.jump, field.start) for before, field in pairwise(fields) if field.jump > before.jump
        ]
        assert pooled == [(6, 2, -2), (16, 4, -6)]


@pytest.mark.parametrize(("kernels", "convolved"), [("5x5", 1), ("3x3-3x3", 2)])
def test_the_filter_network_keeps_sides_and_halves_them_twice(kernels: str, convolved: int) -> None:
    model = build("filter_net", kernels=kernels)
    second = [(32, 16, 16), (64, 16, 16)][-convolved:]
    stages = [*[(32, 32, 32)] * convolved, (32, 16, 16), *second, (64, 8, 8)]
    assert shapes(model, nn.Conv2d, nn.MaxPool2d, nn.Linear) == [*stages, (128,), (10,)]
    follow = [type(after) for before, after in pairwise(model.features) if is_conv(before)]  # type: ignore[arg-type]
    assert follow == [nn.ReLU] * 2 * convolved


def test_unknown_kernels_list_the_known() -> None:
    with pytest.raises(InputError, match="model filter_net: kernels must be one of 5x5, 3x3-3x3, got 7x7"):
        build("filter_net", kernels="7x7")


# --- both, and the simple network -----------------------------------------------------------------------------------


def test_the_simple_network_halves_the_sides_three_times() -> None:
    kinds = (nn.Conv2d, nn.MaxPool2d, nn.Linear)
    convolved = [(32, 32, 32), (32, 16, 16), (64, 16, 16), (64, 8, 8), (128, 8, 8), (128, 4, 4)]
    assert shapes(build("simple_cnn"), *kinds) == [*convolved, (256,), (10,)]


@pytest.mark.parametrize("name", ["simple_cnn", "vgg"])
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
        reduced = shapes(build(name, max_channels=16), nn.Conv2d, nn.Linear)
        whole = shapes(build(name), nn.Conv2d, nn.Linear)
        assert reduced == [(min(channels, 16), *sides) for channels, *sides in whole]

    def test_grad_cam_reads_the_last_convolution(self, name: str) -> None:
        model = build(name)
        with torch.inference_mode():
            found: list[Tensor] = []
            model.spatial.register_forward_hook(lambda _layer, _given, output: found.append(output))
            model(torch.rand(1, *CIFAR))
        assert tuple(found[0].shape[1:]) == {"simple_cnn": (128, 8, 8), "vgg": (512, 15, 15)}[name]
        assert found[0].min() >= 0


def is_conv(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv2d)


def test_weights_begin_as_torch_draws_them_or_as_he_does() -> None:
    torch.manual_seed(0)
    plain, he = (create_model("vgg", {"he": on}, input_shape=CIFAR, num_classes=10) for on in (False, True))
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


@pytest.mark.parametrize(("name", "size"), [("filter_net", 3), ("simple_cnn", 7), ("vgg", 6)])
def test_images_that_are_too_small_are_refused(name: str, size: int) -> None:
    with pytest.raises(InputError, match=rf"images must be at least {size + 1} pixels high and wide, got {size}x32"):
        create_model(name, {}, input_shape=(3, size, 32), num_classes=10)
