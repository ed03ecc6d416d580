"""Images that keep one cue, and what models prefer on them: against plain inference."""

from pathlib import Path

import numpy as np
import pytest
import torch
from descriptions import described

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import SeedRecord, save_model
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.corrupted_images import SEED
from lookalike.evaluation.cue_images import CueImages, cue_images, evaluate_cues, preferred
from lookalike.evaluation.cues import CUES, keep_cue
from lookalike.evaluation.inference import readers_of
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime


@pytest.fixture(scope="module")
def images(dataset: Dataset) -> CueImages:
    return cue_images(dataset, 2)


@pytest.fixture
def folder(dataset: Dataset, tmp_path: Path) -> Path:
    """Seeds 0 and 2 of a network; seed 1 diverged."""
    weights = {}
    for seed in (0, 2):
        torch.manual_seed(seed)
        weights[seed] = create_model("fashion_cnn", {}, input_shape=(1, 16, 16), num_classes=10).state_dict()
    ends = tuple(SeedRecord(seed, 1, None if seed in weights else 0) for seed in range(3))
    about = described(input_shape=(1, 16, 16), class_names=dataset.class_names, seeds=ends)
    save_model(tmp_path / "cnn", about, weights, [])
    return tmp_path / "cnn"


def test_images_are_the_first_of_each_class_by_every_cue(dataset: Dataset, images: CueImages) -> None:
    chosen = first_of_each_class(dataset.test_labels, 2)
    np.testing.assert_array_equal(images.labels, dataset.test_labels[chosen])
    assert images.labels.dtype == np.int64
    assert list(images.sets) == [("", 0), *CUES]
    assert (images.usable.shape, images.usable.dtype) == ((len(CUES) + 1, 20), bool)
    np.testing.assert_array_equal(images.sets["", 0], dataset.test_images[chosen])
    assert images.usable[0].all()
    for k, (kind, strength) in enumerate(CUES, 1):
        made, usable = keep_cue(dataset.test_images[chosen], kind, strength, seed=SEED)
        np.testing.assert_array_equal(images.sets[kind, strength], made)
        np.testing.assert_array_equal(images.usable[k], usable)


def test_answers_are_those_of_every_seed(folder: Path, dataset: Dataset, images: CueImages, runtime: Runtime) -> None:
    found = evaluate_cues(folder, dataset, images, runtime)
    assert found.conditions == tuple(images.sets)
    assert found.usable is images.usable
    assert (found.preferred.shape, found.preferred.dtype) == ((2, len(CUES) + 1, 20, 10), bool)
    for s, reader in enumerate(readers_of(folder, dataset, runtime)):
        for k, pixels in enumerate(images.sets.values()):
            logits = reader.read(pixels).logits
            for n, label in enumerate(images.labels):
                others = [c for c in range(10) if c != label]
                assert found.preferred[s, k, n, others].tolist() == [logits[n, label] > logits[n, c] for c in others]
                assert not found.preferred[s, k, n, label]
                assert found.preferred[s, k, n, others].all() == (logits[n].argmax() == label)


def test_a_class_is_not_preferred_to_one_with_an_equal_logit() -> None:
    logits = np.array([[[2.0, 2.0, 1.0], [np.nan, 0.0, 1.0]]])
    assert preferred(logits, np.array([0, 2])).tolist() == [[[False, False, True], [False, True, False]]]
