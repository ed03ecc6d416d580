"""Whether the maps of images of one class are more similar than those of other classes.

A `Resampled` figure (1 + draws,) is a mean over pairs of images: first for the images as they are, then for each
resample of them. Figures with the same resamples are subtracted draw by draw. NaN means that there is no such pair.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.evaluation.metrics import Floats, Ints
from lookalike.evaluation.statistics import Estimate, percentile_estimate
from lookalike.explain.similarity import ROUNDING, Bools

Resampled = dict[str, Floats]
PERMUTATIONS = 999


@dataclass(frozen=True)
class Pairing:
    """The classes of the images in the rows and the columns of a matrix of similarities (A, B).

    Attributes:
        group_of: (C,), the group number of each class.
        labels: (A,), the classes of the rows, each in 0..C-1.
        others: (B,), the classes of the columns. None means that rows and columns are the same images; an image then
            forms no pair with itself.
    """

    group_of: Ints
    labels: Ints
    others: Ints | None = None

    @property
    def columns(self) -> Ints:
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
class ClassSimilarity:
    """Mean similarity of the maps of images of one class, of look-alikes and of other classes, with contrasts.

    None means that there is no such pair. Intervals are of the bootstrap over images, with classes and mean map fixed.
    They are rather too wide where maps are noise, because each pair is then resampled twice. P-values are one-sided,
    see `permutation_p`.

    Attributes:
        within_class, look_alikes, between_groups: mean similarity of two images of one class, of two classes of one
            group, and of two groups.
        class_contrast, group_contrast: `within_class` and `look_alikes`, each minus `between_groups`.
        class_p, group_p: how often a permutation of the images' labels gives as high a contrast.
        grouping_p: how often a permutation of the classes among the groups gives as high a `group_contrast`.
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
class OverControl:
    """The contrasts of `ClassSimilarity` for one method's maps minus those for a control's maps of the same images."""

    class_contrast: Estimate | None
    group_contrast: Estimate | None


@dataclass(frozen=True)
class Mistakes:
    """Mean similarity of the maps of wrongly and rightly predicted images; None means that there is no such pair.

    Attributes:
        wrong: number of images that are predicted wrongly.
        wrong_with_true, wrong_with_predicted: similarity of a wrongly predicted image to the rightly predicted images
            of its own class, and to those of the predicted class.
        right: similarity of two rightly predicted images of one class. Classes have the weights that they have in
            `wrong_with_true`; otherwise the figure would show which classes are hard, not what a mistake changes.
        right_minus_wrong: `right` minus `wrong_with_true`, over the classes that have both.
    """

    wrong: int
    wrong_with_true: Estimate | None
    wrong_with_predicted: Estimate | None
    right: Estimate | None
    right_minus_wrong: Estimate | None


def class_similarity(similarity: Floats, pairing: Pairing, weights: NDArray[np.float64]) -> ClassSimilarity:
    """Estimates and p-values from one matrix of similarities.

    Args:
        similarity: (A, B), symmetric if rows and columns are the same images.
        weights: (draws, A), see `statistics.resample`; if the columns are other images, only the rows are resampled.
    """
    return estimates_of(resampled_class_similarity(similarity, pairing, weights), similarity, pairing)


def estimates_of(figures: Resampled, similarity: Floats, pairing: Pairing) -> ClassSimilarity:
    """The same from the `resampled_class_similarity` of the matrix."""
    estimates: dict[str, Any] = {name: estimate(figure) for name, figure in figures.items()}
    return ClassSimilarity(**estimates | permutation_p(similarity, pairing))


def resampled_class_similarity(similarity: Floats, pairing: Pairing, weights: NDArray[np.float64]) -> Resampled:
    """The `Resampled` figures behind the estimates of `ClassSimilarity`, by the same names."""
    rows = with_original(weights)
    columns = rows if pairing.others is None else np.ones((1, len(pairing.others)))
    within, alike, between = (pair_mean(similarity, kind, rows, columns) for kind in pairing.kinds)
    return {
        "within_class": within,
        "look_alikes": alike,
        "between_groups": between,
        "class_contrast": within - between,
        "group_contrast": alike - between,
    }


def over_control(method: Resampled, control: Resampled) -> OverControl:
    """The contrasts of a method minus those of a control, for the same images and weights."""
    return OverControl(*(estimate(method[name] - control[name]) for name in ("class_contrast", "group_contrast")))


def mistakes(similarity: Floats, predicted: Ints, labels: Ints, weights: NDArray[np.float64]) -> Mistakes:
    """The similarity of the maps of wrongly and rightly predicted images.

    Args:
        similarity: (N, N), symmetric.
        predicted, labels: (N,).
        weights: (draws, N), see `statistics.resample`.
    """
    draws, right, same = with_original(weights), predicted == labels, labels[:, None] == labels
    members = np.eye(labels.max() + 1)[labels]
    wrong_with_right = ~right[:, None] & right
    both_right = right[:, None] & right & same & ~np.eye(len(labels), dtype=bool)
    # by class: (1 + draws, C)
    sums, counts = pair_totals(similarity, wrong_with_right & same, draws, draws) @ members
    right_sums, right_counts = pair_totals(similarity, both_right, draws, draws) @ members
    taken_for = wrong_with_right & (predicted[:, None] == labels)
    share = counts * (right_counts > 0)
    balanced = (share * quotient(right_sums, right_counts, empty=0)).sum(axis=1)
    gap = balanced - (sums * (right_counts > 0)).sum(axis=1)
    return Mistakes(
        wrong=int((~right).sum()),
        wrong_with_true=estimate(quotient(sums.sum(axis=1), counts.sum(axis=1))),
        wrong_with_predicted=estimate(pair_mean(similarity, taken_for, draws, draws)),
        right=estimate(quotient(balanced, share.sum(axis=1))),
        right_minus_wrong=estimate(quotient(gap, share.sum(axis=1))),
    )


def with_original(weights: NDArray[np.float64]) -> Floats:
    """A row of ones, which counts each image once, above the resamples `weights` (draws, N): (1 + draws, N)."""
    return np.vstack([np.ones(weights.shape[1]), weights])


def estimate(figure: Floats) -> Estimate | None:
    """A figure with its percentile interval over the draws that are not NaN; None if the figure itself is NaN."""
    value, drawn = float(figure[0]), figure[1:]
    return None if np.isnan(value) else percentile_estimate(value, drawn[~np.isnan(drawn)])


def pair_mean(similarity: Floats, pairs: Bools, rows: Floats, columns: Floats) -> Floats:
    """The mean of `similarity` over `pairs`, both (A, B), in each draw: (draws,); NaN in those without such a pair.

    Args:
        rows, columns: (draws, A) and (draws or 1, B), how often each image is drawn: a pair counts by their product.
    """
    return quotient(*pair_totals(similarity, pairs, rows, columns).sum(axis=2))


def pair_totals(similarity: Floats, pairs: Bools, rows: Floats, columns: Floats) -> Floats:
    """Sum of the similarities and number of the pairs of each column: (2, draws, B); arguments as `pair_mean`."""
    return np.stack([(rows @ part) * columns for part in (similarity * pairs, pairs.astype(np.float64))])


def quotient(sums: Floats, counts: Floats, empty: float = np.nan) -> Floats:
    """sums / counts, elementwise, and `empty` where there is nothing to divide by."""
    return np.divide(sums, counts, out=np.full_like(sums, empty), where=counts > 0)


def permutation_p(similarity: Floats, pairing: Pairing, seed: int = 13) -> dict[str, float | None]:
    """One-sided p-values of the contrasts: (1 + number as high) / (1 + 999 permutations); None without such pairs.

    "class_p" and "group_p" permute the labels of the images (of the rows, if the columns are other images): if labels
    meant nothing, both contrasts would be 0. If classes differ, the group contrast also depends on which classes happen
    to be similar, and varies far more than under permuted labels. "grouping_p" therefore keeps the classes and permutes
    their groups. Permutations without look-alikes are skipped.

    Phipson & Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010): why 1 is added.
    """
    rng = np.random.default_rng(seed)
    classes = np.eye(len(pairing.group_of))
    members, columns = classes[pairing.labels], classes[pairing.columns]
    apart = similarity * pairing.pairs

    def class_sums(rows: Floats) -> Floats:
        return rows.T @ (apart @ (rows if pairing.others is None else columns))

    counts = members.T @ (pairing.pairs @ columns)
    sums = class_sums(members)
    relabelled = np.stack([class_sums(rng.permutation(members)) for _ in range(PERMUTATIONS)])
    regrouped = np.stack([rng.permutation(pairing.group_of) for _ in range(PERMUTATIONS)])
    class_contrast, group_contrast = contrasts(sums, counts, pairing.group_of)
    class_permuted, group_permuted = contrasts(relabelled, counts, pairing.group_of)
    return {
        "class_p": share_as_high(class_contrast, class_permuted),
        "group_p": share_as_high(group_contrast, group_permuted),
        "grouping_p": share_as_high(group_contrast, contrasts(sums, counts, regrouped)[1]),
    }


def contrasts(sums: Floats, counts: Floats, group_of: Ints) -> tuple[Floats, Floats]:
    """Class contrast and group contrast, each (...).

    Args:
        sums: similarities summed by the two classes, (..., C, C).
        counts: numbers of pairs, (C, C).
        group_of: (..., C).
    """
    totals = ([(kind * part).sum(axis=(-2, -1)) for part in (sums, counts)] for kind in kinds_of_classes(group_of))
    within, alike, between = (quotient(total, number) for total, number in totals)
    return within - between, alike - between


def kinds_of_classes(group_of: Ints) -> Bools:
    """Which two classes are the same, look-alikes, and of two groups: (3, ..., C, C) from `group_of` (..., C)."""
    group = group_of[..., :, None] == group_of[..., None, :]
    itself = np.broadcast_to(np.eye(group_of.shape[-1], dtype=bool), group.shape)
    return np.stack([itself, group & ~itself, ~group])


def share_as_high(value: Floats, permuted: Floats) -> float | None:
    """(1 + number of `permuted` values that reach `value`) / (1 + their number), without NaN; None for NaN."""
    known = permuted[~np.isnan(permuted)]
    return None if np.isnan(value) else float((1 + (known >= value - ROUNDING).sum()) / (1 + len(known)))
