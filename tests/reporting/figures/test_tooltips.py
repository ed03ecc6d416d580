"""What a chart answers to the pointer: which values, where, and in which words."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter

from lookalike.reporting.figures.complementary_errors import unsigned_percent
from lookalike.reporting.figures.style import name_rows, percent_ticks, points_ticks, whiskers
from lookalike.reporting.figures.tooltips import MOST, tooltips


def axes_from(low: float = 0, high: float = 1) -> Axes:
    """Axes that fill the middle of a figure of 200x100 pixels: from 10 to 90 % in both directions."""
    figure = Figure(figsize=(2, 1), dpi=100)
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    axes.set(xlim=(low, high), ylim=(low, high))
    return axes


def said(axes: Axes) -> list[str]:
    figure = axes.get_figure(root=True)
    FigureCanvasAgg(figure).draw()
    return [spot.text for spot in tooltips(figure)]


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.006, "high": value + 0.005}


def test_a_dot_tells_its_series_its_row_and_its_interval() -> None:
    axes = axes_from()
    name_rows(axes, ["fashion-cnn", "fashion-vit"])
    whiskers(axes, [0.2, 0.8], [estimate(0.914), estimate(0.5)], label="on photographs")
    whiskers(axes, [0], [estimate(0.3)])  # without a name
    percent_ticks(axes.xaxis)
    assert said(axes) == [
        "on photographs, fashion-cnn: 91.4 % (90.8 to 91.9 %)",
        "on photographs, fashion-vit: 50.0 % (49.4 to 50.5 %)",
    ]


def test_spots_stand_where_the_points_are_drawn_and_none_outside() -> None:
    axes = axes_from()
    axes.plot([0, 0.25, 2], [1, 0.5, 0.5], label="one")
    FigureCanvasAgg(axes.get_figure(root=True)).draw()
    found = tooltips(axes.get_figure(root=True))
    assert [(spot.left, spot.top) for spot in found] == [(10, 10), (30, 50)]


@pytest.mark.parametrize(
    ("unit", "value", "expected"),
    [
        ("plain", 0.5, "0.50"),
        ("percent", 0.5, "50.0 %"),
        ("points", -0.125, "−12.5 points"),
        ("points", 0.125, "+12.5 points"),
        ("large", 0.5, "5.00×10⁵"),
        ("engineer", 0.5, "500.0 k"),
    ],
)
def test_values_have_the_units_of_their_axis_and_one_digit_more_than_its_ticks(
    unit: str, value: float, expected: str
) -> None:
    scale = 1_000_000 if unit in ("large", "engineer") else 1
    axes = axes_from(-scale, scale)
    {"percent": percent_ticks, "points": points_ticks}.get(unit, lambda axis: None)(axes.yaxis)
    if unit == "engineer":
        axes.yaxis.set_major_formatter(EngFormatter(places=0))
    axes.plot([0.0], [scale * value], label="one")
    assert said(axes) == [f"one, 0: {expected}"]


def test_a_place_has_the_name_of_its_tick_or_that_of_its_axis() -> None:
    axes = axes_from(0, 3)
    axes.set_xlabel("epoch")
    axes.plot([1, 2.5], [1, 2], label="one")
    assert said(axes) == ["one, epoch 1: 1.00", "one, epoch 2.50: 2.00"]
    axes.set_xticks([0, 1, 2, 3])
    assert said(axes) == ["one, 1: 1.00", "one, 2: 2.00"]
    axes.set_xticks([0, 1, 2, 3], ["a", "b", "c\nd", "e"])
    assert said(axes) == ["one, b: 1.00", "one, c d: 2.00"]


def test_bars_tell_their_length_on_both_sides_of_zero() -> None:
    axes = axes_from(-1, 1)
    axes.xaxis.set_major_formatter(FuncFormatter(unsigned_percent))
    axes.barh([0.0], [-0.5], xerr=[[0.1], [0.2]], label="_first only")
    axes.barh([0.0], [0.25], xerr=[[0.1], [0.1]], label="_second only")
    assert said(axes) == ["first only, 0: 50.0 % (30.0 to 60.0 %)", "second only, 0: 25.0 % (15.0 to 35.0 %)"]


def test_stacked_bars_are_asked_in_their_middles() -> None:
    axes = axes_from()
    axes.barh([0.5], [0.25], label="left", height=0.2)
    axes.barh([0.5], [0.5], left=[0.25], label="right", height=0.2)
    FigureCanvasAgg(axes.get_figure(root=True)).draw()
    assert [(spot.left, spot.top, spot.text) for spot in tooltips(axes.get_figure(root=True))] == [
        (20, 50, "left, 0.50: 0.25"),
        (50, 50, "right, 0.50: 0.50"),
    ]


def test_lines_without_name_or_data_have_no_tooltip_and_hidden_names_have() -> None:
    axes = axes_from()
    axes.axhline(0.5, label="goal")
    axes.plot([0.5], [0.5])
    axes.plot([0.5], [0.5], label="_second seed")
    axes.plot([0.5, 0.6], [np.nan, np.inf], label="unknown")
    assert said(axes) == ["second seed, 0.50: 0.50"]


def test_of_many_points_every_second_or_third_is_kept() -> None:
    axes = axes_from()
    axes.plot(np.linspace(0, 1, 3 * MOST - 1), np.linspace(0, 1, 3 * MOST - 1), label="long")
    assert len(said(axes)) == MOST
