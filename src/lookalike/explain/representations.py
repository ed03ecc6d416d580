"""Representations of images in the layers of a network, as inner products: all that linear CKA needs, for any width.

Kornblith et al., "Similarity of Neural Network Representations Revisited" (ICML 2019).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.explain.convolutions import run_order
from lookalike.explain.maps import outputs_of, split_to_fit
from lookalike.models.attention import Block
from lookalike.models.base import Model, Transformer

PER_CLASS = 10  # images
LAYERS = 8  # at most, evenly spaced, before the features
FEATURES = "features"  # what the head reads


def layer_products(model: Model, images: Tensor) -> dict[str, NDArray[np.float16]]:
    """The `centred_products` of the images (n, C, H, W) in each of the `watched` layers and in the features.

    Each layer has a pass of its own, because the outputs of early layers can take a megabyte per image.
    """
    found = {name: centred_products(flattened(model, layer, images)) for name, layer in watched(model, images).items()}
    with torch.inference_mode():
        features = torch.cat([model.features(some).flatten(1) for some in split_to_fit(images)])
    return found | {FEATURES: centred_products(features)}


def watched(model: Model, images: Tensor) -> dict[str, nn.Module]:
    """A transformer's blocks, or the convolutions in the order in which they are run; at most `LAYERS`, by name."""
    if isinstance(model, Transformer):
        # the last layer of a `Block`, because a model may call `attend` instead of the block
        outputs = (block.norm2 if isinstance(block, Block) else block for block in model.blocks)
        every: dict[str, nn.Module] = {f"block{k}": layer for k, layer in enumerate(outputs, start=1)}
    else:
        order = (layer for _, layer in run_order(model, images.shape[1:]) if isinstance(layer, nn.Conv2d))
        every = {f"conv{k}": layer for k, layer in enumerate(order, start=1)}
    names = list(every)
    chosen = np.unique(np.linspace(0, len(names) - 1, min(LAYERS, len(names))).round().astype(int))
    return {names[k]: every[names[k]] for k in chosen}


@torch.inference_mode()
def flattened(model: Model, layer: nn.Module, images: Tensor) -> Tensor:
    """A layer's outputs for images (n, C, H, W), one row per image: (n, D)."""
    with outputs_of(layer) as outputs:
        for some in split_to_fit(images):
            model(some)
    return torch.cat([one.flatten(1) for one in outputs])


def centred_products(features: Tensor) -> NDArray[np.float16]:
    """The inner products of rows (n, D) minus their mean: (n (n - 1) / 2,), above the diagonal, row by row.

    They are divided by their root mean square, which does not change CKA; all zero if there is no variation.
    """
    centred = features.float() - features.float().mean(0)
    upper = np.triu_indices(len(features), k=1)
    above = (centred @ centred.T).double().cpu().numpy()[upper]
    size = np.sqrt(np.mean(above**2))
    return np.divide(above, size, out=np.zeros_like(above), where=size > 0).astype(np.float16)
