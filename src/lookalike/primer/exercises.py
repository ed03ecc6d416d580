"""Worked exercises of the report: a convolution, poolings and flattening of a few numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lookalike.primer.convolution import Window

Numbers = NDArray[np.float64]
Pooling = Literal["max", "average", "L2"]
IMAGE: Numbers = np.array([[1, 2, 0, 1], [0, 1, 3, 1], [2, 0, 1, 0], [1, 1, 0, 2]], np.float64)
KERNEL: Numbers = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float64)  # Sobel's, for vertical edges


@dataclass(frozen=True)
class WorkedExample:
    """A result (h, w), and for each of its numbers a line with the computation."""

    result: Numbers
    steps: list[str]


def convolve(image: Numbers, kernel: Numbers, window: Window) -> WorkedExample:
    """The sum of products of `kernel` (k, k) with each k x k part of `image` (H, W), as in convolutional networks.

    Unlike in mathematics, the kernel is not flipped (Goodfellow, Bengio & Courville, "Deep Learning", 9.1).
    """
    parts = windows(image, window)
    result = np.einsum("hwij,ij->hw", parts, kernel)
    steps = []
    for (row, column), value in np.ndenumerate(result):
        factors = zip(parts[row, column].flat, kernel.flat, strict=True)
        total = " + ".join(f"{pixel:g}·{bracketed(weight)}" for pixel, weight in factors)
        steps.append(f"row {row + 1}, column {column + 1}: {total} = {value:g}")
    return WorkedExample(result, steps)


def bracketed(number: float) -> str:
    """The text of a factor, in brackets if it is negative."""
    return f"({number:g})" if number < 0 else f"{number:g}"


def pool(image: Numbers, kind: Pooling, window: Window) -> WorkedExample:
    """The largest value, the mean, or the root of the sum of squares of each part of `image` (H, W)."""
    parts = windows(image, window)
    result = POOLINGS[kind](parts.reshape(*parts.shape[:2], -1))
    steps = []
    for (row, column), value in np.ndenumerate(result):
        pixels = ", ".join(f"{pixel:g}" for pixel in parts[row, column].flat)
        steps.append(f"row {row + 1}, column {column + 1}: {kind} of {pixels} = {value:.4g}")
    return WorkedExample(result, steps)


POOLINGS: dict[Pooling, Callable[[Numbers], Numbers]] = {
    "max": lambda parts: parts.max(-1),
    "average": lambda parts: parts.mean(-1),
    "L2": lambda parts: np.sqrt((parts**2).sum(-1)),
}


def windows(image: Numbers, window: Window) -> Numbers:
    """The parts of `image` (H, W), padded with zeros, that the window reads: (h, w, k, k)."""
    padded = np.pad(image, window.padding)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (window.extent, window.extent))
    return seen[:: window.stride, :: window.stride, :: window.dilation, :: window.dilation]
