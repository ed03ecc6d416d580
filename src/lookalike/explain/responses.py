"""Responses of a convolution's filters: the test images with the highest values, and inputs made to maximise them."""

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.explain.convolutions import convolutions
from lookalike.explain.maps import split_to_fit
from lookalike.explain.subject import Subject
from lookalike.runtime import generator

LAYERS = 3  # convolutions, from the first to the last
FILTERS = 6  # of each
BEST = 5  # images
BATCH = 250
STEPS, STEP = 100, 0.1  # of the ascent; how far one goes, as a share of the input's norm
SEED = 13


@dataclass(frozen=True)
class FilterResponses:
    """The responses of F filters of one convolution, all before the activation.

    Attributes:
        layer: name of the convolution.
        filters: (F,), numbers of the filters.
        images: (F, B), indices of the test images with the highest value anywhere, highest first.
        values: (F, B), these values.
        inputs: (F, H, W, C), made to maximise the unit in the middle, in pixels up to a factor and an offset.
        reached: (F,), the value of that unit.
        middle: (F,), the highest value of that unit for any test image.
    """

    layer: str
    filters: NDArray[np.int64]
    images: NDArray[np.int64]
    values: NDArray[np.float32]
    inputs: NDArray[np.float32]
    reached: NDArray[np.float32]
    middle: NDArray[np.float32]

    def described(self) -> dict[str, Any]:
        rows = zip(self.filters.tolist(), self.values[:, 0], self.middle, self.reached, strict=True)
        return {
            "layer": self.layer,
            "filters": [
                {"filter": number, "best": float(best), "middle": float(middle), "reached": float(reached)}
                for number, best, middle, reached in rows
            ],
        }


def responses(subject: Subject) -> list[FilterResponses]:
    """The filters of the first, the middle and the last convolution whose best images stand out most.

    A filter stands out by its highest value over the subject's images, in standard deviations above the mean.
    """
    names = list(convolutions(subject.model))
    depths = np.linspace(0, len(names) - 1, min(LAYERS, len(names))).round().astype(int)
    return [layer_responses(subject, names[depth]) for depth in depths]


def layer_responses(subject: Subject, name: str) -> FilterResponses:
    """The responses of those filters of one convolution that stand out most."""
    highest, middle = excitation(subject.model, subject.inputs, name)  # (N, O) each
    standing = (highest.amax(0) - highest.mean(0)) / highest.std(0).clamp(min=1e-12)
    chosen = standing.argsort(descending=True, stable=True)[:FILTERS]
    values, images = highest[:, chosen].sort(dim=0, descending=True, stable=True)
    norm = subject.inputs.flatten(1).norm(dim=1).mean()
    made, reached = maximise(subject.model, name, chosen, subject.inputs[0].shape, float(norm))
    return FilterResponses(
        layer=name,
        filters=chosen.cpu().numpy(),
        images=images[:BEST].T.cpu().numpy(),
        values=values[:BEST].T.cpu().numpy(),
        inputs=made.permute(0, 2, 3, 1).cpu().numpy(),  # (F, C, H, W) -> (F, H, W, C)
        reached=reached.cpu().numpy(),
        middle=middle[:, chosen].amax(0).cpu().numpy(),
    )


@torch.no_grad()
def excitation(model: nn.Module, images: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """The highest value of each channel of the convolution `name`, and the value of its middle unit: (N, O) each."""
    highest, middle = [], []
    for batch in split_to_fit(images, BATCH):
        maps = output_at(model, name, batch)
        highest.append(maps.amax((2, 3)))
        middle.append(maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2])
    return torch.cat(highest), torch.cat(middle)


def maximise(model: nn.Module, name: str, filters: Tensor, shape: torch.Size, norm: float) -> tuple[Tensor, Tensor]:
    """Inputs that maximise the middle unit of each of the filters (F,) of the convolution `name`, by gradient ascent.

    Erhan, Bengio, Courville & Vincent, "Visualizing higher-layer features of a deep network" (Universite de Montreal,
    2009). Inputs have the mean norm of images as the network takes them. They start as noise; each step follows the
    gradient and then rescales the input to that norm.

    Returns:
        Inputs (F, C, H, W), and the units' values (F,) for them.
    """
    noise = torch.randn(len(filters), *shape, generator=generator(SEED, "init"))
    inputs = to_norm(noise.to(filters.device), norm)
    for _ in range(STEPS):
        inputs = inputs.requires_grad_()
        (gradient,) = torch.autograd.grad(middle_units(model, name, filters, inputs).sum(), inputs)
        with torch.no_grad():
            inputs = to_norm(inputs + STEP * to_norm(gradient, norm), norm)
    with torch.no_grad():
        return inputs, middle_units(model, name, filters, inputs)


def middle_units(model: nn.Module, name: str, filters: Tensor, inputs: Tensor) -> Tensor:
    """The value in the middle of the k-th filter's feature map for the k-th input: (F,)."""
    maps = output_at(model, name, inputs)[torch.arange(len(filters)), filters]
    return maps[:, maps.shape[1] // 2, maps.shape[2] // 2]


class LayerComputed(Exception):  # noqa: N818 - no error
    """Ends a forward pass once the layer asked for has been computed."""


def output_at(model: nn.Module, name: str, images: Tensor) -> Tensor:
    """The output of the layer `name`, with its graph; later layers are not computed."""
    outputs: list[Tensor] = []

    def stop(_layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs.append(output)
        raise LayerComputed

    with model.get_submodule(name).register_forward_hook(stop), contextlib.suppress(LayerComputed):
        model(images)
    return outputs[0]


def to_norm(values: Tensor, norm: float) -> Tensor:
    """Each of the inputs (F, ...) scaled to a Euclidean norm; zeros stay zeros."""
    norms = values.flatten(1).norm(dim=1).clamp(min=1e-12)
    return values * (norm / norms).view(-1, *[1] * (values.dim() - 1))
