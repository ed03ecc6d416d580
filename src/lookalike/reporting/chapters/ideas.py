"""Costs of the families' ideas by themselves: separable convolutions, bottlenecks, compound scaling."""

from collections.abc import Sequence

from lookalike.reporting.document import Fold, Json, Prose, Section, Table, section
from lookalike.reporting.forms import Form, count, estimate_form, millions, or_dash, percent, shares, text
from lookalike.reporting.tables import Column, tabulate

times = or_dash(lambda factor: f"{factor:.2f}")
milliseconds = estimate_form(1000, 2)
TAKEN = "In brackets the least and the most of the rounds."
ACCURACY = "Accuracy is not measured here."

TIMES = (
    Column("ms", "time", milliseconds, "low"),
    Column("ms of the cheaper", "others", milliseconds, "low"),
    Column("share of the time, %", "ratio", shares, "low"),
)
SEPARABLE = (
    Column("convolution", "name", text),
    Column("weights", "standard.parameters", count, "low", extra=True),
    Column("weights of the separable", "separable.parameters", count, "low", extra=True),
    Column("MACs", "standard.macs", millions, "low"),
    Column("MACs of the separable", "separable.macs", millions, "low"),
    Column("share of the MACs, %", "left", percent, "low"),
    Column("predicted, %", "predicted", percent, "low"),
    *TIMES,
)
DESIGNS = (
    Column("block", "place", text),
    Column("convolutions to channels", "plain_layers", text, extra=True),
    Column("with a bottleneck", "reduced_layers", text, extra=True),
    Column("weights", "plain.parameters", count, "low"),
    Column("weights with it", "reduced.parameters", count, "low"),
    Column("MACs", "plain.macs", millions, "low"),
    Column("MACs with it", "reduced.macs", millions, "low"),
    Column("share of the MACs, %", "left", percent, "low"),
    *TIMES,
)
SCALING = (
    Column("network", "name", text),
    Column("side, pixels", "side", count),
    Column("blocks", "blocks", count, extra=True),
    Column("parameters", "size.parameters", count, "low"),
    Column("MACs", "size.macs", millions, "low"),
    Column("activations", "size.activations", millions, "low"),
    Column("MACs by B0's", "factor", times, "low"),
    Column("by the rule", "ruled", times, "low"),
    Column("as built", "built", times, "low"),
    Column("ms per image", "seconds", milliseconds, "low"),
)
SEPARABLE_HOW = (
    "A depthwise separable convolution leaves 1/outputs + 1/9 of the products of a 3x3 convolution (Howard et al., "
    f"MobileNets, 2017). {ACCURACY}"
)
SEPARABLE_NOTE = (
    f"One image; convolutions alone, without normalisation and ReLU. {TAKEN} Shares of time are within a round."
)
DESIGNS_HOW = f"A 1x1 convolution to fewer channels makes the layers behind it cheap. {ACCURACY}"
DESIGNS_NOTE = (
    "After figure 5 of He et al. (2016), without shortcuts, and row 3a of table 1 of Szegedy et al. (2015). One "
    f"image; convolutions alone. {TAKEN} Shares of time are within a round."
)
SCALING_HOW = (
    "By the rule of Tan & Le (2019) a step multiplies depth by 1.2, width by 1.1 and the images' side by 1.15, and so "
    f"MACs by about 1.92. {ACCURACY}"
)
SCALING_NOTE = (
    "Each at the side that timm gives it for training. By the rule: 1.92 to the power of the network's number. As "
    "built: blocks, the square of the channels of the last convolution and the square of the side, by those of B0; "
    f"layers are rounded up, and sides chosen. {TAKEN}"
)


def spread_estimate(spread: Json) -> Json:
    """A median with its least and most, as a figure with an interval is written."""
    return {"value": spread["median"], "low": spread["least"], "high": spread["most"]}


def range_text(values: Sequence[float], form: Form) -> str:
    """The least and the greatest of some values."""
    ends = dict.fromkeys(form(end) for end in (min(values), max(values)))
    return " to ".join(ends)


def separable_section(anchor: str, counted: Json, measured: Json) -> Section:
    """A convolution of each channel alone and one of each spatial position alone, in place of one of both."""
    rows = [
        row
        | time_estimates(took)
        | {
            "name": f"3x3, {row['inputs']} to {row['outputs']} channels of {row['side']}x{row['side']}",
            "left": row["separable"]["macs"] / row["standard"]["macs"],
        }
        for row, took in zip(counted["separable"], measured["separable"], strict=True)
    ]
    macs = range_text([row["left"] for row in rows], percent)
    time = range_text([row["ratio"]["value"] for row in rows], percent)
    exact = sum(abs(row["left"] - row["predicted"]) < 1e-9 for row in rows)
    finding = (
        f"A depthwise separable convolution needs {macs} % of the MACs of a 3x3 convolution, as predicted "
        f"in {exact} of {len(rows)} layers, and {time} % of its time."
    )
    table = tabulate("Separable convolutions", SEPARABLE, rows, SEPARABLE_NOTE)
    return table_section(anchor, "Depthwise separable convolutions", SEPARABLE_HOW, table, finding)


def bottleneck_section(anchor: str, counted: Json, measured: Json) -> Section:
    """Blocks with fewer channels inside."""
    rows = [
        row | time_estimates(took) | {"left": row["reduced"]["macs"] / row["plain"]["macs"]}
        for row, took in zip(counted["designs"], measured["designs"], strict=True)
    ]
    macs = range_text([row["left"] for row in rows], percent)
    time = range_text([row["ratio"]["value"] for row in rows], percent)
    weights = range_text([row["reduced"]["parameters"] / row["plain"]["parameters"] for row in rows], percent)
    finding = (
        f"A block with a 1x1 bottleneck needs {weights} % of the weights, {macs} % of the MACs and "
        f"{time} % of the time of the same block without it."
    )
    table = tabulate("Bottlenecks", DESIGNS, rows, DESIGNS_NOTE)
    return table_section(anchor, "1x1 bottlenecks", DESIGNS_HOW, table, finding)


def scaling_section(anchor: str, counted: Json, measured: Json) -> Section:
    """Depth, width and resolution scaled together."""
    rows = [
        row | {"seconds": spread_estimate(took["seconds"])}
        for row, took in zip(counted["scaling"], measured["scaling"], strict=True)
    ]
    first, last = rows[0], rows[-1]
    finding = (
        f"{last['name']} has {times(last['factor'])} times the MACs of {first['name']}; the rule predicts "
        f"{times(last['ruled'])} times."
    )
    table = tabulate("Compound scaling", SCALING, rows, SCALING_NOTE)
    return table_section(anchor, "Compound scaling", SCALING_HOW, table, finding)


def time_estimates(took: Json) -> Json:
    """The times of two modules, and their ratio, as parts of a row."""
    return {key: spread_estimate(took[of]) for key, of in (("time", "plain"), ("others", "other"), ("ratio", "ratio"))}


def table_section(anchor: str, title: str, how: str, table: Table, finding: str) -> Section:
    return section(anchor, title, Prose(how), Fold("Numbers", (table,)), finding=finding)
