"""The figures: each function takes arrays and returns a matplotlib figure; nothing here reads or writes files."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.artifacts.test_sets import TestSet
from lookalike.evaluation.metrics import softmax
from lookalike.reporting.answers import samples_figure, top_five_figure
from lookalike.reporting.style import (
    BLACK,
    BLUE,
    ORANGE,
    WIDTH,
    Look,
    in_epochs,
    in_percent,
    in_points,
    legend_above,
    looks,
    style,
)

if TYPE_CHECKING:
    from lookalike.evaluation.scores import Scored

Rows = list[dict[str, float]]


SAMPLES = 24
TOP_SHOWN = 8  # of them, with their five most probable classes
UNLIKE = 3  # longest by shortest training from which epochs are drawn on a logarithmic axis
FAR = 100  # times: losses further apart than this are drawn on a logarithmic scale


def variant_figures(
    test_set: TestSet, scored: "Scored", logits: NDArray[np.floating], order: Sequence[int], *, samples: bool
) -> dict[str, Figure]:
    """What is drawn of a variant's first seed: name of the file -> figure; test images one by one only if `samples`.

    `logits` (N, C) are those of the first seed on the test images.
    """
    first, names = scored.details["first_seed"], test_set.class_names
    temperature = scored.details["seeds"][0]["temperature"]
    figures = {
        "confusion": confusion_figure(first["confusion"], names, order),
        "reliability": reliability_figure(first["reliability"], first["calibrated_reliability"], temperature),
    }
    if samples:
        shown = test_set.shown[:SAMPLES]
        images, probabilities, labels = test_set.images[:SAMPLES], softmax(logits[shown]), test_set.labels[shown]
        few = slice(TOP_SHOWN)
        figures["samples"] = samples_figure(images, probabilities, labels, names)
        figures["top-five"] = top_five_figure(images[few], probabilities[few], labels[few], names)
    return figures


def confusion_figure(confusion: NDArray[np.integer], class_names: Sequence[str], order: Sequence[int]) -> Figure:
    """Counts (C, C), row true and column predicted, classes in `order`; shade is the share of the true class."""
    with style():
        figure = Figure(figsize=(5.6, 5))
        counts = np.asarray(confusion)[np.ix_(order, order)]
        draw_confusion(figure.subplots(), counts, [class_names[k] for k in order], "class")
    return figure


def draw_confusion(axes: Axes, counts: NDArray[np.integer], names: Sequence[str], what: str) -> None:
    """Counts (K, K) of the K `names`, each a `what`, with a scale of the shades beside them."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        colour = "white" if shares[row, column] > 0.5 else BLACK
        number = axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=7, color=colour)
        number.set_in_layout(False)  # it lies inside its cell; to measure all of them takes longer than to draw them
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.grid(visible=False)
    axes.set_xlabel(f"predicted {what}")
    axes.set_ylabel(f"true {what}")
    axes.figure.colorbar(picture, ax=axes, shrink=0.75, label=f"share of the true {what}")


def reliability_figure(before: dict[str, list[float]], after: dict[str, list[float]], temperature: float) -> Figure:
    """Accuracy against confidence in bins, before and after the temperature, above the bins' counts."""
    with style():
        figure = Figure(figsize=(4.6, 4.4))
        axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        axes.plot([0, 1], [0, 1], color="#777777", linestyle=":", label="as sure as right")
        tables = (("as trained", before, BLUE, "o-"), (f"after temperature {temperature:.2f}", after, ORANGE, "s--"))
        for name, table, colour, marker in tables:
            filled = np.asarray(table["count"]) > 0
            confidence, accuracy = (np.asarray(table[key])[filled] for key in ("confidence", "accuracy"))
            axes.plot(confidence, accuracy, marker, color=colour, label=name, markersize=4)
            centres = (np.asarray(table["lower"]) + np.asarray(table["upper"])) / 2
            counts.plot(centres, table["count"], marker, color=colour, markersize=3)
        axes.set_ylabel("accuracy in the bin")
        axes.set_ylim(0, 1)
        axes.legend(loc="lower right", frameon=False)
        counts.set_yscale("symlog")
        counts.set_ylim(bottom=0)
        counts.set_ylabel("images")
        counts.set_xlabel("confidence (probability of the predicted class)")
        counts.set_xlim(0, 1)
    return figure


def curves_figure(histories: dict[str, Rows]) -> Figure:
    """Loss, accuracy and gap by epoch for each variant: training dashed, validation solid and marked, a line a seed."""
    lengths = [max(row["epoch"] for row in history) + 1 for history in histories.values()]
    with style():
        figure = Figure(figsize=(WIDTH, 5.6))
        (loss, accuracy), (gap, names) = figure.subplots(2, 2)
        for (variant, look), history in zip(looks(histories).items(), histories.values(), strict=True):
            draw_curves(loss, history, "loss", look, variant)
            draw_curves(accuracy, history, "accuracy", look, variant)
            draw_gap(gap, history, look)
        loss.set_ylabel("cross-entropy (nats)")
        losses = [value for line in loss.lines for value in np.asarray(line.get_ydata()) if np.isfinite(value)]
        if losses and max(losses) > FAR * min(losses) > 0:
            loss.set_yscale("log")
        accuracy.set_ylabel("accuracy")
        gap.set_ylabel("gap (percentage points)")
        gap.axhline(0, color=BLACK, linewidth=0.8)
        in_points(gap.yaxis)
        for axes in (loss, accuracy, gap):
            in_epochs(axes.xaxis)
            if max(lengths) > UNLIKE * min(lengths):
                axes.set_xscale("log")
        names.set_axis_off()
        told = "solid: validation\ndashed: training"
        names.legend(*accuracy.get_legend_handles_labels(), loc="center left", frameon=False, title=told)
    return figure


def race_figure(histories: Mapping[str, Rows], goal: float) -> Figure:
    """Training error by epoch, a line a seed, with the error that ends a training."""
    with style():
        figure = Figure(figsize=(WIDTH, 3.2))
        axes = figure.subplots()
        for (variant, look), history in zip(looks(histories).items(), histories.values(), strict=True):
            for seed in sorted({row["seed"] for row in history}):
                rows = [row for row in history if row["seed"] == seed]
                errors = [1 - row["train_accuracy"] for row in rows]
                label = variant if rows[0] is history[0] else None
                axes.plot([row["epoch"] + 1 for row in rows], errors, markersize=3, linewidth=1, label=label, **look)
        axes.axhline(goal, color=BLACK, linestyle="--", linewidth=0.8)
        axes.set_ylabel("training error")
        in_epochs(axes.xaxis)
        in_percent(axes.yaxis)
        legend_above(figure, axes)
    return figure


def draw_gap(axes: Axes, history: Rows, look: Look) -> None:
    """Training minus validation accuracy by epoch, mean over the seeds that got so far."""
    epochs = sorted({row["epoch"] for row in history})
    gaps = [
        float(np.mean([row["train_accuracy"] - row["valid_accuracy"] for row in history if row["epoch"] == epoch]))
        for epoch in epochs
    ]
    axes.plot(
        [epoch + 1 for epoch in epochs], gaps, linewidth=1.2, markersize=3, markevery=sparsely(len(epochs)), **look
    )


def draw_curves(axes: Axes, history: Rows, quantity: str, look: Look, variant: str) -> None:
    """One line a seed for training and for validation, epochs counted from 1."""
    for seed in sorted({row["seed"] for row in history}):
        rows = [row for row in history if row["seed"] == seed]
        epochs = [row["epoch"] + 1 for row in rows]
        axes.plot(epochs, [row[f"train_{quantity}"] for row in rows], "--", color=look["color"], linewidth=0.7)
        label = variant if seed == min(row["seed"] for row in history) else None
        valid = [row[f"valid_{quantity}"] for row in rows]
        axes.plot(epochs, valid, linewidth=1.2, markersize=3, markevery=sparsely(len(rows)), label=label, **look)


def sparsely(points: int) -> int:
    """Every how many points a line has a marker: ten or so in all."""
    return max(1, points // 10)
