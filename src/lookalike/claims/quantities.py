"""Quantities that verdicts are about, with their uncertainty: from evidence to `hierarchical.UncertainValue`.

The *terms* of a variant are what a quantity of it is computed from, see `hierarchical.Term`: a mean over its seeds and
over images, or a sum of such. A quantity belongs to one variant or is the difference of two variants of a study.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Interval
from lookalike.claims.evidence import StudyEvidence
from lookalike.data.corruptions import SEVERITIES, SHIFTS
from lookalike.evaluation.hierarchical import (
    ENOUGH,
    SeedSpread,
    Term,
    UncertainValue,
    hierarchical,
    mean_of,
    mean_over_seeds,
    on_the_second_side,
    pooled_spread,
    values_by_seed,
)
from lookalike.evaluation.metrics import Bools, softmax
from lookalike.evaluation.statistics import Z95

Terms = Callable[[StudyEvidence, str], list[Term] | None]
TermOfPair = Callable[[StudyEvidence, str, str], Term]
SeedValues = Callable[[StudyEvidence, str], Sequence["SeedValue"] | None]
Clusters = NDArray[np.integer]


@dataclass(frozen=True)
class SeedValue:
    """The value of a quantity for one seed, and its variance over samples of images (0 where these play no part)."""

    value: float
    image_variance: float = 0.0


# --- of terms -------------------------------------------------------------------------------------------------------


def from_terms(
    study: StudyEvidence, names: Sequence[str], terms: Terms, clusters: Clusters | None = None
) -> UncertainValue | None:
    """A quantity of one variant, or the first minus the second of two, on the same images.

    None if the evidence of one has no such terms. Clusters are those of `hierarchical`.
    """
    sides = [side for name in names if (side := terms(study, name)) is not None]
    if len(sides) < len(names):
        return None
    together = [*sides[0], *(on_the_second_side(term) for side in sides[1:] for term in side)]
    return hierarchical(together, [borrowed(study, name, terms) for name in names], clusters=clusters)


def from_pairs(study: StudyEvidence, first: str, second: str, term: TermOfPair) -> UncertainValue | None:
    """A quantity of every seed of the first variant with every seed of the second; None if no image has part in it.

    A variant with few seeds borrows the spread that others of the study would have in its place.
    """
    few = [len(study.finished[name].seeds) < ENOUGH for name in (first, second)]
    others = [name for name, one in study.finished.items() if len(one.seeds) >= ENOUGH] if any(few) else []
    spreads = (
        pooled_spread(finite(values_by_seed([term(study, name, second)])) for name in others if name != second),
        pooled_spread(
            finite(values_by_seed([on_the_second_side(term(study, first, name))])) for name in others if name != first
        ),
    )
    return hierarchical([term(study, first, second)], spreads)


def finite(values: Sequence[float]) -> list[float]:
    return [value for value in values if math.isfinite(value)]


def borrowed(study: StudyEvidence, name: str, terms: Terms) -> SeedSpread | None:
    """The spread from seed to seed that a variant with few seeds borrows from others; None if it has enough seeds."""
    if len(study.finished[name].seeds) >= ENOUGH:
        return None
    with_enough = [other for other, one in study.finished.items() if len(one.seeds) >= ENOUGH]
    return pooled_spread(values_by_seed(found) for other in with_enough if (found := terms(study, other)) is not None)


def right_predictions(study: StudyEvidence, name: str) -> Bools:
    """Which predictions (S, N) for test images are right."""
    return study.finished[name].test_logits.argmax(axis=2) == study.labels


def accuracy_terms(study: StudyEvidence, name: str) -> list[Term]:
    """The share of test images that are predicted right."""
    return [mean_of(right_predictions(study, name))]


def error_terms(study: StudyEvidence, name: str) -> list[Term]:
    """The share of test images that are predicted wrong."""
    return [mean_of(~right_predictions(study, name))]


def overconfidence_terms(study: StudyEvidence, name: str) -> list[Term]:
    """The highest probability minus the share of test images that are predicted right."""
    confidence = np.stack([softmax(seed).max(axis=1) for seed in study.finished[name].test_logits])
    return [mean_of(confidence - right_predictions(study, name))]


def fitting_gap_terms(study: StudyEvidence, name: str) -> list[Term] | None:
    """The accuracy on training images minus that on validation images, both as they are and in evaluation mode."""
    evaluation = study.finished[name]
    if evaluation.train_right is None or evaluation.validation is None:
        return None
    fitted, held_out = evaluation.train_right, evaluation.validation.right
    both = np.concatenate([fitted, held_out], axis=1)
    is_fitted = (np.arange(both.shape[1]) < fitted.shape[1])[None]
    return [mean_of(both * is_fitted, is_fitted), mean_of(both * ~is_fitted, ~is_fitted, sign=-1.0)]


def train_accuracy_terms(study: StudyEvidence, name: str) -> list[Term] | None:
    """The accuracy on training images as they are, in evaluation mode."""
    fitted = study.finished[name].train_right
    return None if fitted is None else [mean_of(fitted)]


def accuracy_lost(kinds: Sequence[str], severities: Sequence[int] = SEVERITIES) -> Terms:
    """The share of the accuracy on images as they are that is lost when these are corrupted; mean over all ways."""

    def terms(study: StudyEvidence, name: str) -> list[Term] | None:
        corrupted = study.finished[name].corrupted
        wanted = [(kind, severity) for kind in kinds for severity in severities]
        if corrupted is None or not set(wanted) <= set(corrupted.conditions):
            return None
        of = dict(zip(corrupted.conditions, np.moveaxis(corrupted.right, 1, 0).astype(float), strict=True))
        clean = of["", 0]
        return [mean_of(clean - np.mean([of[one] for one in wanted], axis=0), clean)]

    return terms


def lost_by_shift(pixels: int) -> Terms:
    """The share of the accuracy that is lost by shifts of some pixels to the left, right, top and bottom."""
    return accuracy_lost(tuple(SHIFTS), (pixels,))


def look_alikes_among(answers: int) -> Terms:
    """The share of look-alikes among the wrong ones of the most probable answers, minus that of answers at random."""

    def terms(study: StudyEvidence, name: str) -> list[Term]:
        ranked = np.argsort(-study.finished[name].test_logits, axis=2, kind="stable")[:, :, :answers]
        wrong = ranked != study.labels[:, None]
        alike = wrong & (study.group_of[ranked] == study.group_of[study.labels][:, None])
        others = np.bincount(study.group_of)[study.group_of[study.labels]] - 1
        by_chance = others / (len(study.group_of) - 1)
        return [mean_of(alike.sum(axis=2) - by_chance * wrong.sum(axis=2), wrong.sum(axis=2))]

    return terms


def on_photographs(recipe: str) -> Terms:
    """The share of labelled photographs that are predicted right, prepared by one recipe."""

    def terms(study: StudyEvidence, name: str) -> list[Term] | None:
        photos, shown = study.finished[name].photos, study.test_set.photos
        if photos is None or shown is None or recipe not in photos.logits:
            return None
        where = shown.labels >= 0
        return [mean_of(photos.logits[recipe][:, where].argmax(axis=2) == shown.labels[where])]

    return terms


# --- of seed values -------------------------------------------------------------------------------------------------


def from_seed_values(
    study: StudyEvidence, names: Sequence[str], values: SeedValues, images: int = 0
) -> UncertainValue | None:
    """The mean over the seeds of one variant, or that of the first minus that of the second of two.

    None if one has no values. Seeds share their images: no number of them makes the image variance of a mean smaller.
    """
    sides = [side for name in names if (side := values(study, name))]
    if len(sides) < len(names):
        return None
    spread = pooled_spread(plain_values(values(study, name) or ()) for name in study.finished)
    variance = sum(float(np.mean([one.image_variance for one in side])) for side in sides)
    return mean_over_seeds(
        [plain_values(side) for side in sides], [spread] * len(sides), variance, images if variance else 0
    )


def plain_values(values: Sequence[SeedValue]) -> list[float]:
    return [one.value for one in values]


def seed_value(interval: Interval | None) -> SeedValue | None:
    """A seed's value from its 95 % interval over images; None of None."""
    if interval is None:
        return None
    return SeedValue(interval["value"], ((interval["high"] - interval["low"]) / (2 * Z95)) ** 2)


# --- composed -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, kw_only=True)
class Best(UncertainValue):
    """The largest of several quantities, see `best_of`.

    It exceeds a bound where one of them does, at a level corrected for their number (Bonferroni: Dunn, JASA 56, 1961);
    it does not where all of them lie below. Of those that are `missing` nothing is known: they may exceed any bound.
    """

    parts: tuple[UncertainValue, ...]
    missing: int

    @property
    def knows_seeds(self) -> bool:
        return all(part.knows_seeds for part in self.parts)

    @property
    def few_seeds(self) -> bool:
        return any(part.few_seeds for part in self.parts)

    @property
    def lent_freedom(self) -> float | None:
        return next((one for part in self.parts if (one := part.lent_freedom) is not None), None)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The largest lower end at the corrected level; the largest upper end, infinite if one is missing."""
        corrected = 1 - (1 - level) / len(self.parts)
        low = max(part.interval(corrected)[0] for part in self.parts)
        high = max(part.interval(level)[1] for part in self.parts)
        return low, math.inf if self.missing else high

    def needed(self, bound: float, level: float = 0.95) -> int | None:
        """The number for the largest; None where the missing ones would have to lie below the bound as well."""
        return None if self.missing and self.value <= bound else super().needed(bound, level)


def best_of(parts: Sequence[UncertainValue], missing: int) -> Best:
    """The largest of some quantities, when so many others are missing."""
    largest = max(parts, key=lambda part: part.value)
    return Best(**vars(largest), parts=tuple(parts), missing=missing)


@dataclass(frozen=True, eq=False, kw_only=True)
class Censored(UncertainValue):
    """A quantity that is known to be at least as large (`above`), or at most as large (`below`), as it was measured."""

    above: bool
    below: bool

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The interval of what was measured, open on the side where nothing is known."""
        low, high = super().interval(level)
        return -math.inf if self.below else low, math.inf if self.above else high

    def needed(self, bound: float, level: float = 0.95) -> int | None:
        """No number of seeds would decide where an end is open: longer training runs would."""
        return None if self.above or self.below else super().needed(bound, level)


def censored(measured: UncertainValue, *, above: bool, below: bool) -> Censored:
    return Censored(**vars(measured), above=above, below=below)
