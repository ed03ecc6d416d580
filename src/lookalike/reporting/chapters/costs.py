"""Costs of network families and of their ideas: counted, and timed in one run on one device."""

from collections.abc import Sequence

from lookalike.artifacts.costs import load_costs
from lookalike.reporting.chapters.depth import depth
from lookalike.reporting.chapters.found import Found, main
from lookalike.reporting.chapters.ideas import TAKEN, designs, interval, milliseconds, scaling, separable, span
from lookalike.reporting.chapters.sentences import NOTHING, listed
from lookalike.reporting.document import (
    Column,
    Fold,
    Form,
    Illustration,
    Json,
    Prose,
    Section,
    Words,
    count,
    estimate,
    known,
    millions,
    section,
    shares,
    tabulate,
    text,
)
from lookalike.reporting.figures.costs import non_dominated, pareto_figure

megabytes = known(lambda taken: f"{taken / 1e6:.1f}")
rates = estimate(1, 1)
COSTS = {"parameters": "parameters", "MACs": "macs", "time": "seconds"}
VGG_COSTS: dict[str, Form] = {"layers": count, "parameters": millions, "macs": millions}
CONFIGURATIONS = (
    Column("configuration", "name", text),
    Column("layers", "layers", count),
    Column("parameters", "parameters", count, "low"),
    Column("MACs", "macs", millions, "low"),
)
MEMBERS_NOTE = (
    "Activations: the outputs of all convolutions and matrix products for one image. Images per second: the median "
    f"pass. {TAKEN} Memory: the peak beyond weights and images, in MB of a million bytes (–: unknown). The weights "
    "were untrained; trained ones cost the same. Accuracy: mean over seeds, 95 % interval over seeds and images."
)
VGG_NOTE = (
    "After table 1 of Simonyan & Zisserman (2015), with the two max-pools and three dense layers of the CIFAR-10 "
    "study, for one colour image of 32x32 pixels and ten classes. Layers: convolutions and dense layers. "
    "A-LRN adds local response normalisation to A, which has no parameters; C has 1x1 convolutions where D has 3x3."
)
HOW = (
    "Test accuracy with its 95 % interval against each cost, on logarithmic scales; the upper left is better. The line "
    "joins the members on the Pareto front: no other is both cheaper and more accurate."
)
UNMEASURED = "No member of this study was measured."


def costs(found: Found) -> Section | None:
    """The chapter of the study whose members were measured; None for any other study."""
    loaded = load_costs(found.root)
    if loaded is None or loaded[0]["study"] != found.study:
        return None
    counted, measured = loaded
    device, anchor = measured["device"], f"{found.study}-costs"
    method = Prose(
        "Parameters, multiply-accumulates (MACs) and activations are counted; they are the same on every machine. "
        f"Times and memory were measured in one run on one device: {device['name']}, {device['threads']} threads, "
        f"{device['precision']}, torch {device['torch']}. Other work on it may have slowed the run, and another device "
        "may rank the networks differently."
    )
    first = members(f"{anchor}-members", found, counted, measured)
    return section(
        anchor,
        "Costs and benefits of each idea",
        first,
        depth(f"{anchor}-depth", found),
        separable(f"{anchor}-separable", counted, measured),
        designs(f"{anchor}-bottlenecks", counted, measured),
        scaling(f"{anchor}-scaling", counted, measured),
        configurations(f"{anchor}-vgg", counted),
        Fold("How costs were counted and measured", (method,)),
        finding=first.finding,
    )


def members(anchor: str, found: Found, counted: Json, measured: Json) -> Section:
    """Accuracy against each cost of the members above chance, and the costs of all."""
    title = "Accuracy and cost"
    rows = [
        member(row.variant, accuracy_of(found, row.variant), counted["members"][row.variant], measured["members"])
        for row in found.standings
        if row.variant in counted["members"]
    ]
    if not rows:
        return section(anchor, title, finding=UNMEASURED)
    note = MEMBERS_NOTE
    if any(found.params.budget(row["variant"]).size for row in rows):
        note += " In this run a smaller network of its family represents each member."
    learnt = [row for row in rows if row["variant"] in found.learnt]
    finding = front(learnt) if learnt else NOTHING
    table = tabulate("Costs of all members", columns(rows[0]), rows, note)
    picture = main(chart(found, learnt, finding)) if learnt else None
    return section(anchor, title, picture, Fold("All members", (table,)), finding=finding)


def configurations(anchor: str, counted: Json) -> Section:
    """A table with a row per configuration of VGG."""
    rows = counted["vgg_configurations"]
    layers, parameters, macs = (span([row[key] for row in rows], form) for key, form in VGG_COSTS.items())
    finding = f"The configurations of VGG have {layers} layers, {parameters} parameters and {macs} MACs per image."
    table = tabulate("Configurations of VGG", CONFIGURATIONS, rows, VGG_NOTE)
    return section(anchor, "Configurations of VGG", Fold("All configurations", (table,)), finding=finding)


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
    one, many = (f"batch of {row[batch]['batch']}" for batch in ("one", "many"))
    return (
        Column("variant", "variant", text),
        Column("test accuracy, %", "accuracy", shares, "high"),
        Column("parameters", "parameters", count, "low"),
        Column("MACs", "macs", millions, "low"),
        Column("activations", "activations", millions, "low"),
        Column("side, pixels", "side", count, extra=True),
        Column(f"images/s, {one}", "one.rate", rates, "high"),
        Column(f"images/s, {many}", "many.rate", rates, "high"),
        Column(f"MB, {one}", "one.memory", megabytes, "low", extra=True),
        Column(f"MB, {many}", "many.memory", megabytes, "low"),
    )


def chart(found: Found, rows: Sequence[Json], finding: str) -> Illustration | None:
    """Accuracy against each cost."""
    drawn = (
        Column("variant", "variant", text),
        Column("parameters", "parameters", count, "low"),
        Column("MACs", "macs", millions, "low"),
        Column("ms per image", "per_image", milliseconds, "low"),
        Column("test accuracy, %", "accuracy", shares, "high"),
    )
    by_cost = (f"by {cost} {listed(front_of(rows, key))}" for cost, key in COSTS.items())
    method = (
        f"Times are per image in a batch of {rows[0]['many']['batch']}; horizontal bars: from the fastest to the "
        f"slowest round. On the Pareto front are, {'; '.join(by_cost)}. This compares mean accuracies: between members "
        "whose intervals overlap the order may be chance."
    )
    words = Words(finding, HOW, "Accuracy against parameters, multiply-accumulates and time", method)
    numbers = tabulate("Accuracy and cost", drawn, [row | {"per_image": interval(row["seconds"])} for row in rows])
    picture = pareto_figure(rows, looks=found.looks)
    return found.drawn(picture, "pareto", words, [row["variant"] for row in rows], numbers)


def front(rows: Sequence[Json]) -> str:
    """The cheapest and the most accurate of the members on the Pareto front of accuracy and MACs, and how many it has.

    Args:
        rows: of members above chance.
    """
    best = front_of(rows, "macs")
    on_it = sorted((row for row in rows if row["variant"] in best), key=lambda row: row["macs"])
    (first, *_), last = on_it, on_it[-1]
    if first is last:
        return f"By MACs, {offer(first)} dominates all other members."
    return (
        f"{len(best)} of {len(rows)} members are on the Pareto front of accuracy and MACs, from {offer(first)} to "
        f"{offer(last)}."
    )


def offer(row: Json) -> str:
    """A member with its accuracy and its MACs."""
    return f"{row['variant']} ({shares(row['accuracy'])} % with {millions(row['macs'])} MACs)"


def front_of(rows: Sequence[Json], cost: str) -> list[str]:
    """The members on the Pareto front of accuracy and a cost."""
    costs_of = [row[cost]["median"] if cost == "seconds" else row[cost] for row in rows]
    best = non_dominated(costs_of, [row["accuracy"]["value"] for row in rows])
    return [row["variant"] for row, one in zip(rows, best, strict=True) if one]
