"""Inner products of what layers put out, against hooks, and linear CKA from them against its definition."""

import numpy as np
import pytest
import torch
from conftest import TINY_ARGUMENTS
from numpy.typing import NDArray
from torch import Tensor

from lookalike.explain.representations import FEATURES, LAYERS, centred_products, flattened, layer_products, watched
from lookalike.models.base import Model, Transformer
from lookalike.models.registry import MODELS, create_model

COUNT = 12


def build(name: str, **arguments: int) -> Model:
    chosen = TINY_ARGUMENTS.get(name, {}) | arguments
    return create_model(name, chosen, input_shape=(1, 28, 28), num_classes=7).eval()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(COUNT, 1, 28, 28, generator=torch.Generator().manual_seed(1))


def matrix(kept: NDArray[np.float16]) -> NDArray[np.float64]:
    """The symmetric matrix of inner products with zeros on its diagonal."""
    full = np.zeros((COUNT, COUNT))
    full[np.triu_indices(COUNT, k=1)] = kept
    return full + full.T


def unbiased_hsic(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Song et al., "Feature Selection via Dependence Maximization" (JMLR 13, 2012), equation 5."""
    n, ones = len(one), np.ones(len(one))
    both = np.trace(one @ other) + ones @ one @ ones * (ones @ other @ ones) / (n - 1) / (n - 2)
    return float(both - 2 / (n - 2) * ones @ one @ other @ ones) / (n * (n - 3))


def cka(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return unbiased_hsic(one, other) / (unbiased_hsic(one, one) * unbiased_hsic(other, other)) ** 0.5


def without_diagonal(features: NDArray[np.float64]) -> NDArray[np.float64]:
    gram = features @ features.T
    return gram - np.diag(np.diag(gram))


def test_products_are_those_of_centred_rows() -> None:
    features = torch.randn(COUNT, 30) + 5
    centred = features.double() - features.double().mean(0)
    rows = [float(centred[i] @ centred[j]) for i in range(COUNT) for j in range(i + 1, COUNT)]
    kept = centred_products(features)
    assert kept.dtype == np.float16
    np.testing.assert_allclose(kept, rows / np.sqrt(np.mean(np.square(rows))), rtol=2e-3, atol=2e-3)
    assert not centred_products(torch.ones(COUNT, 3)).any()


def test_linear_cka_comes_out_as_if_from_the_features() -> None:
    one, other = np.random.default_rng(0).normal(3, 1, (2, COUNT, 20))
    other = other + one
    kept = [matrix(centred_products(torch.from_numpy(features))) for features in (one, other)]
    assert cka(*kept) == pytest.approx(cka(without_diagonal(one), without_diagonal(other)), abs=2e-3)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_few_layers_and_its_features_last(name: str, images: Tensor) -> None:
    model = build(name)
    with torch.no_grad():
        features = model.features(images)
    found = layer_products(model, images)
    assert list(found)[-1] == FEATURES
    assert len(found) <= LAYERS + 1
    assert {one.shape for one in found.values()} == {(COUNT * (COUNT - 1) // 2,)}
    assert all(np.isfinite(one).all() for one in found.values())
    np.testing.assert_allclose(found[FEATURES], centred_products(features.flatten(1)), rtol=5e-3, atol=5e-3)


def test_layers_are_evenly_spaced_from_the_first_to_the_last(images: Tensor) -> None:
    assert list(watched(build("residual_net", depth=20), images)) == [f"conv{k}" for k in (1, 4, 6, 9, 11, 14, 16, 19)]
    assert list(watched(build("fashion_cnn"), images)) == ["conv1", "conv2", "conv3"]
    vit = build("vit")
    assert isinstance(vit, Transformer)
    assert list(watched(vit, images).values()) == list(vit.blocks)
    assert watched(build("mnist_mlp"), images) == {}


def test_blocks_of_transfg_are_watched_though_they_are_asked_for_their_maps(images: Tensor) -> None:
    model = build("fashion_transfg", depth=3)
    assert isinstance(model, Transformer)
    tokens = model.blocks[0](model.embed(images))
    first, *_, last = watched(model, images).values()
    torch.testing.assert_close(flattened(model, first, images), tokens.flatten(1).detach())
    with torch.no_grad():
        features = model.features(images)
    torch.testing.assert_close(flattened(model, last, images).unflatten(1, (-1, 12))[:, 0], features)


def test_rows_are_what_a_layer_puts_out(images: Tensor) -> None:
    model, many = build("fashion_cnn"), torch.cat([images] * 5)
    first = model.features[0]
    torch.testing.assert_close(flattened(model, first, many), first(many).flatten(1).detach())
