"""Features in fewer dimensions: principal components, and t-SNE's map of two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats

SMALLEST_SHARE = 1e-6  # of the variance: about what rounding to half precision adds to it


@dataclass(frozen=True)
class Projection:
    """Coordinates (N, d) on the principal components, and the share (d,) of the variance along each, falling."""

    coordinates: Floats
    explained: Floats


def pca(features: NDArray[np.floating], dims: int, seed: int) -> Projection:
    """The first principal components of `features` (N, D), N > 1, in any precision.

    There are d <= min(dims, N, D) of them, fewer where fewer directions vary: none if the features are constant.
    A component's sign makes its largest loading positive. The seed (0 to 2**32 - 1) matters to wide features, whose
    components are found by random projection (Halko, Martinsson and Tropp, SIAM Review 53, 2011).
    """
    from sklearn.decomposition import PCA

    # scikit-learn centres products instead of features, which in single precision loses small differences of large ones
    centred = (features - features.mean(axis=0, dtype=np.float64)).astype(np.float32)
    if not centred.any():
        return Projection(np.zeros((len(features), 0)), np.zeros(0))
    model = PCA(min(dims, *features.shape), svd_solver="auto", random_state=seed)
    coordinates = model.fit_transform(centred).astype(np.float64)
    varies = model.explained_variance_ratio_ > SMALLEST_SHARE
    return Projection(coordinates[:, varies], model.explained_variance_ratio_[varies].astype(np.float64))


def tsne(points: Floats, perplexity: float, seed: int) -> Floats:
    """A map (N, 2) that keeps neighbours of `points` (N, d), d > 1, together; distances in it mean little.

    van der Maaten, JMLR 15 (2014), started from the first two principal components. The map repeats with the seed (0 to
    2**32 - 1) on the same machine with the same number of threads. Perplexity is lowered to (N - 1) / 3 where it is
    higher, for a point has but N - 1 neighbours and the approximation looks at thrice the perplexity.
    """
    from sklearn.manifold import TSNE

    lowered = min(perplexity, (len(points) - 1) / 3)
    model = TSNE(perplexity=lowered, init="pca", learning_rate="auto", random_state=seed)
    return model.fit_transform(points).astype(np.float64)
