"""Explanation of one variant: its maps, tests of these maps, and their similarity."""

from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts.explanations import CloseUp, Explanation, LayerOutputs, NetworkConvolutions, quantise_maps
from lookalike.artifacts.image_files import shrink
from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import resample
from lookalike.explain.activity import activity
from lookalike.explain.attention import all_heads
from lookalike.explain.class_similarity import (
    Pairing,
    class_similarity,
    estimates_of,
    mistakes,
    over_control,
    resampled_class_similarity,
)
from lookalike.explain.convolutions import convolutions, feature_maps, filters
from lookalike.explain.drift import Through, drift, through_layers
from lookalike.explain.faithfulness import (
    Faithfulness,
    PerturbationTest,
    faithfulness_scores,
    gains,
    perturbation_curves,
)
from lookalike.explain.focus import FocusFindings
from lookalike.explain.maps import Json, Maps, label_target, to_numpy
from lookalike.explain.mass import mass_by_class
from lookalike.explain.methods import DEFAULT
from lookalike.explain.sanity import RandomisationStep, cascade
from lookalike.explain.selectivity import tuning
from lookalike.explain.similarity import SIMILARITIES, patch_means, without_mean
from lookalike.explain.subject import Images, Subject
from lookalike.models.base import Model, Partitioned, Transformer

SEED = 13  # of random maps and of the order of equal values
ACTIVE = 64  # images whose activations are looked at
CHANNELS = 64  # of a convolution that are shown
SEVERAL = ("CAM", "Grad-CAM", DEFAULT)  # methods by which several images of each class are drawn
JOURNEY, ABREAST = 5, 2  # of these, where a convolution is shown alone, and where several images are side by side


@dataclass(frozen=True)
class VariantFindings:
    """What is known of one variant.

    Attributes:
        found: figures, JSON-able: "images" (how many), "faithfulness", "heads" (None without attention), "sanity",
            "similarity", "mass" (by method, see `mass.mass_by_class`), "activity" (by state of the
            model, see `activities`; None without ReLU), "drift" (None of a transformer, or if images are not to be
            corrupted), "tuning" (see `selectivity`; None without convolutions), and of the first and the last of the
            "convolutions" the number of channels and the range of each of the first few.
        maps: of the images explained.
        photo_maps: of the photographs; none if there are none.
        close_up: what only focus variants are drawn with, but for contrast and responses.
    """

    found: Json
    maps: Maps
    photo_maps: Maps
    close_up: CloseUp

    def evidence(self, indices: NDArray[np.int64], recipe: str, focus: FocusFindings | None) -> Explanation:
        """The evidence to save.

        Args:
            indices: (N,), of the images explained.
            recipe: of the photographs.
            focus: None unless it is a focus variant.
        """
        close_up = replace(self.close_up, contrast=focus.contrast, responses=focus.responses) if focus else None
        classes = len(self.found["mass"][DEFAULT])
        maps = {name: one if name in SEVERAL else one[:classes] for name, one in self.maps.items()}
        photo_maps = quantise_maps(self.photo_maps[DEFAULT]) if self.photo_maps else None
        found = self.found | (focus.found if focus else {"contrast": None, "responses": []})
        return Explanation(found, DEFAULT, recipe, indices, maps, photo_maps, close_up)


def explain_variant(
    subject: Subject,
    photographs: Images | None,
    group_of: Ints,
    *,
    scored: int,
    heads_scored: int,
    corrupt: bool = False,
) -> VariantFindings:
    """The findings on one model.

    Args:
        subject: the model with images of all classes.
        photographs: None means that the model saw no photographs.
        group_of: (C,), see `evaluation.groups`.
        scored, heads_scored: number of images on which each method and each head is scored.
        corrupt: whether to measure how far corrupted images move the layers' outputs.
    """
    maps = all_maps(subject)
    photo_maps = all_maps(subject.of(photographs)) if photographs else {}
    few, transformer = subject.part(slice(scored)), isinstance(subject.model, Transformer)
    corrupt = corrupt and not transformer
    active, first = subject.part(slice(ACTIVE)), subject.inputs[:1]
    trained = feature_maps(subject.model, first)
    inside = {
        "untrained": look_inside(subject.untrained, feature_maps(subject.untrained, first), features=False),
        "trained": look_inside(subject.model, trained),
    }
    channels = {name: (len(layer.weight), layer.weight.shape[1]) for name, layer in convolutions(subject.model).items()}
    found = {
        "images": len(subject.images.labels),
        "faithfulness": asdict(map_faithfulness(few, maps)),
        "heads": head_scores(subject.part(slice(heads_scored))) if transformer else None,
        "sanity": {name: [asdict(step) for step in sanity_steps(few, name)] for name in maps},
        "similarity": map_similarity(subject, maps, photographs, photo_maps, group_of),
        "mass": {
            name: [one and asdict(one) for one in mass_by_class(values, subject.images.labels, len(group_of))]
            for name, values in maps.items()
        },
        "activity": (
            {state: asdict(activity(model, active.inputs)) for state, model in subject.states.items()}
            if rectifies(subject.model)
            else None
        ),
        "drift": drift(active) if corrupt else None,
        "tuning": first_filter_tuning(subject.model, subject.untrained),
        "convolutions": [
            {
                "name": name,
                "channels": channels[name][0],
                "filters": ranges(to_numpy(filters(subject.model, name))[:CHANNELS]),
                "untrained": ranges(to_numpy(filters(subject.untrained, name))[:CHANNELS]),
                "features": ranges(to_numpy(trained[name][0, :CHANNELS])),
            }
            for name in inside["trained"].filters
        ],
    }
    heads = to_numpy(with_mean(all_heads(subject.model, first))[0]) if transformer else None
    layers = layers_side_by_side(through_layers(subject)) if corrupt else {}
    return VariantFindings(found, maps, photo_maps, CloseUp(heads, inside, channels, layers, None, {}))


def look_inside(model: nn.Module, outputs: dict[str, Tensor], *, features: bool = True) -> NetworkConvolutions:
    """Filters of a model's first and last convolution, and the outputs of all for one image, (1, O, h, w) by name."""
    maps = {name: to_numpy(one[0]) for name, one in outputs.items()}
    ends = dict.fromkeys((*list(maps)[:1], *list(maps)[-1:]))
    return NetworkConvolutions(
        filters={name: shown_kernels(to_numpy(filters(model, name))) for name in ends},
        features={name: quantise_maps(maps[name][:CHANNELS]) for name in ends} if features else {},
        journey={name: quantise_maps(one[most_varied(one)[:JOURNEY]]) for name, one in maps.items()},
    )


def shown_kernels(kernels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first few kernels (O, I, h, w); the mean over their input channels if these are neither grey nor colours."""
    first = kernels[:CHANNELS]
    return first if first.shape[1] in {1, 3} else first.mean(axis=1, keepdims=True)


def most_varied(maps: NDArray[np.float32]) -> Ints:
    """The channels of maps (O, h, w), the largest standard deviation first."""
    return np.argsort(-maps.std(axis=(1, 2)), kind="stable")


def layers_side_by_side(sides: Through) -> dict[str, LayerOutputs]:
    """The layers' outputs for an image as it is (the first side) and corrupted: the channels that vary most in it."""
    clean = next(iter(sides.values()))[1]
    chosen = {name: most_varied(one)[:ABREAST] for name, one in clean.items() if one.ndim > 1}
    return {
        title: LayerOutputs(
            shrink(image[None])[0],
            {name: quantise_maps(one[chosen[name]] if name in chosen else one[None]) for name, one in outputs.items()},
        )
        for title, (image, outputs) in sides.items()
    }


def first_filter_tuning(model: nn.Module, untrained: nn.Module) -> Json | None:
    """The tuning of the first convolution's filters, see `selectivity`; None without convolutions."""
    first = next(iter(convolutions(model)), None)
    return asdict(tuning(filters(model, first), filters(untrained, first))) if first else None


def rectifies(model: Model) -> bool:
    """Whether ReLU follows the convolutions of `model`, as `activity` assumes; not where paths join."""
    return not isinstance(model, Partitioned) and any(isinstance(layer, nn.ReLU) for layer in model.modules())


def all_maps(subject: Subject) -> Maps:
    return {name: to_numpy(subject.explain(name)) for name in subject.methods}


def ranges(channels: NDArray[np.floating]) -> list[Json]:
    return [{"least": float(one.min()), "mean": float(one.mean()), "most": float(one.max())} for one in channels]


def map_faithfulness(subject: Subject, maps: Maps) -> Faithfulness:
    """Scores of those of the maps that belong to the images of `subject`, which are the first ones."""
    some = {name: torch.from_numpy(values[: len(subject.inputs)]) for name, values in maps.items()}
    return faithfulness_scores(PerturbationTest(subject.model, subject.inputs, subject.predicted), some, SEED)


def head_scores(subject: Subject) -> Json:
    """The faithfulness of each attention head and, last, of each block's mean over heads: gains (blocks, H + 1)."""
    test = PerturbationTest(subject.model, subject.inputs, subject.predicted)
    heads = with_mean(all_heads(subject.model, subject.inputs))
    scored = [
        [gains(perturbation_curves(test, one, SEED)).mean().item() for one in block.unbind(1)]
        for block in heads.unbind(1)
    ]
    return {"images": len(subject.inputs), "gains": scored}


def with_mean(heads: Tensor) -> Tensor:
    """Maps of all heads, followed by their mean: (N, blocks, H, h, w) -> (N, blocks, H + 1, h, w)."""
    return torch.cat([heads, heads.mean(dim=2, keepdim=True)], dim=2)


def sanity_steps(subject: Subject, method: str) -> list[RandomisationStep]:
    fresh, target = subject.random.state_dict(), label_target(subject.predicted, len(subject.dataset.class_names))
    return cascade(subject.model, fresh, subject.methods[method], subject.inputs, target)


def map_similarity(
    subject: Subject, maps: Maps, photographs: Images | None, photo_maps: Maps, group_of: Ints
) -> dict[str, dict[str, Json]]:
    """The similarity of maps, by measure and method, see `class_similarity_with_controls`.

    Besides, "mistakes" (`class_similarity.Mistakes`) and "photographs": the `ClassSimilarity` of photographs of known
    classes with the images (None without photographs).
    """
    labels = subject.images.labels
    pairing, weights = Pairing(group_of, labels), resample(len(labels))
    found: dict[str, dict[str, Json]] = {measure: {} for measure in SIMILARITIES}
    for name, values in maps.items():
        rows = without_mean(values)
        controls = controls_of(subject, name, values.shape[1:])
        for measure, similar in SIMILARITIES.items():
            matrix = similar(rows, rows)
            others = {control: similar(theirs, theirs) for control, theirs in controls.items()}
            found[measure][name] = {
                **class_similarity_with_controls(matrix, others, pairing, weights),
                "mistakes": asdict(mistakes(matrix, subject.images.predicted, labels, weights)),
                "photographs": None,
            }
        if photographs is not None:
            known = np.flatnonzero(photographs.labels >= 0)
            clear = photographs.part(known)
            to_photographs = Pairing(group_of, clear.labels, labels)
            photo_rows, photo_weights = without_mean(photo_maps[name][known], values), clear.weights
            for measure, similar in SIMILARITIES.items():
                to_images = class_similarity(similar(photo_rows, rows), to_photographs, photo_weights)
                found[measure][name]["photographs"] = asdict(to_images)
    return found


def controls_of(subject: Subject, method: str, grid: tuple[int, int]) -> dict[str, Floats]:
    """The controls of maps on a grid of h x w: the pixels, and the maps of a network without training."""
    return {
        "raw_pixels": without_mean(patch_means(grey_values(subject.images.pixels[:]), grid)),
        "untrained": without_mean(to_numpy(subject.explain(method, model=subject.random))),
    }


def class_similarity_with_controls(
    matrix: Floats, controls: dict[str, Floats], pairing: Pairing, weights: NDArray[np.float64]
) -> Json:
    """Class similarity of a method's "maps", of each control, and the difference of both ("over_<control>")."""
    own = resampled_class_similarity(matrix, pairing, weights)
    found: Json = {"maps": asdict(estimates_of(own, matrix, pairing))}
    for name, control in controls.items():
        theirs = resampled_class_similarity(control, pairing, weights)
        found[name] = asdict(estimates_of(theirs, control, pairing))
        found[f"over_{name}"] = asdict(over_control(own, theirs))
    return found


def grey_values(pixels: NDArray[np.uint8]) -> Floats:
    """Grey images (N, H, W) as float64; colour images (N, H, W, 3) become the mean of their channels."""
    return pixels.astype(np.float64) if pixels.ndim == 3 else pixels.mean(axis=3)
