"""Quantities that verdicts are about, with all the chance in them: from evidence to `hierarchical.Uncertain`.

The *terms* of a variant are what a quantity of it is computed from, see `hierarchical.Term`: a mean over its seeds and
over images, or a sum of such. A quantity belongs to one variant or is the difference of two variants of a study.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.claims.evidence import StudyEvidence
from lookalike.data.corruptions import SEVERITIES, SHIFTS
from lookalike.evaluation.hierarchical import (
    ENOUGH,
    Spread,
    Term,
    Uncertain,
    by_seed,
    hierarchical,
    mean_of,
    on_the_second_side,
    over_seeds,
    pooled,
)
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.statistics import Z95

Terms = Callable[[StudyEvidence, str], list[Term] | None]
TermOfPair = Callable[[StudyEvidence, str, str], Term]
Figures = Callable[[StudyEvidence, str], Sequence["Figure"] | None]
Bools = NDArray[np.bool_]
Clusters = NDArray[np.integer]
Interval = Mapping[str, float]  # "value", "low" and "high" of a 95 % interval over images


@dataclass(frozen=True)
class Figure:
    """A figure of one seed, and its variance over samples of images (0 where these have no part in it)."""

    value: float
    image_variance: float = 0.0


# --- of terms -------------------------------------------------------------------------------------------------------


def of_one(study: StudyEvidence, name: str, terms: Terms) -> Uncertain | None:
    """A quantity of one variant; None if its evidence has no such terms."""
    own = terms(study, name)
    return None if own is None else hierarchical(own, [borrowed(study, [name], terms)])


def of_two(
    study: StudyEvidence, first: str, second: str, terms: Terms, clusters: Clusters | None = None
) -> Uncertain | None:
    """First minus second variant, on the same images; None if the evidence of one has no such terms."""
    one, other = terms(study, first), terms(study, second)
    if one is None or other is None:
        return None
    together = [*one, *map(on_the_second_side, other)]
    return hierarchical(together, [borrowed(study, [name], terms) for name in (first, second)], clusters=clusters)


def of_pairs(study: StudyEvidence, first: str, second: str, term: TermOfPair) -> Uncertain | None:
    """A quantity of every seed of the first variant with every seed of the second; None if no image has part in it.

    A variant with few seeds borrows the spread that others of the study would have in its place.
    """
    few = [len(study.finished[name].seeds) < ENOUGH for name in (first, second)]
    others = [name for name, one in study.finished.items() if len(one.seeds) >= ENOUGH] if any(few) else []
    spreads = (
        pooled(known(by_seed([term(study, name, second)])) for name in others if name != second),
        pooled(known(by_seed([on_the_second_side(term(study, first, name))])) for name in others if name != first),
    )
    return hierarchical([term(study, first, second)], spreads)


def known(values: Sequence[float]) -> list[float]:
    """The values that are numbers."""
    return [value for value in values if math.isfinite(value)]


def borrowed(study: StudyEvidence, names: Sequence[str], terms: Terms) -> Spread | None:
    """The spread from seed to seed of all variants of a study that have enough seeds; None where it is not needed."""
    if all(len(study.finished[name].seeds) >= ENOUGH for name in names):
        return None
    with_enough = [name for name, one in study.finished.items() if len(one.seeds) >= ENOUGH]
    return pooled(by_seed(found) for name in with_enough if (found := terms(study, name)) is not None)


def right(study: StudyEvidence, name: str) -> Bools:
    """Which predictions (S, N) for test images are right."""
    found: Bools = study.finished[name].test_logits.argmax(axis=2) == study.labels
    return found


def accuracy(study: StudyEvidence, name: str) -> list[Term]:
    """The share of test images that are predicted right."""
    return [mean_of(right(study, name))]


def error(study: StudyEvidence, name: str) -> list[Term]:
    """The share of test images that are predicted wrong."""
    return [mean_of(~right(study, name))]


def overconfidence(study: StudyEvidence, name: str) -> list[Term]:
    """The highest probability minus the share of test images that are predicted right."""
    confidence = np.stack([softmax(seed).max(axis=1) for seed in study.finished[name].test_logits])
    return [mean_of(confidence - right(study, name))]


def gap(study: StudyEvidence, name: str) -> list[Term] | None:
    """The accuracy on training images minus that on validation images, both as they are and in evaluation mode."""
    evaluation = study.finished[name]
    if evaluation.train_right is None or evaluation.validation is None:
        return None
    fitted, held_out = evaluation.train_right, evaluation.validation.right
    both = np.concatenate([fitted, held_out], axis=1)
    is_fitted = (np.arange(both.shape[1]) < fitted.shape[1])[None]
    return [mean_of(both * is_fitted, is_fitted), mean_of(both * ~is_fitted, ~is_fitted, sign=-1.0)]


def train_accuracy(study: StudyEvidence, name: str) -> list[Term] | None:
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
    """The same of images that are shifted by some pixels to the left, right, top and bottom."""
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


# --- of figures -----------------------------------------------------------------------------------------------------


def mean_figure(study: StudyEvidence, name: str, figures: Figures, images: int = 0) -> Uncertain | None:
    """The mean over the seeds of one variant."""
    own = figures(study, name)
    if not own:
        return None
    variance = image_variance(own)
    return over_seeds([values(own)], [lent(study, figures)], variance, images if variance else 0)


def difference_of_figures(
    study: StudyEvidence, first: str, second: str, figures: Figures, images: int = 0
) -> Uncertain | None:
    """The mean over the seeds of the first variant minus that of the second."""
    one, other = figures(study, first), figures(study, second)
    if not one or not other:
        return None
    spread, variance = lent(study, figures), image_variance(one) + image_variance(other)
    return over_seeds([values(one), values(other)], [spread, spread], variance, images if variance else 0)


def values(figures: Sequence[Figure]) -> list[float]:
    """The figures without their variances."""
    return [figure.value for figure in figures]


def image_variance(figures: Sequence[Figure]) -> float:
    """That of the mean of figures which share their images: no number of seeds makes it smaller."""
    return float(np.mean([figure.image_variance for figure in figures]))


def lent(study: StudyEvidence, figures: Figures) -> Spread | None:
    """The spread from seed to seed of all variants of a study with enough seeds."""
    return pooled(values(figures(study, name) or ()) for name in study.finished)


def figure_of(interval: Interval) -> Figure:
    """A figure from its interval over images."""
    return Figure(interval["value"], ((interval["high"] - interval["low"]) / (2 * Z95)) ** 2)


# --- composed -------------------------------------------------------------------------------------------------------


class Derived(ABC):
    """A quantity with the value and the chance of another one, but an interval of its own."""

    @property
    @abstractmethod
    def origin(self) -> Uncertain:
        """The quantity that was measured."""

    @property
    def value(self) -> float:
        """The value that was measured."""
        return self.origin.value

    @property
    def error(self) -> float:
        """Its standard error."""
        return self.origin.error

    @property
    def knows_seeds(self) -> bool:
        """Whether the variation from seed to seed is known."""
        return self.origin.knows_seeds

    @property
    def few_seeds(self) -> bool:
        """Whether that variation is borrowed."""
        return self.origin.few_seeds

    @property
    def lent_freedom(self) -> float | None:
        """The degrees of freedom of a borrowed variation."""
        return self.origin.lent_freedom


@dataclass(frozen=True)
class Best(Derived):
    """The largest of several quantities.

    It exceeds a bound where one of them does, at a level corrected for their number (Bonferroni: Dunn, JASA 56, 1961);
    it does not where all of them lie below. Of those that are `missing` nothing is known: they may exceed any bound.
    """

    parts: tuple[Uncertain, ...]
    missing: int

    @property
    def origin(self) -> Uncertain:
        """That with the largest value."""
        return max(self.parts, key=lambda part: part.value)

    @property
    def knows_seeds(self) -> bool:
        """Whether the variation from seed to seed of all of them is known."""
        return all(part.knows_seeds for part in self.parts)

    @property
    def few_seeds(self) -> bool:
        """Whether the variation of one of them is borrowed."""
        return any(part.few_seeds for part in self.parts)

    @property
    def lent_freedom(self) -> float | None:
        """Of the first of them that borrows."""
        return next((one for part in self.parts if (one := part.lent_freedom) is not None), None)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """The largest lower end at the corrected level; the largest upper end, infinite if one is missing."""
        corrected = 1 - (1 - level) / len(self.parts)
        low = max(part.interval(corrected)[0] for part in self.parts)
        high = max(part.interval(level)[1] for part in self.parts)
        return low, math.inf if self.missing else high

    def needed(self, bound: float, level: float = 0.95) -> int | None:
        """That of the largest; None where the missing ones would have to lie below the bound as well."""
        return None if self.missing and self.value <= bound else self.origin.needed(bound, level)


@dataclass(frozen=True)
class Censored(Derived):
    """A quantity that is known to be at least as large (`above`), or at most as large (`below`), as it was measured."""

    measured: Uncertain
    above: bool
    below: bool

    @property
    def origin(self) -> Uncertain:
        """What was measured."""
        return self.measured

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """That of what was measured, open on the side where nothing is known."""
        low, high = self.measured.interval(level)
        return -math.inf if self.below else low, math.inf if self.above else high

    def needed(self, bound: float, level: float = 0.95) -> int | None:
        """No number of seeds would decide where an end is open: longer training runs would."""
        return None if self.above or self.below else self.measured.needed(bound, level)
