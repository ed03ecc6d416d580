"""Drift of each layer's output in a convolutional network when images are corrupted."""

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


def named_layers(model: nn.Module, input_shape: Sequence[int]) -> dict[str, str]:
    """Convolutions, poolings and dense layers, numbered by kind, in the order in which they run.

    A layer's output is taken after its normalisation and activation, as the next layer reads it.

    Returns:
        Title of the layer, such as "pooling 2" -> name of the module with its output.
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


def layer_outputs(subject: Subject) -> dict[str, Tensor]:
    """The output of each of the `named_layers` for the subject's images: (N, ...) by title."""
    modules = named_layers(subject.model, subject.inputs.shape[1:])
    by_name = outputs_by_name(subject.model, subject.inputs, modules.values())
    return {title: by_name[name] for title, name in modules.items()}


def corrupted_subjects(subject: Subject) -> Iterator[tuple[str, Subject]]:
    """The same model with its images corrupted, by kind."""
    for kind in CORRUPTIONS:
        pixels = corrupt(subject.images.pixels[:], kind, SEVERITY, seed=SEED)
        yield kind, subject.of(Images(pixels, subject.images.labels, subject.images.predicted))


def drift(subject: Subject) -> dict[str, Any]:
    """The cosine between each layer's outputs for clean and corrupted images, by kind of corruption, JSON-able.

    Under the key `OTHER` it is the cosine with the outputs for the subject's next image.
    """
    clean, weights = layer_outputs(subject), resample(len(subject.images.labels))

    def cosines(others: dict[str, Tensor]) -> list[dict[str, Any]]:
        by_layer = {name: cosine(values, others[name]) for name, values in clean.items()}
        return [{"layer": name, "cosine": asdict(bootstrap_mean(one, weights))} for name, one in by_layer.items()]

    kinds = {kind: cosines(layer_outputs(corrupted)) for kind, corrupted in corrupted_subjects(subject)}
    next_images = {name: values.roll(1, dims=0) for name, values in clean.items()}
    return {"images": len(weights[0]), "severity": SEVERITY, "kinds": kinds | {OTHER: cosines(next_images)}}


def through_layers(subject: Subject) -> Through:
    """The first image, clean and with the corruptions `SHOWN`, with the output of every layer."""
    first = subject.part(slice(1))
    shown = {"as it is": first} | {kind: one for kind, one in corrupted_subjects(first) if kind in SHOWN}
    return {
        title: (one.images.pixels[0], {name: values[0].cpu().numpy() for name, values in layer_outputs(one).items()})
        for title, one in shown.items()
    }


def cosine(first: Tensor, second: Tensor) -> NDArray[np.float64]:
    """The cosine of each image's two outputs (N, ...), as vectors: (N,); 0 if one of them is all zero."""
    return np.asarray(F.cosine_similarity(first.flatten(1).double(), second.flatten(1).double()).cpu())
