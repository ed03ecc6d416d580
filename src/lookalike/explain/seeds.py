"""Measurements of every finished seed of a variant, on the images that are explained."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts.seed_findings import BeforeAndAfter, FirstFilters, MapSimilarity, SeedFindings
from lookalike.evaluation.metrics import Ints
from lookalike.evaluation.statistics import Estimate, resample
from lookalike.explain.activity import as_in_training, normalisations
from lookalike.explain.attributions import attribution_gains, attribution_maps
from lookalike.explain.class_similarity import Pairing, estimate, over_control, resampled_class_similarity
from lookalike.explain.convolutions import convolutions, filters, outputs_by_name
from lookalike.explain.depth import depth_readouts
from lookalike.explain.distances import attention_distance
from lookalike.explain.explain_variant import ACTIVE, controls_of, rectifies
from lookalike.explain.localisation import Masks, localise
from lookalike.explain.maps import to_numpy
from lookalike.explain.selectivity import selectivity, spectral_entropy
from lookalike.explain.similarity import spearman, without_mean
from lookalike.explain.subject import Images, Subject
from lookalike.models.base import Transformer

BLIND = ("embedded patches", "first attention output", "last attention")  # they need no gradient


@dataclass(frozen=True)
class SeedSetup:
    """What all seeds of a variant are measured on.

    Attributes:
        photographs: None means that the model saw none. Their predictions are not used.
        group_of: (C,), see `evaluation.groups`.
        masks: (N, H, W), of the objects; None if they are unknown or it is no focus variant.
        focus: whether it is a focus variant.
        attributed: number of images explained by the methods that apply to every model.
    """

    photographs: Images | None
    group_of: Ints
    masks: Masks | None
    focus: bool
    attributed: int


def measure_seed(seed: int, subject: Subject, setup: SeedSetup) -> SeedFindings:
    """The measurements of one seed; `subject` is that seed with the images that are explained."""
    transformer, convolves = isinstance(subject.model, Transformer), bool(convolutions(subject.model))
    few = subject.part(slice(setup.attributed))
    attributions = attribution_maps(few)
    localisation = reach = None
    if setup.masks is not None:
        localisation = localise(attributions | {name: subject.explain(name) for name in subject.methods}, setup.masks)
    if isinstance(subject.model, Transformer):
        reach = tuple(tuple(heads) for heads in attention_distance(subject.model, subject.inputs).tolist())
    return SeedFindings(
        seed=seed,
        deviations=relu_input_deviations(subject) if convolves and rectifies(subject.model) else None,
        filters=first_filters(subject) if convolves else None,
        similarity=blind_map_similarity(subject, setup) if transformer else None,
        localisation=localisation,
        depth=depth_readouts(subject) if convolves and setup.focus and not transformer else None,
        attribution=attribution_gains(few, attributions),
        attention_distance=reach,
    )


def relu_input_deviations(subject: Subject) -> dict[str, dict[str, float]]:
    """The standard deviation of the input of ReLU after each convolution, for the first `ACTIVE` images, by state.

    Batch normalisation uses its running statistics or, before training, when there are none, those of the images.
    """
    models = subject.states | {"untrained": as_in_training(subject.untrained)}
    return {state: entering_deviations(model, subject.inputs[:ACTIVE]) for state, model in models.items()}


def entering_deviations(model: nn.Module, images: Tensor) -> dict[str, float]:
    """The standard deviation after each convolution and its batch normalisation, if any; numbered from the input."""
    watched = [normalisation or name for name, normalisation in normalisations(model).items()]
    outputs = outputs_by_name(model, images, watched)
    return {f"conv{k}": outputs[name].double().std(correction=0).item() for k, name in enumerate(watched, start=1)}


def first_filters(subject: Subject) -> FirstFilters:
    """The tuning of the first convolution's filters before and after training."""
    first = next(iter(convolutions(subject.model)))
    kernels = [filters(model, first) for model in (subject.untrained, subject.model)]
    entropy, preference = (
        BeforeAndAfter(*(measure(one).mean().item() for one in kernels)) for measure in (spectral_entropy, selectivity)
    )
    return FirstFilters(len(kernels[0]), entropy, preference)


def blind_map_similarity(subject: Subject, setup: SeedSetup) -> dict[str, MapSimilarity]:
    """How alike the maps of the methods `BLIND` are, see `variant.similarity`."""
    pairing, shown = Pairing(setup.group_of, subject.images.labels), None
    if (photographs := setup.photographs) is not None:
        shown = subject.of(photographs.part(np.flatnonzero(photographs.labels >= 0)))
    return {name: method_similarity(name, subject, shown, pairing) for name in BLIND}


def method_similarity(name: str, subject: Subject, shown: Subject | None, pairing: Pairing) -> MapSimilarity:
    """How alike the maps of one method are; `shown` is the same model with photographs of known classes."""
    maps, weights = to_numpy(subject.explain(name)), resample(len(pairing.labels))
    own, *controls = (
        resampled_class_similarity(spearman(values, values), pairing, weights)
        for values in (without_mean(maps), *controls_of(subject, name, maps.shape[1:]).values())
    )
    over = (over_control(own, control).class_contrast for control in controls)
    photographs = photograph_contrast(maps, to_numpy(shown.explain(name)), shown.images, pairing) if shown else None
    found = (estimate(own["class_contrast"]), estimate(own["group_contrast"]), photographs, *over)
    return MapSimilarity(*(None if one is None else asdict(one) for one in found))


def photograph_contrast(
    maps: NDArray[np.float32], photo_maps: NDArray[np.float32], photographs: Images, pairing: Pairing
) -> Estimate | None:
    """The class contrast between maps of photographs (P, h, w) and of test images (N, h, w)."""
    likeness = spearman(without_mean(photo_maps, maps), without_mean(maps))
    to_images = Pairing(pairing.group_of, photographs.labels, pairing.labels)
    return estimate(resampled_class_similarity(likeness, to_images, photographs.weights)["class_contrast"])
