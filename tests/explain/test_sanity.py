"""Cascading randomisation: rank correlation against SciPy, and maps that do or do not depend on the weights."""

import copy
import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from conftest import TINY_VIT
from scipy.stats import spearmanr
from torch import Tensor, nn

from lookalike.explain.maps import label_target
from lookalike.explain.sanity import cascade, rank_correlation, units
from lookalike.models.base import Model
from lookalike.models.registry import create_model

MODELS = ["fashion_cnn", "fashion_vit"]


def created(name: str) -> Model:
    arguments = TINY_VIT if name == "fashion_vit" else {}
    return create_model(name, arguments, input_shape=(1, 28, 28), num_classes=10).eval()


def gradient(model: Model, images: Tensor, target: Tensor) -> Tensor:
    images = images.clone().requires_grad_()
    return torch.autograd.grad((model(images) * target).sum(), images)[0][:, 0]


def edges(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """Knows nothing of the model."""
    return images[:, 0, 1:, 1:] - images[:, 0, :-1, :-1]


def nothing(model: Model, images: Tensor, target: Tensor) -> Tensor:
    return torch.full((len(images), 4, 4), 0.5)


@pytest.fixture
def images() -> Tensor:
    return torch.rand(12, 1, 28, 28)


@pytest.fixture
def target() -> Tensor:
    return label_target(torch.arange(12) % 10, 10)


def test_the_cnn_goes_layer_by_layer_from_the_head() -> None:
    found = units(created("fashion_cnn"))
    assert [unit for unit, _ in found] == ["head", "features.12", "features.8", "features.4", "features.0"]
    assert found[1][1] == ["features.12.weight", "features.12.bias"]


def test_the_transformer_goes_block_by_block_and_ends_with_the_embedding() -> None:
    found = dict(units(created("fashion_vit")))
    assert list(found) == ["head", "blocks.1", "blocks.0", "embedding"]
    assert found["embedding"] == ["position_embedding", "patch_embedding.weight", "patch_embedding.bias"]
    assert "blocks.0.attention.qkv.weight" in found["blocks.0"]


def test_ten_blocks_and_more_keep_their_own_weights() -> None:
    model = create_model("fashion_vit", TINY_VIT | {"depth": 11}, input_shape=(1, 28, 28), num_classes=10)
    found = dict(units(model))
    assert all(entry.startswith("blocks.1.") for entry in found["blocks.1"])
    assert len(found["blocks.1"]) == len(found["blocks.10"])


@pytest.mark.parametrize("name", MODELS)
def test_every_entry_belongs_to_one_unit(name: str) -> None:
    model = created(name)
    assert sorted(entry for _, names in units(model) for entry in names) == sorted(model.state_dict())


def test_statistics_of_a_batch_norm_belong_to_it() -> None:
    found = units(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Linear(2, 2)))
    assert [unit for unit, _ in found] == ["3", "1", "0"]
    assert "1.running_var" in found[1][1]


def test_correlations_are_those_of_scipy() -> None:
    first, second = torch.rand(5, 6, 7), torch.rand(5, 6, 7)
    second[1] = first[1] + 0.3 * second[1]
    second[2], first[3] = second[2].mul(4).round(), first[3].mul(3).round()  # ties
    theirs = [spearmanr(a.flatten(), b.flatten()).statistic for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(rank_correlation(first, second), theirs, atol=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.7, torch.nan])
def test_a_blank_map_correlates_with_nothing(value: float) -> None:
    maps = torch.rand(3, 4, 4)
    blank = maps.clone()
    blank[1] = value
    torch.testing.assert_close(rank_correlation(maps, blank), torch.tensor([1.0, 0, 1], dtype=torch.float64))


@pytest.mark.parametrize("name", MODELS)
def test_maps_that_explain_the_model_change_and_edges_do_not(name: str, images: Tensor, target: Tensor) -> None:
    model, fresh = created(name), created(name).state_dict()
    kept = [step.correlation.value for step in cascade(model, fresh, edges, images, target)]
    left = [step.correlation.value for step in cascade(model, fresh, gradient, images, target)]
    assert kept == pytest.approx([1] * len(units(model)))
    assert left[0] < 0.9
    assert abs(left[-1]) < 0.35


@pytest.mark.parametrize("name", MODELS)
def test_the_last_step_is_the_fresh_model(name: str, images: Tensor, target: Tensor) -> None:
    model, fresh = created(name), created(name)
    alike = rank_correlation(gradient(model, images, target), gradient(fresh, images, target))
    last = cascade(model, fresh.state_dict(), gradient, images, target)[-1]
    assert last.correlation.value == pytest.approx(alike.mean().item())


def test_with_its_own_weights_a_model_keeps_its_maps(images: Tensor, target: Tensor) -> None:
    model = created("fashion_cnn")
    steps = cascade(model, model.state_dict(), gradient, images, target)
    assert [step.correlation.value for step in steps] == pytest.approx([1] * 5)


def test_the_model_is_left_as_it_was(images: Tensor, target: Tensor) -> None:
    model = created("fashion_vit")
    before = copy.deepcopy(model.state_dict())
    cascade(model, created("fashion_vit").state_dict(), gradient, images, target)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_maps_that_stay_blank_count_as_lost(images: Tensor, target: Tensor) -> None:
    model = created("fashion_cnn")
    steps = cascade(model, model.state_dict(), nothing, images, target)
    assert {step.correlation.value for step in steps} == {0.0}


def test_steps_are_plain_json(images: Tensor, target: Tensor) -> None:
    steps = cascade(created("fashion_cnn"), created("fashion_cnn").state_dict(), gradient, images, target)
    found = json.loads(json.dumps([asdict(step) for step in steps], allow_nan=False))
    assert found[0]["unit"] == "head"
    assert found[0]["correlation"]["low"] <= found[0]["correlation"]["value"] <= found[0]["correlation"]["high"]
