"""The figures of what networks cost: accuracy against what it takes, and what depth does to the training error."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from lookalike.reporting.figures import Rows
from lookalike.reporting.style import (
    BLUE,
    ORANGE,
    VERMILLION,
    WIDTH,
    Look,
    in_epochs,
    in_percent,
    legend_above,
    looks,
    style,
    whiskers,
)

PRICES = {  # of a row: where it stands, and how it is called
    "parameters": "parameters",
    "macs": "multiply-accumulates an image",
    "seconds": "time of an image in the larger batch",
}
DEPTH_COLOURS = (BLUE, VERMILLION, ORANGE)  # from the shallowest


def non_dominated(prices: Sequence[float], values: Sequence[float]) -> list[bool]:
    """Of each of N whether no other has as much value for a lower price, or more value for as low a price (Pareto)."""
    offers = list(zip(prices, values, strict=True))
    return [
        not any(price <= mine and value >= worth and (price, value) != (mine, worth) for price, value in offers)
        for mine, worth in offers
    ]


def pareto_figure(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """Accuracy against each price, on a logarithmic scale; those that no other dominates are joined.

    Args:
        rows: of each member its "variant", "accuracy" ("value", "low", "high"), and what `PRICES` names; "seconds" with
            "median", "least" and "most".
    """
    with style():
        figure = Figure(figsize=(WIDTH, 6))
        (weights, products), (times, names) = figure.subplots(2, 2)
        for axes, price in zip((weights, products, times), PRICES, strict=True):
            draw_offers(axes, rows, price)
        for axes in (weights, times):
            axes.set_ylabel("test accuracy")
        names.set_axis_off()
        told = "grey line: no other is both\ncheaper and more accurate"
        names.legend(*weights.get_legend_handles_labels(), loc="center left", frameon=False, title=told)
    return figure


def draw_offers(axes: Axes, rows: Sequence[Mapping[str, Any]], price: str) -> None:
    """Every member at its price, and the line through those that none dominates."""
    prices = [row[price]["median"] if price == "seconds" else row[price] for row in rows]
    best = non_dominated(prices, [row["accuracy"]["value"] for row in rows])
    front = sorted((at, row["accuracy"]["value"]) for at, row, one in zip(prices, rows, best, strict=True) if one)
    axes.plot(*zip(*front, strict=True), color="#888888", linewidth=1, zorder=1)
    for (name, look), at, row in zip(looks(row["variant"] for row in rows).items(), prices, rows, strict=True):
        whiskers(axes, [at], [row["accuracy"]], up=True, label=name, **look)
        if price == "seconds":
            axes.hlines(row["accuracy"]["value"], row[price]["least"], row[price]["most"], color=look["color"])
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(EngFormatter("s" if price == "seconds" else ""))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(PRICES[price])
    in_percent(axes.yaxis)


def depth_figure(histories: Mapping[str, Rows], looks_of: Mapping[str, tuple[bool, int]]) -> Figure:
    """Training error by epoch, plain networks at the left and residual ones at the right, a line a seed.

    Args:
        looks_of: of each variant whether it is residual, and its depth.
    """
    depths = sorted({depth for _, depth in looks_of.values()})
    colours = dict(zip(depths, DEPTH_COLOURS, strict=False))
    with style():
        figure = Figure(figsize=(WIDTH, 3.2))
        plain, residual = figure.subplots(1, 2, sharex=True, sharey=True)
        for name, history in histories.items():
            shortcuts, depth = looks_of[name]
            look: Look = {"color": colours[depth], "linestyle": "-" if depth == depths[0] else "--"}
            draw_errors(residual if shortcuts else plain, history, look, f"{depth} layers")
        for axes, title in ((plain, "plain"), (residual, "residual")):
            axes.set_title(title, loc="left")
            in_epochs(axes.xaxis)
        plain.set_ylabel("training error")
        in_percent(plain.yaxis)
        legend_above(figure, plain if plain.lines else residual)
    return figure


def draw_errors(axes: Axes, history: Rows, look: Look, label: str) -> None:
    """Training error by epoch, a line a seed, epochs counted from 1."""
    for seed in sorted({row["seed"] for row in history}):
        rows = [row for row in history if row["seed"] == seed]
        errors = [1 - row["train_accuracy"] for row in rows]
        name = label if rows[0] is history[0] else None
        axes.plot(
            [row["epoch"] + 1 for row in rows], errors, marker="o", markersize=3, linewidth=1.2, label=name, **look
        )
