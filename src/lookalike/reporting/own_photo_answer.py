"""The short answer about a user's own photo: a sentence, a table of the likeliest classes, and how far to trust it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.photo_model import About, Measured
from lookalike.params import Params
from lookalike.photographs.energy import Energy
from lookalike.photographs.own_photo import READY, AnsweredPhotos, OwnPhoto
from lookalike.photographs.trained_models import look_alike_groups

PHOTO_MODEL = "the photograph model"
NAMES = {"fashion-cnn": "the CNN", "fashion-vit": "the ViT"}
LIKELIEST = 3  # classes that a row shows
NAMED = 3  # models that the sentence names


@dataclass(frozen=True)
class ModelAnswer:
    """What one model answers.

    Attributes:
        model: its name in a sentence.
        input: what it was shown.
        probabilities: by class, in [0, 1].
        energy: whether what it was shown is like its training images; None means that this was not measured.
    """

    model: str
    input: str
    probabilities: dict[str, float]
    energy: Energy | None = None

    @property
    def likeliest(self) -> list[tuple[str, float]]:
        """The most probable classes with their probabilities."""
        return sorted(self.probabilities.items(), key=lambda item: -item[1])[:LIKELIEST]


@dataclass(frozen=True)
class ShortAnswer:
    """The answer about one picture.

    Attributes:
        sentence: what the models say, the most accurate one first.
        rows: the models' answers, of each of the study's models for the best way of preparation.
        trust: whether the picture is like those that the model for photographs knows; "" if that was not asked.
        unlike: for which other models of the sentence it is unlike their training images; "" if for none.
    """

    picture: str
    sentence: str
    rows: list[ModelAnswer]
    trust: str
    unlike: str

    @property
    def lines(self) -> list[str]:
        """The answer as text for a terminal."""
        cells = [
            [row.model, row.input, *(f"{name} {percent(share)}" for name, share in row.likeliest)] for row in self.rows
        ]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        below = (f"  {line}".rstrip() for line in [*table, *self.notes])
        return [f"{self.picture}: {self.sentence}", *below]

    @property
    def notes(self) -> list[str]:
        """What follows the table, a line each."""
        return [note for note in (self.trust, self.unlike) if note]


def way_of(recipe: str) -> str:
    """A recipe, or one of the ways `READY`, in words."""
    return recipe if recipe in READY else f"recipe {recipe}"


def percent(share: float) -> str:
    """A share in [0, 1] as a whole percentage."""
    return f"{100 * share:.0f} %"


def short_answers(answered: AnsweredPhotos, params: Params) -> list[ShortAnswer]:
    """The short answer about each photo that the models have answered."""
    groups, about = look_alike_groups(params), answered.about
    answers = []
    for photo in answered.photos:
        rows = model_answers(photo, answered.class_names)
        trust = "" if about is None or photo.whole is None else trust_in(photo.whole.distance, about)
        answers.append(ShortAnswer(photo.name, sentence(rows, groups), rows, trust, unlike_training(rows)))
    return answers


def model_answers(photo: OwnPhoto, class_names: Sequence[str]) -> list[ModelAnswer]:
    """What the models answer, the model for photographs first."""

    def by_class(probabilities: NDArray[np.float64]) -> dict[str, float]:
        return {name: float(share) for name, share in zip(class_names, probabilities, strict=True)}

    rows = [] if photo.whole is None else [ModelAnswer(PHOTO_MODEL, "whole photo", by_class(photo.whole.probabilities))]
    for recipe, answers in photo.answers.items():
        scored = photo.energies[recipe]
        rows += [
            ModelAnswer(NAMES.get(name, name), way_of(recipe), by_class(one), scored.get(name))
            for name, one in answers.items()
        ]
    return rows


def sentence(rows: Sequence[ModelAnswer], groups: Sequence[Sequence[str]]) -> str:
    """What each model takes the picture for; `groups` are those of look-alike classes."""
    first, *others = rows
    answer, share = first.likeliest[0]
    parts = [f"{answer}, says {first.model} ({percent(share)})"]
    for row in others[: NAMED - 1]:
        name, share = row.likeliest[0]
        if name == answer:
            parts.append(f"{row.model} agrees ({percent(share)})")
            continue
        alike = any({name, answer} <= set(group) for group in groups)
        parts.append(f"{row.model} says {name} ({percent(share)})" + ", a look-alike" * alike)
    return "; ".join(parts) + "."


def trust_in(distance: float, about: About) -> str:
    """Whether a photo at `distance` is like those that the model for photographs knows."""
    if distance <= about.far:
        return f"Like the labelled photographs: distance {distance:.2f}, and 95 % of them are within {about.far:.2f}."
    return (
        f"Unlike the labelled photographs, so do not trust the answer: distance {distance:.2f}, and 95 % of them are "
        f"within {about.far:.2f}."
    )


def unlike_training(rows: Sequence[ModelAnswer]) -> str:
    """For which of the models that the sentence names the picture is unlike their training images; "" if for none."""
    unlike = [(row.model, row.energy) for row in rows[:NAMED] if row.energy and row.energy.is_unusual]
    if not unlike:
        return ""
    models, energies = zip(*unlike, strict=True)
    return (
        f"Unlike the images that {' and '.join(models)} {'were' if len(models) > 1 else 'was'} trained on: "
        f"energy {' and '.join(f'{one.value:.2f}' for one in energies)}; {usual_energies(energies)}."
    )


def usual_energies(energies: Sequence[Energy]) -> str:
    """What the energies would be of images like those of the training."""
    return f"95 % of the test images have at least {' and '.join(f'{one.usual:.2f}' for one in energies)}"


def expected_accuracy(measured: Measured) -> str:
    """How accurate the model for photographs is, in one sentence."""
    return (
        f"{PHOTO_MODEL[0].upper()}{PHOTO_MODEL[1:]} is right about {percent(measured.all.accuracy)} "
        f"({100 * measured.all.low:.0f} to {100 * measured.all.high:.0f}) of the photographs of other people, measured "
        f"on {measured.all.photographs}; the models that see 28 x 28 pixels are right less often."
    )
