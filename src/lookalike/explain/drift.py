"""How far the output of each layer of a convolutional network moves when images are corrupted."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.data.corruptions import CORRUPTIONS, OTHER, corrupt
from lookalike.evaluation.statistics import bootstrap_mean, resample
from lookalike.explain.convolutions import outputs_by_name, run_order
from lookalike.explain.subject import Images, Subject
from lookalike.models.layers import Subsampling
from lookalike.models.lenet5 import Codes

SEVERITY = 3  # of the corruptions
SEED = 13  # of their draws
SHOWN = ("gaussian noise", "rotate", "zigzag", "occlusion")  # ways in which an image is shown through all layers
Through = dict[str, tuple[NDArray[np.uint8], dict[str, NDArray[np.float32]]]]  # title -> image, layer -> its output
KINDS: dict[type[nn.Module] | tuple[type[nn.Module], ...], str] = {
    nn.Conv2d: "convolution",
    (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, Subsampling): "pooling",
    (nn.Linear, Codes): "dense",
}


def layers(model: nn.Module, input_shape: Sequence[int]) -> dict[str, str]:
    """Convolutions, poolings and dense layers, numbered by kind, in the order in which they are run in.

    A layer's output is what the next one of these is given, so behind its activation and normalisation.

    Returns:
        What the layer is called -> the module of the model that puts its output out.
    """
    found: dict[str, str] = {}
    counts = dict.fromkeys(KINDS.values(), 0)
    for name, module in run_order(model, input_shape):
        kind = next((kind for types, kind in KINDS.items() if isinstance(module, types)), None)
        if kind is not None:
            counts[kind] += 1
            found[f"{kind} {counts[kind]}"] = name
        elif found and not isinstance(module, nn.Flatten):
            found[list(found)[-1]] = name
    return found


def outputs(subject: Subject) -> dict[str, Tensor]:
    """What each of the layers puts out for the subject's images: (N, ...) by what the layer is called."""
    named = layers(subject.model, subject.inputs.shape[1:])
    given = outputs_by_name(subject.model, subject.inputs, named.values())
    return {called: given[name] for called, name in named.items()}


def corrupted_subjects(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """The same model with its images corrupted, by kind."""
    for kind in CORRUPTIONS:
        pixels = corrupt(subject.images.pixels[:], kind, SEVERITY, seed=SEED)
        yield kind, subject.of(Images(pixels, subject.images.labels, subject.images.predicted))


def drift(subject: Subject) -> dict[str, Any]:
    """The cosine between each layer's outputs for images as they are and corrupted, by kind, as JSON-able data.

    Beside the kinds stands `OTHER`: the cosine with the outputs for the next image of the subject.
    """
    clean, weights = outputs(subject), resample(len(subject.images.labels))

    def compared(others: dict[str, Tensor]) -> list[dict[str, Any]]:
        cosines = {name: cosine(values, others[name]) for name, values in clean.items()}
        return [{"layer": name, "cosine": asdict(bootstrap_mean(found, weights))} for name, found in cosines.items()]

    kinds = {kind: compared(outputs(corrupted)) for kind, corrupted in corrupted_subjects(subject)}
    next_ones = {name: values.roll(1, dims=0) for name, values in clean.items()}
    return {"images": len(weights[0]), "severity": SEVERITY, "kinds": kinds | {OTHER: compared(next_ones)}}


def through_layers(subject: Subject) -> Through:
    """The first image as it is and corrupted in the ways `SHOWN`, with what every layer makes of it."""
    first = subject.part(slice(1))
    shown = {"as it is": first} | {kind: one for kind, one in corrupted_subjects(first) if kind in SHOWN}
    return {
        title: (one.images.pixels[0], {name: values[0].cpu().numpy() for name, values in outputs(one).items()})
        for title, one in shown.items()
    }


def cosine(first: Tensor, second: Tensor) -> NDArray[np.float64]:
    """Of each image's outputs (N, ...), seen as one vector: (N,); 0 where one of them is all zero."""
    cosines: NDArray[np.float64]
    cosines = F.cosine_similarity(first.flatten(1).double(), second.flatten(1).double()).cpu().numpy()
    return cosines
