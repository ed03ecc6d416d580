"""What the figures show, taken from the drawn objects themselves."""

import io
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.test_sets import TestSet
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.scores import Scored, describe_seed
from lookalike.reporting.answers import samples_figure, top_five_figure
from lookalike.reporting.figures import (
    SAMPLES,
    confusion_figure,
    curves_figure,
    race_figure,
    reliability_figure,
    variant_figures,
)
from lookalike.reporting.style import BLUE, DPI, MARKERS, ORANGE, PALETTE, RIGHT, SETTINGS, WRONG, to_png

NAMES = ("cat", "dog", "fox", "hen")
PROBABILITIES = np.array(
    [[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.3, 0.4], [0.05, 0.9, 0.05, 0], [0, 0, 1, 0], [0.6, 0.4, 0, 0]]
)
LABELS = np.array([0, 1, 1, 3, 1], np.uint8)
GREY = "#999999"


def shown(image: AxesImage) -> NDArray[Any]:
    array = image.get_array()
    assert array is not None
    return np.asarray(array)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (2, 0, 3, 1), (3, 2, 1, 0)])
def test_confusions_stand_in_the_given_order(order: tuple[int, ...]) -> None:
    confusion = np.array([[90, 5, 3, 2], [1, 0, 7, 8], [0, 0, 0, 0], [11, 12, 13, 14]])
    figure = confusion_figure(confusion.tolist(), NAMES, order)
    axes, bar = figure.axes
    cells = {tuple(map(int, text.get_position())): text for text in axes.texts}
    shares = shown(axes.images[0])
    assert len(axes.texts) == len(cells) == 16
    for row, true in enumerate(order):
        for column, predicted in enumerate(order):
            text, count = cells[column, row], confusion[true, predicted]
            share = count / max(confusion[true].sum(), 1)
            assert text.get_text() == str(count)
            assert shares[row, column] == pytest.approx(share)
            assert to_hex(text.get_color()) == ("#ffffff" if share > 0.5 else "#000000")
    for ticks, label in ((axes.get_xticklabels(), "predicted class"), (axes.get_yticklabels(), "true class")):
        assert [tick.get_text() for tick in ticks] == [NAMES[k] for k in order]
        assert label in (axes.get_xlabel(), axes.get_ylabel())
    assert (axes.get_xlabel(), axes.get_ylabel(), bar.get_ylabel()) == (
        "predicted class",
        "true class",
        "share of the true class",
    )


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
        [line.get_color() for line in (first, second)] == [line.get_color() for line in counts.lines] == [BLUE, ORANGE]
    )
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [
        "as sure as right",
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


def test_the_race_has_a_line_a_seed_and_the_goal() -> None:
    histories = {"one": history({0: 3, 1: 2}, -1.5), "two": history({4: 1}, -5.9)}
    (axes,) = race_figure(histories, 0.25).axes
    *lines, goal = axes.lines
    np.testing.assert_array_equal(np.unique(np.asarray(goal.get_ydata())), [0.25])
    expected = [(seed, rows) for one in histories.values() for seed, rows in by_seed(one).items()]
    for line, (_, rows) in zip(lines, expected, strict=True):
        np.testing.assert_allclose(np.asarray(line.get_ydata()), [1 - row["train_accuracy"] for row in rows])
        np.testing.assert_array_equal(np.asarray(line.get_xdata()), np.arange(len(rows)) + 1)
    assert [line.get_color() for line in lines] == [PALETTE[0], PALETTE[0], PALETTE[1]]


def by_seed(rows: list[dict[str, float]]) -> dict[float, list[dict[str, float]]]:
    return {seed: [row for row in rows if row["seed"] == seed] for seed in dict.fromkeys(row["seed"] for row in rows)}


@pytest.mark.parametrize("draw", [curves_figure, partial(race_figure, goal=0.25)])
def test_a_single_epoch_is_whole(draw: Callable[[dict[str, list[dict[str, float]]]], Figure]) -> None:
    figure = draw({"one": history({0: 1}, 0.5)})
    low, high = figure.axes[0].get_xlim()
    assert [tick for tick in figure.axes[0].get_xticks() if low <= tick <= high] == [1]


@pytest.mark.parametrize(("worst", "scale"), [(49.0, "linear"), (51.0, "log"), (math.inf, "linear")])
def test_a_loss_that_began_far_off_leaves_the_others_to_be_seen(worst: float, scale: str) -> None:
    rows = history({0: 3}, 0.5)
    rows[0]["valid_loss"] = worst
    assert curves_figure({"one": rows}).axes[0].get_yscale() == scale


def test_curves_have_two_lines_a_seed_and_a_colour_a_variant() -> None:
    histories = {"one": history({0: 3, 1: 2}, 0.5), "two": history({4: 1}, 7)}
    figure = curves_figure(histories)
    for axes, offset in zip(figure.axes[:2], (0, 2), strict=True):
        drawn = [
            (line.get_linestyle(), line.get_color(), np.asarray(line.get_xydata()).tolist()) for line in axes.lines
        ]
        expected = [
            (style, colour, [[epoch + 1, start + seed + epoch / 10 + offset + k] for epoch in range(epochs)])
            for colour, seed, epochs, start in ((PALETTE[0], 0, 3, 0.5), (PALETTE[0], 1, 2, 0.5), (PALETTE[1], 4, 1, 7))
            for k, style in enumerate(("--", "-"))
        ]
        assert drawn == expected
        assert [line.get_marker() for line in axes.lines] == [
            mark for seeds, validation in ((2, MARKERS[0]), (1, MARKERS[1])) for mark in ("None", validation) * seeds
        ]
    legend = figure.axes[3].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
    assert [axes.get_xlabel() for axes in figure.axes[:3]] == ["epoch", "epoch", "epoch"]
    assert [axes.get_ylabel() for axes in figure.axes[:3]] == [
        "cross-entropy (nats)",
        "accuracy",
        "gap (percentage points)",
    ]


def test_the_gap_is_training_minus_validation_accuracy_in_the_mean_over_seeds() -> None:
    rows = history({0: 3, 1: 2}, 0)
    for row in rows:
        row["train_accuracy"], row["valid_accuracy"] = 0.5 + 0.1 * row["epoch"], 0.5 - 0.2 * row["seed"]
    (line, zero) = curves_figure({"one": rows}).axes[2].lines
    np.testing.assert_allclose(line.get_xydata(), [[1, 0.1], [2, 0.2], [3, 0.2]])
    assert line.get_color() == PALETTE[0]
    assert list(zero.get_ydata()) == [0, 0]


@pytest.mark.parametrize(("longest", "scale"), [(1, "linear"), (6, "linear"), (7, "log")])
def test_trainings_of_unlike_length_are_drawn_on_a_logarithmic_axis(longest: int, scale: str) -> None:
    figure = curves_figure({"short": history({0: 2, 1: 1}, 0.5), "long": history({0: longest}, 0.5)})
    assert [axes.get_xscale() for axes in figure.axes[:3]] == [scale, scale, scale]


def test_more_variants_than_colours_are_all_drawn_and_none_like_another() -> None:
    variants = len(PALETTE) + 2
    figure = curves_figure({f"variant {k}": history({0: 2}, k) for k in range(variants)})
    assert [len(axes.lines) for axes in figure.axes[:2]] == [2 * variants, 2 * variants]
    for axes in figure.axes[:2]:
        looks = [(line.get_color(), line.get_marker(), line.get_markerfacecolor()) for line in axes.lines[1::2]]
        assert len(set(looks)) == variants


def evaluated(dataset: Dataset) -> tuple[Scored, NDArray[np.float32]]:
    """Figures of two seeds of a variant that guesses, and the logits of the first."""
    logits = np.random.default_rng(1).normal(0, 3, (2, 20, 10)).astype(np.float32)
    first = describe_seed(logits[0], dataset.test_labels, 1.5, dataset.class_names)
    details = {"seeds": [{"temperature": 1.5}, {"temperature": 9.0}], "first_seed": first}
    return Scored({}, details), logits[0]


def backwards(dataset: Dataset, count: int) -> TestSet:
    """The test set of which some images are shown, the last first."""
    shown = np.arange(len(dataset.test_labels))[::-1][:count]
    return TestSet(
        name=dataset.name,
        class_names=dataset.class_names,
        labels=dataset.test_labels.astype(np.int64),
        shown=shown,
        images=dataset.test_images[shown],
        repeated=np.array([], np.int64),
        near=np.array([], np.int64),
        digest="",
        provenance={},
    )


@pytest.mark.parametrize("kind", ["dataset", "colour_dataset"])
def test_a_variant_is_drawn_from_its_first_seed(request: pytest.FixtureRequest, kind: str) -> None:
    dataset: Dataset = request.getfixturevalue(kind)
    scored, logits = evaluated(dataset)
    first = scored.details["first_seed"]
    test_set = backwards(dataset, 12)
    figures = variant_figures(test_set, scored, logits, range(9, -1, -1), samples=True)
    assert set(figures) == {"samples", "top-five", "confusion", "reliability"}
    shown = test_set.shown
    few = (dataset.test_images[shown], softmax(logits[shown]), dataset.test_labels[shown], dataset.class_names)
    assert to_png(figures["samples"]) == to_png(samples_figure(*few))
    assert to_png(figures["top-five"]) == to_png(top_five_figure(*(part[:8] for part in few[:3]), few[3]))
    corner = next(text for text in figures["confusion"].axes[0].texts if text.get_position() == (0, 0))
    assert corner.get_text() == str(first["confusion"][9][9])
    legend = figures["reliability"].axes[0].get_legend()
    assert legend is not None
    assert legend.get_texts()[2].get_text() == "after temperature 1.50"


def test_test_images_are_drawn_of_probed_variants_alone(dataset: Dataset) -> None:
    figures = variant_figures(backwards(dataset, 12), *evaluated(dataset), range(10), samples=False)
    assert set(figures) == {"confusion", "reliability"}


def test_of_many_images_that_are_shown_the_first_few_are_drawn(dataset: Dataset) -> None:
    more = np.concatenate([dataset.test_images] * 2)
    doubled = replace(dataset, test_images=more, test_labels=np.concatenate([dataset.test_labels] * 2))
    scored, logits = evaluated(dataset)
    test_set, logits = backwards(doubled, 30), np.concatenate([logits] * 2)
    figures = variant_figures(test_set, scored, logits, range(10), samples=True)
    few = test_set.shown[:SAMPLES]
    expected = samples_figure(more[few], softmax(logits[few]), doubled.test_labels[few], dataset.class_names)
    assert to_png(figures["samples"]) == to_png(expected)


def draw_all() -> list[Figure]:
    table = {"lower": [0, 0.5], "upper": [0.5, 1], "count": [4, 6], "confidence": [0.4, 0.7], "accuracy": [0.5, 0.6]}
    return [
        confusion_figure(np.eye(4, dtype=int), NAMES, range(4)),
        reliability_figure(table, table, 1.0),
        curves_figure({"one": history({0: 3}, 0.5)}),
    ]


def test_the_same_picture_is_the_same_bytes() -> None:
    for one, other in zip(draw_all(), draw_all(), strict=True):
        png = to_png(one)
        assert png == to_png(other)
        assert b"Matplotlib" not in png


def test_a_figure_as_png_keeps_white_and_black_and_the_size_of_its_canvas() -> None:
    figure = confusion_figure(np.eye(4, dtype=int), NAMES, range(4))
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


def test_the_palette_has_no_colour_twice() -> None:
    assert len(set(PALETTE)) == len(PALETTE) == 8
    assert RIGHT != WRONG
