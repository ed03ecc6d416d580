"""Look-alike classes: how often models confuse them, and where probability goes."""

from collections.abc import Mapping, Sequence

from lookalike.reporting.chapters.found import Found, main
from lookalike.reporting.chapters.sentences import NOTHING, above_chance, listed, share, subjects
from lookalike.reporting.document import (
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Words,
    amounts,
    count,
    named,
    percent,
    points,
    section,
    shares,
    tabulate,
    text,
)
from lookalike.reporting.figures import look_alikes as comparisons
from lookalike.reporting.leaderboard import Standing

FIGURES = (
    Column("variant", "variant", text),
    Column("group accuracy, %", "group_accuracy", shares, "high"),
    Column("wrong within group, %", "confused_within", shares, "low"),
    Column("wrong across groups, %", "confused_across", shares, "low"),
    Column("severity of an error", "severity", amounts, "low"),
    Column("errors per seed", "mistakes", count, "low"),
    Column("of ten products, the class", "shopper_true", amounts, "high", extra=True),
    Column("of ten products, the group", "shopper_group", amounts, "high", extra=True),
    Column("margin, points", "margin", shares),
    Column("entropy, nats", "entropy", amounts),
    Column("confidence − accuracy, points", "overconfidence", points),
)
FIGURES_NOTE = (
    "Means over seeds with 95 % bootstrap intervals over test images. Of ten products that are chosen by the predicted "
    "probabilities: how many are of the true class, and of its look-alike group. Margin: between the two highest "
    "probabilities."
)
PARTS = {"true": "true", "look_alikes": "look-alikes", "outside": "outside"}
PROBABILITY = (
    Column("variant", "variant", text),
    *(
        Column(f"{name}, {case}", f"{part}_{case}", shares, extra=case == "all")
        for case in ("all", "right", "wrong")
        for part, name in PARTS.items()
    ),
)
REPEATED = (
    Column("variant", "variant", text),
    Column("accuracy with them, %", "with", percent, "high"),
    Column("without, %", "without", percent, "high"),
)


def look_alikes(found: Found) -> Section:
    """How often models take a class for its look-alikes, and where their probability goes."""
    variants = above_chance(found, found.figures.look_alikes["variants"])
    focus = {name: variants[name] for name in subjects(found, variants)}
    return section(
        f"{found.study}-look-alikes",
        "Look-alike classes",
        main(errors(found, variants, within(focus))) if variants else None,
        probability(found, variants, given(focus)) if variants else None,
        trained_on(found),
        finding=within(focus),
    )


def within(variants: Mapping[str, Json]) -> str:
    """The share of each variant's errors that stay within the look-alike group."""
    if not variants:
        return NOTHING
    severities = {name: one["severity"] for name, one in variants.items()}
    known = [f"{share(mild(one))} for {name}" for name, one in severities.items() if one is not None]
    faultless = [name for name, one in severities.items() if one is None]
    parts = [f"The share of errors within the look-alike group is {listed(known)}"] if known else []
    parts += [f"{listed(faultless)} made no error"] if faultless else []
    return "; ".join(parts) + "."


def mild(severity: Json) -> dict[str, float]:
    """Of the mean severity of errors, 1 within the group and 2 across, the share of those within."""
    return {"value": 2 - severity["value"], "low": 2 - severity["high"], "high": 2 - severity["low"]}


def given(variants: Mapping[str, Json]) -> str:
    """The probability that each variant's errors give to look-alikes of the true class."""
    known = {name: one["look_alikes_wrong"] for name, one in variants.items() if one["look_alikes_wrong"] is not None}
    if not known:
        return "No error was made, so that nothing is known of its probabilities."
    parts = [f"{share(one)} for {name}" for name, one in known.items()]
    return f"On wrongly classified images the mean probability of the true class's look-alikes is {listed(parts)}."


def errors(found: Found, variants: Mapping[str, Json], finding: str) -> Illustration | None:
    """Errors within and across groups, and their severity."""
    words = Words(
        finding,
        "Left: how often a variant is wrong within the look-alike group and across groups. Right: the mean severity of "
        "its errors, 1 within the group and 2 across, and of how many errors this is the mean.",
        "Error rates within and across groups, and severity of errors, by variant",
        "Means over seeds with 95 % intervals over test images. A model that makes more of the easy errors has a lower "
        "mean severity.",
    )
    table = tabulate("Look-alike classes", FIGURES, named(variants), FIGURES_NOTE)
    return found.drawn(comparisons.errors_figure(variants), "errors", words, list(variants), table)


def probability(found: Found, variants: Mapping[str, Json], finding: str) -> Illustration | None:
    """Where probability goes, over right and over wrong answers."""
    words = Words(
        finding,
        "Each bar divides the mean probability among the true class, its look-alikes and all classes outside the "
        "group: above over the test images that the variant gets right, below over those that it gets wrong.",
        "Stacked bars of the probability of the true class, its look-alikes and other groups, by variant",
    )
    table = tabulate("Where the probability goes, %", PROBABILITY, named(variants))
    return found.drawn(comparisons.shares_figure(variants), "shares", words, list(variants), table)


def on_test_images(standing: Standing) -> dict[str, float | None] | None:
    """A variant's accuracy on the test images with its interval; None if every seed diverged."""
    if standing.accuracy is None:
        return None
    return {"value": standing.accuracy, "low": standing.accuracy_low, "high": standing.accuracy_high}


def trained_on(found: Found) -> Section:
    """Test images that are also in the training set, and the accuracy without them."""
    twice = found.figures.look_alikes["duplicates"]
    anchor, title = f"{found.study}-trained-on", "Test images in the training set"
    if not (twice["images"] or twice["near"]):
        return section(anchor, title, finding="No test image is also in the training set, exactly or nearly.")
    accuracy = above_chance(found, twice["accuracy"])
    said = Prose(
        f"In the training set, byte for byte: {numbered(twice['images'])}. With the average hash (one bit per pixel: "
        f"brighter than the image's mean) of a training image of the same label: {numbered(twice['near'])}."
    )
    table = tabulate("Accuracy with and without these images", REPEATED, named(accuracy))
    fold = Fold("Accuracy without these images", (table,)) if accuracy else None
    return section(anchor, title, said, fold, finding=without(twice, accuracy))


def without(twice: Json, accuracy: Mapping[str, Json]) -> str:
    """How many test images are in the training set as well, and how much they change an accuracy at most."""
    count_of = f"{len(twice['images'])} test images are also in the training set and {len(twice['near'])} nearly so"
    changes = {
        name: one["without"] - one["with"]
        for name, one in accuracy.items()
        if one["with"] is not None and one["without"] is not None
    }
    if not changes:
        return f"{count_of}."
    most = max(changes, key=lambda name: abs(changes[name]))
    return (
        f"{count_of}; without them the accuracy changes by at most {percent(abs(changes[most]))} percentage points "
        f"({most})."
    )


def numbered(numbers: Sequence[int]) -> str:
    """How many images, and which."""
    return f"{len(numbers)} (numbers {', '.join(map(str, numbers))})" if numbers else "none"
