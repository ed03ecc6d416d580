"""How far images lie from those a model was trained on, and how well a score tells two kinds of images apart."""

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import Estimate, percentile_estimate, resample

REFERENCES = 4000  # validation images that stand for the training distribution: none of them was trained on
NEIGHBOURS = 10  # of a photograph, the farthest of which tells its distance
TESTED = 1000  # test images that are measured against photographs

CHUNK = 500  # images that are compared with all references at once: 24 MB of products for 12000 references


def knn_distance(features: NDArray[np.floating], reference: NDArray[np.floating], k: int = 10) -> Floats:
    """Distance (N,) of each image to the k-th nearest of the reference images, 0 (same direction) to 2 (opposite).

    Sun et al., "Out-of-distribution detection with deep nearest neighbors" (ICML 2022), section 3: Euclidean distance
    of penultimate features, each scaled to length one. Features that are all zero stay so, at distance 1 from the rest.
    An image that stands in the reference is its own nearest neighbour.

    Args:
        features: (N, D).
        reference: (M, D).

    Raises:
        ValueError: k is not in 1..M.
    """
    if not 1 <= k <= len(reference):
        raise ValueError(f"k must lie in 1..{len(reference)}, the number of reference images, got {k}")
    ours, theirs = unit_rows(features), unit_rows(reference)
    half_squares = np.einsum("md,md->m", theirs, theirs) / 2
    distances = np.empty(len(ours))
    for start in range(0, len(ours), CHUNK):
        chunk = ours[start : start + CHUNK]
        # orders the references as |a - b|^2 does
        nearest = np.argpartition(half_squares - chunk @ theirs.T, k - 1, axis=1)[:, k - 1]
        # the difference itself, because in single precision 2 - 2ab is too coarse for short distances
        distances[start : start + CHUNK] = np.linalg.norm(chunk - theirs[nearest], axis=1)
    return distances


def unit_rows(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Each row of `features` (N, D) scaled to Euclidean length one; a row of zeros stays as it is."""
    rows = features.astype(np.float32, copy=False)
    lengths: NDArray[np.float32] = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    lengths[lengths == 0] = 1
    return rows / lengths[:, None]


def auroc(positives: NDArray[np.floating], negatives: NDArray[np.floating]) -> float:
    """Probability that a positive (P,) scores higher than a negative (Q,), a tie counting half: 0 to 1, chance is 1/2.

    The area under the ROC curve: Hanley & McNeil, Radiology 143 (1982).

    Raises:
        ValueError: no positives, no negatives, or a score that is NaN.
    """
    below, not_above = ranks_among(positives, negatives)
    return float((below + not_above).mean() / 2 / len(negatives))


def auroc_estimate(
    positives: NDArray[np.floating], negatives: NDArray[np.floating], seed: int = 13, draws: int = 1000
) -> Estimate:
    """`auroc` with the interval of a bootstrap that resamples positives (P,) and negatives (Q,) each among themselves.

    Raises:
        ValueError: as `auroc`.
    """
    value = auroc(positives, negatives)
    drawn_positives = resample(len(positives), draws=draws, seed=seed)
    drawn_negatives = resample(len(negatives), draws=draws, seed=seed + 1)  # else equal counts would be drawn alike
    wins = wins_of_resamples(positives, negatives, drawn_positives, drawn_negatives)
    return percentile_estimate(value, wins / (len(positives) * len(negatives)))


def wins_of_resamples(
    positives: NDArray[np.floating],
    negatives: NDArray[np.floating],
    drawn_positives: NDArray[np.float64],
    drawn_negatives: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The pairs in each resample in which the positive (P,) scores higher than the negative (Q,), ties half: (draws,).

    Args:
        drawn_positives, drawn_negatives: how often each was drawn, (draws, P) and (draws, Q).
    """
    if len(positives) < len(negatives):  # counting up the fewer takes less time
        return wins_of_resamples(-negatives, -positives, drawn_negatives, drawn_positives)
    below, not_above = ranks_among(positives, negatives)
    # how many of the drawn negatives are among the lowest j, for j from 0 to Q
    lowest = np.zeros((len(drawn_negatives), len(negatives) + 1))
    np.cumsum(drawn_negatives.take(np.argsort(negatives), axis=1), axis=1, out=lowest[:, 1:])
    wins = drawn_positives * (lowest.take(below, axis=1) + lowest.take(not_above, axis=1))
    return wins.sum(axis=1) / 2


def ranks_among(
    positives: NDArray[np.floating], negatives: NDArray[np.floating]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each positive (P,) how many negatives score below it, and how many do not score above it.

    Raises:
        ValueError: no positives, no negatives, or a score that is NaN.
    """
    if not len(positives) or not len(negatives):
        raise ValueError(f"needs positives and negatives, got {len(positives)} and {len(negatives)}")
    if np.isnan(positives).any() or np.isnan(negatives).any():
        raise ValueError("a score is NaN")
    ascending = np.sort(negatives)
    return np.searchsorted(ascending, positives, "left"), np.searchsorted(ascending, positives, "right")
