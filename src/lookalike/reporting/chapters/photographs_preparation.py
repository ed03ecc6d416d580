"""What preparing a photograph decides: single steps of a recipe, and the class that collects failed preparations."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.sentences import NOTHING, Estimated, above_chance, change, listed, share, subjects
from lookalike.reporting.document import (
    Column,
    Illustration,
    Json,
    Section,
    Words,
    points,
    section,
    shares,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.figures import photographs as drawings
from lookalike.reporting.figures.style import Looks

ABLATIONS = (
    Column("variant", "variant", text),
    Column("recipe", "recipe", text),
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


def ablation(found: Found) -> Illustration | None:
    """What each step of a recipe contributes; None if no variant above chance was tried without steps."""
    ablations = above_chance(found, found.figures.photos["ablations"])
    if not ablations:
        return None
    steps = by_recipe(ablations)
    about = subjects(found, ablations)
    words = Words(
        finding=said_steps([row for rows in steps.values() for row in rows if row["variant"] in about]),
        how="A panel per recipe, a row per step: a dot left of zero means that the step helps.",
        alt="Forest plot of the change of accuracy when a step of a recipe is left out",
        method="One step at a time is left out, or its sampling exchanged. First seed, 95 % intervals of the paired "
        "bootstrap over senders.",
    )
    numbers = tabulate("Steps left out", ABLATIONS, (row for rows in steps.values() for row in rows))
    figure = drawings.ablation_figure(steps, looks=found.looks)
    return found.drawn(figure, "photo-ablation", words, list(ablations), numbers)


def by_recipe(ablations: Json) -> dict[str, list[Json]]:
    """Entries of all variants under their recipe."""
    found: dict[str, list[Json]] = {}
    for variant, rows in ablations.items():
        for row in rows:
            found.setdefault(row["recipe"], []).append(row | {"variant": variant})
    return found


def said_steps(rows: Sequence[Json]) -> str:
    """The step whose absence changes the accuracy most."""
    known = [row for row in rows if row["difference"] is not None]
    if not known:
        return "What single steps contribute is not known."
    most = max(known, key=lambda row: abs(row["difference"]["value"]))
    certain = most["difference"]["low"] > 0 or most["difference"]["high"] < 0
    return (
        f"Leaving out the step {most['step']} of the recipe {most['recipe']} changes {most['variant']}'s accuracy "
        f"most: {change(most['difference'])}{'' if certain else '; the interval includes 0'}."
    )


def collected(found: Found) -> Section | None:
    """Which class failed preparations are taken for; None if no variant above chance was tried."""
    photos = found.figures.photos
    tried: Json = next(iter(photos["failed_preparations"]["ways"].values()), {})
    shown = [name for name in tried if name in found.learnt]
    if not shown:
        return None
    failures = photos["failed_preparations"] | {"ways": only(photos["failed_preparations"]["ways"], shown)}
    name, recipe = failures["collector"], photos["chosen"]["recipe"]
    about = {one: photos["figures"][one][recipe]["predicted"][name] for one in subjects(found, shown)}
    words = Words(
        finding=said_collected(about, failures, recipe),
        how=f"Left: share of the labelled photographs that are taken for {name}. Right: the same for test images of "
        f"the other classes that were corrupted on purpose. Where a line rises, this damage makes a {name} of them.",
        alt=f"Share predicted as {name} on photographs by recipe and on test images by strength of corruption",
        method=WAYS,
    )
    picture = found.drawn(
        drawn_failures(photos["figures"], failures, found.looks),
        "photo-failures",
        words,
        shown,
        tabulate(f"Test images taken for {name}", COLLECTED, corrupted(failures)),
    )
    return section(f"{found.study}-failures", "The class that collects failed preparations", picture)


def only(ways: Mapping[str, Json], names: Sequence[str]) -> dict[str, Json]:
    """Shares by way of corruption of some variants."""
    return {way: {name: of[name] for name in names} for way, of in ways.items()}


def said_collected(on_photos: Mapping[str, Estimated], failures: Json, recipe: str) -> str:
    """How often some variants take photographs for the collecting class, and which corruption makes most of it."""
    if not on_photos:
        return NOTHING
    name, ((first, of), *rest) = failures["collector"], on_photos.items()
    others = [f"{variant} {share(other)}" for variant, other in rest]
    took = listed([f"{first} takes {share(of)} of the photographs for {name}", *others])
    known = [row for row in corrupted(failures) if row["variant"] in on_photos and row["strength"] and row["share"]]
    most = max(known, key=lambda row: row["share"]["value"], default=None)
    if most is None or not most["share"]["value"]:
        return f"By the recipe {recipe} {took}."
    return (
        f"By the recipe {recipe} {took}; of corrupted test images of other classes {most['variant']} takes up to "
        f"{share(most['share'])} for {name} ({most['way']}, strength {significant(most['strength'])})."
    )


def drawn_failures(figures: Json, failures: Json, looks: Looks) -> Figure:
    """What is taken for the collecting class: photographs by recipe, test images by way and strength of corruption."""
    on_photos, on_test = shares_collected(figures, failures)
    return drawings.failures_figure(on_photos, on_test, collector=failures["collector"], looks=looks)


def shares_collected(figures: Json, failures: Json) -> tuple[Json, Json]:
    """Shares on photographs by recipe and variant, and on test images by way of corruption and variant."""
    recipes, ways, collector = next(iter(figures.values())), failures["ways"], failures["collector"]
    tried: Json = next(iter(ways.values()), {})
    on_photos = {recipe: {name: figures[name][recipe]["predicted"][collector] for name in tried} for recipe in recipes}
    on_test = {way: {"strength": failures["strengths"], **shares} for way, shares in ways.items()}
    return on_photos, on_test


def corrupted(failures: Json) -> list[Json]:
    """The same on test images, a row per variant, way and strength."""
    return [
        {"variant": name, "way": way, "strength": strength, "share": share}
        for way, variants in failures["ways"].items()
        for name, of_strength in variants.items()
        for strength, share in zip(failures["strengths"], of_strength, strict=True)
    ]
