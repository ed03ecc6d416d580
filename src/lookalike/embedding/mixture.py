"""Clusters of points: Gaussian mixtures of several sizes and shapes, and k-means for comparison."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats

MAX_ITERATIONS = 200
VALUES_PER_PARAMETER = 2
FLOOR = 1e-6  # added to the variances, as a share of the points' mean variance


@dataclass(frozen=True)
class MixtureFit:
    """A Gaussian mixture fitted to N points, the most likely of several starts.

    Attributes:
        components: number of Gaussians.
        covariance: "full", "tied" (one matrix for all), "diag" or "spherical".
        parameters: free parameters.
        log_likelihood: mean over points, in nats.
        bic: parameters * log(N) - 2 * N * log_likelihood (Schwarz, Annals of Statistics 6, 1978): lower is better.
        converged: whether the last step of EM gained less than 0.001 nats a point.
        certainty: mean over points of the highest responsibility that a Gaussian takes for it: 1 / components to 1.
        assignments: (N,) number of the Gaussian with the highest responsibility.
    """

    components: int
    covariance: str
    parameters: int
    log_likelihood: float
    bic: float
    converged: bool
    certainty: float
    assignments: NDArray[np.int64]


def parameters_of(components: int, covariance: str, dims: int) -> int:
    """Free parameters of a mixture: weights, means and covariances."""
    symmetric = dims * (dims + 1) // 2
    of_covariance = {
        "full": components * symmetric,
        "tied": symmetric,
        "diag": components * dims,
        "spherical": components,
    }
    return components - 1 + components * dims + of_covariance[covariance]


def fit_mixtures(
    points: Floats, components: Iterable[int], covariances: Sequence[str], *, starts: int, seed: int
) -> list[MixtureFit]:
    """Mixtures of `points` (N, d), N >= components, in all sizes and in the shapes that they can tell something about.

    The seed is 0 to 2**32 - 1.
    """
    return [
        fit_mixture(points, number, covariance, starts=starts, seed=seed)
        for number in components
        for covariance in affordable(number, covariances, *points.shape)
    ]


def affordable(components: int, covariances: Sequence[str], count: int, dims: int) -> list[str]:
    """The shapes with at most one parameter for two of the `count * dims` values, or else the one with the fewest.

    With more, Gaussians shrink around a handful of points each, which raises the likelihood without limit.
    """
    free = {covariance: parameters_of(components, covariance, dims) for covariance in covariances}
    few = [name for name, parameters in free.items() if VALUES_PER_PARAMETER * parameters <= count * dims]
    return few or [min(free, key=free.__getitem__)]


def fit_mixture(points: Floats, components: int, covariance: str, *, starts: int, seed: int) -> MixtureFit:
    """A Gaussian mixture of `points` (N, d) by EM from `starts` runs of k-means (Dempster et al., JRSS B 39, 1977)."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    # k-means, not its seeding alone, which leaves a shared covariance as wide as all points and EM where it started
    model = GaussianMixture(
        components,
        covariance_type=covariance,
        n_init=starts,
        init_params="kmeans",
        max_iter=MAX_ITERATIONS,
        reg_covar=FLOOR * points.var(axis=0).mean(),
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(points)
    responsibilities = model.predict_proba(points)
    return MixtureFit(
        components=components,
        covariance=covariance,
        parameters=parameters_of(components, covariance, points.shape[1]),
        log_likelihood=float(model.score(points)),
        bic=float(model.bic(points)),
        converged=bool(model.converged_),
        certainty=float(responsibilities.max(axis=1).mean()),
        assignments=responsibilities.argmax(axis=1),
    )


def lowest_bic(fits: Sequence[MixtureFit]) -> MixtureFit:
    """The fit with the lowest BIC of those that converged, or of all if none did."""
    return min([fit for fit in fits if fit.converged] or fits, key=lambda fit: fit.bic)


def k_means(points: Floats, k: int, *, starts: int, seed: int) -> NDArray[np.int64]:
    """Clusters (N,) of `points` (N, d) by Lloyd's algorithm, the tightest of `starts` runs; seed 0 to 2**32 - 1."""
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=starts, random_state=seed).fit_predict(points).astype(np.int64)
