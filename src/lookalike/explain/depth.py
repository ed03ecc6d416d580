"""Linear probes and selectivity of the activations of each convolution, from the first to the last.

A linear probe (Alain & Bengio, "Understanding intermediate layers using linear classifier probes", 2016) measures how
well classes are linearly separable in a layer's activations. A probe sees at most `FEATURES` numbers per image of every
layer, so that wide layers have no advantage.
"""

from dataclasses import asdict

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lookalike.artifacts.seed_findings import LayerReadout
from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import proportion
from lookalike.explain.convolutions import outputs_by_name
from lookalike.explain.drift import named_layers
from lookalike.explain.maps import split_to_fit
from lookalike.explain.similarity import Bools, standardised
from lookalike.explain.stimuli import NUMBERS, gratings, patches
from lookalike.explain.subject import Images, Subject

FEATURES = 128  # numbers per image that a probe sees; convolutions with 26 channels or more have as many
PENALTY = 3  # of ridge regression, times the number of images: from .1 to 100 the best for 100 images of CIFAR-10
SEED = 13  # of the random projection
BATCH = 100
CELLS = 4  # of the 2x2 grid of means


def depth_readouts(subject: Subject) -> tuple[LayerReadout, ...]:
    """A row for each convolution of the subject's model, in the order in which they are run."""
    shape, labels = subject.images.pixels.shape[1:], subject.images.labels
    oriented = activations(with_pixels(subject, gratings(shape)))
    coloured = activations(with_pixels(subject, patches(shape))) if len(shape) == 3 else {}
    return tuple(
        readout(layer, values, labels, oriented[layer], coloured.get(layer))
        for layer, values in activations(subject).items()
    )


def readout(layer: str, values: Floats, labels: Ints, oriented: Floats, coloured: Floats | None) -> LayerReadout:
    """The figures of one convolution from its `activations` for images with labels (N,), gratings and patches."""
    right = decoded(values, labels)
    return LayerReadout(
        layer=layer,
        probe_accuracy=asdict(proportion(int(right.sum()), len(right))),
        class_selectivity=class_selectivity(values[:, : values.shape[1] // (1 + CELLS)], labels),
        orientation_decoded=float(decoded(oriented, NUMBERS).mean()),
        colour_decoded=None if coloured is None else float(decoded(coloured, NUMBERS).mean()),
    )


def with_pixels(subject: Subject, pixels: NDArray[np.uint8]) -> Subject:
    none = np.full(len(pixels), -1)
    return subject.of(Images(pixels, none, none))


@torch.inference_mode()
def activations(subject: Subject) -> dict[str, Floats]:
    """The mean activations of each convolution for the subject's N images: (N, 5 K) for K channels.

    Activations are taken after normalisation and activation function; negative ones count as zero. The first K numbers
    are means over all positions, the others over each cell of a 2x2 grid.
    """
    modules = named_layers(subject.model, subject.inputs.shape[1:])
    names = [name for title, name in modules.items() if title.startswith("conv")]
    parts = [
        [position_means(one) for one in outputs_by_name(subject.model, some, names).values()]
        for some in split_to_fit(subject.inputs, BATCH)
    ]
    return {
        f"conv{k}": torch.cat(of_layer).double().cpu().numpy()
        for k, of_layer in enumerate(zip(*parts, strict=True), start=1)
    }


def position_means(outputs: Tensor) -> Tensor:
    """The positive part of outputs (N, K, h, w), averaged over all positions and over a 2x2 grid: (N, 5 K)."""
    positive = outputs.float().relu()
    return torch.cat([positive.mean(dim=(2, 3)), F.adaptive_avg_pool2d(positive, 2).flatten(1)], dim=1)


def class_selectivity(means: Floats, labels: Ints) -> float:
    """Class selectivity, mean over K channels, from 0 (no preferred class) to 1 (zero for all classes but one).

    Morcos et al., "On the importance of single directions for generalization" (ICLR 2018): the mean of the class with
    the highest mean minus the mean of the other classes, over their sum; 0 for a channel that is never active.

    Args:
        means: (N, K), activations averaged over positions, none negative.
        labels: (N,), of at least two classes.
    """
    classes = np.stack([means[labels == label].mean(axis=0) for label in np.unique(labels)])
    most = classes.max(axis=0)
    rest = (classes.sum(axis=0) - most) / (len(classes) - 1)
    both = most + rest
    return float(np.divide(most - rest, both, out=np.zeros_like(both), where=both > 0).mean())


def decoded(features: Floats, labels: Ints) -> Bools:
    """Whether a linear probe predicts the label of each image: (N,).

    The probe is fitted to one half of each class and tested on the other, and the reverse. It is ridge regression of
    one number per class, 1 for the right one, on standardised features.

    Args:
        features: (N, D); where D exceeds `FEATURES`, their projections on so many random directions are used.
        labels: (N,), 0 and above.
    """
    columns = projected(standardised(features.T).T)
    targets, second = np.eye(int(labels.max()) + 1)[labels], in_second_half(labels)
    right = np.zeros(len(labels), bool)
    for fitted in (second, ~second):
        right[~fitted] = ridge(columns[fitted], targets[fitted], columns[~fitted]).argmax(axis=1) == labels[~fitted]
    return right


def projected(features: Floats) -> Floats:
    """Features (N, D), or their projections on `FEATURES` random directions if there are more.

    Johnson & Lindenstrauss, Contemporary Mathematics 26 (1984): distances stay nearly the same.
    """
    count = features.shape[1]
    if count <= FEATURES:
        return features
    return features @ np.random.default_rng(SEED).normal(0, FEATURES**-0.5, (count, FEATURES))


def ridge(features: Floats, targets: Floats, others: Floats) -> Floats:
    """Predictions (m, C) for `others` (m, D) by ridge regression of `targets` (n, C) on `features` (n, D).

    Hoerl & Kennard, Technometrics 12 (1970), with an intercept and the penalty `PENALTY` n.
    """
    mean, level = features.mean(axis=0), targets.mean(axis=0)
    centred = features - mean
    gram = centred.T @ centred + PENALTY * len(features) * np.eye(features.shape[1])
    return (others - mean) @ np.linalg.solve(gram, centred.T @ (targets - level)) + level


def in_second_half(labels: Ints) -> Bools:
    """Every second image (N,) of each class, in the order of the images."""
    before = [np.sum(labels[:k] == label) for k, label in enumerate(labels)]
    return np.array(before) % 2 == 1
