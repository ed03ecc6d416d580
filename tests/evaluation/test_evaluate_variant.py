"""Evidence of a variant: logits against plain inference, temperatures from its own images, diverged seeds."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pytest
import torch
from conftest import effective
from numpy.typing import NDArray
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import (
    Evaluation,
    Readouts,
    load_evaluation,
    load_features,
    round_confidence,
    save_evaluation,
    save_features,
)
from lookalike.artifacts.evidence import in_half
from lookalike.artifacts.models import SeedRecord, load_description, save_model
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.data.augmentation import example_draws, from_settings
from lookalike.data.outside import OutsideImages
from lookalike.data.tensors import from_training_set
from lookalike.evaluation.calibration import fit_temperature
from lookalike.evaluation.complementary_errors import predictions_of
from lookalike.evaluation.corrupted_images import CorruptedImages, evaluate_corrupted
from lookalike.evaluation.cue_images import cue_images, evaluate_cues
from lookalike.evaluation.evaluate_variant import (
    AUGMENTED,
    DRAWS,
    EvaluationInputs,
    SeedOutputs,
    augmented_examples,
    evaluate_variant,
    evaluation_images,
    evaluation_of,
    first_train_indices,
    run_seeds,
    validation_labels,
)
from lookalike.evaluation.groups import look_alike_pairs
from lookalike.evaluation.inference import Outputs, infer, readers_of, restore_model
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.outside import evaluate_outside
from lookalike.evaluation.photo_outputs import photo_outputs
from lookalike.evaluation.readouts import LabelledFeatures, read_out_seed
from lookalike.evaluation.scores import score_variant
from lookalike.evaluation.suspects import find_suspects
from lookalike.evaluation.views import compare_views
from lookalike.params import Variant
from lookalike.runtime import Runtime
from lookalike.training.train_variant import TrainingInputs, build, image_counts, initial_description

Saver = Callable[..., Path]
Logits = tuple[NDArray[np.float32], NDArray[np.uint8]]
GROUP_OF = np.array([0, 1, 0, 2, 0, 3, 0, 3, 4, 3])


def noisy(seed: int, scale: float, count: int = 200) -> Logits:
    """Logits of five classes that lean to their labels, `scale` times too sure."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 5, count).astype(np.uint8)
    logits = rng.normal(0, 1, (count, 5))
    logits[np.arange(count), labels] += 1
    return (scale * logits).astype(np.float32), labels


def seen_by(test: list[NDArray[np.float32]], valid: list[NDArray[np.float32]]) -> SeedOutputs:
    """The outputs of seeds with these logits and without features, each of which is right on 7 training images."""
    tested, validated = ([Outputs(one, one[:, :0]) for one in logits] for logits in (test, valid))
    nothing = np.zeros((len(test), 0, 5), bool)
    readouts = Readouts((), nothing, nothing, np.zeros(len(test)))
    return SeedOutputs(tested, validated, [np.ones(7, bool)] * len(test), readouts)


@pytest.fixture
def save_seeds(tmp_path: Path, dataset: Dataset, make_variant: Callable[..., Variant]) -> Saver:
    """Write a model folder of untrained seeds: seed -> the epoch that it diverged in, or None."""

    def save(seeds: dict[int, int | None], **changes: Any) -> Path:
        variant, weights = make_variant("fashion_cnn"), {}
        for seed in (seed for seed, diverged in seeds.items() if diverged is None):
            torch.manual_seed(seed)
            weights[seed] = build(effective(variant), dataset).state_dict()
        ends = tuple(SeedRecord(seed, 3, diverged) for seed, diverged in seeds.items())
        description = replace(initial_description(effective(variant), dataset, 72, 24), seeds=ends, **changes)
        save_model(tmp_path / "model", description, weights, [])
        return tmp_path / "model"

    return save


def only(dataset: Dataset) -> EvaluationInputs:
    """Test and validation images, no photographs and no corrupted images."""
    return EvaluationInputs(dataset, GROUP_OF)


def restored(folder: Path, seed: int, runtime: Runtime) -> nn.Module:
    return restore_model(folder, load_description(folder), seed, runtime)


def test_the_temperature_is_that_of_the_validation_images() -> None:
    (test, test_labels), (valid, valid_labels) = noisy(0, 1), noisy(1, 4)
    found = evaluation_of(seen_by([test], [valid]), (0,), 0, valid_labels)
    swapped = evaluation_of(seen_by([valid], [test]), (0,), 0, test_labels)
    assert found.temperatures.tolist() == [fit_temperature(valid, valid_labels)]
    assert swapped.temperatures.tolist() == [fit_temperature(test, test_labels)]
    assert found.temperatures[0] > 2 * swapped.temperatures[0]


def test_every_seed_answers_validation_images_and_the_first_two_are_asked_how_sure_they_are() -> None:
    _, labels = noisy(0, 1)
    test, valid = [noisy(k, 1)[0] for k in range(3)], [noisy(k, k + 1)[0] for k in range(3)]
    found = evaluation_of(seen_by(test, valid), (2, 3, 5), 4, labels)
    assert (found.seeds, found.diverged) == ((2, 3, 5), 4)
    assert found.temperatures.tolist() == [fit_temperature(logits, labels) for logits in valid]
    np.testing.assert_array_equal(found.test_logits, np.stack(test).astype(np.float16))
    assert found.train_right is not None
    assert found.train_right.tolist() == [[True] * 7] * 3
    answers = predictions_of(found, 5)  # of cascades
    assert len(answers) == 2
    assert found.validation is not None
    right, confidence = found.validation.right, found.validation.confidence
    assert (right.shape, right.dtype) == ((3, 200), bool)
    assert (confidence.shape, confidence.dtype) == ((2, 200), np.float32)
    for k in range(3):
        assert right[k].tolist() == [row.argmax() == label for row, label in zip(valid[k], labels, strict=True)]
    for k in range(2):
        expected = softmax(valid[k].astype(float) / fit_temperature(valid[k], labels)).max(axis=1)
        np.testing.assert_array_equal(confidence[k], round_confidence(expected))
        np.testing.assert_array_equal(answers[k].valid_right, right[k])


def test_training_images_are_predicted_in_evaluation_mode_as_they_are(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime
) -> None:
    folder = save_seeds({0: None, 1: 2, 3: None}, train_images=50, augmentation={"crop": 2})
    for _ in range(2):  # dropout or augmentation would draw anew
        found, _ = evaluate_variant(folder, only(dataset), runtime)
        assert found.train_right is not None
        assert (found.train_right.shape, found.train_right.dtype) == ((2, 50), bool)
        for right, seed in zip(found.train_right, (0, 3), strict=True):
            mine = np.roll(dataset.train_indices, -seed * 50)[:50]
            pixels = torch.from_numpy(dataset.train_images[mine])[:, None].float() / 255
            images = (pixels - dataset.mean[0]) / dataset.std[0]
            with torch.inference_mode():
                predicted = restored(folder, seed, runtime)(images).argmax(1).numpy()
            np.testing.assert_array_equal(right, predicted == dataset.train_labels[mine])


def test_training_images_are_those_that_the_variant_was_trained_on(
    dataset: Dataset, make_variant: Callable[..., Variant], runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    for fraction, cap in ((None, None), (0.5, None), (None, 30), (0.5, 10)):
        settings = effective(make_variant("fashion_cnn", fraction=fraction)).model_copy(update={"max_images": cap})
        train_count, valid_count = image_counts(dataset, settings)
        description = initial_description(settings, dataset, train_count, valid_count)
        ground = TrainingInputs(
            dataset, runtime, train_count, from_training_set(dataset, dataset.valid_indices, runtime), None
        )
        for seed in (0, 2):
            seen = ground.train_data(seed)
            asked = from_training_set(dataset, first_train_indices(dataset, description, seed), runtime)
            assert torch.equal(asked.pixels(slice(None)), seen.pixels(slice(None)))
            assert torch.equal(asked.labels, seen.labels)
        monkeypatch.setattr("lookalike.evaluation.evaluate_variant.TRAIN_IMAGES", 8)
        assert first_train_indices(dataset, description, 0).tolist() == dataset.train_indices[:8].tolist()
        monkeypatch.undo()


def test_a_variant_of_few_images_is_calibrated_on_its_own_share(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime
) -> None:
    whole, _ = evaluate_variant(save_seeds({0: None}), only(dataset), runtime)
    folder = save_seeds({0: None}, valid_images=5)
    few, _ = evaluate_variant(folder, only(dataset), runtime)
    valid = run_seeds(folder, load_description(folder), (0,), only(dataset), runtime).valid[0]
    assert valid.logits.shape == (5, 10)
    assert len(valid.features) == 5
    labels = dataset.train_labels[dataset.valid_indices[:5]]
    np.testing.assert_array_equal(validation_labels(dataset, 5), labels)
    assert few.temperatures.tolist() == [fit_temperature(valid.logits, labels)]
    assert few.temperatures != whole.temperatures
    assert whole.validation is not None
    assert few.validation is not None
    assert (whole.validation.right.shape, few.validation.right.shape) == ((1, 24), (1, 5))
    np.testing.assert_array_equal(few.validation.right, whole.validation.right[:, :5])
    confidence = softmax(valid.logits / few.temperatures[0]).max(axis=1)
    np.testing.assert_array_equal(few.validation.confidence[0], round_confidence(confidence))
    np.testing.assert_array_equal(few.test_logits, whole.test_logits)


def test_every_seed_is_evaluated_with_its_own_weights(save_seeds: Saver, dataset: Dataset, runtime: Runtime) -> None:
    folder = save_seeds({0: None, 1: None})
    found, features = evaluate_variant(folder, only(dataset), runtime)
    assert (found.seeds, found.diverged, found.temperatures.shape) == ((0, 1), 0, (2,))
    assert (found.test_logits.shape, found.test_logits.dtype) == ((2, 20, 10), np.float16)
    assert features.shape == (20, 32)
    assert found.validation is not None
    assert found.views is found.corrupted is found.photos is found.cues is found.outside is found.suspects is None
    labels = dataset.train_labels[dataset.valid_indices]
    for seed in (0, 1):
        model = restored(folder, seed, runtime)
        test, valid = (
            infer(model, images, keep_features=False).logits for images in evaluation_images(dataset, 24, runtime)
        )
        np.testing.assert_array_equal(found.test_logits[seed], test.astype(np.float16))
        assert found.temperatures[seed] == fit_temperature(valid, labels)
        np.testing.assert_array_equal(found.validation.right[seed], valid.argmax(axis=1) == labels)
        confidence = softmax(valid / found.temperatures[seed]).max(axis=1)
        np.testing.assert_array_equal(found.validation.confidence[seed], round_confidence(confidence))
    assert (found.test_logits[0] != found.test_logits[1]).any()


@pytest.mark.parametrize(("largest", "kind"), [(65504, np.float16), (-65504, np.float16), (7e4, np.float32)])
def test_features_are_halved_where_half_precision_reaches(tmp_path: Path, largest: float, kind: type) -> None:
    features = np.array([[0.5, largest], [-1, 2]], np.float32)
    save_features(tmp_path, features)
    kept = load_features(tmp_path)
    assert kept.dtype == kind
    np.testing.assert_array_equal(kept, features)
    assert in_half(np.zeros((4, 0), np.float32)).shape == (4, 0)


def test_features_are_those_of_the_first_seed_that_did_not_diverge(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime
) -> None:
    folder = save_seeds({0: 2, 5: None, 3: None})
    evaluation, features = evaluate_variant(folder, only(dataset), runtime)
    assert (evaluation.seeds, evaluation.diverged) == ((5, 3), 1)
    valid = run_seeds(folder, load_description(folder), evaluation.seeds, only(dataset), runtime).valid[0]
    assert (valid.features.shape, valid.features.dtype) == ((24, 32), np.float32)
    model = restored(folder, 5, runtime)
    expected, valid_expected = (
        infer(model, images, keep_features=True).features for images in evaluation_images(dataset, 24, runtime)
    )
    np.testing.assert_array_equal(valid.features, valid_expected)
    np.testing.assert_array_equal(features, expected)
    with torch.inference_mode():  # what the head reads, image by image in the split's order
        logits = model.head(torch.from_numpy(valid.features)).numpy()  # type: ignore[operator]
        test_logits = model.head(torch.from_numpy(features)).numpy()  # type: ignore[operator]
    np.testing.assert_allclose(logits, valid.logits, rtol=1e-4, atol=1e-5)
    # the evidence keeps half precision: 11 bits, which rounding gets wrong by at most 2**-11 of the value
    np.testing.assert_allclose(test_logits, evaluation.test_logits[0], rtol=2**-11 + 1e-4, atol=1e-5)


def test_seeing_gives_logits_of_every_seed_and_features_of_the_first(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime
) -> None:
    folder = save_seeds({0: None, 1: None})
    description = load_description(folder)
    both = run_seeds(folder, description, (0, 1), only(dataset), runtime)
    second = run_seeds(folder, description, (1,), only(dataset), runtime)
    for two, one, count in ((both.test, second.test, 20), (both.valid, second.valid, 24)):
        assert (len(two), len(one)) == (2, 1)
        np.testing.assert_array_equal(two[1].logits, one[0].logits)
        assert two[0].features.shape == one[0].features.shape == (count, 32)
        assert two[1].features.shape == (count, 0)
        assert (two[0].features != one[0].features).any()


def test_validation_images_are_those_of_the_split(colour_dataset: Dataset, runtime: Runtime) -> None:
    test, valid = evaluation_images(colour_dataset, 24, runtime)
    np.testing.assert_array_equal(test.images.permute(0, 2, 3, 1), colour_dataset.test_images)
    held_out = colour_dataset.valid_indices
    np.testing.assert_array_equal(valid.images.permute(0, 2, 3, 1), colour_dataset.train_images[held_out])
    np.testing.assert_array_equal(valid.labels, colour_dataset.train_labels[held_out])
    assert valid.mean.flatten().tolist() == pytest.approx(colour_dataset.mean)


def test_a_seed_that_diverged_is_counted_and_left_out(save_seeds: Saver, dataset: Dataset, runtime: Runtime) -> None:
    evaluation, features = evaluate_variant(save_seeds({0: 1, 1: None}), only(dataset), runtime)
    assert (evaluation.seeds, evaluation.diverged) == ((1,), 1)
    assert evaluation.test_logits.shape == (1, 20, 10)
    assert features.shape == (20, 32)
    scored = score_variant(evaluation, dataset.test_labels, dataset.class_names)
    assert (scored.summary["seeds"], scored.summary["diverged"]) == (1, 1)
    assert [one["seed"] for one in scored.details["seeds"]] == [1]


def no_questions() -> NoReturn:
    raise AssertionError("images are corrupted for no model")


def test_nothing_but_counts_is_known_when_every_seed_diverged(
    save_seeds: Saver, dataset: Dataset, runtime: Runtime, tmp_path: Path
) -> None:
    photographs = PhotoSet(
        (Preparation("plain", ""),), np.zeros((1, 2, 16, 16), np.uint8), np.zeros(2, int), (), [], {}
    )
    folder, inputs = (
        save_seeds({0: 0, 1: 2}),
        EvaluationInputs(dataset, GROUP_OF, photographs, no_questions, no_questions),
    )
    evaluation, features = evaluate_variant(folder, inputs, runtime, views=True, focus=True)
    save_evaluation(tmp_path, evaluation)
    for one in (evaluation, load_evaluation(tmp_path)):
        assert (one.seeds, one.diverged) == ((), 2)
        assert (one.temperatures.shape, one.test_logits.shape) == ((0,), (0, 20, 10))
        assert one.validation is one.train_right is one.views is one.corrupted is one.photos is one.readouts is None
        assert one.cues is one.outside is one.suspects is None
        scored = score_variant(one, dataset.test_labels, dataset.class_names)
        assert (scored.summary, scored.details) == ({"seeds": 0, "diverged": 2}, {"seeds": []})
    assert features.shape == (0, 0)


Asked = tuple[Path, EvaluationInputs, Evaluation, NDArray[np.floating]]


@pytest.fixture
def asked(save_seeds: Saver, dataset: Dataset, runtime: Runtime) -> Asked:
    """Two seeds evaluated on everything, the folder and the inputs; the evidence and the features."""
    folder = save_seeds({0: None, 1: 2, 3: None}, augmentation={"crop": 2})
    preparations = Preparation("plain", ""), Preparation("plain", "mask")
    pictures = np.random.default_rng(2).integers(0, 256, (2, 6, 16, 16), dtype=np.uint8)
    photos = PhotoSet(preparations, pictures, np.arange(6), dataset.class_names, [], {})
    sets = {("", 0): dataset.test_images[:5], ("rotate", 2): dataset.test_images[:5, ::-1].copy()}
    corrupted = CorruptedImages(sets, dataset.test_labels[:5].astype(np.int64))
    cues = cue_images(dataset, 1)
    outside = OutsideImages("other", pictures[0, ::-1].copy())
    inputs = EvaluationInputs(dataset, GROUP_OF, photos, lambda: corrupted, lambda: cues, outside)
    return folder, inputs, *evaluate_variant(folder, inputs, runtime, views=True, focus=True)


def test_everything_that_is_asked_is_evidence(asked: Asked, dataset: Dataset, runtime: Runtime) -> None:
    folder, inputs, found, features = asked
    assert inputs.photos is not None
    assert inputs.corrupted is not None
    plain, plain_features = evaluate_variant(folder, only(dataset), runtime)
    np.testing.assert_array_equal(found.test_logits, plain.test_logits)
    np.testing.assert_array_equal(features, plain_features)
    assert found.views == asdict(compare_views(folder, 2, dataset, runtime))
    expected = evaluate_corrupted(folder, dataset, inputs.corrupted(), runtime)
    assert found.corrupted is not None
    assert found.corrupted.conditions == expected.conditions == (("", 0), ("rotate", 2))
    np.testing.assert_array_equal(found.corrupted.right, expected.right)
    np.testing.assert_array_equal(found.corrupted.ece, expected.ece)
    assert inputs.cues is not None
    preferred = evaluate_cues(folder, dataset, inputs.cues(), runtime).preferred
    assert found.cues is not None
    np.testing.assert_array_equal(found.cues.preferred, preferred)
    first = run_seeds(folder, load_description(folder), (0,), only(dataset), runtime)
    both = first.test[0].features, first.valid[0].features
    for focus in (True, False):
        evaluation, _ = evaluate_variant(
            folder, EvaluationInputs(dataset, GROUP_OF, inputs.photos), runtime, focus=focus
        )
        assert evaluation.corrupted is evaluation.views is None
        shown = photo_outputs(folder, plain, both, dataset, inputs.photos, runtime, focus=focus)
        same_photos(evaluation, replace(plain, photos=shown))
        assert bool(shown.ablations) == bool(shown.garments) == focus
        if focus:
            same_photos(found, evaluation)


def test_outside_images_and_suspects_are_evidence(asked: Asked, dataset: Dataset, runtime: Runtime) -> None:
    folder, inputs, found, _ = asked
    assert inputs.outside is not None
    assert found.photos is not None
    assert found.outside is not None
    assert found.outside.test_distances is found.photos.test_distances
    first = run_seeds(folder, load_description(folder), (0,), only(dataset), runtime)
    features = first.test[0].features, first.valid[0].features
    alone = EvaluationInputs(dataset, GROUP_OF, outside=inputs.outside)
    without, _ = evaluate_variant(folder, alone, runtime)
    for one in (found.outside, without.outside):
        expected = evaluate_outside(readers_of(folder, dataset, runtime), inputs.outside, features, None)
        assert one is not None
        for name, values in vars(expected).items():
            np.testing.assert_array_equal(getattr(one, name), values)
    assert found.suspects is not None
    assert without.suspects is None
    suspects = find_suspects(found, dataset.test_images, dataset.test_labels)
    np.testing.assert_array_equal(found.suspects.indices, suspects.indices)
    np.testing.assert_array_equal(found.suspects.images, suspects.images)


def test_readouts_are_those_of_every_seed(asked: Asked, dataset: Dataset, runtime: Runtime) -> None:
    folder, _, found, _ = asked
    read = found.readouts
    assert read is not None
    assert (
        read.pairs
        == look_alike_pairs(GROUP_OF)
        == ((0, 2), (0, 4), (0, 6), (2, 4), (2, 6), (4, 6), (5, 7), (5, 9), (7, 9))
    )
    test, valid = evaluation_images(dataset, 24, runtime)
    for s, seed in enumerate((0, 3)):
        model = restore_model(folder, load_description(folder), seed, runtime)
        of_valid, of_test = (
            LabelledFeatures(infer(model, images, keep_features=True).features, images.labels.numpy())
            for images in (valid, test)
        )
        expected = read_out_seed(of_valid, of_test, read.pairs)
        np.testing.assert_array_equal(read.probe[s], expected.probe[0])
        np.testing.assert_array_equal(read.neighbours[s], expected.neighbours[0])
        assert read.effective_rank[s] == expected.effective_rank[0]


def test_corrupted_images_and_cues_are_made_once_and_when_they_are_asked_for(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    for name in ("corrupted_images", "cue_images"):
        monkeypatch.setattr(f"lookalike.evaluation.evaluate_variant.{name}", lambda data, count: made.append(count))
    inputs = only(dataset).with_corrupted(3)
    assert made == []
    assert inputs.corrupted is not None
    assert inputs.cues is not None
    for ask in (inputs.corrupted, inputs.cues) * 2:
        ask()
    assert made == [3, 3]
    assert (inputs.dataset, inputs.photos, inputs.outside) == (dataset, None, None)


def same_photos(one: Evaluation, other: Evaluation) -> None:
    """What both say about photographs is the same, number by number."""
    assert one.photos is not None
    assert other.photos is not None
    for part in ("logits", "ablations", "distances", "garments"):
        ours, theirs = getattr(one.photos, part), getattr(other.photos, part)
        assert list(ours) == list(theirs)
        for key in ours:
            np.testing.assert_array_equal(ours[key], theirs[key])
    np.testing.assert_array_equal(one.photos.test_distances, other.photos.test_distances)


def test_evidence_of_models_comes_back_as_it_was(asked: Asked, dataset: Dataset, tmp_path: Path) -> None:
    _, _, found, _ = asked
    save_evaluation(tmp_path, found)
    back = load_evaluation(tmp_path)
    assert (back.seeds, back.diverged, back.views) == ((0, 3), 1, found.views)
    assert back.test_logits.dtype == found.test_logits.dtype == np.float16
    np.testing.assert_array_equal(back.test_logits, found.test_logits)
    np.testing.assert_array_equal(back.temperatures, found.temperatures)
    before, after = (score_variant(one, dataset.test_labels, dataset.class_names) for one in (found, back))
    assert before == after
    assert before.details["views"] == found.views
    assert found.photos is not None
    halved = {recipe: in_half(logits) for recipe, logits in found.photos.logits.items()}
    same_photos(back, replace(found, photos=replace(found.photos, logits=halved)))
    assert found.validation is not None
    assert back.validation is not None
    np.testing.assert_array_equal(back.validation.right, found.validation.right)
    np.testing.assert_array_equal(back.validation.confidence, found.validation.confidence)
    assert found.train_right is not None
    np.testing.assert_array_equal(back.train_right, found.train_right)


@pytest.mark.parametrize("colour", [False, True])
def test_an_augmentation_is_shown_on_a_training_image_of_each_of_the_first_classes(
    save_seeds: Saver, dataset: Dataset, colour_dataset: Dataset, colour: bool
) -> None:
    data, settings = colour_dataset if colour else dataset, {"crop": 2}
    found = augmented_examples(load_description(save_seeds({0: None}, augmentation=settings)), data)
    assert found is not None
    assert found.images.shape == (AUGMENTED, *data.train_images.shape[1:])
    assert found.draws.shape == (DRAWS, *found.images.shape)
    assert (found.images.dtype, found.draws.dtype, found.labels.dtype) == (np.uint8, np.uint8, np.int64)
    assert found.labels.tolist() == list(range(AUGMENTED))
    for image, label in zip(found.images, found.labels, strict=True):
        mine = [k for k in data.train_indices if data.train_labels[k] == label]  # not those held out
        np.testing.assert_array_equal(image, data.train_images[mine[0]])
    drawn = example_draws(from_settings(settings, data), found.images, found.labels, DRAWS)
    np.testing.assert_array_equal(found.draws, drawn)
    assert (found.draws[0] != found.draws[1]).any()


@pytest.mark.parametrize("settings", [None, {}])
def test_without_augmentation_none_is_shown(save_seeds: Saver, dataset: Dataset, settings: dict[str, Any]) -> None:
    assert augmented_examples(load_description(save_seeds({0: None}, augmentation=settings)), dataset) is None


def test_examples_of_an_augmentation_are_part_of_the_evidence(
    asked: Asked, dataset: Dataset, runtime: Runtime, tmp_path: Path, save_seeds: Saver
) -> None:
    folder, _, found, _ = asked
    expected = augmented_examples(load_description(folder), dataset)
    save_evaluation(tmp_path, found)
    assert expected is not None
    for one in (found.augmented, load_evaluation(tmp_path).augmented):
        assert one is not None
        for name, values in vars(expected).items():
            np.testing.assert_array_equal(getattr(one, name), values)
    plain, _ = evaluate_variant(save_seeds({0: None}), only(dataset), runtime)
    assert plain.augmented is None
