"""Figures of models on corrupted images, drawn from the results of `evaluation.robustness` as JSON."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from lookalike.reporting.figures.grids import image_table_figure
from lookalike.reporting.figures.style import (
    DARK,
    MIDDLE,
    Look,
    Looks,
    dodge,
    legend_above,
    name_columns,
    name_rows,
    percent_ticks,
    series_looks,
    style,
    subplots,
    whiskers,
)

Json = Mapping[str, Any]
COLUMNS = 4  # of kinds
TITLES = {"accuracy": "accuracy", "ece": "expected calibration error"}


def corruptions_figure(image: NDArray[np.uint8]) -> Figure:
    """One image (H, W[, 3]) corrupted in every way, one row per kind, one column per severity."""
    columns = {
        f"severity {severity}": np.concatenate([corrupt(image[None], kind, severity, seed=0) for kind in CORRUPTIONS])
        for severity in SEVERITIES
    }
    return image_table_figure(columns, list(CORRUPTIONS))


@style()
def severity_figure(variants: Mapping[str, Json], measure: Literal["accuracy", "ece"], *, looks: Looks) -> Figure:
    """Accuracy or calibration error against severity (0: uncorrupted), one panel per kind, one line per variant."""
    rows = math.ceil(len(CORRUPTIONS) / COLUMNS)
    offsets = dodge(len(SEVERITIES) + 1, len(variants)) * 0.5 - np.arange(len(SEVERITIES) + 1) * 0.5
    figure, panels = subplots(1.6 * rows + 0.6, rows, COLUMNS, sharex=True, sharey=True)
    for axes, kind in zip(panels.flat, CORRUPTIONS, strict=False):
        for (name, variant), shifts in zip(variants.items(), offsets, strict=True):
            look, found = looks[name], [variant["clean"], *variant["kinds"][kind]]
            positions = np.arange(len(found)) + shifts
            values = [each[measure] for each in found]
            axes.plot(positions, [each["value"] for each in values], color=look["color"], linewidth=1)
            whiskers(axes, positions, values, up=True, **look)
        axes.set_title(kind)
        axes.set_xticks(range(len(SEVERITIES) + 1))
        axes.xaxis.set_tick_params(labelbottom=True)
    for axes in panels.flat[len(CORRUPTIONS) :]:
        axes.set_axis_off()
    percent_ticks(panels[0, 0].yaxis)
    figure.supylabel(TITLES[measure])
    figure.supxlabel("severity (0: uncorrupted)")
    legend_above(figure, panels[0, 0])
    return figure


@style()
def overall_figure(variants: Mapping[str, Json]) -> Figure:
    """Accuracy on uncorrupted images and over all corruptions, one row per variant."""
    looks: dict[str, Look] = {
        "clean": {"label": "uncorrupted images", "color": MIDDLE, "marker": "s", "markerfacecolor": "white"},
        "overall": {"label": "all kinds and severities of corruption", "color": DARK, "marker": "o"},
    }
    figure, axes = subplots(0.3 * len(variants) + 1.1)
    for key, look in looks.items():
        found = (variant[key] for variant in variants.values())
        whiskers(axes, range(len(variants)), [one.get("accuracy", one) for one in found], **look)
    name_rows(axes, list(variants))
    percent_ticks(axes.xaxis)
    axes.set_xlabel("accuracy")
    legend_above(figure, axes)
    return figure


@style()
def drift_figure(drift: Mapping[str, Sequence[Json]]) -> Figure:
    """Cosine of each layer's output with that for the uncorrupted image: one line per kind of corruption."""
    layers = [row["layer"] for row in next(iter(drift.values()))]
    figure, axes = subplots(4.2)
    series = zip(series_looks(drift).values(), drift.values(), dodge(len(layers), len(drift)), strict=True)
    for look, rows, shifts in series:
        axes.plot(shifts, [row["cosine"]["value"] for row in rows], color=look["color"], linewidth=0.8)
        whiskers(axes, shifts, [row["cosine"] for row in rows], up=True, **look)
    name_columns(axes, layers, fontsize=7)
    axes.set_ylabel("cosine with the output\nfor the uncorrupted image")
    legend_above(figure, axes, columns=4)
    return figure
