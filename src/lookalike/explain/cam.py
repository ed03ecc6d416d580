"""Class activation maps: where the planes of the last layer with places speak for a score.

The layer is the model's `spatial`. A transformer's tokens count as planes, one for each of their D numbers, on the grid
of the patches. Where later blocks read a few selected tokens only (`fashion_transfg`), all gradients lie on these.
"""

import torch
from torch import Tensor, nn

from lookalike.explain.maps import on_grid, outputs_of


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
    """CAM, an `Explain`: the planes' sum by the weights that the linear layer gives their means, of either sign.

    Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016), equation 2. The map's mean is
    the score less the bias.

    Raises:
        ValueError: the model is not built so, see `allows_cam`.
    """
    if not allows_cam(model, images):
        raise ValueError("CAM needs global average pooling and one linear layer")
    planes, _ = activations_and_gradients(model, images, target)
    weights = target @ model.head.weight.detach()  # type: ignore[union-attr, operator]  # (N, classes) -> (N, K)
    return torch.einsum("nkhw,nk->nhw", planes, weights)


@torch.no_grad()
def allows_cam(model: nn.Module, images: Tensor) -> bool:
    """Whether the head is one linear layer on the mean of each spatial plane, as seen on `images` (N, C, H, W)."""
    with outputs_of(model.spatial) as outputs:  # type: ignore[arg-type]  # every registered model has both
        features = model.features(images)  # type: ignore[operator]
    means = as_planes(model, outputs[0]).mean(dim=(2, 3))
    pooled = features.shape == means.shape and torch.allclose(features, means, rtol=1e-4, atol=1e-6)
    return pooled and isinstance(model.head, nn.Linear)


@torch.enable_grad()
def activations_and_gradients(model: nn.Module, images: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The spatial layer's planes, and the gradients of the target's score by them: each (N, K, h, w)."""
    leaves: list[Tensor] = []

    def cut(_layer: nn.Module, _given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        # The gradient starts here, whether or not images and parameters ask for one, and goes no further back.
        leaves.append(output.detach().requires_grad_())
        return leaves[-1]

    with model.spatial.register_forward_hook(cut):  # type: ignore[union-attr, operator]  # every registered model has it
        score = (model(images) * target).sum()
    (gradients,) = torch.autograd.grad(score, leaves)
    return as_planes(model, leaves[0].detach()), as_planes(model, gradients)


def as_planes(model: nn.Module, activations: Tensor) -> Tensor:
    """Planes (N, K, h, w) as they are; tokens (N, L, D) on the grid of the patches, (N, D, h, w)."""
    return activations if activations.ndim == 4 else on_grid(model, activations.transpose(1, 2))
