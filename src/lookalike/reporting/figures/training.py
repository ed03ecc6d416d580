"""Charts of training and calibration."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    BLACK,
    DARK,
    MIDDLE,
    NARROW,
    Look,
    Looks,
    label_epochs,
    legend_above,
    percent_ticks,
    points_ticks,
    style,
    subplots,
)

if TYPE_CHECKING:
    from lookalike.evaluation.scores import Scored

Rows = list[dict[str, float]]

UNLIKE = 3  # longest by shortest training from which epochs are drawn on a logarithmic axis
FAR = 100  # times: losses further apart than this are drawn on a logarithmic scale


def reliability_figures(scored: "Scored") -> dict[str, Figure]:
    """The reliability diagram of a variant's first seed: name of the file -> figure."""
    first, temperature = scored.details["first_seed"], scored.details["seeds"][0]["temperature"]
    return {"reliability": reliability_figure(first["reliability"], first["calibrated_reliability"], temperature)}


@style()
def reliability_figure(before: dict[str, list[float]], after: dict[str, list[float]], temperature: float) -> Figure:
    """Accuracy against confidence in bins, before and after temperature scaling, above the number of images per bin."""
    figure, (axes, counts) = subplots(3.8, 2, 1, sharex=True, height_ratios=[3, 1], width=NARROW)
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


@style()
def training_curves_figure(histories: Mapping[str, Rows], *, looks: Looks) -> Figure:
    """Loss, accuracy and gap by epoch, one line per variant and seed: training dashed, validation solid and marked."""
    lengths = [max(row["epoch"] for row in history) + 1 for history in histories.values()]
    figure, (loss, accuracy, gap) = subplots(2.6 + 0.1 * len(histories), 1, 3)
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
    points_ticks(gap.yaxis)
    for axes in (loss, accuracy, gap):
        label_epochs(axes.xaxis)
        if max(lengths) > UNLIKE * min(lengths):
            axes.set_xscale("log")
    loss.set_title("dashed: training")
    accuracy.set_title("solid: validation")
    gap.set_title("training − validation")
    legend_above(figure, accuracy)
    return figure


@style()
def convergence_figure(histories: Mapping[str, Rows], goal: float, *, looks: Looks) -> Figure:
    """Training error by epoch, one line per seed, with the error that ends a training run."""
    figure, axes = subplots(3.2)
    for variant, history in histories.items():
        draw_errors(axes, history, looks[variant] | {"linewidth": 1}, f"_{looks[variant]['label']}")
    axes.axhline(goal, color=BLACK, linestyle="--", linewidth=0.8)
    axes.set_ylabel("training error")
    label_epochs(axes.xaxis)
    percent_ticks(axes.yaxis)
    legend_above(figure, axes)
    return figure


def draw_errors(axes: Axes, history: Rows, look: Look, label_of_others: str | None) -> None:
    """Draw the training error by epoch, a line per seed, of which the first has the label of `look`; epochs from 1."""
    for rows in by_seed(history):
        label = look["label"] if rows[0] is history[0] else label_of_others
        errors = [1 - row["train_accuracy"] for row in rows]
        axes.plot([row["epoch"] + 1 for row in rows], errors, **{"markersize": 3, **look, "label": label})


def by_seed(history: Rows) -> list[Rows]:
    return [[row for row in history if row["seed"] == seed] for seed in sorted({row["seed"] for row in history})]


def draw_gap(axes: Axes, history: Rows, look: Look) -> None:
    """Training minus validation accuracy by epoch, mean over the seeds that got so far."""
    gaps: dict[float, list[float]] = {}
    for row in history:
        gaps.setdefault(row["epoch"] + 1, []).append(row["train_accuracy"] - row["valid_accuracy"])
    epochs = sorted(gaps)
    means = [float(np.mean(gaps[epoch])) for epoch in epochs]
    axes.plot(epochs, means, linewidth=1.2, markersize=3, markevery=sparsely(len(epochs)), **look)


def draw_curves(axes: Axes, history: Rows, quantity: str, look: Look) -> None:
    """Draw one line per seed for training and for validation; epochs are counted from 1."""
    for k, rows in enumerate(by_seed(history)):
        epochs = [row["epoch"] + 1 for row in rows]
        training: Look = {"color": look["color"], "label": f"_{look['label']}, training", "linestyle": "--"}
        axes.plot(epochs, [row[f"train_{quantity}"] for row in rows], linewidth=0.7, **training)
        named = look if k == 0 else look | {"label": f"_{look['label']}"}  # one of a variant's lines is in the legend
        valid = [row[f"valid_{quantity}"] for row in rows]
        axes.plot(epochs, valid, linewidth=1.2, markersize=3, markevery=sparsely(len(rows)), **named)


def sparsely(points: int) -> int:
    """The step between markers of a line, such that it has about ten."""
    return max(1, points // 10)
