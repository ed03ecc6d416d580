"""How well the models recognise photographs that people took."""

from collections.abc import Mapping, Sequence
from typing import Any

from lookalike.artifacts.photos import sample
from lookalike.reporting.chapters.found import Found, main
from lookalike.reporting.chapters.look_alikes import on_test_images
from lookalike.reporting.chapters.photographs_preparation import ablation, collected
from lookalike.reporting.chapters.photographs_trust import trusted
from lookalike.reporting.chapters.sentences import NOTHING, Estimated, above_chance, listed, right_in, share, subjects
from lookalike.reporting.document import (
    Beside,
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    Words,
    amounts,
    count,
    literal,
    p,
    points,
    section,
    shares,
    tabulate,
    text,
)
from lookalike.reporting.figures import photographs as drawings
from lookalike.reporting.figures.pictures import stored

NAMED = 5  # refused photographs that are named; the rest stands in a file
BY_VARIANT = (Column("variant", "variant", text), Column("recipe", "recipe", text))
ACCURACY = (
    *BY_VARIANT,
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


def photographs(found: Found) -> Section | None:
    """Accuracy on photographs by recipe, what decides it, and how far it can be foreseen; None without any."""
    photos = found.figures.photos
    if not photos:
        return None
    first = main(accuracy(found))
    beside = tuple(picture for picture in (by_class(found), ablation(found)) if picture)
    return section(
        f"{found.study}-photographs",
        "Photographs",
        Prose(said_of(photos, found.test_set.refused, found.study)),
        Prose(said_choice(photos["chosen"])),
        first,
        Beside(beside) if beside else None,
        collected(found),
        trusted(found),
        Fold("Pairs of variants, and accuracy by what is known of a photograph", tuple(tables(photos))),
        *sample_sheets(found),
        finding=first.words.finding if first else NOTHING,
    )


def said_of(photos: Json, refused: Sequence[tuple[str, str]], study: str) -> str:
    """How many photographs, where they come from, and which were refused."""
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


def said_choice(best: Json) -> str:
    """The variant and recipe chosen on one half, and what they reach on the other, if a photograph is in it."""
    choice = (
        f"**Chosen on one half: {best['variant']} with the recipe {best['recipe']}**, "
        f"{shares(best['choose']['accuracy'])} % of {best['choose']['images']} there"
    )
    if not best["score"]["images"]:
        return f"{choice}. {NOT_SCORED}"
    return f"{choice} and **{shares(best['score']['accuracy'])} % of {best['score']['images']} on the other half**."


def accuracy(found: Found) -> Illustration | None:
    """Accuracy on photographs of the variants that have learnt, beside that on the test set."""
    photos = found.figures.photos
    test: dict[str, Any] = {row.variant: on_test_images(row) for row in found.standings}
    figures, collector = above_chance(found, photos["figures"]), photos["failed_preparations"]["collector"]
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
    recipe = photos["chosen"]["recipe"]
    said = {name: (figures[name][recipe]["all"]["accuracy"], test[name]) for name in subjects(found, figures)}
    note = f"Means over seeds with 95 % intervals. The class that collects failed preparations: {collector}."
    words = Words(
        finding=said_accuracy(said, photos["labelled"], recipe),
        how="A panel per recipe, a row per variant: the further the accuracy on photographs lies left of that on the "
        "test set, the less the model transfers to photographs.",
        alt="Accuracy of every variant on photographs, a panel per recipe, with its accuracy on the test set",
        method="All labelled photographs; means over seeds with 95 % intervals.",
    )
    numbers = tabulate("Accuracy on photographs", ACCURACY, rows, note)
    return found.drawn(drawings.accuracy_figure(table), "photo-accuracy", words, list(figures), numbers)


def said_accuracy(by_variant: Mapping[str, tuple[Estimated | None, Estimated | None]], images: int, recipe: str) -> str:
    """How often some variants are right on photographs by a recipe, and on the test set."""
    known = {name: (on, test) for name, (on, test) in by_variant.items() if on is not None and test is not None}
    if not known:
        return "No photograph shows one of the classes, so that no accuracy is known."
    right = right_in({name: share(on) for name, (on, _) in known.items()})
    test = [f"{100 * test['value']:.1f} %" for _, test in known.values()]
    return f"On {images:,} photographs (recipe {recipe}) {right}; on the test set in {listed(test)}."


def tables(photos: Json) -> list[Table]:
    """Pairs of variants, if some are compared, and accuracy by what is known of a photograph by the chosen recipe."""
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
    columns = (Column("variant", "variant", text), Column("what", "what", text), *PART)
    title = f"By background, items, view and whether worn (recipe {recipe})"
    return [*pairs, tabulate(title, columns, parts)]


def by_class(found: Found) -> Illustration | None:
    """Accuracy on the photographs of each class; None if no variant has learnt."""
    photos = found.figures.photos
    recipe = photos["chosen"]["recipe"]
    classes = {name: one[recipe]["classes"] for name, one in above_chance(found, photos["figures"]).items()}
    if not classes:
        return None
    rows = [part | {"variant": name, "class": one} for name, parts in classes.items() for one, part in parts.items()]
    columns = (Column("variant", "variant", text), Column("class", "class", text), *PART)
    words = Words(
        finding=said_hardest({name: classes[name] for name in subjects(found, classes)}),
        how="A row per class, a column per variant: the darker, the more of the class's photographs are recognised; "
        "grey: no photograph.",
        alt="Heat map of the accuracy on photographs by class and variant",
        method=f"Recipe {recipe}; means over seeds.",
    )
    numbers = tabulate("Accuracy on photographs by class", columns, rows)
    return found.drawn(drawings.classes_figure(classes), "photo-classes", words, list(classes), numbers)


def said_hardest(by_variant: Mapping[str, Mapping[str, Json]]) -> str:
    """The class whose photographs some variants recognise worst."""
    classes = next(iter(by_variant.values()))
    known = {
        one: [parts[one]["accuracy"] for parts in by_variant.values()] for one in classes if classes[one]["images"]
    }
    if not known:
        return "No photograph shows one of the classes."
    hardest = min(known, key=lambda one: sum(accuracy["value"] for accuracy in known[one]))
    right = right_in(dict(zip(by_variant, map(share, known[hardest]), strict=True)))
    return f"Photographs of {hardest} are the hardest: {right} of {classes[hardest]['images']}."


def sample_sheets(found: Found) -> list[Fold]:
    """The contact sheets of a few photographs, one per recipe."""
    photos, sheets = found.test_set.photos, []
    assert photos is not None  # by contract: something was found of them
    names = [*photos.class_names, "none of the classes"]
    about = [{"file": row["name"], "class": names[k]} for row, k in zip(photos.about, photos.labels, strict=True)]
    rows = sample(about)
    for path in sorted((found.root / "photos" / "samples").glob("*.webp")):
        words = Words(
            finding=f"{len(rows)} of {len(about)} photographs go through every step of the recipe {path.stem}.",
            how="Each row is a photograph after every step, the image that the models read last. Tinted: what the mask "
            "takes for background.",
            alt=f"Contact sheet: photographs after each step of the recipe {path.stem} and as a heat map",
            method="The stage `photos` draws all photographs in this way, in `photos/sheets/`.",
        )
        name, table = f"{found.study}-photos-{path.stem}", tabulate("Photographs shown", SHEETS, rows)
        picture = Illustration(name, stored(path.read_bytes()), words, "photos", numbers=(table,))
        sheets.append(Fold(f"{len(rows)} photographs by the recipe {path.stem}, step by step", (picture,)))
    return sheets
