"""What the models look at, and how far the maps that say so can be trusted."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lookalike.evaluation.cases import first_of_each_class
from lookalike.reporting import explanations as drawings
from lookalike.reporting.chapters.found import Found, Words
from lookalike.reporting.document import (
    Block,
    Column,
    Fold,
    Illustration,
    Json,
    Prose,
    Section,
    Table,
    amounts,
    count,
    number,
    p,
    percent,
    section,
    tabulate,
    text,
)
from lookalike.reporting.grids import BY_CLASS

METHOD = (Column("variant", "variant", text), Column("method", "method", text))
GAINS = (
    *METHOD,
    Column("images", "images", count),
    Column("gain", "gain", amounts),
    Column("over random maps", "over_random", amounts),
    Column("over a Gaussian in the middle", "over_centre", amounts),
    Column("blank, %", "blank", percent),
    *(
        Column(f"{kind}, {baseline}", f"baselines.{baseline}.{kind}", amounts)
        for baseline in ("zero", "blur")
        for kind in ("deletion", "insertion")
    ),
)
CURVES = (
    Column("method", "method", text),
    Column("baseline", "baseline", text),
    Column("curve", "kind", text),
    Column("share of the pixels, %", "fraction", percent),
    Column("probability of the predicted class, %", "probability", percent),
)
SANITY = (
    *METHOD,
    Column("randomised down to", "unit", text),
    Column("rank correlation with the original map", "correlation", amounts),
)
SIMILARITY = (
    *METHOD,
    Column("within a class", "maps.within_class", amounts),
    Column("look-alikes", "maps.look_alikes", amounts),
    Column("between groups", "maps.between_groups", amounts),
    Column("class contrast", "maps.class_contrast", amounts),
    Column("p", "maps.class_p", p),
    Column("group contrast", "maps.group_contrast", amounts),
    Column("p, groups dealt anew", "maps.grouping_p", p),
    Column("class contrast of raw pixels", "raw_pixels.class_contrast", amounts),
    Column("over raw pixels", "over_raw_pixels.class_contrast", amounts),
    Column("of the untrained model", "untrained.class_contrast", amounts),
    Column("over the untrained model", "over_untrained.class_contrast", amounts),
    Column("photographs: class contrast", "photographs.class_contrast", amounts),
    Column("right minus wrong", "mistakes.right_minus_wrong", amounts),
)
SIMILAR = (
    "Class contrast: within a class minus between groups; group contrast: look-alikes minus between groups. p: "
    "one-sided, 999 permutations. Right minus wrong: likeness to the rightly predicted images of the true class. 95 "
    "% bootstrap intervals over images."
)
# What `compare` drew of a variant: file -> caption and alt text.
MAPS: Words = (
    "The first test image of each class with the maps of {variant} (first seed) for the class that it predicts, on "
    "their own coarse grid, by every method. Gain: how far a method's maps know what the model goes by (area under "
    "the insertion curve minus that under the deletion curve), beside that of random maps and of a Gaussian in the "
    "middle: a map that gains no more than these explains nothing, however well it looks.",
    "A test image of each class beside the explanation maps of {variant}, a column a method",
)
CONTRAST: Words = (
    "Why one look-alike and not the other: images of the two classes that {variant} confuses most often, those "
    "taken for the other class first. Orange speaks for, purple against. Gains: in a duel of the two classes.",
    "Images of two look-alike classes with maps for either class and of their difference, by {variant}",
)
HEADS: Words = (
    "Attention that each patch of one image receives in {variant}, by block and head, and in the mean over heads; "
    "below each its gain, over {heads_scored} images (that of the controls: over all that are scored). No head is "
    "an explanation by itself.",
    "Attention maps of {variant}, a row a block and a column a head",
)
CLASSES: dict[str, Words] = {
    f"classes-{method}": (
        f"Test images of each class with the {method} map of {{variant}} (first seed) for the class that it predicts.",
        f"Up to eight test images a class under the {method} maps of {{variant}}",
    )
    for method in BY_CLASS
}
MASS = (
    Column("variant", "variant", text),
    Column("method", "method", text),
    Column("images", "images", count),
    Column("centre, from the left", "x", amounts),
    Column("centre, from the top", "y", amounts),
    Column("spread", "spread", amounts),
)


def explanations(found: Found) -> Section | None:
    """Maps with their scores, a section a probed variant, and what maps have in common; None of nothing."""
    explained = found.figures.explanations
    if not explained:
        return None
    intro = (
        "A map is shown only with its score. Gain: pixels are taken away, or given, in the order in which the map "
        "holds them important; the area under the curve of the predicted class's probability as they are given, "
        "minus that as they are taken away, mean over two baselines (zero, and the blurred image). Maps are of each "
        "variant's first seed and for the class that it predicts."
    )
    faithful = found.drawn(
        drawings.faithfulness_figure({name: one["faithfulness"] for name, one in explained.items()}),
        "faithfulness",
        (
            "How faithful maps are, with 95 % intervals over test images: the area under the insertion curve minus "
            "that under the deletion curve, mean over two baselines (zero and blur). Chance is 0; a Gaussian in the "
            "middle, which knows no model, is the harder control.",
            "Forest plot of the gain of each explanation method and of two controls, by variant",
        ),
        list(explained),
        gains(explained),
    )
    close = {name: explained[name] for name in found.probes if name in explained}
    each = (of_variant(found, name, one) for name, one in close.items())
    title = "What the models look at"
    anchor = f"{found.study}-explanations"
    return section(anchor, title, Prose(intro), faithful, *each, *(together(found, close) if close else ()))


def gains(explained: Mapping[str, Json]) -> Table:
    """How faithful every method's maps are."""
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


def of_variant(found: Found, name: str, one: Json) -> Section:
    """The maps of one variant, its curves, and more images of each class."""
    folder = found.root / "comparisons" / found.study / "figures" / name
    heads = one["heads"]

    def picture(kind: str, words: Words, *numbers: Table) -> Illustration | None:
        caption, alt = (part.format(variant=name, heads_scored=heads and heads["images"]) for part in words)
        return found.loaded(folder / f"{kind}.png", f"{name}-{kind}", (caption, alt), "compare", [name], *numbers)

    curves = found.drawn(
        drawings.curves_figure(one["faithfulness"]),
        f"{name}-deletion",
        (
            f"How the probability that {name} gives to its prediction falls as the most important pixels go, and "
            "rises as they come: the mean over images, by method and for the two controls.",
            f"Deletion and insertion curves of {name}, by method and baseline",
        ),
        [name],
        tabulate("Deletion and insertion", CURVES, points_of(one["faithfulness"])),
    )
    classes = tuple(drawn for kind, words in CLASSES.items() if (drawn := picture(kind, words, gains({name: one}))))
    return section(
        f"{found.study}-{name}-maps",
        f"Maps of {name}",
        picture("maps", MAPS, gains({name: one})),
        picture("contrast", CONTRAST, *([gains_in_duel(one["contrast"])] if one["contrast"] else [])),
        picture("heads", HEADS, *([head_gains(heads["gains"])] if heads else [])),
        Fold(f"Deletion and insertion curves of {name}", (curves,)) if curves else None,
        Fold(f"More images of each class: {name}", classes) if classes else None,
    )


def points_of(faithfulness: Json) -> list[Json]:
    """The points of all curves."""
    return [
        {"method": method, "baseline": baseline, "kind": kind, "fraction": fraction, "probability": probability}
        for method, score in faithfulness["methods"].items()
        for baseline, areas in score["baselines"].items()
        for kind in ("deletion", "insertion")
        for fraction, probability in zip(faithfulness["fractions"], areas[f"{kind}_curve"], strict=True)
    ]


def gains_in_duel(contrast: Json) -> Table:
    """How faithful maps are where only two classes can win."""
    columns = (Column("map", "method", text), Column("images", "images", count), Column("gain", "gain", amounts))
    rows = [row | {"method": name, "images": contrast["images"]} for name, row in contrast["scores"].items()]
    return tabulate("Faithfulness of contrastive maps", columns, rows)


def head_gains(blocks: list[list[float]]) -> Table:
    """The gain of each head, a row a block; last the mean over its heads."""
    heads = len(blocks[0]) - 1
    columns = (
        Column("block", "block", count),
        *(Column(f"head {k + 1}", str(k), number) for k in range(heads)),
        Column("mean over heads", str(heads), number),
    )
    rows = [{"block": k + 1, **{str(n): gain for n, gain in enumerate(row)}} for k, row in enumerate(blocks)]
    return tabulate("Gain of each head of attention", columns, rows)


def together(found: Found, close: Mapping[str, Json]) -> list[Block | None]:
    """Maps of photographs, whether maps depend on what was learned, and whether those of a class are alike."""
    return [
        same_images(found),
        maps_of_photographs(found, close),
        sanity(found, close),
        similarity(found, close),
    ]


def same_images(found: Found) -> Section | None:
    """What every variant looks at in the same images, and where the mass of its maps lies; None if none was drawn."""
    explained, name = found.figures.explanations, found.class_names[0]
    shown = next(iter(explained.values()))["shown"]
    rows = [
        mass[0] | {"variant": variant, "method": method}
        for variant, one in explained.items()
        for method, mass in one["mass"].items()
        if mass[0]
    ]
    note = (
        "Of the positive part of the maps. From the left and from the top: 0 to 1; spread: root mean square distance "
        "from the centre in widths of the image, 0.41 of a mass that is even. Means over images with 95 % bootstrap "
        "intervals."
    )
    picture = found.loaded(
        found.root / "comparisons" / found.study / "figures" / "alike.png",
        f"{found.study}-alike",
        (
            f"The same test images of the class {name} with the {shown} map of every variant that was explained (first "
            "seed), for the class that it predicts, with its gain.",
            f"Images of the class {name} beside the maps of each variant",
        ),
        "compare",
        list(explained),
        tabulate(f"Where the mass of the maps of {name} lies", MASS, rows, note),
    )
    return section(f"{found.study}-alike", "The same images seen by all", picture) if picture else None


def maps_of_photographs(found: Found, close: Mapping[str, Json]) -> Section | None:
    """A photograph of each class with every variant's map; None if none was drawn."""
    if not found.figures.photos:
        return None
    recipe = found.figures.photos["chosen"]["recipe"]
    photos = found.test_set.photos
    assert photos is not None  # by contract: something was found of them
    known = np.flatnonzero(photos.labels >= 0)
    logits = {name: found.photo_logits(name, recipe) for name in close}
    rows: list[Any] = [
        {"photograph": photos.about[k]["name"], "class": photos.class_names[photos.labels[k]]}
        | {name: photos.class_names[one[k].argmax()] for name, one in logits.items()}
        for k in known[first_of_each_class(photos.labels[known], 1)]
    ]
    columns = (
        Column("photograph", "photograph", text),
        Column("class", "class", text),
        *(Column(f"{name} says", name, text) for name in logits),
    )
    picture = found.loaded(
        found.root / "comparisons" / found.study / "figures" / f"photographs-{recipe}.png",
        f"{found.study}-explained-photographs",
        (
            f"A photograph of each class (recipe {recipe}) with the map of each variant for the class that it "
            "predicts.",
            "Photographs beside the explanation maps of each variant",
        ),
        "compare",
        list(close),
        tabulate("Photographs with maps", columns, rows),
    )
    return section(f"{found.study}-photograph-maps", "Maps of photographs", picture) if picture else None


def sanity(found: Found, close: Mapping[str, Json]) -> Section:
    """What is left of maps as models are made untrained."""
    rows = [
        step | {"variant": name, "method": method}
        for name, one in close.items()
        for method, steps in one["sanity"].items()
        for step in steps
    ]
    picture = found.drawn(
        drawings.sanity_figure({name: one["sanity"] for name, one in close.items()}),
        "sanity",
        (
            "How far maps depend on what was learned: layer by layer, from the output down, trained weights give "
            "way to those from before the training; drawn is the rank correlation with the original maps (95 % "
            "intervals over images). What stays at 1 until its own layer is reached does not see those above it.",
            "Rank correlation of maps with the original ones as layers are randomised, by method",
        ),
        list(close),
        tabulate("Maps of randomised models", SANITY, rows),
    )
    return section(f"{found.study}-sanity", "Do maps depend on what was learned?", picture)


def similarity(found: Found, close: Mapping[str, Json]) -> Section:
    """Whether the maps of one class are alike."""
    similarities = {name: one["similarity"] for name, one in close.items()}
    tables = {measure: alike(found.figures.explanations, measure) for measure in drawings.MEASURES}
    pairs = found.drawn(
        drawings.similarity_figure(similarities),
        "similarity",
        (
            "How alike the maps of two images are, on their own grid and without the mean map: two of one class, of "
            "look-alike classes, and of different groups (95 % intervals over images); beside the same for raw pixels "
            "averaged over the patches and for the maps of the model before its training.",
            "Mean similarity of maps within a class, between look-alikes and between groups, by method and control",
        ),
        list(close),
        tables["spearman"],
    )
    contrast = found.drawn(
        drawings.class_contrast_figure(similarities),
        "class-contrast",
        (
            "By how much maps of one class are more alike than those of different groups, beside the same for raw "
            "pixels and for the model before its training. Maps that exceed neither say that similar images are "
            "similar.",
            "Within-class minus between-group similarity of maps, of raw pixels and of the untrained model's maps",
        ),
        list(close),
        tables["ssim"],
        tables["top_k_overlap"],
    )
    return section(f"{found.study}-similarity", "Are maps of one class alike?", pairs, contrast)


def alike(explained: Mapping[str, Json], measure: str) -> Table:
    """How alike maps are by one measure."""
    rows = [
        row | {"variant": name, "method": method}
        for name, one in explained.items()
        for method, row in one["similarity"][measure].items()
    ]
    return tabulate(f"Similarity of maps: {drawings.MEASURES[measure]}", SIMILARITY, rows, SIMILAR)
