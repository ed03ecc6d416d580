"""Class activation maps: which positions of the last feature maps raise a score.

The feature maps are those of the model's layer `spatial`. A transformer's tokens form one feature map per dimension on
the grid of the patches. If later blocks read only selected tokens (`fashion_transfg`), only these have gradients.
"""

import torch
from torch import Tensor, nn

from lookalike.explain.maps import on_grid
from lookalike.models.base import GlobalPooling, Model, Transformer


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
    (2020). Unlike pytorch-grad-cam, this keeps the sign. The map is therefore linear in the target, and if only one
    linear layer follows, it adds up to the score minus the bias.
    """
    maps, gradients = activations_and_gradients(model, images, target, model.spatial)
    return (maps * gradients).sum(1)


def cam(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """CAM, an `Explain`: the sum of the averaged feature maps weighted by the weight of each mean, of either sign.

    Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016), equation 2, with one linear layer
    on the means. Several dense layers with ReLU are linear around each image; the weights are then those of this linear
    function. The map's mean is the score minus the function's bias.

    Raises:
        ValueError: the model averages no feature maps before its dense layers.
    """
    if not isinstance(model, GlobalPooling):
        raise ValueError("CAM needs global average pooling")
    maps, gradients = activations_and_gradients(model, images, target, model.pooled)
    return torch.einsum("nkhw,nk->nhw", maps, gradients.sum(dim=(2, 3)))  # which are equal all over a feature map


@torch.enable_grad()
def activations_and_gradients(model: Model, images: Tensor, target: Tensor, layer: nn.Module) -> tuple[Tensor, Tensor]:
    """The feature maps of a layer, and the gradients of the target's score with respect to them: (N, K, h, w) each."""
    leaves: list[Tensor] = []

    def cut(_layer: nn.Module, _given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        # The graph starts here, even if neither images nor parameters require a gradient.
        leaves.append(output.detach().requires_grad_())
        return leaves[-1]

    with layer.register_forward_hook(cut):
        score = (model(images) * target).sum()
    (gradients,) = torch.autograd.grad(score, leaves)
    return as_feature_maps(model, leaves[0].detach()), as_feature_maps(model, gradients)


def as_feature_maps(model: Model, activations: Tensor) -> Tensor:
    """Feature maps (N, K, h, w) unchanged; a transformer's tokens (N, L, D) on its grid, (N, D, h, w)."""
    return on_grid(model, activations.transpose(1, 2)) if isinstance(model, Transformer) else activations
