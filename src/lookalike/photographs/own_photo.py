"""Your own photos: each is prepared by recipes and classified by the first seed of each model.

The models are the released ones, whose weights git has, or those that the pipeline trained here. A picture that already
has the models' format is classified as it is. One that cannot be used does not stop the others. If none can be used,
the command says so before it imports torch, which takes seconds.
"""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import Description, load_description, read_rows
from lookalike.artifacts.pictures import SUFFIXES, is_ignored, open_picture
from lookalike.errors import InputError, RejectedError
from lookalike.params import Params, Recipe
from lookalike.photographs.photo_model import PhotoModel, backbone, class_probabilities, view_features
from lookalike.photographs.recipes import (
    EDGE,
    MaskedPicture,
    Preparer,
    fashion_mnist_tones,
    final_image,
    unmasked,
)
from lookalike.results.records import RECORD, RESULTS, Run, closeness, load_record

if TYPE_CHECKING:
    from lookalike.data.tensors import LabelledImages
    from lookalike.models.layers import Model
    from lookalike.photographs.efficientnet_lite import EfficientNetLite0

MODELS, EXPLANATIONS = Path("models"), Path("explanations")
REPRO = "run `dvc repro` first"
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
AS_IT_IS, INVERTED = READY = ("as it is", "only inverted")  # ways beside the recipes, whose names have no spaces
BEST = "fitted"  # the recipe that is tried first: the most accurate one for the released models (published report)
RANGE = "range"  # the normalisation by which models take pixels in [0, 1] as they are
PhotoAnswers = dict[str, NDArray[np.float64]]  # by variant: the probability of each class (C,)


@dataclass(frozen=True)
class RequestedPictures:
    """The pictures that the command was given.

    Attributes:
        paths: their files, not read yet.
        unusable: reason by name, of the files and folders without a usable picture.
        left_out: a sentence if there are more pictures than are shown, else "".
    """

    paths: list[Path]
    unusable: dict[str, str]
    left_out: str


@dataclass(frozen=True)
class TrainedModel:
    """One seed of a variant, and what is needed to run it.

    Attributes:
        folder: of its weights.
        description: the variant's `model.json`.
        explanation: folder of what `explain` found of the variant, which may be missing.
        mean, std: normalisation of its images, one number per channel, in units of [0, 1] pixels.
        valid_accuracy: after the last epoch, in [0, 1].
    """

    variant: str
    folder: Path
    seed: int
    description: Description
    explanation: Path
    mean: tuple[float, ...]
    std: tuple[float, ...]
    valid_accuracy: float


@dataclass(frozen=True)
class WholeAnswer:
    """What the model for photographs says of a photo.

    Attributes:
        probabilities: of each class (C,).
        distance: from the labelled photographs, see `PhotoModel.distances`.
    """

    probabilities: NDArray[np.float64]
    distance: float


@dataclass(frozen=True)
class OwnPhoto:
    """One photo; stages, refusals and answers are by recipe, or by one of the ways `READY`.

    Attributes:
        name: that of its file, see `printable`.
        path: its file.
        stages: the picture after each step, by the step's name.
        refused: why there are no stages.
        note: a remark for the reader, or "".
        answers: the models' probabilities for the last stage; empty until they are asked.
        whole: the answer of the model for photographs; None means that it was not asked.
    """

    name: str
    path: Path
    stages: dict[str, list[tuple[str, MaskedPicture]]]
    refused: dict[str, str]
    note: str = ""
    answers: dict[str, PhotoAnswers] = field(default_factory=dict)
    whole: WholeAnswer | None = None

    @property
    def ready(self) -> bool:
        """Whether the picture has the models' format, so that it is no photograph."""
        return any(way in self.stages for way in READY)


def find_models(params: Params, *, every: bool = True) -> list[TrainedModel]:
    """The first seed of each variant for photographs that was trained here, in the order of the parameters.

    Without `every`, only the focus variants, if any of them is trained. Models that were trained on other images than
    those in `data/` now, such as another profile's, are ignored.

    Raises:
        InputError: there is none, or the data are not those of the active profile.
    """
    dataset = photographed_dataset(params)
    folders = {name: MODELS / one.study / name for name, one in params.variants.items() if one.dataset == dataset}
    trained = {name: folder for name, folder in folders.items() if (folder / "model.json").is_file()}
    models = []
    if trained:
        data = read_dataset_json(dataset, params.active.data.source)
        models = [model for name, folder in trained.items() for model in first_seed(name, folder, data)]
    if not models:
        raise InputError(f"{MODELS}: no model of {dataset} is trained for profile {params.profile}; {REPRO}")
    focus = [model for model in models if model.variant in focus_variants(params)]
    return models if every or not focus else focus


def photographed_dataset(params: Params) -> str:
    """The data set whose models take photographs.

    Raises:
        InputError: there is none.
    """
    if params.photos is None:
        raise InputError("params.yaml: photos: null, so that no model is for photographs")
    return params.photos.dataset


def focus_variants(params: Params) -> list[str]:
    """The focus variants of the studies whose models take photographs."""
    return [name for study, one in params.studies.items() if params.photographed(study) for name in one.focus]


def released_models(params: Params) -> list[TrainedModel]:
    """The first seed of each focus variant for photographs whose weights are kept in `results/`.

    Raises:
        InputError: there is none, or a file was edited.
    """
    photographed_dataset(params)
    models = []
    for variant in focus_variants(params):
        records = sorted(RESULTS.glob(f"*/{variant}/*/{RECORD}"))
        runs = [Run(path.parent, load_record(path)) for path in records if (path.parent / "weights").is_dir()]
        usable = [run for run in runs if run.record.settings.images.normalise == RANGE]
        if usable:
            models.append(released_model(max(usable, key=lambda run: closeness(run, params))))
    if not models:
        raise InputError(f"{RESULTS}: no released model; `git checkout {RESULTS}` restores them, or add --models here")
    return models


def released_model(run: Run) -> TrainedModel:
    """The first seed of a run that is kept with its weights."""
    description, seed = run.description, run.description.finished_seeds[0]
    last = [row for row in read_rows(run.folder / "history.csv") if row["seed"] == seed][-1]
    folders = run.folder / "weights", run.folder / "explanation"
    channels = description.input_shape[0]
    return TrainedModel(
        variant=run.record.variant,
        folder=folders[0],
        seed=seed,
        description=description,
        explanation=folders[1],
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        valid_accuracy=last["valid_accuracy"],
    )


def read_dataset_json(dataset: str, source: str) -> dict[str, Any]:
    """The content of the data set's `dataset.json`; the data set must come from `source`."""
    folder = Path("data") / dataset
    if not (folder / "dataset.json").is_file():
        raise InputError(f"{folder}: not found; {REPRO}")
    data: dict[str, Any] = read_json(folder / "dataset.json")
    if (found := data["provenance"]["source"]) != source:
        raise InputError(f"{folder}: its source is {found}, that of the active profile {source}; {REPRO}")
    return data


def first_seed(variant: str, folder: Path, data: dict[str, Any]) -> list[TrainedModel]:
    """The first seed that did not diverge; none if the model was trained on other data."""
    description = load_description(folder)
    seeds = description.finished_seeds
    if not seeds or description.dataset_digest != data["digest"]:
        return []
    last = [row for row in read_rows(folder / "history.csv") if row["seed"] == seeds[0]][-1]
    normalised = (tuple(data["mean"]), tuple(data["std"]))
    explanation = EXPLANATIONS / description.study / variant
    return [TrainedModel(variant, folder, seeds[0], description, explanation, *normalised, last["valid_accuracy"])]


def find_pictures(given: Sequence[str], *, outcomes: Collection[Path], most: int) -> RequestedPictures:
    """The first `most` of the pictures that are `given` as files or as folders, which are not searched below.

    `outcomes` are the files that the command writes; a folder may hold those of an earlier call.

    Raises:
        InputError: more names are given, or one would be overwritten, being one of the `outcomes`.
    """
    if len(given) > most:
        raise InputError(f"{len(given)} pictures; at most {most} at once")
    written, found, unusable = {os.path.realpath(path) for path in outcomes}, list[Path](), dict[str, str]()
    for name in given:
        if os.path.realpath(name) in written:
            raise InputError(f"{printable(str(Path(name)))}: would be overwritten by the outcome; rename it")
        try:
            found += pictures_at(name, written)
        except RejectedError as error:
            unusable[printable(name)] = str(error)
    left_out = f"{len(found)} pictures, of which the first {most} are shown" if len(found) > most else ""
    return RequestedPictures(found[:most], unusable, left_out)


def pictures_at(name: str, written: Collection[str]) -> list[Path]:
    """The file `name`, or the files directly in that folder with a suffix of pictures, except those in `written`.

    Raises:
        RejectedError: it is an address, or a folder without pictures.
    """
    if ADDRESS.match(name):
        raise RejectedError("addresses are not taken: download the picture first")
    path = Path(name)
    try:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError as error:
        raise RejectedError(f"cannot be read: {error.strerror}") from error
    if inside == [path]:
        return inside
    named = (one for one in inside if one.suffix.lower() in SUFFIXES and not is_ignored(one.name))
    pictures = [one for one in named if os.path.realpath(one) not in written]
    if not pictures:
        raise RejectedError(f"no pictures in this folder; their names end in {', '.join(SUFFIXES)}")
    return pictures


def printable(name: str) -> str:
    """The name of a file on one line: characters that cannot be printed become question marks."""
    return "".join(sign if sign.isprintable() else "?" for sign in name)


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
    preparer = Preparer.open(path)
    stages, note = ready_made_stages(preparer, every=every)
    photo = OwnPhoto(printable(path.name), path, stages, {}, note)
    for name in recipes if every else sorted(recipes, key=lambda one: one != BEST):
        if photo.stages and not every:
            break
        try:
            photo.stages[name] = preparer.prepare(recipes[name])
        except RejectedError as error:
            photo.refused[name] = str(error)
    if not photo.stages:
        reasons = ", ".join(f"{name} ({reason})" for name, reason in photo.refused.items())
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
    features = view_features(network, open_picture(photo.path)).mean(axis=0, keepdims=True)
    (probabilities,) = class_probabilities(model, features, class_names)
    return WholeAnswer(probabilities, float(model.distances(features)[0]))


def answer_photos(photos: Sequence[OwnPhoto], models: Sequence[TrainedModel]) -> list[OwnPhoto]:
    """The photos with the answers of all models; each model is loaded once."""
    images = prepared_images(photos)
    answers = rows_by_photo(photos, {model.variant: probabilities(model, images) for model in models})
    return [replace(photo, answers=mine) for photo, mine in zip(photos, answers, strict=True)]


def prepared_images(photos: Sequence[OwnPhoto]) -> NDArray[np.uint8]:
    """The last stage of every photo by every recipe, one after the other: (N, 28, 28)."""
    return np.stack([final_image(stages[-1][1]) for photo in photos for stages in photo.stages.values()])


def rows_by_photo(
    photos: Sequence[OwnPhoto], rows: Mapping[str, NDArray[Any]]
) -> list[dict[str, dict[str, NDArray[Any]]]]:
    """For each photo, by recipe and variant, its row of each variant's results (N, ...) for the `prepared_images`."""
    left = {variant: iter(values) for variant, values in rows.items()}
    return [{recipe: {name: next(row) for name, row in left.items()} for recipe in photo.stages} for photo in photos]


def probabilities(model: TrainedModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The probabilities (N, C) of the classes that `model` predicts for images (N, 28, 28)."""
    from lookalike.evaluation.inference import infer
    from lookalike.evaluation.metrics import softmax

    network, placed = restore(model, images)
    return softmax(infer(network, placed, keep_features=False).logits)


def restore(model: TrainedModel, images: NDArray[np.uint8]) -> "tuple[Model, LabelledImages]":
    """The network of `model`, and images (N, 28, 28) as it takes them."""
    from lookalike.data.tensors import place_images
    from lookalike.evaluation.inference import restore_model
    from lookalike.runtime import start

    runtime = start("cpu")  # a GPU would take longer to wake than a CPU to answer
    labels = np.zeros(len(images), np.uint8)  # unknown, and not asked for
    placed = place_images(images, labels, mean=model.mean, std=model.std, runtime=runtime)
    return restore_model(model.folder, model.description, model.seed, runtime), placed
