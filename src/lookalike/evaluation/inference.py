"""Restored models, and their logits and features of images."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import Description, load_description, load_weights
from lookalike.data.tensors import LabelledImages, place_images, preprocessed
from lookalike.errors import InputError
from lookalike.models.base import Model
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, images_per_pass

BATCH = 500
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Outputs:
    """The outputs of a model for N images: float32 logits (N, C) and penultimate features (N, D)."""

    logits: NDArray[np.float32]
    features: NDArray[np.float32]


def restore_model(
    folder: Path, description: Description, seed: int, runtime: Runtime, epoch: int | None = None
) -> Model:
    """The trained model of one seed, in evaluation mode; `epoch` is one of the kept.

    Raises:
        InputError: the weights are missing or damaged, or are of another model.
    """
    model = create_model(
        description.model,
        description.model_args,
        input_shape=description.input_shape,
        num_classes=len(description.class_names),
    )
    try:
        model.load_state_dict(load_weights(folder, seed, epoch))
    except RuntimeError as error:
        fault = f"the weights of seed {seed} are not those of the model {description.model}"
        raise InputError(f"{folder}: {fault}; train the variant again") from error
    return runtime.place(model).eval()


@torch.inference_mode()
def infer(model: Model, data: LabelledImages, *, keep_features: bool) -> Outputs:
    """The outputs of `model`, in evaluation mode, for all images; without `keep_features` D is 0.

    A `folded` model is faster.
    """
    logits, features = [], []
    size = images_per_pass(*data.size, BATCH)
    for start in range(0, len(data), size):
        images, _ = data.batch(slice(start, start + size))
        hidden = model.features(images)
        logits.append(model.head(hidden))
        features.append(hidden if keep_features else hidden[:, :0])
    return Outputs(*(torch.cat(parts).float().cpu().numpy() for parts in (logits, features)))


def folded(model: Network) -> Network:
    """A copy for inference: convolutions contain their batch normalisation, and ReLU overwrites its input.

    On a CPU it takes three quarters of the time. Logits differ by rounding alone. Only neighbours in an `nn.Sequential`
    are changed, where nothing else reads what lies between them.
    """
    model = copy.deepcopy(model)
    for sequence in [module for module in model.modules() if isinstance(module, nn.Sequential)]:
        for before, name in pairwise([name for name, _ in sequence.named_children()]):
            first, second = sequence.get_submodule(before), sequence.get_submodule(name)
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                sequence.register_module(before, nn.Identity())
                sequence.register_module(name, fuse_conv_bn_eval(first, second))
            elif isinstance(first, nn.Conv2d | nn.Linear) and isinstance(second, nn.ReLU):
                second.inplace = True
    return model


@dataclass(frozen=True)
class Reader:
    """A model that reads arrays of images."""

    model: Model
    dataset: Dataset
    runtime: Runtime

    def read(self, images: NDArray[np.uint8], *, keep_features: bool = False) -> Outputs:
        """Logits and features of uint8 images (N, H, W) or (N, H, W, 3), normalised as the data set's."""
        mean, std = self.dataset.mean, self.dataset.std
        labels = np.zeros(len(images), np.uint8)  # unused
        placed = place_images(images, labels, mean=mean, std=std, runtime=self.runtime)
        return infer(self.model, placed, keep_features=keep_features)


def readers_of(folder: Path, dataset: Dataset, runtime: Runtime, seeds: Sequence[int] | None = None) -> list[Reader]:
    """The models of some seeds in the folder `folder`, for images like those of `dataset`; None: of all that did not
    diverge."""
    description = load_description(folder)
    trained = description.finished_seeds if seeds is None else seeds
    models = (restore_model(folder, description, seed, runtime) for seed in trained)
    seen = preprocessed(dataset, description.preprocessing)
    return [Reader(folded(model), seen, runtime) for model in models]
