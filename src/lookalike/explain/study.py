"""Explain the variants of a study: what all of them are asked, and the evidence of one."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Evaluation
from lookalike.artifacts.explanations import Explanation, SeedFindings
from lookalike.artifacts.photos import PhotoSet
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.metrics import Ints
from lookalike.explain.closely import look_closely
from lookalike.explain.localisation import Masks
from lookalike.explain.seeds import Shared, find
from lookalike.explain.subject import Images, find_subject
from lookalike.explain.variant import explain_variant
from lookalike.models.layers import Transformer
from lookalike.runtime import Runtime

if TYPE_CHECKING:
    from lookalike.params.profiles import ExplainSample


@dataclass(frozen=True)
class Asked:
    """What every variant of a study is asked.

    Attributes:
        photos: None means that the study's models are shown none.
        recipe: by which the photographs are prepared; "" without photographs.
        groups: of look-alikes: name -> classes.
        sample: how many images are explained and scored.
        corrupt: whether to see how far corrupted images move the outputs of layers.
    """

    dataset: Dataset
    photos: PhotoSet | None
    recipe: str
    groups: Mapping[str, tuple[str, ...]]
    sample: "ExplainSample"
    corrupt: bool

    @cached_property
    def group_of(self) -> Ints:
        """The group (C,) of each class."""
        return group_numbers(self.groups, self.dataset.class_names)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        """The classes (N,) of the test images."""
        return self.dataset.test_labels.astype(np.int64)

    @cached_property
    def chosen(self) -> NDArray[np.int64]:
        """Indices of the test images that are explained: the first few of each class."""
        return first_of_each_class(self.labels, self.sample.images_a_class)

    @cached_property
    def masks(self) -> Masks | None:
        """Where the objects are in the images that are explained; None if these are grey, or OpenCV is missing."""
        pixels = self.dataset.test_images[self.chosen]
        if pixels.ndim != 4:
            return None
        try:
            from lookalike.explain.objects import object_masks
        except ModuleNotFoundError as error:
            if error.name != "cv2":
                raise
            warnings.warn("OpenCV is not installed: how well maps lie on the object is not measured", stacklevel=2)
            return None
        return object_masks(pixels)

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the answers besides images, JSON-able."""
        sample = self.sample.model_dump(mode="json", exclude={"variants"})
        return {"recipe": self.recipe, "groups": self.group_of.tolist(), "sample": sample, "corrupt": self.corrupt}


def explain_one(folder: Path, seen: Evaluation, asked: Asked, runtime: Runtime, *, focus: bool) -> Explanation:
    """The evidence of the first seed in the model folder `folder`, whose evaluation is `seen`, and some of every seed;
    more if it is a `focus` variant."""
    shown, chosen = shown_photographs(seen, asked), asked.chosen
    subject = find_subject(folder, seen.seeds[0], asked.dataset, runtime, images_of_seed(seen, asked, 0))
    counts = {"scored": asked.sample.scored, "heads_scored": asked.sample.heads_scored}
    explained = explain_variant(subject.part(chosen), shown, asked.group_of, corrupt=asked.corrupt, **counts)
    closely = look_closely(subject, chosen, asked.group_of, asked.sample.scored) if focus else None
    masks = asked.masks if focus and not isinstance(subject.model, Transformer) else None
    shared = Shared(shown, asked.group_of, masks, focus)
    seeds = tuple(findings(folder, seen, asked, runtime, shared))
    return replace(explained.evidence(chosen, asked.recipe if shown else "", closely), seeds=seeds)


def findings(folder: Path, seen: Evaluation, asked: Asked, runtime: Runtime, shared: Shared) -> Iterator[SeedFindings]:
    """What is measured of every finished seed; one model at a time is loaded."""
    for number, seed in enumerate(seen.seeds):
        images = images_of_seed(seen, asked, number).part(asked.chosen)
        yield find(seed, find_subject(folder, seed, asked.dataset, runtime, images), shared)


def images_of_seed(seen: Evaluation, asked: Asked, number: int) -> Images:
    """All test images, with what the seed with this number predicts."""
    return Images(asked.dataset.test_images, asked.labels, seen.test_logits[number].argmax(1))


def shown_photographs(seen: Evaluation, asked: Asked) -> Images | None:
    """The photographs with what the first seed predicts; None if it was shown none."""
    if asked.photos is None or seen.photos is None:
        return None
    predicted = seen.photos.logits[asked.recipe][0].argmax(1)
    return Images(asked.photos.recipes[asked.recipe], asked.photos.labels, predicted, asked.photos.senders)
