"""What the models predict for a user's own pictures: a self-contained page, and lines to be printed."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.folders import write_bytes, write_text
from lookalike.params import Params
from lookalike.photographs.own_photo import OwnPhoto, PhotoAnswers
from lookalike.photographs.photo_model import About, Measured
from lookalike.photographs.recipes import EDGE, final_image
from lookalike.photographs.requested_pictures import RequestedPictures
from lookalike.photographs.trained_models import TrainedModel
from lookalike.reporting.document import data_uri
from lookalike.reporting.explained import SIGNED, gain_note
from lookalike.reporting.figures.contact_sheets import HEAT, png, strip
from lookalike.reporting.figures.maps import is_blank, overlay
from lookalike.reporting.own_photo_answer import ShortAnswer, expected_accuracy, short_answers, way_of
from lookalike.reporting.report import render

if TYPE_CHECKING:  # pictures are drawn without torch
    from lookalike.explain.own_photo import Explanations, Maps

SIDE = 6 * EDGE  # pixels of a map over the picture that the models see


@dataclass(frozen=True)
class PngPicture:
    """A picture: PNG bytes, a caption, and an alternative text."""

    png: bytes
    caption: str
    alt: str

    @property
    def data_uri(self) -> str:
        """The picture as an address that holds it."""
        return data_uri(self.png, "png")

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The pixels (H, W, 3)."""
        return np.asarray(Image.open(io.BytesIO(self.png)).convert("RGB"))


@dataclass(frozen=True)
class ScoredMap:
    """The map of what a model takes a picture for, over that picture: (SIDE, SIDE) pixels.

    Attributes:
        blank: whether the map says nothing; the picture is then without colours.
        score: how faithful such maps of the model are, and what maps reach that know nothing of it, a line each.
    """

    picture: PngPicture
    blank: bool
    score: str


@dataclass(frozen=True)
class RecipeResult:
    """One picture by one recipe: its steps, the result as it is and as a heat map, and what the models say of it.

    `recipe` may be one of the ways `READY`. `maps` are by variant, of those variants whose maps have a score.
    """

    recipe: str
    steps: PngPicture
    result: PngPicture
    heat: PngPicture
    answers: PhotoAnswers
    maps: dict[str, ScoredMap]

    @property
    def way(self) -> str:
        """How the picture was prepared, in words."""
        return way_of(self.recipe)


@dataclass(frozen=True)
class PhotoResult:
    """One picture, what is to be known of it, the recipes that could use it, and why others could not, by recipe.

    `answer` is the short answer.
    """

    name: str
    answer: ShortAnswer
    note: str
    attempts: list[RecipeResult]
    refused: dict[str, str]

    @property
    def remarks(self) -> list[str]:
        """What else is to be known of the picture, a line each."""
        refused = [f"{self.name}: without recipe {recipe}: {reason}" for recipe, reason in self.refused.items()]
        return [f"{self.name}: {self.note}"] * bool(self.note) + refused


@dataclass(frozen=True)
class OwnPhotoPage:
    """All that the page says.

    Attributes:
        expected: the measured accuracy of the model for photographs; None means that the models were trained here.
        profile: name of the profile; `demonstration` marks the models as showing nothing about real photographs.
        dataset: the one whose models are asked.
        models: a row each: variant, architecture, seed, training images, epochs, validation accuracy.
        method: by which the maps are made.
        left_out: why pictures or maps are left out, a line each.
        unusable: see `RequestedPictures`.
    """

    expected: Measured | None
    profile: str
    demonstration: bool
    dataset: str
    class_names: tuple[str, ...]
    models: list[dict[str, Any]]
    pictures: list[PhotoResult]
    method: str
    left_out: list[str]
    unusable: dict[str, str]

    @property
    def accuracy(self) -> list[str]:
        """A line with the accuracy that is to be expected, if it was measured."""
        return [] if self.expected is None else [expected_accuracy(self.expected)]

    @property
    def warning(self) -> list[str]:
        """A line that says so if the models are a demonstration's."""
        line = f"Profile {self.profile}: models trained on drawings, which say nothing about real photographs."
        return [line] * self.demonstration

    @property
    def attempts(self) -> list[RecipeResult]:
        """Those of all pictures."""
        return [one for picture in self.pictures for one in picture.attempts]

    @property
    def has_maps(self) -> bool:
        """Whether any model has maps."""
        return any(one.maps for one in self.attempts)

    def best(self, probabilities: NDArray[np.float64]) -> tuple[str, float]:
        """The most probable class and its probability."""
        return self.class_names[probabilities.argmax()], float(probabilities.max())


def build_page(
    trials: Sequence[OwnPhoto],
    models: Sequence[TrainedModel],
    explanations: "Explanations",
    params: Params,
    wanted: RequestedPictures,
    photo_model: About | None = None,
) -> OwnPhotoPage:
    """Draw every step of the judged `trials` with their maps, and gather what is known of the models.

    `photo_model` is what is known of the model for photographs; None means that the models are not the released ones.
    """
    pictures, short = [], short_answers(trials, models, params, photo_model)
    for trial, maps, answer in zip(trials, explanations.maps, short, strict=True):
        attempts = [
            recipe_result(trial, recipe, scored_maps(trial, recipe, maps, explanations)) for recipe in trial.stages
        ]
        pictures.append(PhotoResult(trial.name, answer, trial.note, attempts, trial.refused))
    rows = [
        {
            "variant": model.variant,
            "architecture": model.description.model,
            "seed": model.seed,
            "train_images": model.description.train_images,
            "epochs": next(one.epochs for one in model.description.seeds if one.seed == model.seed),
            "valid_accuracy": model.valid_accuracy,
        }
        for model in models
    ]
    missing = [f"maps: none, {path} is not there; run `dvc repro`" for path in explanations.missing]
    return OwnPhotoPage(
        expected=None if photo_model is None else photo_model.measured,
        profile=params.profile,
        demonstration=photo_model is None and params.active.demonstration,
        dataset=params.variants[models[0].variant].dataset,
        class_names=models[0].description.class_names,
        models=rows,
        pictures=pictures,
        method=explanations.method,
        left_out=[wanted.left_out] * bool(wanted.left_out) + missing,
        unusable=wanted.unusable,
    )


def recipe_result(trial: OwnPhoto, recipe: str, maps: dict[str, ScoredMap]) -> RecipeResult:
    """One picture by one recipe, drawn; the small pictures have a pixel a pixel, and the page enlarges them."""
    stages = trial.stages[recipe]
    grey, steps = final_image(stages[-1][1]), [step for step, _ in stages]
    tint = " Blue: what the mask has taken away." if "mask" in steps else ""
    drawn = {
        "steps": (strip(stages), f"After each step.{tint}", f"after each step: {', '.join(steps)}"),
        "result": (png(Image.fromarray(grey)), "What the models see.", f"as models see it, {EDGE} by {EDGE} pixels"),
        "heat": (png(Image.fromarray(HEAT[grey])), "The same: 0 is black, 255 pale yellow.", "as a heat map"),
    }
    pictures = {
        kind: PngPicture(picture, caption, f"{trial.name} by {way_of(recipe)} {alt}")
        for kind, (picture, caption, alt) in drawn.items()
    }
    return RecipeResult(recipe, **pictures, answers=trial.answers[recipe], maps=maps)


def scored_maps(
    trial: OwnPhoto, recipe: str, maps: Mapping[str, "Maps"], explanations: "Explanations"
) -> dict[str, ScoredMap]:
    """Of the maps of one picture, by recipe and variant, those of one recipe over what the models see."""
    image, method = final_image(trial.stages[recipe][-1][1]), explanations.method
    drawn = {}
    for variant, values in maps[recipe].items():
        blank, score = is_blank(values), gain_note(explanations.scores[variant], method)
        gain, *controls = score.split("\n")
        flag = "Blank: " if blank else ""
        caption = f"{flag}{method} of the predicted class; {gain} on test images ({', '.join(controls)})."
        alt = f"{flag}map of {variant} over {trial.name} by {way_of(recipe)}"
        pixels = png(Image.fromarray(overlay(image, values, SIDE, signed=method in SIGNED)))
        drawn[variant] = ScoredMap(PngPicture(pixels, caption, alt), blank, score)
    return drawn


def to_html(page: OwnPhotoPage) -> str:
    """The page, with all that it shows inside."""
    return render("try.html", report=page)


@dataclass(frozen=True)
class WrittenPage:
    """What is printed about a page, and the files that were written, in words."""

    lines: list[str]
    files: str


def write_page(page: OwnPhotoPage, html: Path, figure: Path | None) -> WrittenPage:
    """Write the page, and all of it as one figure if a file is named, for which matplotlib is imported."""
    write_text(html, to_html(page))
    if figure is None:
        lines = [line for one in page.pictures for line in [*one.answer.lines, *one.remarks]]
        return WrittenPage([*page.warning, *lines, *page.accuracy, *page.left_out], str(html))
    from lookalike.reporting.figures.rendering import to_png
    from lookalike.reporting.own_photo_figure import to_figure

    write_bytes(figure, to_png(to_figure(page)))
    return WrittenPage(summary_lines(page), f"{html} and {figure}")


def summary_lines(page: OwnPhotoPage) -> list[str]:
    """A line for each picture and model with its prediction by every recipe, and one for each recipe left out."""
    lines = page.warning
    for picture in page.pictures:
        lines += [*picture.answer.lines[:1], *picture.answer.notes]
        for row in page.models:
            answers = {one.recipe: page.best(one.answers[row["variant"]]) for one in picture.attempts}
            said = ", ".join(f"{recipe} {name} {share:.0%}" for recipe, (name, share) in answers.items())
            lines.append(f"{picture.name}: {row['variant']}: {said}")
        lines += picture.remarks
    return [*lines, *page.accuracy, *page.left_out]
