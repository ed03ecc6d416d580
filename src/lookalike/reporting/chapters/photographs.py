"""How well the models recognise photographs that people took."""

from collections.abc import Mapping, Sequence
from typing import Any

from lookalike.artifacts.photos import sample_photographs
from lookalike.reporting.chapters.own_photos import own_photos_section
from lookalike.reporting.chapters.photographs_preparation import ablation_illustration, collector_section
from lookalike.reporting.chapters.photographs_trust import trust_section
from lookalike.reporting.chapters.sentences import (
    NOTHING,
    Estimated,
    accuracy_clause,
    finding_variants,
    listed,
    only_above_chance,
    share_text,
)
from lookalike.reporting.chapters.study_results import StudyResults, accuracy_estimate, on_first_page
from lookalike.reporting.document import (
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    Words,
    beside,
    literal,
    section,
)
from lookalike.reporting.figures import photographs as drawings
from lookalike.reporting.figures.rendering import stored_chart
from lookalike.reporting.forms import amounts, count, p, points, shares, text
from lookalike.reporting.tables import Column, labels, tabulate

NAMED = 5  # refused photographs that are named; the rest stands in a file
ACCURACY = (
    *labels("variant", "recipe"),
    Column("all, %", "all.accuracy", shares, "high"),
    Column("half to choose on, %", "halves.choose.accuracy", shares, "high"),
    Column("half to score on, %", "halves.score.accuracy", shares, "high"),
    Column("without doubtful, %", "without_doubtful.accuracy", shares, "high"),
    Column("group accuracy, %", "group_accuracy", shares, "high"),
    Column("taken for the collecting class, %", "collected", shares, "low"),
    Column("on the test set, %", "test", shares, "high"),
)
PAIRS = (
    Column("first and second", "pair", text),
    Column("recipe", "recipe", text),
    Column("accuracy, first − second, points", "accuracy_difference", points),
    Column("only first right", "only_first_right", count),
    Column("only second right", "only_second_right", count),
    Column("McNemar p", "mcnemar_p", p, "low"),
    Column("error consistency κ", "error_consistency", amounts),
)
PART = (Column("photographs", "images", count), Column("accuracy, %", "accuracy", shares, "high"))
SHEETS = (Column("photograph", "file", text), Column("class", "class", text))
NOT_SCORED = (
    "**The choice is not scored**: the other half has no photograph with a class. It gets one as soon as two senders "
    "have photographs of the same class; a photograph without a sender counts as one of its own."
)
BY_SENDER = "The intervals resample senders: all photographs of a person are drawn together."
OF_FEW = (
    "Of fewer than 100 photographs, and for 0 and 100 %, they are Wilson's, with an effective number of photographs."
)


def photographs_chapter(study: StudyResults) -> Section | None:
    """Accuracy on photographs by recipe, what decides it, and how far it can be foreseen; None without any."""
    photos = study.measurements.photos
    if not photos:
        return None
    first = on_first_page(accuracy_illustration(study))
    return section(
        f"{study.name}-photographs",
        "Photographs",
        Prose(photographs_sentence(photos, study.test_set.refused, study.name)),
        Prose(choice_sentence(photos["chosen"])),
        first,
        beside(class_illustration(study), ablation_illustration(study)),
        collector_section(study),
        trust_section(study),
        own_photos_section(study),
        Fold("Pairs of variants, and accuracy by what is known of a photograph", tuple(photograph_tables(photos))),
        *sample_sheets(study),
        finding=first.words.finding if first else NOTHING,
    )


def photographs_sentence(photos: Json, refused: Sequence[tuple[str, str]], study: str) -> str:
    """The number of photographs, their source, and those that were refused."""
    first = literal("; ".join(f"{name}: {reason}" for name, reason in refused[:NAMED]))
    more = f"; `test_sets/{study}/evidence.json` lists all" if len(refused) > NAMED else ""
    return (
        f"{photos['photographs']} photographs ({photos['provenance']['citation']}), {photos['labelled']} of them of "
        f"one of the classes; refused: {len(refused) or 'none'}{f' ({first}{more})' if refused else ''}. Every "
        "variant reads the same photographs. A recipe is a way to turn a photograph into an image like those that the "
        'models were trained on. A variant and a recipe are chosen on one half of the photographs ("choose"), and the '
        'choice is scored on the other ("score"); no sender has photographs in both. Figures by class, of the '
        f"distance and of selective prediction use the chosen recipe. {BY_SENDER} {OF_FEW}"
    )


def choice_sentence(best: Json) -> str:
    """The variant and recipe chosen on one half, and what they reach on the other, if a photograph is in it."""
    choice = (
        f"**Chosen on one half: {best['variant']} with the recipe {best['recipe']}**, right in "
        f"{share_text(best['choose']['accuracy'])} of {best['choose']['images']} there"
    )
    if not best["score"]["images"]:
        return f"{choice}. {NOT_SCORED}"
    scored = f"{share_text(best['score']['accuracy'])} of {best['score']['images']}"
    return f"{choice} and in **{scored} on the other half**."


def accuracy_illustration(study: StudyResults) -> Illustration | None:
    """Accuracy on photographs and on the test set of the variants above chance; None without such a variant."""
    photos = study.measurements.photos
    test: dict[str, Any] = {row.variant: accuracy_estimate(row) for row in study.standings}
    figures, collector = only_above_chance(study, photos["figures"]), photos["failed_preparations"]["collector"]
    if not figures:
        return None
    table = {
        name: {"test": test[name], "recipes": {recipe: one["all"]["accuracy"] for recipe, one in recipes.items()}}
        for name, recipes in figures.items()
    }
    rows = [
        row | {"variant": name, "recipe": recipe, "test": test[name], "collected": row["predicted"][collector]}
        for name, recipes in figures.items()
        for recipe, row in recipes.items()
    ]
    recipe = study.recipe
    said = {name: (figures[name][recipe]["all"]["accuracy"], test[name]) for name in finding_variants(study, figures)}
    note = f"Means over seeds with 95 % intervals. The class that collects failed preparations: {collector}."
    words = Words(
        finding=accuracy_sentence(said, photos["labelled"], recipe),
        how="A panel per recipe, a row per variant: the further the accuracy on photographs lies left of that on the "
        "test set, the less the model transfers to photographs.",
        alt="Accuracy of every variant on photographs, a panel per recipe, with its accuracy on the test set",
        method="All labelled photographs; means over seeds with 95 % intervals.",
    )
    numbers = tabulate("Accuracy on photographs", ACCURACY, rows, note)
    return study.drawn_figure(drawings.photo_accuracy_figure(table), "photo-accuracy", words, figures, numbers)


def accuracy_sentence(
    by_variant: Mapping[str, tuple[Estimated | None, Estimated | None]], images: int, recipe: str
) -> str:
    """How often some variants are right on photographs by a recipe, and on the test set."""
    known = {name: (on, test) for name, (on, test) in by_variant.items() if on is not None and test is not None}
    if not known:
        return "No photograph shows one of the classes, so that no accuracy is known."
    right = accuracy_clause({name: share_text(on) for name, (on, _) in known.items()})
    test = [f"{100 * test['value']:.1f} %" for _, test in known.values()]
    return f"On {images:,} photographs (recipe {recipe}) {right}; on the test set in {listed(test)}."


def photograph_tables(photos: Json) -> list[Table]:
    """Pairs of variants, if some are compared, and accuracy by attribute of the photograph with the chosen recipe."""
    rows = [row | {"pair": f"{row['first']}, {row['second']}"} for row in photos["comparisons"]]
    note = "McNemar's test takes photographs as independent, so its p is too small."
    pairs = [tabulate("Pairs of variants on the photographs", PAIRS, rows, note)] if rows else []
    recipe = photos["chosen"]["recipe"]
    parts = [
        part | {"variant": name, "what": f"{what}: {value or 'not said'}"}
        for name, recipes in photos["figures"].items()
        for what, values in recipes[recipe]["attributes"].items()
        for value, part in values.items()
        if part["images"]
    ]
    columns = (*labels("variant", "what"), *PART)
    title = f"By background, items, view and whether worn (recipe {recipe})"
    return [*pairs, tabulate(title, columns, parts)]


def class_illustration(study: StudyResults) -> Illustration | None:
    """Accuracy on the photographs of each class; None if no variant has learnt."""
    recipe, figures = study.recipe, only_above_chance(study, study.measurements.photos["figures"])
    classes = {name: one[recipe]["classes"] for name, one in figures.items()}
    if not classes:
        return None
    rows = [part | {"variant": name, "class": one} for name, parts in classes.items() for one, part in parts.items()]
    columns = (*labels("variant", "class"), *PART)
    words = Words(
        finding=hardest_class_sentence({name: classes[name] for name in finding_variants(study, classes)}),
        how="A row per variant, a column per class: percent of the class's photographs that are recognised; an empty "
        "column: no photograph.",
        alt="Heat map of the accuracy on photographs by variant and class",
        method=f"Recipe {recipe}; means over seeds.",
    )
    numbers = tabulate("Accuracy on photographs by class", columns, rows)
    return study.drawn_figure(drawings.class_accuracy_figure(classes), "photo-classes", words, classes, numbers)


def hardest_class_sentence(by_variant: Mapping[str, Mapping[str, Json]]) -> str:
    """The class with the lowest accuracy on photographs, mean over some variants."""
    classes = next(iter(by_variant.values()))
    known = {
        one: {name: parts[one]["accuracy"] for name, parts in by_variant.items()}
        for one in classes
        if classes[one]["images"]
    }
    if not known:
        return "No photograph shows one of the classes."
    hardest = min(known, key=lambda one: sum(accuracy["value"] for accuracy in known[one].values()))
    right = accuracy_clause({name: share_text(accuracy) for name, accuracy in known[hardest].items()})
    return f"Photographs of {hardest} are the hardest: {right} of {classes[hardest]['images']}."


def sample_sheets(study: StudyResults) -> list[Fold]:
    """The contact sheets of a few photographs, one per recipe."""
    photos, sheets = study.test_set.photos, []
    assert photos is not None  # by contract: something was found of them
    names = [*photos.class_names, "none of the classes"]
    about = [{"file": row["name"], "class": names[k]} for row, k in zip(photos.about, photos.labels, strict=True)]
    rows = sample_photographs(about)
    for path in sorted((study.root / "photos" / "samples").glob("*.webp")):
        words = Words(
            finding=f"{len(rows)} of {len(about)} photographs go through every step of the recipe {path.stem}.",
            how="Each row is a photograph after every step, the image that the models read last. Tinted: what the mask "
            "takes for background.",
            alt=f"Contact sheet: photographs after each step of the recipe {path.stem} and as a heat map",
            method="The stage `photos` draws all photographs in this way, in `photos/sheets/`.",
        )
        name, table = f"{study.name}-photos-{path.stem}", tabulate("Photographs shown", SHEETS, rows)
        picture = Illustration(name, stored_chart(path.read_bytes()), words, "photos", numbers=(table,))
        sheets.append(Fold(f"{len(rows)} photographs by the recipe {path.stem}, step by step", (picture,)))
    return sheets
