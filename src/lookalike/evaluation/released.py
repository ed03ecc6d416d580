"""A released model as MLflow loads it: `_load_pyfunc` reads the folder that `tracking.released` wrote."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import load_description
from lookalike.data.tensors import place_images
from lookalike.evaluation.inference import folded, infer, restore_model
from lookalike.evaluation.metrics import softmax
from lookalike.models.base import Model
from lookalike.runtime import Runtime


@dataclass(frozen=True)
class ReleasedModel:
    """One seed of a variant; mean and deviation are what images are normalised with, in units of [0, 1] pixels."""

    model: Model
    mean: tuple[float, ...]
    std: tuple[float, ...]
    runtime: Runtime

    def predict(self, images: NDArray[np.uint8], params: dict[str, Any] | None = None) -> NDArray[np.float64]:
        """The probability of each class (N, C) for images uint8 (N, H, W) or (N, H, W, 3); `params` are MLflow's."""
        labels = np.zeros(len(images), np.uint8)  # unused
        placed = place_images(images, labels, mean=self.mean, std=self.std, runtime=self.runtime)
        return softmax(infer(self.model, placed, keep_features=False).logits)


def _load_pyfunc(folder: str) -> ReleasedModel:
    """The model in `folder`, on the CPU; MLflow looks for this name."""
    path, runtime = Path(folder), Runtime(torch.device("cpu"))
    description, about = load_description(path), read_json(path / "dataset.json")
    (weights,) = path.glob("seed-*.safetensors")
    model = folded(restore_model(path, description, int(weights.stem.removeprefix("seed-")), runtime))
    how = description.preprocessing
    mean, std = (how.mean, how.std) if how else (tuple(about["mean"]), tuple(about["std"]))
    return ReleasedModel(model, mean, std, runtime)
