"""Charts of training and calibration: each takes arrays and returns a matplotlib figure; nothing here reads files."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    BLACK,
    DARK,
    MIDDLE,
    WIDTH,
    Look,
    Looks,
    in_epochs,
    in_percent,
    in_points,
    legend_above,
    style,
)

if TYPE_CHECKING:
    from lookalike.evaluation.scores import Scored

Rows = list[dict[str, float]]

UNLIKE = 3  # longest by shortest training from which epochs are drawn on a logarithmic axis
FAR = 100  # times: losses further apart than this are drawn on a logarithmic scale


def variant_figures(scored: "Scored") -> dict[str, Figure]:
    """What is drawn of a variant's first seed: name of the file -> figure."""
    first, temperature = scored.details["first_seed"], scored.details["seeds"][0]["temperature"]
    return {"reliability": reliability_figure(first["reliability"], first["calibrated_reliability"], temperature)}


def reliability_figure(before: dict[str, list[float]], after: dict[str, list[float]], temperature: float) -> Figure:
    """Accuracy against confidence in bins, before and after the temperature, above the bins' counts."""
    with style():
        figure = Figure(figsize=(3.5, 3.8))
        axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        axes.plot([0, 1], [0, 1], color=MIDDLE, linestyle=":", label="confidence = accuracy")
        trained: Look = {"color": MIDDLE, "marker": "s", "linestyle": "--", "markerfacecolor": "white"}
        scaled: Look = {"color": DARK, "marker": "o", "linestyle": "-"}
        tables = (("as trained", before, trained), (f"after temperature {temperature:.2f}", after, scaled))
        for name, table, look in tables:
            filled = np.asarray(table["count"]) > 0
            confidence, accuracy = (np.asarray(table[key])[filled] for key in ("confidence", "accuracy"))
            axes.plot(confidence, accuracy, label=name, markersize=4, **look)
            centres = (np.asarray(table["lower"]) + np.asarray(table["upper"])) / 2
            counts.plot(centres, table["count"], markersize=3, **look)
        axes.set_ylabel("accuracy in the bin")
        axes.set_ylim(0, 1)
        axes.legend(loc="lower right", frameon=False)
        counts.set_yscale("symlog")
        counts.set_ylim(0, sum(before["count"]))  # the same for all variants of a study
        counts.set_ylabel("images")
        counts.set_xlabel("confidence (probability of the predicted class)")
        counts.set_xlim(0, 1)
    return figure


def curves_figure(histories: Mapping[str, Rows], *, looks: Looks) -> Figure:
    """Loss, accuracy and gap by epoch, one line per variant and seed: training dashed, validation solid and marked."""
    lengths = [max(row["epoch"] for row in history) + 1 for history in histories.values()]
    with style():
        figure = Figure(figsize=(WIDTH, 2.6 + 0.1 * len(histories)))
        loss, accuracy, gap = figure.subplots(1, 3)
        for variant, history in histories.items():
            draw_curves(loss, history, "loss", looks[variant])
            draw_curves(accuracy, history, "accuracy", looks[variant])
            draw_gap(gap, history, looks[variant])
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
        for axes, title in (
            (loss, "dashed: training"),
            (accuracy, "solid: validation"),
            (gap, "training − validation"),
        ):
            axes.set_title(title, loc="left")
        legend_above(figure, accuracy)
    return figure


def convergence_figure(histories: Mapping[str, Rows], goal: float, *, looks: Looks) -> Figure:
    """Training error by epoch, one line per seed, with the error that ends a training run."""
    with style():
        figure = Figure(figsize=(WIDTH, 3.2))
        axes = figure.subplots()
        for variant, history in histories.items():
            for seed in sorted({row["seed"] for row in history}):
                rows = [row for row in history if row["seed"] == seed]
                errors = [1 - row["train_accuracy"] for row in rows]
                look = named_once(looks[variant], first=rows[0] is history[0])
                axes.plot([row["epoch"] + 1 for row in rows], errors, markersize=3, linewidth=1, **look)
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


def draw_curves(axes: Axes, history: Rows, quantity: str, look: Look) -> None:
    """One line per seed for training and for validation, epochs counted from 1."""
    for seed in sorted({row["seed"] for row in history}):
        rows = [row for row in history if row["seed"] == seed]
        epochs = [row["epoch"] + 1 for row in rows]
        training: Look = {"color": look["color"], "label": f"_{look['label']}, training", "linestyle": "--"}
        axes.plot(epochs, [row[f"train_{quantity}"] for row in rows], linewidth=0.7, **training)
        named = named_once(look, first=seed == min(row["seed"] for row in history))
        valid = [row[f"valid_{quantity}"] for row in rows]
        axes.plot(epochs, valid, linewidth=1.2, markersize=3, markevery=sparsely(len(rows)), **named)


def named_once(look: Look, *, first: bool) -> Look:
    """The look of one of a variant's lines, of which only the first has a name in the legend."""
    return look if first else look | {"label": f"_{look['label']}"}


def sparsely(points: int) -> int:
    """Every how many points a line has a marker: ten or so in all."""
    return max(1, points // 10)
