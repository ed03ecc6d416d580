"""Attention maps and rollouts against plain loops, finite differences, and what is known of them beforehand."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import TINY_ARGUMENTS, TINY_VIT
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.explain.attention import (
    all_heads,
    attention_layers,
    attention_maps,
    embedded_patches,
    first_attention,
    gradient_rollout,
    raw_attention,
    recorded_maps,
    rollout,
)
from lookalike.explain.cells import cells_of, on_tiles
from lookalike.explain.maps import contrast_target
from lookalike.models.base import Transformer
from lookalike.models.registry import create_model
from lookalike.runtime import seeded

TRANSFORMERS = ["fashion_vit", "fashion_transfg"]
TINY = TINY_VIT | {"image_size": 12, "depth": 3}  # 3 x 3 patches in both models
TARGET = contrast_target(torch.tensor([0, 3, 6, 2]), torch.tensor([1, 5, 0, 4]), 7).double()


@pytest.fixture
def images() -> Tensor:
    return torch.rand(4, 1, 20, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=TRANSFORMERS)
def model(request: pytest.FixtureRequest) -> Transformer:
    return build(request.param)


def build(name: str, **arguments: Any) -> Transformer:
    """Tiny, in double precision, and with weights large enough for attention to be uneven."""
    with seeded(0, "init"):
        model = create_model(name, TINY | arguments, input_shape=(1, 20, 20), num_classes=7)
        assert isinstance(model, Transformer)
        for layer in attention_layers(model):
            nn.init.normal_(layer.qkv.weight, std=0.5)
    return model.double().eval()


def whole_blocks(model: Transformer) -> int:
    """Blocks that see all tokens: all, or all but the last, which sees selected ones."""
    return 2 if model.has_class_token else 3


def received_by_loop(model: Transformer, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The attention (9,) that each patch receives by one map (L, L)."""
    if model.has_class_token:
        return np.array([weights[0, 1 + patch] for patch in range(9)])
    return np.array([sum(weights[query, patch] for query in range(9)) / 9 for patch in range(9)])


# --- recording ------------------------------------------------------------------------------------------------------


def test_recording_leaves_the_logits_as_they_are(model: Transformer, images: Tensor) -> None:
    before = model(images)
    with recorded_maps(model) as maps:
        within = model(images)
    torch.testing.assert_close(within, before, rtol=1e-9, atol=1e-12)
    assert len(maps) == 3
    assert torch.equal(model(images), before)
    assert len(maps) == 3  # nothing is recorded any more


def test_what_is_recorded_are_the_softmaxes_of_each_layer(model: Transformer, images: Tensor) -> None:
    inputs: list[Tensor] = []
    for layer in attention_layers(model):
        layer.qkv.register_forward_hook(lambda _layer, given, _out: inputs.append(given[0]))
    with recorded_maps(model) as maps:
        model(images)
    for layer, tokens, weights in zip(attention_layers(model), list(inputs), maps, strict=True):
        q, k, _ = layer.qkv(tokens).unflatten(2, (3, 2, 16)).unbind(2)
        expected = torch.einsum("nqhe,nkhe->nhqk", q, k).div(4).softmax(-1)  # 4 = sqrt(E)
        torch.testing.assert_close(weights, expected, rtol=1e-9, atol=1e-12)
    assert maps[-1].std() > 0.02  # an even map would prove little


def test_layers_are_restored_after_an_error(model: Transformer) -> None:
    with pytest.raises(KeyError), recorded_maps(model):
        raise KeyError
    assert not any({"attend", "forward"} & vars(layer).keys() for layer in attention_layers(model))


def test_maps_have_gradients_as_finite_differences_have(model: Transformer, images: Tensor) -> None:
    """By adding to one map what its gradient is asked for, in the layer that computes it."""
    with recorded_maps(model) as maps:
        score = (model(images.requires_grad_()) * TARGET).sum()
    gradients = torch.autograd.grad(score, maps)
    for layer, weights, gradient in zip(attention_layers(model), maps, gradients, strict=True):
        direction = torch.randn(weights.shape, dtype=torch.float64)
        slope = (
            shifted(model, layer, images, 1e-6 * direction) - shifted(model, layer, images, -1e-6 * direction)
        ) / 2e-6
        torch.testing.assert_close((gradient * direction).sum(), slope, rtol=1e-5, atol=1e-8)


def shifted(model: Transformer, layer: nn.Module, images: Tensor, by: Tensor) -> Tensor:
    """The score of all images if the maps of `layer` differ `by` (N, H, L, L)."""

    def attend(tokens: Tensor) -> tuple[Tensor, Tensor]:
        _, weights = layer.plain(tokens)
        mixed = (weights + by) @ layer.split(tokens)[2]
        return layer.projection(mixed.transpose(1, 2).flatten(2)), weights

    layer.attend, layer.forward = attend, lambda tokens: attend(tokens)[0]
    with torch.no_grad():
        score = (model(images) * TARGET).sum()
    del layer.attend, layer.forward
    return score


# --- attention of single blocks -------------------------------------------------------------------------------------


def test_blocks_that_see_a_selection_of_the_tokens_have_no_map_on_the_grid(images: Tensor) -> None:
    assert [len(attention_maps(build(name), images)) for name in TRANSFORMERS] == [3, 2]
    assert len(attention_maps(build("fashion_transfg", part_selection=False), images)) == 3


def test_raw_attention_is_what_patches_receive_by_a_loop(model: Transformer, images: Tensor) -> None:
    cells, every = cells_of(model, model.spatial, images), all_heads(model, images)
    assert every.shape[:3] == (4, whole_blocks(model), 2)
    for block, weights in enumerate(attention_maps(model, images)):
        heads = np.array([[received_by_loop(model, head) for head in image] for image in weights.numpy()])
        patches = torch.from_numpy(heads).unflatten(2, (3, 3))
        torch.testing.assert_close(every[:, block], on_tiles(patches, cells, (20, 20)), rtol=1e-12, atol=0)
        np.testing.assert_allclose(
            raw_attention(block, head=1)(model, images, TARGET).flatten(1), heads[:, 1], rtol=1e-12
        )
        np.testing.assert_allclose(raw_attention(block)(model, images, TARGET).flatten(1), heads.mean(1), rtol=1e-12)


def test_without_class_token_the_attention_received_adds_up_to_one(images: Tensor) -> None:
    sums = all_heads(build("fashion_vit"), images).sum((3, 4))
    torch.testing.assert_close(sums, torch.ones_like(sums))


# --- rollouts -------------------------------------------------------------------------------------------------------


def test_rollout_is_that_of_a_loop(model: Transformer, images: Tensor) -> None:
    maps = [weights.numpy() for weights in attention_maps(model, images)]
    for i, shown in enumerate(rollout(model, images, TARGET)):
        rolled = np.eye(maps[0].shape[-1])
        for weights in maps:
            mixed = sum(head for head in weights[i]) / 2 + np.eye(len(rolled))
            rolled = mixed / mixed.sum(axis=1, keepdims=True) @ rolled
        np.testing.assert_allclose(shown.flatten(), received_by_loop(model, rolled), rtol=1e-12)


def test_rollout_of_even_attention_is_even(model: Transformer, images: Tensor) -> None:
    for layer in attention_layers(model):
        nn.init.zeros_(layer.qkv.weight)
    maps = rollout(model, images, TARGET)
    torch.testing.assert_close(maps, maps[:1, :1, :1].expand_as(maps))


def test_gradient_rollout_is_that_of_a_loop(model: Transformer, images: Tensor) -> None:
    """Equations 5 and 6 with the product written out, image by image, from gradients of one image at a time."""
    for i, shown in enumerate(gradient_rollout(model, images, TARGET)):
        with recorded_maps(model) as maps:
            score = model(images[i : i + 1].requires_grad_())[0] @ TARGET[i]
        gradients = torch.autograd.grad(score, maps[: whole_blocks(model)])
        factors = [
            np.maximum(np.einsum("hqk,hqk->hqk", g[0].numpy(), a[0].detach().numpy()), 0).sum(0) / 2
            for a, g in zip(maps, gradients, strict=False)
        ]
        identity = np.eye(len(factors[0]))
        product = np.linalg.multi_dot([identity, *(identity + factor for factor in reversed(factors))])
        assert shown.max() > 0
        np.testing.assert_allclose(shown.flatten(), received_by_loop(model, product - identity), rtol=1e-8, atol=1e-14)


def test_gradient_rollout_grows_with_the_score_it_explains(images: Tensor) -> None:
    """With one block it is linear in the gradient: twice the target, twice the map; the opposite target, another."""
    model = build("fashion_vit", depth=1)
    maps, opposite = (gradient_rollout(model, images, sign * TARGET) for sign in (1, -1))
    torch.testing.assert_close(gradient_rollout(model, images, 2 * TARGET), 2 * maps)
    assert not torch.allclose(maps, opposite)


def test_frozen_models_and_forbidden_gradients_change_nothing(model: Transformer, images: Tensor) -> None:
    expected = gradient_rollout(model, images, TARGET)
    model.requires_grad_(False)
    with torch.no_grad():
        torch.testing.assert_close(gradient_rollout(model, images, TARGET), expected)
    assert not images.requires_grad


# --- what the report showed -----------------------------------------------------------------------------------------


def test_embedded_patches_are_an_image_without_attention(images: Tensor) -> None:
    model = build("fashion_vit")
    resized = F.interpolate(images, size=12, mode="bilinear", align_corners=False)
    means = model.patch_embedding(resized).mean(1) + model.position_embedding.mean(1).view(3, 3)
    torch.testing.assert_close(embedded_patches(model, images, TARGET), means.detach())


def test_a_model_without_attention_is_refused(images: Tensor) -> None:
    model = create_model("fashion_cnn", input_shape=(1, 20, 20), num_classes=7).double()
    for explain in (raw_attention(-1), rollout, gradient_rollout, embedded_patches, first_attention):
        with pytest.raises(ValueError, match="FashionCNN has no attention"):
            explain(model, images, TARGET)


def test_first_attention_is_the_layer_put_out_before_the_residual(model: Transformer, images: Tensor) -> None:
    layer = model.blocks[0].attention
    mixed, _ = layer.plain(model.embed(images))
    patches = mixed.mean(2)[:, -9:].reshape(4, 3, 3)
    torch.testing.assert_close(first_attention(model, images, TARGET), patches.detach())


@pytest.mark.parametrize("name", ["vit", "zoo_vit", "zoo_hybrid"])
def test_the_first_attention_of_pre_norm_transformers_reads_normalised_tokens(name: str) -> None:
    """As a hook on the layer sees it while the whole network runs."""
    model = create_model(name, TINY_ARGUMENTS[name], input_shape=(1, 28, 28), num_classes=7).eval()
    images, given = torch.rand(2, 1, 28, 28), []
    with attention_layers(model)[0].register_forward_hook(lambda _layer, tokens, out: given.append((tokens[0], out))):
        model(images)
    tokens, out = given[0]
    torch.testing.assert_close(tokens, model.blocks[0].norm1(model.embed(images)))
    expected = out[:, 1:].mean(2).unflatten(1, model.grid)
    torch.testing.assert_close(first_attention(model, images, torch.zeros(2, 7)), expected)


def test_the_first_attention_is_that_of_timm() -> None:
    """Of timm's network as timm computes it, with its own attention layer."""
    import timm

    model = create_model("zoo_vit", TINY_ARGUMENTS["zoo_vit"], input_shape=(1, 28, 28), num_classes=7).eval()
    shape = {key: value for key, value in TINY_ARGUMENTS["zoo_vit"].items() if key != "size"}
    theirs = timm.create_model("test_vit", in_chans=1, img_size=28, num_classes=7, **shape).eval()
    state = {key.replace("net.", ""): value for key, value in model.state_dict().items() if key.startswith("net.")}
    state = {key.replace("attn.projection.", "attn.proj."): value for key, value in state.items()}
    theirs.load_state_dict(state, strict=False)
    images, outputs = torch.rand(2, 1, 28, 28), []
    with theirs.blocks[0].attn.register_forward_hook(lambda _layer, _given, out: outputs.append(out)):
        theirs(images)
    expected = outputs[0][:, 1:].mean(2).unflatten(1, model.grid)
    torch.testing.assert_close(first_attention(model, images, torch.zeros(2, 7)), expected, rtol=1e-4, atol=1e-6)
