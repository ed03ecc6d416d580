"""What the figures of comparisons show, taken from the drawn objects themselves."""

from typing import Any

import numpy as np
import pytest
from drawn import dots, ticks
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation

from lookalike.reporting.figures.look_alikes import (
    LEAST_DIVERGENCE,
    PARTS,
    divergence_figure,
    errors_figure,
    pair_figure,
    shares_figure,
)
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.style import MARKERS, PALETTE, series_looks

NAMES = ("cat", "dog", "fox", "hen")


def estimate(value: float, half: float = 0.01) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + 2 * half}


def bounds(estimates: list[Any]) -> list[list[float]]:
    return [[each["value"], each["low"], each["high"]] for each in estimates if each]


def beside(axes: Axes) -> list[tuple[float, str]]:
    """What is written at the right of the rows: (height, text)."""
    return [(text.xy[1], text.get_text()) for text in axes.texts if isinstance(text, Annotation)]


def legend(figure: Figure) -> list[str]:
    (drawn,) = figure.legends
    return [text.get_text() for text in drawn.get_texts()]


def figures(true: float, *, mistakes: float = 859.4) -> dict[str, Any]:
    shares = {"true": true, "look_alikes": 0.75 * (1 - true), "outside": 0.25 * (1 - true)}
    wrong = {f"{part}_wrong": estimate(share) if mistakes else None for part, share in shares.items()}
    right = {f"{part}_right": estimate(share) for part, share in shares.items()}
    severity = estimate(1.234) if mistakes else None
    errors = {"confused_within": estimate(0.07), "confused_across": estimate(0.02)}
    return wrong | right | errors | {"severity": severity, "mistakes": mistakes}


VARIANTS = {"one": figures(0.6), "two": figures(0.5, mistakes=0), "three": figures(0.2)}


@pytest.mark.parametrize(("panel", "case"), [(0, "right"), (1, "wrong")])
def test_shares_are_stacked_in_the_order_of_the_legend(panel: int, case: str) -> None:
    figure = shares_figure(VARIANTS)
    axes = figure.axes[panel]
    assert ticks(axes) == list(VARIANTS)
    assert legend(figure) == [name for name, _, _ in PARTS.values()]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    expected = [[(each[f"{part}_{case}"] or {"value": 0})["value"] for each in VARIANTS.values()] for part in PARTS]
    widths = np.reshape([bar.get_width() for bar in bars], (3, 3))
    np.testing.assert_allclose(widths, expected)
    np.testing.assert_allclose(np.reshape([bar.get_x() for bar in bars], (3, 3)), np.cumsum(widths, 0) - widths)
    np.testing.assert_allclose([bar.get_y() + bar.get_height() / 2 for bar in bars], [0, 1, 2] * 3)


@pytest.mark.parametrize(("panel", "case", "rows"), [(0, "right", [0, 1, 2]), (1, "wrong", [0, 2])])
def test_the_boundaries_of_shares_have_intervals(panel: int, case: str, rows: list[int]) -> None:
    first, second = dots(shares_figure(VARIANTS).axes[panel])
    known = [each for each in VARIANTS.values() if each[f"true_{case}"]]
    np.testing.assert_allclose(first[:, :3], bounds([each[f"true_{case}"] for each in known]))
    outside = np.array(bounds([each[f"outside_{case}"] for each in known]))
    np.testing.assert_allclose(second[:, :3], 1 - outside[:, [0, 2, 1]])
    assert [first[:, 3].tolist(), second[:, 3].tolist()] == [rows, rows]


def test_shares_are_written_in_numbers() -> None:
    wrong = beside(shares_figure(VARIANTS).axes[1])
    heads = [text for height, text in wrong if height < 0]
    assert heads == ["true", "look-alikes", "outside"]
    assert [text for height, text in wrong if height == 0] == ["60.0%", "30.0%", "10.0%"]
    assert [text for height, text in wrong if height == 1] == ["–"] * 3


def test_errors_are_drawn_by_kind_with_severity_and_its_denominator() -> None:
    figure = errors_figure(VARIANTS)
    errors, severity = figure.axes
    within, across = dots(errors)
    np.testing.assert_allclose(within[:, :3], bounds([each["confused_within"] for each in VARIANTS.values()]))
    np.testing.assert_allclose(across[:, :3], bounds([each["confused_across"] for each in VARIANTS.values()]))
    assert (within[:, 3] < across[:, 3]).all()
    np.testing.assert_allclose([np.round(within[:, 3]), np.round(across[:, 3])], [[0, 1, 2]] * 2)
    (severities,) = dots(severity)
    np.testing.assert_allclose(severities, [[1.234, 1.224, 1.254, 0], [1.234, 1.224, 1.254, 2]])
    assert [text for _, text in beside(severity)] == ["1.23 over 859 mistakes", "no mistakes", "1.23 over 859 mistakes"]
    assert ticks(errors) == list(VARIANTS)
    assert legend(figure) == ["wrong within the group", "wrong across groups"]
    assert errors.get_xlabel() == "share of all test images"
    assert severity.get_xlabel().startswith("severity of a mistake")
    assert severity.get_xlim() == (1, 2)


def pair(first: str, second: str, difference: float, *, images: int = 1234) -> dict[str, Any]:
    parts = {"true": difference, "look_alikes": -2 * difference, "outside": difference}
    both = {"images": images} | {part: estimate(gap) if images else None for part, gap in parts.items()}
    none = {"images": 0, "true": None, "look_alikes": None, "outside": None}
    names = {"first": first, "second": second, "accuracy_difference": estimate(-difference)}
    return names | {"both_right_with_look_alikes": both, "both_wrong": none if images == 1 else both}


def test_pairs_differ_by_row() -> None:
    pairs = [pair("vit", "cnn", 0.03), pair("big", "small", -0.02, images=1)]
    figure = pair_figure(pairs)
    accuracy, wrong, right = figure.axes
    assert ticks(accuracy) == ["vit\n− cnn", "big\n− small"]
    (differences,) = dots(accuracy)
    np.testing.assert_allclose(differences, [[-0.03, -0.04, -0.01, 0], [0.02, 0.01, 0.04, 1]])
    for axes, case in ((wrong, "both_wrong"), (right, "both_right_with_look_alikes")):
        for part, drawn in zip(PARTS, dots(axes), strict=True):
            expected = [each[case][part] for each in pairs]
            np.testing.assert_allclose(drawn[:, :3], bounds(expected))
            np.testing.assert_allclose(np.round(drawn[:, 3]), [k for k, each in enumerate(expected) if each])
    assert beside(wrong) == [(0, "1,234\nimages"), (1, "0\nimages")]
    assert beside(right) == [(0, "1,234\nimages"), (1, "1\nimages")]
    assert legend(figure) == ["true class", "look-alikes", "outside the group"]
    assert [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes] == [
        "accuracy",
        "both predict the same",
        "both right, and the class",
    ]
    for axes in figure.axes:
        assert "percentage points" in axes.get_xlabel()
        np.testing.assert_array_equal(axes.lines[-1].get_xdata(), [0, 0])
        assert [axes.xaxis.get_major_formatter()(share) for share in (-0.015, 0, 0.02)] == ["-1.5", "0", "+2"]


RANKING: dict[str, Any] = {
    "indices": [4, 2, 9],
    "divergence": [0.5, 0.01, 0.0],
    "divergence_calibrated": [0.2, 0.004, 0.0],
}


def test_divergence_is_accumulated_before_and_after_temperature() -> None:
    figure = divergence_figure(RANKING)
    (axes,) = figure.axes
    for line, key in zip(axes.lines, ("divergence", "divergence_calibrated"), strict=True):
        values = np.asarray(line.get_xdata())[1:]
        np.testing.assert_array_equal(values, np.maximum(sorted(RANKING[key]), LEAST_DIVERGENCE))
        np.testing.assert_allclose(np.asarray(line.get_ydata())[1:], [1 / 3, 2 / 3, 1])
    assert legend(figure) == ["as trained: median 0.01 bit", "after temperature: median 0.004 bit"]
    assert len({line.get_linestyle() for line in axes.lines}) == 2
    assert axes.get_xscale() == "log"
    assert axes.get_title(loc="left") == "3 images with the same prediction"
    assert axes.get_xlabel() == "Jensen-Shannon divergence (bits)"


def test_an_interval_that_does_not_hold_its_value_ends_there() -> None:
    skewed = figures(0.6) | {"severity": {"value": 1.5, "low": 1.6, "high": 1.7}}
    (severity,) = dots(errors_figure({"one": skewed}).axes[1])
    np.testing.assert_allclose(severity, [[1.5, 1.5, 1.7, 0]])


def test_no_two_series_look_the_same() -> None:
    count = len(PALETTE) * len(MARKERS)
    drawn = series_looks(map(str, range(count)))
    assert len({(look["color"], look["marker"]) for look in drawn.values()}) == count


def draw_all() -> list[Figure]:
    return [
        shares_figure(VARIANTS),
        errors_figure(VARIANTS),
        pair_figure([pair("vit", "cnn", 0.03)]),
        divergence_figure(RANKING),
    ]


def test_the_same_picture_is_the_same_bytes() -> None:
    for one, other in zip(draw_all(), draw_all(), strict=True):
        assert to_png(one) == to_png(other)
