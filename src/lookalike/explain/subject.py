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
from lookalike.data.tensors import place_images, preprocessed
from lookalike.evaluation.inference import restore_model
from lookalike.evaluation.statistics import resample, resample_clusters
from lookalike.explain.maps import Explain, explain_all, label_target
from lookalike.explain.methods import applicable_methods
from lookalike.models.base import Model
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime, seeded


@dataclass(frozen=True)
class Images:
    """N images to explain, with their classes and the model's predictions.

    Attributes:
        pixels: uint8 (N, H, W) or (N, H, W, 3), or the files of such.
        labels: int64 (N,); -1 means that none of the classes fits.
        predicted: int64 (N,).
        senders: (N,), the person who sent each photograph; those of one person are resampled together. None means
            that each image comes from someone else.
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
        senders = None if self.senders is None else self.senders[where]
        return Images(self.pixels[where], self.labels[where], self.predicted[where], senders)


@dataclass(frozen=True)
class Subject:
    """One seed of a variant and N images.

    Attributes:
        model: trained, in evaluation mode.
        untrained: the same model before its training; with published weights if it began with them.
        dataset: that the model was trained on, prepared as for the model.
        kept: the same model after some epochs, counted from 1.
        drawn: the same model with the random weights of its seed; None means that `untrained` is that model.
    """

    model: Model
    untrained: Model
    dataset: Dataset
    runtime: Runtime
    images: Images
    kept: dict[int, Model] = field(default_factory=dict)
    drawn: Model | None = None

    @property
    def states(self) -> dict[str, Model]:
        """The model "untrained", after each of the `kept` epochs ("epoch <k>"), and "trained"."""
        kept = {f"epoch {epoch}": model for epoch, model in self.kept.items()}
        return {"untrained": self.untrained, **kept, "trained": self.model}

    @property
    def random(self) -> Model:
        """The model with random weights; published weights with a head of zeros would have no gradient maps."""
        return self.drawn or self.untrained

    @cached_property
    def inputs(self) -> Tensor:
        """The images as the model takes them: (N, C, H, W) on its device."""
        mean, std = self.dataset.mean, self.dataset.std
        placed = place_images(self.images.pixels, self.images.labels, mean=mean, std=std, runtime=self.runtime)
        return placed.batch(slice(None))[0]

    @cached_property
    def predicted(self) -> Tensor:
        return torch.from_numpy(self.images.predicted).to(self.runtime.device)

    @cached_property
    def methods(self) -> dict[str, Explain]:
        return applicable_methods(self.model)

    @property
    def empty(self) -> Tensor:
        """A black pixel as the model takes it: (C, 1, 1) on its device."""
        mean, std = torch.tensor([self.dataset.mean, self.dataset.std], device=self.runtime.device)
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
        aim = label_target(self.predicted, len(self.dataset.class_names)) if target is None else target
        return explain_all(explain, model or self.model, self.inputs, aim)

    def of(self, images: Images) -> "Subject":
        return replace(self, images=images)

    def part(self, where: NDArray[np.int64] | slice) -> "Subject":
        return self.of(self.images.part(where))


def load_subject(folder: Path, seed: int, dataset: Dataset, runtime: Runtime, images: Images) -> Subject:
    """The subject of a trained seed in the model folder `folder`."""
    description = load_description(folder)
    trained = restore_model(folder, description, seed, runtime)
    epochs = description.kept_epochs if seed == 0 else ()
    kept = {epoch: restore_model(folder, description, seed, runtime, epoch) for epoch in epochs}
    seen = preprocessed(dataset, description.preprocessing)
    drawn = untrained_model(description, seed, runtime)
    if not description.weights:
        return Subject(trained, drawn, seen, runtime, images, kept)
    published = restore_model(folder, description, seed, runtime, epoch=0)
    return Subject(trained, published, seen, runtime, images, kept, drawn)


def untrained_model(description: Description, seed: int, runtime: Runtime) -> Model:
    """The model with the weights that its seed draws, in evaluation mode."""
    shape, classes = description.input_shape, len(description.class_names)
    with seeded(seed, "init"):  # as training without published weights begins
        fresh = create_model(description.model, description.model_args, input_shape=shape, num_classes=classes)
    return runtime.place(fresh).eval()
