"""What an explanation method is, which score it explains, and what the methods share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.models.layers import Model, Transformer
from lookalike.runtime import at_once

Explain = Callable[[Model, Tensor, Tensor], Tensor]
"""A method: of a model in evaluation mode, images (N, C, H, W) and a target (N, classes), it makes maps (N, h, w).

What is explained is a score of each image, its logits weighted by its target and summed. Maps lie on the method's own
grid, are not scaled, and have no gradient; high values are places that speak for the score, or, from a method that is
blind to the target, that the model attends to. The model and its parameters' gradients stay as they are.
"""

Json = dict[str, Any]
Maps = dict[str, NDArray[np.float32]]  # by method: (N, h, w)
BATCH = 50  # the attention maps of a transformer, with what their gradients need, take some 10 MB an image


def toward(labels: Tensor, num_classes: int) -> Tensor:
    """Weights (N, num_classes) that make the logit of each label (N,) the score explained."""
    return F.one_hot(labels, num_classes).float()


def contrast(labels: Tensor, others: Tensor, num_classes: int) -> Tensor:
    """Weights that explain why the class `labels` (N,) and not the class `others` (N,): their logits' difference."""
    return toward(labels, num_classes) - toward(others, num_classes)


def explain_all(explain: Explain, model: Model, images: Tensor, target: Tensor, batch: int = BATCH) -> Tensor:
    """The maps (N, h, w) of any number of images, `batch` of them at a time, or as many as memory takes."""
    size = at_once(images.shape[2], images.shape[3], batch)
    batches = zip(images.split(size), target.split(size), strict=True)
    return torch.cat([explain(model, *some) for some in batches])


@contextmanager
def outputs_of(layer: nn.Module) -> Iterator[list[Tensor]]:
    """Within its block, what `layer` puts out is added to the list."""
    outputs: list[Tensor] = []

    def keep(_layer: nn.Module, _given: tuple[Tensor, ...], output: Tensor) -> None:
        outputs.append(output)

    with layer.register_forward_hook(keep):
        yield outputs


def on_grid(model: Transformer, values: Tensor) -> Tensor:
    """Values (..., L) of the tokens on the grid of the patches, without the class token: (..., h, w)."""
    return values[..., int(model.has_class_token) :].unflatten(-1, model.grid)


def to_numpy(maps: Tensor) -> NDArray[np.float32]:
    """Maps on the CPU."""
    return maps.float().cpu().numpy()
