"""Look-alike classes: how often models confuse them, and where probability goes."""

from collections.abc import Mapping, Sequence

from lookalike.reporting.chapters.sentences import (
    NOTHING,
    finding_variants,
    listed,
    listed_by_variant,
    only_above_chance,
    share_text,
)
from lookalike.reporting.chapters.study_results import StudyResults, on_first_page
from lookalike.reporting.document import Illustration, Json, Prose, Section, Words, fold, section
from lookalike.reporting.figures import look_alikes as comparisons
from lookalike.reporting.forms import amounts, count, percent, points, shares, text
from lookalike.reporting.tables import Column, named_rows, tabulate

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


def look_alikes_chapter(study: StudyResults) -> Section:
    """How often models take a class for its look-alikes, and where their probability goes."""
    variants = only_above_chance(study, study.measurements.look_alikes["variants"])
    focus = {name: variants[name] for name in finding_variants(study, variants)}
    finding = within_group_sentence(focus)
    return section(
        f"{study.name}-look-alikes",
        "Look-alike classes",
        on_first_page(error_illustration(study, variants, finding)) if variants else None,
        probability_illustration(study, variants, probability_sentence(focus)) if variants else None,
        duplicate_section(study),
        finding=finding,
    )


def within_group_sentence(variants: Mapping[str, Json]) -> str:
    """The share of each variant's errors that stay within the look-alike group."""
    if not variants:
        return NOTHING
    within = {name: within_group_share(one) for name, one in variants.items()}
    known = {name: share_text(one) for name, one in within.items() if one is not None}
    faultless = [name for name, one in within.items() if one is None]
    parts = [f"The share of errors within the look-alike group is {listed_by_variant(known)}"] if known else []
    parts += [f"{listed(faultless)} made no error"] if faultless else []
    return "; ".join(parts) + "."


def within_group_share(figures: Json) -> Json | None:
    """The share of a variant's errors within the look-alike group; None without errors.

    It is 2 minus the mean severity, which counts 1 for an error within the group and 2 for one across groups.
    """
    severity = figures["severity"]
    return severity and {"value": 2 - severity["value"], "low": 2 - severity["high"], "high": 2 - severity["low"]}


def probability_sentence(variants: Mapping[str, Json]) -> str:
    """The probability that each variant's errors give to look-alikes of the true class."""
    known = {
        name: share_text(share) for name, one in variants.items() if (share := one["look_alikes_wrong"]) is not None
    }
    if not known:
        return "No error was made, so that nothing is known of its probabilities."
    by_variant = listed_by_variant(known)
    return f"On wrongly classified images the mean probability of the true class's look-alikes is {by_variant}."


def error_illustration(study: StudyResults, variants: Mapping[str, Json], finding: str) -> Illustration | None:
    """Errors within and across groups, and their severity."""
    words = Words(
        finding,
        "First panel: how often a variant is wrong within the look-alike group and across groups. Second: the mean "
        "severity of its errors, 1 within the group and 2 across, and of how many errors this is the mean.",
        "Error rates within and across groups, and severity of errors, by variant",
        "Means over seeds with 95 % intervals over test images. A model that makes more of the easy errors has a lower "
        "mean severity.",
    )
    table = tabulate("Look-alike classes", FIGURES, named_rows(variants), FIGURES_NOTE)
    return study.drawn_figure(comparisons.errors_figure(variants), "errors", words, variants, table)


def probability_illustration(study: StudyResults, variants: Mapping[str, Json], finding: str) -> Illustration | None:
    """The probability of the true class, its look-alikes and other classes, over right and over wrong answers."""
    words = Words(
        finding,
        "Each bar divides the mean probability among the true class, its look-alikes and all classes outside the "
        "group: above over the test images that the variant gets right, below over those that it gets wrong.",
        "Stacked bars of the probability of the true class, its look-alikes and other groups, by variant",
    )
    table = tabulate("Where the probability goes, %", PROBABILITY, named_rows(variants))
    return study.drawn_figure(comparisons.shares_figure(variants), "shares", words, variants, table)


def duplicate_section(study: StudyResults) -> Section:
    """Test images that are also in the training set, and the accuracy without them."""
    twice = study.measurements.look_alikes["duplicates"]
    anchor, title = f"{study.name}-trained-on", "Test images in the training set"
    if not (twice["images"] or twice["near"]):
        return section(anchor, title, finding="No test image is also in the training set, exactly or nearly.")
    accuracy = only_above_chance(study, twice["accuracy"])
    exact, near = (image_numbers(twice[key]) for key in ("images", "near"))
    prose = Prose(
        f"In the training set, byte for byte: {exact}. With the average hash (one bit per pixel: brighter than the "
        f"image's mean) of a training image of the same label: {near}."
    )
    table = tabulate("Accuracy with and without these images", REPEATED, named_rows(accuracy)) if accuracy else None
    return section(
        anchor, title, prose, fold("Accuracy without these images", table), finding=duplicate_sentence(twice, accuracy)
    )


def duplicate_sentence(twice: Json, accuracy: Mapping[str, Json]) -> str:
    """How many test images are in the training set as well, and how much they change an accuracy at most."""
    counts = f"{len(twice['images'])} test images are also in the training set and {len(twice['near'])} nearly so"
    changes = {
        name: abs(one["without"] - one["with"])
        for name, one in accuracy.items()
        if one["with"] is not None and one["without"] is not None
    }
    if not changes:
        return f"{counts}."
    most = max(changes, key=changes.__getitem__)
    return (
        f"{counts}; without them the accuracy changes by at most {percent(changes[most])} percentage points ({most})."
    )


def image_numbers(numbers: Sequence[int]) -> str:
    """How many images, and which."""
    return f"{len(numbers)} (numbers {', '.join(map(str, numbers))})" if numbers else "none"
