"""A seed's model as it was trained and as its training found it, and the images that it is shown."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from conftest import TINY_ARGUMENTS, effective, granted
from numpy.typing import NDArray
from safetensors.torch import save_file

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import SeedRecord, save_model
from lookalike.explain.maps import explain_all, label_target
from lookalike.explain.methods import applicable_methods
from lookalike.explain.subject import Images, Subject, load_subject
from lookalike.models.registry import MODELS
from lookalike.params import Variant
from lookalike.runtime import Runtime, seeded
from lookalike.training.pretrained import StartingWeights
from lookalike.training.train_variant import build, initial_description, train_variant

SEEDS = (4, 1, 0)
Find = Callable[..., Subject]


def first_images(dataset: Dataset, count: int = 6) -> Images:
    """Test images, of which no model was asked what it takes them for."""
    return Images(dataset.test_images[:count], np.arange(count), (np.arange(count) + 3) % 10)


@pytest.fixture
def find(tmp_path: Path, make_variant: Callable[..., Variant], runtime: Runtime) -> Find:
    """One seed of a model, with weights that no training begins with: `find("fashion_cnn", 4, dataset)`."""

    def found(name: str, seed: int, dataset: Dataset) -> Subject:
        variant, weights = make_variant(name, model_args=TINY_ARGUMENTS.get(name, {})), {}
        for one in SEEDS:
            torch.manual_seed(one)
            weights[one] = build(effective(variant), dataset).state_dict()
        ends = tuple(SeedRecord(one, 3, None) for one in SEEDS)
        about = replace(initial_description(effective(variant), dataset, 72, 24), seeds=ends, kept_epochs=(2,))
        save_model(tmp_path / name, about, weights, [], {2: build(effective(variant), dataset).state_dict()})
        return load_subject(tmp_path / name, seed, dataset, runtime, first_images(dataset))

    return found


@pytest.mark.parametrize(("seed", "epochs"), [(0, [2]), (4, [])])
def test_the_first_seed_has_the_weights_of_the_epochs_that_were_kept(
    seed: int, epochs: list[int], find: Find, dataset: Dataset
) -> None:
    subject = find("fashion_cnn", seed, dataset)
    assert list(subject.kept) == epochs
    for model in subject.kept.values():
        assert not model.training
        assert not torch.equal(model.head.weight, subject.model.head.weight)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", MODELS)
def test_the_untrained_model_is_the_one_that_training_begins_with(
    name: str, seed: int, find: Find, dataset: Dataset, make_variant: Callable[..., Variant]
) -> None:
    subject = find(name, seed, dataset)
    with seeded(seed, "init"):
        begun = build(effective(make_variant(name, model_args=TINY_ARGUMENTS.get(name, {}))), dataset).state_dict()
    torch.manual_seed(seed)
    saved = build(effective(make_variant(name, model_args=TINY_ARGUMENTS.get(name, {}))), dataset).state_dict()
    for model, weights in ((subject.untrained, begun), (subject.model, saved)):
        assert model.state_dict().keys() == weights.keys()
        assert all(torch.equal(values, weights[key]) for key, values in model.state_dict().items())
        assert not any(layer.training for layer in model.modules())
    assert any(not torch.equal(values, saved[key]) for key, values in begun.items())


def test_a_fine_tuned_model_was_untrained_when_it_had_the_published_weights(
    tmp_path: Path, colour_dataset: Dataset, make_variant: Callable[..., Variant], runtime: Runtime
) -> None:
    file, budget = tmp_path / "weights.safetensors", granted(seeds=2, max_images=16)
    torch.manual_seed(3)
    save_file(timm.create_model("test_resnet", num_classes=1000).state_dict(), file)
    variant = make_variant("zoo_resnet", model_args={"network": "test_resnet"}, pretrained=True, epochs=2)
    settings, weights = effective(variant, budget), StartingWeights("test_resnet", file, "0" * 64)
    trained = train_variant(
        settings, 2, colour_dataset, runtime, checkpoint=lambda name: tmp_path / f"{name}.pt", weights=weights
    )
    save_model(tmp_path / "model", trained.description, trained.weights, trained.history, trained.kept)
    file.unlink()  # what the run began with is in the folder of the model
    for seed in (0, 1):
        subject = load_subject(tmp_path / "model", seed, colour_dataset, runtime, first_images(colour_dataset))
        states = [(subject.untrained, trained.kept[0]), (subject.model, trained.weights[seed])]
        for model, expected in states:
            assert model.state_dict().keys() == expected.keys()
            assert all(torch.equal(values, expected[key]) for key, values in model.state_dict().items())
            assert not any(layer.training for layer in model.modules())
        assert not subject.untrained.head.weight.any()
        assert subject.model.head.weight.any()
        assert list(subject.kept) == []


def test_inputs_are_the_normalised_images(find: Find, dataset: Dataset, colour_dataset: Dataset) -> None:
    grey = find("fashion_cnn", 4, replace(dataset, mean=(0.3,), std=(0.4,)))
    expected = (dataset.test_images[:6, None] / 255 - 0.3) / 0.4
    np.testing.assert_allclose(grey.inputs, expected, rtol=1e-5, atol=1e-6)
    colour = find("fashion_cnn", 4, colour_dataset)
    expected = (colour_dataset.test_images[:6] / 255 - colour_dataset.mean) / colour_dataset.std
    np.testing.assert_allclose(colour.inputs, expected.transpose(0, 3, 1, 2), rtol=1e-5, atol=1e-6)
    assert colour.predicted.tolist() == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("name", MODELS)
def test_methods_are_those_that_apply_to_the_model(name: str, find: Find, dataset: Dataset) -> None:
    subject = find(name, 4, dataset)
    assert list(subject.methods) == list(applicable_methods(subject.model))


def test_what_is_explained_is_the_prediction_if_not_said_otherwise(find: Find, dataset: Dataset) -> None:
    subject = find("fashion_vit", 4, dataset)
    method, target = subject.methods["HiResCAM"], label_target(torch.arange(6), 10)
    predicted = label_target(torch.from_numpy(subject.images.predicted), 10)
    for model, others in ((subject.model, {}), (subject.untrained, {"model": subject.untrained})):
        plain = explain_all(method, model, subject.inputs, predicted)
        assert torch.equal(subject.explain("HiResCAM", **others), plain)
        aimed = explain_all(method, model, subject.inputs, target)
        assert torch.equal(subject.explain("HiResCAM", target, **others), aimed)
        assert not torch.equal(plain, aimed)
    assert not torch.equal(subject.explain("HiResCAM"), subject.explain("HiResCAM", model=subject.untrained))


@pytest.mark.parametrize("where", [np.array([5, 0, 0]), slice(2)])
def test_a_part_has_images_of_its_own_and_the_same_model(
    where: NDArray[np.int64] | slice, find: Find, dataset: Dataset
) -> None:
    subject = find("fashion_vit", 4, dataset)
    inputs, predicted = subject.inputs, subject.predicted
    part = subject.part(where)
    assert part.model is subject.model
    assert part.untrained is subject.untrained
    assert torch.equal(part.inputs, inputs[where])
    assert torch.equal(part.predicted, predicted[where])
    assert part.images.labels.tolist() == np.arange(6)[where].tolist()
    torch.testing.assert_close(part.explain("Grad-CAM"), subject.explain("Grad-CAM")[where], rtol=1e-4, atol=1e-7)


def test_other_images_take_the_place_of_the_first(find: Find, dataset: Dataset) -> None:
    subject = find("fashion_vit", 4, dataset)
    others = Images(dataset.test_images[10:13], np.array([-1, 2, -1]), np.array([1, 1, 1]))
    shown = subject.of(others)
    assert shown.images is others
    assert (len(subject.inputs), len(shown.inputs), shown.predicted.tolist()) == (6, 3, [1, 1, 1])
    assert subject.of(subject.images) == subject
