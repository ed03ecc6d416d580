"""What charts about maps show, taken from the drawn objects themselves."""

from typing import Any

import numpy as np
import pytest
from drawn import dots, ticks
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lookalike.reporting.explanations import (
    MEASURES,
    PAIRS,
    SOURCES,
    class_contrast_figure,
    curves_figure,
    faithfulness_figure,
    sanity_figure,
    similarity_figure,
)
from lookalike.reporting.style import to_png

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
FAITHFULNESS["vit"]["methods"]["rollout"]["blank"] = 0.125


def test_gains_are_drawn_by_row_with_controls_apart() -> None:
    figure = faithfulness_figure(FAITHFULNESS)
    cnn, vit, _, empty = figure.axes
    assert titles(figure) == ["cnn", "vit", "big", ""]
    assert not empty.axison
    for axes, gains in ((cnn, [0.3]), (vit, [0.2, -0.1, 0.05])):
        methods, random, centre = dots(axes)
        np.testing.assert_allclose(methods[:, :3], bounds(gains))
        assert methods[:, 3].tolist() == list(range(len(gains)))
        np.testing.assert_allclose(random, [[*bounds([0.01])[0], len(gains)]])
        np.testing.assert_allclose(centre, [[*bounds([0.15])[0], len(gains) + 1]])
    assert legend(figure) == ["method", "control: random", "control: centre"]


def test_what_the_controls_gain_runs_down_each_panel() -> None:
    for axes in faithfulness_figure(FAITHFULNESS).axes[:3]:
        lines = [line for line in axes.lines if np.array_equal(line.get_ydata(), [0, 1])]
        assert [np.asarray(line.get_xdata())[0] for line in lines] == [0.01, 0.15]
        assert len({line.get_linestyle() for line in lines}) == 2


def test_the_share_of_blank_maps_stands_beside_the_method() -> None:
    _, vit, *_ = faithfulness_figure(FAITHFULNESS).axes
    assert ticks(vit) == ["cam", "rollout (12.5% blank)", "attention", "random", "centre"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_each_column_of_panels_has_numbers_below(count: int) -> None:
    figure = faithfulness_figure(dict(list(FAITHFULNESS.items())[:count]))
    figure.draw_without_rendering()
    for axes in figure.axes[:count][-2:]:
        assert any(label.get_visible() and label.get_text() for label in axes.get_xticklabels())


def test_curves_are_drawn_by_baseline_and_kind() -> None:
    found = FAITHFULNESS["vit"]
    figure = curves_figure(found)
    kinds = [(baseline, kind) for baseline in ("zero", "blur") for kind in ("deletion", "insertion")]
    assert titles(figure) == [f"{kind}, baseline {baseline}" for baseline, kind in kinds]
    for axes, (baseline, kind) in zip(figure.axes, kinds, strict=True):
        assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1))
        for line, method in zip(axes.lines, found["methods"].values(), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), FRACTIONS)
            np.testing.assert_array_equal(line.get_ydata(), method["baselines"][baseline][f"{kind}_curve"])
    assert legend(figure) == list(found["methods"])
    styles = [line.get_linestyle() for line in figure.axes[0].lines]
    assert styles[:3] == ["-"] * 3
    assert len({*styles}) == 3  # each control has its own
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
    lambda: faithfulness_figure(FAITHFULNESS),
    lambda: curves_figure(FAITHFULNESS["vit"]),
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
