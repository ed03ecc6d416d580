"""Positions of cells against the arithmetic of receptive fields, and against the gradients of linear networks."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from conftest import TINY_ARGUMENTS
from torch import Tensor, nn

from lookalike.explain.cells import PIXELS, Cells, cells_of, on_tiles
from lookalike.explain.methods import applicable_methods, tiling
from lookalike.models.base import Model
from lookalike.models.registry import create_model
from lookalike.primer.convolution import receptive_fields
from lookalike.primer.fields import linearised


def build(name: str, side: int = 28, **arguments: Any) -> Model:
    chosen = TINY_ARGUMENTS.get(name, {}) | arguments
    return create_model(name, chosen, input_shape=(1, side, side), num_classes=7).eval()


def of_spatial(model: Model, side: int = 28) -> Cells:
    return cells_of(model, model.spatial, torch.rand(2, 1, side, side))


def centres(cells: Cells, count: int) -> list[float]:
    return [cells.first[0] + k * cells.step[0] for k in range(count)]


def test_cells_of_networks_without_padding_leave_out_the_margin() -> None:
    assert centres(of_spatial(build("fashion_cnn")), 4) == [6.5, 10.5, 14.5, 18.5]
    lenet = centres(of_spatial(build("lenet5")), 10)
    assert (lenet[0], lenet[-1]) == (4.5, 22.5)


def test_cells_of_padded_layers_and_patches_tile_the_image() -> None:
    assert of_spatial(build("simple_cnn")) == Cells((1.5, 1.5), (4, 4))
    assert of_spatial(build("mnist_mlp")) == PIXELS
    assert of_spatial(build("vit")) == Cells((1.5, 1.5), (4, 4))
    assert of_spatial(build("fashion_vit")) == Cells((6.5, 6.5), (14, 14)), "resized, then cut into 2 x 2 patches"


@pytest.mark.parametrize(
    "name", ["alexnet", "fashion_cnn", "filter_net", "lenet1", "lenet5", "mnist_net", "four_layer_net", "vgg"]
)
def test_cells_are_in_the_middle_of_their_receptive_fields(name: str) -> None:
    model = build(name)
    for field in receptive_fields(model, (1, 28, 28)):
        found = cells_of(model, model.get_submodule(field.layer), torch.rand(1, 1, 28, 28))
        middle, step = field.start + (field.size - 1) / 2, field.jump
        assert found == Cells((middle, middle), (step, step)), field.layer


def seen_by_the_middle_cell(model: Model, side: int) -> tuple[tuple[float, float], tuple[int, int]]:
    """The mean position of what the middle cell of a linear copy sees, weighted by its gradient, and its indices."""
    straight = linearised(model)
    image, outputs = torch.ones(1, 1, side, side, dtype=torch.float64, requires_grad=True), []
    with straight.spatial.register_forward_hook(lambda _layer, _given, output: outputs.append(output)):
        straight.features(image)
    row, column = (count // 2 for count in outputs[0].shape[2:])
    (gradient,) = torch.autograd.grad(outputs[0][0, :, row, column].sum(), image)
    shares, at = gradient[0, 0] / gradient.sum(), torch.arange(side, dtype=torch.float64)
    return (float(shares.sum(1) @ at), float(shares.sum(0) @ at)), (row, column)


@pytest.mark.parametrize(
    ("name", "side", "arguments"),
    [
        ("residual_net", 96, {}),
        ("residual_net", 96, {"residual": False}),
        ("zoo_resnet", 544, {"size": None, "network": "resnet18"}),
    ],
)
def test_cells_are_where_the_gradients_of_a_linear_copy_are(name: str, side: int, arguments: dict[str, Any]) -> None:
    model = build(name, side, **arguments)
    middle, indices = seen_by_the_middle_cell(model, side)
    cells = of_spatial(model, side)
    for place, index, first, step in zip(middle, indices, cells.first, cells.step, strict=True):
        assert place == pytest.approx(first + index * step, abs=1e-6)


class Uneven(nn.Module):
    """Windows, paddings and strides that differ between the sides, on feature maps that are cut and joined."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 2, (3, 5), stride=(2, 1), padding=(0, 2), dilation=(2, 1), bias=False)
        self.last = nn.Identity()

    def forward(self, images: Tensor) -> Tensor:
        one, other = self.first(F.pad(images, (3, 0, 1, 0))).split(1, dim=1)
        maps = torch.cat([one, other * other.mean((2, 3), keepdim=True)], dim=1)
        return self.last(F.avg_pool2d(F.max_pool2d(maps, (1, 2)), 3, stride=1, padding=1))


def test_both_sides_are_followed_on_their_own() -> None:
    model = Uneven()
    down = -1 + 2 * 1.0  # padded by one, then a window of 5 cells
    across = -3 + 0.0 + 0.5  # padded by three, then a window whose padding keeps it in place, then a pooling of two
    assert cells_of(model, model.last, torch.rand(1, 1, 20, 24)) == Cells((down, across), (2, 2))


def test_padding_on_one_side_alone_is_followed() -> None:
    from timm.layers import Conv2dSame

    layer = Conv2dSame(1, 1, 3, stride=2)
    image = torch.rand(1, 1, 8, 8, requires_grad=True)
    (gradient,) = torch.autograd.grad(layer(image)[0, 0, 1, 1], image)
    rows = gradient[0, 0].abs().sum(1).nonzero().flatten().tolist()
    assert rows == [2, 3, 4]
    assert cells_of(layer, layer, image.detach()) == Cells((1, 1), (2, 2)), "so that the second lies on pixel 3"


# --- tiles ----------------------------------------------------------------------------------------------------------


def test_tiles_are_bilinear_between_centres_and_the_nearest_cell_beyond() -> None:
    maps = torch.rand(3, 4, 4, dtype=torch.float64)
    found = on_tiles(maps, Cells((6.5, 6.5), (4, 4)), (28, 28))
    assert found.shape == (3, 7, 7)

    def slowly(one: Tensor, row: float, column: float) -> Tensor:
        down, across = (min(max((at - 6.5) / 4, 0), 3) for at in (row, column))
        top, left = min(int(down), 2), min(int(across), 2)
        below, right = down - top, across - left
        return (
            (1 - below) * (1 - right) * one[top, left]
            + (1 - below) * right * one[top, left + 1]
            + below * (1 - right) * one[top + 1, left]
            + below * right * one[top + 1, left + 1]
        )

    for k, one in enumerate(maps):
        for row in range(7):
            for column in range(7):
                expected = slowly(one, 1.5 + 4 * row, 1.5 + 4 * column)
                torch.testing.assert_close(found[k, row, column], expected)


def test_maps_that_tile_the_image_stay_as_they_are() -> None:
    maps = torch.rand(2, 7, 7)
    maps[0, 0, 0] = torch.inf
    assert on_tiles(maps, Cells((1.5, 1.5), (4, 4)), (28, 28)) is maps
    assert on_tiles(torch.ones(1, 1, 1), Cells((0, 0), (32, 32)), (28, 28)).shape == (1, 1, 1), (
        "a step beyond the image"
    )


def test_a_bright_spot_is_found_where_it_is() -> None:
    """A network that passes the image on, without its margin: its cell on the pixel (6, 9) is the bright one."""

    class Cropping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mean = nn.AvgPool2d(3, stride=1)

        def forward(self, images: Tensor) -> Tensor:
            return self.mean(images)

    model, images = Cropping(), torch.zeros(1, 1, 12, 12)
    images[0, 0, 5:8, 8:11] = 1
    maps = tiling(model, model.mean)(lambda model, images, _target: model(images)[:, 0])(model, images, torch.empty(0))
    assert maps.shape == (1, 12, 12)
    assert divmod(int(maps.argmax()), 12) == (6, 9)


def test_methods_of_the_small_cnn_are_on_tiles_of_the_image() -> None:
    model, images = build("fashion_cnn"), torch.rand(2, 1, 28, 28)
    for method, explain in applicable_methods(model).items():
        maps = explain(model, images, torch.eye(7)[:2])
        assert maps.shape == (2, 7, 7), method
        assert torch.equal(maps[:, 0], maps[:, 1]), "both rows of tiles lie above the first centre"
