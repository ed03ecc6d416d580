"""Pictures of maps: those of each focus variant, of the same images by all variants, and of photographs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lookalike.evaluation.cases import first_of_each_class
from lookalike.reporting.chapters.sentences import finding_variants, listed, listed_by_variant
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Illustration, Json, Section, Table, Words, fold, section
from lookalike.reporting.figures.grids import BY_CLASS
from lookalike.reporting.forms import amounts, count, number, percent, text
from lookalike.reporting.tables import Column, labels, tabulate

GAINS = (
    *labels("variant", "method"),
    Column("images", "images", count),
    Column("gain", "gain", amounts, "high"),
    Column("over random maps", "over_random", amounts, "high"),
    Column("over a Gaussian in the middle", "over_centre", amounts, "high"),
    Column("blank, %", "blank", percent, "low"),
    *(
        Column(f"{kind}, {baseline}", f"baselines.{baseline}.{kind}", amounts, extra=True)
        for baseline in ("zero", "blur")
        for kind in ("deletion", "insertion")
    ),
)
DUEL = (Column("map", "method", text), Column("images", "images", count), Column("gain", "gain", amounts, "high"))
MASS = (
    *labels("variant", "method"),
    Column("images", "images", count),
    Column("centre, from the left", "x", amounts),
    Column("centre, from the top", "y", amounts),
    Column("spread", "spread", amounts),
)
MASS_NOTE = (
    "Of the positive part of the maps. From the left and from the top: 0 to 1; spread: root mean square distance from "
    "the centre in widths of the image, 0.41 of a mass that is even. Means over images with 95 % bootstrap intervals."
)
SIGNS = "Where a map has either sign, green speaks for the class and purple against it."


def gain_table(explained: Mapping[str, Json]) -> Table:
    rows = [
        row | {"variant": name, "method": method, "images": one["faithfulness"]["images"]}
        for name, one in explained.items()
        for method, row in one["faithfulness"]["methods"].items()
    ]
    note = (
        "Means over images with 95 % bootstrap intervals; over controls: paired. Deletion: lower is more faithful; "
        "insertion: higher."
    )
    return tabulate("Faithfulness of explanation methods", GAINS, rows, note)


def variant_maps(study: StudyResults, name: str, one: Json) -> Section:
    """The maps of one focus variant, and more images of each class."""
    methods, table = one["faithfulness"]["methods"], gain_table({name: one})
    contrast, heads = one["contrast"], one["heads"]

    def picture(kind: str, words: Words, numbers: Table) -> Illustration | None:
        return study.stored_chart(f"figures/{name}/{kind}", words, [name], numbers)

    ways = [way for way in BY_CLASS if way in methods]
    return section(
        f"{study.name}-{name}-maps",
        f"Maps of {name}",
        picture("maps", map_words(name, methods), table),
        picture("contrast", contrast_words(name, contrast), contrast_gain_table(contrast)) if contrast else None,
        picture("heads", head_words(name, heads), head_gain_table(heads["gains"])) if heads else None,
        fold(
            f"More images of each class: {name}",
            *(picture(f"classes-{way}", class_words(name, way, methods), table) for way in ways),
        ),
    )


def map_words(name: str, methods: Mapping[str, Json]) -> Words:
    gains = {way: one["gain"] for way, one in methods.items() if way not in ("random", "centre")}
    ordered = sorted(gains, key=lambda way: gains[way]["value"])
    ends = [f"{amounts(gains[way])} with {way}" for way in dict.fromkeys((ordered[0], ordered[-1]))]
    span = f"{'from ' if len(ends) > 1 else ''}{' to '.join(ends)}"
    return Words(
        finding=f"The maps of {name} gain {span}; {controls_clause(methods)}.",
        how="A row per class, a column per method. The gain of each method is below it, next to those of the controls.",
        alt=f"A test image of each class next to the explanation maps of {name}, a column per method",
        method=f"The first test image of each class, on the methods' own coarse grid. {SIGNS}",
    )


def controls_clause(methods: Mapping[str, Json]) -> str:
    random, centre = (amounts(methods[key]["gain"]) for key in ("random", "centre"))
    return f"random maps gain {random}, a spot in the middle {centre}"


def class_words(name: str, way: str, methods: Mapping[str, Json]) -> Words:
    return Words(
        finding=f"The {way} maps of {name} gain {amounts(methods[way]['gain'])}; {controls_clause(methods)}.",
        how="A row per class: parts of the maps that recur along a row belong to the class.",
        alt=f"Up to eight test images per class under the {way} maps of {name}",
    )


def contrast_words(name: str, contrast: Json) -> Words:
    scores = contrast["scores"]
    return Words(
        finding=f"Where only two look-alike classes can win, the contrastive maps of {name} gain "
        f"{amounts(scores['contrast']['gain'])}, maps of the more probable class {amounts(scores['label']['gain'])}; "
        f"{controls_clause(scores)}.",
        how=f"Why one look-alike and not the other: the last map shows what decides between the two. {SIGNS}",
        alt=f"Images of two look-alike classes with maps for either class and of their difference, by {name}",
        method=f"Images of the two classes that {name} confuses most often, those taken for the other class first.",
    )


def contrast_gain_table(contrast: Json) -> Table:
    """The gain of maps where only two classes can win."""
    rows = [row | {"method": name, "images": contrast["images"]} for name, row in contrast["scores"].items()]
    return tabulate("Faithfulness of contrastive maps", DUEL, rows)


def head_words(name: str, heads: Json) -> Words:
    gains = np.array(heads["gains"])
    block, head = np.unravel_index(gains[:, :-1].argmax(), gains[:, :-1].shape)
    best, mean = (number(value) for value in (gains[block, head], gains[:, -1].max()))
    return Words(
        finding=f"Of the {gains[:, :-1].size} attention heads of {name}, head {head + 1} of block {block + 1} gains "
        f"most ({best}); the mean over the heads of a block gains at most {mean}.",
        how="A row per block, a column per head, last the mean over heads; below each its gain. No head is an "
        "explanation by itself.",
        alt=f"Attention maps of {name}, a row per block and a column per head",
        method=f"Attention that each patch of one image receives; gains over {heads['images']} images, that of the "
        "controls over all that are scored.",
    )


def head_gain_table(blocks: list[list[float]]) -> Table:
    """The gain of each head, a row per block; last the mean over its heads."""
    heads = len(blocks[0]) - 1
    columns = (
        Column("block", "block", count),
        *(Column(f"head {k + 1}", str(k), number, "high", extra=k >= 7) for k in range(heads)),
        Column("mean over heads", str(heads), number, "high"),
    )
    rows = [{"block": k + 1, **{str(n): gain for n, gain in enumerate(row)}} for k, row in enumerate(blocks)]
    return tabulate("Gain of each head of attention", columns, rows)


def same_images(study: StudyResults, explained: Mapping[str, Json]) -> Section | None:
    """The maps of every variant for the same images, and the centre of their mass; None if none was drawn."""
    name, shown = study.class_names[0], next(iter(explained.values()))["shown"]
    rows = [
        mass[0] | {"variant": variant, "method": method}
        for variant, one in explained.items()
        for method, mass in one["mass"].items()
        if mass[0]
    ]
    about = {variant: explained[variant]["mass"][shown][0] for variant in finding_variants(study, explained)}
    words = Words(
        finding=mass_sentence(about, name),
        how="A row per image, a column per variant: look for parts of the image that all variants use, and for those "
        "that only one family uses.",
        alt=f"Images of the class {name} next to the maps of each variant",
        method=f"The same test images of the class {name} with the {shown} map of every variant for the class that it "
        f"predicts, and its gain. {SIGNS}",
    )
    numbers = tabulate(f"Where the mass of the maps of {name} lies", MASS, rows, MASS_NOTE)
    picture = study.stored_chart("figures/alike", words, list(explained), numbers, name=f"{study.name}-alike")
    return section(f"{study.name}-alike", "The same images seen by all variants", picture) if picture else None


def mass_sentence(by_variant: Mapping[str, Json | None], class_name: str) -> str:
    """The centre of the maps of a class in the image, by variant."""
    centres = {
        name: f"at {100 * mass['x']['value']:.0f} % of the width and {100 * mass['y']['value']:.0f} % of the height"
        for name, mass in by_variant.items()
        if mass is not None
    }
    if not centres:
        return f"Where the maps of {class_name} lie is not known."
    return f"On images of {class_name} the maps are centred {listed_by_variant(centres)}."


def maps_of_photographs(study: StudyResults, close: Mapping[str, Json]) -> Section | None:
    """A photograph of each class with every focus variant's map; None if none was drawn."""
    photos = study.test_set.photos
    if not study.measurements.photos or photos is None:
        return None
    recipe, known = study.recipe, np.flatnonzero(photos.labels >= 0)
    shown = known[first_of_each_class(photos.labels[known], 1)]
    predicted = {name: study.photo_logits(name, recipe)[shown].argmax(axis=1) for name in close}
    rows: list[Any] = [
        {"photograph": photos.about[k]["name"], "class": photos.class_names[photos.labels[k]]}
        | {name: photos.class_names[one[row]] for name, one in predicted.items()}
        for row, k in enumerate(shown)
    ]
    columns = (*labels("photograph", "class"), *(Column(f"{name} predicts", name, text) for name in predicted))
    words = Words(
        finding=predictions_sentence({name: (one == photos.labels[shown]).tolist() for name, one in predicted.items()}),
        how="A row per photograph, a column per variant: a map that lies on the background shows what misleads.",
        alt="Photographs next to the explanation maps of each variant",
        method=f"The first photograph of each class, prepared by the recipe {recipe}, with the map of each variant for "
        f"the class that it predicts. {SIGNS}",
    )
    name, numbers = f"{study.name}-explained-photographs", tabulate("Photographs with maps", columns, rows)
    picture = study.stored_chart(f"figures/photographs-{recipe}", words, list(close), numbers, name=name)
    return section(f"{study.name}-photograph-maps", "Maps of photographs", picture) if picture else None


def predictions_sentence(by_variant: Mapping[str, Sequence[bool]]) -> str:
    """How many of the photographs shown some variants get right."""
    (first, right), *rest = by_variant.items()
    others = [f"{name} {sum(one)}" for name, one in rest]
    return f"Of the {len(right)} photographs shown {listed([f'{first} gets {sum(right)} right', *others])}."
