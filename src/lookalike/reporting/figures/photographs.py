"""Figures of the study of photographs: what becomes of a model on pictures that people took.

A recipe is a way to turn a photograph into an image like those that the model was trained on. Each function takes what
a stage wrote as JSON and returns a matplotlib figure; nothing here reads files.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    BLACK,
    DARK,
    MIDDLE,
    SMALL,
    WIDTH,
    Estimated,
    Look,
    Looks,
    dodge,
    in_percent,
    in_points,
    legend_above,
    name_rows,
    style,
    whiskers,
)

TRUST = {  # by which photographs are kept: what it is called, and its line
    "confidence": ("most confident first", "-"),
    "distance": ("nearest to the training images first", "--"),
}


def accuracy_figure(table: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Accuracy on photographs, one panel per recipe and one row per variant, beside that on the test set.

    `table`: variant -> "test": estimate, and "recipes": recipe -> estimate, the same recipes for each variant.
    """
    recipes, rows = list(next(iter(table.values()))["recipes"]), range(len(table))
    with style():
        figure = Figure(figsize=(WIDTH, 0.24 * len(table) + 1.4))
        panels = figure.subplots(1, len(recipes), sharex=True, sharey=True, squeeze=False)[0]
        for axes, recipe in zip(panels, recipes, strict=True):
            photographs = [variant["recipes"][recipe] for variant in table.values()]
            test = [variant["test"] for variant in table.values()]
            whiskers(axes, rows, photographs, color=DARK, marker="o", label="on photographs")
            whiskers(axes, rows, test, color=MIDDLE, marker="D", markerfacecolor="white", label="on the test set")
            name_rows(axes, list(table))
            axes.set_title(recipe, loc="left")
        panels[0].set_xlim(0, 1)
        panels[0].set_xticks([0.25, 0.5, 0.75])
        in_percent(panels[0].xaxis)
        figure.supxlabel("accuracy", fontsize=9)
        legend_above(figure, panels[0])
    return figure


def ablation_figure(steps: Mapping[str, Sequence[Mapping[str, Any]]], *, looks: Looks) -> Figure:
    """What the accuracy on photographs loses or gains without one step of a recipe, one panel per recipe.

    `steps`: recipe -> its entries "step", "variant" and "difference", the estimate without the step minus with it.
    """
    names = {recipe: list(dict.fromkeys(entry["step"] for entry in steps[recipe])) for recipe in steps}
    variants = list(dict.fromkeys(entry["variant"] for entries in steps.values() for entry in entries))
    with style():
        heights = [len(rows) for rows in names.values()]
        figure = Figure(figsize=(WIDTH, 0.1 * (len(variants) + 1) * sum(heights) + 0.4 * len(steps) + 1.2))
        panels = figure.subplots(len(steps), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
        for axes, (recipe, rows) in zip(panels, names.items(), strict=True):
            known = {(entry["step"], entry["variant"]): entry["difference"] for entry in steps[recipe]}
            for variant, places in zip(variants, dodge(len(rows), len(variants)), strict=True):
                whiskers(axes, places, [known.get((row, variant)) for row in rows], **looks[variant])
            name_rows(axes, rows)
            axes.axvline(0, color="#777777", linewidth=1, zorder=1)
            axes.set_title(f"recipe {recipe}", loc="left")
        in_points(panels[-1].xaxis)
        panels[-1].set_xlabel("change of the accuracy on photographs (percentage points)")
        figure.supylabel("step left out or exchanged", fontsize=9)
        legend_above(figure, panels[0])
    return figure


def classes_figure(by_class: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Figure:
    """Accuracy on photographs by class (rows), one column per recipe or variant; grey where there are no photographs.

    `by_class`: column -> class -> "accuracy": estimate or None, and "images": how many photographs.
    """
    names = list(next(iter(by_class.values())))
    cells = [[column[name] for column in by_class.values()] for name in names]
    shares = np.array([[cell["accuracy"]["value"] if cell["accuracy"] else np.nan for cell in row] for row in cells])
    with style():
        figure = Figure(figsize=(min(WIDTH, 2.4 + 0.8 * len(by_class)), 0.36 * len(names) + 1.4))
        axes = figure.subplots()
        axes.set_facecolor("#cccccc")
        picture = axes.imshow(shares, cmap="Greys", vmin=0, vmax=1, aspect="auto")
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


def failures_figure(
    on_photos: Mapping[str, Mapping[str, Estimated]],
    on_test: Mapping[str, Mapping[str, Sequence[Any]]],
    *,
    collector: str,
    looks: Looks,
) -> Figure:
    """What is taken for the class `collector`: photographs by recipe, and test images by how much they are corrupted.

    Args:
        on_photos: recipe -> variant -> estimate of the share predicted as that class.
        on_test: kind of corruption -> "strength": (N,), and variant -> N estimates.
    """
    names = dict.fromkeys(variant for shares in on_photos.values() for variant in shares)
    series = {variant: looks[variant] for variant in names}
    kinds = [*on_test] + ["."] * (len(on_test) % 2)
    layout: list[Any] = [["photographs", *kinds[k : k + 2]] for k in range(0, len(kinds), 2)]
    with style():
        figure = Figure(figsize=(WIDTH, max(1.9 * len(layout), 0.12 * len(series) * len(on_photos)) + 1.2))
        panels = figure.subplot_mosaic(layout, width_ratios=[1.4, 1, 1])
        photographs = panels.pop("photographs")
        for (variant, look), places in zip(series.items(), dodge(len(on_photos), len(series)), strict=True):
            whiskers(photographs, places, [shares.get(variant) for shares in on_photos.values()], **look)
        name_rows(photographs, list(on_photos))
        photographs.set_title("photographs by recipe", loc="left")
        photographs.set_xlim(left=0)
        photographs.set_xlabel(f"share predicted as {collector}")
        in_percent(photographs.xaxis)
        for kind, axes in panels.items():
            draw_corrupted(axes, on_test[kind], series)
            axes.set_ylabel(f"test images as {collector}")
            axes.set_title(kind, loc="left")
        legend_above(figure, photographs)
    return figure


def draw_corrupted(axes: Axes, shares: Mapping[str, Sequence[Any]], series: Looks) -> None:
    """Share of test images predicted as the collector against "strength", one line for each of `series` in `shares`."""
    for variant, look in series.items():
        if variant in shares:
            whiskers(axes, shares["strength"], shares[variant], up=True, linestyle="-", linewidth=0.8, **look)
    axes.set_ylim(0, 1)
    axes.set_xticks(shares["strength"], [f"{strength:g}" for strength in shares["strength"]])
    axes.set_xlabel("strength")
    in_percent(axes.yaxis)


def abstention_figure(curves: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]], *, looks: Looks) -> Figure:
    """Accuracy on the photographs that are kept if the least trusted ones are set aside, two lines per variant.

    `curves`: variant -> "confidence" and "distance", by which is trusted -> "coverage" and "accuracy", each (N,).
    """
    with style():
        figure = Figure(figsize=(WIDTH, 3.4))
        axes = figure.subplots()
        for variant, curve in curves.items():
            for kind, (name, line) in TRUST.items():
                label = f"{looks[variant]['label']}, {name}"
                drawn: Look = {"color": looks[variant]["color"], "linestyle": line, "label": label}
                axes.plot(curve[kind]["coverage"], curve[kind]["accuracy"], **drawn)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="share of the photographs kept", ylabel="accuracy on those kept")
        in_percent(axes.xaxis)
        in_percent(axes.yaxis)
        legend_above(figure, axes, columns=2)
    return figure


def distance_figure(
    bins: Mapping[str, Sequence[Mapping[str, Any]]], auroc: Mapping[str, float | None], *, looks: Looks
) -> Figure:
    """Accuracy on photographs in quantile bins of their distance from the training images, one line per variant.

    Args:
        bins: variant -> bins by ascending distance, each with the estimate "accuracy".
        auroc: variant -> how well the distance separates wrong predictions from right ones, None where unknown.
    """
    with style():
        figure = Figure(figsize=(WIDTH, 3.2))
        axes = figure.subplots()
        shifts = dodge(1, len(bins))[:, 0] * 0.03  # so that intervals do not cover each other
        for (variant, members), shift in zip(bins.items(), shifts, strict=True):
            area = "" if auroc[variant] is None else f", AUROC {auroc[variant]:.2f}"
            named = looks[variant] | {"label": looks[variant]["label"] + area}
            places = (np.arange(len(members)) + 0.5) / len(members) + shift
            found = [each["accuracy"] for each in members]
            whiskers(axes, places, found, up=True, linestyle="-", linewidth=0.8, **named)
        axes.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy on photographs")
        axes.set_xlabel("share of the photographs that are nearer to the training images")
        in_percent(axes.xaxis)
        in_percent(axes.yaxis)
        legend_above(figure, axes, columns=2)
    return figure
