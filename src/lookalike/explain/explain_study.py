"""Explain the variants of a study: what all of them are asked, and the evidence of one."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Evaluation
from lookalike.artifacts.explanations import Explanation, PairMaps, Representations, SeedFindings
from lookalike.artifacts.photos import PhotoSet
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.cues import grey_objects
from lookalike.evaluation.groups import group_numbers, look_alike_pairs
from lookalike.evaluation.metrics import Ints
from lookalike.explain.closely import look_closely
from lookalike.explain.explain_variant import explain_variant
from lookalike.explain.localisation import Masks
from lookalike.explain.pair_maps import pair_maps
from lookalike.explain.representations import PER_CLASS, layer_products
from lookalike.explain.seeds import Shared, find
from lookalike.explain.subject import Images, Subject, find_subject
from lookalike.runtime import Runtime

if TYPE_CHECKING:
    from lookalike.params.profiles import ExplainSample

CONTRASTED = 50  # images of a class, at most, that are contrasted with look-alikes


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
        return first_of_each_class(self.labels, self.sample.images_per_class)

    @cached_property
    def masks(self) -> Masks | None:
        """Where the objects are in the images that are explained; None if these have colours and OpenCV is missing."""
        pixels = self.dataset.test_images[self.chosen]
        if pixels.ndim == 3:
            return grey_objects(pixels)
        try:
            from lookalike.photographs.masks import object_masks
        except ModuleNotFoundError as error:
            if error.name != "cv2":
                raise
            warnings.warn("OpenCV is not installed: how well maps lie on the object is not measured", stacklevel=2)
            return None
        return object_masks(pixels)

    @cached_property
    def compared(self) -> NDArray[np.int64]:
        """Indices of the test images whose representations are kept."""
        return first_of_each_class(self.labels, min(PER_CLASS, self.sample.images_per_class))

    @cached_property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """All pairs of look-alikes."""
        return look_alike_pairs(self.group_of)

    @property
    def contrasted(self) -> int:
        """How many images of each class are contrasted with its look-alikes; each with several of them."""
        return min(CONTRASTED, -(-self.sample.scored // 5))

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the answers besides images, JSON-able."""
        sample = self.sample.model_dump(mode="json", exclude={"variants"})
        return {"recipe": self.recipe, "groups": self.group_of.tolist(), "sample": sample, "corrupt": self.corrupt}


@dataclass(frozen=True, eq=False)
class Measured:
    """What is measured of one seed.

    Attributes:
        products: by layer, see `representations`.
        pair_maps: float32 (P, 2, H, W), see `pair_maps`; None unless it is a focus variant with look-alikes.
    """

    findings: SeedFindings
    products: dict[str, NDArray[np.float16]]
    pair_maps: NDArray[np.float32] | None


def explain_one(folder: Path, seen: Evaluation, asked: Asked, runtime: Runtime, *, focus: bool) -> Explanation:
    """The evidence of the first seed in the model folder `folder`, whose evaluation is `seen`, and some of every seed;
    more if it is a `focus` variant."""
    shown, chosen = shown_photographs(seen, asked), asked.chosen
    subject = find_subject(folder, seen.seeds[0], asked.dataset, runtime, images_of_seed(seen, asked, 0))
    counts = {"scored": asked.sample.scored, "heads_scored": asked.sample.heads_scored}
    explained = explain_variant(subject.part(chosen), shown, asked.group_of, corrupt=asked.corrupt, **counts)
    closely = look_closely(subject, chosen, asked.group_of, asked.sample.scored) if focus else None
    shared = Shared(shown, asked.group_of, asked.masks if focus else None, focus, asked.sample.scored)
    every = (
        find_subject(folder, seed, asked.dataset, runtime, images_of_seed(seen, asked, number))
        for number, seed in enumerate(seen.seeds)
    )  # one model at a time is loaded
    measured = [measure(seed, one, asked, shared) for seed, one in zip(seen.seeds, every, strict=True)]
    contrasts = [one.pair_maps for one in measured if one.pair_maps is not None]
    return replace(
        explained.evidence(chosen, asked.recipe if shown else "", closely),
        seeds=tuple(one.findings for one in measured),
        representations=Representations(
            asked.compared, tuple(measured[0].products), np.stack([[*one.products.values()] for one in measured])
        ),
        pair_maps=PairMaps(asked.pairs, np.mean(contrasts, axis=0)) if contrasts else None,
        attributed=min(asked.sample.scored, len(chosen)),
    )


def measure(seed: int, subject: Subject, asked: Asked, shared: Shared) -> Measured:
    """What is measured of one seed: `subject` is that seed with all test images."""
    return Measured(
        find(seed, subject.part(asked.chosen), shared),
        layer_products(subject.model, subject.part(asked.compared).inputs),
        pair_maps(subject, asked.pairs, asked.contrasted) if shared.focus and asked.pairs else None,
    )


def images_of_seed(seen: Evaluation, asked: Asked, number: int) -> Images:
    """All test images, with what the seed with this number predicts."""
    return Images(asked.dataset.test_images, asked.labels, seen.test_logits[number].argmax(1))


def shown_photographs(seen: Evaluation, asked: Asked) -> Images | None:
    """The photographs with what the first seed predicts; None if it was shown none."""
    if asked.photos is None or seen.photos is None:
        return None
    predicted = seen.photos.logits[asked.recipe][0].argmax(1)
    return Images(asked.photos.recipes[asked.recipe], asked.photos.labels, predicted, asked.photos.senders)
