"""Explain the variants of a study: what all of them are asked, and the evidence of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Evaluation
from lookalike.artifacts.explanations import Explanation
from lookalike.artifacts.photos import PhotoSet
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.metrics import Ints
from lookalike.explain.closely import look_closely
from lookalike.explain.subject import Images, find_subject
from lookalike.explain.variant import explain_variant
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

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the answers besides images, JSON-able."""
        sample = self.sample.model_dump(mode="json", exclude={"variants"})
        return {"recipe": self.recipe, "groups": self.group_of.tolist(), "sample": sample, "corrupt": self.corrupt}


def explain_one(folder: Path, seen: Evaluation, asked: Asked, runtime: Runtime, *, focus: bool) -> Explanation:
    """The evidence of the first seed in the model folder `folder`, whose evaluation is `seen`; more if it is a `focus`
    variant."""
    dataset, photos = asked.dataset, asked.photos
    labels, shown = dataset.test_labels.astype(int), None
    chosen = first_of_each_class(labels, asked.sample.images_a_class)
    if photos is not None and seen.photos is not None:
        predicted = seen.photos.logits[asked.recipe][0].argmax(1)
        shown = Images(photos.recipes[asked.recipe], photos.labels, predicted)
    test = Images(dataset.test_images, labels, seen.test_logits[0].argmax(1))
    subject = find_subject(folder, seen.seeds[0], dataset, runtime, test)
    counts = {"scored": asked.sample.scored, "heads_scored": asked.sample.heads_scored}
    explained = explain_variant(subject.part(chosen), shown, asked.group_of, corrupt=asked.corrupt, **counts)
    closely = look_closely(subject, chosen, asked.group_of, asked.sample.scored) if focus else None
    return explained.evidence(chosen, asked.recipe if shown else "", closely)
