"""Images of another data set in a study's format: against torch's resizing, and by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lookalike.artifacts.datasets import Dataset
from lookalike.data.outside import LIMIT, only_outside, outside_images


def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).integers(0, 256, shape, dtype=np.uint8)


def of_size(dataset: Dataset, *shape: int) -> Dataset:
    return replace(dataset, test_images=drawn(2, *shape))


@pytest.mark.parametrize(("theirs", "ours"), [((28, 28), (28, 28)), ((9, 9, 3), (9, 9, 3))])
def test_images_of_the_same_format_stay_as_they_are(
    dataset: Dataset, theirs: tuple[int, ...], ours: tuple[int, ...]
) -> None:
    images = drawn(4, *theirs)
    found = outside_images("other", images, of_size(dataset, *ours))
    assert found.name == "other"
    np.testing.assert_array_equal(found.images, images)


@pytest.mark.parametrize("side", [14, 32, 96])
def test_sizes_change_as_torch_changes_them(dataset: Dataset, side: int) -> None:
    images = drawn(3, 28, 28)
    found = outside_images("other", images, of_size(dataset, side, side)).images
    pixels = torch.from_numpy(images)[:, None].float()
    expected = F.interpolate(pixels, (side, side), mode="bilinear", antialias=True, align_corners=False)[:, 0]
    assert (found.shape, found.dtype) == ((3, side, side), np.uint8)
    np.testing.assert_allclose(found, expected.numpy(), atol=1.01)  # PIL rounds after each direction


def test_grey_gets_three_equal_channels_and_colour_becomes_its_luma(dataset: Dataset) -> None:
    grey, colour = drawn(3, 8, 8), drawn(3, 8, 8, 3)
    found = outside_images("other", grey, of_size(dataset, 8, 8, 3)).images
    np.testing.assert_array_equal(found, np.stack([grey] * 3, axis=3))
    found = outside_images("other", colour, of_size(dataset, 8, 8)).images
    np.testing.assert_allclose(found, colour @ (0.299, 0.587, 0.114), atol=0.51)


def test_the_first_images_are_shown(dataset: Dataset) -> None:
    images = drawn(LIMIT + 5, 4, 4)
    ours = of_size(dataset, 4, 4)
    np.testing.assert_array_equal(outside_images("other", images, ours).images, images[:LIMIT])
    assert len(outside_images("other", images[:7], ours).images) == 7


def test_what_is_packed_gives_the_same_images(dataset: Dataset) -> None:
    other = replace(dataset, test_images=drawn(LIMIT + 5, 4, 4), test_labels=np.zeros(LIMIT + 5, np.uint8))
    packed = only_outside(other)
    assert [len(part) for part in (packed.train_images, packed.train_labels, packed.test_labels)] == [1, 1, LIMIT]
    assert len(packed.train_indices) == len(packed.valid_indices) == 0
    for one in (packed, other):
        np.testing.assert_array_equal(outside_images("x", one.test_images, dataset).images[0].shape, (16, 16))
    ours, theirs = (outside_images("x", one.test_images, dataset).images for one in (packed, other))
    np.testing.assert_array_equal(ours, theirs)
