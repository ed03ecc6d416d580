"""Charts of what goes through a convolutional network, drawn from `explain.activity.Activity` as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.style import BLUE, ORANGE, WIDTH, Look, style, whiskers

Json = Mapping[str, Any]

STATES = {"untrained": "before training", "trained": "after training"}
PLACES: dict[str, Look] = {
    "before": {"label": "as the convolution puts them out", "color": BLUE},
    "after": {"label": "after batch normalisation", "color": ORANGE},
}
HEIGHT = 0.85  # of a ridge; the rows are 1 apart
LINES: dict[str, Look] = {
    "untrained": {"linestyle": ":", "markerfacecolor": "white"},
    "trained": {"linestyle": "-"},
}


def activations_figure(activity: Mapping[str, Json]) -> Figure:
    """How activations are distributed: a ridge a convolution, before and after training; below, both ends in detail.

    `activity`: state of the network, see `STATES` -> its `Activity`.
    """
    layers = {state: found["layers"] for state, found in activity.items()}
    with style():
        figure = Figure(figsize=(WIDTH, 0.34 * len(layers["trained"]) + 3.6))
        ratio = [0.34 * len(layers["trained"]) + 0.8, 2]
        grid = figure.subplots(2, 2, height_ratios=ratio)
        for axes, state in zip(grid[0], STATES, strict=True):
            draw_ridges(axes, layers[state])
            axes.set_title(STATES[state], loc="left")
        grid[0, 1].tick_params(labelleft=False)
        for axes, end in zip(grid[1], (0, -1), strict=True):
            draw_histogram(axes, layers["trained"][end])
            axes.set_title(f"{layers['trained'][end]['name']}, after training", loc="left")
        grid[1, 0].set_ylabel("density")
        figure.supxlabel("activation", fontsize=9)
        handles, labels = grid[1, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False)
    return figure


def draw_ridges(axes: Axes, layers: Sequence[Json]) -> None:
    """A row a layer from the top, each distribution as high as the others."""
    for row, layer in enumerate(layers):
        for place, look in PLACES.items():
            if layer[place] is not None:
                x, density = density_of(layer[place])
                top = row - HEIGHT * density / density.max()
                axes.fill_between(x, row, top, color=look["color"], alpha=0.35, linewidth=0, step="mid")
                axes.step(x, top, where="mid", color=look["color"], linewidth=0.8)
    axes.set_yticks(range(len(layers)), [layer["name"] for layer in layers])
    axes.set_ylim(len(layers) - 0.7, -1)
    axes.tick_params(axis="y", length=0)


def draw_histogram(axes: Axes, layer: Json) -> None:
    """The distributions of one layer."""
    for place, look in PLACES.items():
        if layer[place] is not None:
            axes.step(*density_of(layer[place]), where="mid", linewidth=1, **look)
    axes.set_yscale("log")


def density_of(distribution: Json) -> tuple[np.ndarray, np.ndarray]:
    """The middles of a histogram's bins and the density in each."""
    counts = np.array(distribution["counts"], float)
    low, high = distribution["low"], distribution["high"]
    width = (high - low) / len(counts) or 1.0
    return low + (np.arange(len(counts)) + 0.5) * width, counts / max(counts.sum() * width, 1e-30)


def depth_figure(activity: Mapping[str, Json]) -> Figure:
    """Deviation, zeros and effective rank by depth, before and after training; 95 % intervals over images."""
    names = [layer["name"] for layer in activity["trained"]["layers"]]
    with style():
        figure = Figure(figsize=(WIDTH, 3))
        deviation, zeros, rank = figure.subplots(1, 3)
        for state, line in LINES.items():
            layers = activity[state]["layers"]
            for place, look in PLACES.items():
                if layers[0][place] is not None:
                    values = [layer[place]["deviation"] for layer in layers]
                    told = f"{look['label']}, {STATES[state]}"
                    deviation.plot(values, marker="o", markersize=4, color=look["color"], label=told, **line)
            for axes, quantity in ((zeros, "zeros"), (rank, "effective_rank")):
                found = [layer[quantity] for layer in layers]
                whiskers(axes, range(len(names)), found, up=True, color=BLUE, marker="o", **line)
        deviation.set_yscale("log")
        zeros.set_ylim(0, 1)
        titles = ("standard deviation", "share of zeros after ReLU", "effective rank after ReLU")
        for axes, title in zip((deviation, zeros, rank), titles, strict=True):
            axes.set_title(title, loc="left")
            axes.set_xticks(range(len(names)), names, rotation=50, ha="right", rotation_mode="anchor", fontsize=7)
        figure.legend(*deviation.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
    return figure
