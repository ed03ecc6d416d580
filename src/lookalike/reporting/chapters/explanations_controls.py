"""Whether maps say something about the model: they must depend on its weights, and tell classes apart."""

from collections.abc import Mapping

from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.sentences import Estimated, above_chance
from lookalike.reporting.document import (
    Column,
    Json,
    Section,
    Table,
    Words,
    amounts,
    p,
    section,
    tabulate,
    text,
)
from lookalike.reporting.figures import explanations as drawings

METHOD = (Column("variant", "variant", text), Column("method", "method", text))
SANITY = (
    *METHOD,
    Column("randomised down to", "unit", text),
    Column("rank correlation with the original map", "correlation", amounts, "low"),
)
SIMILARITY = (
    *METHOD,
    Column("within a class", "maps.within_class", amounts),
    Column("look-alikes", "maps.look_alikes", amounts),
    Column("between groups", "maps.between_groups", amounts),
    Column("class contrast", "maps.class_contrast", amounts, "high"),
    Column("p", "maps.class_p", p, "low"),
    Column("group contrast", "maps.group_contrast", amounts, extra=True),
    Column("p, groups dealt anew", "maps.grouping_p", p, extra=True),
    Column("class contrast of raw pixels", "raw_pixels.class_contrast", amounts, extra=True),
    Column("over raw pixels", "over_raw_pixels.class_contrast", amounts, "high"),
    Column("of the untrained model", "untrained.class_contrast", amounts, extra=True),
    Column("over the untrained model", "over_untrained.class_contrast", amounts, "high"),
    Column("photographs: class contrast", "photographs.class_contrast", amounts, extra=True),
    Column("right minus wrong", "mistakes.right_minus_wrong", amounts, extra=True),
)
SIMILAR = (
    "Class contrast: within a class minus between groups; group contrast: look-alikes minus between groups. p: "
    "one-sided, 999 permutations. Right minus wrong: likeness to the rightly predicted images of the true class. 95 "
    "% bootstrap intervals over images."
)


def sanity(found: Found, close: Mapping[str, Json]) -> Section:
    """What is left of maps as trained weights give way to untrained ones."""
    steps = {name: one["sanity"] for name, one in close.items()}
    rows = [
        step | {"variant": name, "method": method}
        for name, methods in steps.items()
        for method, of_method in methods.items()
        for step in of_method
    ]
    words = Words(
        finding=said_sanity(steps),
        how="A faithful method falls to 0 from left to right. What stays at 1 until its own layer is reached does not "
        "depend on the layers above it.",
        alt="Rank correlation of maps with the original ones as layers are randomised, by method",
        method="Layer by layer, from the output down, trained weights are replaced by those from before training; "
        "drawn is the rank correlation with the original maps (95 % intervals over images).",
    )
    numbers = tabulate("Maps of randomised models", SANITY, rows)
    picture = found.drawn(drawings.sanity_figure(steps), "sanity", words, list(close), numbers)
    return section(f"{found.study}-sanity", "Dependence of maps on what was learned", picture)


def said_sanity(by_variant: Mapping[str, Mapping[str, list[Json]]]) -> str:
    """What is left of the maps of each variant when all of its layers are untrained."""
    said = []
    for name, methods in by_variant.items():
        left = {method: steps[-1]["correlation"] for method, steps in methods.items()}
        low, high = (pick(left, key=lambda method: left[method]["value"]) for pick in (min, max))
        least, most = (f"{amounts(left[method])} with {method}" for method in (low, high))
        said.append(f"{least if low == high else f'between {least} and {most}'} for {name}")
    return f"With all layers randomised, the rank correlation with the original maps is {'; it is '.join(said)}."


def similarity(found: Found, close: Mapping[str, Json]) -> Section:
    """Whether the maps of one class are alike."""
    similarities = {name: one["similarity"] for name, one in close.items()}
    explained = above_chance(found, found.figures.explanations)
    tables = {measure: alike(explained, measure) for measure in drawings.MEASURES}
    shown = {name: one["similarity"]["spearman"][one["shown"]] for name, one in close.items()}
    methods = {name: one["shown"] for name, one in close.items()}
    pairs = Words(
        finding=said_alike({name: one["maps"] for name, one in shown.items()}, methods),
        how="Maps of one class should be more alike than those of look-alikes, and these more than those of different "
        "groups; the distances must exceed those of raw pixels and of the untrained model.",
        alt="Mean similarity of maps within a class, between look-alikes and between groups, by method and control",
        method="Maps are compared on their own grid and without the mean map; raw pixels are averaged over the "
        "patches. 95 % intervals over images.",
    )
    contrast = Words(
        finding=said_contrast(shown, methods),
        how="Maps whose class contrast exceeds neither control say only that similar images are similar.",
        alt="Within-class minus between-group similarity of maps, of raw pixels and of the untrained model's maps",
    )
    numbers = (tables["ssim"], tables["top_k_overlap"])
    similar, contrasts = drawings.similarity_figure(similarities), drawings.class_contrast_figure(similarities)
    return section(
        f"{found.study}-similarity",
        "Similarity of maps within a class",
        found.drawn(similar, "similarity", pairs, list(close), tables["spearman"]),
        found.drawn(contrasts, "class-contrast", contrast, list(close), *numbers),
    )


def said_alike(by_variant: Mapping[str, Mapping[str, Estimated | None]], methods: Mapping[str, str]) -> str:
    """How alike maps of one class are, of look-alikes, and of different groups."""
    said = []
    for name, maps in by_variant.items():
        within, alike, between = (known(maps[key]) for key in ("within_class", "look_alikes", "between_groups"))
        said.append(
            f"of two {methods[name]} maps of {name} is {within} within a class, {alike} between look-alikes and "
            f"{between} between groups"
        )
    return f"The mean rank correlation {'; that '.join(said)}."


def said_contrast(by_variant: Mapping[str, Json], methods: Mapping[str, str]) -> str:
    """The class contrast of maps against that of raw pixels and of the untrained model."""
    said = []
    for name, one in by_variant.items():
        over = [(one[f"over_{key}"] or {}).get("class_contrast") for key in ("raw_pixels", "untrained")]
        pixels, untrained = map(known, over)
        said.append(
            f"of {name}'s {methods[name]} maps minus that of raw pixels is {pixels}, minus that of the untrained model "
            f"{untrained}"
        )
    return f"The class contrast {'; that '.join(said)}."


def known(value: Estimated | None) -> str:
    """An amount in a sentence, which may be missing."""
    return "unknown" if value is None else amounts(value)


def alike(explained: Mapping[str, Json], measure: str) -> Table:
    """How alike maps are by one measure."""
    rows = [
        row | {"variant": name, "method": method}
        for name, one in explained.items()
        for method, row in one["similarity"][measure].items()
    ]
    return tabulate(f"Similarity of maps: {drawings.MEASURES[measure]}", SIMILARITY, rows, SIMILAR)
