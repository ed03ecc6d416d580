"""What an explanation method is, which score it explains, and what the methods share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.models.base import Model, Transformer
from lookalike.runtime import images_per_pass

Explain = Callable[[Model, Tensor, Tensor], Tensor]
"""A method: from a model in evaluation mode, images (N, C, H, W) and a target (N, classes) to maps (N, h, w).

A method explains a score of each image: its logits weighted by its target and summed. Maps lie on the method's own
grid, are not scaled, and have no gradient. High values mark positions that raise the score or, if the method ignores
the target, that the model attends to. The model and its parameters' gradients do not change.
"""

Json = dict[str, Any]
Maps = dict[str, NDArray[np.float32]]  # by method: (N, h, w)
BATCH = 50  # the attention maps of a transformer, with what their gradients need, take some 10 MB per image


def label_target(labels: Tensor, num_classes: int) -> Tensor:
    """Weights (N, num_classes) that make the logit of each label (N,) the score explained."""
    return F.one_hot(labels, num_classes).float()


def contrast_target(labels: Tensor, others: Tensor, num_classes: int) -> Tensor:
    """Weights that make the difference of two logits, of `labels` (N,) minus `others` (N,), the score explained."""
    return label_target(labels, num_classes) - label_target(others, num_classes)


def explain_all(explain: Explain, model: Model, images: Tensor, target: Tensor, batch: int = BATCH) -> Tensor:
    """The maps (N, h, w) of any number of images, of at most `batch` at a time."""
    size = images_per_pass(images.shape[2], images.shape[3], batch)
    batches = zip(images.split(size), target.split(size), strict=True)
    return torch.cat([explain(model, *some) for some in batches])


def split_to_fit(images: Tensor, most: int = BATCH) -> tuple[Tensor, ...]:
    """Parts of images (N, C, H, W) of at most `most`, or as many as fit into memory."""
    return images.split(images_per_pass(images.shape[2], images.shape[3], most))


@contextmanager
def outputs_of(layer: nn.Module) -> Iterator[list[Tensor]]:
    """Within its block, every output of `layer` is added to the list."""
    outputs: list[Tensor] = []
    with layer.register_forward_hook(lambda _layer, _inputs, output: outputs.append(output)):
        yield outputs


def on_grid(model: Transformer, values: Tensor) -> Tensor:
    """Values (..., L) of the tokens on the grid of the patches, without the class token: (..., h, w)."""
    return values[..., int(model.has_class_token) :].unflatten(-1, model.grid)


def to_numpy(maps: Tensor) -> NDArray[np.float32]:
    return maps.float().cpu().numpy()
