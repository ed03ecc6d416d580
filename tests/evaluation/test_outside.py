"""What models say about images of another data set: against plain inference and the distances themselves."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from descriptions import described

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import PhotoOutputs
from lookalike.artifacts.models import SeedRecord, save_model
from lookalike.data.outside import OutsideImages
from lookalike.evaluation.distance import knn_distance
from lookalike.evaluation.inference import Reader, readers_of
from lookalike.evaluation.outside import evaluate_outside
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime


@pytest.fixture
def readers(dataset: Dataset, runtime: Runtime, tmp_path: Path) -> list[Reader]:
    weights = {}
    for seed in (3, 1):
        torch.manual_seed(seed)
        weights[seed] = create_model("fashion_cnn", {}, input_shape=(1, 16, 16), num_classes=10).state_dict()
    ends = tuple(SeedRecord(seed, 1, None) for seed in weights)
    about = described(input_shape=(1, 16, 16), class_names=dataset.class_names, seeds=ends)
    save_model(tmp_path / "cnn", about, weights, [])
    return readers_of(tmp_path / "cnn", dataset, runtime)


@pytest.mark.parametrize("validated", [24, 6])
def test_logits_are_of_every_seed_and_distances_of_the_first(
    readers: list[Reader], dataset: Dataset, validated: int
) -> None:
    images = np.random.default_rng(0).integers(0, 256, (7, 16, 16), dtype=np.uint8)
    valid = dataset.train_images[dataset.valid_indices[:validated]]
    features = [readers[0].read(part, keep_features=True).features for part in (dataset.test_images, valid, images)]
    found = evaluate_outside(readers, OutsideImages("other", images), (features[0], features[1]), None)
    assert found.name == "other"
    assert (found.logits.shape, found.logits.dtype) == ((2, 7, 10), np.float16)
    for logits, reader in zip(found.logits, readers, strict=True):
        np.testing.assert_array_equal(logits, reader.read(images).logits.astype(np.float16))
    k = min(10, validated)
    np.testing.assert_array_equal(found.distances, knn_distance(features[2], features[1], k))
    np.testing.assert_array_equal(found.test_distances, knn_distance(features[0], features[1], k))
    assert found.distances.dtype == found.test_distances.dtype == np.float64
    photos = PhotoOutputs({}, {}, {}, np.arange(3.0), {})
    known = evaluate_outside(readers, OutsideImages("other", images), (features[0], features[1]), photos)
    assert known.test_distances is photos.test_distances
    np.testing.assert_array_equal(replace(known, test_distances=found.test_distances).distances, found.distances)
