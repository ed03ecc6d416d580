"""Where in an image the mass of a map lies: its centre, and how far it spreads."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Ints
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample


@dataclass(frozen=True)
class Mass:
    """The maps of one class: means over its images, with intervals.

    Attributes:
        images: those whose map has a mass, which a map without positive values has not.
        x, y: centre of mass, from 0 (left, top) to 1 (right, bottom).
        spread: root mean square distance from it, in widths of the image; .41 of a mass that is even.
    """

    images: int
    x: Estimate
    y: Estimate
    spread: Estimate


def places(maps: NDArray[np.floating]) -> NDArray[np.float64]:
    """Centre (x, y) and spread of the positive part of maps (N, h, w): (N, 3); NaN without a positive part."""
    height, width = maps.shape[1:]
    y, x = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    mass = np.maximum(maps, 0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        mass = mass / mass.sum(axis=(1, 2), keepdims=True)
    across, down = ((mass * place).sum(axis=(1, 2)) for place in (x, y))
    apart = (x - across[:, None, None]) ** 2 + (y - down[:, None, None]) ** 2
    return np.stack([across, down, np.sqrt((mass * apart).sum(axis=(1, 2)) + within_a_cell(height, width))], axis=1)


def within_a_cell(height: int, width: int) -> float:
    """The mean squared distance from its centre of a mass that is even in one cell of the grid."""
    return (1 / height**2 + 1 / width**2) / 12


def mass_by_class(maps: NDArray[np.floating], labels: Ints, classes: int) -> list[Mass | None]:
    """For each class the mass of the maps (N, h, w) of its images; None for a class without."""
    found = places(maps)
    return [of_class(found[(labels == label) & np.isfinite(found[:, 2])]) for label in range(classes)]


def of_class(found: NDArray[np.float64]) -> Mass | None:
    """The means of centres and spreads (N, 3)."""
    if not len(found):
        return None
    weights = resample(len(found))
    return Mass(len(found), *(bootstrap_mean(column, weights) for column in found.T))
