"""How far attention reaches, by a loop over patches."""

import math

import pytest
import torch
from conftest import TINY_ARGUMENTS, TINY_VIT
from torch import Tensor

from lookalike.explain.attention import attention_layers, attention_maps
from lookalike.explain.cells import Cells, cells_of
from lookalike.explain.distances import attention_distance, distances
from lookalike.models.base import Transformer
from lookalike.models.registry import create_model

MODELS = {
    "vit": TINY_ARGUMENTS["vit"],
    "fashion_vit": TINY_VIT | {"image_size": 12},
    "fashion_transfg": TINY_VIT | {"image_size": 12, "depth": 3},
}


def build(name: str) -> Transformer:
    """With weights large enough for attention to be uneven."""
    model = create_model(name, MODELS[name], input_shape=(1, 28, 28), num_classes=7).double().eval()
    assert isinstance(model, Transformer)
    for layer in attention_layers(model):
        torch.nn.init.normal_(layer.qkv.weight, std=0.5)
    return model


def by_loop(model: Transformer, weights: Tensor, cells: Cells) -> float:
    """Of one map (L, L) of one head and image."""
    first, (rows, columns) = int(model.has_class_token), model.grid
    at = [(r * cells.step[0], c * cells.step[1]) for r in range(rows) for c in range(columns)]
    total = 0.0
    for query, here in enumerate(at):
        row = weights[first + query, first:].tolist()
        total += sum(weight * math.dist(here, there) for weight, there in zip(row, at, strict=True)) / sum(row)
    return total / len(at)


@pytest.mark.parametrize("name", MODELS)
def test_distances_are_those_of_a_loop(name: str) -> None:
    model, images = build(name), torch.rand(3, 1, 28, 28, dtype=torch.float64)
    found, maps = attention_distance(model, images), attention_maps(model, images)
    cells = cells_of(model, model.spatial, images)
    assert found.shape == (len(maps), maps[0].shape[1])
    for block, of_block in enumerate(maps):
        for head in range(of_block.shape[1]):
            expected = sum(by_loop(model, weights, cells) for weights in of_block[:, head]) / 3
            assert found[block, head].item() == pytest.approx(expected, rel=1e-5)


def test_distances_are_in_pixels_of_the_image() -> None:
    apart = distances((2, 2), Cells((3.5, 3.5), (8, 6)))
    assert apart.tolist() == [[0, 6, 8, 10], [6, 0, 10, 8], [8, 10, 0, 6], [10, 8, 6, 0]]


def test_even_attention_reaches_as_far_as_patches_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    model, images = build("vit"), torch.rand(60, 1, 28, 28, dtype=torch.float64)
    even = [torch.full((50, 3, 50, 50), 1 / 50, dtype=torch.float64)]
    monkeypatch.setattr(
        "lookalike.explain.distances.attention_maps", lambda _model, some: [even[0][:1].expand(len(some), -1, -1, -1)]
    )
    mean = distances((7, 7), Cells((1.5, 1.5), (4, 4))).mean().item()
    assert attention_distance(model, images).flatten().tolist() == pytest.approx([mean] * 3, rel=1e-5)
