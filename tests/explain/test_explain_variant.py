"""Every model explained once, its findings against their parts, and what is kept of them."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch
from conftest import TINY_ARGUMENTS, TINY_VIT
from invented_evidence import EXPLAINED
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evidence import in_half
from lookalike.artifacts.explanations import load_explanation, quantise_maps, save_explanation
from lookalike.drawn.garments import draw_garments
from lookalike.evaluation.metrics import Ints
from lookalike.explain.activity import activity
from lookalike.explain.attention import raw_attention
from lookalike.explain.convolutions import convolutions, feature_maps, filters
from lookalike.explain.drift import drift, through_layers
from lookalike.explain.explain_variant import (
    ABREAST,
    CHANNELS,
    JOURNEY,
    SEED,
    VariantFindings,
    explain_variant,
    grey_values,
    map_similarity,
    most_varied,
    shown_kernels,
    with_mean,
)
from lookalike.explain.faithfulness import CONTROLS, PerturbationTest, faithfulness_scores, gains, perturbation_curves
from lookalike.explain.focus import FocusFindings
from lookalike.explain.maps import Maps
from lookalike.explain.mass import mass_by_class
from lookalike.explain.methods import DEFAULT, tiling
from lookalike.explain.sanity import rank_correlation, units
from lookalike.explain.selectivity import tuning
from lookalike.explain.similarity import SIMILARITIES, patch_means
from lookalike.explain.subject import Images, Subject
from lookalike.models.base import Transformer
from lookalike.models.registry import MODELS, create_model
from lookalike.runtime import Runtime, seeded

GROUP_OF = np.array([0, 1, 0, 2, 1, 0, 3, 3, 0, 4])  # 0, 2, 5 and 8 look alike, and so do 1 and 4, and 6 and 7
COUNT, SCORED, HEADS_SCORED = 20, 3, 2
LABELS = np.arange(COUNT) % 10
PHOTO_LABELS = np.array([1, -1, 3, 0, -1, 5])
BLOCKS = {  # that see all tokens; convolutional networks have none
    "fashion_transfg": 1,
    **dict.fromkeys(("fashion_vit", "vit", "zoo_hybrid", "zoo_vit"), 2),
}


@dataclass(frozen=True)
class Case:
    """A model with what it is explained on, and what came out."""

    name: str
    subject: Subject
    photographs: Images
    explained: VariantFindings


def make(name: str, seed: int, shape: tuple[int, int, int] = (1, 28, 28)) -> nn.Module:
    with seeded(seed, "init"):
        return create_model(name, TINY_ARGUMENTS.get(name), input_shape=shape, num_classes=10).eval()


def predict(model: nn.Module, inputs: Tensor) -> NDArray[np.int64]:
    with torch.inference_mode():
        return model(inputs).argmax(1).numpy()


@pytest.fixture(scope="module")
def garments(dataset: Dataset) -> Dataset:
    """Test images that are large enough for convolutions to have a map."""
    return replace(dataset, test_images=draw_garments(COUNT, seed=3)[0], test_labels=LABELS, mean=(0.3,), std=(0.4,))


def subject_of(name: str, garments: Dataset) -> Subject:
    images = Images(garments.test_images, LABELS, LABELS)
    kept = {} if name == "fashion_cnn" else {3: make(name, 2)}
    subject = Subject(make(name, 0), make(name, 1), garments, Runtime(torch.device("cpu")), images, kept)
    return subject.of(replace(images, predicted=predict(subject.model, subject.inputs)))


@pytest.fixture(scope="module", params=MODELS)
def case(request: pytest.FixtureRequest, garments: Dataset) -> Case:
    subject = subject_of(request.param, garments)
    photographs = Images(draw_garments(6, seed=11)[0], PHOTO_LABELS, np.array([1, 1, 2, 0, 9, 4]))
    explained = explain_variant(subject, photographs, GROUP_OF, scored=SCORED, heads_scored=HEADS_SCORED)
    return Case(request.param, subject, photographs, explained)


@pytest.fixture(scope="module")
def cnn(garments: Dataset) -> Subject:
    return subject_of("fashion_cnn", garments)


# all about one model


def test_findings_become_json(case: Case) -> None:
    found = case.explained.found
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    parts = ["images", "faithfulness", "heads", "sanity", "similarity", "mass", "activity", "drift", "tuning"]
    assert list(found) == [*parts, "convolutions"]
    assert found["images"] == COUNT


def test_maps_are_those_of_every_method_for_the_prediction(case: Case) -> None:
    shown = case.subject.of(case.photographs)
    for maps, subject in ((case.explained.maps, case.subject), (case.explained.photo_maps, shown)):
        assert list(maps) == list(case.subject.methods)
        for name, values in maps.items():
            assert (values.ndim, values.dtype, len(values)) == (3, np.float32, len(subject.inputs))
            np.testing.assert_array_equal(values, subject.explain(name))


def test_the_first_images_are_scored(case: Case) -> None:
    found, trial = case.explained.found["faithfulness"], trial_of(case.subject, SCORED)
    maps = {name: torch.from_numpy(values[:SCORED]) for name, values in case.explained.maps.items()}
    assert found == asdict(faithfulness_scores(trial, maps, SEED))
    assert found["images"] == SCORED
    assert list(found["methods"]) == [*case.explained.maps, *CONTROLS]


def trial_of(subject: Subject, count: int) -> PerturbationTest:
    return PerturbationTest(subject.model, subject.inputs[:count], torch.from_numpy(subject.images.predicted[:count]))


def test_heads_are_scored_one_by_one_and_in_the_mean(case: Case) -> None:
    found, heads, blocks = case.explained.found["heads"], case.explained.close_up.heads, BLOCKS.get(case.name, 0)
    if not blocks:
        assert found is heads is None
        return
    assert heads is not None
    assert heads.shape == (blocks, TINY_VIT["num_heads"] + 1, *case.explained.maps["rollout"].shape[1:])
    assert np.shape(found["gains"]) == heads.shape[:2]
    assert found["images"] == HEADS_SCORED
    np.testing.assert_allclose(heads[-1, -1], case.explained.maps["last attention"][0], rtol=1e-5)
    trial = trial_of(case.subject, HEADS_SCORED)
    for block, head in ((0, 0), (0, 1), (blocks - 1, None)):
        method = tiling(case.subject.model, case.subject.model.spatial)(raw_attention(block, head))
        maps = method(case.subject.model, trial.images, torch.zeros(HEADS_SCORED, 10))
        place = -1 if head is None else head
        np.testing.assert_allclose(heads[block, place], maps[0], rtol=1e-5)
        assert found["gains"][block][place] == pytest.approx(
            gains(perturbation_curves(trial, maps, SEED)).mean().item(), abs=1e-6
        )


def test_sanity_ends_at_the_untrained_model(case: Case) -> None:
    found, some = case.explained.found["sanity"], case.subject.part(slice(SCORED))
    assert list(found) == list(case.explained.maps)
    for name, steps in found.items():
        assert [step["unit"] for step in steps] == [unit for unit, _ in units(case.subject.model)]
        alike = rank_correlation(some.explain(name), some.explain(name, model=case.subject.untrained))
        assert steps[-1]["correlation"]["value"] == pytest.approx(alike.mean().item(), abs=1e-6)


def test_similarity_is_known_by_measure_and_method(case: Case) -> None:
    found = case.explained.found["similarity"]
    controlled = ["maps", "raw_pixels", "over_raw_pixels", "untrained", "over_untrained"]
    assert list(found) == list(SIMILARITIES)
    for by_method in found.values():
        assert list(by_method) == list(case.explained.maps)
        for parts in by_method.values():
            assert list(parts) == [*controlled, "mistakes", "photographs"]
            assert {"class_contrast", "group_contrast"} <= parts["photographs"].keys() & parts["maps"].keys()
            assert parts["mistakes"]["wrong"] == (case.subject.images.predicted != LABELS).sum()


def test_filters_and_feature_maps_are_those_of_the_first_and_the_last_convolution(case: Case) -> None:
    inputs = case.subject.inputs[:1]
    for state, model in (("trained", case.subject.model), ("untrained", case.subject.untrained)):
        layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, nn.Conv2d)}
        inside, ends = case.explained.close_up.inside[state], list(layers)[:: max(1, len(layers) - 1)]
        assert list(inside.filters) == ends
        assert list(inside.features) == (ends if state == "trained" else [])
        maps = {name: one[0].numpy() for name, one in feature_maps(model, inputs).items()} if layers else {}
        for name in ends:
            kernels = layers[name].weight.detach().numpy()[:CHANNELS]
            few = kernels.shape[1] in {1, 3}
            np.testing.assert_array_equal(inside.filters[name], kernels if few else kernels.mean(1, keepdims=True))
        for name, kept in inside.features.items():
            np.testing.assert_array_equal(kept, quantise_maps(maps[name][:CHANNELS]))
        assert list(inside.journey) == list(layers)
        for name, kept in inside.journey.items():
            order = np.argsort(-maps[name].std(axis=(1, 2)), kind="stable")[:JOURNEY]
            np.testing.assert_array_equal(kept, quantise_maps(maps[name][order]))


def test_the_channels_of_every_convolution_are_counted(case: Case) -> None:
    shapes = {
        name: tuple(layer.weight.shape[:2])
        for name, layer in case.subject.model.named_modules()
        if isinstance(layer, nn.Conv2d)
    }
    assert case.explained.close_up.channels == shapes
    for one in case.explained.found["convolutions"]:
        assert one["channels"] == shapes[one["name"]][0]
        counts = {kind: len(one[kind]) for kind in ("filters", "untrained", "features")}
        assert set(counts.values()) == {min(CHANNELS, one["channels"])}


def test_of_many_channels_the_first_are_shown_and_of_many_inputs_their_mean() -> None:
    kernels = np.random.default_rng(0).normal(size=(CHANNELS + 6, 5, 3, 2)).astype(np.float32)
    np.testing.assert_array_equal(shown_kernels(kernels), kernels[:CHANNELS].mean(1, keepdims=True))
    for colours in (1, 3):
        np.testing.assert_array_equal(shown_kernels(kernels[:, :colours]), kernels[:CHANNELS, :colours])


def test_maps_that_vary_most_come_first_and_equal_ones_in_their_order() -> None:
    maps = np.zeros((4, 2, 2), np.float32)
    maps[:, 0, 0] = [1, 3, 1, 2]
    assert most_varied(maps).tolist() == [1, 3, 0, 2]


def test_the_range_of_each_channel_is_found(case: Case) -> None:
    for one in case.explained.found["convolutions"]:
        name = one["name"]
        drawn = {"features": feature_maps(case.subject.model, case.subject.inputs[:1])[name][0, :CHANNELS].numpy()}
        for kind, model in (("filters", case.subject.model), ("untrained", case.subject.untrained)):
            drawn[kind] = filters(model, name).numpy()[:CHANNELS]
        for kind, channels in drawn.items():
            flat = channels.reshape(len(channels), -1)
            for figure, values in (("least", flat.min(1)), ("mean", flat.mean(1)), ("most", flat.max(1))):
                np.testing.assert_allclose([row[figure] for row in one[kind]], values, rtol=1e-4, atol=1e-6)


def test_feature_maps_are_those_of_the_first_image(cnn: Subject) -> None:
    photographs = cnn.images.part(slice(2))
    found = explain_variant(cnn.part(np.array([7, 1, 2])), photographs, GROUP_OF, scored=2, heads_scored=1)
    (first, maps), *_ = found.close_up.inside["trained"].features.items()
    layer = cnn.model.get_submodule(first)
    assert isinstance(layer, nn.Conv2d)
    expected = quantise_maps(layer(cnn.inputs[7:8])[0].detach().numpy())
    np.testing.assert_allclose(maps, expected, atol=1)  # a step


@pytest.mark.parametrize("close", [True, False])
def test_what_is_kept_of_a_variant(case: Case, close: bool) -> None:
    closely = FocusFindings({"contrast": {"images": 1}, "responses": [{"layer": "a"}]}, None, {}) if close else None
    kept = case.explained.evidence(np.arange(COUNT), "plain", closely)
    assert (kept.shown, kept.recipe, kept.indices.tolist()) == (DEFAULT, "plain", list(range(COUNT)))
    assert kept.maps.keys() == case.explained.maps.keys()
    for name, values in kept.maps.items():  # of methods that are drawn by class alone an image of each
        count = COUNT if name in {"CAM", "Grad-CAM", "HiResCAM"} else len(case.explained.found["mass"][name])
        np.testing.assert_array_equal(values, case.explained.maps[name][:count])
    assert kept.photo_maps is not None
    np.testing.assert_array_equal(kept.photo_maps, quantise_maps(case.explained.photo_maps[DEFAULT]))
    assert (kept.close_up is not None) == close
    own = closely.found if closely else {"contrast": None, "responses": []}
    assert kept.found == case.explained.found | own
    assert tuple(kept.found) == EXPLAINED


def test_all_that_is_kept_comes_back(case: Case, tmp_path: Path) -> None:
    kept = case.explained.evidence(np.arange(COUNT), "plain", FocusFindings({"contrast": None, "responses": []}))
    save_explanation(tmp_path, kept)
    back = load_explanation(tmp_path)
    assert back.close_up is not None
    assert back.found == kept.found
    pairs = [(back.maps, kept.maps)]
    for state, inside in case.explained.close_up.inside.items():
        pairs += [(getattr(back.close_up.inside[state], part), values) for part, values in vars(inside).items()]
    for found, expected in pairs:
        assert found.keys() == expected.keys()
        for name, values in expected.items():
            np.testing.assert_array_equal(found[name], in_half(values) if values.dtype.kind == "f" else values)
    assert back.close_up.channels == case.explained.close_up.channels
    assert (back.close_up.heads is None) == (case.explained.close_up.heads is None)
    assert back.close_up.contrast is None
    assert back.close_up.layers == back.close_up.responses == {}


def test_the_mean_over_heads_stands_behind_them() -> None:
    heads = torch.rand(3, 2, 4, 5, 6)
    together = with_mean(heads)
    assert together.shape == (3, 2, 5, 5, 6)
    assert torch.equal(together[:, :, :4], heads)
    torch.testing.assert_close(together[:, :, 4], sum(heads.unbind(2)) / 4)


def test_activity_is_that_of_the_model_before_its_training_during_it_and_after_it(case: Case) -> None:
    found = case.explained.found["activity"]
    if isinstance(case.subject.model, Transformer) or case.name.startswith(
        ("lenet", "mnist_mlp", "zoo")
    ):  # no ReLU after convolutions
        assert found is None
        return
    models = {"untrained": case.subject.untrained, "trained": case.subject.model}
    models |= {"epoch 3": case.subject.kept[3]} if case.subject.kept else {}
    assert found == {state: asdict(activity(model, case.subject.inputs)) for state, model in models.items()}
    assert found["trained"] != found["untrained"]


def test_layers_are_followed_only_where_images_are_corrupted(case: Case) -> None:
    assert (case.explained.found["drift"], case.explained.close_up.layers) == (None, {})


def test_every_convolutional_network_can_be_followed_through_its_layers(case: Case) -> None:
    if not isinstance(case.subject.model, Transformer):
        few = case.subject.part(slice(2))
        (image, made), *_ = through_layers(few).values()
        np.testing.assert_array_equal(image, few.images.pixels[0])
        assert [row["layer"] for row in drift(few)["kinds"]["blur"]] == list(made)


@pytest.mark.parametrize("name", ["fashion_cnn", "fashion_vit"])
def test_layers_of_convolutional_networks_are_followed(name: str, garments: Dataset) -> None:
    few = subject_of(name, garments).part(slice(4))
    known = explain_variant(few, None, GROUP_OF, scored=2, heads_scored=1, corrupt=True)
    expected = None if isinstance(few.model, Transformer) else drift(few)
    assert known.found["drift"] == expected
    layers = known.close_up.layers
    assert bool(layers) == (expected is not None)
    sides = through_layers(few) if expected else {}
    assert list(layers) == list(sides)
    for kind, (image, outputs) in sides.items():
        np.testing.assert_array_equal(layers[kind].image, image)
        assert list(layers[kind].outputs) == list(outputs)
        for layer, values in outputs.items():
            clean = sides["as it is"][1][layer]
            chosen = np.argsort(-clean.std(axis=(1, 2)), kind="stable")[:ABREAST] if clean.ndim > 1 else slice(None)
            expected_outputs = quantise_maps(values[chosen] if clean.ndim > 1 else values[None])
            np.testing.assert_array_equal(layers[kind].outputs[layer], expected_outputs)


def all_filters(model: nn.Module) -> list[Tensor]:
    """The kernels of every convolution."""
    return [filters(model, name) for name in convolutions(model)]


def test_filters_are_compared_with_themselves_before_training(case: Case) -> None:
    after, before = (all_filters(model) for model in (case.subject.model, case.subject.untrained))
    if case.name == "mnist_mlp":  # without convolutions
        assert (case.explained.found["tuning"], case.explained.found["convolutions"], after) == (None, [], [])
        return
    assert case.explained.found["tuning"] == asdict(tuning(after[0], before[0]))


def test_the_mass_of_each_method_is_known_by_class(case: Case) -> None:
    for name, maps in case.explained.maps.items():
        expected = [mass and asdict(mass) for mass in mass_by_class(maps, LABELS, 10)]
        assert case.explained.found["mass"][name] == expected


# how alike maps are


def drawn_maps(count: int, seed: int) -> Maps:
    return {"HiResCAM": np.random.default_rng(seed).normal(size=(count, 4, 4)).astype(np.float32)}


def likeness(subject: Subject, maps: Maps, labels: Ints = PHOTO_LABELS, photo_maps: Maps | None = None) -> Any:
    photographs = Images(np.zeros((len(labels), 28, 28), np.uint8), labels, np.zeros_like(labels))
    found = map_similarity(
        subject, maps, photographs, drawn_maps(len(labels), 1) if photo_maps is None else photo_maps, GROUP_OF
    )
    return found["spearman"]["HiResCAM"]


def test_photographs_that_fit_no_class_do_not_count(cnn: Subject) -> None:
    maps, photo_maps, known = drawn_maps(COUNT, 0), drawn_maps(6, 1), PHOTO_LABELS >= 0
    before = likeness(cnn, maps, photo_maps=photo_maps)
    alone = {name: values[known] for name, values in photo_maps.items()}
    assert likeness(cnn, maps, PHOTO_LABELS[known], alone) == before
    others = {"HiResCAM": np.where(known[:, None, None], photo_maps["HiResCAM"], 9 * np.eye(4, dtype=np.float32))}
    assert likeness(cnn, maps, photo_maps=others) == before
    assert likeness(cnn, maps, np.where(known, PHOTO_LABELS, 2)) != before


def test_photographs_are_compared_with_images_without_the_mean_map_of_the_images(cnn: Subject) -> None:
    maps, photo_maps = drawn_maps(COUNT, 0)["HiResCAM"], drawn_maps(6, 1)["HiResCAM"]
    rows, photo_rows = (scipy.stats.zscore(each.reshape(-1, 16), axis=1) for each in (maps, photo_maps))
    mean = rows.mean(axis=0)
    within, between = [], []
    for label, row in zip(PHOTO_LABELS, photo_rows, strict=True):
        for other, theirs in zip(LABELS, rows, strict=True):
            alike = scipy.stats.spearmanr(row - mean, theirs - mean).statistic
            if label >= 0 and label == other:
                within.append(alike)
            elif label >= 0 and GROUP_OF[label] != GROUP_OF[other]:
                between.append(alike)
    found = likeness(cnn, {"HiResCAM": maps})["photographs"]
    expected = (np.mean(within), np.mean(between), np.mean(within) - np.mean(between))
    values = [found[name]["value"] for name in ("within_class", "between_groups", "class_contrast")]
    np.testing.assert_allclose(values, expected, rtol=1e-6)


def test_a_single_photograph_with_a_class_is_enough(cnn: Subject) -> None:
    found = likeness(cnn, drawn_maps(COUNT, 0), np.array([-1, 3, -1]))["photographs"]
    known = {name for name, figure in found.items() if figure is not None}
    assert known == {"within_class", "between_groups", "class_contrast", "class_p"}  # nothing looks like class 3
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("contrast", ["class_contrast", "group_contrast"])
@pytest.mark.parametrize("control", ["raw_pixels", "untrained"])
def test_what_maps_have_over_a_control_is_the_difference_of_their_contrasts(
    cnn: Subject, control: str, contrast: str
) -> None:
    found = likeness(cnn, drawn_maps(COUNT, 0))
    own, theirs, over = (found[part][contrast] for part in ("maps", control, f"over_{control}"))
    assert over["value"] == pytest.approx(own["value"] - theirs["value"])
    assert over["low"] < over["value"] < over["high"]
    assert over["value"] != 0


def test_maps_that_are_a_control_have_nothing_over_it(cnn: Subject) -> None:
    nothing = {"value": 0.0, "low": 0.0, "high": 0.0}
    pixels = {"HiResCAM": patch_means(cnn.images.pixels, (7, 7))}  # the areas of the tiles that cells are brought onto
    blind = {"HiResCAM": cnn.explain("HiResCAM", model=cnn.untrained).numpy()}
    for control, maps in (("raw_pixels", pixels), ("untrained", blind)):
        found = likeness(cnn, maps, photo_maps={"HiResCAM": np.ones((len(PHOTO_LABELS), 7, 7))})
        assert found["maps"] == found[control]
        assert found[f"over_{control}"] == {"class_contrast": nothing, "group_contrast": nothing}


def test_colour_is_made_grey_by_the_mean_over_channels() -> None:
    colour = np.random.default_rng(0).integers(0, 256, (2, 5, 4, 3), dtype=np.uint8)
    red, green, blue = np.moveaxis(colour.astype(int), 3, 0)
    np.testing.assert_allclose(grey_values(colour), (red + green + blue) / 3)
    np.testing.assert_array_equal(grey_values(colour[..., 0]), colour[..., 0])
