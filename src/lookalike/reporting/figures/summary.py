"""The figure on the report's first screen."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from lookalike.reporting.figures.style import (
    Estimated,
    Look,
    Looks,
    as_percent,
    name_rows,
    percent_ticks,
    style,
    subplots,
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


@style()
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
    figure, (grid,) = subplots(0.3 * len(rows) + 1.1, 1, len(panels), sharey=True, squeeze=False)
    for axes, (title, (estimates, dotted)) in zip(grid, panels.items(), strict=True):
        name_rows(axes, [row.variant for row in rows])
        axes.set_title(f"{title}\n(chance: {as_percent(dotted)})")
        percent_ticks(axes.xaxis)
        axes.margins(x=0.12)
        axes.locator_params(axis="x", nbins=5)
        if axes is grid[0]:
            for place, row in enumerate(rows):
                rings: Look = {"color": "#777777", "markerfacecolor": "none", "markersize": 7}
                axes.plot(row.seeds, [place] * len(row.seeds), "o", **rings)
        for place, (row, estimate) in enumerate(zip(rows, estimates, strict=True)):
            look = looks[row.variant]
            whiskers(axes, [place], [estimate], color=look["color"], marker=look["marker"], label=look["label"])
    return figure
