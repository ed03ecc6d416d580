"""What the layers of a network represent, as inner products of images: all that linear CKA needs, for any width.

Kornblith et al., "Similarity of Neural Network Representations Revisited" (ICML 2019).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.explain.convolutions import run_order
from lookalike.explain.maps import BATCH, outputs_of
from lookalike.models.layers import Block, Model, Transformer
from lookalike.runtime import at_once

PER_CLASS = 10  # images
LAYERS = 8  # at most, evenly spaced, before the features
FEATURES = "features"  # what the head reads


def layer_products(model: Model, images: Tensor) -> dict[str, NDArray[np.float16]]:
    """Of each of the `watched` layers, and of the features, the `products` of the images (n, C, H, W).

    Layers are run one at a time: the first of them can take a megabyte per image.
    """
    found = {name: products(flattened(model, layer, images)) for name, layer in watched(model, images).items()}
    with torch.inference_mode():
        parts = images.split(at_once(images.shape[2], images.shape[3], BATCH))
        return found | {FEATURES: products(torch.cat([model.features(some).flatten(1) for some in parts]))}


def watched(model: Model, images: Tensor) -> dict[str, nn.Module]:
    """A transformer's blocks, or the convolutions in the order in which they are run; at most `LAYERS`, by name."""
    if isinstance(model, Transformer):
        every = {f"block{k}": last_of(block) for k, block in enumerate(model.blocks, start=1)}
    else:
        order = (layer for _, layer in run_order(model, images.shape[1:]) if isinstance(layer, nn.Conv2d))
        every = {f"conv{k}": layer for k, layer in enumerate(order, start=1)}
    names = list(every)
    chosen = np.unique(np.linspace(0, len(names) - 1, min(LAYERS, len(names))).round().astype(int))
    return {names[k]: every[names[k]] for k in chosen}


def last_of(block: nn.Module) -> nn.Module:
    """What puts a block's output out: the block, or its last layer, where a model may ask the block for its map."""
    return block.norm2 if isinstance(block, Block) else block


@torch.inference_mode()
def flattened(model: Model, layer: nn.Module, images: Tensor) -> Tensor:
    """What a layer puts out for images (n, C, H, W), as one row each: (n, D)."""
    with outputs_of(layer) as outputs:
        for some in images.split(at_once(images.shape[2], images.shape[3], BATCH)):
            model(some)
    return torch.cat([one.flatten(1) for one in outputs])


def products(features: Tensor) -> NDArray[np.float16]:
    """The inner products of rows (n, D) less their mean: (n (n - 1) / 2,), above the diagonal, row by row.

    They are divided by their root mean square, which CKA does not see; all zero if there is no variation.
    """
    centred = features.float() - features.float().mean(0)
    upper = np.triu_indices(len(features), k=1)
    above = (centred @ centred.T).double().cpu().numpy()[upper]
    size = np.sqrt(np.mean(above**2))
    return np.divide(above, size, out=np.zeros_like(above), where=size > 0).astype(np.float16)
