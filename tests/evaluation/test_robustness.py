"""Spoiled images: figures against those of the metrics, resamples one by one, and pairs that share their images."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import save_model
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from lookalike.data.garments import draw_garments
from lookalike.data.tensors import place_images
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.inference import infer
from lookalike.evaluation.metrics import accuracy, reliability, softmax
from lookalike.evaluation.robustness import SEED, resampled_ece, study_robustness
from lookalike.evaluation.statistics import resample
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded

A_CLASS = 2
NAMES = ("one", "two")


@pytest.fixture(scope="module")
def garments(dataset: Dataset) -> Dataset:
    images, labels = draw_garments(40, seed=3)
    return replace(dataset, test_images=images, test_labels=labels.astype(np.uint8), mean=(0.3,), std=(0.4,))


def model_of(name: str, seed: int) -> nn.Module:
    with seeded(seed, name):
        return create_model("lenet5", {}, input_shape=(1, 28, 28), num_classes=10).eval()


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Two variants of untrained networks, of which the first has two seeds that did not diverge and one that did."""
    for name, seeds in zip(NAMES, ((0, 2), (0,)), strict=True):
        ended = [{"seed": seed, "epochs": 1, "diverged_in": None} for seed in seeds]
        description = {
            "model": "lenet5",
            "model_args": {},
            "preprocessing": None,
            "input_shape": (1, 28, 28),
            "class_names": list("abcdefghij"),
            "seeds": [*ended, {"seed": 1, "epochs": 1, "diverged_in": 0}],
        }
        weights = {seed: dict(model_of(name, seed).state_dict()) for seed in seeds}
        save_model(tmp_path / name, description, weights, [])
    return tmp_path


def test_figures_are_those_of_the_metrics(models: Path, garments: Dataset, runtime: Runtime) -> None:
    found = study_robustness(models, NAMES, garments, A_CLASS, [NAMES], runtime)
    assert json.loads(json.dumps(found, allow_nan=False))
    chosen = first_of_each_class(garments.test_labels, A_CLASS)
    labels = garments.test_labels[chosen].astype(int)
    assert found["images"] == len(chosen) == 20
    assert list(found["variants"]) == list(NAMES)
    sums = dict.fromkeys(NAMES, 0.0)
    for name, seeds in zip(NAMES, ((0, 2), (0,)), strict=True):
        variant = found["variants"][name]
        for kind, severity in [("", 0), ("rotate", 2), ("gaussian noise", 5)]:
            pixels = garments.test_images[chosen]
            pixels = corrupt(pixels, kind, severity, seed=SEED) if kind else pixels
            told = variant["kinds"][kind][severity - 1] if kind else variant["clean"]
            placed = place_images(pixels, labels, mean=garments.mean, std=garments.std, runtime=runtime)
            logits = [infer(model_of(name, seed), placed, keep_features=False).logits for seed in seeds]
            assert told["accuracy"]["value"] == pytest.approx(np.mean([accuracy(each, labels) for each in logits]))
            errors = [reliability(softmax(each), labels).expected_calibration_error for each in logits]
            assert told["ece"]["value"] == pytest.approx(np.mean(errors))
            assert told["accuracy"]["low"] <= told["accuracy"]["value"] <= told["accuracy"]["high"]
        accuracies = [one["accuracy"]["value"] for kind in variant["kinds"].values() for one in kind]
        assert len(accuracies) == len(CORRUPTIONS) * len(SEVERITIES)
        sums[name] = float(np.mean(accuracies))
        assert variant["overall"]["value"] == pytest.approx(sums[name])
    (pair,) = found["pairs"]
    assert (pair["first"], pair["second"]) == NAMES
    assert pair["overall"]["value"] == pytest.approx(sums["one"] - sums["two"])
    one, two = (found["variants"][name]["kinds"]["zigzag"] for name in NAMES)
    gap = np.mean([a["accuracy"]["value"] - b["accuracy"]["value"] for a, b in zip(one, two, strict=True)])
    assert pair["kinds"]["zigzag"]["value"] == pytest.approx(gap)


def test_a_variant_has_nothing_over_itself(models: Path, garments: Dataset, runtime: Runtime) -> None:
    found = study_robustness(models, NAMES, garments, 1, [("one", "one")], runtime)
    assert found["pairs"][0]["overall"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_two_runs_give_the_same(models: Path, garments: Dataset, runtime: Runtime) -> None:
    first, second = (study_robustness(models, NAMES[:1], garments, 1, [], runtime) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("names", "a_class"), [((), 5), (NAMES, 0)])
def test_without_variants_or_images_nothing_is_known(
    models: Path, garments: Dataset, runtime: Runtime, names: tuple[str, ...], a_class: int
) -> None:
    assert study_robustness(models, names, garments, a_class, [], runtime) == {}


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


def test_models_are_left_in_no_memory(models: Path, garments: Dataset, runtime: Runtime) -> None:
    """What is kept of a condition is a number an image, not its logits."""
    found = study_robustness(models, NAMES[:1], garments, 1, [], runtime)
    assert not any(isinstance(value, torch.Tensor) for value in found.values())
