"""The figure of the repair ledger."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from lookalike.evaluation.statistics import proportion
from lookalike.reporting.style import BLUE, ORANGE, WIDTH, Look, in_percent, name_rows, style

SIDES: dict[str, Look] = {
    "only_first": {"label": "only the first is right", "color": ORANGE},
    "only_second": {"label": "only the second is right", "color": BLUE},
}


def repairs_figure(pairs: Sequence[Mapping[str, Any]], control: Sequence[Mapping[str, Any]]) -> Figure:
    """Images that only one of two models gets right, to its side; below the pairs two seeds of one variant.

    Args:
        pairs, control: `Repair`s as JSON, with "first" and "second" or "variant".
    """
    names = [f"{row['first']}\n{row['second']}" for row in pairs] + [f"{row['variant']}\ntwo seeds" for row in control]
    with style():
        figure = Figure(figsize=(WIDTH, 0.42 * len(names) + 1.3))
        axes = figure.subplots()
        for row, found in enumerate((*pairs, *control)):
            images = sum(found[key] for key in ("both_right", "both_wrong", *SIDES))
            for key, sign in zip(SIDES, (-1, 1), strict=True):
                share = proportion(found[key], images)
                reach = [[abs(share.value - share.low)], [abs(share.high - share.value)]]
                look = SIDES[key] | ({"hatch": "///", "edgecolor": "white"} if row >= len(pairs) else {})
                axes.barh(row, sign * share.value, height=0.62, xerr=reach[::sign], ecolor="#333333", **look)
        name_rows(axes, names)
        axes.axvline(0, color="#333333", linewidth=0.8)
        in_percent(axes.xaxis)
        axes.set_xticks(axes.get_xticks(), [f"{100 * abs(tick):.3g}%" for tick in axes.get_xticks()])
        axes.set_xlabel("of the test images: only the first model is right (left), only the second (right)")
    return figure
