"""Class activation maps: where the planes of the last layer with places speak for a score.

The layer is the model's `spatial`. A transformer's tokens count as planes, one for each of their D numbers, on the grid
of the patches. Where later blocks read a few selected tokens only (`fashion_transfg`), all gradients lie on these.
"""

import torch
from torch import Tensor, nn

from lookalike.explain.maps import on_grid


def grad_cam(model: nn.Module, images: Tensor, target: Tensor) -> Tensor:
    """Grad-CAM, an `Explain`: the planes' sum weighted by each one's mean gradient, where positive.

    Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-Based Localization" (ICCV 2017),
    equations 1 and 2.
    """
    planes, gradients = activations_and_gradients(model, images, target)
    return torch.einsum("nkhw,nk->nhw", planes, gradients.mean(dim=(2, 3))).relu()


def hires_cam(model: nn.Module, images: Tensor, target: Tensor) -> Tensor:
    """HiResCAM, an `Explain`: the sum over planes of activation times gradient, of either sign.

    Draelos & Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks"
    (2020). The sign is kept, which pytorch-grad-cam cuts off: so the map is linear in the target, and where one linear
    layer is all that follows, it adds up to the score less the bias.
    """
    planes, gradients = activations_and_gradients(model, images, target)
    return (planes * gradients).sum(1)


def cam(model: nn.Module, images: Tensor, target: Tensor) -> Tensor:
    """CAM, an `Explain`: the sum of the planes that are averaged, by the weight of each mean, of either sign.

    Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016), equation 2, where one linear
    layer reads the means. Dense layers with ReLU in between are linear around each image: the weights are then those of
    that image's own linear map. The map's mean is the score less the bias of this map.

    Raises:
        ValueError: the model averages no planes, see `allows_cam`.
    """
    if not allows_cam(model):
        raise ValueError("CAM needs global average pooling")
    planes, gradients = activations_and_gradients(model, images, target, model.pooled)  # type: ignore[arg-type]
    return torch.einsum("nkhw,nk->nhw", planes, gradients.sum(dim=(2, 3)))  # which are equal all over a plane


def allows_cam(model: nn.Module) -> bool:
    """Whether `model` names the layer whose planes it averages, before dense layers: `pooled`."""
    return hasattr(model, "pooled")


@torch.enable_grad()
def activations_and_gradients(
    model: nn.Module, images: Tensor, target: Tensor, layer: nn.Module | None = None
) -> tuple[Tensor, Tensor]:
    """A layer's planes, and the gradients of the target's score by them: each (N, K, h, w); None: the spatial layer."""
    leaves: list[Tensor] = []

    def cut(_layer: nn.Module, _given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        # The gradient starts here, whether or not images and parameters ask for one, and goes no further back.
        leaves.append(output.detach().requires_grad_())
        return leaves[-1]

    watched: nn.Module = layer or model.spatial  # type: ignore[assignment]  # every registered model has it
    with watched.register_forward_hook(cut):
        score = (model(images) * target).sum()
    (gradients,) = torch.autograd.grad(score, leaves)
    return as_planes(model, leaves[0].detach()), as_planes(model, gradients)


def as_planes(model: nn.Module, activations: Tensor) -> Tensor:
    """Planes (N, K, h, w) as they are; tokens (N, L, D) on the grid of the patches, (N, D, h, w)."""
    return activations if activations.ndim == 4 else on_grid(model, activations.transpose(1, 2))
