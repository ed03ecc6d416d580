"""Quantities that several claims are about, read from what the stages found; None where the runs are missing."""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

from lookalike.claims.claim import Evidence, Json, Measured, opposite
from lookalike.evaluation.statistics import Estimate, ratio_of_geometric_means, welch_interval

Measure = Callable[[Evidence], Measured | None]
Rows = Sequence[Json]  # a row an epoch, of one seed


def measured(estimate: Json | None, count: int, unit: str = "images") -> Measured | None:
    """An estimate as the stages write it, with the number of images that its interval speaks of."""
    if estimate is None:
        return None
    return Measured(estimate["value"], estimate["low"], estimate["high"], count, unit)


def over_seeds(estimate: Estimate | None, count: int) -> Measured | None:
    """An estimate over trainings, `count` of them on the side that has fewest."""
    return None if estimate is None else Measured(estimate.value, estimate.low, estimate.high, count, "seeds")


def images_tested(evidence: Evidence, variant: str) -> int:
    """How many test images a variant was evaluated on."""
    return sum(map(sum, evidence.look_alikes["confusions"][variant]))


def pair_of(found: Json, first: str, second: str) -> tuple[Json, int] | None:
    """The comparison of two variants that was found and 1, or -1 if it is that of the second with the first."""
    for pair in found.get("pairs", ()):
        if (pair["first"], pair["second"]) in ((first, second), (second, first)):
            return pair, 1 if pair["first"] == first else -1
    return None


def more_accurate(first: str, second: str) -> Measure:
    """By how much the first variant is more accurate on the test images: mean over seeds, paired bootstrap."""

    def measure(evidence: Evidence) -> Measured | None:
        found = pair_of(evidence.look_alikes, first, second)
        return found and gain(*found, "accuracy_difference", images_tested(evidence, first))

    return measure


def gain(pair: Json, sign: int, figure: str, images: int) -> Measured | None:
    """A difference of a pair, with its sign turned if the pair is that of the second with the first."""
    difference = measured(pair[figure], images)
    return difference if sign > 0 else opposite(difference)


def more_robust(first: str, second: str) -> Measure:
    """By how much the first variant is more accurate on spoiled images, over all kinds and severities."""

    def measure(evidence: Evidence) -> Measured | None:
        found = pair_of(evidence.robustness, first, second)
        return found and gain(*found, "overall", evidence.robustness["images"])

    return measure


def accuracy(variant: str, *, minus: float = 0.0, wrong: bool = False) -> Measure:
    """A variant's accuracy on the test images less a constant, mean over seeds, Wilson's interval; or its error."""

    def measure(evidence: Evidence) -> Measured | None:
        summary = evidence.metrics.get(variant, {})
        if not summary.get("seeds"):
            return None
        value, low, high = (summary[name] - minus for name in ("accuracy", "accuracy_low", "accuracy_high"))
        count = images_tested(evidence, variant)
        return (
            Measured(1 - value, 1 - high, 1 - low, count, "images")
            if wrong
            else Measured(value, low, high, count, "images")
        )

    return measure


def by_seed(evidence: Evidence, variant: str, figure: Callable[[Rows], float | None]) -> list[float]:
    """A figure of each seed's epochs; seeds that diverged, or for which it is not known, are left out."""
    figures = (figure(history) for history in healthy(evidence.histories.get(variant, [])))
    return [value for value in figures if value is not None]


def healthy(rows: Rows) -> list[Rows]:
    """The epochs of each seed that did not diverge."""
    seeds = dict.fromkeys(row["seed"] for row in rows)
    histories = ([row for row in rows if row["seed"] == seed] for seed in seeds)
    return [history for history in histories if not diverged(history)]


def diverged(rows: Rows) -> bool:
    """Whether a loss that is not finite ended the training."""
    return not all(math.isfinite(rows[-1][loss]) for loss in ("train_loss", "valid_loss"))


def less_over_seeds(first: str, second: str, figure: Callable[[Rows], float | None]) -> Measure:
    """By how much a figure of the epochs is less for the first variant: difference of means over seeds, Welch."""

    def measure(evidence: Evidence) -> Measured | None:
        smaller, larger = (by_seed(evidence, variant, figure) for variant in (first, second))
        return over_seeds(welch_interval(larger, smaller), min(len(smaller), len(larger)))

    return measure


def least(*measures: Measure) -> Measure:
    """The smallest of several quantities; None if one of them is not there."""

    def measure(evidence: Evidence) -> Measured | None:
        found = [each(evidence) for each in measures]
        known = [one for one in found if one is not None]
        return min(known, key=lambda one: one.value) if len(known) == len(found) else None

    return measure


def most(*measures: Measure) -> Measure:
    """The largest of those quantities that are there, its interval widened for having been sought among so many.

    Bonferroni's correction, for an estimate that is normally distributed: Dunn, "Multiple Comparisons Among Means",
    JASA 56 (1961).
    """

    def measure(evidence: Evidence) -> Measured | None:
        known = [found for each in measures if (found := each(evidence)) is not None]
        if not known:
            return None
        best = max(known, key=lambda found: found.value)
        wider = NormalDist().inv_cdf(1 - 0.025 / len(known)) / NormalDist().inv_cdf(0.975)
        low, high = (best.value + wider * (end - best.value) for end in (best.low, best.high))
        return Measured(best.value, low, high, best.count, best.unit)

    return measure


def elsewhere(study: str, measure: Measure) -> Measure:
    """The same, of what was found of another study."""

    def measured_there(evidence: Evidence) -> Measured | None:
        return measure(evidence.others[study]) if study in evidence.others else None

    return measured_there


def times_less(first: str, second: str, figure: Callable[[Rows], float | None]) -> Measure:
    """How many times as large a positive figure is for the second variant: ratio of geometric means over seeds."""

    def measure(evidence: Evidence) -> Measured | None:
        smaller, larger = ([v for v in by_seed(evidence, name, figure) if v] for name in (first, second))
        return over_seeds(ratio_of_geometric_means(larger, smaller), min(len(smaller), len(larger)))

    return measure


def training_error(rows: Rows) -> float:
    """Share of the training images that the last epoch got wrong."""
    return 1 - rows[-1]["train_accuracy"]


def gap(rows: Rows) -> float:
    """Training minus validation accuracy in the last epoch."""
    return rows[-1]["train_accuracy"] - rows[-1]["valid_accuracy"]


def trained_to(rows: Rows) -> float:
    """Training accuracy in the last epoch."""
    return rows[-1]["train_accuracy"]


def unrest(rows: Rows) -> float | None:
    """Variance of the validation loss over the epochs after the first; None of fewer than two."""
    losses = [row["valid_loss"] for row in rows[1:]]
    if len(losses) < 2:
        return None
    centre = sum(losses) / len(losses)
    return sum((loss - centre) ** 2 for loss in losses) / (len(losses) - 1)


def epochs_to(error: float) -> Callable[[Rows], float | None]:
    """How many epochs it takes to a training error of at most `error`; None if it is not reached."""

    def figure(rows: Rows) -> float | None:
        return next((row["epoch"] + 1 for row in rows if 1 - row["train_accuracy"] <= error), None)

    return figure


def cluster_agreement(variant: str, clustering: str, score: str) -> Measure:
    """How well clusters of a variant's features agree with the classes, see `embedding.agreement`."""

    def measure(evidence: Evidence) -> Measured | None:
        found = evidence.embeddings.get(variant)
        return found and measured(found["clusterings"][clustering]["labels"][score], found["images"])

    return measure


def narrowing(variant: str) -> Measure:
    """What batch normalisation leaves of the activations' deviation, geometric mean over a variant's convolutions."""

    def measure(evidence: Evidence) -> Measured | None:
        found = evidence.explanations.get(variant)
        if found is None or found["activity"] is None:
            return None
        activity = found["activity"]["trained"]
        return measured(activity["narrowing"], activity["images"])

    return measure


def gain_over_centre(variant: str, method: str) -> Measure:
    """By how much a method's maps are more faithful than a Gaussian in the middle, see `explain.faithfulness`."""

    def measure(evidence: Evidence) -> Measured | None:
        found = evidence.explanations.get(variant)
        if found is None or method not in found["faithfulness"]["methods"]:
            return None
        return measured(found["faithfulness"]["methods"][method]["over_centre"], found["faithfulness"]["images"])

    return measure
