"""What single convolutions look for, and what they find: filters and feature maps."""

import torch
from torch import Tensor, nn

from lookalike.explain.maps import outputs_of


def convolutions(model: nn.Module) -> dict[str, nn.Conv2d]:
    """The convolutions of `model` by their names in it, in the order in which they were put there."""
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}


def filters(model: nn.Module, name: str) -> Tensor:
    """The kernels of the convolution `name`: (O, I, h, w) from I input planes to O output planes."""
    return convolutions(model)[name].weight.detach()


@torch.no_grad()
def feature_maps(model: nn.Module, images: Tensor, name: str) -> Tensor:
    """What the convolution `name` puts out for images (N, C, H, W), before pooling and ReLU: (N, O, h, w)."""
    with outputs_of(convolutions(model)[name]) as outputs:
        model(images)
    return outputs[0]
