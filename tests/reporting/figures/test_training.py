"""What the figures show, taken from the drawn objects themselves."""

import io
import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

from lookalike.evaluation.scores import Scored, describe_seed
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.style import (
    BLUE,
    DARK,
    DPI,
    FAMILIES,
    MARKERS,
    MIDDLE,
    NEAR,
    PALETTE,
    RIGHT,
    SETTINGS,
    SPARE,
    VERMILLION,
    WRONG,
    style,
    variant_looks,
)
from lookalike.reporting.figures.training import (
    convergence_figure,
    reliability_figure,
    reliability_figures,
    training_curves_figure,
)

LOOKS = variant_looks({"one": "CNN", "two": "ViT"}, ["one"])


def test_reliability_is_drawn_of_filled_bins_before_and_after() -> None:
    before = {"lower": [0, 0.5], "upper": [0.5, 1], "count": [0, 10], "confidence": [0, 0.9], "accuracy": [0, 0.6]}
    after = before | {"count": [4, 6], "confidence": [0.4, 0.7], "accuracy": [0.5, 2 / 3]}
    axes, counts = reliability_figure(before, after, 1.234).axes
    diagonal, first, second = axes.lines
    np.testing.assert_array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    np.testing.assert_array_equal(first.get_xydata(), [[0.9, 0.6]])
    np.testing.assert_array_equal(second.get_xydata(), [[0.4, 0.5], [0.7, 2 / 3]])
    np.testing.assert_array_equal([line.get_ydata() for line in counts.lines], [[0, 10], [4, 6]])
    np.testing.assert_array_equal([line.get_xdata() for line in counts.lines], [[0.25, 0.75]] * 2)
    assert (
        [line.get_color() for line in (first, second)] == [line.get_color() for line in counts.lines] == [MIDDLE, DARK]
    )
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "confidence = accuracy",
        "as trained",
        "after temperature 1.23",
    ]
    assert to_png(axes.figure).startswith(b"\x89PNG")  # type: ignore[arg-type]


def history(seeds: dict[int, int], start: float) -> list[dict[str, float]]:
    """Rows of each seed: as many epochs as named."""
    names = ("train_loss", "valid_loss", "train_accuracy", "valid_accuracy")
    return [
        {"seed": seed, "epoch": epoch} | {name: start + seed + epoch / 10 + k for k, name in enumerate(names)}
        for seed, epochs in seeds.items()
        for epoch in range(epochs)
    ]


def test_convergence_has_a_line_a_seed_and_the_goal() -> None:
    histories = {"one": history({0: 3, 1: 2}, -1.5), "two": history({4: 1}, -5.9)}
    (axes,) = convergence_figure(histories, 0.25, looks=LOOKS).axes
    *lines, goal = axes.lines
    np.testing.assert_array_equal(np.unique(np.asarray(goal.get_ydata())), [0.25])
    expected = [(seed, rows) for one in histories.values() for seed, rows in by_seed(one).items()]
    for line, (_, rows) in zip(lines, expected, strict=True):
        np.testing.assert_allclose(np.asarray(line.get_ydata()), [1 - row["train_accuracy"] for row in rows])
        np.testing.assert_array_equal(np.asarray(line.get_xdata()), np.arange(len(rows)) + 1)
    assert [line.get_color() for line in lines] == [BLUE, BLUE, VERMILLION]
    assert [line.get_label() for line in lines] == ["one (CNN)", "_one (CNN)", "two (ViT)"]


def by_seed(rows: list[dict[str, float]]) -> dict[float, list[dict[str, float]]]:
    return {seed: [row for row in rows if row["seed"] == seed] for seed in dict.fromkeys(row["seed"] for row in rows)}


@pytest.mark.parametrize(
    "draw", [partial(training_curves_figure, looks=LOOKS), partial(convergence_figure, goal=0.25, looks=LOOKS)]
)
def test_a_single_epoch_is_whole(draw: Callable[[dict[str, list[dict[str, float]]]], Figure]) -> None:
    figure = draw({"one": history({0: 1}, 0.5)})
    low, high = figure.axes[0].get_xlim()
    assert [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high] == [1]


@pytest.mark.parametrize(("worst", "scale"), [(49.0, "linear"), (51.0, "log"), (math.inf, "linear")])
def test_a_loss_that_began_far_off_leaves_the_others_to_be_seen(worst: float, scale: str) -> None:
    rows = history({0: 3}, 0.5)
    rows[0]["valid_loss"] = worst
    assert training_curves_figure({"one": rows}, looks=LOOKS).axes[0].get_yscale() == scale


def test_curves_have_two_lines_a_seed_and_a_colour_a_variant() -> None:
    histories = {"one": history({0: 3, 1: 2}, 0.5), "two": history({4: 1}, 7)}
    figure = training_curves_figure(histories, looks=LOOKS)
    for axes, offset in zip(figure.axes[:2], (0, 2), strict=True):
        drawn = [
            (line.get_linestyle(), line.get_color(), np.asarray(line.get_xydata()).tolist()) for line in axes.lines
        ]
        expected = [
            (style, colour, [[epoch + 1, start + seed + epoch / 10 + offset + k] for epoch in range(epochs)])
            for colour, seed, epochs, start in ((BLUE, 0, 3, 0.5), (BLUE, 1, 2, 0.5), (VERMILLION, 4, 1, 7))
            for k, style in enumerate(("--", "-"))
        ]
        assert drawn == expected
        assert [line.get_marker() for line in axes.lines] == [
            mark for seeds, validation in ((2, MARKERS[0]), (1, MARKERS[1])) for mark in ("None", validation) * seeds
        ]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["one (CNN)", "two (ViT)"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["epoch", "epoch", "epoch"]
    assert [axes.get_ylabel() for axes in figure.axes[:3]] == [
        "cross-entropy (nats)",
        "accuracy",
        "gap (percentage points)",
    ]


def test_the_gap_is_training_minus_validation_accuracy_in_the_mean_over_seeds() -> None:
    rows = history({0: 3, 1: 2}, 0)
    for row in rows:
        row["train_accuracy"], row["valid_accuracy"] = 0.5 + 0.1 * row["epoch"], 0.5 - 0.2 * row["seed"]
    (line, zero) = training_curves_figure({"one": rows}, looks=LOOKS).axes[2].lines
    np.testing.assert_allclose(line.get_xydata(), [[1, 0.1], [2, 0.2], [3, 0.2]])
    assert line.get_color() == BLUE
    assert list(zero.get_ydata()) == [0, 0]


@pytest.mark.parametrize(("longest", "scale"), [(1, "linear"), (6, "linear"), (7, "log")])
def test_trainings_of_unlike_length_are_drawn_on_a_logarithmic_axis(longest: int, scale: str) -> None:
    figure = training_curves_figure({"one": history({0: 2, 1: 1}, 0.5), "two": history({0: longest}, 0.5)}, looks=LOOKS)
    assert [axes.get_xscale() for axes in figure.axes[:3]] == [scale, scale, scale]


def test_a_variant_has_one_colour_and_no_look_twice() -> None:
    names = [f"variant {k}" for k in range(20)]
    looks = variant_looks(dict.fromkeys(names, "CNN"), [])
    figure = training_curves_figure({name: history({0: 2}, k) for k, name in enumerate(names)}, looks=looks)
    for axes in figure.axes[:2]:
        drawn = [(line.get_color(), line.get_marker()) for line in axes.lines[1::2]]
        assert drawn == [(look["color"], look["marker"]) for look in looks.values()]
        assert len(set(drawn)) == len(names)


def test_a_variant_is_drawn_from_its_first_seed() -> None:
    rng = np.random.default_rng(1)
    logits, labels = rng.normal(0, 3, (20, 3)).astype(np.float32), rng.integers(0, 3, 20)
    first = describe_seed(logits, labels, 1.5, ("cat", "dog", "fox"))
    details = {"seeds": [{"temperature": 1.5}, {"temperature": 9.0}], "first_seed": first}
    figures = reliability_figures(Scored({}, details))
    assert set(figures) == {"reliability"}
    legend = figures["reliability"].axes[0].get_legend()
    assert legend is not None
    assert legend.get_texts()[2].get_text() == "after temperature 1.50"


def draw_all() -> list[Figure]:
    table = {"lower": [0, 0.5], "upper": [0.5, 1], "count": [4, 6], "confidence": [0.4, 0.7], "accuracy": [0.5, 0.6]}
    return [
        reliability_figure(table, table, 1.0),
        training_curves_figure({"one": history({0: 3}, 0.5)}, looks=LOOKS),
    ]


def test_the_same_picture_is_the_same_bytes() -> None:
    for one, other in zip(draw_all(), draw_all(), strict=True):
        png = to_png(one)
        assert png == to_png(other)
        assert b"Matplotlib" not in png


def test_a_figure_as_png_keeps_white_and_black_and_the_size_of_its_canvas() -> None:
    figure = training_curves_figure({"one": history({0: 3}, 0.5)}, looks=LOOKS)
    image = Image.open(io.BytesIO(to_png(figure)))
    assert image.size == tuple(round(DPI * inches) for inches in figure.get_size_inches())
    pixels = np.asarray(image.convert("RGB"))
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels.sum(axis=2).min() < 60


def test_what_is_drawn_late_has_the_projects_style_too() -> None:
    for figure in draw_all():
        to_png(figure)
        ticks = [tick for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for tick in axis.get_major_ticks()]
        assert {tick.label1.get_fontsize() for tick in ticks} == {SETTINGS["font.size"]}
        assert {to_hex(tick.gridline.get_color()) for tick in ticks} == {SETTINGS["grid.color"]}


def test_no_colour_has_two_meanings() -> None:
    colours = [*FAMILIES.values(), *SPARE, *PALETTE, RIGHT, NEAR, WRONG]
    assert len({to_hex(colour) for colour in colours}) == len(colours)


def test_the_first_of_a_family_has_its_colour_focus_variants_first() -> None:
    looks = variant_looks({"a": "CNN", "b": "CNN", "c": "ViT", "d": "MLP"}, ["b", "x"])
    assert [look["color"] for look in looks.values()] == [SPARE[0], BLUE, VERMILLION, FAMILIES["MLP"]]
    assert [look["label"] for look in looks.values()] == ["a (CNN)", "b (CNN)", "c (ViT)", "d (MLP)"]
    assert len({look["marker"] for look in looks.values()}) == 4


@pytest.mark.parametrize(("largest", "ticks", "power"), [(80_000, "80000", ""), (800_000, "8", "1e5")])
def test_ticks_have_a_power_of_ten_from_a_hundred_thousand_on(largest: int, ticks: str, power: str) -> None:
    with style():
        axes = Figure().subplots()
        axes.plot([0, largest], [0, 1])
        axes.set_xticks([0, largest])
    axes.get_figure(root=True).draw_without_rendering()
    assert (axes.get_xticklabels()[1].get_text(), axes.xaxis.get_offset_text().get_text()) == (ticks, power)
