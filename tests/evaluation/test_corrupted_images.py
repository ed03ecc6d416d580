"""Corrupted images and what models say about them: against plain inference, and resamples one by one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from descriptions import described
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Corrupted, Evaluation, load_evaluation, save_evaluation
from lookalike.artifacts.models import SeedRecord, save_model
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from lookalike.data.garments import draw_garments
from lookalike.data.tensors import place_images
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.corrupted_images import (
    SEED,
    CorruptedImages,
    calibration_error,
    corrupted_answers,
    corrupted_images,
    resampled_ece,
)
from lookalike.evaluation.inference import infer
from lookalike.evaluation.metrics import accuracy, reliability, softmax
from lookalike.evaluation.robustness import study_robustness
from lookalike.evaluation.statistics import resample
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded

PER_CLASS = 2
SEEDS = {"one": (0, 2), "two": (0,)}  # that did not diverge; seed 1 of both did
CLASSES = tuple("abcdefghij")


@pytest.fixture(scope="module")
def garments(dataset: Dataset) -> Dataset:
    images, labels = draw_garments(40, seed=3)
    return replace(dataset, test_images=images, test_labels=labels.astype(np.uint8), mean=(0.3,), std=(0.4,))


@pytest.fixture(scope="module")
def images(garments: Dataset) -> CorruptedImages:
    return corrupted_images(garments, PER_CLASS)


def model_of(name: str, seed: int) -> nn.Module:
    """An untrained network with weights so large that it does not predict one class for all images."""
    with seeded(seed, name), torch.no_grad():
        model = create_model("lenet5", {}, input_shape=(1, 28, 28), num_classes=10).eval()
        for weights in model.parameters():
            weights.mul_(4)
    return model


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two variants of untrained networks, of which the first has two seeds that did not diverge and one that did."""
    for name, seeds in SEEDS.items():
        ended = [SeedRecord(seed, 1, None) for seed in seeds]
        description = described(model="lenet5", class_names=CLASSES, seeds=(*ended, SeedRecord(1, 1, 0)))
        weights = {seed: dict(model_of(name, seed).state_dict()) for seed in seeds}
        save_model(tmp_path / name, description, weights, [])
    return tmp_path


def test_images_are_the_first_of_each_class_in_every_condition(garments: Dataset, images: CorruptedImages) -> None:
    chosen = first_of_each_class(garments.test_labels, PER_CLASS)
    assert len(chosen) == 20
    assert images.labels.dtype == np.int64
    np.testing.assert_array_equal(images.labels, garments.test_labels[chosen])
    assert np.bincount(images.labels).tolist() == [PER_CLASS] * 10
    conditions = [("", 0), *((kind, severity) for kind in CORRUPTIONS for severity in SEVERITIES)]
    assert list(images.sets) == conditions
    clean = garments.test_images[chosen]
    np.testing.assert_array_equal(images.sets["", 0], clean)
    for kind, severity in [("rotate", 2), ("gaussian noise", 5), ("zigzag", 1)]:
        np.testing.assert_array_equal(images.sets[kind, severity], corrupt(clean, kind, severity, seed=SEED))
    assert all((pixels != clean).any() for condition, pixels in images.sets.items() if condition[0])


def test_two_draws_give_the_same(garments: Dataset, images: CorruptedImages) -> None:
    again = corrupted_images(garments, PER_CLASS)
    for condition, pixels in images.sets.items():
        np.testing.assert_array_equal(again.sets[condition], pixels)


def test_answers_are_those_of_every_seed(
    models: Path, garments: Dataset, images: CorruptedImages, runtime: Runtime
) -> None:
    for name, seeds in SEEDS.items():
        found = corrupted_answers(models / name, garments, images, runtime)
        assert found.conditions == tuple(images.sets)
        assert (found.right.shape, found.right.dtype) == ((len(seeds), len(images.sets), 20), bool)
        assert (found.ece.shape, found.ece.dtype) == ((len(images.sets), 3), np.float64)
        for k, pixels in enumerate(images.sets.values()):
            labels = images.labels
            placed = place_images(pixels, labels, mean=garments.mean, std=garments.std, runtime=runtime)
            logits = [infer(model_of(name, seed), placed, keep_features=False).logits for seed in seeds]
            for right, each in zip(found.right[:, k], logits, strict=True):
                np.testing.assert_array_equal(right, each.argmax(axis=1) == labels)
            value, low, high = found.ece[k]
            errors = [reliability(softmax(each), labels).expected_calibration_error for each in logits]
            assert value == pytest.approx(np.mean(errors))
            assert low < high
        assert all(len(set(seed.flatten())) == 2 for seed in found.right)
        assert len(seeds) == 1 or (found.right[0] != found.right[1]).mean() > 0.05


def test_figures_are_those_of_the_metrics(
    models: Path, garments: Dataset, images: CorruptedImages, runtime: Runtime
) -> None:
    answers = {name: corrupted_answers(models / name, garments, images, runtime) for name in SEEDS}
    found = study_robustness(answers, [("one", "two")])
    assert found["images"] == 20
    for name, seeds in SEEDS.items():
        variant = found["variants"][name]
        for kind, severity in [("", 0), ("rotate", 2), ("gaussian noise", 5)]:
            reported = variant["kinds"][kind][severity - 1] if kind else variant["clean"]
            pixels, labels = images.sets[kind, severity], images.labels
            placed = place_images(pixels, labels, mean=garments.mean, std=garments.std, runtime=runtime)
            logits = [infer(model_of(name, seed), placed, keep_features=False).logits for seed in seeds]
            assert reported["accuracy"]["value"] == pytest.approx(np.mean([accuracy(each, labels) for each in logits]))
            errors = [reliability(softmax(each), labels).expected_calibration_error for each in logits]
            assert reported["ece"]["value"] == pytest.approx(np.mean(errors))
            assert reported["accuracy"]["low"] <= reported["accuracy"]["value"] <= reported["accuracy"]["high"]


def test_figures_of_reloaded_answers_are_those_from_before_they_were_saved(
    models: Path, garments: Dataset, images: CorruptedImages, runtime: Runtime, tmp_path: Path
) -> None:
    before, after = dict[str, Corrupted](), dict[str, Corrupted]()
    for name, seeds in SEEDS.items():
        before[name] = corrupted_answers(models / name, garments, images, runtime)
        nothing = np.zeros((len(seeds), 40, 10), np.float16)
        save_evaluation(tmp_path, Evaluation(seeds, 1, np.ones(len(seeds)), nothing, corrupted=before[name]))
        back = load_evaluation(tmp_path).corrupted
        assert back is not None
        np.testing.assert_array_equal(back.right, before[name].right)
        np.testing.assert_array_equal(back.ece, before[name].ece)
        after[name] = back
    assert study_robustness(after, [("one", "two")]) == study_robustness(before, [("one", "two")])


def test_two_runs_say_the_same(models: Path, garments: Dataset, images: CorruptedImages, runtime: Runtime) -> None:
    first, second = (corrupted_answers(models / "one", garments, images, runtime) for _ in range(2))
    np.testing.assert_array_equal(first.right, second.right)
    np.testing.assert_array_equal(first.ece, second.ece)


def test_the_error_of_a_resample_is_that_of_its_images() -> None:
    rng = np.random.default_rng(0)
    probabilities = softmax(3 * rng.normal(size=(60, 4)))
    probabilities[:3] = np.eye(4)[:3]  # a confidence of exactly 1
    probabilities[3] = (0.4, 0.2, 0.2, 0.2)  # on the edge of a bin
    labels, weights = rng.integers(0, 4, 60), resample(60, draws=5)
    for found, counts in zip(resampled_ece(probabilities, labels, weights), weights.astype(int), strict=True):
        drawn = np.repeat(np.arange(60), counts)
        expected = reliability(probabilities[drawn], labels[drawn]).expected_calibration_error
        assert found == pytest.approx(expected, abs=1e-6)


def test_a_calibration_error_is_the_mean_over_seeds_with_the_interval_of_its_resamples() -> None:
    rng = np.random.default_rng(3)
    logits, labels, weights = rng.normal(0, 2, (2, 60, 4)).astype(np.float32), rng.integers(0, 4, 60), resample(60)
    value, low, high = calibration_error(logits, labels, weights)
    seeds = [softmax(each) for each in logits]
    assert value == pytest.approx(np.mean([reliability(each, labels).expected_calibration_error for each in seeds]))
    drawn = np.mean([resampled_ece(each, labels, weights) for each in seeds], axis=0)
    assert (low, high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))
