"""The evidence of one variant is that of its first seed, on the images and photographs that the study asks about."""

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from descriptions import described
from garment_dataset import CLASSES, garment_dataset
from invented_evidence import EXPLAINED, assert_same

from lookalike.artifacts.evaluations import Evaluation
from lookalike.artifacts.explanations import Explanation, load_explanation, quantise_maps, save_explanation
from lookalike.artifacts.models import SeedRecord, save_model
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.data.masks import object_masks
from lookalike.drawn.garments import draw_garments
from lookalike.evaluation.cues import grey_objects
from lookalike.evaluation.evaluate_variant import EvaluationInputs, evaluate_variant
from lookalike.evaluation.groups import group_numbers, look_alike_pairs
from lookalike.explain.explain_study import ExplainSetup, explain_one
from lookalike.explain.pair_maps import pair_maps
from lookalike.explain.representations import layer_products
from lookalike.explain.seeds import SeedSetup, measure_seed
from lookalike.explain.subject import Images, load_subject
from lookalike.models.registry import create_model
from lookalike.params import load_params
from lookalike.runtime import Runtime

GROUPS = {"tops": ("a", "c"), "others": ("b", "d", "e"), "rest": ("f", "g", "h", "i", "j")}
COUNT = 31
RUNTIME = Runtime(torch.device("cpu"))


@dataclass(frozen=True)
class Case:
    """A model folder, what its variant said, and what is asked of it."""

    folder: Path
    seen: Evaluation
    asked: ExplainSetup


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Case:
    """Two seeds of an untrained network, the first of which diverged; drawn garments and six photographs."""
    images, labels = draw_garments(90 + COUNT, seed=3)
    dataset = garment_dataset(images, labels)
    shown, _ = draw_garments(12, seed=11)
    ways = Preparation("plain", ""), Preparation("cut", "")
    about = [{"name": f"{k}", "sender": sender} for k, sender in enumerate("aabcca")]
    photos = PhotoSet(ways, shown.reshape(2, 6, 28, 28), np.array([1, -1, 3, 0, 2, 9]), CLASSES, about, {})
    weights = {}
    for seed in (4, 1):
        torch.manual_seed(seed)
        weights[seed] = create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).state_dict()
    ends = tuple(SeedRecord(seed, epochs=2, diverged_in=None if seed in weights else 1) for seed in (0, *weights))
    folder = tmp_path_factory.mktemp("models") / "cnn"
    save_model(folder, described(valid_images=50, class_names=CLASSES, seeds=ends), weights, [])
    seen, _ = evaluate_variant(folder, EvaluationInputs(dataset, group_numbers(GROUPS, CLASSES), photos), RUNTIME)
    sample = load_params(root / "params.yaml").profiles["demo"].explain
    sample = sample.model_copy(update={"images_per_class": 2, "scored": 4, "heads_scored": 1})
    return Case(folder, seen, ExplainSetup(dataset, photos, "cut", GROUPS, sample, corrupt=False))


def explain(case: Case, *, focus: bool, **changes: Any) -> Explanation:
    return explain_one(case.folder, case.seen, replace(case.asked, **changes), RUNTIME, focus=focus)


@pytest.fixture(scope="module")
def plain(case: Case) -> Explanation:
    return explain(case, focus=False)


@pytest.fixture(scope="module")
def focused(case: Case) -> Explanation:
    return explain(case, focus=True, corrupt=True)


def first_two(labels: list[int]) -> list[int]:
    """The first image of each class, then the second of each."""
    return [
        [k for k, other in enumerate(labels) if other == label][rank]
        for rank in (0, 1)
        for label in sorted(set(labels))
        if labels.count(label) > rank
    ]


def test_the_first_of_each_class_are_explained_by_the_first_seed_that_did_not_diverge(
    case: Case, plain: Explanation
) -> None:
    labels = case.asked.dataset.test_labels.astype(int)
    assert plain.indices.tolist() == first_two(labels.tolist())
    predicted = case.seen.test_logits[0].argmax(1)
    images = Images(case.asked.dataset.test_images, labels, predicted)
    subject = load_subject(case.folder, 4, case.asked.dataset, RUNTIME, images.part(plain.indices))
    assert list(plain.maps) == list(subject.methods)
    for name, maps in plain.maps.items():
        np.testing.assert_allclose(maps, subject.explain(name), rtol=1e-4, atol=1e-6)
    assert plain.found["images"] == len(plain.indices)


def test_every_finished_seed_is_measured_on_the_same_images(case: Case, plain: Explanation) -> None:
    dataset, labels = case.asked.dataset, case.asked.dataset.test_labels.astype(int)
    assert [one.seed for one in plain.seeds] == list(case.seen.seeds) == [4, 1]
    for number, found in enumerate(plain.seeds):
        images = Images(dataset.test_images, labels, case.seen.test_logits[number].argmax(1)).part(plain.indices)
        subject = load_subject(case.folder, found.seed, dataset, RUNTIME, images)
        shared = SeedSetup(None, case.asked.group_of, None, focus=False, attributed=case.asked.sample.scored)
        assert found == measure_seed(found.seed, subject, shared)
    first, second = plain.seeds
    assert first.deviations != second.deviations
    assert first.filters is not None
    assert first.filters.selectivity.trained == pytest.approx(plain.found["tuning"]["selectivity"]["trained"]["value"])


def test_representations_are_those_of_the_first_images_of_each_class_in_every_seed(
    case: Case, plain: Explanation, focused: Explanation
) -> None:
    dataset, kept = case.asked.dataset, plain.representations
    assert kept is not None
    np.testing.assert_array_equal(kept.indices, plain.indices)  # fewer than ten of each class are explained
    assert kept.layers == ("conv1", "conv2", "conv3", "features")
    assert kept.products.shape == (2, 4, len(kept.indices) * (len(kept.indices) - 1) // 2)
    for number, seed in enumerate(case.seen.seeds):
        images = Images(dataset.test_images, dataset.test_labels, dataset.test_labels).part(kept.indices)
        subject = load_subject(case.folder, seed, dataset, RUNTIME, images)
        expected = layer_products(subject.model, subject.inputs)
        np.testing.assert_array_equal(kept.products[number], np.stack(list(expected.values())))
    assert_same(focused.representations, kept)


def test_look_alikes_are_contrasted_for_focus_variants(case: Case, plain: Explanation, focused: Explanation) -> None:
    assert plain.pair_maps is None
    assert focused.pair_maps is not None
    assert focused.pair_maps.pairs == case.asked.pairs == look_alike_pairs(case.asked.group_of)
    labels = case.asked.dataset.test_labels.astype(int)
    images = Images(case.asked.dataset.test_images, labels, labels)
    subjects = (load_subject(case.folder, seed, case.asked.dataset, RUNTIME, images) for seed in case.seen.seeds)
    every = [pair_maps(subject, case.asked.pairs, 1) for subject in subjects]
    np.testing.assert_allclose(focused.pair_maps.maps, np.mean(every, axis=0), rtol=1e-5, atol=1e-7)


def test_without_look_alikes_there_is_nothing_to_contrast(case: Case) -> None:
    alone = {f"group {name}": (name,) for name in CLASSES}
    assert explain(case, focus=True, groups=alone).pair_maps is None


def test_a_share_of_the_scored_images_is_contrasted(case: Case) -> None:
    for scored, contrasted in ((3, 1), (50, 10), (100, 20), (1000, 50)):
        asked = replace(case.asked, sample=case.asked.sample.model_copy(update={"scored": scored}))
        assert asked.contrasted == contrasted


def test_layers_of_a_focus_variant_alone_are_read_in_every_seed(plain: Explanation, focused: Explanation) -> None:
    assert [one.depth for one in plain.seeds] == [None, None]
    for one in focused.seeds:
        assert one.depth is not None
        assert [row.layer for row in one.depth] == ["conv1", "conv2", "conv3"]
        assert one.localisation is not None
    assert [one.localisation for one in plain.seeds] == [None, None]


def test_objects_are_masked_in_grey_and_colour_images(case: Case) -> None:
    assert case.asked.masks is not None
    np.testing.assert_array_equal(case.asked.masks, grey_objects(case.asked.dataset.test_images[case.asked.chosen]))
    grey = case.asked.dataset.test_images
    colour = replace(case.asked, dataset=replace(case.asked.dataset, test_images=np.stack([grey] * 3, axis=3)))
    assert colour.masks is not None
    assert colour.masks.shape == grey[colour.chosen].shape
    np.testing.assert_array_equal(colour.masks, object_masks(np.stack([grey] * 3, axis=3)[colour.chosen]))


def test_without_opencv_a_warning_says_what_is_not_measured(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "lookalike.data.masks", raising=False)
    monkeypatch.setitem(sys.modules, "cv2", None)
    grey = case.asked.dataset.test_images
    colour = replace(case.asked, dataset=replace(case.asked.dataset, test_images=np.stack([grey] * 3, axis=3)))
    with pytest.warns(UserWarning, match="OpenCV is not installed"):
        assert colour.masks is None


def test_photographs_are_explained_as_the_recipe_prepares_them(case: Case, plain: Explanation) -> None:
    photos, seen = case.asked.photos, case.seen.photos
    assert photos is not None
    assert seen is not None
    for recipe in ("cut", "plain"):
        one = plain if recipe == "cut" else explain(case, focus=False, recipe=recipe)
        predicted = seen.logits[recipe][0].argmax(1)
        shown = Images(photos.recipes[recipe], photos.labels, predicted)
        subject = load_subject(case.folder, 4, case.asked.dataset, RUNTIME, shown)
        assert one.photo_maps is not None
        np.testing.assert_allclose(one.photo_maps, quantise_maps(subject.explain(one.shown).numpy()), atol=1)
        assert one.recipe == recipe


def test_without_photographs_there_are_no_maps_of_them(case: Case) -> None:
    for one in (
        explain(case, focus=False, photos=None, recipe=""),
        explain_one(case.folder, replace(case.seen, photos=None), case.asked, RUNTIME, focus=False),
    ):
        assert one.photo_maps is None
        assert one.recipe == ""
        assert all(row["photographs"] is None for by in one.found["similarity"].values() for row in by.values())


def test_a_focus_variant_alone_is_looked_at_closely(plain: Explanation, focused: Explanation) -> None:
    assert plain.close_up is None
    assert (plain.found["contrast"], plain.found["responses"]) == (None, [])
    assert focused.close_up is not None
    assert focused.close_up.heads is None
    assert list(focused.close_up.inside) == ["untrained", "trained"]
    assert focused.close_up.layers
    assert [one["layer"] for one in focused.found["responses"]] == list(focused.close_up.responses)
    assert focused.close_up.responses
    for one in focused.close_up.responses.values():
        assert set(one.images.flat) <= set(focused.indices.tolist()), "of the images that are shown"
    assert (focused.close_up.contrast is None) == (focused.found["contrast"] is None)


def test_being_a_focus_variant_changes_nothing_that_every_variant_has(case: Case, plain: Explanation) -> None:
    close = explain(case, focus=True)
    for name, maps in plain.maps.items():
        np.testing.assert_array_equal(close.maps[name], maps)
    assert close.found | {"contrast": None, "responses": []} == plain.found
    assert close.close_up is not None
    assert close.close_up.layers == {}, "no images are corrupted"


def test_figures_are_json_and_named_as_the_page_of_the_format_lists_them(
    plain: Explanation, focused: Explanation
) -> None:
    for one in (plain, focused):
        assert tuple(one.found) == EXPLAINED
        assert json.loads(json.dumps(one.found, allow_nan=False)) == one.found
    assert plain.found["drift"] is None
    assert focused.found["drift"] is not None


def test_a_repetition_writes_the_same_bytes_and_comes_back(case: Case, focused: Explanation, tmp_path: Path) -> None:
    again = explain(case, focus=True, corrupt=True)
    for name, one in {"first": focused, "second": again}.items():
        (tmp_path / name).mkdir()
        save_explanation(tmp_path / name, one)
    for file in ("arrays.npz", "evidence.json"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
    assert load_explanation(tmp_path / "first").found == focused.found


def test_settings_are_those_that_decide_the_answers(case: Case) -> None:
    asked = case.asked
    assert json.loads(json.dumps(asked.settings)) == asked.settings
    sample = {"images_per_class": 2, "scored": 4, "heads_scored": 1}
    assert asked.settings == {
        "recipe": "cut",
        "groups": [0, 1, 0, 1, 1, 2, 2, 2, 2, 2],
        "sample": sample,
        "corrupt": False,
    }
    others = [
        replace(asked, recipe="plain"),
        replace(asked, groups={"all": CLASSES}),
        replace(asked, sample=asked.sample.model_copy(update={"scored": 5})),
        replace(asked, corrupt=True),
    ]
    assert all(other.settings != asked.settings for other in others)
    more = asked.sample.model_copy(update={"variants": "all"})
    assert replace(asked, sample=more).settings == asked.settings, "other variants change nothing for this one"


def test_the_names_of_groups_do_not_count(case: Case) -> None:
    renamed = replace(case.asked, groups={name.upper(): classes for name, classes in GROUPS.items()})
    assert renamed.settings == case.asked.settings
