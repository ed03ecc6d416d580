"""Figures of costs: accuracy against each cost, and the training error of networks of different depth."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from lookalike.reporting.figures.style import (
    DARK,
    LIGHT,
    MIDDLE,
    Look,
    Looks,
    label_epochs,
    legend_above,
    percent_ticks,
    style,
    subplots,
    whiskers,
)
from lookalike.reporting.figures.training import Rows, draw_errors

COSTS = {  # the key of a row, and the label of its axis
    "parameters": "parameters",
    "macs": "multiply-accumulates per image",
    "seconds": "time per image, larger batch",
}
DEPTH_TONES = (LIGHT, MIDDLE, DARK)  # from the shallowest


def non_dominated(costs: Sequence[float], values: Sequence[float]) -> list[bool]:
    """Whether each of N points is on the Pareto front: no other is at least as good in both and better in one."""
    offers = list(zip(costs, values, strict=True))
    return [
        not any(other <= cost and better >= value and (other, better) != (cost, value) for other, better in offers)
        for cost, value in offers
    ]


@style()
def pareto_figure(rows: Sequence[Mapping[str, Any]], *, looks: Looks) -> Figure:
    """Accuracy against each cost on a logarithmic scale; a line joins the Pareto front.

    Args:
        rows: one per member, with "variant", "accuracy" ("value", "low", "high") and the keys of `COSTS`; "seconds" has
            "median", "least" and "most".
    """
    figure, panels = subplots(2.8 + 0.1 * len(rows), 1, 3, sharey=True)
    for axes, cost in zip(panels, COSTS, strict=True):
        draw_offers(axes, rows, cost, looks)
    panels[0].set_ylabel("test accuracy")
    panels[0].set_title("grey line: Pareto front")
    legend_above(figure, panels[0])
    return figure


def draw_offers(axes: Axes, rows: Sequence[Mapping[str, Any]], cost: str, looks: Looks) -> None:
    """Draw every variant at its cost, and the line through the Pareto front."""
    costs = [row[cost]["median"] if cost == "seconds" else row[cost] for row in rows]
    best = non_dominated(costs, [row["accuracy"]["value"] for row in rows])
    front = sorted((at, row["accuracy"]["value"]) for at, row, one in zip(costs, rows, best, strict=True) if one)
    axes.plot(*zip(*front, strict=True), color=LIGHT, linewidth=1, zorder=1)
    for at, row in zip(costs, rows, strict=True):
        look = looks[row["variant"]]
        whiskers(axes, [at], [row["accuracy"]], up=True, **look)
        if cost == "seconds":
            axes.hlines(row["accuracy"]["value"], row[cost]["least"], row[cost]["most"], color=look["color"])
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(EngFormatter("s" if cost == "seconds" else ""))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(COSTS[cost])
    percent_ticks(axes.yaxis)


@style()
def depth_training_figure(histories: Mapping[str, Rows], looks_of: Mapping[str, tuple[bool, int]]) -> Figure:
    """Training error by epoch, plain networks on the left and residual ones on the right, a line per seed.

    Args:
        looks_of: whether each variant is residual, and its depth.
    """
    depths = sorted({depth for _, depth in looks_of.values()})
    tones = dict(zip(depths, DEPTH_TONES, strict=False))
    figure, (plain, residual) = subplots(3.2, 1, 2, sharex=True, sharey=True)
    for name, history in histories.items():
        shortcuts, depth = looks_of[name]
        look: Look = {"color": tones[depth], "linestyle": "-" if depth == depths[0] else "--"}
        look |= {"marker": "o", "linewidth": 1.2, "label": f"{depth} layers"}
        draw_errors(residual if shortcuts else plain, history, look, label_of_others=None)
    for axes, title in ((plain, "plain"), (residual, "residual")):
        axes.set_title(title)
        label_epochs(axes.xaxis)
    plain.set_ylabel("training error")
    percent_ticks(plain.yaxis)
    legend_above(figure, plain if plain.lines else residual)
    return figure
