"""Charts of what families of architectures learn: learning curves, similar features, and faithfulness of maps."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import NDArray

from lookalike.evaluation.statistics import Estimate
from lookalike.families.crossings import Crossing
from lookalike.families.family import Family
from lookalike.families.findings import LearningCurves, Representation
from lookalike.reporting.figures.families import draw_rows, family_order, mark_families
from lookalike.reporting.figures.style import (
    BELOW,
    MIDDLE,
    SMALL,
    Looks,
    legend_above,
    percent_ticks,
    style,
    subplots,
    zero_line,
)

CELLS = 12  # columns of a heat map up to which a number fits into a cell
CROWDED = 1.2  # times: sizes closer than that have no room for two labels
Gains = Mapping[str, Mapping[str, Estimate]]  # variant -> row -> mean over seeds


@style()
def learning_figure(learning: Mapping[str, LearningCurves], looks: Looks) -> Figure:
    """The test error of both families by the number of training images, a panel for each kind of curve.

    `looks`: of the first and of the second family's variant.
    """
    figure, (panels,) = subplots(3.6, 1, len(learning), sharey=True, squeeze=False)
    for axes, (title, curves) in zip(panels, learning.items(), strict=True):
        draw_learning(axes, curves, looks)
        axes.set_title(title)
    panels[0].set_ylabel("test error")
    legend_above(figure, panels[0], columns=2)
    return figure


def draw_learning(axes: Axes, curves: LearningCurves, looks: Looks) -> None:
    """Draw errors of runs as dots, fits as lines, and the interval of their crossing as a band."""
    for side, fit, look in zip(curves.points, (curves.first, curves.second), looks.values(), strict=True):
        positions = np.repeat([one.train_images for one in side], [len(one.errors) for one in side]).astype(float)
        errors = [error for one in side for error in one.errors]
        axes.plot(positions, errors, linestyle="none", markersize=4, markerfacecolor="none", **look)
        if fit is not None:
            grid = np.geomspace(positions.min(), positions.max(), 100)
            axes.plot(grid, fit.curve.at(grid), color=look["color"])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    percent_ticks(axes.yaxis)
    sizes = sorted({one.train_images for side in curves.points for one in side})
    apart = [size for size, last in zip(sizes, [0, *sizes], strict=False) if size > CROWDED * last]
    axes.set_xticks(apart, [f"{size:,}" for size in apart])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("training images")
    if isinstance(crossing := curves.crossing, Crossing):
        low, high = crossing.low or axes.get_xlim()[0], crossing.high or axes.get_xlim()[1]
        axes.axvspan(low, high, color=MIDDLE, alpha=0.15, linewidth=0)
        axes.axvline(crossing.size, color=MIDDLE, linestyle=":", label="fits cross (band: 95 % interval)")


@style()
def representations_figure(found: Representation, compared: tuple[str, str], families: Mapping[str, Family]) -> Figure:
    """CKA of the layers of both compared variants, next to that of the last layers of all variants."""
    order = family_order([*found.variants], families)
    names = [[*found.variants][k] for k in order]
    figure, (panels,) = subplots(max(3.8, 0.14 * len(names) + 1.5), 1, 2 if found.compared else 1, squeeze=False)
    if found.compared:
        draw_cka(panels[0], np.array(found.compared, float))
        for name, axis in zip(compared, (panels[0].yaxis, panels[0].xaxis), strict=True):
            layers = found.variants[name].layers
            axis.set_ticks(range(len(layers)), layers, fontsize=SMALL, rotation=90 if axis.axis_name == "x" else 0)
            axis.set_label_text(name)
        panels[0].set_title("layers")
    picture = draw_cka(panels[-1], np.array(found.last_layers, float)[np.ix_(order, order)])
    panels[-1].set_yticks(range(len(names)), names, fontsize=SMALL)
    mark_families(panels[-1], names, families)
    panels[-1].set_xlabel("the same variants, in the same order")
    panels[-1].set_title("last layers of all variants")
    figure.colorbar(picture, ax=panels, label="linear CKA (1: the same up to rotation)", **BELOW)
    return figure


def draw_cka(axes: Axes, values: NDArray[np.float64]) -> AxesImage:
    """Draw a heat map from 0 to 1, with numbers where there is room; unknown values are grey."""
    axes.set_facecolor("#dddddd")
    picture = axes.imshow(values, cmap="viridis", vmin=0, vmax=1, aspect="auto", interpolation="none")
    if values.shape[1] <= CELLS:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                text = axes.text(column, row, cka_text(value), ha="center", va="center", fontsize=SMALL)
                text.set(color="black" if value > 0.6 else "white", in_layout=False)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    return picture


def cka_text(value: float) -> str:
    return f"{value:z.2f}".replace("0.", ".", 1).replace("-", "−")


@style()
def gains_figure(gains: Gains, located: Mapping[str, Gains], looks: Looks) -> Figure:
    """How faithful the maps of both variants are on one grid, a row for each method.

    Args:
        gains: by variant and method.
        located: label of a further panel -> the same, of the variants whose objects have outlines; may be empty.
    """
    panels = {"gain: insertion area minus\ndeletion area, 7×7 grid": gains, **located}
    rows = methods_of(gains)
    figure, (grid,) = subplots(0.4 * len(rows) + 1.3, 1, len(panels), squeeze=False, sharey=True)
    for axes, (label, found) in zip(grid, panels.items(), strict=True):
        shown = {name: look for name, look in looks.items() if name in found}
        draw_rows(axes, rows, {name: [found[name].get(row) for row in rows] for name in shown}, shown)
        axes.set_xlabel(label)
    zero_line(grid[0])
    legend_above(figure, grid[0], columns=2)
    return figure


def methods_of(found: Gains) -> list[str]:
    return list(dict.fromkeys(row for of_variant in found.values() for row in of_variant))
