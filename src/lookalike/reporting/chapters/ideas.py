"""What the ideas of the families cost by themselves: separable convolutions, bottlenecks, compound scaling."""

from lookalike.reporting.document import (
    Block,
    Column,
    Json,
    Prose,
    count,
    estimate,
    known,
    millions,
    percent,
    shares,
    tabulate,
    text,
)

times = known(lambda factor: f"{factor:.2f}")
milliseconds = estimate(1000, 2)
TAKEN = "In brackets the least and the most of the rounds."

TIMES = (
    Column("ms", "time", milliseconds),
    Column("ms of the cheaper", "others", milliseconds),
    Column("share of the time left, %", "ratio", shares),
)
SEPARABLE = (
    Column("convolution", "name", text),
    Column("weights", "standard.parameters", count),
    Column("weights of the separable", "separable.parameters", count),
    Column("MACs", "standard.macs", millions),
    Column("MACs of the separable", "separable.macs", millions),
    Column("share left, %", "left", percent),
    Column("predicted, %", "predicted", percent),
    *TIMES,
)
DESIGNS = (
    Column("block", "place", text),
    Column("convolutions to channels", "plain_layers", text),
    Column("with a bottleneck", "reduced_layers", text),
    Column("weights", "plain.parameters", count),
    Column("weights with it", "reduced.parameters", count),
    Column("MACs", "plain.macs", millions),
    Column("MACs with it", "reduced.macs", millions),
    Column("share left, %", "left", percent),
    *TIMES,
)
SCALING = (
    Column("network", "name", text),
    Column("side, pixels", "side", count),
    Column("blocks", "blocks", count),
    Column("parameters", "size.parameters", count),
    Column("MACs", "size.macs", millions),
    Column("activations", "size.activations", millions),
    Column("MACs by B0's", "factor", times),
    Column("by the rule", "ruled", times),
    Column("as built", "built", times),
    Column("ms an image", "seconds", milliseconds),
)


def interval(spread: Json) -> Json:
    """A median with its least and most, as a figure with an interval is written."""
    return {"value": spread["median"], "low": spread["least"], "high": spread["most"]}


def separable(counted: Json, measured: Json) -> list[Block]:
    """A convolution of each plane alone and one of each place alone, in place of one of both."""
    rows = [
        row
        | timed(took)
        | {
            "name": f"3x3, {row['inputs']} to {row['outputs']} channels of {row['side']}x{row['side']}",
            "left": row["separable"]["macs"] / row["standard"]["macs"],
        }
        for row, took in zip(counted["separable"], measured["separable"], strict=True)
    ]
    exact = sum(abs(row["left"] - row["predicted"]) < 1e-9 for row in rows)
    more = sum(row["ratio"]["low"] > row["left"] for row in rows)
    said = (
        "A depthwise separable convolution leaves 1/outputs + 1/9 of the products of a 3x3 convolution (Howard et al., "
        f"MobileNets, 2017): so it is counted in {exact} of {len(rows)} layers. In {more} of them more than that was "
        "left of the time, in every round. What it does to accuracy is not measured here."
    )
    note = f"One image; convolutions alone, without normalisation and ReLU. {TAKEN} Shares of time are within a round."
    return [Prose(said), tabulate("Separable convolutions", SEPARABLE, rows, note)]


def timed(took: Json) -> Json:
    """Two modules' times, and their ratio."""
    return {name: interval(took[key]) for name, key in (("time", "plain"), ("others", "other"), ("ratio", "ratio"))}


def designs(counted: Json, measured: Json) -> list[Block]:
    """Fewer channels within a block."""
    rows = [
        row | timed(took) | {"left": row["reduced"]["macs"] / row["plain"]["macs"]}
        for row, took in zip(counted["designs"], measured["designs"], strict=True)
    ]
    told = [
        f"{row['place']}, {percent(row['reduced']['parameters'] / row['plain']['parameters'])} % of the weights and "
        f"{percent(row['left'])} % of the MACs, in {shares(row['ratio'])} % of the time"
        for row in rows
    ]
    said = (
        "A 1x1 convolution to fewer channels makes the layers behind it cheap. Left are, of "
        f"{'; of '.join(told)}. What it does to accuracy is not measured here."
    )
    note = (
        "After figure 5 of He et al. (2016), without shortcuts, and row 3a of table 1 of Szegedy et al. (2015). One "
        f"image; convolutions alone. {TAKEN} Shares of time are within a round."
    )
    return [Prose(said), tabulate("Bottlenecks", DESIGNS, rows, note)]


def scaling(counted: Json, measured: Json) -> list[Block]:
    """Depth, width and resolution together."""
    rows = [
        row | {"seconds": interval(took["seconds"])}
        for row, took in zip(counted["scaling"], measured["scaling"], strict=True)
    ]
    told = [f"{row['name']} {times(row['factor'])} ({times(row['ruled'])})" for row in rows[1:]]
    said = (
        "By the rule of Tan & Le (2019) a step multiplies depth by 1.2, width by 1.1 and the images' side by 1.15, and "
        f"so MACs by about 1.92. Counted, with the rule's factor in brackets: {'; '.join(told)}. What the steps do to "
        "accuracy is not measured here."
    )
    note = (
        "Each at the side that timm gives it for training. By the rule: 1.92 to the power of the network's number. As "
        "built: blocks, the square of the channels of the last convolution and the square of the side, by those of B0; "
        f"layers are rounded up, and sides chosen. {TAKEN}"
    )
    return [Prose(said), tabulate("Compound scaling", SCALING, rows, note)]
