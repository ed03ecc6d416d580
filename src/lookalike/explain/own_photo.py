"""Maps of your own photos, for the class that each model predicts.

No map is shown without a faithfulness score, so models that the stage `explain` did not explain have no maps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lookalike.artifacts.explanations import load_explanation
from lookalike.explain.maps import explain_all, label_target
from lookalike.explain.methods import DEFAULT, applicable_methods
from lookalike.photographs.own_photo import OwnPhoto, prepared_images, restore, rows_by_photo
from lookalike.photographs.trained_models import TrainedModel

Maps = dict[str, NDArray[np.float32]]  # by variant: (h, w)
Scores = dict[str, dict[str, Any]]  # by variant: a `MethodScore` as JSON of each method and control


@dataclass(frozen=True)
class Explanations:
    """Maps of classified photos, and the faithfulness of such maps.

    Attributes:
        maps: of each trial, by recipe, for the variants that have scores.
        scores: on test images.
        missing: folders of scores that do not exist.
        method: that made the maps.
    """

    maps: list[dict[str, Maps]]
    scores: Scores
    missing: list[Path]
    method: str = DEFAULT


def explain(trials: Sequence[OwnPhoto], models: Sequence[TrainedModel]) -> Explanations:
    """Maps of the models' predictions for the classified `trials`; each model is loaded once."""
    scores, missing = find_scores(models)
    images, rows = prepared_images(trials), {}
    for model in models:
        if model.variant in scores:
            rows[model.variant] = predicted_class_maps(model, images, predictions(trials, model.variant))
    return Explanations(rows_by_photo(trials, rows), scores, missing)


def find_scores(models: Sequence[TrainedModel]) -> tuple[Scores, list[Path]]:
    """The scores of the models that were explained, and the folders of studies of which none was."""
    explained = [model for model in models if model.explanation.is_dir()]
    scores = {one.variant: load_explanation(one.explanation).found["faithfulness"]["methods"] for one in explained}
    studies = dict.fromkeys(model.explanation.parent for model in models)
    return scores, [folder for folder in studies if not folder.is_dir()]


def predictions(trials: Sequence[OwnPhoto], variant: str) -> NDArray[np.int64]:
    """The class that a variant predicts for each of the N `prepared_images`: (N,)."""
    return np.array([trial.answers[recipe][variant].argmax() for trial in trials for recipe in trial.stages])


def predicted_class_maps(
    model: TrainedModel, images: NDArray[np.uint8], predicted: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Maps (N, h, w) of images (N, 28, 28) by the default method, each for its `predicted` class (N,)."""
    network, placed = restore(model, images)
    inputs, _ = placed.batch(slice(None))
    target = label_target(torch.from_numpy(predicted), len(model.description.class_names))
    return explain_all(applicable_methods(network)[DEFAULT], network, inputs, target).numpy()
