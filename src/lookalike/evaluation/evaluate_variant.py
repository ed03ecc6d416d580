"""The evaluation of one variant: every seed on test, validation, training and corrupted images and photographs."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import AugmentedExamples, Evaluation, Readouts, Validation, round_confidence
from lookalike.artifacts.evidence import in_half
from lookalike.artifacts.image_files import shrink
from lookalike.artifacts.models import Description, load_description
from lookalike.artifacts.photos import PhotoSet
from lookalike.data.augmentation import example_draws, from_settings
from lookalike.data.outside import OutsideImages
from lookalike.data.splits import seen_by
from lookalike.data.tensors import LabelledImages, from_training_set, place_images, preprocessed
from lookalike.evaluation.calibration import fit_temperature
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.corrupted_images import CorruptedImages, corrupted_images, evaluate_corrupted
from lookalike.evaluation.cue_images import CueImages, cue_images, evaluate_cues
from lookalike.evaluation.groups import look_alike_pairs
from lookalike.evaluation.inference import Outputs, folded, infer, readers_of, restore_model
from lookalike.evaluation.metrics import Ints, softmax
from lookalike.evaluation.outside import evaluate_outside
from lookalike.evaluation.photo_outputs import photo_outputs
from lookalike.evaluation.readouts import LabelledFeatures, join_seeds, read_out_seed
from lookalike.evaluation.suspects import find_suspects
from lookalike.evaluation.views import compare_views
from lookalike.runtime import Runtime

AUGMENTED, DRAWS = 6, 4  # training images that show an augmentation, and draws of each
COMPARED = 2  # seeds whose confidence in validation images is kept, for cascades
TRAIN_IMAGES = 5_000  # training images that are predicted again in evaluation mode, at most


@dataclass(frozen=True)
class EvaluationInputs:
    """What the variants of a study are evaluated on.

    Attributes:
        group_of: (C,), the number of each class's group of look-alikes.
        photos: None means that the study's models are shown none.
        corrupted, cues: return the corrupted test images, and those that keep one cue; None means that there are none.
        outside: None means that the study names no other data set.
    """

    dataset: Dataset
    group_of: Ints
    photos: PhotoSet | None = None
    corrupted: Callable[[], CorruptedImages] | None = None
    cues: Callable[[], CueImages] | None = None
    outside: OutsideImages | None = None

    def with_corrupted(self, per_class: int) -> Self:
        """The same with corrupted images and cues, made of so many test images of each class when first asked for."""
        return replace(
            self,
            corrupted=cache(lambda: corrupted_images(self.dataset, per_class)),
            cues=cache(lambda: cue_images(self.dataset, per_class)),
        )


@dataclass(frozen=True)
class SeedOutputs:
    """Outputs of the S seeds of a variant for test, validation and training images; features of the first seed only.

    Attributes:
        train_right: an array bool (F,) for each seed, see `Evaluation`.
    """

    test: Sequence[Outputs]
    valid: Sequence[Outputs]
    train_right: Sequence[NDArray[np.bool_]]
    readouts: Readouts


def evaluate_variant(
    folder: Path, inputs: EvaluationInputs, runtime: Runtime, *, views: bool = False, focus: bool = False
) -> tuple[Evaluation, NDArray[np.floating]]:
    """Evaluate all seeds in the model folder `folder` that did not diverge.

    Args:
        views: whether ten views of each test image are tried, see `views.compare_views`.
        focus: whether photographs with a step left out and corrupted garments are shown as well, and suspects found.

    Returns:
        The evidence, and features (N, D) of the test images by the first seed; (0, 0) if every seed diverged.
    """
    description, dataset = load_description(folder), inputs.dataset
    seeds = description.finished_seeds
    diverged = len(description.seeds) - len(seeds)
    if not seeds:
        return empty_evaluation(dataset, diverged), np.zeros((0, 0), np.float16)
    seen = run_seeds(folder, description, seeds, inputs, runtime)
    evaluation = evaluation_of(seen, seeds, diverged, validation_labels(dataset, description.valid_images))
    crop = (description.augmentation or {})["crop"] if views else 0
    evaluation = replace(
        evaluation,
        augmented=augmented_examples(description, dataset),
        views=asdict(compare_views(folder, crop, dataset, runtime)) if views else None,
        corrupted=evaluate_corrupted(folder, dataset, inputs.corrupted(), runtime) if inputs.corrupted else None,
        cues=evaluate_cues(folder, dataset, inputs.cues(), runtime) if inputs.cues else None,
        suspects=find_suspects(evaluation, dataset.test_images, dataset.test_labels) if focus else None,
    )
    features = seen.test[0].features, seen.valid[0].features
    if (photos := inputs.photos) is not None:
        shown = photo_outputs(folder, evaluation, features, dataset, photos, runtime, focus=focus)
        evaluation = replace(evaluation, photos=shown)
    if (outside := inputs.outside) is not None:
        found = evaluate_outside(readers_of(folder, dataset, runtime), outside, features, evaluation.photos)
        evaluation = replace(evaluation, outside=found)
    return evaluation, features[0]


def empty_evaluation(dataset: Dataset, diverged: int) -> Evaluation:
    """The evidence of a variant of which every seed diverged."""
    logits = np.zeros((0, len(dataset.test_labels), len(dataset.class_names)), np.float16)
    return Evaluation((), diverged, np.zeros(0), logits)


def augmented_examples(description: Description, dataset: Dataset) -> AugmentedExamples | None:
    """A few training images as the variant's training run saw them; None without augmentation."""
    if not (settings := description.augmentation):
        return None
    of_class = dataset.train_labels[dataset.train_indices].astype(int)
    few = dataset.train_indices[first_of_each_class(of_class, 1)[:AUGMENTED]]
    images, labels = np.asarray(dataset.train_images[few]), dataset.train_labels[few].astype(int)
    draws = example_draws(from_settings(settings, dataset), images, labels, DRAWS)
    return AugmentedExamples(shrink(images), labels, np.stack([shrink(draw) for draw in draws]))


def run_seeds(
    folder: Path, description: Description, seeds: tuple[int, ...], inputs: EvaluationInputs, runtime: Runtime
) -> SeedOutputs:
    """The outputs of every seed for test, validation and training images, and the readouts of its features."""
    seen, pairs = preprocessed(inputs.dataset, description.preprocessing), look_alike_pairs(inputs.group_of)
    test, valid = evaluation_images(seen, description.valid_images, runtime)
    test_labels, valid_labels = (images.labels.cpu().numpy() for images in (test, valid))
    tested: list[Outputs] = []
    validated: list[Outputs] = []
    train_right, read = [], []
    for seed in seeds:
        model = folded(restore_model(folder, description, seed, runtime))
        of_test, of_valid = (infer(model, images, keep_features=True) for images in (test, valid))
        features = (LabelledFeatures(of_valid.features, valid_labels), LabelledFeatures(of_test.features, test_labels))
        read.append(read_out_seed(*features, pairs))
        tested.append(without_features(of_test) if tested else of_test)
        validated.append(without_features(of_valid) if validated else of_valid)
        train = from_training_set(seen, first_train_indices(seen, description, seed), runtime)
        predicted = infer(model, train, keep_features=False).logits.argmax(axis=1)
        train_right.append(predicted == train.labels.cpu().numpy())
    return SeedOutputs(tested, validated, train_right, join_seeds(read))


def without_features(outputs: Outputs) -> Outputs:
    """The logits alone, with features of length 0: those of all seeds may not fit into memory."""
    return Outputs(outputs.logits, np.zeros((len(outputs.logits), 0), np.float32))


def evaluation_of(seen: SeedOutputs, seeds: tuple[int, ...], diverged: int, valid_labels: Ints) -> Evaluation:
    """The evidence from the seeds' outputs; temperatures are fitted on validation images of classes (M,)."""
    valid = [one.logits for one in seen.valid]
    temperatures = np.array([fit_temperature(logits, valid_labels) for logits in valid])
    compared = zip(valid[:COMPARED], temperatures, strict=False)
    return Evaluation(
        seeds,
        diverged,
        temperatures,
        in_half(np.stack([one.logits for one in seen.test])),
        Validation(
            right=np.stack([logits.argmax(axis=1) == valid_labels for logits in valid]),
            confidence=round_confidence(np.stack([softmax(logits / t).max(axis=1) for logits, t in compared])),
        ),
        train_right=np.stack(seen.train_right),
        readouts=seen.readouts,
    )


def evaluation_images(dataset: Dataset, count: int, runtime: Runtime) -> tuple[LabelledImages, LabelledImages]:
    """Test images and the first `count` validation images, those that the variant may see, on the device."""
    test = place_images(dataset.test_images, dataset.test_labels, mean=dataset.mean, std=dataset.std, runtime=runtime)
    return test, from_training_set(dataset, dataset.valid_indices[:count], runtime)


def first_train_indices(dataset: Dataset, description: Description, seed: int) -> NDArray[np.int64]:
    """Indices of the first training images of a variant's seed, see `splits.seen_by`."""
    return seen_by(seed, dataset.train_indices, description.train_images)[:TRAIN_IMAGES]


def validation_labels(dataset: Dataset, count: int) -> Ints:
    """The labels of the first `count` validation images."""
    return dataset.train_labels[dataset.valid_indices[:count]]
