"""Maps that lie on the object, and maps that do not; masks of drawn objects."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lookalike.data.masks import object_masks
from lookalike.evaluation.statistics import bootstrap_mean, resample
from lookalike.explain.faithfulness import centre_map
from lookalike.explain.localisation import THRESHOLD, hits, localise, on_pixels, overlap


def mask(size: int, top: int, left: int, height: int, width: int) -> NDArray[np.bool_]:
    found = np.zeros((size, size), bool)
    found[top : top + height, left : left + width] = True
    return found


def test_a_map_hits_if_its_maximum_lies_on_the_object() -> None:
    maps = np.zeros((4, 4, 4))
    maps[0, 1, 2] = maps[1, 3, 3] = 5
    maps[2, 1, 2] = maps[2, 3, 3] = 5  # two maxima, one of them on the object
    masks = np.stack([mask(4, 1, 1, 2, 2)] * 4)
    assert hits(maps, masks).tolist() == [1, 0, 0.5, 4 / 16]  # a map of zeros is a blind guess


def test_overlap_is_that_of_what_exceeds_a_share_of_the_maximum() -> None:
    maps = np.zeros((3, 4, 4))
    maps[0, 1, 1:4] = 10, 2.1, 1.9  # the last one does not exceed 2
    maps[1] = -1.0
    maps[1, 0, 0] = -0.5
    masks = np.stack([mask(4, 1, 1, 2, 2)] * 3)
    assert overlap(maps, masks).tolist() == [2 / 4, 0, 0]
    assert THRESHOLD == 0.2


def test_maps_are_enlarged_to_the_pixels_of_the_mask() -> None:
    enlarged = on_pixels(torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]), (8, 8))
    assert enlarged.shape == (1, 8, 8)
    assert enlarged[0, :2, :2].min() == enlarged.max() == 1
    assert enlarged[0, 6:, 6:].max() == 0


def test_methods_are_compared_with_a_gaussian_in_the_centre_on_usable_masks() -> None:
    masks = np.stack([mask(8, 0, 0, 3, 3), mask(8, 3, 3, 2, 2), mask(8, 0, 0, 0, 0), mask(8, 0, 0, 8, 8)])
    corner = torch.zeros(4, 8, 8)
    corner[:, 1, 1] = 1
    found = localise({"CAM": corner}, masks)
    assert found is not None
    assert (found.images, found.skipped, found.threshold) == (2, 2, THRESHOLD)
    assert list(found.methods) == ["CAM", "centre"]
    ours, control = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    for name, own in (("CAM", ours), ("centre", control)):
        assert found.methods[name].hits == asdict(bootstrap_mean(own, resample(2)))
    assert found.methods["CAM"].hits_over_centre == asdict(bootstrap_mean(ours - control, resample(2)))
    marked = centre_map((8, 8)).numpy()
    marked = marked > THRESHOLD * marked.max()
    shares = [(marked & one).sum() / (marked | one).sum() for one in masks[:2]]
    assert found.methods["centre"].iou["value"] == pytest.approx(np.mean(shares))
    over = found.methods["CAM"].iou_over_centre
    assert over is not None
    assert over["value"] == pytest.approx(np.mean([1 / 9, 0]) - np.mean(shares))
    assert found.methods["CAM"].images == found.methods["centre"].images == 2
    assert found.methods["centre"].hits_over_centre is found.methods["centre"].iou_over_centre is None


def test_maps_of_the_first_images_are_compared_with_the_centre_on_these() -> None:
    masks = np.stack([mask(8, 0, 0, 0, 0), mask(8, 3, 3, 2, 2), mask(8, 0, 0, 3, 3), mask(8, 5, 5, 3, 3)])
    corner = torch.zeros(4, 8, 8)
    corner[:, 1, 1] = 1
    found = localise({"all": corner, "some": corner[:3], "one": corner[:1]}, masks)
    few = localise({"some": corner[:3]}, masks[:3])
    assert found is not None
    assert few is not None
    assert found.methods["some"] == few.methods["some"]
    assert found.methods["some"].images == 2
    assert found.methods["all"].images == found.images == 3
    assert "one" not in found.methods, "its only image has no usable mask"


def test_without_a_usable_mask_nothing_is_known() -> None:
    masks = np.stack([mask(8, 0, 0, 0, 0), mask(8, 0, 0, 8, 8)])
    assert localise({"CAM": torch.zeros(2, 2, 2)}, masks) is None


@pytest.mark.parametrize("size", [24, 32, 100])
def test_masks_cover_drawn_objects(size: int) -> None:
    rng = np.random.default_rng(0)
    images = np.clip(rng.normal((60, 110, 60), 12, (3, size, size, 3)), 0, 255).astype(np.uint8)
    truth = np.stack(
        [mask(size, size // 4, size // 4 + k * size // 16, size // 2, size // 3) for k in range(len(images))]
    )
    images[truth] = np.clip(rng.normal((210, 60, 50), 12, (int(truth.sum()), 3)), 0, 255)
    found = object_masks(images)
    assert found.shape == truth.shape
    assert ((found & truth).sum(axis=(1, 2)) / (found | truth).sum(axis=(1, 2))).min() > 0.9
