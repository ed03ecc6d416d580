"""Figures of the study of look-alikes: errors, probability by group, and differences between two models."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    BLACK,
    DARK,
    MIDDLE,
    NARROW,
    NEAR,
    RIGHT,
    WRONG,
    Estimated,
    Look,
    dodged_whiskers,
    legend_above,
    name_rows,
    percent_ticks,
    points_ticks,
    style,
    subplots,
    whiskers,
    write_beside,
    zero_line,
)

if TYPE_CHECKING:
    from lookalike.evaluation.look_alikes import ComparedPair

Figures = Mapping[str, Mapping[str, Any]]  # variant -> its `LookAlikeFigures` as JSON

# Where probability goes: key -> name, colour, and the look of a dot; the light one needs an edge.
PARTS: dict[str, tuple[str, str, Look]] = {
    "true": ("true class", RIGHT, {"color": RIGHT, "marker": "o"}),
    "look_alikes": (
        "look-alikes",
        NEAR,
        {"color": NEAR, "marker": "s", "markeredgecolor": DARK, "markeredgewidth": 0.7, "ecolor": MIDDLE},
    ),
    "outside": ("outside the group", WRONG, {"color": WRONG, "marker": "^"}),
}
LEAST_DIVERGENCE = 1e-6  # bits; smaller ones are drawn as this one, for a logarithm has no place for 0


@style()
def shares_figure(figures: Figures) -> Figure:
    """Where each variant's probability goes, over the images predicted right and over those predicted wrong."""
    figure, panels = subplots(0.42 * len(figures) + 1.5, 2, 1, sharex=True)
    for axes, case in zip(panels, ("right", "wrong"), strict=True):
        draw_shares(axes, [[each[f"{part}_{case}"] for part in PARTS] for each in figures.values()])
        name_rows(axes, list(figures))
        axes.set_title(f"test images predicted {case}")
    panels[1].set_xlabel("mean probability (whiskers: 95 % intervals of the boundaries)")
    legend_above(figure, panels[0])
    return figure


def draw_shares(axes: Axes, shares: Sequence[Sequence[Estimated]]) -> None:
    """One stacked bar per row of the three `PARTS`, with their numbers beside it; a row without images stays empty."""
    rows = range(len(shares))
    values = np.array([[estimate["value"] if estimate else 0 for estimate in row] for row in shares])
    ends = values.cumsum(axis=1)
    for k, (name, colour, _) in enumerate(PARTS.values()):
        bar: Look = {"left": ends[:, k] - values[:, k], "height": 0.7, "edgecolor": "white", "color": colour}
        axes.barh(rows, values[:, k], label=name, **bar)
        write_beside(axes, -0.8, name.split()[0], 44 * k + 40)
        for row, estimate in enumerate(parts[k] for parts in shares):
            write_beside(axes, row, f"{estimate['value']:.1%}" if estimate else "–", 44 * k + 40)
    for boundary in ([row[0] for row in shares], [complement(row[2]) for row in shares]):
        whiskers(axes, rows, boundary, marker="none", color=BLACK, capsize=2)
    axes.set_xlim(0, 1)
    percent_ticks(axes.xaxis)


def complement(estimate: Estimated) -> Estimated:
    """One minus a share."""
    return estimate and {"value": 1 - estimate["value"], "low": 1 - estimate["high"], "high": 1 - estimate["low"]}


@style()
def errors_figure(figures: Figures) -> Figure:
    """Shares of the test images confused within and across groups, and how severe the mistakes are."""
    kinds: dict[str, Look] = {
        "confused_within": {"label": "wrong within the group", **PARTS["look_alikes"][2]},
        "confused_across": {"label": "wrong across groups", **PARTS["outside"][2]},
    }
    figure, (errors, severity) = subplots(0.3 * len(figures) + 1.2, 1, 2, sharey=True, width_ratios=[3, 1.6])
    dodged_whiskers(errors, kinds.values(), ([each[kind] for each in figures.values()] for kind in kinds))
    severities = [each["severity"] for each in figures.values()]
    whiskers(severity, range(len(figures)), severities, color=DARK, marker="D", label="_severity")
    for axes in (errors, severity):
        name_rows(axes, list(figures))
    for row, each in enumerate(figures.values()):
        write_beside(severity, row, severity_text(each), 104)
    errors.set_xlim(left=0)
    percent_ticks(errors.xaxis)
    errors.set_xlabel("share of all test images")
    legend_above(figure, errors)
    severity.set_xlim(1, 2)
    severity.set_xlabel("severity of a mistake\n(1 within its group, 2 across)")
    return figure


def severity_text(figures: Mapping[str, Any]) -> str:
    if figures["severity"] is None:
        return "no mistakes"
    return f"{figures['severity']['value']:.2f} over {figures['mistakes']:,.0f} mistakes"


@style()
def pair_figure(comparisons: Sequence[Mapping[str, Any]]) -> Figure:
    """How pairs of variants differ, one row each, in accuracy and in where probability goes if both predict the same.

    Each of `comparisons` is a `Comparison` as JSON with the names of its "first" and its "second" variant.
    """
    cases = {
        "both_wrong": "both predict the same\nwrong class",
        "both_right_with_look_alikes": "both right, and the class\nhas look-alikes",
    }
    names = [f"{pair['first']}\n− {pair['second']}" for pair in comparisons]
    figure, (accuracy, *panels) = subplots(0.6 * len(comparisons) + 1.5, 1, 3, sharey=True)
    differences = [pair["accuracy_difference"] for pair in comparisons]
    whiskers(accuracy, range(len(comparisons)), differences, color=DARK, marker="D", label="_accuracy")
    accuracy.set_title("accuracy\non all test images")
    accuracy.set_xlabel("accuracy\n(percentage points)")
    for axes, (case, title) in zip(panels, cases.items(), strict=True):
        draw_differences(axes, [pair[case] for pair in comparisons])
        axes.set_title(title)
        axes.set_xlabel("probability\n(percentage points)")
    for axes in (accuracy, *panels):
        name_rows(axes, names)
        zero_line(axes)
        points_ticks(axes.xaxis)
    legend_above(figure, panels[0])
    return figure


def draw_differences(axes: Axes, differences: Sequence[Mapping[str, Any]]) -> None:
    """Draw the three `PARTS` of each row's `Differences` (JSON), with its number of images at the right."""
    looks = ({"label": name, **look} for name, _, look in PARTS.values())
    dodged_whiskers(axes, looks, ([each[part] for each in differences] for part in PARTS))
    for row, each in enumerate(differences):
        write_beside(axes, row, f"{each['images']:,}\nimages", 32)


def divergence_figures(compared: "Iterable[ComparedPair]", focus: Collection[str]) -> dict[str, Figure]:
    """A divergence figure for each pair of focus variants that agree on some image: path of the figure -> figure."""
    return {
        f"pairs/{pair.first}--{pair.second}/divergence": divergence_figure(asdict(pair.ranking))
        for pair in compared
        if pair.agreed and pair.first in focus and pair.second in focus
    }


@style()
def divergence_figure(ranking: Mapping[str, Any]) -> Figure:
    """How far two models diverge where they predict the same, before and after temperature: `Ranking` as JSON."""
    kinds = {"divergence": ("as trained", MIDDLE, "--"), "divergence_calibrated": ("after temperature", DARK, "-")}
    figure, axes = subplots(3.2, width=NARROW)
    for key, (name, colour, line) in kinds.items():
        values = np.maximum(ranking[key], LEAST_DIVERGENCE)
        label = f"{name}: median {np.median(ranking[key]):.2g} bit"
        axes.ecdf(values, color=colour, linestyle=line, label=label)
    axes.set_xscale("log")
    axes.set_xlim(LEAST_DIVERGENCE, 1)
    axes.set_xlabel("Jensen-Shannon divergence (bits)")
    axes.set_ylabel("share of the images that\ndiverge no more than this")
    axes.set_title(f"{len(ranking['indices']):,} images with the same prediction")
    percent_ticks(axes.yaxis)
    legend_above(figure, axes, columns=1)
    return figure
