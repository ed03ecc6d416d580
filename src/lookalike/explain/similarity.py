"""Similarity of any two maps, after the map that all images share is subtracted.

Maps (N, h, w) are compared on their own coarse grid. Objects lie in the middle of most images, so any two maps are
similar before the mean map is subtracted. From `without_mean` on, maps are rows (N, h*w).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats

Bools = NDArray[np.bool_]
ROUNDING = 1e-9  # differences below are those of the order of summation; maps and similarities are of order one


def patch_means(images: NDArray[np.generic], grid: tuple[int, int]) -> Floats:
    """Means of `images` (N, H, W) over each of h x w equal patches, where `grid` is (h, w): (N, h, w).

    A pixel on a border counts in each patch by its area inside, so that H and W need not be multiples of h and w and
    the mean of an image stays the same.
    """
    down, across = (patch_shares(size, patches) for size, patches in zip(images.shape[1:], grid, strict=True))
    return down @ images.astype(np.float64) @ across.T


def patch_shares(size: int, patches: int) -> Floats:
    """The share (patches, size) that each pixel of a line has of each patch; rows sum to one."""
    edges = np.linspace(0, size, patches + 1)[:, None]
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    return np.maximum(overlap, 0) * patches / size


def without_mean(maps: NDArray[np.floating], reference: NDArray[np.floating] | None = None) -> Floats:
    """The difference of each of `maps` (N, h, w) from the mean map: (N, h*w).

    The scale of a map is arbitrary: gradients of one image can be hundreds of times larger than those of another. Each
    map is therefore first standardised to mean 0 and standard deviation 1 over its cells, so that all count equally in
    the mean map. A constant map is left out of the mean map and becomes zero, as does a map that equals the mean map.
    All similarities of a map of zeros are 0.

    Args:
        reference: (M, h, w), the maps whose mean is subtracted: for photographs those of the test images. None means
            `maps` themselves.
    """
    both = (maps, maps if reference is None else reference)
    ours, theirs = (standardised(each.reshape(len(each), -1)) for each in both)
    varied = varies(theirs)
    rest = np.where(varies(ours)[:, None], ours - theirs[varied].sum(axis=0) / max(varied.sum(), 1), 0)
    rest[np.abs(rest).max(axis=1) < ROUNDING] = 0
    return rest


def standardised(rows: NDArray[np.floating]) -> Floats:
    """Each row (N, D) scaled to mean 0 and standard deviation 1; a constant row becomes zero."""
    centred = rows.astype(np.float64) - rows.mean(axis=1, keepdims=True, dtype=np.float64)
    varied = varies(rows)[:, None]
    return np.where(varied, centred, 0) / np.where(varied, centred.std(axis=1, keepdims=True), 1)


def varies(rows: NDArray[np.floating]) -> Bools:
    """Which rows (N, D) are not constant: (N,)."""
    return rows.max(axis=1) > rows.min(axis=1)


def spearman(first: Floats, second: Floats) -> Floats:
    """Rank correlation (A, B) of each of `first` (A, D) with each of `second` (B, D), -1 to 1; ties share their rank.

    Spearman, American Journal of Psychology 15 (1904).
    """
    from scipy.stats import rankdata

    ours, theirs = (standardised(rankdata(rows, axis=1)) for rows in (first, second))
    return ours @ theirs.T / first.shape[1]


def ssim(first: Floats, second: Floats) -> Floats:
    """Structural similarity (A, B) of `first` (A, D) and `second` (B, D), one window over the whole grid, -1 to 1.

    Wang et al., "Image quality assessment" (IEEE Transactions on Image Processing 13, 2004), equation 13 with K1 = .01,
    K2 = .03. The range L is that of all values of both, so that a similarity depends a little on the other maps.
    """
    span = max(first.max(), second.max()) - min(first.min(), second.min())
    c1, c2 = (0.01 * span) ** 2, (0.03 * span) ** 2
    mean, other_mean = first.mean(axis=1)[:, None], second.mean(axis=1)
    covariance = (first - mean) @ (second - other_mean[:, None]).T / first.shape[1]
    means = (2 * mean * other_mean + c1, mean**2 + other_mean**2 + c1)
    spreads = (2 * covariance + c2, first.var(axis=1)[:, None] + second.var(axis=1) + c2)
    varied = varies(first)[:, None] & varies(second)
    return np.divide(means[0] * spreads[0], means[1] * spreads[1], out=np.zeros_like(covariance), where=varied)


def top_k_overlap(first: Floats, second: Floats, share: float = 0.2) -> Floats:
    """Share (A, B), 0 to 1, of the k highest cells of `first` (A, D) that are among those of `second` (B, D).

    k is `share` of the cells, rounded, but at least one; of equal cells the earlier counts. Chance gives k / D.
    """
    k = max(1, round(share * first.shape[1]))
    ours, theirs = (highest(rows, k) for rows in (first, second))
    return ours @ theirs.T / k


def highest(rows: Floats, k: int) -> Floats:
    """1 at the k highest cells of each row (N, D), 0 elsewhere; all 0 for a constant row."""
    marks = np.zeros_like(rows)
    np.put_along_axis(marks, np.argsort(-rows, axis=1, kind="stable")[:, :k], 1, axis=1)
    return marks * varies(rows)[:, None]


SIMILARITIES: dict[str, Callable[[Floats, Floats], Floats]] = {
    "spearman": spearman,
    "ssim": ssim,
    "top_k_overlap": top_k_overlap,
}
