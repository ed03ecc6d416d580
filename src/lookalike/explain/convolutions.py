"""Filters and feature maps of single convolutions."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from lookalike.explain.maps import outputs_of


def convolutions(model: nn.Module) -> dict[str, nn.Conv2d]:
    """The convolutions of `model` by their names in it, in the order in which they were put there."""
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}


def filters(model: nn.Module, name: str) -> Tensor:
    """The kernels of the convolution `name`: (O, I, h, w), from I input channels to O output channels."""
    return convolutions(model)[name].weight.detach()


@torch.no_grad()
def outputs_by_name(model: nn.Module, images: Tensor, names: Iterable[str]) -> dict[str, Tensor]:
    """The output of each of the named layers for images (N, C, H, W)."""
    with ExitStack() as watching:
        outputs = {name: watching.enter_context(outputs_of(model.get_submodule(name))) for name in names}
        model(images)
    return {name: given[0] for name, given in outputs.items()}


def feature_maps(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """The output of every convolution for images (N, C, H, W), before pooling and ReLU: (N, O, h, w) by its name."""
    return outputs_by_name(model, images, convolutions(model))


@torch.inference_mode()
def run_order(model: nn.Module, input_shape: Sequence[int]) -> list[tuple[str, nn.Module]]:
    """Names and layers, without containers, in the order in which they run on an image; sets evaluation mode."""
    order: list[tuple[str, nn.Module]] = []
    leaves = {layer: name for name, layer in model.named_modules() if not [*layer.children()]}
    with ExitStack() as hooks:
        for leaf in leaves:
            hook = leaf.register_forward_hook(lambda layer, _inputs, _output: order.append((leaves[layer], layer)))
            hooks.enter_context(hook)
        model.eval()(torch.zeros(1, *input_shape, device=next(model.parameters()).device))
    return order
