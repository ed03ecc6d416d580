"""Models at work on photographs against plain forward passes, and what only a focus variant is shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from descriptions import described
from garment_dataset import CLASSES, garment_dataset
from numpy.typing import NDArray
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Evaluation, PhotoOutputs, load_evaluation, save_evaluation
from lookalike.artifacts.models import SeedRecord, load_description, save_model
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.artifacts.test_sets import TestSet
from lookalike.data.failed_preparations import STRENGTHS, WAYS, imitate_failure
from lookalike.drawn.garments import draw_garments
from lookalike.evaluation import photo_outputs as photo_variant
from lookalike.evaluation.evaluate_variant import EvaluationInputs, evaluate_variant, run_seeds
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.photo_outputs import photo_outputs
from lookalike.models.registry import create_model
from lookalike.photographs.comparison import study_photos
from lookalike.runtime import Runtime

Images = NDArray[np.uint8]
ABOUT = [
    {
        "name": f"{k}.jpg",
        "half": half,
        "doubtful": "no",
        "background": "plain",
        "items": "single",
        "view": "",
        "worn": "",
    }
    for k, half in enumerate(("choose", "score", "choose", "score", "score", "choose"))
]
SEEDS = (4, 1)  # in the order of the description; seed 0 diverged
TWIN, ONCE = 3, 4  # photographs that stand eleven times and once among the validation images
PREPARATIONS = tuple(Preparation(*way) for way in (("plain", ""), ("plain", "mask"), ("cut", ""), ("cut", "centre")))


@dataclass(frozen=True)
class Case:
    """A model folder, its models by seed, what they are shown, and their features of test and validation images."""

    folder: Path
    models: dict[int, nn.Module]
    dataset: Dataset
    evaluation: Evaluation
    features: tuple[NDArray[np.floating], NDArray[np.floating]]
    photos: PhotoSet


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Drawn garments, 50 of them held out, 31 to test on; six photographs prepared in four ways; untrained models."""
    images, labels = draw_garments(121, seed=3)
    images[40:50] = images[70]  # ten copies
    dataset = garment_dataset(images, labels)
    dataset = replace(dataset, valid_indices=dataset.valid_indices[::-1].copy())
    shown, _ = draw_garments(24, seed=11)
    shown = shown.reshape(4, 6, 28, 28)
    shown[2, TWIN] = images[70]
    shown[2, ONCE] = images[60]
    photos = PhotoSet(PREPARATIONS, shown, np.array([1, -1, 3, 0, 2, 9]), CLASSES, ABOUT, {})
    models = {}
    for seed in SEEDS:
        torch.manual_seed(seed)
        models[seed] = create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).eval()
    ends = tuple(SeedRecord(seed, epochs=2, diverged_in=None if seed in SEEDS else 1) for seed in (0, *SEEDS))
    description = described(valid_images=50, class_names=CLASSES, seeds=ends)
    folder = tmp_path_factory.mktemp("models") / "cnn"
    save_model(folder, description, {seed: model.state_dict() for seed, model in models.items()}, [])
    runtime = Runtime(torch.device("cpu"))
    inputs = EvaluationInputs(dataset, np.arange(10))
    evaluation, features = evaluate_variant(folder, inputs, runtime)
    valid_features = run_seeds(folder, load_description(folder), SEEDS[:1], inputs, runtime).valid[0].features
    return Case(folder, models, dataset, evaluation, (features, valid_features), photos)


Run = Callable[..., PhotoOutputs]


@pytest.fixture
def run(case: Case, runtime: Runtime) -> Run:
    """`photo_outputs` of the case, `run(focus=True)`; with other photographs `run(photos, focus=True)`."""

    def look(photos: PhotoSet = case.photos, *, focus: bool) -> PhotoOutputs:
        return photo_outputs(case.folder, case.evaluation, case.features, case.dataset, photos, runtime, focus=focus)

    return look


@torch.inference_mode()
def forward(layer: nn.Module, images: Images) -> NDArray[np.float32]:
    """All images at once, normalised by hand."""
    return layer(torch.from_numpy((images[:, None] / 255 - 0.3) / 0.4).float()).numpy()


def close(found: NDArray[np.floating], expected: NDArray[np.floating]) -> None:
    """Logits may be kept in half precision: 11 bits, which rounding gets wrong by at most 2**-11 of the value."""
    np.testing.assert_allclose(found, expected, rtol=2**-11 + 1e-4, atol=1e-5)


def tenth_nearest(features: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.floating]:
    ours, theirs = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (features, references))
    return np.sort(np.linalg.norm(ours[:, None] - theirs, axis=2), axis=1)[:, 9]


def held_out(case: Case) -> Images:
    """Validation images in the split's order."""
    return case.dataset.train_images[case.dataset.valid_indices]


def test_logits_of_every_seed_on_every_whole_recipe(case: Case, run: Run) -> None:
    logits = run(focus=True).logits
    assert list(logits) == ["plain", "cut"]
    for recipe, images in (("plain", case.photos.images[0]), ("cut", case.photos.images[2])):
        assert logits[recipe].shape == (2, 6, 10)
        close(logits[recipe], np.stack([forward(case.models[seed], images) for seed in SEEDS]))
    assert (logits["plain"][0] != logits["plain"][1]).any()


def test_a_probed_variant_sees_photographs_with_steps_left_out(case: Case, run: Run) -> None:
    ablations = run(focus=True).ablations
    assert list(ablations) == [PREPARATIONS[1], PREPARATIONS[3]]
    for way, images in ((PREPARATIONS[1], case.photos.images[1]), (PREPARATIONS[3], case.photos.images[3])):
        expected = forward(case.models[SEEDS[0]], images)
        assert ablations[way].tolist() == expected.argmax(axis=1).tolist()


def test_a_probed_variant_sees_corrupted_test_images(case: Case, run: Run) -> None:
    found, images = run(focus=True).garments, case.dataset.test_images
    assert list(found) == list(WAYS)
    for way, predicted in found.items():
        assert (predicted.shape, predicted.dtype) == ((len(STRENGTHS), 31), np.int64)
        expected = [forward(case.models[SEEDS[0]], imitate_failure(images, way, s)).argmax(axis=1) for s in STRENGTHS]
        np.testing.assert_array_equal(predicted, expected)
        assert (predicted[0] != predicted[-1]).any()


def test_strength_zero_is_the_test_images_themselves(case: Case, run: Run) -> None:
    assert STRENGTHS[0] == 0
    untouched = case.evaluation.test_logits[0].argmax(axis=1)
    assert len(set(untouched)) > 1
    for predicted in run(focus=True).garments.values():
        np.testing.assert_array_equal(predicted[0], untouched)


def test_a_variant_that_is_not_probed_sees_whole_recipes_alone(run: Run) -> None:
    focus, plain = run(focus=True), run(focus=False)
    assert plain.ablations == plain.garments == {}
    for recipe in ("plain", "cut"):
        np.testing.assert_array_equal(plain.logits[recipe], focus.logits[recipe])
        np.testing.assert_array_equal(plain.distances[recipe], focus.distances[recipe])
    np.testing.assert_array_equal(plain.test_distances, focus.test_distances)


def test_distances_are_those_to_the_tenth_nearest_validation_image(case: Case, run: Run) -> None:
    outputs, layer = run(focus=False), case.models[SEEDS[0]].features
    assert isinstance(layer, nn.Module)
    references = forward(layer, held_out(case))
    for recipe, images in (("plain", case.photos.images[0]), ("cut", case.photos.images[2])):
        np.testing.assert_allclose(
            outputs.distances[recipe], tenth_nearest(forward(layer, images), references), atol=1e-4
        )
    tests = tenth_nearest(forward(layer, case.dataset.test_images), references)
    np.testing.assert_allclose(outputs.test_distances, tests, atol=1e-4)
    assert outputs.test_distances.shape == (31,)


def test_few_validation_images_are_all_neighbours(case: Case, runtime: Runtime) -> None:
    few = case.features[0], case.features[1][:2]
    found = photo_outputs(case.folder, case.evaluation, few, case.dataset, case.photos, runtime, focus=False)
    assert all(np.isfinite(distances).all() for distances in found.distances.values())
    assert np.isfinite(found.test_distances).all()


def test_only_a_photograph_with_ten_twins_among_the_references_lies_at_no_distance(case: Case, run: Run) -> None:
    twins = (held_out(case) == case.photos.images[2, TWIN]).all(axis=(1, 2))
    once = (held_out(case) == case.photos.images[2, ONCE]).all(axis=(1, 2))
    assert (twins.sum(), once.sum()) == (11, 1)
    distances = run(focus=False).distances["cut"]
    assert distances[TWIN] < 1e-4
    assert np.delete(distances, TWIN).min() > 0.01


def test_only_the_first_images_are_taken(monkeypatch: pytest.MonkeyPatch, case: Case, run: Run) -> None:
    before = run(focus=True)
    for name, count in (("REFERENCES", 30), ("TESTED", 7), ("GARMENTS", 5)):
        monkeypatch.setattr(photo_variant, name, count)
    outputs, layer = run(focus=True), case.models[SEEDS[0]].features
    assert isinstance(layer, nn.Module)
    references = forward(layer, held_out(case)[:30])
    expected = tenth_nearest(forward(layer, case.photos.images[2]), references)
    np.testing.assert_allclose(outputs.distances["cut"], expected, atol=1e-4)
    assert (outputs.distances["cut"] > before.distances["cut"]).any()
    tests = tenth_nearest(forward(layer, case.dataset.test_images[:7]), references)
    np.testing.assert_allclose(outputs.test_distances, tests, atol=1e-4)
    for way, predicted in outputs.garments.items():
        np.testing.assert_array_equal(predicted, before.garments[way][:, :5])


def test_a_single_seed_has_logits_of_its_own(case: Case, runtime: Runtime, run: Run) -> None:
    one = replace(case.evaluation, seeds=(1,))
    outputs = photo_outputs(case.folder, one, case.features, case.dataset, case.photos, runtime, focus=False)
    both = run(focus=False)
    assert outputs.logits["cut"].shape == (1, 6, 10)
    np.testing.assert_array_equal(outputs.logits["cut"][0], both.logits["cut"][1])


def test_a_variant_of_which_every_seed_diverged_is_not_run(case: Case, runtime: Runtime, tmp_path: Path) -> None:
    ends = (SeedRecord(0, epochs=1, diverged_in=0),)
    save_model(tmp_path / "cnn", described(valid_images=50, class_names=CLASSES, seeds=ends), {}, [])
    inputs = EvaluationInputs(case.dataset, np.arange(10), case.photos)
    nothing, _ = evaluate_variant(tmp_path / "cnn", inputs, runtime, focus=True)
    assert (nothing.seeds, nothing.diverged, nothing.photos) == ((), 1, None)


@pytest.mark.parametrize("focus", [True, False])
def test_figures_of_reloaded_outputs_are_those_from_before_they_were_saved(
    case: Case, run: Run, tmp_path: Path, focus: bool
) -> None:
    evaluation = replace(case.evaluation, photos=run(focus=focus))
    save_evaluation(tmp_path, evaluation)

    none, labels = np.zeros(0, np.int64), case.dataset.test_labels.astype(np.int64)
    tested = TestSet("drawn", CLASSES, labels, none, case.dataset.test_images[:0], none, none, "", {}, case.photos)

    def figures(one: Evaluation) -> dict[str, Any]:
        assert one.photos is not None
        sides = {"cnn": Side(one.test_logits, one.temperatures)}
        group_of = np.array([0, 1, 0, 2, 1, 0, 3, 3, 0, 4])
        return study_photos({"cnn": one.photos}, sides, tested, group_of, [("cnn", "cnn")], "g")

    before, after = figures(evaluation), figures(load_evaluation(tmp_path))
    assert bool(before["ablations"]) == focus
    for part, found in before.items():
        assert after[part] == found, part
