"""The report's chapters on look-alike classes and on photographs: from what a study's evaluation wrote."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from lookalike.artifacts.photos import load_refused
from lookalike.params import Variant
from lookalike.reporting import comparisons, photographs
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.report import Chapter, Illustration
from lookalike.reporting.style import to_png

Json = dict[str, Any]
Drawing = tuple[Figure | None, str, str]  # a figure (None: nothing to draw), its caption and its alt text

DRAWN_IN = {"cases": "explanations/{study}/figures", "divergence": "evaluations/{study}/pairs"}
DRAWN_FOR_A_PAIR = {
    "cases": (
        "Test images picked by rule for {first} and {second}: of those on which both predict the same class, wrong or "
        "right, the ones whose distributions differ most; and the most different of those that only one gets right. "
        "Beside each model's probabilities stands its map for the class that it predicts, with the gain of such maps.",
        "Test images beside the ten probabilities that {first} and {second} give them",
    ),
    "divergence": (
        "How different the distributions of {first} and {second} are where both predict the same class: 0 bits are the "
        "same distribution, 1 bit two that share nothing. Temperature scaling takes away what is only sharpness.",
        "Cumulative distribution of the Jensen-Shannon divergence between {first} and {second}, before and after "
        "temperature scaling",
    ),
}


def look_alike_chapter(
    study: str, found: Json, settings: Mapping[str, Variant], standings: Sequence[Standing], root: Path
) -> Chapter:
    """Tables and figures of `look_alikes.json`; `settings` by variant."""
    variants = found["variants"]
    figures = {
        "errors": (
            comparisons.errors_figure(variants),
            "Left: how often a variant is wrong within the look-alike group and across groups (95 % intervals). Right: "
            "how severe its mistakes are in the mean, and of how many mistakes this is the mean: a model that makes "
            "more of the easy mistakes looks milder.",
            "Error rates within and across groups, and mistake severity, by variant",
        ),
        "shares": (
            comparisons.shares_figure(variants),
            "Where the probability goes: to the true class, to its look-alikes, outside the group. Above over the test "
            "images that the variant gets right, below over those that it gets wrong.",
            "Stacked bars of the probability given to the true class, its look-alikes and other groups, by variant",
        ),
        "pairs": (
            comparisons.pair_figure(found["pairs"]) if found["pairs"] else None,
            "First minus second variant, with 95 % intervals of the bootstrap over test images. The differences of "
            "probability are over images on which both predict the same class.",
            "Forest plot of the differences between pairs of variants",
        ),
        "sizes": (
            drawn_sizes(families(variants, settings, standings)),
            "Accuracy and group accuracy by the number of training images, a line an architecture (95 % intervals over "
            "test images).",
            "Accuracy against the number of training images for both architectures",
        ),
    }
    pictures = {
        name: Illustration(f"{study}-{name}", to_png(drawn), caption, alt)
        for name, (drawn, caption, alt) in figures.items()
        if drawn is not None
    }
    for pair in found["pairs"]:
        names = {"first": pair["first"], "second": pair["second"]}
        folder = f"{pair['first']}--{pair['second']}"
        for kind, (caption, alt) in DRAWN_FOR_A_PAIR.items():
            name = f"{folder}-{kind}"
            path = root / DRAWN_IN[kind].format(study=study) / folder / f"{kind}.png"
            if path.exists():  # else there was no image to draw
                pictures[name] = Illustration(name, path.read_bytes(), caption.format(**names), alt.format(**names))
    return Chapter(found, pictures)


def families(variants: Json, settings: Mapping[str, Variant], standings: Sequence[Standing]) -> dict[str, list[Json]]:
    """Variants that differ in the number of training images alone, under the name of the one with the most."""
    alike: dict[str, list[Standing]] = {}
    for standing in standings:
        if standing.variant in variants:
            rest = settings[standing.variant].model_dump(exclude={"cost": True, "train": {"epochs", "fraction"}})
            alike.setdefault(json.dumps(rest, sort_keys=True), []).append(standing)
    sized = [members for members in alike.values() if len({member.train_images for member in members}) > 1]
    return {
        max(members, key=lambda member: member.train_images).variant: [
            {
                "train_images": member.train_images,
                "accuracy": on_test_images(member),
                "group_accuracy": variants[member.variant]["group_accuracy"],
            }
            for member in members
        ]
        for members in sized
    }


def on_test_images(standing: Standing) -> dict[str, float | None] | None:
    """A variant's accuracy on the test images with its interval; None if every seed diverged."""
    if standing.accuracy is None:
        return None
    return {"value": standing.accuracy, "low": standing.accuracy_low, "high": standing.accuracy_high}


def drawn_sizes(standings: dict[str, list[Json]]) -> Figure | None:
    """The figure of accuracy by training images; None if no variants differ in them alone."""
    return comparisons.data_size_figure(standings) if standings else None


def photo_chapter(study: str, found: Json, standings: Sequence[Standing], root: Path) -> Chapter:
    """Tables and figures of `photos.json`."""
    pictures = {
        name: Illustration(f"{study}-{name}", to_png(figure), caption, alt)
        for name, (figure, caption, alt) in {**how_right(found, standings), **how_sure(found)}.items()
        if figure is not None
    }
    refused = load_refused(root / "photos")
    return Chapter(found | {"refused": refused}, pictures | sample_sheets(study, root / "photos" / "samples"))


def how_right(found: Json, standings: Sequence[Standing]) -> dict[str, Drawing]:
    """Accuracy on photographs by recipe, by class, and with steps left out."""
    figures, chosen = found["figures"], found["chosen"]["recipe"]
    test = {row.variant: on_test_images(row) for row in standings}
    table = {
        name: {"test": test[name], "recipes": {recipe: one["all"]["accuracy"] for recipe, one in recipes.items()}}
        for name, recipes in figures.items()
    }
    return {
        "photo-accuracy": (
            photographs.accuracy_figure(table),
            "Accuracy on all labelled photographs by recipe (95 % intervals over photographs), beside the accuracy on "
            "the test set.",
            "Accuracy of every variant on photographs, a panel a recipe, with its accuracy on the test set",
        ),
        "photo-classes": (
            photographs.classes_figure({name: recipes[chosen]["classes"] for name, recipes in figures.items()}),
            f"Accuracy on the photographs of each class, recipe {chosen}.",
            "Heat map of the accuracy on photographs by class and variant",
        ),
        "photo-ablation": (
            photographs.ablation_figure(by_recipe(found["ablations"])) if found["ablations"] else None,
            "What leaving out one step of a recipe (or exchanging its sampling) does to the accuracy on photographs: "
            "left of zero the step helps. First seed, 95 % intervals of the paired bootstrap over photographs.",
            "Forest plot of the change of accuracy when a step of a recipe is left out",
        ),
    }


def how_sure(found: Json) -> dict[str, Drawing]:
    """Accuracy by distance and by coverage, and which class absorbs what was spoiled."""
    figures, chosen = found["figures"], found["chosen"]["recipe"]
    absorber = found["absorption"]["absorber"]
    return {
        "photo-distance": (
            photographs.distance_figure(*distances(found["distance"], chosen)),
            "Accuracy by how far a photograph lies from the training images (distance of its features to the tenth "
            f"nearest of validation images; fifths of the photographs, first seed, recipe {chosen}). AUROC: how well "
            "the distance tells wrong predictions from right ones; .5 is chance.",
            "Accuracy on photographs by distance from the training images, a panel a variant",
        ),
        "photo-abstention": (
            photographs.abstention_figure({name: one[chosen]["abstention"] for name, one in found["distance"].items()}),
            f"What silence gains: accuracy among the photographs that a variant keeps (first seed, recipe {chosen}).",
            "Accuracy against coverage for each variant, by confidence and by distance",
        ),
        "photo-absorption": (
            drawn_absorption(figures, found["absorption"]),
            f"Left: share of the labelled photographs that are taken for a {absorber}. Right: the same for test "
            "images of the other classes, spoiled on purpose. ground: the background lifted; negative: the "
            "garment's tones inverted; turn: rotated by up to 180 degrees; smear: blurred; fill: holes and gaps of its "
            f"bounding box filled. Where a line rises, that is the damage which makes a {absorber}.",
            f"Share predicted as {absorber} on photographs by recipe and on test images by strength of spoiling",
        ),
    }


def sample_sheets(study: str, folder: Path) -> dict[str, Illustration]:
    """The contact sheets of a few photographs, one a recipe."""
    pictures = {}
    for path in sorted(folder.glob("*.png")):
        caption = (
            f"Ten photographs through every step of the recipe {path.stem}. Blue: what the mask takes for ground. The "
            "whole set stands in photos/sheets/."
        )
        alt = f"Contact sheet: photographs after each step of the recipe {path.stem} and as a heat map"
        pictures[f"samples-{path.stem}"] = Illustration(f"{study}-photos-{path.stem}", path.read_bytes(), caption, alt)
    return pictures


def by_recipe(ablations: Json) -> dict[str, list[Json]]:
    """Entries of all probed variants under their recipe."""
    found: dict[str, list[Json]] = {}
    for variant, rows in ablations.items():
        for row in rows:
            found.setdefault(row["recipe"], []).append(row | {"variant": variant})
    return found


def distances(found: Json, recipe: str) -> tuple[dict[str, list[Json]], dict[str, float | None]]:
    """Quantiles by ascending distance, and how well the distance tells wrong from right, by variant."""
    bins, areas = {}, {}
    for variant, recipes in found.items():
        bins[variant] = recipes[recipe]["quantiles"]
        area = recipes[recipe]["right_from_wrong"]["distance"]
        areas[variant] = area and area["value"]
    return bins, areas


def drawn_absorption(figures: Json, absorption: Json) -> Figure | None:
    """The figure of what is taken for the absorber; None if no variant was probed."""
    if not absorption["ways"]:
        return None
    return photographs.absorption_figure(*absorbed(figures, absorption), absorber=absorption["absorber"])


def absorbed(figures: Json, absorption: Json) -> tuple[Json, Json]:
    """What is taken for the absorber: on photographs by recipe and variant, and on test images by way of spoiling."""
    recipes, ways, absorber = next(iter(figures.values())), absorption["ways"], absorption["absorber"]
    probed: Json = next(iter(ways.values()), {})
    on_photos = {recipe: {name: figures[name][recipe]["predicted"][absorber] for name in probed} for recipe in recipes}
    on_test = {way: {"strength": absorption["strengths"], **shares} for way, shares in ways.items()}
    return on_photos, on_test
