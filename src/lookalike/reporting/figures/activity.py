"""Charts of the activations of a convolutional network, drawn from `explain.activity.Activity` as JSON."""

from collections.abc import Mapping, Sequence
from itertools import chain, cycle, islice
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    DARK,
    PALETTE,
    WIDTH,
    Look,
    legend_above,
    name_columns,
    style,
    subplots,
    whiskers,
)

Json = Mapping[str, Any]

DISTRIBUTIONS: dict[str, Look] = {
    "before": {"label": "output of the convolution", "color": PALETTE[0]},
    "after": {"label": "after batch normalisation", "color": PALETTE[1]},
}
ENDS = {"first": 0, "last": -1}  # layers that are drawn in detail
HEIGHT = 0.85  # of a ridge; the rows are 1 apart
UNTRAINED: Look = {"linestyle": ":", "markerfacecolor": "white"}
BETWEEN: tuple[Look, ...] = (
    {"linestyle": "--", "markerfacecolor": "0.85"},
    {"linestyle": "-.", "markerfacecolor": "0.6"},
    {"linestyle": (0, (5, 1)), "markerfacecolor": "0.35"},
)
TRAINED: Look = {"linestyle": "-"}


def state_name(state: str) -> str:
    """What a state of a network is called: "untrained", "epoch 3" (after it) or "trained"."""
    return {"untrained": "before training", "trained": "after training"}.get(state, f"after {state}")


@style()
def activation_histograms_figure(activity: Mapping[str, Json]) -> Figure:
    """How activations are distributed: one ridge per convolution, state by state; below, both ends in detail.

    `activity`: state of the network, see `state_name`, from "untrained" to "trained" -> its `Activity`.
    """
    layers = {state: found["layers"] for state, found in activity.items()}
    height = 0.34 * len(layers["trained"])
    layout: Any = [[state for state in layers for _ in ENDS], [end for end in ENDS for _ in layers]]
    figure = Figure(figsize=(WIDTH, height + 3.6))
    panels = figure.subplot_mosaic(layout, height_ratios=[height + 0.8, 2.4])
    for k, state in enumerate(layers):
        draw_ridges(panels[state], layers[state])
        panels[state].set_title(state_name(state))
        panels[state].tick_params(labelleft=k == 0)
    for end, place in ENDS.items():
        draw_histogram(panels[end], layers["trained"][place])
        panels[end].set_title(f"{layers['trained'][place]['name']}, after training")
        panels[end].set_xlabel("activation")
    panels["first"].set_ylabel("density")
    legend_above(figure, panels["first"], columns=2)
    return figure


def draw_ridges(axes: Axes, layers: Sequence[Json]) -> None:
    """Draw one row per layer from the top; all distributions have the same height."""
    for row, layer in enumerate(layers):
        for place, look in DISTRIBUTIONS.items():
            if layer[place] is not None:
                x, density = density_of(layer[place])
                top = row - HEIGHT * density / density.max()
                axes.fill_between(x, row, top, color=look["color"], alpha=0.35, linewidth=0, step="mid")
                axes.step(x, top, where="mid", color=look["color"], linewidth=0.8)
    axes.set_yticks(range(len(layers)), [layer["name"] for layer in layers])
    axes.set_ylim(len(layers) - 0.7, -1)
    axes.tick_params(axis="y", length=0)


def draw_histogram(axes: Axes, layer: Json) -> None:
    for place, look in DISTRIBUTIONS.items():
        if layer[place] is not None:
            axes.step(*density_of(layer[place]), where="mid", linewidth=1, **look)
    axes.set_yscale("log")


def density_of(distribution: Json) -> tuple[np.ndarray, np.ndarray]:
    """The middles of a histogram's bins and the density in each."""
    counts = np.array(distribution["counts"], float)
    low, high = distribution["low"], distribution["high"]
    width = (high - low) / len(counts) or 1.0
    return low + (np.arange(len(counts)) + 0.5) * width, counts / max(counts.sum() * width, 1e-30)


@style()
def activity_by_depth_figure(activity: Mapping[str, Json]) -> Figure:
    """Standard deviation, share of zeros and effective rank by layer, a line per state; 95 % intervals over images."""
    names = [layer["name"] for layer in activity["trained"]["layers"]]
    figure, (deviation, zeros, rank) = subplots(3, 1, 3)
    lines = chain([UNTRAINED], islice(cycle(BETWEEN), len(activity) - 2), [TRAINED])
    for (state, of_state), line in zip(activity.items(), lines, strict=True):
        layers = of_state["layers"]
        for place, look in DISTRIBUTIONS.items():
            if layers[0][place] is not None:
                values = [layer[place]["deviation"] for layer in layers]
                label = f"{look['label']}, {state_name(state)}"
                deviation.plot(values, marker="o", markersize=4, color=look["color"], label=label, **line)
        for axes, quantity in ((zeros, "zeros"), (rank, "effective_rank")):
            look = {"color": DARK, "marker": "o", "label": f"_{state_name(state)}"} | line
            whiskers(axes, range(len(names)), [layer[quantity] for layer in layers], up=True, **look)
    deviation.set_yscale("log")
    zeros.set_ylim(0, 1)
    titles = ("standard deviation", "share of zeros after ReLU", "effective rank after ReLU")
    for axes, title in zip((deviation, zeros, rank), titles, strict=True):
        axes.set_title(title)
        name_columns(axes, names, fontsize=7)
    figure.legend(*deviation.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    return figure
