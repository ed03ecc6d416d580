"""Evaluate one variant: every trained seed of it on the validation and the test images."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Predictions
from lookalike.artifacts.models import finished_seeds, load_description
from lookalike.data.tensors import LabelledImages, place_images, prepared, taken
from lookalike.evaluation import metrics
from lookalike.evaluation.calibration import fit_temperature
from lookalike.evaluation.inference import infer, restore_model
from lookalike.evaluation.statistics import mean_and_deviation, wilson_interval
from lookalike.evaluation.views import compare_views
from lookalike.runtime import Runtime

Figures = dict[str, Any]


@dataclass(frozen=True)
class SeedScores:
    """The test figures of one seed. Accuracies lie in [0, 1], likelihoods in nats.

    `temperature` was fitted on the validation images; `calibrated_...` are the same figures after it.
    """

    seed: int
    accuracy: float
    top2_accuracy: float
    nll: float
    brier: float
    ece: float
    temperature: float
    calibrated_nll: float
    calibrated_brier: float
    calibrated_ece: float


@dataclass(frozen=True)
class Evaluation:
    """What is known of a variant: summary over seeds, details of each, predictions (None if every seed diverged).

    `valid_features` (M, D) are penultimate features of the validation images for the first seed.
    """

    summary: Figures
    details: Figures
    predictions: Predictions | None
    valid_features: NDArray[np.float32] | None = None

    @property
    def temperatures(self) -> NDArray[np.float64]:
        """The temperature of each seed (S,)."""
        return np.array([scores["temperature"] for scores in self.details["seeds"]])


def evaluate_variant(folder: Path, dataset: Dataset, runtime: Runtime, *, views: bool = False) -> Evaluation:
    """Evaluate all seeds in the model folder `folder` that did not diverge on the images of `dataset`.

    `views`: whether to see as well what ten views of each test image give, see `views.compare_views`.
    """
    description = load_description(folder)
    seeds = finished_seeds(description)
    diverged = len(description["seeds"]) - len(seeds)
    if not seeds:
        return Evaluation({"seeds": 0, "diverged": diverged}, {"seeds": []}, None)
    predictions, valid_features = predict(folder, description, seeds, dataset, runtime)
    valid_labels = validation_labels(dataset, description["valid_images"])
    scores = [
        score_seed(seed, test, dataset.test_labels, valid, valid_labels)
        for seed, test, valid in zip(seeds, predictions.test_logits, predictions.valid_logits, strict=True)
    ]
    first = describe_seed(predictions.test_logits[0], dataset.test_labels, scores[0].temperature, dataset.class_names)
    summary = summarise(scores, len(dataset.test_labels)) | {"diverged": diverged}
    details = {"seeds": [asdict(score) for score in scores], "first_seed": first}
    if views:
        details["views"] = asdict(compare_views(folder, description["augmentation"]["crop"], dataset, runtime))
    return Evaluation(summary, details, predictions, valid_features)


def predict(
    folder: Path, description: dict[str, Any], seeds: tuple[int, ...], dataset: Dataset, runtime: Runtime
) -> tuple[Predictions, NDArray[np.float32]]:
    """Logits of every seed on test and validation images; features of the first seed, of both."""
    seen = prepared(dataset, description["preprocessing"])
    test, valid = evaluation_images(seen, description["valid_images"], runtime)
    tested, validated = [], []
    for seed in seeds:
        model = restore_model(folder, description, seed, runtime)
        tested.append(infer(model, test, keep_features=seed == seeds[0]))
        validated.append(infer(model, valid, keep_features=seed == seeds[0]))
    test_logits, valid_logits = (np.stack([one.logits for one in outputs]) for outputs in (tested, validated))
    predictions = Predictions(seeds, test_logits, valid_logits, in_half(tested[0].features))
    return predictions, validated[0].features


def in_half(features: NDArray[np.float32]) -> NDArray[np.float16] | NDArray[np.float32]:
    """The same in half precision, unless it has no numbers as large: a network that trains badly may have."""
    largest = np.abs(features).max(initial=0)
    return features if largest > np.finfo(np.float16).max else features.astype(np.float16)


def evaluation_images(dataset: Dataset, count: int, runtime: Runtime) -> tuple[LabelledImages, LabelledImages]:
    """Test images and the first `count` validation images, those that the variant may see, on the device."""
    valid = dataset.valid_indices[:count]
    parts = (
        (dataset.test_images, dataset.test_labels),
        (taken(dataset.train_images, valid), dataset.train_labels[valid]),
    )
    test, held_out = (
        place_images(images, labels, mean=dataset.mean, std=dataset.std, runtime=runtime) for images, labels in parts
    )
    return test, held_out


def validation_labels(dataset: Dataset, count: int) -> metrics.Ints:
    """The labels of the first `count` validation images."""
    return dataset.train_labels[dataset.valid_indices[:count]]


def score_seed(
    seed: int,
    test_logits: NDArray[np.float32],
    test_labels: metrics.Ints,
    valid_logits: NDArray[np.float32],
    valid_labels: metrics.Ints,
) -> SeedScores:
    """All figures of one seed; the temperature sees only validation images."""
    temperature = fit_temperature(valid_logits, valid_labels)
    plain, calibrated = (likelihood_scores(logits, test_labels) for logits in (test_logits, test_logits / temperature))
    return SeedScores(
        seed=seed,
        accuracy=metrics.accuracy(test_logits, test_labels),
        top2_accuracy=metrics.top_k_accuracy(test_logits, test_labels, 2),
        temperature=temperature,
        **plain,
        **{f"calibrated_{name}": value for name, value in calibrated.items()},
    )


def likelihood_scores(logits: NDArray[np.floating], labels: metrics.Ints) -> dict[str, float]:
    """The figures that depend on how sure a model is: nll, brier, ece."""
    probabilities = metrics.softmax(logits)
    return {
        "nll": metrics.negative_log_likelihood(logits, labels),
        "brier": metrics.brier_score(probabilities, labels),
        "ece": metrics.reliability(probabilities, labels).expected_calibration_error,
    }


def summarise(scores: list[SeedScores], test_images: int) -> Figures:
    """Means over seeds; for the accuracy the deviation over seeds and the 95 % Wilson interval of its mean.

    The interval speaks of the sampling of `test_images` images, the deviation of the training's chance.
    """
    names = [name for name in asdict(scores[0]) if name != "seed"]
    summary = {name: mean_and_deviation([getattr(score, name) for score in scores])[0] for name in names}
    interval = wilson_interval(round(summary["accuracy"] * test_images), test_images)
    _, deviation = mean_and_deviation([score.accuracy for score in scores])
    return {
        "seeds": len(scores),
        "accuracy_low": interval.low,
        "accuracy_high": interval.high,
        **({"accuracy_sd": deviation} if deviation is not None else {}),
        **summary,
    }


def describe_seed(
    logits: NDArray[np.float32], labels: metrics.Ints, temperature: float, class_names: tuple[str, ...]
) -> Figures:
    """Confusion matrix, scores of each class, and reliability before and after the temperature, as JSON-able data."""
    confusion = metrics.confusion_matrix(logits.argmax(axis=1), labels, len(class_names))
    scores = metrics.class_scores(confusion)
    bins = [metrics.reliability(metrics.softmax(logits / t), labels) for t in (1.0, temperature)]
    return {
        "confusion": confusion.tolist(),
        "classes": [
            {
                "class": name,
                "precision": scores.precision[k],
                "recall": scores.recall[k],
                "f1": scores.f1[k],
                "support": int(scores.support[k]),
            }
            for k, name in enumerate(class_names)
        ],
        "reliability": as_lists(bins[0]),
        "calibrated_reliability": as_lists(bins[1]),
    }


def as_lists(bins: metrics.Reliability) -> dict[str, list[float]]:
    """A reliability table as plain lists."""
    return {name: values.tolist() for name, values in asdict(bins).items()}
