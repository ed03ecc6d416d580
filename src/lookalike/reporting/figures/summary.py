"""The figure of the first screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    WIDTH,
    Estimated,
    Looks,
    as_percent,
    in_percent,
    name_rows,
    style,
    whiskers,
)


@dataclass(frozen=True)
class Row:
    """A variant: estimates with intervals as JSON, None where not known, and the test accuracy of each seed."""

    variant: str
    accuracy: Estimated
    seeds: tuple[float, ...]
    within: Estimated
    photographs: Estimated


def summary_figure(rows: Sequence[Row], looks: Looks, *, chance: float, random: float) -> Figure:
    """Test accuracy with single seeds, the share of mistakes within the look-alike group, accuracy on photographs.

    Args:
        chance: accuracy of one class for all images.
        random: share of random mistakes within the group.
    """
    panels = {"test accuracy": ([row.accuracy for row in rows], chance)}
    if random:
        panels["mistakes within the group"] = ([row.within for row in rows], random)
    if any(row.photographs for row in rows):
        panels["accuracy on photographs"] = ([row.photographs for row in rows], chance)
    with style():
        figure = Figure(figsize=(WIDTH, 0.3 * len(rows) + 1.1))
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (title, (estimates, dotted)) in zip(grid, panels.items(), strict=True):
            name_rows(axes, [row.variant for row in rows])
            axes.set_title(f"{title}\n(chance: {as_percent(dotted)})", loc="left")
            in_percent(axes.xaxis)
            axes.margins(x=0.12)
            axes.locator_params(axis="x", nbins=5)
            if axes is grid[0]:
                draw_seeds(axes, rows)
            draw(axes, rows, estimates, looks)
    return figure


def draw_seeds(axes: Axes, rows: Sequence[Row]) -> None:
    """The accuracy of each seed, as rings."""
    for place, row in enumerate(rows):
        axes.plot(row.seeds, [place] * len(row.seeds), "o", color="#777777", markerfacecolor="none", markersize=7)


def draw(axes: Axes, rows: Sequence[Row], estimates: Sequence[Estimated], looks: Looks) -> None:
    """An estimate a row, in the variant's colour."""
    for place, (row, estimate) in enumerate(zip(rows, estimates, strict=True)):
        look = looks[row.variant]
        whiskers(axes, [place], [estimate], color=look["color"], marker=look["marker"], label=look["label"])
