"""Corrupted images and what models say about them: against plain inference."""

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
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, SHIFT_PIXELS, SHIFTS, corrupt, shift
from lookalike.data.tensors import place_images
from lookalike.drawn.garments import draw_garments
from lookalike.evaluation.calibration import calibration_error
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.corrupted_images import SEED, CorruptedImages, corrupted_images, evaluate_corrupted
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
    corruptions = [(kind, severity) for kind in CORRUPTIONS for severity in SEVERITIES]
    shifts = [(kind, pixels) for kind in SHIFTS for pixels in SHIFT_PIXELS]
    assert list(images.sets) == [("", 0), *corruptions, *shifts]
    assert len(shifts) == 16
    clean = garments.test_images[chosen]
    np.testing.assert_array_equal(images.sets["", 0], clean)
    for kind, severity in [("rotate", 2), ("gaussian noise", 5), ("zigzag", 1)]:
        np.testing.assert_array_equal(images.sets[kind, severity], corrupt(clean, kind, severity, seed=SEED))
    np.testing.assert_array_equal(images.sets["shift up", 6], shift(clean, "shift up", 6))
    assert all((pixels != clean).any() for condition, pixels in images.sets.items() if condition[0])


@pytest.mark.parametrize(("side", "shifted"), [(40, True), (41, False)])
def test_large_images_are_not_shifted(garments: Dataset, side: int, shifted: bool) -> None:
    large = np.pad(garments.test_images[:2], ((0, 0), (0, side - 28), (0, 0)))
    found = corrupted_images(replace(garments, test_images=large, test_labels=garments.test_labels[:2]), 1)
    assert any(kind in SHIFTS for kind, _ in found.sets) == shifted
    assert all((kind, severity) in found.sets for kind in CORRUPTIONS for severity in SEVERITIES)


def test_two_draws_give_the_same(garments: Dataset, images: CorruptedImages) -> None:
    again = corrupted_images(garments, PER_CLASS)
    for condition, pixels in images.sets.items():
        np.testing.assert_array_equal(again.sets[condition], pixels)


def test_answers_are_those_of_every_seed(
    models: Path, garments: Dataset, images: CorruptedImages, runtime: Runtime
) -> None:
    for name, seeds in SEEDS.items():
        found = evaluate_corrupted(models / name, garments, images, runtime)
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
            estimate = calibration_error(np.stack(logits), labels, resample(20))
            assert (low, high) == pytest.approx((estimate.low, estimate.high))
            assert low < high
        assert all(len(set(seed.flatten())) == 2 for seed in found.right)
        assert len(seeds) == 1 or (found.right[0] != found.right[1]).mean() > 0.05


def test_figures_are_those_of_the_metrics(
    models: Path, garments: Dataset, images: CorruptedImages, runtime: Runtime
) -> None:
    answers = {name: evaluate_corrupted(models / name, garments, images, runtime) for name in SEEDS}
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
        before[name] = evaluate_corrupted(models / name, garments, images, runtime)
        nothing = np.zeros((len(seeds), 40, 10), np.float16)
        save_evaluation(tmp_path, Evaluation(seeds, 1, np.ones(len(seeds)), nothing, corrupted=before[name]))
        back = load_evaluation(tmp_path).corrupted
        assert back is not None
        np.testing.assert_array_equal(back.right, before[name].right)
        np.testing.assert_array_equal(back.ece, before[name].ece)
        after[name] = back
    assert study_robustness(after, [("one", "two")]) == study_robustness(before, [("one", "two")])


def test_two_runs_say_the_same(models: Path, garments: Dataset, images: CorruptedImages, runtime: Runtime) -> None:
    first, second = (evaluate_corrupted(models / "one", garments, images, runtime) for _ in range(2))
    np.testing.assert_array_equal(first.right, second.right)
    np.testing.assert_array_equal(first.ece, second.ece)
