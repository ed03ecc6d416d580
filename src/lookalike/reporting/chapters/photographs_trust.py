"""Whether it can be foreseen which photographs a model gets wrong: by their distance, and by the model's confidence."""

from collections.abc import Mapping, Sequence
from typing import Any

from lookalike.reporting.chapters.found import Found, rows_of
from lookalike.reporting.chapters.sentences import listed, right_in, subjects
from lookalike.reporting.document import (
    Beside,
    Column,
    Illustration,
    Json,
    Section,
    Words,
    amounts,
    count,
    percent,
    section,
    shares,
    significant,
    tabulate,
    text,
)
from lookalike.reporting.figures import photographs as drawings

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


def trusted(found: Found) -> Section | None:
    """How far photographs are from the training images, and selective prediction; None if no variant has learnt."""
    recipe, distance = found.figures.photos["chosen"]["recipe"], found.figures.photos["distance"]
    chosen = {name: distance[name][recipe] for name in subjects(found, distance)}
    if not chosen:
        return None
    pictures = tuple(picture for picture in (selective(found, chosen), far(found, chosen)) if picture)
    return section(f"{found.study}-sureness", "Selective prediction on photographs", Beside(pictures))


def far(found: Found, chosen: Mapping[str, Json]) -> Illustration | None:
    """Accuracy by the distance of photographs from the training images."""
    quantiles = {name: one["quantiles"] for name, one in chosen.items()}
    areas = {name: one["right_from_wrong"]["distance"] for name, one in chosen.items()}
    words = Words(
        finding=said_distance(areas),
        how="Left: the photographs nearest to the training images. Where accuracy falls to the right, distance warns "
        "of mistakes. AUROC: how well the distance separates wrong predictions from right ones; 0.5 is chance.",
        alt="Accuracy on photographs by distance from the training images, a panel per variant",
        method="Distance of a photograph's features to the tenth nearest of validation images; fifths of the "
        "photographs, first seed.",
    )
    auroc = {name: area and area["value"] for name, area in areas.items()}
    rows = [one | {"variant": name} for name, one in chosen.items()]
    return found.drawn(
        drawings.distance_figure(quantiles, auroc, looks=found.looks),
        "photo-distance",
        words,
        list(chosen),
        tabulate("Accuracy by distance", QUANTILES, rows_by_variant(quantiles), INDEPENDENT),
        tabulate("AUROC on photographs", AUROC, rows, f"0.5 is chance, 1 a perfect separation. {INDEPENDENT}"),
    )


def said_distance(areas: Mapping[str, Json | None]) -> str:
    """How well the distance separates right from wrong predictions."""
    known = [f"{amounts(area)} for {name}" for name, area in areas.items() if area is not None]
    if not known:
        return "Whether distance from the training images warns of mistakes is not known."
    return (
        "By a photograph's distance from the training images wrong predictions are separated from right ones with an "
        f"AUROC of {listed(known)}; 0.5 is chance."
    )


def selective(found: Found, chosen: Mapping[str, Json]) -> Illustration | None:
    """Accuracy among the photographs that a variant keeps."""
    words = Words(
        finding=said_selective(chosen),
        how="From right to left more and more photographs are set aside. A curve that rises to the left means that the "
        "model can set aside those that it would get wrong.",
        alt="Accuracy against coverage for each variant, by confidence and by distance",
        method="First seed.",
    )
    figure = drawings.abstention_figure({name: one["abstention"] for name, one in chosen.items()}, looks=found.looks)
    numbers = tabulate("Accuracy by coverage", COVERAGES, kept(chosen), "Every tenth of the curve.")
    return found.drawn(figure, "photo-abstention", words, list(chosen), numbers)


def said_selective(chosen: Mapping[str, Json]) -> str:
    """What variants gain by keeping the half of which they are most confident."""
    said = {}
    for name, one in chosen.items():
        curve = rows_of(one["abstention"]["confidence"])
        half, all_of_them = (100 * nearest(curve, share)["accuracy"] for share in (0.5, 1))
        said[name] = f"{half:.0f} % (of all: {all_of_them:.0f} %)"
    return f"Among the half of the photographs on which it is most confident {right_in(said)}."


def rows_by_variant(rows: Mapping[str, list[Json]]) -> list[Json]:
    """Rows of each variant that know whose they are."""
    return [row | {"variant": name} for name, some in rows.items() for row in some]


def kept(chosen: Mapping[str, Json]) -> list[Json]:
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
