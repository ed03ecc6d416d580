"""Features of further seeds are what the models put out, in the order of the seeds."""

from pathlib import Path

import numpy as np
import pytest
import torch
from descriptions import described

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import SeedRecord, save_model
from lookalike.data.tensors import place_images
from lookalike.embedding.features import features_of
from lookalike.evaluation.evaluate_variant import EvaluationInputs, evaluate_variant
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime


@pytest.fixture
def folder(tmp_path: Path, dataset: Dataset) -> Path:
    """Two untrained seeds."""
    weights = {}
    for seed in (4, 1):
        torch.manual_seed(seed)
        weights[seed] = create_model("fashion_cnn", {}, input_shape=(1, 16, 16), num_classes=10).state_dict()
    about = described(
        valid_images=len(dataset.valid_indices),
        train_images=len(dataset.train_indices),
        input_shape=(1, 16, 16),
        class_names=dataset.class_names,
        seeds=tuple(SeedRecord(seed, epochs=2, diverged_in=None) for seed in weights),
    )
    save_model(tmp_path / "cnn", about, weights, [])
    return tmp_path / "cnn"


def test_features_of_the_first_seed_are_those_that_its_evaluation_leaves(
    folder: Path, dataset: Dataset, runtime: Runtime
) -> None:
    _, left = evaluate_variant(folder, EvaluationInputs(dataset, np.arange(10)), runtime)
    indices = np.array([3, 0, 17])
    found = dict(features_of(folder, (4, 1), dataset, indices, runtime))
    assert list(found) == [4, 1]
    np.testing.assert_allclose(found[4], left[indices], rtol=1e-2, atol=1e-3)
    assert found[4].dtype == np.float16


def test_features_are_those_of_each_seed(folder: Path, dataset: Dataset, runtime: Runtime) -> None:
    indices = np.array([5, 2])
    found = dict(features_of(folder, (1,), dataset, indices, runtime))
    torch.manual_seed(1)
    model = create_model("fashion_cnn", {}, input_shape=(1, 16, 16), num_classes=10).eval()
    images, labels = dataset.test_images[indices], dataset.test_labels[indices]
    inputs, _ = place_images(images, labels, mean=dataset.mean, std=dataset.std, runtime=runtime).batch(slice(None))
    with torch.no_grad():
        expected = model.features(inputs).numpy()
    np.testing.assert_allclose(found[1], expected, rtol=1e-2, atol=1e-3)
