"""Costs of network families and of their ideas: counted, and timed in one run on one device."""

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
CONFIGURATIONS = (
    Column("configuration", "name", text),
    Column("layers", "layers", count),
    Column("parameters", "parameters", count),
    Column("MACs", "macs", millions),
)


def costs(found: Found) -> Section | None:
    """The chapter of the study whose members were measured; None for any other study."""
    loaded = load_costs(found.root)
    if loaded is None or loaded[0]["study"] != found.study:
        return None
    counted, measured = loaded
    device = measured["device"]
    introduction = Prose(
        "Parameters, multiply-accumulates (MACs) and activations are counted; they are the same on every machine. "
        f"Times and memory were measured in one run on one device: {device['name']}, {device['threads']} threads, "
        f"{device['precision']}, torch {device['torch']}. Other work on it may have slowed the run, and another device "
        "may rank the networks differently."
    )
    anchor = f"{found.study}-costs"
    return section(
        anchor,
        "Costs and benefits of each idea",
        introduction,
        section(f"{anchor}-members", "Accuracy and cost", *members(found, counted, measured)),
        section(f"{anchor}-depth", "Skip connections: depth", *depth(found)),
        section(f"{anchor}-separable", "Depthwise separable convolutions", *separable(counted, measured)),
        section(f"{anchor}-bottlenecks", "1x1 bottlenecks", *designs(counted, measured)),
        section(f"{anchor}-scaling", "Compound scaling", *scaling(counted, measured)),
        section(f"{anchor}-vgg", "Configurations of VGG", configurations(counted)),
    )


def members(found: Found, counted: Json, measured: Json) -> list[Block | None]:
    """A table with a row per member, and accuracy against each cost."""
    rows = [
        member(row.variant, accuracy_of(found, row.variant), counted["members"][row.variant], measured["members"])
        for row in found.standings
        if row.variant in counted["members"]
    ]
    if not rows:
        return [Prose("No member of this study was measured.")]
    note = (
        "Activations: the outputs of all convolutions and matrix products for one image. Images per second: the median "
        f"pass. {TAKEN} Memory: the peak beyond weights and images, in MB of a million bytes (–: unknown). The weights "
        "were untrained; trained ones cost the same. Accuracy: mean over seeds, 95 % interval over seeds and images."
    )
    if any(found.params.budget(row["variant"]).size for row in rows):
        note += " In this run a smaller network of its family represents each member."
    table = tabulate("Members", columns(rows[0]), rows, note)
    trained = [row for row in rows if row["accuracy"] is not None]
    return [table, *((chart(found, trained), Prose(undominated(trained))) if trained else ())]


def configurations(counted: Json) -> Block:
    """A table with a row per configuration of VGG."""
    note = (
        "After table 1 of Simonyan & Zisserman (2015), with the two max-pools and three dense layers of the CIFAR-10 "
        "study, for one colour image of 32x32 pixels and ten classes. Layers: convolutions and dense layers. "
        "A-LRN adds local response normalisation to A, which has no parameters; C has 1x1 convolutions where D has 3x3."
    )
    return tabulate("Configurations of VGG", CONFIGURATIONS, counted["vgg_configurations"], note)


def accuracy_of(found: Found, variant: str) -> Json | None:
    """The test accuracy of a variant with its interval; None means that all its seeds diverged."""
    (row,) = (row for row in found.standings if row.variant == variant)
    if row.accuracy is None:
        return None
    return {"value": row.accuracy, "low": row.accuracy_low, "high": row.accuracy_high}


def member(variant: str, accuracy: Json | None, size: Json, speeds: dict[str, list[Json]]) -> Json:
    """The row of a member."""
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
    """Images per second; the slowest pass gives the lower end."""
    seconds, batch = speed["seconds"], speed["batch"]
    return {
        "value": batch / seconds["median"],
        "low": batch / seconds["most"],
        "high": batch / seconds["least"],
    }


def columns(row: Json) -> tuple[Column, ...]:
    """The columns of the table of members, with the batch sizes of a row."""
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
    """Accuracy against each cost."""
    drawn = (
        Column("variant", "variant", text),
        Column("parameters", "parameters", count),
        Column("MACs", "macs", millions),
        Column("ms per image", "per_image", milliseconds),
        Column("test accuracy, %", "accuracy", shares),
    )
    words = (
        "Test accuracy with its 95 % interval against parameters, multiply-accumulates and the time per image in a "
        f"batch of {rows[0]['many']['batch']}, on logarithmic scales. Horizontal bars: from the fastest to the slowest "
        "round. The line joins the members on the Pareto front: no other is both cheaper and more accurate.",
        "Accuracy against parameters, multiply-accumulates and time, with the Pareto front",
    )
    numbers = tabulate("Accuracy and cost", drawn, [row | {"per_image": interval(row["seconds"])} for row in rows])
    return found.drawn(pareto_figure(rows), "pareto", words, [row["variant"] for row in rows], numbers)


def undominated(rows: Sequence[Json]) -> str:
    """The members on the Pareto front, by each cost."""
    values = [row["accuracy"]["value"] for row in rows]
    by_cost = {
        "parameters": [row["parameters"] for row in rows],
        "MACs": [row["macs"] for row in rows],
        "time": [row["seconds"]["median"] for row in rows],
    }
    fronts = []
    for name, costs_of in by_cost.items():
        best = non_dominated(costs_of, values)
        fronts.append(f"by {name} {', '.join(row['variant'] for row, one in zip(rows, best, strict=True) if one)}")
    return (
        f"No other member is both cheaper and more accurate: {'; '.join(fronts)}. This compares mean accuracies: "
        "between members whose intervals overlap the order may be chance."
    )
