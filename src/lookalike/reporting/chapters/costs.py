"""What families of networks cost, and what each of their ideas buys: counted, and timed on one device in one run."""

from collections.abc import Sequence

from lookalike.artifacts.costs import load_costs
from lookalike.reporting.chapters.depth import depth
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.ideas import TAKEN, designs, interval, milliseconds, scaling, separable
from lookalike.reporting.costs import non_dominated, pareto_figure
from lookalike.reporting.document import (
    Block,
    Column,
    Form,
    Illustration,
    Json,
    Prose,
    Section,
    count,
    estimate,
    known,
    millions,
    section,
    shares,
    tabulate,
    text,
)

megabytes = known(lambda taken: f"{taken / 1e6:.1f}")
rates = estimate(1, 1)


def costs(found: Found) -> Section | None:
    """The members of the study that was measured, and the tables; None of any other study."""
    loaded = load_costs(found.root)
    if loaded is None or loaded[0]["study"] != found.study:
        return None
    counted, measured = loaded
    device = measured["device"]
    said = Prose(
        "Weights, multiply-accumulates (MACs) and activations are counted and alike everywhere. Times and memory are "
        f"of one run on one device: {device['name']}, {device['threads']} threads, {device['precision']}, torch "
        f"{device['torch']}; it may have had other work to do, and another device may put them in another order."
    )
    anchor = f"{found.study}-costs"
    return section(
        anchor,
        "What each idea costs and buys",
        said,
        section(f"{anchor}-members", "Accuracy and its price", *members(found, counted, measured)),
        section(f"{anchor}-depth", "Skip connections: depth", *depth(found)),
        section(f"{anchor}-separable", "Depthwise separable convolutions", *separable(counted, measured)),
        section(f"{anchor}-bottlenecks", "1x1 bottlenecks", *designs(counted, measured)),
        section(f"{anchor}-scaling", "Compound scaling", *scaling(counted, measured)),
    )


def members(found: Found, counted: Json, measured: Json) -> list[Block | None]:
    """A row a member, and accuracy against each price."""
    rows = [
        member(row.variant, accuracy_of(found, row.variant), counted["members"][row.variant], measured["members"])
        for row in found.standings
        if row.variant in counted["members"]
    ]
    if not rows:
        return [Prose("No member of this study was measured.")]
    note = (
        "Activations: the numbers that all convolutions and matrix products put out for one image. Images a second: "
        f"the median pass. {TAKEN} Memory: the most in use at once beyond weights and images (–: unknown), in MB of a "
        "million bytes. Weights of the members were fresh: the work is the same. Accuracy: mean over seeds, 95 % "
        "Wilson interval over test images."
    )
    if any(found.params.budget(row["variant"]).small for row in rows):
        note += " In this run small networks of their families stand for the members."
    table = tabulate("Members", columns(rows[0]), rows, note)
    known_of = [row for row in rows if row["accuracy"] is not None]
    return [table, *((chart(found, known_of), Prose(undominated(known_of))) if known_of else ())]


def accuracy_of(found: Found, variant: str) -> Json | None:
    """The test accuracy of a variant with its interval; None if all of its seeds diverged."""
    (row,) = (row for row in found.standings if row.variant == variant)
    if row.accuracy is None:
        return None
    return {"value": row.accuracy, "low": row.accuracy_low, "high": row.accuracy_high}


def member(variant: str, accuracy: Json | None, size: Json, speeds: dict[str, list[Json]]) -> Json:
    """What is told of a member."""
    one, many = speeds[variant]
    return {
        "variant": variant,
        "accuracy": accuracy,
        **size,
        "side": size["input_shape"][1],
        "one": one | {"rate": rate(one)},
        "many": many | {"rate": rate(many)},
        "seconds": {key: many["seconds"][key] / many["batch"] for key in ("median", "least", "most")},
    }


def rate(speed: Json) -> Json:
    """Images a second: the slowest pass gives the least."""
    seconds, batch = speed["seconds"], speed["batch"]
    return {
        "value": batch / seconds["median"],
        "low": batch / seconds["most"],
        "high": batch / seconds["least"],
    }


def columns(row: Json) -> tuple[Column, ...]:
    """Of the table of members, whose batches are those of a row."""
    by_batch: list[tuple[str, str, Form]] = [("images/s", "rate", rates), ("MB", "memory", megabytes)]
    return (
        Column("variant", "variant", text),
        Column("side, pixels", "side", count),
        Column("parameters", "parameters", count),
        Column("MACs", "macs", millions),
        Column("activations", "activations", millions),
        *(
            Column(f"{title}, batch of {row[batch]['batch']}", f"{batch}.{key}", form)
            for title, key, form in by_batch
            for batch in ("one", "many")
        ),
        Column("test accuracy, %", "accuracy", shares),
    )


def chart(found: Found, rows: Sequence[Json]) -> Illustration | None:
    """Accuracy against each price."""
    drawn = (
        Column("variant", "variant", text),
        Column("parameters", "parameters", count),
        Column("MACs", "macs", millions),
        Column("ms an image", "per_image", milliseconds),
        Column("test accuracy, %", "accuracy", shares),
    )
    words = (
        "Test accuracy with its 95 % interval against parameters, multiply-accumulates and the time of an image in a "
        f"batch of {rows[0]['many']['batch']} (a bar from the fastest to the slowest round), on logarithmic scales. "
        "The line joins the members that no other beats in both accuracy and price.",
        "Accuracy against parameters, multiply-accumulates and time, with the Pareto front",
    )
    told = tabulate("Accuracy and price", drawn, [row | {"per_image": interval(row["seconds"])} for row in rows])
    return found.drawn(pareto_figure(rows), "pareto", words, [row["variant"] for row in rows], told)


def undominated(rows: Sequence[Json]) -> str:
    """Which members no other beats, by each price."""
    values = [row["accuracy"]["value"] for row in rows]
    prices = {
        "parameters": [row["parameters"] for row in rows],
        "MACs": [row["macs"] for row in rows],
        "time": [row["seconds"]["median"] for row in rows],
    }
    told = []
    for name, price in prices.items():
        best = non_dominated(price, values)
        told.append(f"by {name} {', '.join(row['variant'] for row, one in zip(rows, best, strict=True) if one)}")
    return (
        f"Not beaten in both accuracy and price by another member: {'; '.join(told)}. This goes by the accuracies as "
        "measured: between members whose intervals overlap it may be chance."
    )
