"""Filters and feature maps of single convolutions."""

import torch
import torch.nn.functional as F
from conftest import TINY_VIT

from lookalike.explain.convolutions import convolutions, feature_maps, filters
from lookalike.models.registry import create_model


def test_convolutions_are_listed_in_the_order_of_the_model() -> None:
    cnn = create_model("fashion_cnn", input_shape=(1, 28, 28), num_classes=7)
    assert list(convolutions(cnn)) == ["features.0", "features.4", "features.8"]
    vit = create_model("fashion_vit", TINY_VIT, input_shape=(3, 20, 20), num_classes=7)
    assert list(convolutions(vit)) == ["patch_embedding"]


def test_filters_are_the_kernels() -> None:
    cnn = create_model("fashion_cnn", input_shape=(3, 20, 20), num_classes=7)
    shapes = [tuple(filters(cnn, name).shape) for name in convolutions(cnn)]
    assert shapes == [(32, 3, 3, 3), (64, 32, 3, 3), (64, 64, 3, 3)]
    assert torch.equal(filters(cnn, "features.4"), cnn.features[4].weight)
    assert not filters(cnn, "features.4").requires_grad


def test_feature_maps_are_what_a_convolution_puts_out_before_anything_else() -> None:
    cnn = create_model("fashion_cnn", input_shape=(1, 28, 28), num_classes=7).eval()
    images = torch.rand(2, 1, 28, 28)
    first = F.conv2d(images, filters(cnn, "features.0"))
    found = feature_maps(cnn, images)
    assert list(found) == ["features.0", "features.4", "features.8"]
    torch.testing.assert_close(found["features.0"], first)
    second = F.conv2d(F.max_pool2d(first, 2).relu(), filters(cnn, "features.4"), padding=1)  # biases start at zero
    torch.testing.assert_close(found["features.4"], second)
    assert (second < 0).any()
    assert not found["features.8"].requires_grad
