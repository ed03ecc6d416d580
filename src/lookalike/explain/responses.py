"""What a filter of a convolution responds to: the test images that excite it most, and an input made to excite it."""

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.explain.convolutions import convolutions
from lookalike.explain.subject import Subject
from lookalike.runtime import at_once, generator

LAYERS = 3  # convolutions, from the first to the last
FILTERS = 6  # of each
BEST = 5  # images
BATCH = 250
STEPS, STEP = 100, 0.1  # of the ascent; how far one goes, as a share of the input's norm
SEED = 13


@dataclass(frozen=True)
class Response:
    """Of F filters of one convolution, all before the activation.

    Attributes:
        layer: name of the convolution.
        filters: (F,), their numbers.
        images: (F, B), indices of the test images with the highest value anywhere, highest first.
        values: (F, B), these values.
        inputs: (F, H, W, C), what was made to excite the unit in the middle, in pixels but for a factor and an offset.
        reached: (F,), the value of that unit.
        middle: (F,), the highest value that a test image gives it.
    """

    layer: str
    filters: NDArray[np.int64]
    images: NDArray[np.int64]
    values: NDArray[np.float32]
    inputs: NDArray[np.float32]
    reached: NDArray[np.float32]
    middle: NDArray[np.float32]

    def described(self) -> dict[str, Any]:
        """The figures, JSON-able."""
        return {
            "layer": self.layer,
            "filters": [
                {"filter": int(number), "best": float(values[0]), "middle": float(middle), "reached": float(reached)}
                for number, values, middle, reached in zip(
                    self.filters, self.values, self.middle, self.reached, strict=True
                )
            ],
        }


def responses(subject: Subject) -> list[Response]:
    """Of the first, the middle and the last convolution those filters whose best images stand out most.

    A filter stands out by its highest value over the subject's images, as a multiple of the deviation over them.
    """
    names = list(convolutions(subject.model))
    depths = np.linspace(0, len(names) - 1, min(LAYERS, len(names))).round().astype(int)
    return [of_layer(subject, names[depth]) for depth in depths]


def of_layer(subject: Subject, name: str) -> Response:
    """One convolution."""
    highest, middle = excitation(subject.model, subject.inputs, name)  # (N, O) each
    standing = (highest.amax(0) - highest.mean(0)) / highest.std(0).clamp(min=1e-12)
    chosen = standing.argsort(descending=True, stable=True)[:FILTERS]
    values, images = highest[:, chosen].sort(dim=0, descending=True, stable=True)
    norm = subject.inputs.flatten(1).norm(dim=1).mean()
    made, reached = maximise(subject.model, name, chosen, subject.inputs[0].shape, float(norm))
    return Response(
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
    """The highest value of each channel of the convolution `name`, and that of its middle unit: (N, O) each."""
    highest, middle = [], []
    for batch in images.split(at_once(images.shape[2], images.shape[3], BATCH)):
        maps = output_at(model, name, batch)
        highest.append(maps.amax((2, 3)))
        middle.append(maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2])
    return torch.cat(highest), torch.cat(middle)


def maximise(model: nn.Module, name: str, filters: Tensor, shape: torch.Size, norm: float) -> tuple[Tensor, Tensor]:
    """Inputs that excite the middle unit of each of the filters (F,) of the convolution `name`, by gradient ascent.

    Among inputs of one norm, as images are seen by the network: Erhan, Bengio, Courville & Vincent, "Visualizing
    higher-layer features of a deep network" (Universite de Montreal, 2009). From noise, in steps along the gradient,
    each followed by the return to the norm.

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
    """Of the k-th input the value in the middle of the k-th filter's feature map: (F,)."""
    maps = output_at(model, name, inputs)[torch.arange(len(filters)), filters]
    return maps[:, maps.shape[1] // 2, maps.shape[2] // 2]


class Reached(Exception):  # noqa: N818 - no error
    """The layer that is asked for has been computed."""


def output_at(model: nn.Module, name: str, images: Tensor) -> Tensor:
    """The output of the layer `name`, with its graph; the layers behind it are not computed."""
    kept: list[Tensor] = []

    def stop(layer: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        kept.append(output)
        raise Reached

    hook = model.get_submodule(name).register_forward_hook(stop)
    try:
        with contextlib.suppress(Reached):
            model(images)
    finally:
        hook.remove()
    return kept[0]


def to_norm(values: Tensor, norm: float) -> Tensor:
    """Each of the inputs (F, ...) with that Euclidean norm; zeros stay zeros."""
    norms = values.flatten(1).norm(dim=1).clamp(min=1e-12)
    return values * (norm / norms).view(-1, *[1] * (values.dim() - 1))
