"""A variant's evaluation: temperatures from validation images, means by hand, and seeds that diverged."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import effective
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import load_description, save_model
from lookalike.evaluation import metrics
from lookalike.evaluation.calibration import fit_temperature
from lookalike.evaluation.inference import infer, restore_model
from lookalike.evaluation.statistics import wilson_interval
from lookalike.evaluation.variant import (
    SeedScores,
    describe_seed,
    evaluate_variant,
    evaluation_images,
    in_half,
    predict,
    score_seed,
    summarise,
)
from lookalike.params import Variant
from lookalike.runtime import Runtime
from lookalike.training.variant import build, describe

Logits = tuple[NDArray[np.float32], NDArray[np.uint8]]
Saver = Callable[[dict[int, int | None]], Path]
SCORES = SeedScores(0, 0.8, 0.9, 1.0, 0.5, 0.1, 2.0, 0.9, 0.4, 0.05)


def noisy(seed: int, scale: float, count: int = 200) -> Logits:
    """Logits of five classes that lean to their labels, `scale` times too sure."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 5, count).astype(np.uint8)
    logits = rng.normal(0, 1, (count, 5))
    logits[np.arange(count), labels] += 1
    return (scale * logits).astype(np.float32), labels


@pytest.fixture
def save_seeds(tmp_path: Path, dataset: Dataset, make_variant: Callable[..., Variant]) -> Saver:
    """Write a model folder of untrained seeds: seed -> the epoch that it diverged in, or None."""

    def save(seeds: dict[int, int | None]) -> Path:
        variant, weights = make_variant("fashion_cnn"), {}
        ends = [{"seed": seed, "epochs": 3, "diverged_in": diverged} for seed, diverged in seeds.items()]
        for seed in (seed for seed, diverged in seeds.items() if diverged is None):
            torch.manual_seed(seed)
            weights[seed] = build(effective(variant), dataset).state_dict()
        save_model(tmp_path / "model", describe(effective(variant), dataset, 72, 24) | {"seeds": ends}, weights, [])
        return tmp_path / "model"

    return save


def test_the_temperature_is_that_of_the_validation_images() -> None:
    test, valid = noisy(0, 1), noisy(1, 4)
    scores, swapped = score_seed(0, *test, *valid), score_seed(0, *valid, *test)
    assert scores.temperature == fit_temperature(*valid)
    assert swapped.temperature == fit_temperature(*test)
    assert scores.temperature > 2 * swapped.temperature


def test_the_figures_are_those_of_the_test_images() -> None:
    (logits, labels), valid = noisy(0, 3), noisy(1, 3)
    scores = score_seed(7, logits, labels, *valid)
    assert (scores.seed, scores.accuracy) == (7, (logits.argmax(axis=1) == labels).mean())
    assert scores.top2_accuracy == metrics.top_k_accuracy(logits, labels, 2)
    for prefix, temperature in (("", 1.0), ("calibrated_", scores.temperature)):
        probabilities = metrics.softmax(logits / temperature)
        expected = {
            "nll": -np.log(probabilities[np.arange(200), labels]).mean(),
            "brier": metrics.brier_score(probabilities, labels),
            "ece": metrics.reliability(probabilities, labels).expected_calibration_error,
        }
        assert {name: getattr(scores, prefix + name) for name in expected} == pytest.approx(expected, rel=1e-5)
    assert scores.calibrated_nll < scores.nll


def test_a_summary_holds_means_deviation_and_interval() -> None:
    scores = [replace(SCORES, seed=k, accuracy=a, nll=n) for k, a, n in ((0, 0.5, 1), (1, 0.6, 2), (4, 0.7, 6))]
    summary = summarise(scores, 50)
    interval = wilson_interval(30, 50)
    assert summary["seeds"] == 3
    assert summary["accuracy"] == pytest.approx(0.6)
    assert summary["accuracy_sd"] == pytest.approx(0.1)
    assert (summary["accuracy_low"], summary["accuracy_high"]) == (interval.low, interval.high)
    assert summary["nll"] == 3
    same = set(asdict(SCORES)) - {"seed", "accuracy", "nll"}
    assert {name: summary[name] for name in same} == pytest.approx({name: getattr(SCORES, name) for name in same})


def test_one_seed_has_no_deviation() -> None:
    summary = summarise([SCORES], 10)
    assert (summary["seeds"], summary["accuracy"]) == (1, 0.8)
    assert "accuracy_sd" not in summary
    assert "seed" not in summary


def test_a_described_seed_counts_images_by_class() -> None:
    logits, labels = noisy(2, 2)
    names = tuple("vwxyz")
    about = describe_seed(logits, labels, 1.7, names)
    assert json.loads(json.dumps(about)) == about
    assert np.trace(about["confusion"]) == (logits.argmax(axis=1) == labels).sum()
    assert [row["class"] for row in about["classes"]] == list(names)
    assert [row["support"] for row in about["classes"]] == np.bincount(labels).tolist()
    for k, row in enumerate(about["classes"]):
        assert row["recall"] == pytest.approx(about["confusion"][k][k] / row["support"])
    for table, temperature in (("reliability", 1.0), ("calibrated_reliability", 1.7)):
        expected = metrics.reliability(metrics.softmax(logits / temperature), labels)
        assert about[table] == {name: values.tolist() for name, values in asdict(expected).items()}


def test_a_variant_of_few_images_is_calibrated_on_its_own_share(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime
) -> None:
    folder = save_seeds({0: None})
    whole = evaluate_variant(folder, dataset, runtime)
    description = json.loads((folder / "model.json").read_text())
    (folder / "model.json").write_text(json.dumps(description | {"valid_images": 5}))
    few = evaluate_variant(folder, dataset, runtime)
    assert whole.predictions is not None
    assert few.predictions is not None
    assert few.valid_features is not None
    np.testing.assert_allclose(few.predictions.valid_logits, whole.predictions.valid_logits[:, :5], rtol=1e-4)
    assert len(few.valid_features) == 5
    labels = dataset.train_labels[dataset.valid_indices[:5]]
    assert few.temperatures.tolist() == [fit_temperature(few.predictions.valid_logits[0], labels)]
    np.testing.assert_array_equal(few.predictions.test_logits, whole.predictions.test_logits)


def test_every_seed_is_evaluated_with_its_own_weights(save_seeds: Saver, dataset: Dataset, runtime: Runtime) -> None:
    folder = save_seeds({0: None, 1: None})
    evaluation = evaluate_variant(folder, dataset, runtime)
    found = evaluation.predictions
    assert found is not None
    assert found.seeds == (0, 1)
    assert found.test_logits.shape == (2, 20, 10)
    assert found.valid_logits.shape == (2, 24, 10)
    assert (found.features.shape, found.features.dtype) == ((20, 32), np.float16)
    description = json.loads((folder / "model.json").read_text())
    for seed in (0, 1):
        model = restore_model(folder, description, seed, runtime)
        for data, logits in zip(
            evaluation_images(dataset, 24, runtime), (found.test_logits, found.valid_logits), strict=True
        ):
            np.testing.assert_array_equal(infer(model, data, keep_features=False).logits, logits[seed])
        accuracy = (found.test_logits[seed].argmax(axis=1) == dataset.test_labels).mean()
        assert evaluation.details["seeds"][seed]["accuracy"] == accuracy
        temperature = fit_temperature(found.valid_logits[seed], dataset.train_labels[dataset.valid_indices])
        assert evaluation.details["seeds"][seed]["temperature"] == temperature
        assert evaluation.temperatures[seed] == temperature
    assert evaluation.temperatures.shape == (2,)
    assert (evaluation.summary["seeds"], evaluation.summary["diverged"]) == (2, 0)
    predicted = found.test_logits[0].argmax(axis=1)
    expected = metrics.confusion_matrix(predicted, dataset.test_labels, 10)
    assert evaluation.details["first_seed"]["confusion"] == expected.tolist()


@pytest.mark.parametrize(("largest", "kind"), [(65504, np.float16), (-65504, np.float16), (7e4, np.float32)])
def test_features_are_halved_where_half_precision_reaches(largest: float, kind: type) -> None:
    features = np.array([[0.5, largest], [-1, 2]], np.float32)
    kept = in_half(features)
    assert kept.dtype == kind
    np.testing.assert_array_equal(kept, features)
    assert in_half(np.zeros((4, 0), np.float32)).shape == (4, 0)


def test_features_are_those_of_the_first_seed_that_did_not_diverge(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime
) -> None:
    folder = save_seeds({0: 2, 5: None, 3: None})
    evaluation = evaluate_variant(folder, dataset, runtime)
    assert evaluation.predictions is not None
    assert evaluation.valid_features is not None
    assert evaluation.predictions.seeds == (5, 3)
    assert (evaluation.valid_features.shape, evaluation.valid_features.dtype) == ((24, 32), np.float32)
    model = restore_model(folder, load_description(folder), 5, runtime)
    test, valid = (
        infer(model, images, keep_features=True).features for images in evaluation_images(dataset, 24, runtime)
    )
    np.testing.assert_array_equal(evaluation.valid_features, valid)
    np.testing.assert_array_equal(evaluation.predictions.features, test.astype(np.float16))
    with torch.inference_mode():  # what the head reads, image by image in the split's order
        logits = model.head(torch.from_numpy(evaluation.valid_features)).numpy()  # type: ignore[operator]
    np.testing.assert_allclose(logits, evaluation.predictions.valid_logits[0], rtol=1e-4, atol=1e-5)


def test_predicting_gives_logits_of_every_seed_and_features_of_the_first(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime
) -> None:
    folder = save_seeds({0: None, 1: None})
    description = load_description(folder)
    both, features = predict(folder, description, (0, 1), dataset, runtime)
    second, others = predict(folder, description, (1,), dataset, runtime)
    assert (both.seeds, second.seeds) == ((0, 1), (1,))
    np.testing.assert_array_equal(both.test_logits[1:], second.test_logits)
    np.testing.assert_array_equal(both.valid_logits[1:], second.valid_logits)
    assert features.shape == others.shape == (24, 32)
    assert (features != others).any()
    assert (both.features != second.features).any()


def test_validation_images_are_those_of_the_split(colour_dataset: Dataset, runtime: Runtime) -> None:
    test, valid = evaluation_images(colour_dataset, 24, runtime)
    np.testing.assert_array_equal(test.images.permute(0, 2, 3, 1), colour_dataset.test_images)
    held_out = colour_dataset.valid_indices
    np.testing.assert_array_equal(valid.images.permute(0, 2, 3, 1), colour_dataset.train_images[held_out])
    np.testing.assert_array_equal(valid.labels, colour_dataset.train_labels[held_out])
    assert valid.mean.flatten().tolist() == pytest.approx(colour_dataset.mean)


def test_a_seed_that_diverged_is_counted_and_left_out(save_seeds: Saver, dataset: Dataset, runtime: Runtime) -> None:
    evaluation = evaluate_variant(save_seeds({0: 1, 1: None}), dataset, runtime)
    assert (evaluation.summary["seeds"], evaluation.summary["diverged"]) == (1, 1)
    assert [score["seed"] for score in evaluation.details["seeds"]] == [1]
    assert evaluation.predictions is not None
    assert evaluation.predictions.seeds == (1,)
    assert evaluation.predictions.features.shape == (20, 32)


def test_nothing_but_counts_is_known_when_every_seed_diverged(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime
) -> None:
    evaluation = evaluate_variant(save_seeds({0: 0, 1: 2}), dataset, runtime)
    assert evaluation.summary == {"seeds": 0, "diverged": 2}
    assert evaluation.details == {"seeds": []}
    assert evaluation.predictions is evaluation.valid_features is None
