"""The exercises of the report, worked out: what a convolution, a pooling and flattening do to a few numbers."""

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
class Worked:
    """A result (h, w) with a line that says how each of its numbers comes about."""

    result: Numbers
    steps: list[str]


def convolve(image: Numbers, kernel: Numbers, window: Window) -> Worked:
    """The sum of products of `kernel` (k, k) with each k x k part of `image` (H, W), as convolutions of networks are.

    They do not turn the kernel over, as mathematics does (Goodfellow, Bengio & Courville, "Deep Learning", 9.1).
    """
    parts = windows(image, window)
    steps = [
        f"{place}: "
        + " + ".join(f"{value:g}·{bracketed(weight)}" for value, weight in zip(part.flat, kernel.flat, strict=True))
        for place, part in zip(places(parts), parts.reshape(-1, *kernel.shape), strict=True)
    ]
    result = np.einsum("hwij,ij->hw", parts, kernel)
    return Worked(result, [f"{step} = {value:g}" for step, value in zip(steps, result.flat, strict=True)])


def bracketed(number: float) -> str:
    """A factor, in brackets if it has a sign."""
    return f"({number:g})" if number < 0 else f"{number:g}"


def pool(image: Numbers, kind: Pooling, window: Window) -> Worked:
    """The largest value, the mean, or the root of the sum of squares of each part of `image` (H, W)."""
    parts = windows(image, window)
    result = POOLINGS[kind](parts.reshape(*parts.shape[:2], -1))
    steps = [
        f"{place}: {kind} of {', '.join(f'{value:g}' for value in part.flat)} = {value:.4g}"
        for place, part, value in zip(
            places(parts), parts.reshape(-1, window.kernel, window.kernel), result.flat, strict=True
        )
    ]
    return Worked(result, steps)


POOLINGS: dict[Pooling, Callable[[Numbers], Numbers]] = {
    "max": lambda parts: parts.max(-1),
    "average": lambda parts: parts.mean(-1),
    "L2": lambda parts: np.sqrt((parts**2).sum(-1)),
}


def windows(image: Numbers, window: Window) -> Numbers:
    """The parts of `image` (H, W), with zeros around it, that the window looks at: (h, w, k, k)."""
    padded = np.pad(image, window.padding)
    seen = np.lib.stride_tricks.sliding_window_view(padded, (window.extent, window.extent))
    return seen[:: window.stride, :: window.stride, :: window.dilation, :: window.dilation]


def places(parts: Numbers) -> list[str]:
    """The names of the results, row by row."""
    return [f"row {row + 1}, column {column + 1}" for row, column in np.ndindex(parts.shape[:2])]
