"""Effects of preparing photographs: single steps of a recipe, and the class that collects failed preparations."""

from collections.abc import Mapping, Sequence

from lookalike.reporting.chapters.sentences import (
    NOTHING,
    Estimated,
    difference_text,
    finding_variants,
    listed,
    only_above_chance,
    share_text,
)
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Illustration, Json, Section, Words, section
from lookalike.reporting.figures import photographs as drawings
from lookalike.reporting.forms import points, shares, significant, text
from lookalike.reporting.tables import Column, labels, tabulate

ABLATIONS = (
    *labels("variant", "recipe"),
    Column("step left out", "step", text),
    Column("accuracy, %", "accuracy", shares, "high"),
    Column("change, points", "difference", points, "low"),
)
COLLECTED = (
    Column("variant", "variant", text),
    Column("test images, corrupted by", "way", text),
    Column("strength", "strength", significant),
    Column("taken for the collecting class, %", "share", shares, "low"),
)
WAYS = (
    "ground: the background lifted; negative: the garment's tones inverted; turn: rotated by up to 180 degrees; smear: "
    "blurred; fill: holes and gaps of its bounding box filled."
)


def ablation_illustration(study: StudyResults) -> Illustration | None:
    """The contribution of each step of a recipe; None if no variant above chance was tried without steps."""
    ablations = only_above_chance(study, study.measurements.photos["ablations"])
    if not ablations:
        return None
    steps = rows_by_recipe(ablations)
    about = finding_variants(study, ablations)
    words = Words(
        finding=steps_sentence([row for rows in steps.values() for row in rows if row["variant"] in about]),
        how="A panel per recipe, a row per step: a dot left of zero means that the step helps.",
        alt="Forest plot of the change of accuracy when a step of a recipe is left out",
        method="One step at a time is left out, or its sampling exchanged. First seed, 95 % intervals of the paired "
        "bootstrap over senders.",
    )
    numbers = tabulate("Steps left out", ABLATIONS, (row for rows in steps.values() for row in rows))
    figure = drawings.ablation_figure(steps, looks=study.looks)
    return study.drawn_figure(figure, "photo-ablation", words, ablations, numbers)


def rows_by_recipe(ablations: Json) -> dict[str, list[Json]]:
    """Entries of all variants under their recipe."""
    found: dict[str, list[Json]] = {}
    for variant, rows in ablations.items():
        for row in rows:
            found.setdefault(row["recipe"], []).append(row | {"variant": variant})
    return found


def steps_sentence(rows: Sequence[Json]) -> str:
    """The step whose absence changes the accuracy most."""
    known = [row for row in rows if row["difference"] is not None]
    if not known:
        return "What single steps contribute is not known."
    most = max(known, key=lambda row: abs(row["difference"]["value"]))
    certain = most["difference"]["low"] > 0 or most["difference"]["high"] < 0
    return (
        f"Leaving out the step {most['step']} of the recipe {most['recipe']} changes {most['variant']}'s accuracy "
        f"most: {difference_text(most['difference'])}{'' if certain else '; the interval includes 0'}."
    )


def collector_section(study: StudyResults) -> Section | None:
    """The class that failed preparations are taken for; None if no variant above chance was tried."""
    figures, failures = study.measurements.photos["figures"], study.measurements.photos["failed_preparations"]
    tried: Json = next(iter(failures["ways"].values()), {})
    shown = [name for name in tried if name in study.learnt]
    if not shown:
        return None
    failures = failures | {"ways": {way: {name: of[name] for name in shown} for way, of in failures["ways"].items()}}
    name = failures["collector"]
    about = {one: figures[one][study.recipe]["predicted"][name] for one in finding_variants(study, shown)}
    words = Words(
        finding=collector_sentence(about, failures, study.recipe),
        how=f"First panel: share of the labelled photographs that are taken for {name}. Others: the same for test "
        "images of the other classes that were corrupted on purpose. Where a line rises, this damage makes a "
        f"{name} of them.",
        alt=f"Share predicted as {name} on photographs by recipe and on test images by strength of corruption",
        method=WAYS,
    )
    on_photos, on_test = collector_shares(figures, failures)
    figure = drawings.failures_figure(on_photos, on_test, collector=name, looks=study.looks)
    table = tabulate(f"Test images taken for {name}", COLLECTED, corrupted_rows(failures))
    picture = study.drawn_figure(figure, "photo-failures", words, shown, table)
    return section(f"{study.name}-failures", "The class that collects failed preparations", picture)


def collector_sentence(on_photos: Mapping[str, Estimated], failures: Json, recipe: str) -> str:
    """How often some variants take photographs for the collecting class, and which corruption makes most of it."""
    if not on_photos:
        return NOTHING
    name, ((first, of), *rest) = failures["collector"], on_photos.items()
    others = [f"{variant} {share_text(other)}" for variant, other in rest]
    took = listed([f"{first} takes {share_text(of)} of the photographs for {name}", *others])
    known = [
        row for row in corrupted_rows(failures) if row["variant"] in on_photos and row["strength"] and row["share"]
    ]
    most = max(known, key=lambda row: row["share"]["value"], default=None)
    if most is None or not most["share"]["value"]:
        return f"By the recipe {recipe} {took}."
    return (
        f"By the recipe {recipe} {took}; of corrupted test images of other classes {most['variant']} takes up to "
        f"{share_text(most['share'])} for {name} ({most['way']}, strength {significant(most['strength'])})."
    )


def collector_shares(figures: Json, failures: Json) -> tuple[Json, Json]:
    """The shares taken for the collecting class: on photographs by recipe and variant, on test images by way of
    corruption and variant."""
    recipes, ways, collector = next(iter(figures.values())), failures["ways"], failures["collector"]
    tried: Json = next(iter(ways.values()), {})
    on_photos = {recipe: {name: figures[name][recipe]["predicted"][collector] for name in tried} for recipe in recipes}
    return on_photos, {way: {"strength": failures["strengths"], **shares} for way, shares in ways.items()}


def corrupted_rows(failures: Json) -> list[Json]:
    """The shares taken for the collecting class on test images, one row per variant, way and strength."""
    return [
        {"variant": name, "way": way, "strength": strength, "share": share}
        for way, variants in failures["ways"].items()
        for name, of_strength in variants.items()
        for strength, share in zip(failures["strengths"], of_strength, strict=True)
    ]
