"""What charts about maps show, taken from the drawn objects themselves."""

from typing import Any

import numpy as np
import pytest
from drawn import dots, ticks
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lookalike.reporting.figures.explanations import (
    MEASURES,
    PAIRS,
    SOURCES,
    class_contrast_figure,
    deletion_curves_figure,
    faithfulness_figure,
    sanity_figure,
    similarity_figure,
)
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.style import BLUE, LIGHT, MIDDLE, SPARE, VERMILLION, variant_looks

FRACTIONS = [0.0, 0.5, 1.0]


def estimate(value: float, half: float = 0.01) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + 2 * half}


def bounds(values: list[float]) -> list[list[float]]:
    return [[value, value - 0.01, value + 0.02] for value in values]


def legend(figure: Figure) -> list[str]:
    (drawn,) = figure.legends
    return [text.get_text() for text in drawn.get_texts()]


def titles(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def score(gain: float, blank: float = 0.0) -> dict[str, Any]:
    curves = {
        baseline: {"deletion_curve": [0.9, gain + k / 10, 0.1], "insertion_curve": [0.1, gain + k / 5, 0.9]}
        for k, baseline in enumerate(("zero", "blur"))
    }
    return {"gain": estimate(gain), "blank": blank, "baselines": curves}


def faithfulness(**gains: float) -> dict[str, Any]:
    methods = {name: score(gain) for name, gain in gains.items()}
    return {"fractions": FRACTIONS, "methods": methods | {"random": score(0.01), "centre": score(0.15)}}


FAITHFULNESS = {
    "cnn": faithfulness(cam=0.3),
    "vit": faithfulness(cam=0.2, rollout=-0.1, attention=0.05),
    "big": faithfulness(cam=0.25),
}
LOOKS = variant_looks({"cnn": "CNN", "vit": "ViT", "big": "CNN"}, [])
FAITHFULNESS["vit"]["methods"]["rollout"]["blank"] = 0.125


def test_gains_are_drawn_by_method_on_shared_axes_controls_last() -> None:
    figure = faithfulness_figure(FAITHFULNESS, looks=LOOKS)
    (axes,) = figure.axes
    methods = ["cam", "rollout", "attention", "random", "centre"]
    assert ticks(axes) == ["cam", "rollout (up to 12.5% blank)", "attention", "control: random", "control: centre"]
    for drawn, found in zip(dots(axes), FAITHFULNESS.values(), strict=True):
        rows = [row for row, name in enumerate(methods) if name in found["methods"]]
        np.testing.assert_allclose(
            drawn[:, :3], bounds([found["methods"][methods[row]]["gain"]["value"] for row in rows])
        )
        assert np.round(drawn[:, 3]).tolist() == rows
    assert legend(figure) == ["cnn (CNN)", "vit (ViT)", "big (CNN)"]
    assert [series.lines[0].get_color() for series in axes.containers] == [BLUE, VERMILLION, SPARE[0]]


def test_curves_of_the_most_faithful_methods_share_their_axes_with_grey_controls() -> None:
    found = {name: FAITHFULNESS[name] for name in ("cnn", "vit")}
    found["vit"] = faithfulness(rollout=-0.1, cam=0.2)
    figure = deletion_curves_figure(found, looks=LOOKS)
    kinds = [(baseline, kind) for baseline in ("zero", "blur") for kind in ("deletion", "insertion")]
    assert titles(figure) == [f"{kind}, baseline {baseline}" for baseline, kind in kinds]
    drawn = [(name, method) for name in found for method in ("cam", "random", "centre")]
    for axes, (baseline, kind) in zip(figure.axes, kinds, strict=True):
        assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1))
        for line, (name, method) in zip(axes.lines, drawn, strict=True):
            np.testing.assert_array_equal(line.get_xdata(), FRACTIONS)
            curves = found[name]["methods"][method]["baselines"][baseline]
            np.testing.assert_array_equal(line.get_ydata(), curves[f"{kind}_curve"])
    assert legend(figure) == [f"{LOOKS[name]['label']}: {method}" for name, method in drawn]
    styles = [(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines]
    assert styles[:3] == [(BLUE, "-"), (LIGHT, ":"), (MIDDLE, "--")]
    assert styles[3:] == [(VERMILLION, "-"), (LIGHT, ":"), (MIDDLE, "--")]
    assert "predicted class" in figure.get_supylabel()


def steps(*correlations: float) -> list[dict[str, Any]]:
    return [{"unit": f"layer {k}", "correlation": estimate(value)} for k, value in enumerate(correlations)]


SANITY = {"cnn": {"cam": steps(0.9, 0.1)}, "vit": {"cam": steps(0.8, 0.4, 0.0), "rollout": steps(1.0, 0.9, 0.8)}}


def test_correlations_are_drawn_along_the_layers_randomised() -> None:
    figure = sanity_figure(SANITY)
    cnn, vit = figure.axes
    assert titles(figure) == ["cnn", "vit"]
    np.testing.assert_allclose(dots(cnn, up=True)[0], [[*row, k] for k, row in enumerate(bounds([0.9, 0.1]))])
    for drawn, values in zip(dots(vit, up=True), ([0.8, 0.4, 0.0], [1.0, 0.9, 0.8]), strict=True):
        np.testing.assert_allclose(drawn[:, :3], bounds(values))
        np.testing.assert_array_equal(np.round(drawn[:, 3]), [0, 1, 2])
    assert [label.get_text() for label in vit.get_xticklabels()] == ["layer 0", "layer 1", "layer 2"]
    assert "shows the image, not the model" in figure.get_supxlabel()
    assert cnn.get_ylim() == vit.get_ylim()
    for axes in figure.axes:
        np.testing.assert_array_equal(axes.lines[-1].get_ydata(), [0, 0])


def test_a_method_has_one_look_in_all_panels_and_one_place_in_the_legend() -> None:
    figure = sanity_figure(SANITY)
    assert legend(figure) == ["cam", "rollout"]
    cnn, vit = ([(line.get_color(), line.get_marker()) for line in axes.lines[:-1]] for axes in figure.axes)
    assert cnn[0] == vit[0] != vit[1]


def kinship(level: float) -> dict[str, Any]:
    values = {"within_class": 0.5, "look_alikes": 0.3, "between_groups": 0.1, "class_contrast": 0.4}
    return {name: estimate(value + level) for name, value in values.items()}


def alike(*methods: str) -> dict[str, Any]:
    return {
        measure: {
            method: {source: kinship(0.1 * k + 0.01 * m + 0.001 * s) for s, source in enumerate(SOURCES)}
            for m, method in enumerate(methods)
        }
        for k, measure in enumerate(MEASURES)
    }


ALIKE = {"cnn": alike("cam"), "vit": alike("cam", "rollout")}
ROWS = {
    "cnn": ["cam", "raw pixels", "untrained: cam"],
    "vit": ["cam", "rollout", "raw pixels", "untrained: cam", "untrained: rollout"],
}
PANELS = [(variant, measure) for variant in ALIKE for measure in MEASURES]


def level(found: dict[str, Any], key: str) -> float:
    value: float = found[key]["value"]
    return value


def test_similarities_are_drawn_by_variant_measure_and_row() -> None:
    figure = similarity_figure(ALIKE)
    assert titles(figure) == [f"{variant}\n{MEASURES[measure]}" for variant, measure in PANELS]
    for axes, (variant, measure) in zip(figure.axes, PANELS, strict=True):
        methods = ALIKE[variant][measure]
        rows = [method["maps"] for method in methods.values()] + [methods["cam"]["raw_pixels"]]
        rows += [method["untrained"] for method in methods.values()]
        assert ticks(axes) == (ROWS[variant] if measure == "spearman" else [])
        for drawn, pair in zip(dots(axes), PAIRS, strict=True):
            np.testing.assert_allclose(drawn[:, :3], bounds([level(row, pair) for row in rows]))
            np.testing.assert_array_equal(np.round(drawn[:, 3]), range(len(rows)))
    assert legend(figure) == ["of one class", "of look-alikes", "of different groups"]


def test_the_contrast_of_classes_stands_beside_that_of_its_controls() -> None:
    figure = class_contrast_figure(ALIKE)
    assert titles(figure) == [f"{variant}\n{MEASURES[measure]}" for variant, measure in PANELS]
    for axes, (variant, measure) in zip(figure.axes, PANELS, strict=True):
        methods = ALIKE[variant][measure]
        assert ticks(axes) == (list(methods) if measure == "spearman" else [])
        for drawn, source in zip(dots(axes), SOURCES, strict=True):
            expected = [level(method[source], "class_contrast") for method in methods.values()]
            np.testing.assert_allclose(drawn[:, :3], bounds(expected))
            np.testing.assert_array_equal(np.round(drawn[:, 3]), range(len(methods)))
    assert legend(figure) == ["the model", "the same model untrained", "raw pixels"]


def test_what_has_no_pairs_is_left_out() -> None:
    found = alike("cam", "rollout")
    found["ssim"]["cam"]["maps"] = dict.fromkeys(kinship(0))
    _, ssim, _ = similarity_figure({"cnn": found}).axes
    assert [np.round(drawn[:, 3]).tolist() for drawn in dots(ssim)] == [[1, 2, 3, 4]] * 3
    _, ssim, _ = class_contrast_figure({"cnn": found}).axes
    assert [np.round(drawn[:, 3]).tolist() for drawn in dots(ssim)] == [[1], [0, 1], [0, 1]]


DRAWINGS = [
    lambda: faithfulness_figure(FAITHFULNESS, looks=LOOKS),
    lambda: deletion_curves_figure(FAITHFULNESS, looks=LOOKS),
    lambda: sanity_figure(SANITY),
    lambda: similarity_figure(ALIKE),
    lambda: class_contrast_figure(ALIKE),
]


def zero_lines(axes: Axes) -> list[Any]:
    return [line for line in axes.lines if np.array_equal(line.get_xdata(), [0, 0])]


@pytest.mark.parametrize("draw", DRAWINGS[3:])
def test_zero_is_marked(draw: Any) -> None:
    assert all(len(zero_lines(axes)) == 1 for axes in draw().axes)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_the_legend_keeps_clear_of_all_panels(draw: Any) -> None:
    figure = draw()
    figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()
    (drawn,) = figure.legends
    box = drawn.get_window_extent(renderer)
    assert 0 <= box.x0 <= box.x1 <= figure.bbox.x1
    assert not any(box.overlaps(axes.get_tightbbox(renderer)) for axes in figure.axes)


@pytest.mark.parametrize("draw", DRAWINGS)
def test_the_same_picture_is_the_same_bytes(draw: Any) -> None:
    assert to_png(draw()) == to_png(draw())
