"""A trained model with the images that it is explained on."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import Pixels
from lookalike.artifacts.models import Description, load_description
from lookalike.data.tensors import place_images, prepared
from lookalike.evaluation.inference import restore_model
from lookalike.evaluation.statistics import resample, resample_clusters
from lookalike.explain.maps import Explain, explain_all, toward
from lookalike.explain.methods import methods
from lookalike.models.layers import Model
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded


@dataclass(frozen=True)
class Images:
    """What is explained: N images, their classes, and what the model takes them for.

    Attributes:
        pixels: uint8 (N, H, W) or (N, H, W, 3), or the files of such.
        labels: int64 (N,); -1 where none of the classes fits.
        predicted: int64 (N,).
        senders: (N,), which photographs come from one person, so that they are resampled together; None: all from
            others.
    """

    pixels: Pixels
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]
    senders: NDArray[np.int64] | None = None

    @property
    def weights(self) -> NDArray[np.float64]:
        """Bootstrap weights (draws, N), see `statistics.resample_clusters`."""
        return resample(len(self.labels)) if self.senders is None else resample_clusters(self.senders)

    def part(self, where: NDArray[np.int64] | slice) -> "Images":
        """Some of them."""
        senders = None if self.senders is None else self.senders[where]
        return Images(self.pixels[where], self.labels[where], self.predicted[where], senders)


@dataclass(frozen=True)
class Subject:
    """One seed of a variant and N images.

    Attributes:
        model: trained, in evaluation mode.
        untrained: the same model as it was before its training; published weights if it began with such.
        dataset: whose images the model was trained on, as it takes them.
        kept: the same model as it was after some epochs, counted from 1.
        drawn: the same model with weights drawn by its seed; None means that `untrained` is that model.
    """

    model: Model
    untrained: Model
    dataset: Dataset
    runtime: Runtime
    images: Images
    kept: dict[int, Model] = field(default_factory=dict)
    drawn: Model | None = None

    @property
    def random(self) -> Model:
        """The model without anything learnt. Published weights under a head of zeros have no gradient maps at all."""
        return self.drawn or self.untrained

    @cached_property
    def inputs(self) -> Tensor:
        """The images as the model takes them: (N, C, H, W) on its device."""
        mean, std = self.dataset.mean, self.dataset.std
        placed = place_images(self.images.pixels, self.images.labels, mean=mean, std=std, runtime=self.runtime)
        return placed.batch(slice(None))[0]

    @cached_property
    def predicted(self) -> Tensor:
        """The predicted classes (N,) on the model's device."""
        return torch.from_numpy(self.images.predicted).to(self.runtime.device)

    @cached_property
    def methods(self) -> dict[str, Explain]:
        """What applies to the model, see `methods.methods`."""
        return methods(self.model)

    @property
    def empty(self) -> Tensor:
        """What an empty image, which is black, is to the model: (C, 1, 1) on its device."""
        mean, std = (
            torch.tensor(values, device=self.runtime.device) for values in (self.dataset.mean, self.dataset.std)
        )
        return (-mean / std).view(-1, 1, 1)

    def explain(self, method: str, target: Tensor | None = None, model: Model | None = None) -> Tensor:
        """Maps (N, h, w) by one of the `methods`, see `explain_by`."""
        return self.explain_by(self.methods[method], target, model)

    def explain_by(self, explain: Explain, target: Tensor | None = None, model: Model | None = None) -> Tensor:
        """Maps (N, h, w) by any method.

        Args:
            target: (N, classes), see `maps.Explain`; None means the predicted classes.
            model: None means the trained one.
        """
        aim = toward(self.predicted, len(self.dataset.class_names)) if target is None else target
        return explain_all(explain, model or self.model, self.inputs, aim)

    def of(self, images: Images) -> "Subject":
        """The same model with other images."""
        return replace(self, images=images)

    def part(self, where: NDArray[np.int64] | slice) -> "Subject":
        """The same model with some of the images."""
        return self.of(self.images.part(where))


def find_subject(folder: Path, seed: int, dataset: Dataset, runtime: Runtime, images: Images) -> Subject:
    """A trained seed in the model folder `folder`."""
    description = load_description(folder)
    trained = restore_model(folder, description, seed, runtime)
    epochs = description.kept_epochs if seed == 0 else ()
    kept = {epoch: restore_model(folder, description, seed, runtime, epoch) for epoch in epochs}
    seen = prepared(dataset, description.preprocessing)
    drawn = draw(description, seed, runtime)
    if not description.weights:
        return Subject(trained, drawn, seen, runtime, images, kept)
    begun = restore_model(folder, description, seed, runtime, epoch=0)
    return Subject(trained, begun, seen, runtime, images, kept, drawn)


def draw(description: Description, seed: int, runtime: Runtime) -> Model:
    """The model with the weights that its seed draws, in evaluation mode."""
    shape, classes = description.input_shape, len(description.class_names)
    with seeded(seed, "init"):  # as training without published weights begins
        fresh = create_model(description.model, description.model_args, input_shape=shape, num_classes=classes)
    return runtime.place(fresh).eval()
