"""Figures of the study of photographs: accuracy by recipe and class, failed preparations, and trust.

A recipe is a way to turn a photograph into an image like those that the model was trained on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    BELOW,
    DARK,
    MIDDLE,
    NARROW,
    SMALL,
    WIDTH,
    Estimated,
    Look,
    Looks,
    dodge,
    dodged_whiskers,
    heat_map,
    legend_above,
    name_columns,
    name_rows,
    percent_ticks,
    points_ticks,
    style,
    subplots,
    whiskers,
    zero_line,
)

TRUST = {  # by which photographs are kept: what it is called, and its line
    "confidence": ("most confident first", "-"),
    "distance": ("nearest to the training images first", "--"),
}


@style()
def photo_accuracy_figure(table: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Accuracy on photographs, one panel per recipe and one row per variant, beside that on the test set.

    `table`: variant -> "test": estimate, and "recipes": recipe -> estimate, the same recipes for each variant.
    """
    recipes, rows = list(next(iter(table.values()))["recipes"]), range(len(table))
    figure, (panels,) = subplots(0.24 * len(table) + 1.4, 1, len(recipes), sharex=True, sharey=True, squeeze=False)
    for axes, recipe in zip(panels, recipes, strict=True):
        photographs = [variant["recipes"][recipe] for variant in table.values()]
        test = [variant["test"] for variant in table.values()]
        whiskers(axes, rows, photographs, color=DARK, marker="o", label="on photographs")
        whiskers(axes, rows, test, color=MIDDLE, marker="D", markerfacecolor="white", label="on the test set")
        name_rows(axes, list(table))
        axes.set_title(recipe)
    panels[0].set_xlim(0, 1)
    panels[0].set_xticks([0.25, 0.5, 0.75])
    percent_ticks(panels[0].xaxis)
    figure.supxlabel("accuracy")
    legend_above(figure, panels[0])
    return figure


@style()
def ablation_figure(steps: Mapping[str, Sequence[Mapping[str, Any]]], *, looks: Looks) -> Figure:
    """What the accuracy on photographs loses or gains without one step of a recipe, one panel per recipe.

    `steps`: recipe -> its entries "step", "variant" and "difference", the estimate without the step minus with it.
    """
    names = {recipe: list(dict.fromkeys(entry["step"] for entry in steps[recipe])) for recipe in steps}
    variants = list(dict.fromkeys(entry["variant"] for entries in steps.values() for entry in entries))
    heights = [len(rows) for rows in names.values()]
    height = 0.1 * (len(variants) + 1) * sum(heights) + 0.4 * len(steps) + 1.2
    figure, grid = subplots(height, len(steps), sharex=True, height_ratios=heights, squeeze=False)
    panels = grid[:, 0]
    for axes, (recipe, rows) in zip(panels, names.items(), strict=True):
        known = {(entry["step"], entry["variant"]): entry["difference"] for entry in steps[recipe]}
        differences = ([known.get((row, variant)) for row in rows] for variant in variants)
        dodged_whiskers(axes, (looks[variant] for variant in variants), differences)
        name_rows(axes, rows)
        zero_line(axes)
        axes.set_title(f"recipe {recipe}")
    points_ticks(panels[-1].xaxis)
    panels[-1].set_xlabel("change of the accuracy on photographs (percentage points)")
    figure.supylabel("step left out or exchanged")
    legend_above(figure, panels[0])
    return figure


@style()
def class_accuracy_figure(by_class: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Figure:
    """Accuracy on photographs in percent by variant (rows) and class (columns), and how many photographs of each class.

    `by_class`: variant -> class -> "accuracy": estimate or None, and "images": how many photographs.
    """
    classes = next(iter(by_class.values()))
    found = [[row[name]["accuracy"] for name in classes] for row in by_class.values()]
    shares = np.array([[one["value"] if one else np.nan for one in row] for row in found])

    def cell_text(row: int, column: int) -> str:
        share = shares[row, column]
        return "" if np.isnan(share) else f"{100 * share:.0f}"

    figure, axes = subplots(0.2 * len(by_class) + 2, width=max(NARROW, 0.3 * len(classes)))
    axes.set_facecolor("#cccccc")
    image = heat_map(axes, shares, cell_text, dark=0.6, fontsize=SMALL)
    name_columns(axes, [f"{name} ({one['images']})" for name, one in classes.items()], fontsize=8)
    axes.set_yticks(range(len(by_class)), list(by_class), fontsize=8)
    axes.set_xlabel("true class (photographs)")
    bar = figure.colorbar(image, ax=axes, label="accuracy", **BELOW)
    percent_ticks(bar.ax.xaxis)
    return figure


@style()
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
    series = {variant: looks[variant] for shares in on_photos.values() for variant in shares}
    kinds = [*on_test] + ["."] * (len(on_test) % 2)
    layout: list[Any] = [["photographs", *kinds[k : k + 2]] for k in range(0, len(kinds), 2)]
    figure = Figure(figsize=(WIDTH, max(1.9 * len(layout), 0.12 * len(series) * len(on_photos)) + 1.2))
    panels = figure.subplot_mosaic(layout, width_ratios=[1.4, 1, 1])
    photographs = panels.pop("photographs")
    dodged_whiskers(photographs, series.values(), ([own.get(name) for own in on_photos.values()] for name in series))
    name_rows(photographs, list(on_photos))
    photographs.set_title("photographs by recipe")
    photographs.set_xlim(left=0)
    photographs.set_xlabel(f"share predicted as {collector}")
    percent_ticks(photographs.xaxis)
    for kind, axes in panels.items():
        draw_corrupted(axes, on_test[kind], series)
        axes.set_ylabel(f"test images as {collector}")
        axes.set_title(kind)
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
    percent_ticks(axes.yaxis)


@style()
def abstention_figure(curves: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]], *, looks: Looks) -> Figure:
    """Accuracy on the photographs that are kept if the least trusted ones are set aside, two lines per variant.

    `curves`: variant -> "confidence" and "distance", by which is trusted -> "coverage" and "accuracy", each (N,).
    """
    figure, axes = subplots(3.4)
    for variant, curve in curves.items():
        for kind, (name, line) in TRUST.items():
            label = f"{looks[variant]['label']}, {name}"
            drawn: Look = {"color": looks[variant]["color"], "linestyle": line, "label": label}
            axes.plot(curve[kind]["coverage"], curve[kind]["accuracy"], **drawn)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="share of the photographs kept", ylabel="accuracy on those kept")
    percent_ticks(axes.xaxis)
    percent_ticks(axes.yaxis)
    legend_above(figure, axes, columns=2)
    return figure


@style()
def distance_figure(
    bins: Mapping[str, Sequence[Mapping[str, Any]]], auroc: Mapping[str, float | None], *, looks: Looks
) -> Figure:
    """Accuracy on photographs in quantile bins of their distance from the training images, one line per variant.

    Args:
        bins: variant -> bins by ascending distance, each with the estimate "accuracy".
        auroc: variant -> how well the distance separates wrong predictions from right ones, None where unknown.
    """
    figure, axes = subplots(3.2)
    shifts = dodge(1, len(bins))[:, 0] * 0.03  # so that intervals do not cover each other
    for (variant, members), shift in zip(bins.items(), shifts, strict=True):
        area = "" if auroc[variant] is None else f", AUROC {auroc[variant]:.2f}"
        named = looks[variant] | {"label": looks[variant]["label"] + area}
        positions = (np.arange(len(members)) + 0.5) / len(members) + shift
        found = [each["accuracy"] for each in members]
        whiskers(axes, positions, found, up=True, linestyle="-", linewidth=0.8, **named)
    axes.set(xlim=(0, 1), ylim=(0, 1), ylabel="accuracy on photographs")
    axes.set_xlabel("share of the photographs that are nearer to the training images")
    percent_ticks(axes.xaxis)
    percent_ticks(axes.yaxis)
    legend_above(figure, axes, columns=2)
    return figure
