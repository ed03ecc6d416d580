"""Maps of one's own pictures: where each model looked for the class that it took a picture for.

No map is shown without its score, so models that the stage `explain` left out have none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lookalike.artifacts.explanations import load_explanations
from lookalike.explain.maps import explain_all, toward
from lookalike.explain.methods import DEFAULT, methods
from lookalike.params import Variant
from lookalike.photographs.own_photo import TrainedModel, Trial, by_trial, prepared_images, restore

EXPLANATIONS = Path("explanations")
Maps = dict[str, NDArray[np.float32]]  # by variant: (h, w)
Scores = dict[str, dict[str, Any]]  # by variant: a `MethodScore` as JSON of each method and control


@dataclass(frozen=True)
class Explanations:
    """Maps of judged trials, and how faithful such maps are.

    Attributes:
        maps: of each trial, by recipe, for the variants that have scores.
        scores: on test images.
        missing: folders with scores that are not there.
        method: what made the maps.
    """

    maps: list[dict[str, Maps]]
    scores: Scores
    missing: list[Path]
    method: str = DEFAULT


def explain(trials: Sequence[Trial], models: Sequence[TrainedModel], variants: Mapping[str, Variant]) -> Explanations:
    """Explain what the models take the judged `trials` for; each model is loaded once.

    `variants`, those of the parameters, say to which study a model belongs.
    """
    studies = dict.fromkeys(variants[model.variant].study for model in models)
    scores, missing = find_scores([EXPLANATIONS / study for study in studies])
    images, rows = prepared_images(trials), {}
    for model in models:
        if model.variant in scores:
            rows[model.variant] = predicted_class_maps(model, images, predictions(trials, model.variant))
    return Explanations(by_trial(trials, rows), scores, missing)


def find_scores(folders: Sequence[Path]) -> tuple[Scores, list[Path]]:
    """The scores in the folders `explanations/<study>`, and those folders that are missing."""
    scores: Scores = {}
    missing = []
    for folder in folders:
        if folder.is_dir():
            found = load_explanations(folder)
            scores |= {name: one.found["faithfulness"]["methods"] for name, one in found.items()}
        else:
            missing.append(folder)
    return scores, missing


def predictions(trials: Sequence[Trial], variant: str) -> NDArray[np.int64]:
    """What a variant takes each of the N `prepared_images` for: (N,)."""
    return np.array([trial.answers[recipe][variant].argmax() for trial in trials for recipe in trial.stages])


def predicted_class_maps(
    model: TrainedModel, images: NDArray[np.uint8], predicted: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Maps (N, h, w) of images (N, 28, 28) by the default method, each of its `predicted` class (N,)."""
    network, placed = restore(model, images)
    inputs, _ = placed.batch(slice(None))
    target = toward(torch.from_numpy(predicted), len(model.description.class_names))
    return explain_all(methods(network)[DEFAULT], network, inputs, target).numpy()
