"""What the figures of photographs show, taken from the drawn objects themselves."""

from typing import Any

import numpy as np
from drawn import dots, ticks
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.reporting.figures.photographs import (
    ablation_figure,
    abstention_figure,
    class_accuracy_figure,
    distance_figure,
    failures_figure,
    photo_accuracy_figure,
)
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.style import BLUE, VERMILLION, variant_looks


def estimate(value: float, half: float = 0.01) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + 2 * half}


def legend(figure: Figure) -> list[str]:
    (drawn,) = figure.legends
    return [text.get_text() for text in drawn.get_texts()]


def titles(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


LOOKS = variant_looks({"cnn": "CNN", "vit": "ViT"}, [])
TABLE: dict[str, Any] = {
    "cnn": {"test": estimate(0.9), "recipes": {"plain": estimate(0.3), "fitted": estimate(0.6)}},
    "vit": {"test": estimate(0.8), "recipes": {"plain": None, "fitted": estimate(0.5)}},
}


def test_accuracy_on_photographs_stands_beside_that_on_the_test_set() -> None:
    figure = photo_accuracy_figure(TABLE)
    assert titles(figure) == ["plain", "fitted"]
    plain, fitted = (dots(axes) for axes in figure.axes)
    np.testing.assert_allclose(plain[0], [[0.3, 0.29, 0.32, 0]])
    np.testing.assert_allclose(fitted[0], [[0.6, 0.59, 0.62, 0], [0.5, 0.49, 0.52, 1]])
    for _, test in (plain, fitted):
        np.testing.assert_allclose(test, [[0.9, 0.89, 0.92, 0], [0.8, 0.79, 0.82, 1]])
    assert ticks(figure.axes[0]) == ["cnn", "vit"]
    assert legend(figure) == ["on photographs", "on the test set"]
    assert figure.get_supxlabel() == "accuracy"
    assert figure.axes[0].get_xlim() == (0, 1)


STEPS: dict[str, Any] = {
    "fitted": [
        {"step": "crop", "variant": "cnn", "difference": estimate(-0.1)},
        {"step": "crop", "variant": "vit", "difference": estimate(-0.2)},
        {"step": "invert", "variant": "vit", "difference": estimate(0.03)},
        {"step": "invert", "variant": "cnn", "difference": None},
    ],
    "plain": [{"step": "invert", "variant": "cnn", "difference": estimate(-0.3)}],
}


def test_a_step_left_out_changes_the_accuracy() -> None:
    figure = ablation_figure(STEPS, looks=LOOKS)
    fitted, plain = figure.axes
    assert titles(figure) == ["recipe fitted", "recipe plain"]
    assert [ticks(axes) for axes in figure.axes] == [["crop", "invert"], ["invert"]]
    cnn, vit = dots(fitted)
    np.testing.assert_allclose(cnn[:, :3], [[-0.1, -0.11, -0.08]])
    np.testing.assert_allclose(vit[:, :3], [[-0.2, -0.21, -0.18], [0.03, 0.02, 0.05]])
    assert np.round([*cnn[:, 3], *vit[:, 3]]).tolist() == [0, 0, 1]
    np.testing.assert_allclose(dots(plain)[0][:, :3], [[-0.3, -0.31, -0.28]])
    assert len(dots(plain)[1]) == 0
    assert legend(figure) == ["cnn (CNN)", "vit (ViT)"]
    assert figure.get_supylabel() == "step left out or exchanged"
    assert plain.get_xlabel() == "change of the accuracy on photographs (percentage points)"
    for axes in figure.axes:
        np.testing.assert_array_equal(axes.lines[-1].get_xdata(), [0, 0])


BY_CLASS: dict[str, Any] = {
    "plain": {"Coat": {"accuracy": estimate(0.25), "images": 8}, "Bag": {"accuracy": None, "images": 0}},
    "fitted": {"Coat": {"accuracy": estimate(0.875), "images": 8}, "Bag": {"accuracy": None, "images": 0}},
}


def test_classes_are_columns_and_those_without_photographs_are_empty() -> None:
    axes, bar = class_accuracy_figure(BY_CLASS).axes
    shares: NDArray[np.float64] = np.ma.filled(np.ma.asarray(axes.images[0].get_array()), np.nan)
    np.testing.assert_array_equal(shares, [[0.25, np.nan], [0.875, np.nan]])
    written = {tuple(map(int, text.get_position())): text.get_text() for text in axes.texts}
    assert written == {(0, 0): "25", (0, 1): "88", (1, 0): "", (1, 1): ""}
    assert ticks(axes) == ["plain", "fitted"]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["Coat (8)", "Bag (0)"]
    assert [axes.get_xlabel(), bar.get_xlabel()] == ["true class (photographs)", "accuracy"]


ON_PHOTOS: dict[str, Any] = {
    "plain": {"cnn": estimate(0.5), "vit": estimate(0.4)},
    "fitted": {"cnn": estimate(0.1), "vit": None},
}
ON_TEST: dict[str, Any] = {
    "noise": {"strength": [0, 0.5], "cnn": [estimate(0.1), estimate(0.7)], "vit": [estimate(0.1), None]},
    "shift": {"strength": [0, 4], "vit": [estimate(0.1), estimate(0.3)]},
    "grey": {"strength": [0, 9], "cnn": [estimate(0.1), estimate(0.2)]},
}


def test_what_is_taken_for_a_bag_is_drawn_by_recipe_and_by_strength() -> None:
    figure = failures_figure(ON_PHOTOS, ON_TEST, collector="Bag", looks=LOOKS)
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    assert list(panels) == ["photographs by recipe", "noise", "shift", "grey"]
    cnn, vit = dots(panels["photographs by recipe"])
    np.testing.assert_allclose(cnn[:, :3], [[0.5, 0.49, 0.52], [0.1, 0.09, 0.12]])
    np.testing.assert_allclose(vit[:, :3], [[0.4, 0.39, 0.42]])
    assert np.round([*cnn[:, 3], *vit[:, 3]]).tolist() == [0, 1, 0]
    cnn, vit = dots(panels["noise"], up=True)
    np.testing.assert_allclose(cnn, [[0.1, 0.09, 0.12, 0], [0.7, 0.69, 0.72, 0.5]])
    np.testing.assert_allclose(vit, [[0.1, 0.09, 0.12, 0]])
    (only,) = dots(panels["shift"], up=True)
    np.testing.assert_allclose(only, [[0.1, 0.09, 0.12, 0], [0.3, 0.29, 0.32, 4]])
    colours = [[line.get_color() for line in panels[kind].lines if line.get_marker() != "None"] for kind in ON_TEST]
    assert colours == [colours[0], colours[0][1:], colours[0][:1]]  # a variant has one colour everywhere
    assert legend(figure) == ["cnn (CNN)", "vit (ViT)"]
    assert ticks(panels["photographs by recipe"]) == ["plain", "fitted"]
    assert [tick.get_text() for tick in panels["noise"].get_xticklabels()] == ["0", "0.5"]
    assert {axes.get_ylim() for kind, axes in panels.items() if kind in ON_TEST} == {(0, 1)}


CURVES: dict[str, Any] = {
    name: {
        "confidence": {"coverage": [0.5, 1], "accuracy": [0.9 - k / 10, 0.6]},
        "distance": {"coverage": [0.25, 1], "accuracy": [0.8 - k / 10, 0.6]},
    }
    for k, name in enumerate(("cnn", "vit"))
}


def test_accuracy_among_kept_photographs_is_drawn_on_shared_axes() -> None:
    figure = abstention_figure(CURVES, looks=LOOKS)
    (axes,) = figure.axes
    expected = [curve[kind] for curve in CURVES.values() for kind in ("confidence", "distance")]
    for line, values in zip(axes.lines, expected, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), values["coverage"])
        np.testing.assert_array_equal(line.get_ydata(), values["accuracy"])
    assert [line.get_color() for line in axes.lines] == [BLUE, BLUE, VERMILLION, VERMILLION]
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--"] * 2
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1))
    ways = ("most confident first", "nearest to the training images first")
    assert legend(figure) == [f"{name}, {way}" for name in ("cnn (CNN)", "vit (ViT)") for way in ways]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("share of the photographs kept", "accuracy on those kept")


def bins(count: int) -> list[dict[str, Any]]:
    return [
        {"low": k / 2, "high": (k + 1) / 2, "count": 46 + k % 2, "accuracy": estimate(0.9 - k / 20) if k != 1 else None}
        for k in range(count)
    ]


def test_accuracy_is_drawn_by_bin_of_distance_on_shared_axes() -> None:
    figure = distance_figure({"cnn": bins(4), "vit": bins(2)}, {"cnn": 0.714, "vit": None}, looks=LOOKS)
    (axes,) = figure.axes
    cnn, vit = dots(axes, up=True)
    np.testing.assert_allclose(cnn[:, :3], [[0.9, 0.89, 0.92], [0.8, 0.79, 0.82], [0.75, 0.74, 0.77]])
    np.testing.assert_allclose(vit[:, :3], [[0.9, 0.89, 0.92]])
    np.testing.assert_allclose(cnn[:, 3], [0.125, 0.625, 0.875], atol=0.02)  # without the bin that is not known
    np.testing.assert_allclose(vit[:, 3], [0.25], atol=0.02)
    assert cnn[0, 3] < 0.125  # beside each other
    assert vit[0, 3] > 0.25
    assert legend(figure) == ["cnn (CNN), AUROC 0.71", "vit (ViT)"]
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1))


def draw_all() -> list[Figure]:
    return [
        photo_accuracy_figure(TABLE),
        ablation_figure(STEPS, looks=LOOKS),
        class_accuracy_figure(BY_CLASS),
        failures_figure(ON_PHOTOS, ON_TEST, collector="Bag", looks=LOOKS),
        abstention_figure(CURVES, looks=LOOKS),
        distance_figure({"cnn": bins(3)}, {"cnn": None}, looks=LOOKS),
    ]


def test_the_same_picture_is_the_same_bytes() -> None:
    for one, other in zip(draw_all(), draw_all(), strict=True):
        assert to_png(one) == to_png(other)
