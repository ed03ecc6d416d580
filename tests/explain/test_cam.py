"""Class activation maps against pytorch-grad-cam and Captum, finite differences, and what each must add up to."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from conftest import TINY_VIT
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.explain.cam import activations_and_gradients, cam, grad_cam, hires_cam
from lookalike.explain.maps import Explain, contrast_target, label_target
from lookalike.models.base import GlobalPooling, Model
from lookalike.models.registry import create_model
from lookalike.runtime import seeded

LABELS, OTHERS = torch.tensor([0, 3, 6, 2]), torch.tensor([1, 5, 0, 4])
TARGET = label_target(LABELS, 7)


class PooledNet(GlobalPooling):
    """A convolution, global average pooling and one linear layer: what CAM was made for."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Sequential(nn.Conv2d(1, 6, 5, stride=3), nn.ReLU())
        self.head = nn.Linear(6, 7)

    @property
    def spatial(self) -> nn.Module:
        return self.convolution

    @property
    def pooled(self) -> nn.Module:
        return self.convolution

    def features(self, images: Tensor) -> Tensor:
        return self.convolution(images).mean((2, 3))


@pytest.fixture
def images() -> Tensor:
    return torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def pooled() -> PooledNet:
    with seeded(0, "init"):
        return PooledNet().eval()


@pytest.fixture
def cnn() -> Model:
    return build("fashion_cnn")


@pytest.fixture
def vit() -> Model:
    return build("fashion_vit", **TINY_VIT)


def build(name: str, **arguments: Any) -> Model:
    with seeded(0, "init"):
        return create_model(name, arguments, input_shape=(1, 28, 28), num_classes=7).eval()


# --- against other implementations ----------------------------------------------------------------------------------


def library_maps(
    kind: str, model: nn.Module, images: Tensor, reshape: Callable[[Tensor], Tensor] | None
) -> NDArray[np.float32]:
    """The maps of pytorch-grad-cam before it cuts, scales and enlarges them."""
    import pytorch_grad_cam
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    raw = []

    class Kept(getattr(pytorch_grad_cam, kind)):
        def get_cam_image(self, *given: Any, **options: Any) -> NDArray[np.float32]:
            raw.append(super().get_cam_image(*given, **options))
            return raw[-1]

    with Kept(model, [model.spatial], reshape_transform=reshape) as library:
        library(images, [ClassifierOutputTarget(label) for label in LABELS.tolist()])
    return raw[0]


@pytest.mark.parametrize(("kind", "explain"), [("GradCAM", grad_cam), ("HiResCAM", hires_cam)])
@pytest.mark.parametrize("family", ["cnn", "vit"])
def test_maps_are_those_of_pytorch_grad_cam(
    kind: str, explain: Explain, family: str, images: Tensor, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(family)
    reshape = None if family == "cnn" else lambda tokens: tokens.reshape(4, 2, 2, 12).permute(0, 3, 1, 2)
    expected = library_maps(kind, model, images, reshape)
    assert (expected < 0).any()
    assert (expected > 0).any()
    maps = explain(model, images, TARGET).numpy()
    np.testing.assert_allclose(maps, np.maximum(expected, 0) if kind == "GradCAM" else expected, rtol=1e-4, atol=1e-8)


def test_maps_are_those_of_captum(cnn: nn.Module, images: Tensor) -> None:
    from captum.attr import LayerActivation, LayerGradCam, LayerGradientXActivation

    images.requires_grad_()
    expected = LayerGradCam(cnn, cnn.spatial).attribute(images, LABELS, relu_attributions=True)[:, 0]
    torch.testing.assert_close(grad_cam(cnn, images, TARGET), expected.detach(), rtol=1e-4, atol=1e-8)
    product = LayerGradientXActivation(cnn, cnn.spatial).attribute(images, LABELS).sum(1)
    torch.testing.assert_close(hires_cam(cnn, images, TARGET), product.detach(), rtol=1e-4, atol=1e-8)
    maps, _ = activations_and_gradients(cnn, images, TARGET, cnn.spatial)
    assert torch.equal(maps, LayerActivation(cnn, cnn.spatial).attribute(images))


# --- what defines them ----------------------------------------------------------------------------------------------


def test_gradients_are_finite_differences(cnn: nn.Module, images: Tensor) -> None:
    cnn, images, target = cnn.double(), images.double(), contrast_target(LABELS, OTHERS, 7).double()
    maps, gradients = activations_and_gradients(cnn, images, target, cnn.spatial)
    direction = torch.randn(maps.shape, dtype=torch.float64)

    def score(step: float) -> Tensor:
        with cnn.spatial.register_forward_hook(lambda _layer, _given, output: output + step * direction):
            return (cnn(images) * target).sum(1).detach()

    slope = (score(1e-6) - score(-1e-6)) / 2e-6
    torch.testing.assert_close((gradients * direction).sum((1, 2, 3)), slope, rtol=1e-6, atol=1e-9)


def test_hires_cam_adds_up_to_the_logit_without_bias_where_a_linear_layer_follows(
    vit: nn.Module, images: Tensor
) -> None:
    nn.init.normal_(vit.head.bias)
    logits = vit(images)[range(4), LABELS] - vit.head.bias[LABELS]
    torch.testing.assert_close(hires_cam(vit, images, TARGET).sum((1, 2)), logits.detach(), rtol=1e-4, atol=1e-5)


def test_a_contrasted_hires_cam_is_the_difference_of_two(cnn: nn.Module, images: Tensor) -> None:
    one, other = (hires_cam(cnn, images, label_target(labels, 7)) for labels in (LABELS, OTHERS))
    torch.testing.assert_close(
        hires_cam(cnn, images, contrast_target(LABELS, OTHERS, 7)), one - other, rtol=1e-4, atol=1e-6
    )


def test_only_the_patches_that_transfg_selects_have_gradients(images: Tensor) -> None:
    transfg = build("fashion_transfg", **TINY_VIT | {"image_size": 12})
    places = (hires_cam(transfg, images, TARGET) != 0).flatten(1).sum(1)  # of 3 x 3, one for each of two heads
    assert places.gt(0).all()
    assert places.le(2).all()


def test_a_class_is_not_contrasted_with_itself(cnn: nn.Module, images: Tensor) -> None:
    assert not grad_cam(cnn, images, contrast_target(LABELS, LABELS, 7)).any()


@pytest.mark.parametrize("explain", [grad_cam, hires_cam])
def test_neither_images_nor_parameters_need_to_ask_for_gradients(
    explain: Explain, cnn: nn.Module, images: Tensor
) -> None:
    expected = explain(cnn, images, TARGET)
    cnn.requires_grad_(False)
    with torch.no_grad():
        assert torch.equal(explain(cnn, images, TARGET), expected)
    assert expected.any()


# --- CAM ------------------------------------------------------------------------------------------------------------


def test_grad_cam_is_cam_where_cam_is_positive(pooled: nn.Module, images: Tensor) -> None:
    maps = cam(pooled, images, contrast_target(LABELS, OTHERS, 7))
    places = maps[0].numel()  # a plane's mean passes 1/places of its gradient to each place
    assert (maps < 0).any()
    assert (maps > 0).any()
    reference = grad_cam(pooled, images, contrast_target(LABELS, OTHERS, 7))
    torch.testing.assert_close(maps.relu() / places, reference, rtol=1e-4, atol=1e-8)


def test_the_mean_of_a_cam_is_the_logit_without_bias(pooled: PooledNet, images: Tensor) -> None:
    logits = pooled(images)[range(4), LABELS] - pooled.head.bias[LABELS]
    torch.testing.assert_close(cam(pooled, images, TARGET).mean((1, 2)), logits.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("size", [28, 20])
def test_cam_through_dense_layers_is_the_linear_map_of_each_image(size: int) -> None:
    with seeded(0, "init"):
        vgg = create_model("vgg", {"max_channels": 9}, input_shape=(3, size, size), num_classes=7).double()
    images = torch.rand(4, 3, size, size, dtype=torch.float64)
    target = contrast_target(LABELS, OTHERS, 7).double()
    maps, feature_maps = cam(vgg.eval(), images, target), vgg.convolutions(images)
    _, gradients = activations_and_gradients(vgg, images, target, vgg.pooled)
    torch.testing.assert_close(gradients, gradients.mean((2, 3), keepdim=True).expand_as(gradients))
    for image in range(4):  # torch's own Jacobian of the score by the means
        means = feature_maps[image].mean((1, 2)).detach()[None, :, None, None]
        weights = torch.autograd.functional.jacobian(lambda x: vgg.head(vgg.dense(x)), means)  # (1, 7, 1, K, 1, 1)
        expected = torch.einsum("c,ck,khw->hw", target[image], weights[0, :, 0, :, 0, 0], feature_maps[image]).detach()
        torch.testing.assert_close(maps[image], expected, rtol=1e-9, atol=1e-15)
    assert maps.any()


@pytest.mark.parametrize("family", ["cnn", "vit"])
def test_cam_is_refused_where_no_feature_maps_are_averaged(
    family: str, images: Tensor, request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(family)
    with pytest.raises(ValueError, match="CAM needs global average pooling"):
        cam(model, images, TARGET)
