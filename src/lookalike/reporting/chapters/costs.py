"""Costs of network families and of their ideas: counted, and timed in one run on one device."""

from collections.abc import Sequence

from lookalike.artifacts.costs import load_costs
from lookalike.reporting.chapters.depth import depth_section
from lookalike.reporting.chapters.ideas import (
    TAKEN,
    bottleneck_section,
    milliseconds,
    range_text,
    scaling_section,
    separable_section,
    spread_estimate,
)
from lookalike.reporting.chapters.sentences import NOTHING, listed
from lookalike.reporting.chapters.study_results import StudyResults, accuracy_estimate, on_first_page
from lookalike.reporting.document import Fold, Illustration, Json, Prose, Section, Words, section
from lookalike.reporting.figures.costs import non_dominated, pareto_figure
from lookalike.reporting.forms import Form, count, estimate_form, millions, or_dash, shares, text
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.tables import Column, tabulate

megabytes = or_dash(lambda taken: f"{taken / 1e6:.1f}")
rates = estimate_form(1, 1)
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


def costs_chapter(study: StudyResults) -> Section | None:
    """The chapter of the study whose members were measured; None for any other study."""
    loaded = load_costs(study.root)
    if loaded is None or loaded[0]["study"] != study.name:
        return None
    counted, measured = loaded
    device, anchor = measured["device"], f"{study.name}-costs"
    method = Prose(
        "Parameters, multiply-accumulates (MACs) and activations are counted; they are the same on every machine. "
        f"Times and memory were measured in one run on one device: {device['name']}, {device['threads']} threads, "
        f"{device['precision']}, torch {device['torch']}. Other work on it may have slowed the run, and another device "
        "may rank the networks differently."
    )
    first = member_section(f"{anchor}-members", study, counted, measured)
    return section(
        anchor,
        "Costs and benefits of each idea",
        first,
        depth_section(f"{anchor}-depth", study),
        separable_section(f"{anchor}-separable", counted, measured),
        bottleneck_section(f"{anchor}-bottlenecks", counted, measured),
        scaling_section(f"{anchor}-scaling", counted, measured),
        configuration_section(f"{anchor}-vgg", counted),
        Fold("How costs were counted and measured", (method,)),
        finding=first.finding,
    )


def member_section(anchor: str, study: StudyResults, counted: Json, measured: Json) -> Section:
    """Accuracy against each cost of the members above chance, and the costs of all."""
    title = "Accuracy and cost"
    rows = [
        member_row(row, counted["members"][row.variant], measured["members"][row.variant])
        for row in study.standings
        if row.variant in counted["members"]
    ]
    if not rows:
        return section(anchor, title, finding=UNMEASURED)
    note = MEMBERS_NOTE
    if any(study.params.budget(row["variant"]).size for row in rows):
        note += " In this run a smaller network of its family represents each member."
    learnt = [row for row in rows if row["variant"] in study.learnt]
    finding = front_sentence(learnt) if learnt else NOTHING
    table = tabulate("Costs of all members", member_columns(rows[0]), rows, note)
    picture = on_first_page(pareto_illustration(study, learnt, finding)) if learnt else None
    return section(anchor, title, picture, Fold("All members", (table,)), finding=finding)


def configuration_section(anchor: str, counted: Json) -> Section:
    rows = counted["vgg_configurations"]
    layers, parameters, macs = (range_text([row[key] for row in rows], form) for key, form in VGG_COSTS.items())
    finding = f"The configurations of VGG have {layers} layers, {parameters} parameters and {macs} MACs per image."
    table = tabulate("Configurations of VGG", CONFIGURATIONS, rows, VGG_NOTE)
    return section(anchor, "Configurations of VGG", Fold("All configurations", (table,)), finding=finding)


def member_row(row: Standing, size: Json, speeds: Sequence[Json]) -> Json:
    """The row of a member, from its accuracy, its counted size and its speed at both batch sizes."""
    one, many = (speed | {"rate": image_rate(speed)} for speed in speeds)
    return {
        "variant": row.variant,
        "accuracy": accuracy_estimate(row),
        **size,
        "side": size["input_shape"][1],
        "one": one,
        "many": many,
        "seconds": {key: many["seconds"][key] / many["batch"] for key in ("median", "least", "most")},
    }


def image_rate(speed: Json) -> Json:
    """Images per second; the slowest pass gives the lower end."""
    ends = {"value": "median", "low": "most", "high": "least"}
    return {key: speed["batch"] / speed["seconds"][end] for key, end in ends.items()}


def member_columns(row: Json) -> tuple[Column, ...]:
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


def pareto_illustration(study: StudyResults, rows: Sequence[Json], finding: str) -> Illustration | None:
    drawn = (
        Column("variant", "variant", text),
        Column("parameters", "parameters", count, "low"),
        Column("MACs", "macs", millions, "low"),
        Column("ms per image", "per_image", milliseconds, "low"),
        Column("test accuracy, %", "accuracy", shares, "high"),
    )
    by_cost = (f"by {cost} {listed(pareto_members(rows, key))}" for cost, key in COSTS.items())
    method = (
        f"Times are per image in a batch of {rows[0]['many']['batch']}; horizontal bars: from the fastest to the "
        f"slowest round. On the Pareto front are, {'; '.join(by_cost)}. This compares mean accuracies: between members "
        "whose intervals overlap the order may be chance."
    )
    words = Words(finding, HOW, "Accuracy against parameters, multiply-accumulates and time", method)
    numbers = tabulate(
        "Accuracy and cost", drawn, [row | {"per_image": spread_estimate(row["seconds"])} for row in rows]
    )
    picture = pareto_figure(rows, looks=study.looks)
    return study.drawn_figure(picture, "pareto", words, [row["variant"] for row in rows], numbers)


def front_sentence(rows: Sequence[Json]) -> str:
    """The cheapest and the most accurate of the members on the Pareto front of accuracy and MACs, and how many it has.

    Args:
        rows: of members above chance.
    """
    best = pareto_members(rows, "macs")
    ends = sorted((row for row in rows if row["variant"] in best), key=lambda row: row["macs"])
    first, last = (
        f"{row['variant']} ({shares(row['accuracy'])} % with {millions(row['macs'])} MACs)"
        for row in (ends[0], ends[-1])
    )
    if len(ends) == 1:
        return f"By MACs, {first} dominates all other members."
    return f"{len(best)} of {len(rows)} members are on the Pareto front of accuracy and MACs, from {first} to {last}."


def pareto_members(rows: Sequence[Json], cost: str) -> list[str]:
    """The members on the Pareto front of accuracy and a cost."""
    values = [row[cost]["median"] if cost == "seconds" else row[cost] for row in rows]
    best = non_dominated(values, [row["accuracy"]["value"] for row in rows])
    return [row["variant"] for row, one in zip(rows, best, strict=True) if one]
