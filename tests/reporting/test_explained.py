"""What is drawn of two tiny models: which pictures, of which images and maps, and with which scores beside them."""

from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from conftest import TINY_VIT
from descriptions import described
from matplotlib.figure import Figure

from lookalike.artifacts.datasets import Dataset
from lookalike.data.garments import draw_garments
from lookalike.evaluation.cases import first_of_each_class
from lookalike.explain.closely import Closely, Contrast, look_closely
from lookalike.explain.maps import toward
from lookalike.explain.methods import DEFAULT
from lookalike.explain.subject import Images, Subject
from lookalike.explain.variant import explain_variant
from lookalike.models.registry import create_model
from lookalike.reporting import explained
from lookalike.reporting.explained import CONTRASTS, SIGNED, CloseUp, note, study_figures, variant_figures
from lookalike.reporting.style import to_png
from lookalike.runtime import Runtime

Json = dict[str, Any]
COUNT = 30
LABELS = np.arange(COUNT) * 3 % 10
PREDICTED = np.where(np.arange(COUNT) % 4, LABELS, (LABELS + 1) % 10)
CHOSEN = first_of_each_class(LABELS, 2)
PHOTO_LABELS = np.array([-1, 7, 3, 0, 7, -1, 3])
GROUP_OF = np.arange(10) // 4
NAMES = "abcdefghij"
CASES = [
    {"rule": "same prediction, wrong", "index": 12, "divergence": 0.5},
    {"rule": "same prediction, right", "index": 5, "divergence": 0.25},
]
PAIR: Json = {"first": "vit", "second": "cnn", "cases": CASES}
ALWAYS = ("maps", "filters-first", "features-first", "untrained-first", "classes-Grad-CAM")
DRAWN = {
    *(f"cnn/{title}" for title in (*ALWAYS, "filters-last", "features-last", "contrast")),
    *(f"cnn/{title}" for title in ("untrained-last", "journey", "layers", "responses")),
    *(f"vit/{title}" for title in (*ALWAYS, "heads")),
}


def scores(*names: str) -> Json:
    """A gain for each name, of which the second is below zero."""
    return {name: {"gain": {"value": 0.3 - 0.4 * k}} for k, name in enumerate((*names, "random", "centre"))}


def drawn_contrast() -> Contrast:
    """More images than are shown."""
    rng, indices = np.random.default_rng(2), np.arange(20, 28)
    maps = {name: rng.normal(size=(8, 3, 3)).astype(np.float32) for name in ("label", "other", "contrast")}
    return Contrast(indices, LABELS[indices], (LABELS[indices] + 2) % 10, maps, scores(*maps))


def close_up(model: str, arguments: Json, dataset: Dataset, contrast: Contrast | None) -> CloseUp:
    torch.manual_seed(0)
    models = [create_model(model, arguments, input_shape=(1, 28, 28), num_classes=10).eval() for _ in range(2)]
    images = Images(draw_garments(COUNT, seed=3)[0], LABELS, PREDICTED)
    subject = Subject(*models, dataset, Runtime(torch.device("cpu")), images)
    photographs = Images(draw_garments(7, seed=5)[0], PHOTO_LABELS, (PHOTO_LABELS + 2) % 10)
    known = explain_variant(subject.part(CHOSEN), photographs, GROUP_OF, scored=2, heads_scored=1, spoil=True)
    known.found["faithfulness"]["methods"] = scores(*known.maps)  # an untrained model's hardly differ
    logits = np.random.default_rng(0).normal(size=(COUNT, 10))
    filters = look_closely(subject, GROUP_OF, 4, probe=True).responses
    return CloseUp(subject, CHOSEN, photographs, known, Closely(contrast, filters), logits, DEFAULT)


@pytest.fixture(scope="module")
def close_ups(dataset: Dataset) -> dict[str, CloseUp]:
    """A convolutional network with a contrast and a transformer without one, both untrained."""
    return {
        "cnn": close_up("fashion_cnn", {}, dataset, drawn_contrast()),
        "vit": close_up("fashion_vit", TINY_VIT, dataset, None),
    }


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a figure there is what it would have been drawn from."""
    for name in vars(explained):
        if name.endswith("_figure"):
            monkeypatch.setattr(explained, name, lambda *given, **named: SimpleNamespace(given=given, **named))


def gain(one: CloseUp, name: str) -> str:
    value = one.explained.found["faithfulness"]["methods"][name]["gain"]["value"]
    return f"{value:z.2f}".replace("-", "−")


def scored(one: CloseUp, name: str) -> str:
    return f"gain {gain(one, name)}\n{controlled(one)}"


def controlled(one: CloseUp) -> str:
    return f"random {gain(one, 'random')}\ncentre {gain(one, 'centre')}"


# which pictures


def test_every_picture_of_the_close_ups_has_a_path(close_ups: dict[str, CloseUp]) -> None:
    figures = study_figures(close_ups, [PAIR], "fitted")
    assert set(figures) == DRAWN | {"vit--cnn/cases", "photographs-fitted"}
    assert all(isinstance(figure, Figure) for figure in figures.values())
    again = study_figures(close_ups, [PAIR], "fitted")
    for path in ("vit/heads", "vit--cnn/cases"):
        assert to_png(again[path]) == to_png(figures[path])


def test_without_close_ups_nothing_is_drawn() -> None:
    assert study_figures({}, [PAIR], "fitted") == {}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("pairs", [[], [PAIR | {"cases": []}], [PAIR | {"second": "gone"}], [PAIR | {"first": "gone"}]])
def test_a_pair_is_drawn_only_if_both_are_looked_at_and_there_are_cases(
    close_ups: dict[str, CloseUp], pairs: list[Json]
) -> None:
    assert set(study_figures(close_ups, pairs, "plain")) == DRAWN | {"photographs-plain"}


# of one variant


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("variant", ["cnn", "vit"])
def test_no_map_is_drawn_without_its_gain_and_the_controls(close_ups: dict[str, CloseUp], variant: str) -> None:
    one = close_ups[variant]
    drawn: Any = variant_figures(one)["maps"]
    _, columns, _ = drawn.given
    assert list(columns) == list(one.subject.methods)
    assert drawn.notes == {name: scored(one, name) for name in columns}


def test_a_gain_below_zero_has_a_minus_as_wide_as_a_figure() -> None:
    assert note(scores("some", "bad"), "bad") == "gain −0.10\nrandom −0.50\ncentre −0.90"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("variant", ["cnn", "vit"])
def test_maps_are_those_of_the_first_image_of_each_class(close_ups: dict[str, CloseUp], variant: str) -> None:
    one = close_ups[variant]
    drawn: Any = variant_figures(one)["maps"]
    pixels, columns, rows = drawn.given
    first = [LABELS.tolist().index(k) for k in range(10)]
    np.testing.assert_array_equal(pixels, one.subject.images.pixels[first])
    for name, maps in columns.items():
        np.testing.assert_allclose(maps, one.subject.explain(name)[first], rtol=1e-4, atol=1e-5)
    wrong = {int(LABELS[k]) for k in first if k % 4 == 0}
    assert 0 < len(wrong) < 10
    assert rows == [f"{name}:\n{NAMES[(k + 1) % 10]}?" if k in wrong else name for k, name in enumerate(NAMES)]


@pytest.mark.usefixtures("undrawn")
def test_maps_that_speak_for_or_against_are_drawn_with_their_sign(close_ups: dict[str, CloseUp]) -> None:
    for one in close_ups.values():
        drawn: Any = variant_figures(one)["maps"]
        some = one.subject.part(slice(2))
        aim = toward(some.predicted, 10)
        turned = {name for name in some.methods if torch.allclose(some.explain(name, -aim), -some.explain(name, aim))}
        assert drawn.signed & some.methods.keys() == turned == {DEFAULT}


@pytest.mark.usefixtures("undrawn")
def test_heads_stand_beside_the_first_image_with_their_gains(close_ups: dict[str, CloseUp]) -> None:
    one = close_ups["vit"]
    drawn: Any = variant_figures(one)["heads"]
    image, maps, gains = drawn.given
    np.testing.assert_array_equal(image, one.subject.images.pixels[0])
    assert maps is one.explained.heads
    np.testing.assert_array_equal(gains, one.explained.found["heads"]["gains"])
    assert maps.shape[:2] == gains.shape
    assert drawn.note == controlled(one)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("variant", "ends"), [("cnn", ("first", "last")), ("vit", ("first",))])
def test_convolutions_are_drawn_from_the_first_to_the_last(
    close_ups: dict[str, CloseUp], variant: str, ends: tuple[str, ...]
) -> None:
    one = close_ups[variant]
    drawn: Any = variant_figures(one)
    trained, untrained = (one.explained.inside[state] for state in ("trained", "untrained"))
    for end, (name, kernels) in zip(ends, trained.filters.items(), strict=True):
        np.testing.assert_array_equal(drawn[f"filters-{end}"].given[0], kernels)
        np.testing.assert_array_equal(drawn[f"untrained-{end}"].given[0], untrained.filters[name])
        image, maps, told = drawn[f"features-{end}"].given
        np.testing.assert_array_equal(image, one.subject.images.pixels[0])
        np.testing.assert_array_equal(maps, trained.features[name])
        assert told == name


@pytest.mark.usefixtures("undrawn")
def test_of_many_channels_the_first_are_drawn(close_ups: dict[str, CloseUp], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explained, "CHANNELS", 3)
    drawn: Any = variant_figures(close_ups["cnn"])
    assert {len(drawn[kind].given[0]) for kind in ("filters-first", "filters-last", "untrained-last")} == {3}
    assert {len(drawn[kind].given[1]) for kind in ("features-first", "features-last")} == {3}


@pytest.mark.usefixtures("undrawn")
def test_the_journey_goes_through_every_convolution_before_and_after_training(close_ups: dict[str, CloseUp]) -> None:
    one = close_ups["cnn"]
    image, sides = variant_figures(one)["journey"].given  # type: ignore[attr-defined]
    np.testing.assert_array_equal(image, one.subject.images.pixels[0])
    assert list(sides) == ["before training", "after training"]
    for state, layers in zip(("untrained", "trained"), sides.values(), strict=True):
        assert list(layers) == ["features.0", "features.4", "features.8"]
        assert layers == one.explained.inside[state].features
    assert "journey" not in variant_figures(close_ups["vit"])  # which has one convolution


@pytest.mark.usefixtures("undrawn")
def test_classes_are_drawn_with_all_images_explained_and_the_score(close_ups: dict[str, CloseUp]) -> None:
    one = close_ups["vit"]
    drawn: Any = variant_figures(one)["classes-Grad-CAM"]
    images, maps, labels, names = drawn.given
    np.testing.assert_array_equal(images, one.subject.images.pixels[CHOSEN])
    np.testing.assert_array_equal(labels, LABELS[CHOSEN])
    assert maps is one.explained.maps["Grad-CAM"]
    assert (list(names), drawn.signed) == (list(one.class_names), False)
    assert drawn.title == f"Grad-CAM: {scored(one, 'Grad-CAM')}".replace("\n", ", ")


@pytest.mark.usefixtures("undrawn")
def test_all_variants_are_shown_the_same_images_of_the_first_class(close_ups: dict[str, CloseUp]) -> None:
    images, labels = draw_garments(COUNT, seed=3)[0], np.where(np.arange(COUNT) % 3, LABELS, 0)
    maps = {name: np.random.default_rng(k).normal(size=(COUNT, 4, 4)) for k, name in enumerate(close_ups)}
    found = {name: one.explained.found for name, one in close_ups.items()}
    ((path, drawn),) = explained.drawn_alike(images, labels, maps, found, DEFAULT).items()
    where = np.flatnonzero(labels == 0)[:8]
    shown, columns, rows = drawn.given  # type: ignore[attr-defined]
    np.testing.assert_array_equal(shown, images[where])
    assert (path, len(rows)) == ("alike", 8)
    for name, values in columns.items():
        np.testing.assert_array_equal(values, maps[name][where])
        assert drawn.notes[name] == scored(close_ups[name], DEFAULT)  # type: ignore[attr-defined]
    assert drawn.signed == set(maps)  # type: ignore[attr-defined]
    assert explained.drawn_alike(images, labels, {}, {}, DEFAULT) == {}


@pytest.mark.usefixtures("undrawn")
def test_augmentations_are_drawn_of_the_variants_that_have_one(dataset: Dataset) -> None:
    moved = described(augmentation={"placing": {"shift": 0.5}})
    descriptions = {"plain": described(), "moved": moved, "moved as well": deepcopy(moved)}
    ((path, drawn),) = explained.drawn_changes(descriptions, dataset).items()
    images, changed, names = drawn.given  # type: ignore[attr-defined]
    assert path == "moved/augmentation"
    labels = dataset.train_labels[dataset.train_indices]
    few = dataset.train_indices[first_of_each_class(labels, 1)[:8]]
    np.testing.assert_array_equal(images, dataset.train_images[few])
    assert list(names) == [dataset.class_names[label] for label in dataset.train_labels[few]]
    assert (changed.shape, changed.dtype) == ((6, *images.shape), np.uint8)
    assert all((one != other).any() for one, other in pairwise(changed))


@pytest.mark.usefixtures("undrawn")
def test_a_contrast_shows_a_few_images_with_the_map_of_either_class_and_of_the_difference(
    close_ups: dict[str, CloseUp],
) -> None:
    one = close_ups["cnn"]
    contrast = drawn_contrast()
    drawn: Any = variant_figures(one)["contrast"]
    pixels, columns, rows = drawn.given
    np.testing.assert_array_equal(pixels, one.subject.images.pixels[contrast.indices[:CONTRASTS]])
    for values, maps in zip(columns.values(), contrast.maps.values(), strict=True):
        np.testing.assert_array_equal(values, maps[:CONTRASTS])
    assert list(columns) == ["for the more probable", "for the other", "one and not the other"]
    assert list(drawn.notes.values()) == [
        f"gain {value}\nrandom −0.90\ncentre −1.30" for value in ("0.30", "−0.10", "−0.50")
    ]
    assert drawn.notes.keys() == columns.keys() == drawn.signed
    classes = LABELS[contrast.indices[:CONTRASTS]]
    assert rows == [f"{NAMES[k]}:\n{NAMES[k]},\nnot {NAMES[(k + 2) % 10]}?" for k in classes]


# of several


@pytest.mark.usefixtures("undrawn")
def test_cases_are_drawn_with_what_both_make_of_them(close_ups: dict[str, CloseUp]) -> None:
    drawn: Any = study_figures(close_ups, [PAIR], "fitted")["vit--cnn/cases"]
    pixels, cases, labels, names, sides = drawn.given
    where = [12, 5]
    assert cases is CASES
    assert tuple(names) == tuple(NAMES)
    np.testing.assert_array_equal(labels, LABELS[where])
    np.testing.assert_array_equal(pixels, close_ups["cnn"].subject.images.pixels[where])
    assert [side.model for side in sides] == ["vit", "cnn"]
    for side in sides:
        one = close_ups[side.model]
        expected = torch.from_numpy(one.logits[where]).softmax(1)
        np.testing.assert_allclose(side.probabilities, expected, rtol=1e-6)
        np.testing.assert_allclose(side.maps, one.subject.explain(DEFAULT)[where], rtol=1e-4, atol=1e-5)
        assert (side.note, side.signed) == (f"{DEFAULT}\n{scored(one, DEFAULT)}", True)


@pytest.mark.usefixtures("undrawn")
def test_a_photograph_of_each_class_is_drawn_and_none_that_fits_no_class(close_ups: dict[str, CloseUp]) -> None:
    drawn: Any = study_figures(close_ups, [], "fitted")["photographs-fitted"]
    pixels, columns, rows = drawn.given
    shown = [3, 2, 1]  # the first of the classes 0, 3 and 7
    np.testing.assert_array_equal(pixels, close_ups["cnn"].photographs.pixels[shown])
    assert rows == ["a\ncnn: c\nvit: c", "d\ncnn: f\nvit: f", "h\ncnn: j\nvit: j"]
    assert list(columns) == list(close_ups)
    for name, maps in columns.items():
        np.testing.assert_array_equal(maps, close_ups[name].explained.photo_maps[DEFAULT][shown])
        assert drawn.notes[name] == f"{DEFAULT}\n{scored(close_ups[name], DEFAULT)}"
    assert drawn.signed == set(close_ups)


@pytest.mark.usefixtures("undrawn")
def test_a_variant_may_be_shown_by_a_method_without_sign(close_ups: dict[str, CloseUp]) -> None:
    mixed = close_ups | {"vit": replace(close_ups["vit"], shown="rollout")}
    drawn: Any = study_figures(mixed, [PAIR], "fitted")
    vit, cnn = drawn["vit--cnn/cases"].given[-1]
    assert (vit.signed, cnn.signed) == (False, True)
    assert vit.note.startswith("rollout\n")
    assert drawn["photographs-fitted"].signed == {"cnn"}
    assert "rollout" not in SIGNED
