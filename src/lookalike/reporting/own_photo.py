"""What the models predict for a user's own pictures: a self-contained page, and lines to be printed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.folders import write_bytes, write_text
from lookalike.artifacts.photo_model import Measured
from lookalike.params import Params
from lookalike.photographs.energy import Energy
from lookalike.photographs.own_photo import AnsweredPhotos, OwnPhoto, PhotoAnswers
from lookalike.photographs.recipes import EDGE, final_image
from lookalike.photographs.requested_pictures import RequestedPictures
from lookalike.photographs.trained_models import TrainedModel, photographed_dataset
from lookalike.reporting.document import data_uri
from lookalike.reporting.figures.contact_sheets import HEAT, png, strip
from lookalike.reporting.own_photo_answer import (
    ShortAnswer,
    expected_accuracy,
    short_answers,
    usual_energies,
    way_of,
)
from lookalike.reporting.own_photo_maps import MapArtist, PngPicture, ScoredMap, WholeMapArtist, WholeMaps
from lookalike.reporting.photo_accuracy import ADVICE_ALT, PhotoAccuracies, advice_webp, read_accuracies
from lookalike.reporting.report import render

if TYPE_CHECKING:  # pictures are drawn without torch
    from lookalike.explain.own_photo import Explanations

NOTHING_ELSE = RequestedPictures([], {}, "")  # was asked for


@dataclass(frozen=True)
class RecipeResult:
    """One picture by one recipe: its steps, the result as it is and as a heat map, and what the models say of it.

    `recipe` may be one of the ways `READY`. `maps` of the predicted class and `contrasts`, of one look-alike against
    the other, are by variant, of those variants whose maps have a score; `energies` of those that were evaluated.
    """

    recipe: str
    steps: PngPicture
    result: PngPicture
    heat: PngPicture
    answers: PhotoAnswers
    energies: dict[str, Energy]
    maps: dict[str, ScoredMap]
    contrasts: dict[str, ScoredMap]

    @property
    def way(self) -> str:
        """How the picture was prepared, in words."""
        return way_of(self.recipe)

    def energy_of(self, variant: str) -> str:
        """The energy by a variant that was evaluated, in words."""
        one = self.energies[variant]
        return f"Energy {one.value:.2f}; {usual_energies([one])}."


@dataclass(frozen=True)
class PhotoResult:
    """One picture, what is to be known of it, the recipes that could use it, and why others could not, by recipe.

    `answer` is the short answer; `ready` marks a picture in the models' format, which is no photograph. `whole` are the
    photograph model's maps; None means that it was not asked, or that its maps have no score.
    """

    name: str
    answer: ShortAnswer
    note: str
    ready: bool
    attempts: list[RecipeResult]
    refused: dict[str, str]
    whole: WholeMaps | None = None

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
        accuracies: of the released models on photographs; None if they were not asked.
        profile: name of the profile; `demonstration` marks the models as showing nothing about real photographs.
        dataset: the one whose models are asked.
        models: of the study.
        method: by which the maps are made.
        left_out: why pictures or maps are left out, a line each.
        unusable: see `RequestedPictures`.
    """

    expected: Measured | None
    accuracies: PhotoAccuracies | None
    profile: str
    demonstration: bool
    dataset: str
    class_names: tuple[str, ...]
    models: list[TrainedModel]
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

    @property
    def has_energies(self) -> bool:
        """Whether any model was evaluated."""
        return any(one.energies for one in self.attempts)

    def best(self, probabilities: NDArray[np.float64]) -> tuple[str, float]:
        """The most probable class and its probability."""
        return self.class_names[probabilities.argmax()], float(probabilities.max())


def build_page(
    answered: AnsweredPhotos, explanations: "Explanations", params: Params, wanted: RequestedPictures = NOTHING_ELSE
) -> OwnPhotoPage:
    """Draw every step of the `answered` photos with their maps, and gather what is known of the models."""
    pictures, short = [], short_answers(answered, params)
    artist = MapArtist(answered.class_names, explanations)
    whole_artist = WholeMapArtist.of(answered, params)
    for trial, maps, contrasts, answer in zip(
        answered.photos, explanations.maps, explanations.contrasts, short, strict=True
    ):
        attempts = [
            recipe_result(
                trial,
                recipe,
                artist.predicted_class_maps(trial, recipe, maps[recipe]),
                artist.contrast_maps(trial, recipe, contrasts[recipe]),
            )
            for recipe in trial.stages
        ]
        whole = whole_artist.draw(trial) if whole_artist else None
        pictures.append(PhotoResult(trial.name, answer, trial.note, trial.ready, attempts, trial.refused, whole))
    missing = [f"maps: none, {path} is not there; run `dvc repro`" for path in explanations.missing]
    return OwnPhotoPage(
        expected=None if answered.about is None else answered.about.measured,
        accuracies=None if answered.about is None else read_accuracies(),
        profile=params.profile,
        demonstration=answered.about is None and params.active.demonstration,
        dataset=photographed_dataset(params),
        class_names=answered.class_names,
        models=answered.models,
        pictures=pictures,
        method=explanations.method,
        left_out=[wanted.left_out] * bool(wanted.left_out) + missing,
        unusable=wanted.unusable,
    )


def recipe_result(
    trial: OwnPhoto, recipe: str, maps: dict[str, ScoredMap], contrasts: dict[str, ScoredMap]
) -> RecipeResult:
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
    answers, energies = trial.answers[recipe], trial.energies[recipe]
    return RecipeResult(recipe, **pictures, answers=answers, energies=energies, maps=maps, contrasts=contrasts)


def to_html(page: OwnPhotoPage) -> str:
    """The page, with all that it shows inside."""
    return render("try.html", report=page, advice=data_uri(advice_webp()), advice_alt=ADVICE_ALT)


def write_page(page: OwnPhotoPage, html: Path, figure: Path | None) -> tuple[list[str], str]:
    """Write the page, and all of it as one figure if a file is named, for which matplotlib is imported.

    Returns:
        The lines to be printed about the page, and the files that were written, in words.
    """
    write_text(html, to_html(page))
    if figure is None:
        lines = [line for one in page.pictures for line in [*one.answer.lines, *one.remarks]]
        return [*page.warning, *lines, *page.accuracy, *page.left_out], str(html)
    from lookalike.reporting.figures.rendering import to_png
    from lookalike.reporting.own_photo_figure import to_figure

    write_bytes(figure, to_png(to_figure(page)))
    return summary_lines(page), f"{html} and {figure}"


def summary_lines(page: OwnPhotoPage) -> list[str]:
    """What is printed of every recipe: predictions and energies, a line for each picture and model, and what is left
    out.
    """
    lines = page.warning
    for picture in page.pictures:
        lines += [*picture.answer.lines[:1], *(f"  {note}" for note in picture.answer.notes)]
        for model in page.models:
            answers = {one.recipe: page.best(one.answers[model.variant]) for one in picture.attempts}
            said = ", ".join(f"{recipe} {name} {share:.0%}" for recipe, (name, share) in answers.items())
            lines.append(f"{picture.name}: {model.variant}: {said}")
            lines += [f"{picture.name}: {model.variant}: {line}" for line in energy_line(picture, model.variant)]
        lines += picture.remarks
    return [*lines, *page.accuracy, *page.left_out]


def energy_line(picture: PhotoResult, variant: str) -> list[str]:
    """A line with the energies of the picture by every recipe, if the variant was evaluated."""
    energies = {one.recipe: one.energies[variant] for one in picture.attempts if variant in one.energies}
    if not energies:
        return []
    values = ", ".join(f"{recipe} {energy.value:.2f}" for recipe, energy in energies.items())
    usual = usual_energies([next(iter(energies.values()))])
    return [f"energy: {values}; {usual}"]
