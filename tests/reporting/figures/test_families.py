"""Charts of how families tell look-alikes apart: what stands where, and in which colour."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from drawn import dots, ticks
from matplotlib.figure import Figure

from lookalike.evaluation.statistics import Estimate
from lookalike.families.crossings import Crossing, NoCrossing
from lookalike.families.family import Family
from lookalike.families.findings import (
    Contrasted,
    CueUse,
    ErrorConsistency,
    LayersAlike,
    LearningCurves,
    Matrix,
    OfSize,
    Representation,
    Separability,
    Separated,
    VariantErrors,
)
from lookalike.families.learning_curves import FittedCurve, PowerLaw
from lookalike.families.separability import Asymmetry
from lookalike.reporting.figures.families import (
    MOST,
    consistency_figure,
    cues_figure,
    pair_name,
    runs_of,
    separability_figure,
)
from lookalike.reporting.figures.families_images import Doubtful, contrast_maps_figure, doubtful_figure
from lookalike.reporting.figures.families_inside import gains_figure, learning_figure, representations_figure
from lookalike.reporting.figures.maps import DIVERGING, MEDIUM, as_tile
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.style import BLUE, DARK, MIDDLE, VERMILLION, variant_looks

FAMILIES: dict[str, Family] = {"c": "CNN", "v": "ViT", "d": "CNN", "w": "ViT"}
LOOKS = variant_looks({"c": "CNN", "v": "ViT"}, [])


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 0.1, value + 0.2)


def values_of(figure: Figure, panel: int, *, up: bool = False) -> list[list[float]]:
    """The dots of each series in a panel."""
    return [series[:, 0].tolist() for series in dots(figure.axes[panel], up=up)]


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_long_names_are_cut() -> None:
    assert pair_name(("Coat", "Shirt")) == "Coat – Shirt"
    assert pair_name(("x" * 30, "y" * MOST)) == f"{'x' * (MOST - 1)}… – {'y' * MOST}"


def test_blocks_are_runs_and_their_ends() -> None:
    assert runs_of(["a", "a", "b", "a"]) == (["a", "b", "a"], [2, 3, 4])


# error consistency


def size_of(curve: str, images: int, within: float, between: float) -> OfSize:
    found = Contrasted(estimate(within), estimate(between), estimate(between - within))
    return OfSize(curve, images, ("c", "v"), found)


def test_models_are_ordered_by_family_and_none_is_compared_to_itself() -> None:
    kappa: Matrix = ((1.0, 0.2, 0.3), (0.2, 1.0, None), (0.3, None, 1.0))
    figure = consistency_figure(ErrorConsistency(("c", "v", "d"), kappa), FAMILIES, [])
    heat = figure.axes[0]
    (picture,) = heat.images
    shown = np.ma.filled(picture.get_array(), np.nan)
    np.testing.assert_array_equal(shown, [[np.nan, 0.3, 0.2], [0.3, np.nan, np.nan], [0.2, np.nan, np.nan]])
    assert ticks(heat) == ["c", "d", "v"]
    assert [tick.get_text() for tick in heat.get_xticklabels()] == ["CNN", "ViT"]
    assert heat.get_xticks().tolist() == [0.5, 2]
    thick = [line.get_xdata()[0] for line in heat.lines if line.get_linewidth() == 2.5 and line.get_xdata()[0] > 0]
    assert thick == [1.5]
    assert to_png(figure).startswith(b"\x89PNG")


def test_consistency_by_size_is_drawn_for_each_curve() -> None:
    by_size = [size_of("e", 100, 0.7, 0.3), size_of("e", 1000, 0.6, 0.4), size_of("s", 100, 0.5, 0.2)]
    by_size.append(OfSize("s", 1000, ("c", "v"), None))
    kappa: Matrix = ((1.0, 0.2), (0.2, 1.0))
    figure = consistency_figure(ErrorConsistency(("c", "v"), kappa), FAMILIES, by_size)
    panel = next(axes for axes in figure.axes if axes.get_xlabel() == "training images")
    assert [series[:, 0].tolist() for series in dots(panel, up=True)] == [[0.7, 0.6], [0.3, 0.4], [0.5], [0.2]]
    np.testing.assert_allclose(dots(panel, up=True)[1][:, 3], [103, 1030])
    legend = panel.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["within, e", "between, e", "within, s", "between, s"]
    colours = [series.lines[0].get_color() for series in panel.containers]
    assert colours == [DARK, MIDDLE] * 2


# pairs, cues


def separated(area: float, distance: float | None) -> Separated:
    found = None if distance is None else estimate(distance)
    return Separated(estimate(area), (area,), found, (distance,), Asymmetry(None, (0, 0)), None, None)


def test_pairs_are_rows_and_variants_colours() -> None:
    pairs = [
        Separability(("a", "b"), {"c": separated(0.9, 2), "v": separated(0.8, None)}, *[None] * 4),
        Separability(("a", "x"), {"c": separated(0.7, 1), "v": separated(0.6, 3)}, *[None] * 4),
    ]
    figure = separability_figure(pairs, LOOKS)
    assert ticks(figure.axes[0]) == ["a – b", "a – x"]
    assert [values_of(figure, panel) for panel in (0, 1)] == [[[0.9, 0.7], [0.8, 0.6]], [[2, 1], [3]]]
    assert legend_of(figure) == ["c (CNN)", "v (ViT)"]


def test_cues_stand_beside_their_images() -> None:
    conditions = (("", 0), ("silhouette", 1), ("shuffled", 2), ("low-pass", 1), ("low-pass", 2))
    kept = (estimate(1), None, estimate(0.6), estimate(0.4), estimate(0.2))
    uses = {name: CueUse(conditions, kept, kept, (), ()) for name in LOOKS}
    image = np.arange(16, dtype=np.uint8).reshape(4, 4)
    figure = cues_figure({("", 0): image, ("shuffled", 2): image}, uses, LOOKS)
    strip, chart = figure.axes
    assert [sum(shown.get_extent()[2:]) / 2 for shown in strip.images] == [0, 2]
    assert ticks(chart) == ["original", "silhouette", "shuffled 2×2", "low-pass 1", "low-pass 2"]
    assert all(tick.get_visible() for tick in chart.get_yticklabels())
    drawn = dots(chart)
    assert [series[:, 0].tolist() for series in drawn] == [[1, 0.6, 0.4, 0.2]] * 2
    assert np.round(drawn[0][:, 3]).tolist() == [0, 2, 3, 4]


# learning, features


def curves(crossing: Crossing | NoCrossing | None) -> LearningCurves:
    points = (
        (VariantErrors("c", 100, (0.5, 0.6)), VariantErrors("c2", 1000, (0.3,))),
        (VariantErrors("v", 100, (0.7,)), VariantErrors("v2", 1000, (0.2,))),
    )
    fit = FittedCurve(PowerLaw(5.0, 0.5), None, None)
    return LearningCurves(points, fit, None, crossing)


def test_learning_curves_show_every_run_the_fits_and_the_crossing() -> None:
    crossing = Crossing(300.0, 200.0, None, "second", 0.9)
    figure = learning_figure({"e": curves(crossing), "s": curves(NoCrossing("first", 1.0))}, LOOKS)
    crossed, apart = figure.axes
    first, fit, second, line = crossed.lines
    assert np.asarray(first.get_xydata()).tolist() == [[100, 0.5], [100, 0.6], [1000, 0.3]]
    assert np.asarray(second.get_xydata()).tolist() == [[100, 0.7], [1000, 0.2]]
    assert [one.get_color() for one in (first, fit, second)] == [BLUE, BLUE, VERMILLION]
    np.testing.assert_allclose(np.asarray(fit.get_xydata())[[0, -1]], [[100, 0.5], [1000, 5 / np.sqrt(1000)]])
    assert line.get_xdata() == [300, 300]
    assert len(crossed.patches) == 1
    assert len(apart.lines) == 3, "no fit of the second, and no crossing"
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["e", "s"]
    assert to_png(figure).startswith(b"\x89PNG")


def represented(compared: Matrix | None) -> Representation:
    layers = {name: LayersAlike(("one", "two"), ((1.0, 0.5), (0.5, 1.0)), (0.9, 0.8)) for name in ("v", "c")}
    return Representation(layers, ((None, 0.25), (0.25, 0.996)), compared, None)


def test_similarity_is_written_into_cells_that_are_known() -> None:
    figure = representations_figure(represented(((0.1, 0.2), (0.3, 0.7))), ("c", "v"), FAMILIES)
    layers, last = figure.axes[:2]
    assert [text.get_text() for text in layers.texts] == [".10", ".20", ".30", ".70"]
    assert [text.get_text() for text in last.texts] == ["1.00", ".25", ".25"]
    assert (layers.get_ylabel(), layers.get_xlabel()) == ("c", "v")
    assert (ticks(layers), ticks(last)) == (["one", "two"], ["c", "v"])
    assert len(representations_figure(represented(None), ("c", "v"), FAMILIES).axes) == 2, "last layers and the scale"


def test_all_panels_have_a_row_for_every_method_of_any_variant() -> None:
    gains = {"c": {"a": estimate(0.1), "b": estimate(0.2)}, "v": {"b": estimate(0.3), "x": estimate(0.4)}}
    figure = gains_figure(gains, {"hits": {"v": {"b": estimate(0.9)}}}, LOOKS)
    assert ticks(figure.axes[0]) == ["a", "b", "x"]
    assert [values_of(figure, panel) for panel in (0, 1)] == [[[0.1, 0.2], [0.3, 0.4]], [[0.9]]]
    assert figure.axes[1].get_xlabel() == "hits"
    assert figure.axes[1].containers[0].lines[0].get_color() == VERMILLION


# pictures


def canvas(figure: Figure) -> Any:
    return figure.axes[0].images[0].get_array()


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def holds(picture: Any, tile: Any) -> int:
    """At how many places a picture holds a tile."""
    windows = np.lib.stride_tricks.sliding_window_view(picture, tile.shape[:2], axis=(0, 1))
    return int((windows == np.moveaxis(tile, 2, 0)).all(axis=(2, 3, 4)).sum())


def test_each_class_is_shown_beside_the_maps_of_both_families() -> None:
    classes = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(1, 2, 4, 4)
    ours, theirs = np.zeros((1, 2, 2, 2), np.float16), np.full((1, 2, 2, 2), 0.5, np.float16)
    ours[0, 0] = [[1, -1], [0, 0.5]]
    figure = contrast_maps_figure([("Coat", "Shirt")], classes, {"CNN": ours, "ViT": theirs})
    assert texts(figure)[:8] == ["mean image", "CNN", "ViT", "Coat", "mean image", "CNN", "ViT", "Shirt"]
    picture = canvas(figure)
    assert holds(picture, as_tile(classes[0, 0], MEDIUM)) == holds(picture, as_tile(classes[0, 1], MEDIUM)) == 1
    colours = DIVERGING[[[255, 0], [127 + 1, round(0.75 * 255)]]]
    assert holds(picture, as_tile(colours, MEDIUM)) == 1
    assert holds(picture, np.broadcast_to(DIVERGING[128], (MEDIUM, MEDIUM, 3))) == 3, "maps without differences"


def doubtful(names: Sequence[str]) -> list[Doubtful]:
    return [Doubtful(7 * k, name, 0.02, "Coat", 0.9) for k, name in enumerate(names)]


def test_doubtful_labels_stand_below_their_images_four_in_a_row() -> None:
    images = [np.full((4, 4), 10 * k, np.uint8) for k in range(6)]
    figure = doubtful_figure(doubtful(["Shirt"] * 5 + ["x" * 40]), images)
    said = texts(figure)
    assert said[:3] == ["test image 0", "label: Shirt 0.02", "judges: Coat 0.90"]
    assert said[-2] == f"label: {'x' * (MOST - 1)}… 0.02"
    positions = [text.get_position() for text in figure.axes[0].texts[::3]]
    assert len({y for _, y in positions}) == 2
    assert positions[0][0] == pytest.approx(positions[4][0])
    assert len({x for x, _ in positions}) == 4
