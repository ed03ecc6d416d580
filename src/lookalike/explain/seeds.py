"""What is measured of every finished seed of a variant, on the images that are explained."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts.explanations import (
    FirstFilters,
    Localisation,
    MapSimilarity,
    SeedFindings,
    Trained,
)
from lookalike.evaluation.metrics import Ints
from lookalike.evaluation.statistics import Estimate, resample
from lookalike.explain.activity import as_in_training, normalisations
from lookalike.explain.attributions import attribution_gains, attribution_maps
from lookalike.explain.convolutions import convolutions, filters, outputs_by_name
from lookalike.explain.depth import depth
from lookalike.explain.distances import attention_distance
from lookalike.explain.explain_variant import ACTIVE, controls_of, rectifies
from lookalike.explain.localisation import Masks, localise
from lookalike.explain.maps import to_numpy
from lookalike.explain.selectivity import selectivity, spectral_entropy
from lookalike.explain.similarity import Pairing, estimate, excess, kinship_figures, spearman, without_mean
from lookalike.explain.subject import Images, Subject
from lookalike.models.layers import Transformer

BLIND = ("embedded patches", "first attention output", "last attention")  # they need no gradient


@dataclass(frozen=True)
class Shared:
    """What the seeds of a variant have in common.

    Attributes:
        photographs: None for a model that none were shown. What it predicts for them does not count.
        group_of: (C,), see `evaluation.groups`.
        masks: (N, H, W), of the objects; None unless it is a focus variant, or if they are not known.
        focus: whether it is a focus variant.
        attributed: how many of the images are explained by the methods that apply to every model.
    """

    photographs: Images | None
    group_of: Ints
    masks: Masks | None
    focus: bool
    attributed: int


def find(seed: int, subject: Subject, shared: Shared) -> SeedFindings:
    """What is measured of one seed: `subject` is that seed with the images that are explained."""
    transformer, convolves = isinstance(subject.model, Transformer), bool(convolutions(subject.model))
    few = subject.part(slice(shared.attributed))
    maps = attribution_maps(few)
    return SeedFindings(
        seed=seed,
        deviations=deviations(subject) if convolves and rectifies(subject.model) else None,
        filters=first_filters(subject) if convolves else None,
        similarity=similarity(subject, shared) if transformer else None,
        localisation=None if shared.masks is None else localisation(subject, maps, shared.masks),
        depth=depth(subject) if convolves and shared.focus and not transformer else None,
        attribution=attribution_gains(few, maps),
        attention_distance=reach(subject.model, subject.inputs) if isinstance(subject.model, Transformer) else None,
    )


def deviations(subject: Subject) -> dict[str, dict[str, float]]:
    """The standard deviation of what enters ReLU behind each convolution, for the first `ACTIVE` images, by state.

    Batch normalisation takes its running statistics, but before training, when there are none yet, those of the images.
    """
    images = subject.inputs[:ACTIVE]
    models = {"untrained": as_in_training(subject.untrained)}
    models |= {f"epoch {epoch}": model for epoch, model in subject.kept.items()} | {"trained": subject.model}
    return {state: entering_deviations(model, images) for state, model in models.items()}


def entering_deviations(model: nn.Module, images: Tensor) -> dict[str, float]:
    """By convolution, numbered from the input on: the deviation behind its batch normalisation, or of its output."""
    watched = [normalisation or name for name, normalisation in normalisations(model).items()]
    outputs = outputs_by_name(model, images, watched)
    return {f"conv{k}": outputs[name].double().std(correction=0).item() for k, name in enumerate(watched, start=1)}


def first_filters(subject: Subject) -> FirstFilters:
    """What the filters of the first convolution are tuned to."""
    first = next(iter(convolutions(subject.model)))
    kernels = [filters(model, first) for model in (subject.untrained, subject.model)]
    entropy, preference = (
        Trained(*(measure(one).mean().item() for one in kernels)) for measure in (spectral_entropy, selectivity)
    )
    return FirstFilters(len(kernels[0]), entropy, preference)


def localisation(subject: Subject, attributed: Mapping[str, Tensor], masks: Masks) -> Localisation | None:
    """Where the maps of the predicted class lie: those of the model's own methods, and attributions of a few images."""
    return localise({**attributed, **{name: subject.explain(name) for name in subject.methods}}, masks)


def reach(model: Transformer, images: Tensor) -> tuple[tuple[float, ...], ...]:
    """The mean distance of attention in pixels, by block and head."""
    return tuple(tuple(heads) for heads in attention_distance(model, images).tolist())


def similarity(subject: Subject, shared: Shared) -> dict[str, MapSimilarity]:
    """How alike the maps of the methods `BLIND` are, see `variant.similarity`."""
    pairing, shown = Pairing(shared.group_of, subject.images.labels), None
    if (photographs := shared.photographs) is not None:
        shown = subject.of(photographs.part(np.flatnonzero(photographs.labels >= 0)))
    return {name: method_similarity(name, subject, shown, pairing) for name in BLIND}


def method_similarity(name: str, subject: Subject, shown: Subject | None, pairing: Pairing) -> MapSimilarity:
    """How alike the maps of one method are; `shown` is the same model with photographs of known classes."""
    maps, weights = to_numpy(subject.explain(name)), resample(len(pairing.labels))
    own, *controls = (
        kinship_figures(spearman(values, values), pairing, weights)
        for values in (without_mean(maps), *controls_of(subject, name, maps.shape[1:]).values())
    )
    over = (excess(own, control).class_contrast for control in controls)
    photographs = photograph_contrast(maps, to_numpy(shown.explain(name)), shown.images, pairing) if shown else None
    found = (estimate(own["class_contrast"]), estimate(own["group_contrast"]), photographs, *over)
    return MapSimilarity(*(None if one is None else asdict(one) for one in found))


def photograph_contrast(
    maps: NDArray[np.float32], photo_maps: NDArray[np.float32], photographs: Images, pairing: Pairing
) -> Estimate | None:
    """The class contrast between maps of photographs (P, h, w) and of test images (N, h, w)."""
    likeness = spearman(without_mean(photo_maps, maps), without_mean(maps))
    to_images = Pairing(pairing.group_of, photographs.labels, pairing.labels)
    return estimate(kinship_figures(likeness, to_images, photographs.weights)["class_contrast"])
