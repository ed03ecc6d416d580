"""The methods that apply to a model, by the names shown to people; all maps lie on tiles of the image (`cells`)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lookalike.explain.attention import embedded_patches, first_attention, gradient_rollout, raw_attention, rollout
from lookalike.explain.cam import cam, grad_cam, hires_cam
from lookalike.explain.cells import Cells, cells_of, on_tiles
from lookalike.explain.maps import Explain
from lookalike.models.base import GlobalPooling, Model, Transformer

# Applies to every model. Grad-CAM would average over positions, where a linear layer on all tokens has other weights.
DEFAULT = "HiResCAM"


def applicable_methods(model: Model) -> dict[str, Explain]:
    """The methods that apply to `model`, and to any other of its architecture, in a fixed order."""
    on_image = tiling(model, model.spatial)
    applicable = {"CAM": tiling(model, model.pooled)(cam)} if isinstance(model, GlobalPooling) else {}
    applicable |= {"Grad-CAM": on_image(grad_cam), "HiResCAM": on_image(hires_cam)}
    if isinstance(model, Transformer):
        of_attention = {
            "last attention": raw_attention(-1),  # of the last block that sees all tokens
            "rollout": rollout,
            "gradient rollout": gradient_rollout,
            "embedded patches": embedded_patches,
            "first attention output": first_attention,
        }
        applicable |= {name: on_image(explain) for name, explain in of_attention.items()}
    return applicable


def tiling(model: Model, layer: nn.Module) -> Callable[[Explain], Explain]:
    """A decorator of methods that interpolates their maps from the positions of a layer's output onto image tiles."""
    known: dict[torch.Size, Cells] = {}  # by the shape of an image

    def decorate(explain: Explain) -> Explain:
        def on_image(other: Model, images: Tensor, target: Tensor) -> Tensor:
            shape = images.shape[1:]
            if shape not in known:
                known[shape] = cells_of(model, layer, images)
            return on_tiles(explain(other, images, target), known[shape], (shape[1], shape[2]))

        return on_image

    return decorate
