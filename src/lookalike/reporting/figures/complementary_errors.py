"""The figure of complementary errors."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from lookalike.evaluation.statistics import proportion
from lookalike.reporting.figures.style import DARK, LIGHT, MIDDLE, Look, as_percent, name_rows, style, subplots

SIDES: dict[str, Look] = {
    "only_first": {"color": DARK, "label": "_only the first is right"},
    "only_second": {"color": LIGHT, "label": "_only the second is right"},
}


@style()
def complementary_errors_figure(pairs: Sequence[Mapping[str, Any]], control: Sequence[Mapping[str, Any]]) -> Figure:
    """Images that only one of two models gets right, to its side; below the pairs two seeds of one variant.

    Args:
        pairs, control: `Repair`s as JSON, with "first" and "second" or "variant".
    """
    names = [f"{row['first']}\n{row['second']}" for row in pairs] + [f"{row['variant']}\ntwo seeds" for row in control]
    figure, axes = subplots(0.42 * len(names) + 1.3)
    for row, found in enumerate((*pairs, *control)):
        images = sum(found[key] for key in ("both_right", "both_wrong", *SIDES))
        look: Look = {"hatch": "///", "edgecolor": "white"} if row >= len(pairs) else {}
        for (key, side), sign in zip(SIDES.items(), (-1, 1), strict=True):
            share = proportion(found[key], images)
            reach = [[abs(share.value - share.low)], [abs(share.high - share.value)]]
            bar: Look = {"height": 0.62, "xerr": reach[::sign], "ecolor": MIDDLE}
            axes.barh(row, sign * share.value, **bar, **side, **look)
    name_rows(axes, names)
    axes.axvline(0, color="#333333", linewidth=0.8)
    axes.xaxis.set_major_formatter(FuncFormatter(unsigned_percent))
    axes.set_xlabel("of the test images: only the first model is right (left), only the second (right)")
    return figure


def unsigned_percent(share: float, _: float | None = None) -> str:
    return as_percent(abs(share))
