"""Whether the maps of images of one class are more alike than those of other classes.

Maps (N, h, w) are compared on their own coarse grid, after the map that all images share is taken away: garments lie in
the middle, so that any two maps are alike before. From `without_mean` on, maps are rows (N, h*w). A *figure*
(1 + draws,) is what a mean over pairs is for the images as they are, and then in each resample of them, so that figures
that share their resamples subtract draw by draw; NaN where there is no such pair.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import Estimate, percentile_estimate

Bools = NDArray[np.bool_]
Figures = dict[str, Floats]
ROUNDING = 1e-9  # differences below are those of the order of summation; maps and similarities are of order one
PERMUTATIONS = 999


@dataclass(frozen=True)
class Pairing:
    """What the images in the rows and in the columns of a matrix of similarities (A, B) show.

    Attributes:
        group_of: (C,), the group number of each class.
        labels: (A,), the classes of the rows, each in 0..C-1.
        others: (B,), the classes of the columns. None if the columns are the same images as the rows: no image then
            makes a pair with itself.
    """

    group_of: Ints
    labels: Ints
    others: Ints | None = None

    @property
    def columns(self) -> Ints:
        """The classes (B,) of the columns."""
        return self.labels if self.others is None else self.others

    @property
    def pairs(self) -> Bools:
        """Which rows and columns are two images: (A, B)."""
        off_diagonal = ~np.eye(len(self.labels), dtype=bool)
        return off_diagonal if self.others is None else np.ones((len(self.labels), len(self.others)), bool)

    @property
    def kinds(self) -> Bools:
        """The pairs (3, A, B) within a class, of look-alikes, and between groups."""
        return kinds_of_classes(self.group_of)[:, self.labels[:, None], self.columns] & self.pairs


@dataclass(frozen=True)
class Kinship:
    """How alike the maps of images are that belong together; `dataclasses.asdict` makes it JSON-able.

    None where there is no such pair. Intervals are those of the bootstrap over images, with classes and mean map fixed;
    they are wide rather than narrow where maps have nothing in common, because a pair of noise is resampled twice.
    P-values are one-sided, see `permutation_p`.

    Attributes:
        within_class, look_alikes, between_groups: mean similarity of two images of one class, of two classes of one
            group, and of two groups.
        class_contrast, group_contrast: `within_class` and `look_alikes`, each minus `between_groups`.
        class_p, group_p: how often labels dealt out anew to the images give as high a contrast.
        grouping_p: how often classes dealt out anew to the groups give as high a `group_contrast`.
    """

    within_class: Estimate | None
    look_alikes: Estimate | None
    between_groups: Estimate | None
    class_contrast: Estimate | None
    group_contrast: Estimate | None
    class_p: float | None
    group_p: float | None
    grouping_p: float | None


@dataclass(frozen=True)
class Excess:
    """The contrasts of `Kinship` for one method's maps minus those for a control's maps of the same images."""

    class_contrast: Estimate | None
    group_contrast: Estimate | None


@dataclass(frozen=True)
class Mistakes:
    """How alike the maps of wrongly and rightly predicted images are; None where there is no such pair.

    Attributes:
        wrong: number of images that are predicted wrongly.
        wrong_with_true, wrong_with_predicted: mean similarity of a wrongly predicted image with the rightly predicted
            ones of its own class, and with those of the class it is taken for.
        right: that of two rightly predicted images of one class, each class counting as much as in `wrong_with_true`:
            else the figure would tell which classes are hard, and not what a mistake changes.
        right_minus_wrong: `right` minus `wrong_with_true`, over the classes that have both.
    """

    wrong: int
    wrong_with_true: Estimate | None
    wrong_with_predicted: Estimate | None
    right: Estimate | None
    right_minus_wrong: Estimate | None


def patch_means(images: NDArray[np.generic], grid: tuple[int, int]) -> Floats:
    """Pixels of `images` (N, H, W) averaged over each of h x w equal patches, `grid` being (h, w): (N, h, w).

    A pixel that lies across a border counts in each patch by the area that lies inside, so that H and W need not be
    multiples and the mean of an image is kept.
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
    """What tells each of `maps` (N, h, w) from the mean map: (N, h*w).

    The scale of a map is arbitrary, that of a gradient hundreds of times larger for one image than for the next; so
    each map is first brought to mean 0 and standard deviation 1 over its cells, and counts as much as any other in the
    mean map. A constant map says nothing of where: it does not count in the mean map and becomes zero, as does one that
    is no different from the mean map. All similarities of a map of zeros are 0.

    Args:
        reference: (M, h, w), the maps whose mean is taken away, those of the test images for photographs; `maps`
            themselves if None.
    """
    ours, theirs = (
        standardised(each.reshape(len(each), -1)) for each in (maps, maps if reference is None else reference)
    )
    told = varies(theirs)
    left = np.where(varies(ours)[:, None], ours - theirs[told].sum(axis=0) / max(told.sum(), 1), 0)
    left[np.abs(left).max(axis=1) < ROUNDING] = 0
    return left


def standardised(rows: NDArray[np.floating]) -> Floats:
    """Each row (N, D) brought to mean 0 and standard deviation 1; a constant row becomes zero."""
    centred = rows.astype(np.float64) - rows.mean(axis=1, keepdims=True, dtype=np.float64)
    told = varies(rows)[:, None]
    return np.where(told, centred, 0) / np.where(told, centred.std(axis=1, keepdims=True), 1)


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
    told = varies(first)[:, None] & varies(second)
    return np.divide(means[0] * spreads[0], means[1] * spreads[1], out=np.zeros_like(covariance), where=told)


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


def kinship(similarity: Floats, pairing: Pairing, weights: NDArray[np.float64], seed: int = 13) -> Kinship:
    """All figures of one matrix of similarities.

    Args:
        similarity: (A, B), symmetric if rows and columns are the same images.
        weights: (draws, A), see `statistics.resample`; only the rows are resampled where the columns are other images.
        seed: of the permutations.
    """
    figures = kinship_figures(similarity, pairing, weights)
    found: dict[str, Any] = {name: estimate(figure) for name, figure in figures.items()}
    return Kinship(**found | permutation_p(similarity, pairing, seed))


def kinship_figures(similarity: Floats, pairing: Pairing, weights: NDArray[np.float64]) -> Figures:
    """The figures behind the estimates of `Kinship`, by the same names; arguments as there."""
    rows = with_all(weights)
    columns = rows if pairing.others is None else np.ones((1, len(pairing.others)))
    within, alike, between = (pair_mean(similarity, kind, rows, columns) for kind in pairing.kinds)
    return {
        "within_class": within,
        "look_alikes": alike,
        "between_groups": between,
        "class_contrast": within - between,
        "group_contrast": alike - between,
    }


def excess(method: Figures, control: Figures) -> Excess:
    """The contrasts of a method minus those of a control, from `kinship_figures` of the same images and weights."""
    contrasts = ("class_contrast", "group_contrast")
    return Excess(**{name: estimate(method[name] - control[name]) for name in contrasts})


def mistakes(similarity: Floats, predicted: Ints, labels: Ints, weights: NDArray[np.float64]) -> Mistakes:
    """How alike the maps of wrongly and rightly predicted images are.

    Args:
        similarity: (N, N), symmetric.
        predicted, labels: (N,).
        weights: (draws, N), see `statistics.resample`.
    """
    draws, right, same = with_all(weights), predicted == labels, labels[:, None] == labels
    members = np.eye(labels.max() + 1)[labels]
    wrong_with_right = ~right[:, None] & right
    both_right = right[:, None] & right & same & ~np.eye(len(labels), dtype=bool)
    # by class: (1 + draws, C)
    sums, counts = pair_totals(similarity, wrong_with_right & same, draws, draws) @ members
    right_sums, right_counts = pair_totals(similarity, both_right, draws, draws) @ members
    taken_for = wrong_with_right & (predicted[:, None] == labels)
    share = counts * (right_counts > 0)
    balanced = (share * ratio(right_sums, right_counts, empty=0)).sum(axis=1)
    gap = balanced - (sums * (right_counts > 0)).sum(axis=1)
    return Mistakes(
        wrong=int((~right).sum()),
        wrong_with_true=estimate(ratio(sums.sum(axis=1), counts.sum(axis=1))),
        wrong_with_predicted=estimate(pair_mean(similarity, taken_for, draws, draws)),
        right=estimate(ratio(balanced, share.sum(axis=1))),
        right_minus_wrong=estimate(ratio(gap, share.sum(axis=1))),
    )


def with_all(weights: NDArray[np.float64]) -> Floats:
    """The images as they are, each once, and then the resamples `weights` (draws, N): (1 + draws, N)."""
    return np.vstack([np.ones(weights.shape[1]), weights])


def estimate(figure: Floats) -> Estimate | None:
    """A figure with its percentile interval, without the resamples in which there is no such pair; None of NaN."""
    value, drawn = float(figure[0]), figure[1:]
    return None if np.isnan(value) else percentile_estimate(value, drawn[~np.isnan(drawn)])


def pair_mean(similarity: Floats, pairs: Bools, rows: Floats, columns: Floats) -> Floats:
    """The mean of `similarity` over `pairs`, both (A, B), in each draw: (draws,); NaN in those without such a pair.

    Args:
        rows, columns: (draws, A) and (draws or 1, B), how often each image is drawn: a pair counts by their product.
    """
    return ratio(*pair_totals(similarity, pairs, rows, columns).sum(axis=2))


def pair_totals(similarity: Floats, pairs: Bools, rows: Floats, columns: Floats) -> Floats:
    """Sum of the similarities and number of the pairs of each column: (2, draws, B); arguments as `pair_mean`."""
    return np.stack([(rows @ part) * columns for part in (similarity * pairs, pairs.astype(np.float64))])


def ratio(sums: Floats, counts: Floats, empty: float = np.nan) -> Floats:
    """sums / counts, elementwise, and `empty` where there is nothing to divide by."""
    return np.divide(sums, counts, out=np.full_like(sums, empty), where=counts > 0)


def permutation_p(similarity: Floats, pairing: Pairing, seed: int = 13) -> dict[str, float | None]:
    """One-sided p-values of the contrasts of `Kinship`: (1 + number as high) / (1 + 999); None without such pairs.

    "class_p" and "group_p" deal the labels out anew to the images (those of the rows, where the columns are others): if
    labels meant nothing, either contrast would be 0. Where classes do differ, a group contrast moves by which classes
    happen to be alike, far more than dealt-out images show; "grouping_p" therefore leaves the classes whole and deals
    them out anew to the groups. Deals that leave no look-alikes are left out.

    Phipson & Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010): why 1 is added.
    """
    rng = np.random.default_rng(seed)
    classes = np.eye(len(pairing.group_of))
    members, columns = classes[pairing.labels], classes[pairing.columns]
    apart = similarity * pairing.pairs

    def class_sums(rows: Floats) -> Floats:
        return rows.T @ (apart @ (rows if pairing.others is None else columns))

    counts = members.T @ (pairing.pairs @ columns)
    found = class_sums(members)
    relabelled = np.stack([class_sums(rng.permutation(members)) for _ in range(PERMUTATIONS)])
    regrouped = np.stack([rng.permutation(pairing.group_of) for _ in range(PERMUTATIONS)])
    class_contrast, group_contrast = contrasts(found, counts, pairing.group_of)
    dealt_classes, dealt_groups = contrasts(relabelled, counts, pairing.group_of)
    return {
        "class_p": share_as_high(class_contrast, dealt_classes),
        "group_p": share_as_high(group_contrast, dealt_groups),
        "grouping_p": share_as_high(group_contrast, contrasts(found, counts, regrouped)[1]),
    }


def contrasts(sums: Floats, counts: Floats, group_of: Ints) -> tuple[Floats, Floats]:
    """Class contrast and group contrast, each (...), from similarities summed and pairs counted by class.

    Args:
        sums: (..., C, C) or (C, C).
        counts: (C, C).
        group_of: (..., C) or (C,).
    """
    totals = ([(kind * part).sum(axis=(-2, -1)) for part in (sums, counts)] for kind in kinds_of_classes(group_of))
    within, alike, between = (ratio(total, number) for total, number in totals)
    return within - between, alike - between


def kinds_of_classes(group_of: Ints) -> Bools:
    """Which two classes are the same, look-alikes, and of two groups: (3, ..., C, C) from `group_of` (..., C)."""
    group = group_of[..., :, None] == group_of[..., None, :]
    itself = np.broadcast_to(np.eye(group_of.shape[-1], dtype=bool), group.shape)
    return np.stack([itself, group & ~itself, ~group])


def share_as_high(value: Floats, dealt: Floats) -> float | None:
    """(1 + number of `dealt` that reach `value`) / (1 + number of `dealt`), NaN left out; None of NaN."""
    known = dealt[~np.isnan(dealt)]
    return None if np.isnan(value) else float((1 + (known >= value - ROUNDING).sum()) / (1 + len(known)))
