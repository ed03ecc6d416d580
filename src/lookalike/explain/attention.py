"""Maps from a transformer's attention, on the grid of its patches.

A row of an attention map holds the weights with which one token attends to all others. The maps shown are the class
token's row or, in a model without class token, the mean of all rows: how much attention each patch receives.

Rollouts treat a block's residual connection as an identity with the same weight as attention, and ignore normalisations
and MLPs. In the fashion study's blocks this is even less exact: their second residual adds the block's input, so that
attention reaches the output only through the MLP.

Blocks that see only selected tokens (the last of `fashion_transfg`) are left out, because their tokens lie on no grid.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from lookalike.explain.cells import cells_of, on_tiles
from lookalike.explain.maps import Explain, on_grid, outputs_of
from lookalike.models.attention import Attention
from lookalike.models.base import Model, Transformer


def raw_attention(block: int, head: int | None = None) -> Explain:
    """The attention that patches receive in a block (-1 means the last that sees all); head None means the mean."""

    def explain(model: Model, images: Tensor, target: Tensor) -> Tensor:
        model = as_transformer(model)
        weights = attention_maps(model, images)[block]
        return received_attention(model, weights.mean(1) if head is None else weights[:, head])

    return explain


def all_heads(model: Model, images: Tensor) -> Tensor:
    """The attention that patches receive, by block and head, on tiles of the image: (N, blocks, H, h, w)."""
    model = as_transformer(model)
    patches = received_attention(model, torch.stack(attention_maps(model, images), dim=1))
    return on_tiles(patches, cells_of(model, model.spatial, images), (images.shape[2], images.shape[3]))


def rollout(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """Attention rollout, an `Explain` that ignores the target.

    Abnar & Zuidema, "Quantifying Attention Flow in Transformers" (ACL 2020): with A the mean over heads, the product
    over blocks of (A + I) / 2, later blocks on the left. A row sums to one.
    """
    model = as_transformer(model)
    rolled = identity = torch.eye(num_tokens(model)).to(images)
    for weights in attention_maps(model, images):
        rolled = (weights.mean(1) + identity) / 2 @ rolled
    return received_attention(model, rolled)


@torch.enable_grad()
def gradient_rollout(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """Attention weighted by its gradient, an `Explain`, never negative.

    Chefer, Gur & Wolf, "Generic Attention-Model Explainability for Interpreting Bi-Modal and Encoder-Decoder
    Transformers" (ICCV 2021), equations 5 and 6: A = mean over heads of max(gradient * map, 0); R starts as I, and each
    block adds A R. The identity, a patch's relevance for itself, is taken off in the end.
    """
    model = as_transformer(model)
    with recorded_maps(model) as maps:
        score = (model(images.detach().requires_grad_()) * target).sum()  # else maps of frozen models had no gradients
    whole = seen_whole(model, maps)
    gradients = torch.autograd.grad(score, whole)
    relevance = identity = torch.eye(num_tokens(model)).to(images)
    for weights, gradient in zip(whole, gradients, strict=True):
        relevance = relevance + (gradient * weights.detach()).relu().mean(1) @ relevance
    return received_attention(model, relevance - identity)


@torch.no_grad()
def embedded_patches(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """The mean of each token's numbers before the first block, an `Explain` that ignores the target.

    The source report shows it as its attention map if run in Keras 2. It contains no attention.
    """
    model = as_transformer(model)
    return on_grid(model, model.embed(images).mean(2))


@torch.no_grad()
def first_attention(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """The mean of each token's numbers after the first attention layer; what the report shows in Keras 3."""
    model = as_transformer(model)
    with outputs_of(attention_layers(model)[0]) as outputs:
        model.blocks[0](model.embed(images))  # the block, not its attention alone: it may normalise the tokens first
    return on_grid(model, outputs[0].mean(2))


def as_transformer(model: Model) -> Transformer:
    """The model itself.

    Raises:
        ValueError: it has no attention.
    """
    if not isinstance(model, Transformer):
        raise ValueError(f"{type(model).__name__} has no attention")
    return model


@torch.no_grad()
def attention_maps(model: Transformer, images: Tensor) -> list[Tensor]:
    """The attention maps (N, H, L, L) of the blocks that see all L tokens, from the first to the last."""
    with recorded_maps(model) as maps:
        model(images)
    return seen_whole(model, maps)


@contextmanager
def recorded_maps(model: nn.Module) -> Iterator[list[Tensor]]:
    """Within its block, each attention layer that runs adds its map (N, H, L, L) to the list.

    The maps are part of the autograd graph, because the layers compute `Attention.plain`.
    """
    maps: list[Tensor] = []

    def recording(layer: Attention) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
        def attend(tokens: Tensor) -> tuple[Tensor, Tensor]:
            out, weights = layer.plain(tokens)
            maps.append(weights)
            return out, weights

        return attend

    layers = attention_layers(model)
    for layer in layers:
        attend = recording(layer)
        vars(layer).update(attend=attend, forward=lambda tokens, attend=attend, **masks: attend(tokens)[0])
    try:
        yield maps
    finally:
        for layer in layers:
            del layer.attend, layer.forward  # of the instance, which hid those of the class


def attention_layers(model: nn.Module) -> list[Attention]:
    """The attention layers, from the first to the last; a convolutional model has none."""
    return [layer for layer in model.modules() if isinstance(layer, Attention)]


def seen_whole(model: Transformer, maps: list[Tensor]) -> list[Tensor]:
    """Those of the maps (N, H, L, L) whose block sees all tokens."""
    return [weights for weights in maps if weights.shape[-1] == num_tokens(model)]


def received_attention(model: Transformer, weights: Tensor) -> Tensor:
    """The attention (..., h, w) that each patch receives in maps (..., L, L), whose rows are the attending tokens."""
    return on_grid(model, weights[..., 0, :] if model.has_class_token else weights.mean(-2))


def num_tokens(model: Transformer) -> int:
    """The number of tokens L: one per patch, and the class token."""
    return math.prod(model.grid) + model.has_class_token
