"""Maps of your own photos: for the class that each model predicts, and for one look-alike against the other.

No map is shown without a faithfulness score, so models that the stage `explain` did not explain have no maps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lookalike.artifacts.explanations import load_explanation
from lookalike.explain.maps import contrast_target, explain_all, label_target
from lookalike.explain.methods import DEFAULT, applicable_methods
from lookalike.photographs.own_photo import (
    AnsweredPhotos,
    OwnPhoto,
    likeliest_look_alikes,
    prepared_images,
    restore,
    rows_by_photo,
)
from lookalike.photographs.trained_models import TrainedModel

Maps = dict[str, NDArray[np.float32]]  # by variant: (h, w)
Scores = dict[str, dict[str, Any]]  # by variant: a `MethodScore` as JSON of each method and control


@dataclass(frozen=True)
class Contrasts:
    """Maps of what speaks for the class `first` and against its look-alike `second`, see `likeliest_look_alikes`."""

    first: int
    second: int
    maps: Maps


@dataclass(frozen=True)
class Explanations:
    """Maps of classified photos, and the faithfulness of such maps.

    Attributes:
        maps: of each trial, by recipe, for the variants that have scores.
        contrasts: of each trial, by recipe, for the same variants.
        scores: on test images, of maps for the predicted class.
        missing: folders of scores that do not exist.
        method: that made the maps.
    """

    maps: list[dict[str, Maps]]
    contrasts: list[dict[str, Contrasts]]
    scores: Scores
    missing: list[Path]
    method: str = DEFAULT


def explain(answered: AnsweredPhotos, groups: Sequence[Sequence[str]]) -> Explanations:
    """Maps of the models' predictions for the photos; each model is loaded once.

    `groups` are those of look-alike classes.
    """
    trials, models, names = answered.photos, answered.models, answered.class_names
    scores, missing = find_scores(models)
    labels = [[names.index(name) for name in group] for group in groups]
    pairs = [{recipe: likeliest_look_alikes(one, labels) for recipe, one in trial.answers.items()} for trial in trials]
    all_pairs = torch.tensor([pair for by_recipe in pairs for pair in by_recipe.values()])
    images, predicted, contrasted = prepared_images(trials), dict[str, Any](), dict[str, Any]()
    for model in models:
        if model.variant in scores:
            own = torch.from_numpy(predictions(trials, model.variant))
            targets = label_target(own, len(names)), contrast_target(all_pairs[:, 0], all_pairs[:, 1], len(names))
            predicted[model.variant], contrasted[model.variant] = maps_for(model, images, targets)
    contrasts = [
        {recipe: Contrasts(*pairs_of[recipe], maps) for recipe, maps in by_recipe.items()}
        for pairs_of, by_recipe in zip(pairs, rows_by_photo(trials, contrasted), strict=True)
    ]
    return Explanations(rows_by_photo(trials, predicted), contrasts, scores, missing)


def find_scores(models: Sequence[TrainedModel]) -> tuple[Scores, list[Path]]:
    """The scores of the models that were explained, and the folders of studies of which none was."""
    explained = [model for model in models if model.explanation.is_dir()]
    scores = {one.variant: load_explanation(one.explanation).found["faithfulness"]["methods"] for one in explained}
    studies = dict.fromkeys(model.explanation.parent for model in models)
    return scores, [folder for folder in studies if not folder.is_dir()]


def predictions(trials: Sequence[OwnPhoto], variant: str) -> NDArray[np.int64]:
    """The class that a variant predicts for each of the N `prepared_images`: (N,)."""
    return np.array([trial.answers[recipe][variant].argmax() for trial in trials for recipe in trial.stages])


def maps_for(model: TrainedModel, images: NDArray[np.uint8], targets: Sequence[Tensor]) -> list[NDArray[np.float32]]:
    """Maps (N, h, w) of images (N, 28, 28) by the default method, for each of the targets (N, classes)."""
    network, placed = restore(model, images)
    inputs, _ = placed.batch(slice(None))
    method = applicable_methods(network)[DEFAULT]
    return [explain_all(method, network, inputs, target).numpy() for target in targets]
