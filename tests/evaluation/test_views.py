"""Ten views of a test image: which they are, and what their mean decides."""

from pathlib import Path

import numpy as np
import pytest
import torch
from descriptions import described
from numpy.typing import NDArray
from torch import nn
from torchvision.transforms.v2 import functional as vision

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import SeedRecord, save_model
from lookalike.data.tensors import place_images
from lookalike.evaluation.inference import infer
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.views import compare_views, ten_views
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded


@pytest.mark.parametrize("shape", [(3, 9, 7), (2, 8, 8, 3)])
def test_ten_views_are_torchvisions_ten_crops(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    channels = images[:, None] if images.ndim == 3 else images.transpose(0, 3, 1, 2)
    padded = vision.pad(torch.from_numpy(channels.copy()), [2])
    theirs = [view.numpy() for view in vision.ten_crop(padded, list(shape[1:3]))]
    mine = ten_views(images, 2)
    assert len(mine) == len(theirs) == 10
    mirrored = [theirs[k] for k in (6, 5, 8, 7, 9)]  # of the mirrored image what is its left was the right one
    for view, other in zip(mine, [*theirs[:5], *mirrored], strict=True):
        np.testing.assert_array_equal(view, other[:, 0] if images.ndim == 3 else other.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(mine[4], images)


def model_of(seed: int) -> nn.Module:
    with seeded(seed, "init"):
        return create_model("simple_cnn", {}, input_shape=(3, 16, 16), num_classes=10).eval()


def test_the_mean_probability_of_ten_views_decides(colour_dataset: Dataset, runtime: Runtime, tmp_path: Path) -> None:
    description = described(
        model="simple_cnn",
        input_shape=(3, 16, 16),
        class_names=tuple("abcdefghij"),
        seeds=tuple(SeedRecord(seed, epochs=1, diverged_in=0 if seed == 1 else None) for seed in range(3)),
    )
    save_model(tmp_path / "model", description, {seed: dict(model_of(seed).state_dict()) for seed in (0, 2)}, [])
    found = compare_views(tmp_path / "model", 3, colour_dataset, runtime)

    def probabilities(model: nn.Module, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        labels = np.zeros(len(images), np.uint8)
        mean, std = colour_dataset.mean, colour_dataset.std
        placed = place_images(images, labels, mean=mean, std=std, runtime=runtime)
        return softmax(infer(model, placed, keep_features=False).logits)

    labels, one, ten = colour_dataset.test_labels, [], []
    for model in (model_of(0), model_of(2)):
        one.append((probabilities(model, colour_dataset.test_images).argmax(1) == labels).mean())
        views = [probabilities(model, view) for view in ten_views(colour_dataset.test_images, 3)]
        ten.append((sum(views).argmax(1) == labels).mean())  # type: ignore[union-attr]  # arrays
    assert found.one.value == pytest.approx(np.mean(one))
    assert found.ten.value == pytest.approx(np.mean(ten))
    assert found.difference.value == pytest.approx(np.mean(ten) - np.mean(one))
