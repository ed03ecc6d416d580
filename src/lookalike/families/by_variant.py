"""Findings about each variant, with the differences of the two that are compared."""

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Cues
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.metrics import Bools, Floats
from lookalike.evaluation.statistics import Estimate
from lookalike.families import cues, outside, separability
from lookalike.families.calibration import area_difference, classwise_error, selective_prediction
from lookalike.families.findings import (
    Calibration,
    CueUse,
    GroupSelective,
    OutsideDetection,
    PairCues,
    Separability,
    Separated,
)
from lookalike.families.influence import Influenced, difference_of, mean_over_images, share_estimate
from lookalike.families.measured import MeasuredStudy, estimate_of, finite_or_none
from lookalike.families.separability import Pair


def separability_of(study: MeasuredStudy, pair: Pair) -> Separability:
    """The separability of two classes by each variant."""
    scores = {
        name: separability.pair_scores(one.test_logits, study.labels, pair) for name, one in study.finished.items()
    }
    aurocs = {name: separability.auroc_with_influences(each) for name, each in scores.items()}
    d_primes = {name: separability.d_prime(each) for name, each in scores.items()}
    readouts = {
        kind: {name: right for name in study.finished if (right := readout_of(study, name, pair, kind)) is not None}
        for kind in ("probe", "neighbours")
    }
    variants = {
        name: Separated(
            auroc=separability.auroc_interval(aurocs[name]),
            auroc_by_seed=tuple(aurocs[name].by_seed.tolist()),
            d_prime=d_primes[name].estimate(),
            d_prime_by_seed=tuple(map(finite_or_none, d_primes[name].by_seed.tolist())),
            asymmetry=separability.asymmetry(one.test_logits.argmax(axis=2), study.labels, pair),
            **{kind: share_estimate(found[name]) if name in found else None for kind, found in readouts.items()},
        )
        for name, one in study.finished.items()
    }
    rates = {kind: {name: mean_over_images(right) for name, right in found.items()} for kind, found in readouts.items()}
    return Separability(
        study.named(pair),
        variants,
        auroc_difference=difference_of_compared(study, aurocs),
        d_prime_difference=difference_of_compared(study, d_primes),
        probe_difference=difference_of_compared(study, rates["probe"]),
        neighbours_difference=difference_of_compared(study, rates["neighbours"]),
    )


def readout_of(study: MeasuredStudy, name: str, pair: Pair, kind: str) -> Bools | None:
    """Which of a pair's images (S, n) a readout, "probe" or "neighbours", gets right; None if not measured."""
    readouts = study.finished[name].readouts
    if readouts is None or pair not in readouts.pairs:
        return None
    right: Bools = getattr(readouts, kind)
    return right[:, readouts.pairs.index(pair), np.isin(study.labels, pair)]


def difference_of_compared(study: MeasuredStudy, found: dict[str, Influenced]) -> Estimate | None:
    """The first compared variant minus the second; None without both."""
    if study.compared is None or not found.keys() >= set(study.compared):
        return None
    first, second = study.compared
    return estimate_of(difference_of(found[first], found[second]))


def cue_uses(study: MeasuredStudy) -> dict[str, CueUse]:
    """The use of cues by each variant that was shown images with some of them."""
    shown = {name: one.cues for name, one in study.finished.items() if one.cues is not None}
    kept = {name: kept_shares(one) for name, one in shown.items()}
    return {
        name: CueUse(
            conditions=one.conditions,
            accuracy=cues.accuracy_by_condition(cues.right_where_preferred(one.preferred), one.usable),
            kept=tuple(None if found is None else found.estimate(low=0) for found in kept[name]),
            pairs=tuple(
                PairCues(
                    study.named(pair), cues.two_alternative(one.preferred, one.usable, cue_labels(one, study), pair)
                )
                for pair in study.pairs
            ),
            difference=kept_differences(study, kept) if study.compared and name == study.compared[0] else (),
        )
        for name, one in shown.items()
    }


def cue_labels(found: Cues, study: MeasuredStudy) -> NDArray[np.int64]:
    """The classes of the images that keep cues: the first test images of each class."""
    first = first_of_each_class(study.labels, len(study.labels))
    return study.labels[first[: found.usable.shape[1]]]


def kept_shares(found: Cues) -> tuple[Influenced | None, ...]:
    """The share of the accuracy that is kept in each condition."""
    return cues.kept_accuracy(
        cues.right_where_preferred(found.preferred), found.usable, found.conditions.index(("", 0))
    )


def kept_differences(
    study: MeasuredStudy, kept: dict[str, tuple[Influenced | None, ...]]
) -> tuple[Estimate | None, ...]:
    """The differences of the compared variants in each condition; empty where one was not shown such images."""
    assert study.compared is not None  # by contract
    if not kept.keys() >= set(study.compared):
        return ()
    sides = zip(*(kept[name] for name in study.compared), strict=True)
    return tuple(estimate_of(difference_of(one, other)) if one and other else None for one, other in sides)


def calibrations(study: MeasuredStudy) -> dict[str, Calibration]:
    """How far the probabilities of each variant can be trusted."""
    probabilities = {name: study.probabilities(name) for name in study.finished}
    answers = {name: (found.max(axis=2), study.right[name]) for name, found in probabilities.items()}
    return {
        name: Calibration(
            error=classwise_error(probabilities[name], study.labels),
            calibrated_error=classwise_error(study.probabilities(name, calibrated=True), study.labels),
            groups=tuple(
                group_selective(study, name, answers, group)
                for group in np.unique(study.group_of[study.labels]).tolist()
            ),
        )
        for name in study.finished
    }


def group_selective(
    study: MeasuredStudy, name: str, answers: dict[str, tuple[Floats, Bools]], group: int
) -> GroupSelective:
    """Selective prediction by one variant on the images of one group."""
    where = study.group_of[study.labels] == group
    of_group = {each: (scores[:, where], right[:, where]) for each, (scores, right) in answers.items()}
    return GroupSelective(
        classes=tuple(study.class_names[k] for k in np.flatnonzero(study.group_of == group).tolist()),
        selective=selective_prediction(*of_group[name]),
        area_difference=estimate_of(area_difference(of_group[name], of_group[study.compared[1]]))
        if study.compared and name == study.compared[0]
        else None,
    )


def detections(study: MeasuredStudy) -> dict[str, OutsideDetection]:
    """How well each variant that was shown images of another data set detects them."""
    shown = {name: one.outside for name, one in study.finished.items() if one.outside is not None}
    scores = {
        name: outside.outside_scores(study.finished[name].test_logits, one.logits, one.test_distances, one.distances)
        for name, one in shown.items()
    }
    aurocs = {
        score: {name: separability.auroc_with_influences(of_variant[score]) for name, of_variant in scores.items()}
        for score in outside.SCORES
    }
    return {
        name: OutsideDetection(
            name=one.name,
            scores={score: outside.detection(each) for score, each in scores[name].items()},
            differences={score: difference_of_compared(study, found) for score, found in aurocs.items()}
            if study.compared and name == study.compared[0]
            else {},
        )
        for name, one in shown.items()
    }
