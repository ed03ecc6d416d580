"""Class activation maps: where the feature maps of the last layer that has spatial positions speak for a score.

The layer is the model's `spatial`. A transformer's tokens count as feature maps, one for each of their D numbers, on
the grid of the patches. Where later blocks read a few selected tokens only (`fashion_transfg`), all gradients lie on
these.
"""

import torch
from torch import Tensor, nn

from lookalike.explain.maps import on_grid
from lookalike.models.layers import GlobalPooling, Model, Transformer


def grad_cam(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """Grad-CAM, an `Explain`: the sum of the feature maps weighted by each one's mean gradient, where positive.

    Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-Based Localization" (ICCV 2017),
    equations 1 and 2.
    """
    maps, gradients = activations_and_gradients(model, images, target, model.spatial)
    return torch.einsum("nkhw,nk->nhw", maps, gradients.mean(dim=(2, 3))).relu()


def hires_cam(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """HiResCAM, an `Explain`: the sum over feature maps of activation times gradient, of either sign.

    Draelos & Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks"
    (2020). The sign is kept, which pytorch-grad-cam cuts off: so the map is linear in the target, and where one linear
    layer is all that follows, it adds up to the score less the bias.
    """
    maps, gradients = activations_and_gradients(model, images, target, model.spatial)
    return (maps * gradients).sum(1)


def cam(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """CAM, an `Explain`: the sum of the feature maps that are averaged, by the weight of each mean, of either sign.

    Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016), equation 2, where one linear
    layer reads the means. Dense layers with ReLU in between are linear around each image: the weights are then those of
    that image's own linear map. The map's mean is the score less the bias of this map.

    Raises:
        ValueError: the model averages no feature maps before its dense layers.
    """
    if not isinstance(model, GlobalPooling):
        raise ValueError("CAM needs global average pooling")
    maps, gradients = activations_and_gradients(model, images, target, model.pooled)
    return torch.einsum("nkhw,nk->nhw", maps, gradients.sum(dim=(2, 3)))  # which are equal all over a feature map


@torch.enable_grad()
def activations_and_gradients(model: Model, images: Tensor, target: Tensor, layer: nn.Module) -> tuple[Tensor, Tensor]:
    """The feature maps of a layer, and the gradients of the target's score by them: each (N, K, h, w)."""
    leaves: list[Tensor] = []

    def cut(_layer: nn.Module, _given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        # The gradient starts here, whether or not images and parameters ask for one, and goes no further back.
        leaves.append(output.detach().requires_grad_())
        return leaves[-1]

    with layer.register_forward_hook(cut):
        score = (model(images) * target).sum()
    (gradients,) = torch.autograd.grad(score, leaves)
    return as_feature_maps(model, leaves[0].detach()), as_feature_maps(model, gradients)


def as_feature_maps(model: Model, activations: Tensor) -> Tensor:
    """Feature maps (N, K, h, w) as they are; a transformer's tokens (N, L, D) on its grid, (N, D, h, w)."""
    return on_grid(model, activations.transpose(1, 2)) if isinstance(model, Transformer) else activations
