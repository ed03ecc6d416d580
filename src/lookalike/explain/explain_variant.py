"""Explain one variant: its maps, how far they can be trusted, and how alike they are."""

from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.artifacts.explanations import CloseUp, Explanation, Inside, Layers, in_steps
from lookalike.artifacts.image_files import made_small
from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import resample
from lookalike.explain.activity import activity
from lookalike.explain.attention import all_heads
from lookalike.explain.closely import Closely
from lookalike.explain.convolutions import convolutions, feature_maps, filters
from lookalike.explain.drift import Through, drift, through_layers
from lookalike.explain.faithfulness import Faithfulness, Trial, curves, gains, score
from lookalike.explain.maps import Json, Maps, to_numpy, toward
from lookalike.explain.mass import mass_by_class
from lookalike.explain.methods import DEFAULT
from lookalike.explain.sanity import cascade
from lookalike.explain.selectivity import tuning
from lookalike.explain.similarity import (
    SIMILARITIES,
    Pairing,
    excess,
    kinship,
    kinship_figures,
    mistakes,
    patch_means,
    without_mean,
)
from lookalike.explain.subject import Images, Subject
from lookalike.models.layers import Model, Partitioned, Transformer

SEED = 13  # of random maps and of the order of equal values
ACTIVE = 64  # images whose activations are looked at
CHANNELS = 64  # of a convolution that are shown
SEVERAL = ("CAM", "Grad-CAM", DEFAULT)  # methods by which several images of each class are drawn
JOURNEY, ABREAST = 5, 2  # of these, where a convolution is shown alone, and where several images are side by side


@dataclass(frozen=True)
class Explained:
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

    def evidence(self, indices: NDArray[np.int64], recipe: str, closely: Closely | None) -> Explanation:
        """What is kept.

        Args:
            indices: (N,), of the images explained.
            recipe: of the photographs.
            closely: None unless it is a focus variant.
        """
        close_up = None
        if closely is not None:
            close_up = replace(self.close_up, contrast=closely.contrast, responses=closely.responses)
        maps = {
            name: one if name in SEVERAL else one[: len(self.found["mass"][name])] for name, one in self.maps.items()
        }
        photo_maps = in_steps(self.photo_maps[DEFAULT]) if self.photo_maps else None
        found = self.found | (closely.found if closely else {"contrast": None, "responses": []})
        return Explanation(found, DEFAULT, recipe, indices, maps, photo_maps, close_up)


def explain_variant(
    subject: Subject,
    photographs: Images | None,
    group_of: Ints,
    *,
    scored: int,
    heads_scored: int,
    corrupt: bool = False,
) -> Explained:
    """All about the maps of one model.

    Args:
        subject: the model with images of all classes.
        photographs: None for a model that none were shown.
        group_of: (C,), see `evaluation.groups`.
        scored, heads_scored: on how many of the images each method and each head is scored.
        corrupt: whether to see how far corrupted images move the layers' outputs.
    """
    maps = all_maps(subject)
    photo_maps = all_maps(subject.of(photographs)) if photographs else {}
    few, transformer = subject.part(slice(scored)), isinstance(subject.model, Transformer)
    corrupt = corrupt and not transformer
    first = subject.inputs[:1]
    trained = feature_maps(subject.model, first)
    inside = {
        "untrained": look_inside(subject.untrained, feature_maps(subject.untrained, first), features=False),
        "trained": look_inside(subject.model, trained),
    }
    channels = {name: (len(layer.weight), layer.weight.shape[1]) for name, layer in convolutions(subject.model).items()}
    found = {
        "images": len(subject.images.labels),
        "faithfulness": asdict(faithfulness(few, maps)),
        "heads": head_scores(subject.part(slice(heads_scored))) if transformer else None,
        "sanity": {name: sanity(few, name) for name in maps},
        "similarity": similarity(subject, maps, photographs, photo_maps, group_of),
        "mass": {name: masses(values, subject.images.labels, len(group_of)) for name, values in maps.items()},
        "activity": activities(subject.part(slice(ACTIVE))) if rectifies(subject.model) else None,
        "drift": drift(subject.part(slice(ACTIVE))) if corrupt else None,
        "tuning": tuned(subject.model, subject.untrained),
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
    layers = abreast(through_layers(subject)) if corrupt else {}
    return Explained(found, maps, photo_maps, CloseUp(heads, inside, channels, layers, None, {}))


def look_inside(model: nn.Module, outputs: dict[str, Tensor], *, features: bool = True) -> Inside:
    """What the convolutions of a model are, and what they make of one image: `outputs` (1, O, h, w) by name."""
    maps = {name: to_numpy(one[0]) for name, one in outputs.items()}
    ends = dict.fromkeys((*list(maps)[:1], *list(maps)[-1:]))
    return Inside(
        filters={name: shown_kernels(to_numpy(filters(model, name))) for name in ends},
        features={name: in_steps(maps[name][:CHANNELS]) for name in ends} if features else {},
        journey={name: in_steps(one[most_varied(one)[:JOURNEY]]) for name, one in maps.items()},
    )


def shown_kernels(kernels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of kernels (O, I, h, w) the first few, with their mean over more input channels than have colours."""
    first = kernels[:CHANNELS]
    return first if first.shape[1] in {1, 3} else first.mean(axis=1, keepdims=True)


def most_varied(maps: NDArray[np.float32]) -> Ints:
    """The channels of maps (O, h, w), the largest deviation first."""
    return np.argsort(-maps.std(axis=(1, 2)), kind="stable")


def abreast(sides: Through) -> dict[str, Layers]:
    """What the layers make of an image as it is (the first side) and otherwise: the channels that vary most in that."""
    clean = next(iter(sides.values()))[1]
    chosen = {name: most_varied(one)[:ABREAST] for name, one in clean.items() if one.ndim > 1}
    return {
        title: Layers(
            made_small(image[None])[0],
            {name: in_steps(one[chosen[name]] if name in chosen else one[None]) for name, one in outputs.items()},
        )
        for title, (image, outputs) in sides.items()
    }


def tuned(model: nn.Module, untrained: nn.Module) -> Json | None:
    """What the filters of the first convolution are tuned to, see `selectivity`; None without convolutions."""
    first = next(iter(convolutions(model)), None)
    return asdict(tuning(filters(model, first), filters(untrained, first))) if first else None


def rectifies(model: Model) -> bool:
    """Whether ReLU follows the convolutions of `model`, as `activity` takes for granted; not where paths join."""
    return not isinstance(model, Partitioned) and any(isinstance(layer, nn.ReLU) for layer in model.modules())


def activities(subject: Subject) -> Json:
    """What goes through the model: before its training, after epochs whose weights were kept, and after the last."""
    kept = {f"epoch {epoch}": model for epoch, model in subject.kept.items()}
    models = {"untrained": subject.untrained, **kept, "trained": subject.model}
    return {state: asdict(activity(model, subject.inputs)) for state, model in models.items()}


def masses(maps: NDArray[np.float32], labels: Ints, classes: int) -> list[Json | None]:
    """Where the mass of the maps of each class lies."""
    return [asdict(mass) if mass else None for mass in mass_by_class(maps, labels, classes)]


def all_maps(subject: Subject) -> Maps:
    """By each method."""
    return {name: to_numpy(subject.explain(name)) for name in subject.methods}


def ranges(channels: NDArray[np.floating]) -> list[Json]:
    """Least, mean and most of each channel (O, ...)."""
    return [{"least": float(one.min()), "mean": float(one.mean()), "most": float(one.max())} for one in channels]


def faithfulness(subject: Subject, maps: Maps) -> Faithfulness:
    """Scores of the maps of the first images, which are those of `subject`."""
    some = {name: torch.from_numpy(values[: len(subject.inputs)]) for name, values in maps.items()}
    return score(Trial(subject.model, subject.inputs, subject.predicted), some, SEED)


def head_scores(subject: Subject) -> Json:
    """How faithful each attention head is and, behind them, each block's mean over heads: gains (blocks, H + 1)."""
    trial = Trial(subject.model, subject.inputs, subject.predicted)
    heads = with_mean(all_heads(subject.model, subject.inputs))
    scored = [[gains(curves(trial, one, SEED)).mean().item() for one in block.unbind(1)] for block in heads.unbind(1)]
    return {"images": len(subject.inputs), "gains": scored}


def with_mean(heads: Tensor) -> Tensor:
    """Maps of all heads with their mean behind them: (N, blocks, H, h, w) -> (N, blocks, H + 1, h, w)."""
    return torch.cat([heads, heads.mean(dim=2, keepdim=True)], dim=2)


def sanity(subject: Subject, method: str) -> list[Json]:
    """What is left of a method's maps as the model is made untrained, layer by layer."""
    fresh, target = subject.random.state_dict(), toward(subject.predicted, len(subject.dataset.class_names))
    return [asdict(step) for step in cascade(subject.model, fresh, subject.methods[method], subject.inputs, target)]


def similarity(
    subject: Subject, maps: Maps, photographs: Images | None, photo_maps: Maps, group_of: Ints
) -> dict[str, dict[str, Json]]:
    """How alike maps are, by measure and method, with the same of two controls; see `compared`.

    "mistakes" and "photographs" beside that: `similarity.Mistakes`, and the `Kinship` of photographs that are of one of
    the classes with the images (None without photographs).
    """
    labels = subject.images.labels
    pairing, weights = Pairing(group_of, labels), resample(len(labels))
    found: dict[str, dict[str, Json]] = {measure: {} for measure in SIMILARITIES}
    for name, values in maps.items():
        rows = without_mean(values)
        controls = controls_of(subject, name, values.shape[1:])
        for measure, alike in SIMILARITIES.items():
            matrix = alike(rows, rows)
            others = {control: alike(theirs, theirs) for control, theirs in controls.items()}
            found[measure][name] = {
                **compared(matrix, others, pairing, weights),
                "mistakes": asdict(mistakes(matrix, subject.images.predicted, labels, weights)),
                "photographs": None,
            }
        if photographs is not None:
            known = np.flatnonzero(photographs.labels >= 0)
            clear = photographs.part(known)
            to_photographs = Pairing(group_of, clear.labels, labels)
            photo_rows, photo_weights = without_mean(photo_maps[name][known], values), clear.weights
            for measure, alike in SIMILARITIES.items():
                likeness = kinship(alike(photo_rows, rows), to_photographs, photo_weights)
                found[measure][name]["photographs"] = asdict(likeness)
    return found


def controls_of(subject: Subject, method: str, grid: tuple[int, int]) -> dict[str, Floats]:
    """What maps on a grid of h x w are compared with: the pixels, and the maps of a network without training."""
    return {
        "raw_pixels": without_mean(patch_means(grey(subject.images.pixels[:]), grid)),
        "untrained": without_mean(to_numpy(subject.explain(method, model=subject.random))),
    }


def compared(matrix: Floats, controls: dict[str, Floats], pairing: Pairing, weights: NDArray[np.float64]) -> Json:
    """How alike a method's maps are ("maps"), the same of each control, and what the maps have over it ("over_...")."""
    own = kinship_figures(matrix, pairing, weights)
    found: Json = {"maps": asdict(kinship(matrix, pairing, weights))}
    for name, control in controls.items():
        found[name] = asdict(kinship(control, pairing, weights))
        found[f"over_{name}"] = asdict(excess(own, kinship_figures(control, pairing, weights)))
    return found


def grey(pixels: NDArray[np.uint8]) -> Floats:
    """Images (N, H, W) as they are, or the mean over the channels of (N, H, W, 3)."""
    return pixels.astype(np.float64) if pixels.ndim == 3 else pixels.mean(axis=3)
