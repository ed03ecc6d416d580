"""Controls of maps: a map must depend on the weights of the model, and differ between classes."""

from collections.abc import Mapping

from lookalike.reporting.chapters.sentences import Estimated, only_above_chance
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Json, Section, Table, Words, section
from lookalike.reporting.figures import explanations as drawings
from lookalike.reporting.forms import amounts, p, text
from lookalike.reporting.tables import Column, labels, tabulate

SANITY = (
    *labels("variant", "method"),
    Column("randomised down to", "unit", text),
    Column("rank correlation with the original map", "correlation", amounts, "low"),
)
SIMILARITY = (
    *labels("variant", "method"),
    Column("within a class", "maps.within_class", amounts),
    Column("look-alikes", "maps.look_alikes", amounts),
    Column("between groups", "maps.between_groups", amounts),
    Column("class contrast", "maps.class_contrast", amounts, "high"),
    Column("p", "maps.class_p", p, "low"),
    Column("group contrast", "maps.group_contrast", amounts, extra=True),
    Column("p, permuted groups", "maps.grouping_p", p, extra=True),
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


def sanity_section(study: StudyResults, close: Mapping[str, Json]) -> Section:
    """The correlation of maps with the original ones as more layers are randomised."""
    steps = {name: one["sanity"] for name, one in close.items()}
    rows = [
        step | {"variant": name, "method": method}
        for name, methods in steps.items()
        for method, of_method in methods.items()
        for step in of_method
    ]
    words = Words(
        finding=sanity_sentence(steps),
        how="A faithful method falls to 0 from left to right. What stays at 1 until its own layer is reached does not "
        "depend on the layers above it.",
        alt="Rank correlation of maps with the original ones as layers are randomised, by method",
        method="Layer by layer, from the output down, trained weights are replaced by those from before training; "
        "drawn is the rank correlation with the original maps (95 % intervals over images).",
    )
    numbers = tabulate("Maps of randomised models", SANITY, rows)
    picture = study.drawn_figure(drawings.sanity_figure(steps), "sanity", words, list(close), numbers)
    return section(f"{study.name}-sanity", "Dependence of maps on what was learned", picture)


def sanity_sentence(by_variant: Mapping[str, Mapping[str, list[Json]]]) -> str:
    """The correlation of maps with the original ones when all layers are untrained, by variant."""
    parts = []
    for name, methods in by_variant.items():
        left = {method: steps[-1]["correlation"] for method, steps in methods.items()}
        ordered = sorted(left, key=lambda method: left[method]["value"])
        ends = [f"{amounts(left[method])} with {method}" for method in dict.fromkeys((ordered[0], ordered[-1]))]
        parts.append(f"{'between ' if len(ends) > 1 else ''}{' and '.join(ends)} for {name}")
    return f"With all layers randomised, the rank correlation with the original maps is {'; it is '.join(parts)}."


def similarity_section(study: StudyResults, close: Mapping[str, Json]) -> Section:
    """The similarity of the maps of one class."""
    similarities = {name: one["similarity"] for name, one in close.items()}
    explained = only_above_chance(study, study.measurements.explanations)
    tables = {measure: similarity_table(explained, measure) for measure in drawings.MEASURES}
    shown = {name: one["similarity"]["spearman"][one["shown"]] for name, one in close.items()}
    methods = {name: one["shown"] for name, one in close.items()}
    pairs = Words(
        finding=similarity_sentence({name: one["maps"] for name, one in shown.items()}, methods),
        how="Maps of one class should be more alike than those of look-alikes, and these more than those of different "
        "groups; the distances must exceed those of raw pixels and of the untrained model.",
        alt="Mean similarity of maps within a class, between look-alikes and between groups, by method and control",
        method="Maps are compared on their own grid and without the mean map; raw pixels are averaged over the "
        "patches. 95 % intervals over images.",
    )
    contrast = Words(
        finding=class_contrast_sentence(shown, methods),
        how="Maps whose class contrast exceeds neither control say only that similar images are similar.",
        alt="Within-class minus between-group similarity of maps, of raw pixels and of the untrained model's maps",
    )
    numbers = (tables["ssim"], tables["top_k_overlap"])
    similar, contrasts = drawings.similarity_figure(similarities), drawings.class_contrast_figure(similarities)
    return section(
        f"{study.name}-similarity",
        "Similarity of maps within a class",
        study.drawn_figure(similar, "similarity", pairs, list(close), tables["spearman"]),
        study.drawn_figure(contrasts, "class-contrast", contrast, list(close), *numbers),
    )


def similarity_sentence(by_variant: Mapping[str, Mapping[str, Estimated | None]], methods: Mapping[str, str]) -> str:
    """The similarity of maps within a class, of look-alikes, and of different groups."""
    parts = []
    for name, maps in by_variant.items():
        within, near, between = (
            amount_or_unknown(maps[key]) for key in ("within_class", "look_alikes", "between_groups")
        )
        parts.append(
            f"of two {methods[name]} maps of {name} is {within} within a class, {near} between look-alikes and "
            f"{between} between groups"
        )
    return f"The mean rank correlation {'; that '.join(parts)}."


def class_contrast_sentence(by_variant: Mapping[str, Json], methods: Mapping[str, str]) -> str:
    """The class contrast of maps compared with that of raw pixels and of the untrained model."""
    parts = []
    for name, one in by_variant.items():
        controls = (one[f"over_{key}"] or {} for key in ("raw_pixels", "untrained"))
        pixels, untrained = (amount_or_unknown(control.get("class_contrast")) for control in controls)
        parts.append(
            f"of {name}'s {methods[name]} maps minus that of raw pixels is {pixels}, minus that of the untrained model "
            f"{untrained}"
        )
    return f"The class contrast {'; that '.join(parts)}."


def amount_or_unknown(value: Estimated | None) -> str:
    """An amount with its interval; "unknown" for None."""
    return "unknown" if value is None else amounts(value)


def similarity_table(explained: Mapping[str, Json], measure: str) -> Table:
    rows = [
        row | {"variant": name, "method": method}
        for name, one in explained.items()
        for method, row in one["similarity"][measure].items()
    ]
    return tabulate(f"Similarity of maps: {drawings.MEASURES[measure]}", SIMILARITY, rows, SIMILAR)
