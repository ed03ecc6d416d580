"""What becomes of the models on photographs."""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from lookalike.artifacts.photos import sample
from lookalike.reporting import photographs as drawings
from lookalike.reporting.chapters.found import Found, rows_of
from lookalike.reporting.chapters.look_alikes import on_test_images
from lookalike.reporting.document import (
    Beside,
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    amounts,
    count,
    literal,
    p,
    percent,
    points,
    section,
    shares,
    significant,
    tabulate,
    text,
)

NAMED = 5  # refused photographs that are named; the rest stands in a file
BY_VARIANT = (Column("variant", "variant", text), Column("recipe", "recipe", text))
ACCURACY = (
    *BY_VARIANT,
    Column("all, %", "all.accuracy", shares),
    Column("half to choose on, %", "halves.choose.accuracy", shares),
    Column("half to score on, %", "halves.score.accuracy", shares),
    Column("without doubtful, %", "without_doubtful.accuracy", shares),
    Column("group accuracy, %", "group_accuracy", shares),
    Column("taken for the absorber, %", "absorbed", shares),
    Column("on the test set, %", "test", shares),
)
PAIRS = (
    Column("first and second", "pair", text),
    Column("recipe", "recipe", text),
    Column("accuracy, first − second, points", "accuracy_difference", points),
    Column("only first right", "only_first_right", count),
    Column("only second right", "only_second_right", count),
    Column("McNemar p", "mcnemar_p", p),
    Column("error consistency κ", "error_consistency", amounts),
)
PART = (Column("photographs", "images", count), Column("accuracy, %", "accuracy", shares))
ABLATIONS = (
    *BY_VARIANT,
    Column("step left out", "step", text),
    Column("accuracy, %", "accuracy", shares),
    Column("change, points", "difference", points),
)
ABSORBED = (
    Column("variant", "variant", text),
    Column("test images, spoiled by", "way", text),
    Column("strength", "strength", significant),
    Column("taken for the absorber, %", "share", shares),
)
AUROC = (
    Column("variant", "variant", text),
    Column("photographs from test images, by distance", "from_test_images", amounts),
    Column("right from wrong, by confidence", "right_from_wrong.confidence", amounts),
    Column("right from wrong, by distance", "right_from_wrong.distance", amounts),
    Column("of the classes from of none, by confidence", "from_none_of_the_classes.confidence", amounts),
    Column("of the classes from of none, by distance", "from_none_of_the_classes.distance", amounts),
)
QUANTILES = (
    Column("variant", "variant", text),
    Column("distance from", "low", significant),
    Column("to", "high", significant),
    Column("photographs", "count", count),
    Column("accuracy, %", "accuracy", shares),
)
COVERAGES = (
    Column("variant", "variant", text),
    Column("kept by", "by", text),
    Column("share kept, %", "coverage", percent),
    Column("accuracy among these, %", "accuracy", percent),
)
NOT_SCORED = (
    "**The choice is not scored**: the other half has no photograph with a class. It gets one as soon as two senders "
    "have photographs of the same class; a photograph without a sender counts as one of its own."
)
BY_SENDER = "The intervals resample senders: all photographs of a person are drawn together."
OF_FEW = (
    "Of fewer than 100 photographs, and for 0 and 100 %, they are Wilson's, with an effective number of photographs."
)
INDEPENDENT = "The intervals take photographs as independent, also those of one sender, so they are too narrow."
EVERY_TENTH = tuple(k / 10 for k in range(1, 11))


def photographs(found: Found) -> Section | None:
    """Accuracy on photographs by recipe, what matters, what is absorbed, and what silence gains; None without any."""
    photos = found.figures.photos
    if not photos:
        return None
    return section(
        f"{found.study}-photographs",
        "Photographs",
        Prose(said_of(photos, found.test_set.refused, found.study)),
        Prose(said_choice(photos["chosen"])),
        accuracy(found),
        compared(photos),
        known_of(photos),
        Beside(tuple(picture for picture in (by_class(found), ablation(found)) if picture)),
        absorption(found),
        sureness(found),
        *sample_sheets(found),
    )


def said_of(photos: Json, refused: Sequence[tuple[str, str]], study: str) -> str:
    """How many photographs, where they come from, and which were refused."""
    first = literal("; ".join(f"{name}: {reason}" for name, reason in refused[:NAMED]))
    more = f"; `test_sets/{study}/evidence.json` lists all" if len(refused) > NAMED else ""
    return (
        f"{photos['photographs']} photographs ({photos['provenance']['citation']}), {photos['labelled']} of them of "
        f"one of the classes; refused: {len(refused) or 'none'}{f' ({first}{more})' if refused else ''}. Every "
        "variant reads the "
        'same photographs. A variant and a recipe are chosen on one half of them ("choose"), and the choice is scored '
        'on the other ("score"); no sender has photographs in both.'
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
    """Accuracy on photographs beside that on the test set."""
    figures, absorber = found.figures.photos["figures"], found.figures.photos["absorption"]["absorber"]
    test = {row.variant: on_test_images(row) for row in found.standings}
    table = {
        name: {"test": test[name], "recipes": {recipe: one["all"]["accuracy"] for recipe, one in recipes.items()}}
        for name, recipes in figures.items()
    }
    rows = [
        row | {"variant": name, "recipe": recipe, "test": test[name], "absorbed": row["predicted"][absorber]}
        for name, recipes in figures.items()
        for recipe, row in recipes.items()
    ]
    note = f"Means over seeds with 95 % intervals. {BY_SENDER} {OF_FEW} The absorber: {absorber}."
    return found.drawn(
        drawings.accuracy_figure(table),
        "photo-accuracy",
        (
            "Accuracy on all labelled photographs by recipe (95 % intervals over senders), beside the accuracy "
            "on the test set.",
            "Accuracy of every variant on photographs, a panel a recipe, with its accuracy on the test set",
        ),
        list(figures),
        tabulate("Accuracy on photographs", ACCURACY, rows, note),
    )


def compared(photos: Json) -> Fold | None:
    """Pairs of variants on the photographs; None if none are compared."""
    rows = [row | {"pair": f"{row['first']}, {row['second']}"} for row in photos["comparisons"]]
    title = "Pairs of variants on the photographs"
    note = f"{BY_SENDER} McNemar's test takes photographs as independent, so its p is too small."
    return Fold(title, (tabulate(title, PAIRS, rows, note),)) if rows else None


def known_of(photos: Json) -> Fold:
    """Accuracy by what is known of a photograph, for the chosen recipe."""
    recipe = photos["chosen"]["recipe"]
    rows = [
        part | {"variant": name, "what": f"{what}: {value or 'not said'}"}
        for name, recipes in photos["figures"].items()
        for what, values in recipes[recipe]["attributes"].items()
        for value, part in values.items()
        if part["images"]
    ]
    columns = (Column("variant", "variant", text), Column("what", "what", text), *PART)
    title = f"By background, items, view and whether worn (recipe {recipe})"
    return Fold(title, (tabulate(title, columns, rows, f"{BY_SENDER} {OF_FEW}"),))


def by_class(found: Found) -> Illustration | None:
    """Accuracy on the photographs of each class."""
    photos = found.figures.photos
    recipe = photos["chosen"]["recipe"]
    classes = {name: recipes[recipe]["classes"] for name, recipes in photos["figures"].items()}
    rows = [part | {"variant": name, "class": one} for name, parts in classes.items() for one, part in parts.items()]
    columns = (Column("variant", "variant", text), Column("class", "class", text), *PART)
    return found.drawn(
        drawings.classes_figure(classes),
        "photo-classes",
        (
            f"Accuracy on the photographs of each class, recipe {recipe}.",
            "Heat map of the accuracy on photographs by class and variant",
        ),
        list(classes),
        tabulate("Accuracy on photographs by class", columns, rows, f"{BY_SENDER} {OF_FEW}"),
    )


def ablation(found: Found) -> Illustration | None:
    """What each step of a recipe is good for; None if no variant was probed."""
    ablations = found.figures.photos["ablations"]
    if not ablations:
        return None
    return found.drawn(
        drawings.ablation_figure(by_recipe(ablations)),
        "photo-ablation",
        (
            "What leaving out one step of a recipe (or exchanging its sampling) does to the accuracy on "
            "photographs: left of zero the step helps. First seed, 95 % intervals of the paired bootstrap over "
            "senders.",
            "Forest plot of the change of accuracy when a step of a recipe is left out",
        ),
        list(ablations),
        tabulate("Steps left out", ABLATIONS, (row for rows in by_recipe(ablations).values() for row in rows)),
    )


def by_recipe(ablations: Json) -> dict[str, list[Json]]:
    """Entries of all probed variants under their recipe."""
    found: dict[str, list[Json]] = {}
    for variant, rows in ablations.items():
        for row in rows:
            found.setdefault(row["recipe"], []).append(row | {"variant": variant})
    return found


def absorption(found: Found) -> Section | None:
    """Which class swallows what was spoiled; None if no variant was probed."""
    photos = found.figures.photos
    if not photos["absorption"]["ways"]:
        return None
    absorber = photos["absorption"]["absorber"]
    picture = found.drawn(
        drawn_absorption(photos["figures"], photos["absorption"]),
        "photo-absorption",
        (
            f"Left: share of the labelled photographs that are taken for a {absorber}. Right: the same for test "
            "images of the other classes, spoiled on purpose. ground: the background lifted; negative: the "
            "garment's tones inverted; turn: rotated by up to 180 degrees; smear: blurred; fill: holes and gaps of "
            f"its bounding box filled. Where a line rises, that is the damage which makes a {absorber}.",
            f"Share predicted as {absorber} on photographs by recipe and on test images by strength of spoiling",
        ),
        list(next(iter(photos["absorption"]["ways"].values()))),
        tabulate(f"Test images taken for a {absorber}", ABSORBED, spoiled(photos["absorption"])),
    )
    return section(f"{found.study}-absorption", f"Everything is a {absorber.lower()}", picture)


def drawn_absorption(figures: Json, absorption: Json) -> Figure:
    """What is taken for the absorber: on photographs by recipe, and on test images by way and strength of spoiling."""
    on_photos, on_test = absorbed(figures, absorption)
    return drawings.absorption_figure(on_photos, on_test, absorber=absorption["absorber"])


def absorbed(figures: Json, absorption: Json) -> tuple[Json, Json]:
    """Shares on photographs by recipe and variant, and on test images by way of spoiling and variant."""
    recipes, ways, absorber = next(iter(figures.values())), absorption["ways"], absorption["absorber"]
    probed: Json = next(iter(ways.values()), {})
    on_photos = {recipe: {name: figures[name][recipe]["predicted"][absorber] for name in probed} for recipe in recipes}
    on_test = {way: {"strength": absorption["strengths"], **shares} for way, shares in ways.items()}
    return on_photos, on_test


def spoiled(absorption: Json) -> list[Json]:
    """The same on test images, a row a variant, way and strength."""
    return [
        {"variant": name, "way": way, "strength": strength, "share": share}
        for way, variants in absorption["ways"].items()
        for name, of_strength in variants.items()
        for strength, share in zip(absorption["strengths"], of_strength, strict=True)
    ]


def sureness(found: Found) -> Section:
    """How far photographs are from the training images, and what silence gains."""
    recipe, distance = found.figures.photos["chosen"]["recipe"], found.figures.photos["distance"]
    chosen = {name: recipes[recipe] for name, recipes in distance.items()}
    areas = {name: one["right_from_wrong"]["distance"] for name, one in chosen.items()}
    auroc = {name: area and area["value"] for name, area in areas.items()}
    far = found.drawn(
        drawings.distance_figure({name: one["quantiles"] for name, one in chosen.items()}, auroc),
        "photo-distance",
        (
            "Accuracy by how far a photograph lies from the training images (distance of its features to the tenth "
            f"nearest of validation images; fifths of the photographs, first seed, recipe {recipe}). AUROC: how well "
            "the distance tells wrong predictions from right ones; .5 is chance.",
            "Accuracy on photographs by distance from the training images, a panel a variant",
        ),
        list(chosen),
        tabulate(
            "Accuracy by distance",
            QUANTILES,
            rows_by_variant({n: one["quantiles"] for n, one in chosen.items()}),
            INDEPENDENT,
        ),
    )
    silence = found.drawn(
        drawings.abstention_figure({name: one["abstention"] for name, one in chosen.items()}),
        "photo-abstention",
        (
            f"What silence gains: accuracy among the photographs that a variant keeps (first seed, recipe {recipe}).",
            "Accuracy against coverage for each variant, by confidence and by distance",
        ),
        list(chosen),
        tabulate("Accuracy by coverage", COVERAGES, kept(chosen), "Every tenth of the curve."),
    )
    title = f"AUROC on photographs (recipe {recipe}, first seed)"
    rows = [one | {"variant": name} for name, one in chosen.items()]
    note = f"0.5 is chance, 1 a perfect separation. {INDEPENDENT}"
    table: Table = tabulate(title, AUROC, rows, note)
    return section(
        f"{found.study}-sureness",
        "How far photographs are from the training images, and what silence gains",
        Beside(tuple(picture for picture in (far, silence) if picture)),
        Fold(title, (table,)),
    )


def rows_by_variant(rows: dict[str, list[Json]]) -> list[Json]:
    """Rows of each variant that know whose they are."""
    return [row | {"variant": name} for name, some in rows.items() for row in some]


def kept(chosen: Json) -> list[Json]:
    """The curves of accuracy by coverage at every tenth."""
    rows = []
    for name, one in chosen.items():
        for by, curve in one["abstention"].items():
            for wanted in EVERY_TENTH:
                rows.append({"variant": name, "by": by, **nearest(rows_of(curve), wanted)})
    return rows


def nearest(curve: Sequence[Any], coverage: float) -> Any:
    """The point of a curve whose coverage is nearest to the one wanted."""
    return min(curve, key=lambda point: abs(point["coverage"] - coverage))


def sample_sheets(found: Found) -> list[Fold]:
    """The contact sheets of a few photographs, one a recipe."""
    photos, sheets = found.test_set.photos, []
    assert photos is not None  # by contract: something was found of them
    names = [*photos.class_names, "none of the classes"]
    rows = sample(
        [{"file": row["name"], "class": names[k]} for row, k in zip(photos.about, photos.labels, strict=True)]
    )
    columns = (Column("photograph", "file", text), Column("class", "class", text))
    for path in sorted((found.root / "photos" / "samples").glob("*.png")):
        caption = (
            f"{len(rows)} photographs through every step of the recipe {path.stem}. Blue: what the mask takes for "
            "ground. The stage `photos` draws all photographs in this way, in `photos/sheets/`."
        )
        alt = f"Contact sheet: photographs after each step of the recipe {path.stem} and as a heat map"
        table = tabulate("Photographs shown", columns, rows)
        name = f"{found.study}-photos-{path.stem}"
        picture = Illustration(name, path.read_bytes(), caption, alt, "photos", numbers=(table,))
        sheets.append(Fold(f"{len(rows)} photographs by the recipe {path.stem}, step by step", (picture,)))
    return sheets
