"""Your own photos: each is prepared by recipes and classified by the first seed of each model.

The models are the released ones, whose weights git has, or those that the pipeline trained here. A picture that already
has the models' format is classified as it is. One that cannot be used does not stop the others. If none can be used,
the command says so before it imports torch, which takes seconds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.photo_model import About
from lookalike.artifacts.pictures import open_picture
from lookalike.errors import RejectedError
from lookalike.params import Recipe
from lookalike.photographs.accuracy import BEST
from lookalike.photographs.energy import Energy, energies
from lookalike.photographs.photo_model import PhotoModel, backbone, by_class_name, view_features
from lookalike.photographs.photo_model_maps import evidence_maps
from lookalike.photographs.recipes import (
    EDGE,
    MaskedPicture,
    Preparer,
    fashion_mnist_tones,
    final_image,
    unmasked,
)
from lookalike.photographs.requested_pictures import RequestedPictures, printable
from lookalike.photographs.trained_models import TrainedModel

if TYPE_CHECKING:
    from lookalike.data.tensors import LabelledImages
    from lookalike.models.base import Model
    from lookalike.photographs.efficientnet_lite import EfficientNetLite0

SHOWN = 224  # pixels of the longer edge of a photo below a map
AS_IT_IS, INVERTED = READY = ("as it is", "only inverted")  # ways beside the recipes, whose names have no spaces
Row = TypeVar("Row")
PhotoAnswers = dict[str, NDArray[np.float64]]  # by variant: the probability of each class (C,)


@dataclass(frozen=True)
class WholeAnswer:
    """What the model for photographs says of a photo.

    Attributes:
        probabilities: of each class (C,).
        distance: from the labelled photographs, see `PhotoModel.distances`.
        evidence: for each class (C, rows, columns), see `evidence_maps`.
        photo: what the evidence lies in: small and grey, uint8 (H, W).
    """

    probabilities: NDArray[np.float64]
    distance: float
    evidence: NDArray[np.float32]
    photo: NDArray[np.uint8]


@dataclass(frozen=True)
class OwnPhoto:
    """One photo; stages, refusals and answers are by recipe, or by one of the ways `READY`.

    Attributes:
        name: that of its file, see `printable`.
        read: returns the whole picture, upright.
        stages: the picture after each step, by the step's name.
        refused: why there are no stages.
        note: a remark for the reader, or "".
        answers: the models' probabilities for the last stage; empty until they are asked.
        energies: how like the models' training images the last stage is, for those models that were evaluated.
        whole: the answer of the model for photographs; None means that it was not asked.
    """

    name: str
    read: Callable[[], Image.Image]
    stages: dict[str, list[tuple[str, MaskedPicture]]]
    refused: dict[str, str]
    note: str = ""
    answers: dict[str, PhotoAnswers] = field(default_factory=dict)
    energies: dict[str, dict[str, Energy]] = field(default_factory=dict)
    whole: WholeAnswer | None = None

    @property
    def ready(self) -> bool:
        """Whether the picture has the models' format, so that it is no photograph."""
        return any(way in self.stages for way in READY)


@dataclass(frozen=True)
class AnsweredPhotos:
    """Photos with the answers of all models.

    Attributes:
        models: of the study.
        about: of the model for photographs; None means that it was not asked.
    """

    photos: list[OwnPhoto]
    models: list[TrainedModel]
    about: About | None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the models' classes."""
        return self.models[0].description.class_names


def prepare_own_photos(
    requested: RequestedPictures, recipes: Mapping[str, Recipe], *, every: bool = True
) -> tuple[list[OwnPhoto], RequestedPictures]:
    """The pictures prepared by `recipes`, see `prepare_own_photo`, and `requested` with why some cannot be used."""
    photos, unusable = [], dict[str, str]()
    for path in requested.paths:
        try:
            photos.append(prepare_own_photo(path, recipes, every=every))
        except RejectedError as error:
            unusable[printable(str(path))] = str(error)
    return photos, replace(requested, unusable=requested.unusable | unusable)


def prepare_own_photo(path: Path, recipes: Mapping[str, Recipe], *, every: bool = True) -> OwnPhoto:
    """The picture at `path`, prepared by every recipe that finds a garment in it, or by the best of these.

    Raises:
        RejectedError: it cannot be read, or no recipe finds a garment.
    """
    return prepare_photo(printable(path.name), partial(open_picture, path), Preparer.open(path), recipes, every=every)


def prepare_photo(
    name: str, read: Callable[[], Image.Image], preparer: Preparer, recipes: Mapping[str, Recipe], *, every: bool
) -> OwnPhoto:
    """The photo that `read` returns and `preparer` has, see `prepare_own_photo`.

    Raises:
        RejectedError: no recipe finds a garment.
    """
    stages, note = ready_made_stages(preparer, every=every)
    photo = OwnPhoto(name, read, stages, {}, note)
    for recipe in sorted(recipes, key=lambda one: one != BEST):
        if photo.stages and not every:
            break
        try:
            photo.stages[recipe] = preparer.prepare(recipes[recipe])
        except RejectedError as error:
            photo.refused[recipe] = str(error)
    if not photo.stages:
        reasons = ", ".join(f"{recipe} ({reason})" for recipe, reason in photo.refused.items())
        raise RejectedError(f"of no use to any recipe: {reasons}")
    return photo


def ready_made_stages(preparer: Preparer, *, every: bool) -> tuple[dict[str, list[tuple[str, MaskedPicture]]], str]:
    """The stages of a picture that already has the data set's format, and a note; else nothing.

    They are by the ways `READY`: both of them, or without `every` only the one with a dark ground.
    """
    tones = fashion_mnist_tones(preparer.sources[True])
    if tones is None:
        return {}, ""
    ways = {AS_IT_IS: tones, INVERTED: 255 - tones}
    pictures = {way: unmasked(np.repeat(values[..., None], 3, axis=2)) for way, values in ways.items()}
    dark = pictures[AS_IT_IS].ground < pictures[INVERTED].ground
    look = "on a dark ground, as in the data set" if dark else "on a light ground, the inverse of the data set"
    how = "as it is and inverted, and by the recipes for photographs"
    if not every:
        how = AS_IT_IS if dark else INVERTED
        pictures = {how: pictures[how]}
    note = f"{EDGE} x {EDGE} pixels {look}; shown {how}"
    return {way: [(way, picture)] for way, picture in pictures.items()}, note


def ask_models(
    photos: Sequence[OwnPhoto], models: Sequence[TrainedModel], photo_model: PhotoModel | None
) -> AnsweredPhotos:
    """The photos with the answers of the study's `models` and of the model for photographs, if it is asked.

    Raises:
        InputError: weights are missing or damaged.
    """
    answered = AnsweredPhotos(answer_photos(photos, models), list(models), about=None)
    if photo_model is None:
        return answered
    asked = ask_photo_model(answered.photos, photo_model, answered.class_names)
    return replace(answered, photos=asked, about=photo_model.about)


def ask_photo_model(photos: Sequence[OwnPhoto], model: PhotoModel, class_names: Sequence[str]) -> list[OwnPhoto]:
    """The photos with the answers of the model for photographs, which is not asked about pictures of 28 x 28 pixels.

    Raises:
        InputError: the package with the network's weights is missing.
    """
    if all(photo.ready for photo in photos):
        return list(photos)
    network = backbone()
    return [
        photo if photo.ready else replace(photo, whole=whole_answer(photo, model, network, class_names))
        for photo in photos
    ]


def whole_answer(
    photo: OwnPhoto, model: PhotoModel, network: "EfficientNetLite0", class_names: Sequence[str]
) -> WholeAnswer:
    """What the model for photographs says of one photo."""
    picture = photo.read()
    seen = view_features(network, picture)
    features = seen.features.mean(axis=0, keepdims=True)
    evidence = evidence_maps(model.head, seen.maps, picture.size)
    small = picture.convert("L")
    small.thumbnail((SHOWN, SHOWN))
    return WholeAnswer(
        probabilities=by_class_name(model.head.probabilities(features)[0], model.about.classes, class_names),
        distance=float(model.distances(features)[0]),
        evidence=by_class_name(evidence, model.about.classes, class_names),
        photo=np.asarray(small),
    )


def likeliest_look_alikes(answers: PhotoAnswers, groups: Sequence[Sequence[int]]) -> tuple[int, int]:
    """The class that is the most probable in the mean over the models, and the most probable of those like it.

    `groups` are those of look-alike classes. A class of no group is compared with the second most probable one.
    """
    mean = np.mean(list(answers.values()), axis=0)
    first, *others = (int(label) for label in np.argsort(-mean, kind="stable"))
    alike = {label for group in groups if first in group for label in group}
    return first, next((label for label in others if label in alike), others[0])


def answer_photos(photos: Sequence[OwnPhoto], models: Sequence[TrainedModel]) -> list[OwnPhoto]:
    """The photos with the answers of all models; each model is loaded once."""
    from lookalike.evaluation.metrics import softmax

    images = prepared_images(photos)
    logits = [(model, predict(model, images)) for model in models]
    answers = rows_by_photo(photos, {model.variant: softmax(of_all) for model, of_all in logits})
    scored = {model.variant: found for model, of_all in logits if (found := energies(model, of_all))}
    return [
        replace(photo, answers=mine, energies=mine_scored)
        for photo, mine, mine_scored in zip(photos, answers, rows_by_photo(photos, scored), strict=True)
    ]


def prepared_images(photos: Sequence[OwnPhoto]) -> NDArray[np.uint8]:
    """The last stage of every photo by every recipe, one after the other: (N, 28, 28)."""
    return np.stack([final_image(stages[-1][1]) for photo in photos for stages in photo.stages.values()])


def rows_by_photo(photos: Sequence[OwnPhoto], rows: Mapping[str, Iterable[Row]]) -> list[dict[str, dict[str, Row]]]:
    """For each photo, by recipe and variant: its own of the N results that each variant has for `prepared_images`."""
    left = {variant: iter(values) for variant, values in rows.items()}
    return [{recipe: {name: next(row) for name, row in left.items()} for recipe in photo.stages} for photo in photos]


def predict(model: TrainedModel, images: NDArray[np.uint8]) -> NDArray[np.floating]:
    """The logits (N, C) that `model` predicts for images (N, 28, 28)."""
    from lookalike.evaluation.inference import infer

    network, placed = restore(model, images)
    return infer(network, placed, keep_features=False).logits


def restore(model: TrainedModel, images: NDArray[np.uint8]) -> "tuple[Model, LabelledImages]":
    """The network of `model`, and images (N, 28, 28) as it takes them."""
    from lookalike.data.tensors import place_images
    from lookalike.evaluation.inference import restore_model
    from lookalike.runtime import start

    runtime = start("cpu")  # a GPU would take longer to wake than a CPU to answer
    labels = np.zeros(len(images), np.uint8)  # unknown, and not asked for
    placed = place_images(images, labels, mean=model.mean, std=model.std, runtime=runtime)
    return restore_model(model.folder, model.description, model.seed, runtime), placed
