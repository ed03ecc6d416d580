"""What claims measure, as functions of all evidence; None where the variants were not run."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from lookalike.artifacts.seed_findings import SeedFindings
from lookalike.claims import quantities
from lookalike.claims.claim import Measurement, Test, above
from lookalike.claims.evidence import Evidence, StudyEvidence
from lookalike.claims.quantities import SeedValue, SeedValues, Terms, best_of, censored
from lookalike.evaluation.hierarchical import Term, UncertainValue, mean_over_seeds
from lookalike.evaluation.histories import Rows, epochs_to, instability, rows_by_seed

Measure = Callable[[Evidence], Measurement | None]


def in_study(
    names: Sequence[str],
    quantity: Callable[[StudyEvidence], UncertainValue | None],
    images: Callable[[StudyEvidence], int | None] | None = None,
    unit: str = "test images",
) -> Measure:
    """The measure of a quantity of variants that were evaluated in one study.

    Args:
        images: how many images the quantity is about; None means those over which it varies.
    """

    def measure(evidence: Evidence) -> Measurement | None:
        studies = [evidence.study_of(name) for name in names]
        study = studies[0] if all(one is studies[0] for one in studies) else None
        if study is None or (found := quantity(study)) is None:
            return None
        runs = tuple(side.count for side in found.sides)
        return Measurement(found, runs, images(study) if images else found.images or None, unit)

    return measure


# --- of test images -------------------------------------------------------------------------------------------------


def alone(name: str, terms: Terms = quantities.accuracy_terms, *, minus: float = 0.0) -> Measure:
    """The measure of a quantity of one variant, less a constant."""

    def quantity(study: StudyEvidence) -> UncertainValue | None:
        found = quantities.from_terms(study, [name], terms)
        return found and found.minus(minus)

    return in_study([name], quantity)


def gain(first: str, second: str, terms: Terms = quantities.accuracy_terms) -> Measure:
    """The measure of how much larger a quantity is for the first variant than for the second, on the same images."""
    return in_study([first, second], lambda study: quantities.from_terms(study, [first, second], terms))


def more_accurate(first: str, second: str, least: float, key: str = "") -> Test:
    """The test of whether one variant is more accurate than another by more than `least`."""
    return Test(
        key,
        f"test accuracy, {first} minus {second}",
        above(least),
        gain(first, second),
        (first, second),
        f"{first} is {{}} more|less accurate than {second}",
    )


def photograph_gain(first: str, second: str, recipe: str) -> Measure:
    """The measure of how much more accurate the first variant is on labelled photographs, resampled by sender."""

    def quantity(study: StudyEvidence) -> UncertainValue | None:
        if (photos := study.test_set.photos) is None:
            return None
        senders = np.unique(photos.senders, return_inverse=True)[1][photos.labels >= 0]
        return quantities.from_terms(study, [first, second], quantities.on_photographs(recipe), senders)

    def images(study: StudyEvidence) -> int:
        return 0 if study.test_set.photos is None else int((study.test_set.photos.labels >= 0).sum())

    return in_study([first, second], quantity, images, "photographs")


def corrected(first: str, second: str) -> Measure:
    """Of the images that a seed of the second variant gets wrong, the share that the first gets right, minus the share
    that the other seeds of the second get right."""

    def term(study: StudyEvidence, corrects: str, errs: str) -> Term:
        one, other = quantities.right_predictions(study, corrects), quantities.right_predictions(study, errs)
        by_others = (other.sum(axis=0) - other) / (len(other) - 1)
        wrong = ~other[None]
        return Term(wrong * (one[:, None] - by_others), wrong)

    def quantity(study: StudyEvidence) -> UncertainValue | None:
        several = len(study.finished[second].seeds) > 1
        return quantities.from_pairs(study, first, second, term) if several else None

    def images(study: StudyEvidence) -> int:
        return round(float((~quantities.right_predictions(study, second)).sum(axis=1).mean()))

    return in_study([first, second], quantity, images)


def most(*measures: Measure) -> Measure:
    """The measure of the largest of several quantities, see `quantities.Best`; None if none is there."""

    def measure(evidence: Evidence) -> Measurement | None:
        found = [each for measure in measures if (each := measure(evidence)) is not None]
        if not found:
            return None
        largest = max(found, key=lambda each: each.quantity.value)
        best = best_of([each.quantity for each in found], len(measures) - len(found))
        return Measurement(best, largest.runs, largest.images, largest.unit)

    return measure


def counted(count: Callable[[Evidence], float | None]) -> Measure:
    """The measure of a ratio of counts, which has no uncertainty; its logarithm is taken."""

    def measure(evidence: Evidence) -> Measurement | None:
        found = count(evidence)
        if found is None:
            return None
        return Measurement(mean_over_seeds([[math.log(found)]], [None]), (), None, counted=True)

    return measure


# --- of seeds -------------------------------------------------------------------------------------------------------


def mean_of_seeds(values: SeedValues, *names: str) -> Measure:
    """The measure of the mean over the seeds of one variant, or that of the first minus that of the second of two."""
    return in_study(
        names, lambda study: quantities.from_seed_values(study, names, values, images_explained(study, names[0]))
    )


def images_explained(study: StudyEvidence, name: str) -> int:
    """How many test images the figures of explanations and embeddings are of; 0 if there are none."""
    explanation, embedding = study.explanations.get(name), study.embeddings.get(name)
    return max((len(one.indices) for one in (explanation, embedding) if one is not None), default=0)


def of_every_seed(values: Sequence[SeedValue | None]) -> list[SeedValue] | None:
    """The values of all seeds; None if one is not known."""
    known = [one for one in values if one is not None]
    return known if known and len(known) == len(values) else None


def of_explanation(figure: Callable[[SeedFindings], SeedValue | None]) -> SeedValues:
    """The values that `figure` takes from each seed's explanations."""

    def values(study: StudyEvidence, name: str) -> list[SeedValue] | None:
        explanation = study.explanations.get(name)
        return of_every_seed([figure(seed) for seed in explanation.seeds]) if explanation else None

    return values


def of_history(figure: Callable[[Rows], float | None]) -> SeedValues:
    """The values that `figure` takes from the epochs of each seed that did not diverge."""

    def values(study: StudyEvidence, name: str) -> list[SeedValue] | None:
        seeds = study.finished[name].seeds
        histories = [rows for rows in rows_by_seed(study.histories.get(name, ())) if rows[0]["seed"] in seeds]
        found = [figure(rows) for rows in histories]
        return of_every_seed([None if value is None else SeedValue(value) for value in found])

    return values


def log_instability(rows: Rows) -> float | None:
    """The natural logarithm of `histories.instability`; None where that is 0 or not a number."""
    variance = instability(rows)
    return math.log(variance) if variance and math.isfinite(variance) else None


def times_longer(slow: str, fast: str, error: float) -> Measure:
    """The measure of the logarithm of how many times as many epochs `slow` takes to a training error of `error`."""

    def measure(evidence: Evidence) -> Measurement | None:
        studies = (study for study in evidence.studies.values() if {slow, fast} <= study.histories.keys())
        if (study := next(studies, None)) is None:
            return None
        sides = [arrivals(study, name, error) for name in (slow, fast)]
        if not all(sides):  # no epoch is known
            return None
        logarithms = [[math.log(epochs) for epochs, _ in side] for side in sides]
        never = [not all(arrived for _, arrived in side) for side in sides]
        found = censored(mean_over_seeds(logarithms, [None, None]), above=never[0], below=never[1])
        return Measurement(found, (len(sides[0]), len(sides[1])), None)

    return measure


def arrivals(study: StudyEvidence, name: str, error: float) -> list[tuple[float, bool]]:
    """After how many epochs each seed falls to a training error, and whether it does.

    Seeds that do not, or diverge, are censored at the planned number of epochs. Before the first epoch the error is
    that of guessing.
    """
    found = [epochs_to(error, rows, 1 - study.chance) for rows in rows_by_seed(study.histories[name])]
    return [(study.planned_epochs[name] if epochs is None else epochs, epochs is not None) for epochs in found]
