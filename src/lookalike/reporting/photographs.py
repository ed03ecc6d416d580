"""Figures of the study of photographs: what becomes of a model on pictures that people took.

A recipe is a way to turn a photograph into an image like those that the model was trained on. Each function takes what
a stage wrote as JSON and returns a matplotlib figure; nothing here reads files.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.style import (
    BLACK,
    BLUE,
    ORANGE,
    SMALL,
    WIDTH,
    Estimated,
    Look,
    dodge,
    in_percent,
    in_points,
    legend_above,
    looks,
    name_rows,
    style,
    whiskers,
)

COLUMNS = 3  # of panels, one a variant


def accuracy_figure(table: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Accuracy on photographs, a panel a recipe and a row a variant, beside the variant's accuracy on the test set.

    `table`: variant -> "test": estimate, and "recipes": recipe -> estimate, the same recipes for each variant.
    """
    recipes, rows = list(next(iter(table.values()))["recipes"]), range(len(table))
    with style():
        figure = Figure(figsize=(WIDTH, 0.24 * len(table) + 1.4))
        panels = figure.subplots(1, len(recipes), sharex=True, sharey=True, squeeze=False)[0]
        for axes, recipe in zip(panels, recipes, strict=True):
            photographs = [variant["recipes"][recipe] for variant in table.values()]
            test = [variant["test"] for variant in table.values()]
            whiskers(axes, rows, photographs, color=BLUE, marker="o", label="on photographs")
            whiskers(axes, rows, test, color=ORANGE, marker="D", markerfacecolor="white", label="on the test set")
            name_rows(axes, list(table))
            axes.set_title(recipe, loc="left")
        panels[0].set_xlim(0, 1)
        panels[0].set_xticks([0.25, 0.5, 0.75])
        in_percent(panels[0].xaxis)
        figure.supxlabel("accuracy", fontsize=9)
        legend_above(figure, panels[0])
    return figure


def ablation_figure(steps: Mapping[str, Sequence[Mapping[str, Any]]]) -> Figure:
    """What the accuracy on photographs loses or gains if one step of a recipe is switched off, a panel a recipe.

    `steps`: recipe -> its entries "step", "variant" and "difference", the estimate without the step minus with it.
    """
    names = {recipe: list(dict.fromkeys(entry["step"] for entry in steps[recipe])) for recipe in steps}
    variants = looks(dict.fromkeys(entry["variant"] for entries in steps.values() for entry in entries))
    with style():
        heights = [len(rows) for rows in names.values()]
        figure = Figure(figsize=(WIDTH, 0.1 * (len(variants) + 1) * sum(heights) + 0.4 * len(steps) + 1.2))
        panels = figure.subplots(len(steps), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        for axes, (recipe, rows) in zip(panels, names.items(), strict=True):
            known = {(entry["step"], entry["variant"]): entry["difference"] for entry in steps[recipe]}
            for (variant, look), places in zip(variants.items(), dodge(len(rows), len(variants)), strict=True):
                whiskers(axes, places, [known.get((row, variant)) for row in rows], label=variant, **look)
            name_rows(axes, rows)
            axes.axvline(0, color="#777777", linewidth=1, zorder=1)
            axes.set_title(f"recipe {recipe}", loc="left")
        in_points(panels[-1].xaxis)
        panels[-1].set_xlabel("change of the accuracy on photographs (percentage points)")
        figure.supylabel("step left out or exchanged", fontsize=9)
        legend_above(figure, panels[0])
    return figure


def classes_figure(by_class: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Figure:
    """Accuracy on photographs by class (rows), a column a recipe or variant; grey where there are no photographs.

    `by_class`: column -> class -> "accuracy": estimate or None, and "images": how many photographs.
    """
    names = list(next(iter(by_class.values())))
    cells = [[column[name] for column in by_class.values()] for name in names]
    shares = np.array([[cell["accuracy"]["value"] if cell["accuracy"] else np.nan for cell in row] for row in cells])
    with style():
        figure = Figure(figsize=(min(WIDTH, 2.4 + 0.8 * len(by_class)), 0.36 * len(names) + 1.4))
        axes = figure.subplots()
        axes.set_facecolor("#cccccc")
        picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for row, column in np.ndindex(shares.shape):
            share, images = shares[row, column], cells[row][column]["images"]
            said = "none" if np.isnan(share) else f"{share:.0%}\nof {images}"
            colour = "white" if share > 0.7 else BLACK
            axes.text(column, row, said, ha="center", va="center", fontsize=SMALL, color=colour)
        axes.set_xticks(range(len(by_class)), list(by_class), rotation=40, ha="right")
        axes.set_yticks(range(len(names)), names)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.set_ylabel("true class")
        bar = figure.colorbar(picture, ax=axes, shrink=0.75, label="accuracy on the class's photographs")
        in_percent(bar.ax.yaxis)
    return figure


def absorption_figure(
    on_photos: Mapping[str, Mapping[str, Estimated]],
    on_test: Mapping[str, Mapping[str, Sequence[Any]]],
    *,
    absorber: str,
) -> Figure:
    """What is taken for the class `absorber`: photographs by recipe, and test images by how much they are spoilt.

    Args:
        on_photos: recipe -> variant -> estimate of the share predicted as that class.
        on_test: kind of spoiling -> "strength": (N,), and variant -> N estimates.
    """
    series = looks(dict.fromkeys(variant for shares in on_photos.values() for variant in shares))
    kinds = [*on_test] + ["."] * (len(on_test) % 2)
    layout: list[Any] = [["photographs", *kinds[k : k + 2]] for k in range(0, len(kinds), 2)]
    with style():
        figure = Figure(figsize=(WIDTH, max(1.9 * len(layout), 0.12 * len(series) * len(on_photos)) + 1.2))
        panels = figure.subplot_mosaic(layout, width_ratios=[1.4, 1, 1])
        photographs = panels.pop("photographs")
        for (variant, look), places in zip(series.items(), dodge(len(on_photos), len(series)), strict=True):
            whiskers(photographs, places, [shares.get(variant) for shares in on_photos.values()], label=variant, **look)
        name_rows(photographs, list(on_photos))
        photographs.set_title("photographs by recipe", loc="left")
        photographs.set_xlim(left=0)
        photographs.set_xlabel(f"share predicted as {absorber}")
        in_percent(photographs.xaxis)
        for kind, axes in panels.items():
            draw_spoilt(axes, on_test[kind], series)
            axes.set_ylabel(f"test images as {absorber}")
            axes.set_title(kind, loc="left")
        legend_above(figure, photographs)
    return figure


def draw_spoilt(axes: Axes, shares: Mapping[str, Sequence[Any]], series: Mapping[str, Look]) -> None:
    """Share of test images predicted as the absorber against "strength", a line for each of `series` in `shares`."""
    for variant, look in series.items():
        if variant in shares:
            whiskers(axes, shares["strength"], shares[variant], up=True, linestyle="-", linewidth=0.8, **look)
    axes.set_ylim(0, 1)
    axes.set_xticks(shares["strength"], [f"{strength:g}" for strength in shares["strength"]])
    axes.set_xlabel("strength")
    in_percent(axes.yaxis)


def abstention_figure(curves: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> Figure:
    """Accuracy among the photographs that are kept if the least trusted are set aside, a panel a variant.

    `curves`: variant -> "confidence" and "distance", by which is trusted -> "coverage" and "accuracy", each (N,).
    """
    kinds: dict[str, Look] = {
        "confidence": {"label": "most confident first", "color": BLUE, "linestyle": "-"},
        "distance": {"label": "nearest to the training images first", "color": ORANGE, "linestyle": "--"},
    }
    with style():
        figure, panels = small_multiples(curves)
        for axes, curve in zip(panels, curves.values(), strict=True):
            for kind, look in kinds.items():
                axes.plot(curve[kind]["coverage"], curve[kind]["accuracy"], **look)
            axes.set_xlim(0, 1)
            in_percent(axes.xaxis)
        figure.supxlabel("share of the photographs kept", fontsize=9)
        figure.supylabel("accuracy among the photographs kept", fontsize=9)
        legend_above(figure, panels[0])
    return figure


def distance_figure(bins: Mapping[str, Sequence[Mapping[str, Any]]], auroc: Mapping[str, float | None]) -> Figure:
    """Accuracy on photographs in quantile bins of their distance from the training images, a panel a variant.

    Args:
        bins: variant -> bins by ascending distance, each with "low", "high", "count" and the estimate "accuracy".
        auroc: variant -> how well the distance tells wrong predictions from right ones, None where unknown.
    """
    with style():
        figure, panels = small_multiples(bins)
        for axes, (variant, members) in zip(panels, bins.items(), strict=True):
            whiskers(axes, range(len(members)), [each["accuracy"] for each in members], up=True, color=BLUE, marker="o")
            edges = [members[0]["low"], *(each["high"] for each in members)]
            step = -(-len(edges) // 6)  # more labels than six run into each other
            axes.set_xticks(np.arange(len(edges))[::step] - 0.5, [f"{edge:.2g}" for edge in edges[::step]], fontsize=7)
            counts = [each["count"] for each in members]
            least_and_most = " to ".join(str(count) for count in sorted({min(counts), max(counts)}))
            area = "" if auroc[variant] is None else f"AUROC {auroc[variant]:.2f}, "
            axes.set_title(f"{variant}\n{area}{least_and_most} a bin", loc="left")
        figure.supxlabel("distance from the training images (edges of the bins)", fontsize=9)
        figure.supylabel("accuracy on photographs", fontsize=9)
    return figure


def small_multiples(names: Iterable[str]) -> tuple[Figure, list[Axes]]:
    """A panel for each of `names`, in rows of three, their height a share of one."""
    names = list(names)
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(WIDTH, 1.7 * rows + 0.8))
    grid = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
    for axes, name in zip(grid, names, strict=False):
        axes.set_title(name, loc="left")
        axes.set_ylim(0, 1)
        in_percent(axes.yaxis)
    for axes in grid[len(names) :]:
        axes.set_axis_off()
    return figure, list(grid[: len(names)])
