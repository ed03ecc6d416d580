"""Centre and spread of a map's mass in the image."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Ints
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample


@dataclass(frozen=True)
class Mass:
    """The mass of the maps of one class: means over its images, with intervals.

    Attributes:
        images: number of images whose map has positive values.
        x, y: centre of mass, from 0 (left, top) to 1 (right, bottom).
        spread: root mean square distance from the centre, in widths of the image; .41 for a constant map.
    """

    images: int
    x: Estimate
    y: Estimate
    spread: Estimate


def centres_and_spreads(maps: NDArray[np.floating]) -> NDArray[np.float64]:
    """Centre (x, y) and spread of the positive part of maps (N, h, w): (N, 3); NaN without a positive part."""
    height, width = maps.shape[1:]
    y, x = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    mass = np.maximum(maps, 0).astype(np.float64)
    with np.errstate(invalid="ignore"):
        mass = mass / mass.sum(axis=(1, 2), keepdims=True)
    across, down = ((mass * position).sum(axis=(1, 2)) for position in (x, y))
    apart = (x - across[:, None, None]) ** 2 + (y - down[:, None, None]) ** 2
    within_cell = (1 / height**2 + 1 / width**2) / 12  # mean squared distance from the centre of a cell
    return np.stack([across, down, np.sqrt((mass * apart).sum(axis=(1, 2)) + within_cell)], axis=1)


def mass_by_class(maps: NDArray[np.floating], labels: Ints, classes: int) -> list[Mass | None]:
    """The mass of the maps (N, h, w) of each class; None for a class without."""
    rows = centres_and_spreads(maps)
    return [mean_mass(rows[(labels == label) & np.isfinite(rows[:, 2])]) for label in range(classes)]


def mean_mass(rows: NDArray[np.float64]) -> Mass | None:
    """The means of centres and spreads (N, 3); None if there are none."""
    if not len(rows):
        return None
    weights = resample(len(rows))
    return Mass(len(rows), *(bootstrap_mean(column, weights) for column in rows.T))
