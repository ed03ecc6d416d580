"""How far attention reaches, by block and head."""

import torch
from torch import Tensor

from lookalike.explain.attention import attention_maps
from lookalike.explain.cells import Cells, cells_of
from lookalike.explain.maps import split_to_fit
from lookalike.models.base import Transformer


def attention_distance(model: Transformer, images: Tensor) -> Tensor:
    """The mean distance from a patch to the patches that it attends to, in pixels: (blocks, H), mean over images.

    Raghu et al., "Do Vision Transformers See Like Convolutional Neural Networks?" (NeurIPS 2021), section 4; after
    Dosovitskiy et al. (ICLR 2021), figure 7. Distances are those between the centres of patches, weighted by attention.
    The class token is left out, and the weights of a patch's row sum to one without it. Blocks that see a selection of
    the tokens are left out.

    Args:
        images: (N, C, H, W) as the model takes them.
    """
    apart = distances(model.grid, cells_of(model, model.spatial, images)).to(images)
    first = int(model.has_class_token)
    total = torch.zeros(())
    for some in split_to_fit(images):
        weights = torch.stack(attention_maps(model, some))[..., first:, first:]  # (blocks, N, H, L, L)
        reach = (weights * apart).sum(-1) / weights.sum(-1)
        total = total + reach.mean(-1).sum(1).cpu()
    return total / len(images)


def distances(grid: tuple[int, int], cells: Cells) -> Tensor:
    """The distance between the centres of any two patches of a grid, row by row, in pixels: (L, L)."""
    sides = zip(cells.first, cells.step, grid, strict=True)
    down, across = (first + step * torch.arange(count) for first, step, count in sides)
    centres = torch.cartesian_prod(down, across)
    return torch.cdist(centres, centres)
