"""Models at work on photographs against plain forward passes, and what only a probed variant is shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import save_model
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.data.garments import draw_garments
from lookalike.evaluation import photo_variant
from lookalike.evaluation.absorption import SPOILERS, spoiled
from lookalike.evaluation.photo_variant import STRENGTHS, PhotoOutputs, photo_outputs
from lookalike.evaluation.variant import Evaluation, evaluate_variant
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime

Images = NDArray[np.uint8]
SEEDS = (4, 1)  # in the order of the description; seed 0 diverged
CLASSES = tuple("abcdefghij")
TWIN, ONCE = 3, 4  # photographs that stand eleven times and once among the validation images
PREPARATIONS = tuple(Preparation(*way) for way in (("plain", ""), ("plain", "mask"), ("cut", ""), ("cut", "centre")))


@dataclass(frozen=True)
class Case:
    """A model folder, its models by seed, and what they are shown."""

    folder: Path
    models: dict[int, nn.Module]
    dataset: Dataset
    evaluation: Evaluation
    photos: PhotoSet


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Drawn garments, 50 of them held out, 31 to test on; six photographs prepared in four ways; untrained models."""
    images, labels = draw_garments(121, seed=3)
    images[40:50] = images[70]  # ten copies
    dataset = Dataset(
        name="drawn",
        class_names=CLASSES,
        train_images=images[:90],
        train_labels=labels[:90],
        test_images=images[90:],
        test_labels=labels[90:],
        train_indices=np.arange(40),
        valid_indices=np.arange(40, 90)[::-1].copy(),
        mean=(0.3,),
        std=(0.4,),
        provenance={},
    )
    shown, _ = draw_garments(24, seed=11)
    shown = shown.reshape(4, 6, 28, 28)
    shown[2, TWIN] = images[70]
    shown[2, ONCE] = images[60]
    photos = PhotoSet(PREPARATIONS, shown, np.array([1, -1, 3, 0, 2, 9]), CLASSES, [], {})
    models = {}
    for seed in SEEDS:
        torch.manual_seed(seed)
        models[seed] = create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).eval()
    ends = [{"seed": seed, "epochs": 2, "diverged_in": None if seed in SEEDS else 1} for seed in (0, *SEEDS)]
    description = {
        "model": "fashion_cnn",
        "model_args": {},
        "valid_images": 50,
        "preprocessing": None,
        "input_shape": (1, 28, 28),
        "class_names": CLASSES,
        "seeds": ends,
    }
    folder = tmp_path_factory.mktemp("models") / "cnn"
    save_model(folder, description, {seed: model.state_dict() for seed, model in models.items()}, [])
    evaluation = evaluate_variant(folder, dataset, Runtime(torch.device("cpu")))
    return Case(folder, models, dataset, evaluation, photos)


Run = Callable[..., PhotoOutputs]


@pytest.fixture
def run(case: Case, runtime: Runtime) -> Run:
    """`photo_outputs` of the case, `run(probed=True)`; with other photographs `run(photos, probed=True)`."""

    def look(photos: PhotoSet = case.photos, *, probed: bool) -> PhotoOutputs:
        return photo_outputs(case.folder, case.evaluation, case.dataset, photos, runtime, probed=probed)

    return look


@torch.inference_mode()
def forward(layer: nn.Module, images: Images) -> NDArray[np.float32]:
    """All images at once, normalised by hand."""
    return layer(torch.from_numpy((images[:, None] / 255 - 0.3) / 0.4).float()).numpy()


def close(found: NDArray[np.floating], expected: NDArray[np.floating]) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def tenth_nearest(features: NDArray[np.float32], references: NDArray[np.float32]) -> NDArray[np.floating]:
    ours, theirs = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (features, references))
    return np.sort(np.linalg.norm(ours[:, None] - theirs, axis=2), axis=1)[:, 9]


def held_out(case: Case) -> Images:
    """Validation images in the split's order."""
    return case.dataset.train_images[case.dataset.valid_indices]


def test_logits_of_every_seed_on_every_whole_recipe(case: Case, run: Run) -> None:
    logits = run(probed=True).logits
    assert list(logits) == ["plain", "cut"]
    for recipe, images in (("plain", case.photos.images[0]), ("cut", case.photos.images[2])):
        assert (logits[recipe].shape, logits[recipe].dtype) == ((2, 6, 10), np.float32)
        close(logits[recipe], np.stack([forward(case.models[seed], images) for seed in SEEDS]))
    assert (logits["plain"][0] != logits["plain"][1]).any()


def test_a_probed_variant_sees_photographs_with_steps_left_out(case: Case, run: Run) -> None:
    ablations = run(probed=True).ablations
    assert list(ablations) == [PREPARATIONS[1], PREPARATIONS[3]]
    for way, images in ((PREPARATIONS[1], case.photos.images[1]), (PREPARATIONS[3], case.photos.images[3])):
        assert (ablations[way].shape, ablations[way].dtype) == ((6, 10), np.float32)
        close(ablations[way], forward(case.models[SEEDS[0]], images))


def test_a_probed_variant_sees_spoiled_test_images(case: Case, run: Run) -> None:
    found, images = run(probed=True).spoiled, case.dataset.test_images
    assert list(found) == list(SPOILERS)
    for way, predicted in found.items():
        assert (predicted.shape, predicted.dtype) == ((len(STRENGTHS), 31), np.int64)
        expected = [forward(case.models[SEEDS[0]], spoiled(images, way, s)).argmax(axis=1) for s in STRENGTHS]
        np.testing.assert_array_equal(predicted, expected)
        assert (predicted[0] != predicted[-1]).any()


def test_strength_zero_is_the_test_images_themselves(case: Case, run: Run) -> None:
    assert STRENGTHS[0] == 0
    assert case.evaluation.predictions is not None
    untouched = case.evaluation.predictions.test_logits[0].argmax(axis=1)
    assert len(set(untouched)) > 1
    for predicted in run(probed=True).spoiled.values():
        np.testing.assert_array_equal(predicted[0], untouched)


def test_a_variant_that_is_not_probed_sees_whole_recipes_alone(run: Run) -> None:
    probed, plain = run(probed=True), run(probed=False)
    assert plain.ablations == plain.spoiled == {}
    for recipe in ("plain", "cut"):
        np.testing.assert_array_equal(plain.logits[recipe], probed.logits[recipe])
        np.testing.assert_array_equal(plain.distances[recipe], probed.distances[recipe])
    np.testing.assert_array_equal(plain.test_distances, probed.test_distances)


def test_distances_are_those_to_the_tenth_nearest_validation_image(case: Case, run: Run) -> None:
    outputs, layer = run(probed=False), case.models[SEEDS[0]].features
    assert isinstance(layer, nn.Module)
    references = forward(layer, held_out(case))
    for recipe, images in (("plain", case.photos.images[0]), ("cut", case.photos.images[2])):
        np.testing.assert_allclose(
            outputs.distances[recipe], tenth_nearest(forward(layer, images), references), atol=1e-4
        )
    tests = tenth_nearest(forward(layer, case.dataset.test_images), references)
    np.testing.assert_allclose(outputs.test_distances, tests, atol=2e-3)  # whose features were kept in half precision
    assert outputs.test_distances.shape == (31,)


def test_few_validation_images_are_all_neighbours(case: Case, runtime: Runtime) -> None:
    few = replace(case.evaluation, valid_features=case.evaluation.valid_features[:2])
    found = photo_outputs(case.folder, few, case.dataset, case.photos, runtime, probed=False)
    assert all(np.isfinite(distances).all() for distances in found.distances.values())
    assert np.isfinite(found.test_distances).all()


def test_only_a_photograph_with_ten_twins_among_the_references_lies_at_no_distance(case: Case, run: Run) -> None:
    twins = (held_out(case) == case.photos.images[2, TWIN]).all(axis=(1, 2))
    once = (held_out(case) == case.photos.images[2, ONCE]).all(axis=(1, 2))
    assert (twins.sum(), once.sum()) == (11, 1)
    distances = run(probed=False).distances["cut"]
    assert distances[TWIN] < 1e-4
    assert np.delete(distances, TWIN).min() > 0.01


def test_only_the_first_images_are_taken(monkeypatch: pytest.MonkeyPatch, case: Case, run: Run) -> None:
    before = run(probed=True)
    for name, count in (("REFERENCES", 30), ("TESTED", 7), ("SPOILED", 5)):
        monkeypatch.setattr(photo_variant, name, count)
    outputs, layer = run(probed=True), case.models[SEEDS[0]].features
    assert isinstance(layer, nn.Module)
    references = forward(layer, held_out(case)[:30])
    expected = tenth_nearest(forward(layer, case.photos.images[2]), references)
    np.testing.assert_allclose(outputs.distances["cut"], expected, atol=1e-4)
    assert (outputs.distances["cut"] > before.distances["cut"]).any()
    tests = tenth_nearest(forward(layer, case.dataset.test_images[:7]), references)
    np.testing.assert_allclose(outputs.test_distances, tests, atol=2e-3)
    for way, predicted in outputs.spoiled.items():
        np.testing.assert_array_equal(predicted, before.spoiled[way][:, :5])


def test_a_single_seed_has_logits_of_its_own(case: Case, runtime: Runtime, run: Run) -> None:
    predictions = case.evaluation.predictions
    assert predictions is not None
    one = replace(case.evaluation, predictions=replace(predictions, seeds=(1,)))
    outputs = photo_outputs(case.folder, one, case.dataset, case.photos, runtime, probed=False)
    both = run(probed=False)
    assert outputs.logits["cut"].shape == (1, 6, 10)
    np.testing.assert_array_equal(outputs.logits["cut"][0], both.logits["cut"][1])


def test_a_variant_of_which_every_seed_diverged_is_not_run(case: Case, runtime: Runtime) -> None:
    nothing = Evaluation({"seeds": 0, "diverged": 3}, {"seeds": []}, None)
    with pytest.raises(AssertionError):
        photo_outputs(case.folder, nothing, case.dataset, case.photos, runtime, probed=False)
