"""What claims measure, as functions of all evidence; None where the variants were not run."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from lookalike.artifacts.evaluations import Interval
from lookalike.claims import quantities
from lookalike.claims.claim import Measured, Test, above
from lookalike.claims.evidence import Evidence, StudyEvidence
from lookalike.claims.quantities import Best, Censored, Figure, Figures, Terms, figure_of
from lookalike.evaluation.hierarchical import Term, Uncertain, over_seeds
from lookalike.evaluation.histories import Rows, epochs_to, instability, of_each_seed

Measure = Callable[[Evidence], Measured | None]


def study_of(evidence: Evidence, *names: str) -> StudyEvidence | None:
    """The study in which all of these variants were evaluated."""
    studies = [evidence.study_of(name) for name in names]
    return studies[0] if all(study is studies[0] for study in studies) else None


def runs_of(study: StudyEvidence, *names: str) -> tuple[int, ...]:
    """How many seeds of each variant did not diverge."""
    return tuple(len(study.finished[name].seeds) for name in names)


# --- of test images -------------------------------------------------------------------------------------------------


def alone(name: str, terms: Terms = quantities.accuracy, *, minus: float = 0.0) -> Measure:
    """A quantity of one variant, less a constant."""

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, name)
        if study is None or (found := quantities.of_one(study, name, terms)) is None:
            return None
        return Measured(found.minus(minus), runs_of(study, name), found.images)

    return measure


def gain(first: str, second: str, terms: Terms = quantities.accuracy) -> Measure:
    """By how much a quantity is larger for the first variant than for the second, on the same images."""

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, first, second)
        if study is None or (found := quantities.of_two(study, first, second, terms)) is None:
            return None
        return Measured(found, runs_of(study, first, second), found.images)

    return measure


def more_accurate(first: str, second: str, least: float, key: str = "") -> Test:
    """The test of whether one variant is more accurate than another by more than `least`."""
    return Test(
        key,
        f"test accuracy, {first} minus {second}",
        above(least),
        gain(first, second),
        (first, second),
        f"{first} is {{}} more accurate than {second}",
        f"{first} is {{}} less accurate than {second}",
    )


def photograph_gain(first: str, second: str, recipe: str) -> Measure:
    """By how much the first variant is more accurate on labelled photographs; these are resampled by sender."""

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, first, second)
        if study is None or (photos := study.test_set.photos) is None:
            return None
        senders = np.unique(photos.senders, return_inverse=True)[1][photos.labels >= 0]
        found = quantities.of_two(study, first, second, quantities.on_photographs(recipe), senders)
        return Measured(found, runs_of(study, first, second), len(senders), "photographs") if found else None

    return measure


def corrected(first: str, second: str) -> Measure:
    """Of the images that a seed of the second variant gets wrong, the share that the first gets right, minus the share
    that the other seeds of the second get right."""

    def term(study: StudyEvidence, corrects: str, errs: str) -> Term:
        one, other = quantities.right(study, corrects), quantities.right(study, errs)
        by_others = (other.sum(axis=0) - other) / (len(other) - 1)
        wrong = ~other[None]
        return Term(wrong * (one[:, None] - by_others), wrong)

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, first, second)
        if study is None or len(study.finished[second].seeds) < 2:
            return None
        found = quantities.of_pairs(study, first, second, term)
        images = round(float((~quantities.right(study, second)).sum(axis=1).mean()))
        return Measured(found, runs_of(study, first, second), images) if found else None

    return measure


def most(*measures: Measure) -> Measure:
    """The largest of several quantities, see `quantities.Best`; None if none is there."""

    def measure(evidence: Evidence) -> Measured | None:
        found = [each for measure in measures if (each := measure(evidence)) is not None]
        parts = tuple(each.quantity for each in found if isinstance(each.quantity, Uncertain))
        if not parts:
            return None
        best = Best(parts, len(measures) - len(parts))
        at = next(each for each in found if each.quantity is best.origin)
        return Measured(best, at.runs, at.images, at.unit)

    return measure


def counted(count: Callable[[Evidence], float | None]) -> Measure:
    """What is counted and has no chance in it; a ratio, of which the logarithm is taken."""

    def measure(evidence: Evidence) -> Measured | None:
        found = count(evidence)
        return None if found is None else Measured(over_seeds([[math.log(found)]], [None]), (), None, counted=True)

    return measure


# --- of seeds -------------------------------------------------------------------------------------------------------


def figure(name: str, figures: Figures) -> Measure:
    """The mean of a figure over the seeds of one variant."""

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, name)
        if study is None:
            return None
        return of_sides(quantities.mean_figure(study, name, figures, images_explained(study, name)))

    return measure


def figure_gain(first: str, second: str, figures: Figures) -> Measure:
    """By how much a figure is larger for the first variant than for the second, in the mean over seeds."""

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, first, second)
        if study is None:
            return None
        images = images_explained(study, first)
        return of_sides(quantities.difference_of_figures(study, first, second, figures, images))

    return measure


def of_sides(found: Uncertain | None) -> Measured | None:
    """What was measured of the seeds that there are figures of."""
    return None if found is None else Measured(found, tuple(side.count for side in found.sides), found.images or None)


def images_explained(study: StudyEvidence, name: str) -> int:
    """How many test images the figures of explanations and embeddings are of; 0 if there are none."""
    explanation, embedding = study.explanations.get(name), study.embeddings.get(name)
    return max((len(one.indices) for one in (explanation, embedding) if one is not None), default=0)


def from_interval(interval: Interval | None) -> Figure | None:
    """A figure with its interval; None of nothing."""
    return None if interval is None else figure_of(interval)


def of_every_seed(figures: Sequence[Figure | None]) -> list[Figure] | None:
    """The figures of all seeds; None if one is not known."""
    known = [one for one in figures if one is not None]
    return known if known and len(known) == len(figures) else None


def finished_histories(study: StudyEvidence, name: str) -> list[Rows]:
    """The epochs of each seed that did not diverge."""
    seeds = study.finished[name].seeds
    return [rows for rows in of_each_seed(study.histories.get(name, ())) if rows[0]["seed"] in seeds]


def of_history(of: Callable[[Rows], float | None]) -> Figures:
    """A figure of the epochs of each seed that did not diverge."""

    def figures(study: StudyEvidence, name: str) -> list[Figure] | None:
        found = [of(rows) for rows in finished_histories(study, name)]
        return of_every_seed([None if value is None else Figure(value) for value in found])

    return figures


def log_instability(rows: Rows) -> float | None:
    """The natural logarithm of `histories.instability`; None where that is 0 or not a number."""
    variance = instability(rows)
    return math.log(variance) if variance and math.isfinite(variance) else None


def times_longer(slow: str, fast: str, error: float) -> Measure:
    """The logarithm of how many times as many epochs the first variant takes to a training error of `error`."""

    def measure(evidence: Evidence) -> Measured | None:
        studies = (study for study in evidence.studies.values() if {slow, fast} <= study.histories.keys())
        if (study := next(studies, None)) is None:
            return None
        sides = [arrivals(study, name, error) for name in (slow, fast)]
        if not all(sides):  # no epoch is known
            return None
        logarithms = [[math.log(epochs) for epochs, _ in side] for side in sides]
        never = [not all(arrived for _, arrived in side) for side in sides]
        found = over_seeds(logarithms, [None, None])
        return Measured(Censored(found, above=never[0], below=never[1]), (len(sides[0]), len(sides[1])), None)

    return measure


def arrivals(study: StudyEvidence, name: str, error: float) -> list[tuple[float, bool]]:
    """After how many epochs each seed falls to a training error, and whether it does; those that do not, or diverge,
    are censored at the planned number of epochs. Before the first epoch the error is that of guessing."""
    found = [epochs_to(error, rows, 1 - study.chance) for rows in of_each_seed(study.histories[name])]
    return [(study.planned_epochs[name] if epochs is None else epochs, epochs is not None) for epochs in found]
