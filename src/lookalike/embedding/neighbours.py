"""How well a map in few dimensions keeps each point's neighbours; by Euclidean distance throughout."""

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import Estimate, bootstrap_mean

CHUNK = 500  # points whose distances to all others are in memory at once


def neighbour_ranks(high: Floats, low: Floats, k: int) -> NDArray[np.int64]:
    """How near in `high` (N, D) the k nearest neighbours of each point in `low` (N, d) are: ranks (N, k) from 1.

    `k` must be below N / 2. Both measures of this module follow from these ranks.
    """
    from sklearn.metrics.pairwise import euclidean_distances
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=k).fit(low).kneighbors(return_distance=False)
    ranks = np.empty_like(nearest)
    for start in range(0, len(high), CHUNK):
        rows = slice(start, start + CHUNK)
        distances = euclidean_distances(high[rows], high, squared=True)
        distances[np.arange(len(distances)), np.arange(len(high))[rows]] = np.inf  # a point is no neighbour of itself
        limits = np.take_along_axis(distances, nearest[rows], axis=1)
        ranks[rows] = np.stack([(distances < limit[:, None]).sum(axis=1) for limit in limits.T], axis=1) + 1
    return ranks


def trustworthiness(ranks: NDArray[np.int64]) -> float:
    """Trustworthiness of the map: 0 to 1, and 1 if no neighbour in the map is false.

    Venna and Kaski, "Neighborhood preservation in nonlinear projection methods" (ICANN 2001), equation 1.

    Args:
        ranks: (N, k), see `neighbour_ranks`.
    """
    n, k = ranks.shape
    return float(1 - 2 / (n * k * (2 * n - 3 * k - 1)) * np.maximum(ranks - k, 0).sum())


def neighbour_preservation(ranks: NDArray[np.int64], weights: NDArray[np.float64]) -> Estimate:
    """Mean share of a point's k nearest neighbours that are among its k nearest in the map too; k / (N - 1) by chance.

    Lee and Verleysen, Neurocomputing 72 (2009), Q_NX; the interval is that of the bootstrap over points.

    Args:
        ranks: (N, k), see `neighbour_ranks`.
        weights: (draws, N), see `statistics.resample`.
    """
    return bootstrap_mean((ranks <= ranks.shape[1]).mean(axis=1), weights)
