"""Prediction of errors on photographs, by their distance from the training images and by confidence."""

from collections.abc import Mapping, Sequence
from typing import Any

from lookalike.reporting.chapters.sentences import accuracy_clause, finding_variants, listed_by_variant
from lookalike.reporting.chapters.study_results import StudyResults, rows_of_columns
from lookalike.reporting.document import Illustration, Json, Section, Words, beside, section
from lookalike.reporting.figures import photographs as drawings
from lookalike.reporting.forms import amounts, count, percent, shares, significant, text
from lookalike.reporting.tables import Column, named_rows, tabulate

AUROC = (
    Column("variant", "variant", text),
    Column("photographs from test images, by distance", "from_test_images", amounts, "high"),
    Column("right from wrong, by confidence", "right_from_wrong.confidence", amounts, "high"),
    Column("right from wrong, by distance", "right_from_wrong.distance", amounts, "high"),
    Column("of the classes from of none, by confidence", "from_none_of_the_classes.confidence", amounts, "high"),
    Column("of the classes from of none, by distance", "from_none_of_the_classes.distance", amounts, "high"),
)
QUANTILES = (
    Column("variant", "variant", text),
    Column("distance from", "low", significant),
    Column("to", "high", significant),
    Column("photographs", "count", count),
    Column("accuracy, %", "accuracy", shares, "high"),
)
COVERAGES = (
    Column("variant", "variant", text),
    Column("kept by", "by", text),
    Column("share kept, %", "coverage", percent),
    Column("accuracy among these, %", "accuracy", percent, "high"),
)
INDEPENDENT = "The intervals take photographs as independent, also those of one sender, so they are too narrow."
EVERY_TENTH = tuple(k / 10 for k in range(1, 11))


def trust_section(study: StudyResults) -> Section | None:
    """How far photographs are from the training images, and selective prediction; None if no variant has learnt."""
    recipe, distance = study.recipe, study.measurements.photos["distance"]
    chosen = {name: distance[name][recipe] for name in finding_variants(study, distance)}
    if not chosen:
        return None
    pictures = beside(selective_illustration(study, chosen), distance_illustration(study, chosen))
    return section(f"{study.name}-sureness", "Selective prediction on photographs", pictures)


def distance_illustration(study: StudyResults, chosen: Mapping[str, Json]) -> Illustration | None:
    """Accuracy by the distance of photographs from the training images."""
    quantiles = {name: one["quantiles"] for name, one in chosen.items()}
    areas = {name: one["right_from_wrong"]["distance"] for name, one in chosen.items()}
    words = Words(
        finding=distance_sentence(areas),
        how="Left: the photographs nearest to the training images. Where accuracy falls to the right, distance warns "
        "of mistakes. AUROC: how well the distance separates wrong predictions from right ones; 0.5 is chance.",
        alt="Accuracy on photographs by distance from the training images, a panel per variant",
        method="Distance of a photograph's features to the tenth nearest of validation images; fifths of the "
        "photographs, first seed.",
    )
    auroc = {name: area and area["value"] for name, area in areas.items()}
    fifths = [row | {"variant": name} for name, rows in quantiles.items() for row in rows]
    return study.drawn_figure(
        drawings.distance_figure(quantiles, auroc, looks=study.looks),
        "photo-distance",
        words,
        chosen,
        tabulate("Accuracy by distance", QUANTILES, fifths, INDEPENDENT),
        tabulate(
            "AUROC on photographs", AUROC, named_rows(chosen), f"0.5 is chance, 1 a perfect separation. {INDEPENDENT}"
        ),
    )


def distance_sentence(areas: Mapping[str, Json | None]) -> str:
    """How well the distance separates right from wrong predictions."""
    known = {name: amounts(area) for name, area in areas.items() if area is not None}
    if not known:
        return "Whether distance from the training images warns of mistakes is not known."
    return (
        "By a photograph's distance from the training images wrong predictions are separated from right ones with an "
        f"AUROC of {listed_by_variant(known)}; 0.5 is chance."
    )


def selective_illustration(study: StudyResults, chosen: Mapping[str, Json]) -> Illustration | None:
    """Accuracy among the photographs that a variant keeps."""
    words = Words(
        finding=selective_sentence(chosen),
        how="From right to left more and more photographs are set aside. A curve that rises to the left means that the "
        "model can set aside those that it would get wrong.",
        alt="Accuracy against coverage for each variant, by confidence and by distance",
        method="First seed.",
    )
    figure = drawings.abstention_figure({name: one["abstention"] for name, one in chosen.items()}, looks=study.looks)
    numbers = tabulate("Accuracy by coverage", COVERAGES, coverage_rows(chosen), "Every tenth of the curve.")
    return study.drawn_figure(figure, "photo-abstention", words, chosen, numbers)


def selective_sentence(chosen: Mapping[str, Json]) -> str:
    """The accuracy among the half of the photographs with the highest confidence, and among all, by variant."""
    said = {}
    for name, one in chosen.items():
        curve = rows_of_columns(one["abstention"]["confidence"])
        half, all_of_them = (100 * nearest_point(curve, share)["accuracy"] for share in (0.5, 1))
        said[name] = f"{half:.0f} % (of all: {all_of_them:.0f} %)"
    return f"Among the half of the photographs on which it is most confident {accuracy_clause(said)}."


def coverage_rows(chosen: Mapping[str, Json]) -> list[Json]:
    """The curves of accuracy by coverage at every tenth."""
    return [
        {"variant": name, "by": by, **nearest_point(rows_of_columns(curve), wanted)}
        for name, one in chosen.items()
        for by, curve in one["abstention"].items()
        for wanted in EVERY_TENTH
    ]


def nearest_point(curve: Sequence[Any], coverage: float) -> Any:
    """The point of a curve whose coverage is nearest to the one wanted."""
    return min(curve, key=lambda point: abs(point["coverage"] - coverage))
