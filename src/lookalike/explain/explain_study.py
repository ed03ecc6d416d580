"""Explanation of the variants of a study: what is the same for all variants, and the evidence of one."""

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
from lookalike.artifacts.explanations import Explanation, PairMaps, Representations
from lookalike.artifacts.photos import PhotoSet
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.cues import grey_objects
from lookalike.evaluation.groups import group_numbers, look_alike_pairs
from lookalike.evaluation.metrics import Ints
from lookalike.explain.explain_variant import explain_variant
from lookalike.explain.focus import examine_focus_variant
from lookalike.explain.localisation import Masks
from lookalike.explain.pair_maps import pair_maps
from lookalike.explain.representations import PER_CLASS, layer_products
from lookalike.explain.seeds import SeedSetup, measure_seed
from lookalike.explain.subject import Images, load_subject
from lookalike.runtime import Runtime

if TYPE_CHECKING:
    from lookalike.params.profiles import ExplainSample

CONTRASTED = 50  # images of a class, at most, that are contrasted with look-alikes


@dataclass(frozen=True)
class ExplainSetup:
    """The data and settings that all variants of a study are explained with.

    Attributes:
        photos: None means that the study uses no photographs.
        recipe: that prepares the photographs; "" without photographs.
        groups: of look-alikes: name -> classes.
        sample: numbers of images to explain and to score.
        corrupt: whether to measure how far corrupted images move the outputs of layers.
    """

    dataset: Dataset
    photos: PhotoSet | None
    recipe: str
    groups: Mapping[str, tuple[str, ...]]
    sample: "ExplainSample"
    corrupt: bool

    @cached_property
    def group_of(self) -> Ints:
        return group_numbers(self.groups, self.dataset.class_names)

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        return self.dataset.test_labels.astype(np.int64)

    @cached_property
    def chosen(self) -> NDArray[np.int64]:
        """Indices of the test images that are explained: the first few of each class."""
        return first_of_each_class(self.labels, self.sample.images_per_class)

    @cached_property
    def masks(self) -> Masks | None:
        """Masks of the objects in the images that are explained; None for colour images without OpenCV."""
        pixels = self.dataset.test_images[self.chosen]
        if pixels.ndim == 3:
            return grey_objects(pixels)
        try:
            from lookalike.data.masks import object_masks
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
        return look_alike_pairs(self.group_of)

    @property
    def contrasted(self) -> int:
        """The number of images per class that are contrasted with each look-alike."""
        return min(CONTRASTED, -(-self.sample.scored // 5))

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that decide the results besides images, JSON-able."""
        sample = self.sample.model_dump(mode="json", exclude={"variants"})
        return {"recipe": self.recipe, "groups": self.group_of.tolist(), "sample": sample, "corrupt": self.corrupt}


def explain_one(folder: Path, seen: Evaluation, setup: ExplainSetup, runtime: Runtime, *, focus: bool) -> Explanation:
    """The evidence of a variant: of its first seed, of every seed, and additional evidence of a `focus` variant.

    Args:
        folder: with the model.
        seen: its evaluation.
    """
    shown, chosen = shown_photographs(seen, setup), setup.chosen
    subject = load_subject(folder, seen.seeds[0], setup.dataset, runtime, images_of_seed(seen, setup, 0))
    counts = {"scored": setup.sample.scored, "heads_scored": setup.sample.heads_scored}
    explained = explain_variant(subject.part(chosen), shown, setup.group_of, corrupt=setup.corrupt, **counts)
    focus_findings = examine_focus_variant(subject, chosen, setup.group_of, setup.sample.scored) if focus else None
    seed_setup = SeedSetup(shown, setup.group_of, setup.masks if focus else None, focus, setup.sample.scored)
    findings, products, contrasts = [], [], []
    for number, seed in enumerate(seen.seeds):
        one = load_subject(folder, seed, setup.dataset, runtime, images_of_seed(seen, setup, number))
        findings.append(measure_seed(seed, one.part(chosen), seed_setup))
        products.append(layer_products(one.model, one.part(setup.compared).inputs))
        if focus and setup.pairs:
            contrasts.append(pair_maps(one, setup.pairs, setup.contrasted))
    return replace(
        explained.evidence(chosen, setup.recipe if shown else "", focus_findings),
        seeds=tuple(findings),
        representations=Representations(
            setup.compared, tuple(products[0]), np.stack([[*one.values()] for one in products])
        ),
        pair_maps=PairMaps(setup.pairs, np.mean(contrasts, axis=0)) if contrasts else None,
        attributed=min(setup.sample.scored, len(chosen)),
    )


def images_of_seed(seen: Evaluation, setup: ExplainSetup, number: int) -> Images:
    """All test images, with the predictions of the seed at position `number`."""
    return Images(setup.dataset.test_images, setup.labels, seen.test_logits[number].argmax(1))


def shown_photographs(seen: Evaluation, setup: ExplainSetup) -> Images | None:
    """The photographs with the first seed's predictions; None if it was not evaluated on photographs."""
    if setup.photos is None or seen.photos is None:
        return None
    predicted = seen.photos.logits[setup.recipe][0].argmax(1)
    return Images(setup.photos.recipes[setup.recipe], setup.photos.labels, predicted, setup.photos.senders)
