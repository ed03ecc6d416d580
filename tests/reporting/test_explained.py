"""What is drawn of two variants' evidence: which pictures, of which images and maps, and with which scores."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from conftest import TINY_VIT
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import AugmentedExamples, Evaluation, PhotoOutputs
from lookalike.artifacts.evidence import in_half
from lookalike.artifacts.explanations import (
    CloseUp,
    Explanation,
    FilterExamples,
    LayerOutputs,
    NetworkConvolutions,
    PairContrast,
    quantise_maps,
)
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.artifacts.test_sets import TestSet
from lookalike.drawn.garments import draw_garments
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.metrics import softmax
from lookalike.explain.maps import label_target
from lookalike.explain.subject import Images, Subject
from lookalike.models.registry import create_model
from lookalike.reporting import explained
from lookalike.reporting.explained import SIGNED, ExplainedVariant, close_up_figures, explanation_figures, gain_note
from lookalike.reporting.figures.rendering import to_png
from lookalike.runtime import Runtime

Json = dict[str, Any]
COUNT = 30
LABELS = np.arange(COUNT) * 3 % 10
PREDICTED = np.where(np.arange(COUNT) % 4, LABELS, (LABELS + 1) % 10)
SHOWN = first_of_each_class(LABELS, 2)
PHOTO_LABELS = np.array([-1, 7, 3, 0, 7, -1, 3])
NAMES = tuple("abcdefghij")
IMAGES = draw_garments(COUNT, seed=3)[0]
TEST_SET = TestSet(
    name="letters",
    class_names=NAMES,
    labels=LABELS,
    shown=SHOWN,
    images=IMAGES[SHOWN],
    repeated=np.array([], np.int64),
    near=np.array([], np.int64),
    digest="",
    provenance={},
    photos=PhotoSet(
        preparations=(Preparation("plain", ""), Preparation("fitted", "")),
        images=np.stack([draw_garments(7, seed=seed)[0] for seed in (4, 5)]),
        labels=PHOTO_LABELS,
        class_names=NAMES,
        about=[{"name": f"photo {k}"} for k in range(7)],
        provenance={},
    ),
)
CASES = [
    {"rule": "same prediction, wrong", "index": 12, "divergence": 0.5},
    {"rule": "same prediction, right", "index": 5, "divergence": 0.25},
]
PAIR: Json = {"first": "vit", "second": "cnn", "cases": CASES}
FOCUS = ("cnn", "vit")
ALWAYS = ("maps", "filters-first", "features-first", "untrained-first", "classes-Grad-CAM")
DRAWN = {
    *(f"cnn/{title}" for title in (*ALWAYS, "filters-last", "features-last", "contrast")),
    *(f"cnn/{title}" for title in ("untrained-last", "journey", "layers", "responses")),
    *(f"vit/{title}" for title in (*ALWAYS, "heads")),
    "alike",
}
METHODS = {"cnn": ("HiResCAM", "Grad-CAM", "gradient"), "vit": ("HiResCAM", "Grad-CAM", "rollout")}
CONVOLUTIONS = {"cnn": {"one": (9, 1), "two": (80, 9), "three": (5, 80)}, "vit": {"patches": (12, 3)}}  # out and in
CONTRASTED = 6


def half(*shape: int, seed: int = 0) -> Any:
    return in_half(np.random.default_rng(seed + sum(shape)).normal(size=shape))


def scores(*names: str) -> Json:
    """A gain for each name, of which the second is below zero."""
    return {name: {"gain": {"value": 0.3 - 0.4 * k}} for k, name in enumerate((*names, "random", "centre"))}


def steps(*shape: int, seed: int = 0) -> Any:
    return quantise_maps(half(*shape, seed=seed))


def inside(channels: dict[str, tuple[int, int]], seed: int) -> NetworkConvolutions:
    """Of the untrained network (seed 0) or of the trained one."""
    ends = list(dict.fromkeys((*list(channels)[:1], *list(channels)[-1:])))
    return NetworkConvolutions(
        filters={name: half(channels[name][0], 3 if channels[name][1] == 3 else 1, 3, 3, seed=seed) for name in ends},
        features={name: steps(channels[name][0], 6, 6, seed=seed) for name in ends} if seed else {},
        journey={name: steps(min(of[0], 5), 6, 6, seed=seed) for name, of in channels.items()},
    )


def close_up(name: str) -> CloseUp:
    channels, convolutional = CONVOLUTIONS[name], name == "cnn"
    indices = np.arange(20, 20 + CONTRASTED)
    contrast = PairContrast(
        images=IMAGES[indices],
        actual=LABELS[indices],
        labels=LABELS[indices],
        others=(LABELS[indices] + 2) % 10,
        maps={kind: half(CONTRASTED, 3, 3, seed=k) for k, kind in enumerate(("label", "other", "contrast"))},
    )
    return CloseUp(
        heads=None if convolutional else half(2, 3, 7, 7),
        inside={state: inside(channels, seed) for seed, state in enumerate(("untrained", "trained"))},
        channels=channels,
        layers={"as it is": LayerOutputs(IMAGES[0], {"one": steps(2, 6, 6), "dense": steps(1, 11)})}
        if convolutional
        else {},
        contrast=contrast if convolutional else None,
        responses={"one": FilterExamples(np.array([4, 2]), SHOWN[:10].reshape(2, 5), IMAGES[:2])}
        if convolutional
        else {},
    )


def explain(name: str) -> ExplainedVariant:
    """The evidence of a variant; the classes that it predicts of photographs are those two further."""
    found: Json = {
        "faithfulness": {"methods": scores(*METHODS[name])},
        "heads": None,
        "contrast": None,
        "responses": [],
    }
    if name == "cnn":
        found["contrast"] = {"images": 8, "scores": scores("label", "other", "contrast")}
        rows = ((4, 1.0, 1.0, 1.0), (2, 1.0, 0.5, 3.0), (7, 1.0, 1.0, 2.0))  # the first is never active
        filters = [dict(zip(("filter", "best", "middle", "reached"), row, strict=True)) for row in rows]
        found["responses"] = [{"layer": "one", "filters": filters}]
    else:
        found["heads"] = {"images": 1, "gains": [[0.1, -0.2, 0.3], [0.4, 0.5, 0.6]]}
    explanation = Explanation(
        found=found,
        shown="HiResCAM",
        recipe="fitted",
        indices=SHOWN,
        maps={method: half(len(SHOWN), 4, 4, seed=k) for k, method in enumerate(METHODS[name])},
        photo_maps=half(7, 4, 4),
        close_up=close_up(name),
    )
    logits, photo_logits = half(1, COUNT, 10), half(1, 7, 10)
    logits[0, np.arange(COUNT), PREDICTED] += 9
    photo_logits[0, np.arange(7), (PHOTO_LABELS + 2) % 10] += 9
    photos = PhotoOutputs({"plain": -photo_logits, "fitted": photo_logits}, {}, {}, np.zeros(1), {})
    return ExplainedVariant(explanation, Evaluation((0,), 0, np.ones(1), logits, photos=photos), TEST_SET)


@pytest.fixture
def both() -> dict[str, ExplainedVariant]:
    """A convolutional network with a contrast and a transformer without one."""
    return {name: explain(name) for name in FOCUS}


def changed(one: ExplainedVariant, **parts: Any) -> ExplainedVariant:
    return replace(one, explanation=replace(one.explanation, **parts))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of a figure there is what it would have been drawn from."""
    for name in vars(explained):
        if name.endswith("_figure"):
            monkeypatch.setattr(explained, name, lambda *given, **named: SimpleNamespace(given=given, **named))


def of_variant(one: ExplainedVariant) -> Any:
    assert one.explanation.close_up is not None
    return close_up_figures(one, one.explanation.close_up)


def maps_of(one: ExplainedVariant, method: str, indices: Any) -> NDArray[np.floating]:
    places = [SHOWN.tolist().index(index) for index in indices]
    return one.explanation.maps[method][places]


def gain(one: ExplainedVariant, name: str) -> str:
    value = one.explanation.found["faithfulness"]["methods"][name]["gain"]["value"]
    return f"{value:z.2f}".replace("-", "−")


def scored(one: ExplainedVariant, name: str) -> str:
    return f"gain {gain(one, name)}\n{controlled(one)}"


def controlled(one: ExplainedVariant) -> str:
    return f"random {gain(one, 'random')}\ncentre {gain(one, 'centre')}"


# which pictures


def test_every_picture_of_the_focus_variants_has_a_path(both: dict[str, ExplainedVariant]) -> None:
    figures = explanation_figures(both, FOCUS, [PAIR], "fitted")
    assert set(figures) == DRAWN | {"vit--cnn/cases", "photographs-fitted"}
    assert all(isinstance(figure, Figure) for figure in figures.values())
    again = explanation_figures(both, FOCUS, [PAIR], "fitted")
    for path in ("vit/heads", "vit--cnn/cases"):
        assert to_png(again[path]) == to_png(figures[path])


def test_where_nothing_was_explained_nothing_is_drawn() -> None:
    assert explanation_figures({}, FOCUS, [PAIR], "fitted") == {}


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("pairs", [[], [PAIR | {"cases": []}], [PAIR | {"second": "gone"}], [PAIR | {"first": "gone"}]])
def test_a_pair_is_drawn_only_if_both_are_looked_at_and_there_are_cases(
    both: dict[str, ExplainedVariant], pairs: list[Json]
) -> None:
    assert set(explanation_figures(both, FOCUS, pairs, "fitted")) == DRAWN | {"photographs-fitted"}


@pytest.mark.usefixtures("undrawn")
def test_what_is_no_focus_variant_is_drawn_with_all_the_others_alone(both: dict[str, ExplainedVariant]) -> None:
    both["vit"] = changed(both["vit"], close_up=None)
    figures: Any = explanation_figures(both, ["cnn"], [PAIR], "fitted")
    assert set(figures) == {path for path in DRAWN if not path.startswith("vit/")} | {"photographs-fitted"}
    assert list(figures["photographs-fitted"].given[1]) == ["cnn"]
    assert list(figures["alike"].given[1]) == ["cnn"]


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("recipe", ["", "plain"])
def test_photographs_of_another_recipe_are_not_drawn(both: dict[str, ExplainedVariant], recipe: str) -> None:
    assert set(explanation_figures(both, FOCUS, [], recipe)) == DRAWN


@pytest.mark.usefixtures("undrawn")
def test_a_variant_that_was_shown_no_photographs_is_missing_among_them(both: dict[str, ExplainedVariant]) -> None:
    both["vit"] = changed(both["vit"], recipe="", photo_maps=None)
    figures: Any = explanation_figures(both, FOCUS, [], "fitted")
    assert list(figures["photographs-fitted"].given[1]) == ["cnn"]
    both["cnn"] = changed(both["cnn"], recipe="", photo_maps=None)
    assert set(explanation_figures(both, FOCUS, [], "")) == DRAWN


# of one variant


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("variant", FOCUS)
def test_no_map_is_drawn_without_its_gain_and_the_controls(both: dict[str, ExplainedVariant], variant: str) -> None:
    one = both[variant]
    drawn = of_variant(one)["maps"]
    _, columns, _ = drawn.given
    assert tuple(columns) == METHODS[variant]
    assert drawn.notes == {name: scored(one, name) for name in columns}


def test_a_gain_below_zero_has_a_minus_as_wide_as_a_figure() -> None:
    assert gain_note(scores("some", "bad"), "bad") == "gain −0.10\nrandom −0.50\ncentre −0.90"


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("variant", FOCUS)
def test_maps_are_those_of_the_first_image_of_each_class(both: dict[str, ExplainedVariant], variant: str) -> None:
    one = both[variant]
    drawn = of_variant(one)["maps"]
    pixels, columns, rows = drawn.given
    first = [LABELS.tolist().index(k) for k in range(10)]
    np.testing.assert_array_equal(pixels, IMAGES[first])
    for name, maps in columns.items():
        np.testing.assert_array_equal(maps, maps_of(one, name, first))
        assert maps.dtype == np.float32
    wrong = {int(LABELS[k]) for k in first if k % 4 == 0}
    assert 0 < len(wrong) < 10
    assert rows == [f"{name}:\n{NAMES[(k + 1) % 10]}?" if k in wrong else name for k, name in enumerate(NAMES)]
    assert drawn.signed is SIGNED


@pytest.mark.parametrize(("model", "arguments"), [("fashion_cnn", {}), ("fashion_vit", TINY_VIT)])
def test_maps_with_a_sign_are_those_that_turn_with_their_target(dataset: Dataset, model: str, arguments: Json) -> None:
    networks = [create_model(model, arguments, input_shape=(1, 28, 28), num_classes=10).eval() for _ in range(2)]
    some = Subject(*networks, dataset, Runtime(torch.device("cpu")), Images(IMAGES[:2], LABELS[:2], PREDICTED[:2]))
    aim = label_target(some.predicted, 10)
    turned = {name for name in some.methods if torch.allclose(some.explain(name, -aim), -some.explain(name, aim))}
    assert some.methods.keys() & SIGNED == turned
    assert turned


@pytest.mark.usefixtures("undrawn")
def test_heads_stand_beside_the_first_image_with_their_gains(both: dict[str, ExplainedVariant]) -> None:
    one = both["vit"]
    assert one.explanation.close_up is not None
    drawn = of_variant(one)["heads"]
    image, maps, gains = drawn.given
    np.testing.assert_array_equal(image, IMAGES[SHOWN[0]])
    np.testing.assert_array_equal(maps, one.explanation.close_up.heads)
    np.testing.assert_array_equal(gains, one.explanation.found["heads"]["gains"])
    assert maps.shape[:2] == gains.shape
    assert drawn.note == controlled(one)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(("variant", "ends"), [("cnn", ("first", "last")), ("vit", ("first",))])
def test_convolutions_are_drawn_from_the_first_to_the_last(
    both: dict[str, ExplainedVariant], variant: str, ends: tuple[str, ...]
) -> None:
    one = both[variant].explanation.close_up
    assert one is not None
    drawn = of_variant(both[variant])
    trained, untrained = (one.inside[state] for state in ("trained", "untrained"))
    for end, (name, kernels) in zip(ends, trained.filters.items(), strict=True):
        for kind, expected in (("filters", kernels), ("untrained", untrained.filters[name])):
            shown, channels = drawn[f"{kind}-{end}"].given
            np.testing.assert_array_equal(shown, expected)
            assert channels == CONVOLUTIONS[variant][name][1]
        image, maps, said = drawn[f"features-{end}"].given
        np.testing.assert_array_equal(image, IMAGES[SHOWN[0]])
        np.testing.assert_array_equal(maps, trained.features[name])
        assert said == name


@pytest.mark.usefixtures("undrawn")
def test_the_journey_goes_through_every_convolution_before_and_after_training(
    both: dict[str, ExplainedVariant],
) -> None:
    one = both["cnn"].explanation.close_up
    assert one is not None
    image, sides, channels = of_variant(both["cnn"])["journey"].given
    np.testing.assert_array_equal(image, IMAGES[SHOWN[0]])
    assert sides == {
        "before training": one.inside["untrained"].journey,
        "after training": one.inside["trained"].journey,
    }
    assert channels == {"one": 9, "two": 80, "three": 5}
    assert "journey" not in of_variant(both["vit"])  # which has one convolution


@pytest.mark.usefixtures("undrawn")
def test_layers_and_responses_are_drawn_as_they_were_kept(both: dict[str, ExplainedVariant]) -> None:
    one, drawn = both["cnn"].explanation.close_up, of_variant(both["cnn"])
    assert one is not None
    assert drawn["layers"].given == (one.layers,)
    assert drawn["responses"].given == (TEST_SET, one.responses, {("one", 4)})


@pytest.mark.usefixtures("undrawn")
def test_classes_are_drawn_with_all_images_explained_and_the_score(both: dict[str, ExplainedVariant]) -> None:
    one = both["vit"]
    drawn = of_variant(one)["classes-Grad-CAM"]
    images, maps, labels, names = drawn.given
    np.testing.assert_array_equal(images, IMAGES[SHOWN])
    np.testing.assert_array_equal(labels, LABELS[SHOWN])
    np.testing.assert_array_equal(maps, one.explanation.maps["Grad-CAM"])
    assert (names, drawn.signed) == (NAMES, False)
    assert drawn.title == f"Grad-CAM: {scored(one, 'Grad-CAM')}".replace("\n", ", ")


@pytest.mark.usefixtures("undrawn")
def test_all_variants_are_shown_the_same_images_of_the_first_class(both: dict[str, ExplainedVariant]) -> None:
    few = SHOWN[:15]  # explained of one of them
    maps = {name: values[:15] for name, values in both["vit"].explanation.maps.items()}
    both["vit"] = changed(both["vit"], indices=few, maps=maps)
    ((path, drawn),) = explained.same_images_figures(both).items()
    where = few[LABELS[few] == 0]
    shown, columns, rows = drawn.given  # type: ignore[attr-defined]
    np.testing.assert_array_equal(shown, IMAGES[where])
    assert (path, rows) == ("alike", [f"image {k + 1}" for k in range(len(where))])
    for name, values in columns.items():
        np.testing.assert_array_equal(values, maps_of(both[name], "HiResCAM", where))
        assert drawn.notes[name] == scored(both[name], "HiResCAM")  # type: ignore[attr-defined]
    assert drawn.signed == set(both)  # type: ignore[attr-defined]
    assert explained.same_images_figures({}) == {}


@pytest.mark.usefixtures("undrawn")
def test_augmentations_are_drawn_with_the_classes_of_their_images() -> None:
    one = AugmentedExamples(IMAGES[:3], np.array([4, 0, 9]), np.stack([IMAGES[3:6], IMAGES[6:9]]))
    ((path, drawn),) = explained.augmentation_figures({"moved": one}, NAMES).items()
    assert path == "moved/augmentation"
    assert drawn.given == (one.images, one.draws, ["e", "a", "j"])  # type: ignore[attr-defined]


@pytest.mark.usefixtures("undrawn")
def test_a_contrast_shows_images_with_the_map_of_either_class_and_of_the_difference(
    both: dict[str, ExplainedVariant],
) -> None:
    close = both["cnn"].explanation.close_up
    assert close is not None
    contrast = close.contrast
    assert contrast is not None
    drawn = of_variant(both["cnn"])["contrast"]
    pixels, columns, rows = drawn.given
    assert pixels is contrast.images
    for values, maps in zip(columns.values(), contrast.maps.values(), strict=True):
        np.testing.assert_array_equal(values, maps)
    assert list(columns) == ["for the more probable", "for the other", "one and not the other"]
    assert list(drawn.notes.values()) == [
        f"gain {value}\nrandom −0.90\ncentre −1.30" for value in ("0.30", "−0.10", "−0.50")
    ]
    assert drawn.notes.keys() == columns.keys() == drawn.signed
    assert rows == [f"{NAMES[k]}:\n{NAMES[k]},\nnot {NAMES[(k + 2) % 10]}?" for k in contrast.actual]


# of several


@pytest.mark.usefixtures("undrawn")
def test_cases_are_drawn_with_what_both_make_of_them(both: dict[str, ExplainedVariant]) -> None:
    drawn: Any = explanation_figures(both, FOCUS, [PAIR], "fitted")["vit--cnn/cases"]
    pixels, cases, labels, names, sides = drawn.given
    where = [12, 5]
    assert cases is CASES
    assert names == NAMES
    np.testing.assert_array_equal(labels, LABELS[where])
    np.testing.assert_array_equal(pixels, IMAGES[where])
    assert [side.model for side in sides] == ["vit", "cnn"]
    for side in sides:
        one = both[side.model]
        np.testing.assert_array_equal(side.probabilities, softmax(one.evaluation.test_logits[0][where]))
        np.testing.assert_array_equal(side.maps, maps_of(one, "HiResCAM", where))
        assert (side.note, side.signed) == (f"HiResCAM\n{scored(one, 'HiResCAM')}", True)


@pytest.mark.usefixtures("undrawn")
def test_a_photograph_of_each_class_is_drawn_and_none_that_fits_no_class(both: dict[str, ExplainedVariant]) -> None:
    drawn: Any = explanation_figures(both, FOCUS, [], "fitted")["photographs-fitted"]
    pixels, columns, rows = drawn.given
    shown = [3, 2, 1]  # the first of the classes 0, 3 and 7
    assert TEST_SET.photos is not None
    np.testing.assert_array_equal(pixels, TEST_SET.photos.recipes["fitted"][shown])
    assert rows == ["a\ncnn: c\nvit: c", "d\ncnn: f\nvit: f", "h\ncnn: j\nvit: j"]
    assert list(columns) == list(both)
    for name, maps in columns.items():
        photo_maps = both[name].explanation.photo_maps
        assert photo_maps is not None
        np.testing.assert_array_equal(maps, photo_maps[shown])
        assert drawn.notes[name] == f"HiResCAM\n{scored(both[name], 'HiResCAM')}"
    assert drawn.signed == set(both)


@pytest.mark.usefixtures("undrawn")
def test_a_variant_may_be_shown_by_a_method_without_sign(both: dict[str, ExplainedVariant]) -> None:
    mixed = both | {"vit": changed(both["vit"], shown="rollout")}
    drawn: Any = explanation_figures(mixed, FOCUS, [PAIR], "fitted")
    vit, cnn = drawn["vit--cnn/cases"].given[-1]
    assert (vit.signed, cnn.signed) == (False, True)
    assert vit.note.startswith("rollout\n")
    assert drawn["photographs-fitted"].signed == drawn["alike"].signed == {"cnn"}
    assert "rollout" not in SIGNED
