"""What single convolutions look for, and what they find: filters and feature maps."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack

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
def outputs_by_name(model: nn.Module, images: Tensor, names: Iterable[str]) -> dict[str, Tensor]:
    """What each of the named layers puts out for images (N, C, H, W)."""
    with ExitStack() as watching:
        outputs = {name: watching.enter_context(outputs_of(model.get_submodule(name))) for name in names}
        model(images)
    return {name: given[0] for name, given in outputs.items()}


def feature_maps(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """What every convolution puts out for images (N, C, H, W), before pooling and ReLU: (N, O, h, w) by its name."""
    return outputs_by_name(model, images, convolutions(model))


@torch.inference_mode()
def run_order(model: nn.Module, input_shape: Sequence[int]) -> list[tuple[str, nn.Module]]:
    """The layers without layers of their own, by name, in the order in which they work on an image; sets `model` to
    evaluation."""
    order: list[tuple[str, nn.Module]] = []
    leaves = {layer: name for name, layer in model.named_modules() if not [*layer.children()]}
    hooks = [
        layer.register_forward_hook(lambda layer, _given, _output: order.append((leaves[layer], layer)))
        for layer in leaves
    ]
    model.eval()(torch.zeros(1, *input_shape, device=next(model.parameters()).device))
    for hook in hooks:
        hook.remove()
    return order
