"""Findings about each variant, with the differences of the two that are compared."""

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Cues, Evaluation
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.statistics import Estimate
from lookalike.families import cues, outside, separability
from lookalike.families.calibration import area_difference, classwise_error, selective
from lookalike.families.findings import (
    Calibration,
    CueUse,
    GroupSelective,
    OutsideDetection,
    PairCues,
    Separability,
    Separated,
)
from lookalike.families.influence import Influenced, difference, mean, share
from lookalike.families.jackknife import Floats
from lookalike.families.measured import MeasuredStudy, estimate_of, number
from lookalike.families.separability import Pair

Bools = NDArray[np.bool_]


def separabilities(study: MeasuredStudy) -> tuple[Separability, ...]:
    """How well each variant tells each pair of look-alikes apart."""
    return tuple(separability_of(study, pair) for pair in study.pairs)


def separability_of(study: MeasuredStudy, pair: Pair) -> Separability:
    """How well each variant tells two classes apart."""
    scores = {name: separability.scores_of(one.test_logits, study.labels, pair) for name, one in study.finished.items()}
    aurocs = {name: separability.auroc(each) for name, each in scores.items()}
    d_primes = {name: separability.d_prime(each) for name, each in scores.items()}
    readouts = {name: readouts_of(one, study, pair) for name, one in study.finished.items()}
    variants = {
        name: Separated(
            auroc=separability.auroc_estimate(aurocs[name]),
            auroc_by_seed=tuple(aurocs[name].by_seed.tolist()),
            d_prime=d_primes[name].estimate(),
            d_prime_by_seed=tuple(map(number, d_primes[name].by_seed.tolist())),
            asymmetry=separability.asymmetry(one.test_logits.argmax(axis=2), study.labels, pair),
            probe=shared(readouts[name].get("probe")),
            neighbours=shared(readouts[name].get("neighbours")),
        )
        for name, one in study.finished.items()
    }
    return Separability(
        study.named(pair),
        variants,
        auroc_difference=between(study, aurocs),
        d_prime_difference=between(study, d_primes),
        probe_difference=between(study, means_of(readouts, "probe")),
        neighbours_difference=between(study, means_of(readouts, "neighbours")),
    )


def readouts_of(evaluation: Evaluation, study: MeasuredStudy, pair: Pair) -> dict[str, Bools]:
    """What both readouts of a variant get right of a pair's images, (S, n) by readout; empty if not measured."""
    readouts = evaluation.readouts
    if readouts is None or pair not in readouts.pairs:
        return {}
    number_of, images = readouts.pairs.index(pair), np.isin(study.labels, pair)
    return {
        "probe": readouts.probe[:, number_of, images],
        "neighbours": readouts.neighbours[:, number_of, images],
    }


def shared(right: Bools | None) -> Estimate | None:
    """The share of what is right, see `influence.share`; None of None."""
    return None if right is None else share(right)


def means_of(readouts: dict[str, dict[str, Bools]], kind: str) -> dict[str, Influenced]:
    """The rates of one readout, of the variants that have it."""
    return {name: mean(found[kind]) for name, found in readouts.items() if kind in found}


def between(study: MeasuredStudy, found: dict[str, Influenced]) -> Estimate | None:
    """The difference of the compared variants; None where there is none."""
    if study.compared is None or not found.keys() >= set(study.compared):
        return None
    first, second = study.compared
    return estimate_of(difference(found[first], found[second]))


def cue_uses(study: MeasuredStudy) -> dict[str, CueUse]:
    """What each variant is right by that was shown images with some of the cues."""
    shown = {name: one.cues for name, one in study.finished.items() if one.cues is not None}
    kept = {name: kept_of(one) for name, one in shown.items()}
    return {
        name: CueUse(
            conditions=one.conditions,
            accuracy=cues.accuracies(cues.right_of(one.preferred), one.usable),
            kept=tuple(None if found is None else found.estimate(low=0) for found in kept[name]),
            pairs=tuple(
                PairCues(
                    study.named(pair), cues.two_alternative(one.preferred, one.usable, labels_of(one, study), pair)
                )
                for pair in study.pairs
            ),
            difference=kept_differences(study, kept) if study.compared and name == study.compared[0] else (),
        )
        for name, one in shown.items()
    }


def labels_of(found: Cues, study: MeasuredStudy) -> NDArray[np.int64]:
    """The classes of the images that keep cues: the first test images of each class."""
    first = first_of_each_class(study.labels, len(study.labels))
    return study.labels[first[: found.usable.shape[1]]]


def kept_of(found: Cues) -> tuple[Influenced | None, ...]:
    """The share of the accuracy that is kept in each condition."""
    return cues.kept(cues.right_of(found.preferred), found.usable, found.conditions.index(("", 0)))


def kept_differences(
    study: MeasuredStudy, kept: dict[str, tuple[Influenced | None, ...]]
) -> tuple[Estimate | None, ...]:
    """The differences of the compared variants in each condition; empty where one was not shown such images."""
    assert study.compared is not None  # by contract
    if not kept.keys() >= set(study.compared):
        return ()
    sides = zip(*(kept[name] for name in study.compared), strict=True)
    return tuple(estimate_of(difference(one, other)) if one and other else None for one, other in sides)


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
        selective=selective(*of_group[name]),
        area_difference=estimate_of(area_difference(of_group[name], of_group[study.compared[1]]))
        if study.compared and name == study.compared[0]
        else None,
    )


def detections(study: MeasuredStudy) -> dict[str, OutsideDetection]:
    """How well each variant that was shown images of another data set detects them."""
    shown = {name: one.outside for name, one in study.finished.items() if one.outside is not None}
    scores = {
        name: outside.scores_of(study.finished[name].test_logits, one.logits, one.test_distances, one.distances)
        for name, one in shown.items()
    }
    aurocs = {
        score: {name: separability.auroc(of_variant[score]) for name, of_variant in scores.items()}
        for score in outside.SCORES
    }
    return {
        name: OutsideDetection(
            name=one.name,
            scores={score: outside.detection(each) for score, each in scores[name].items()},
            differences={score: between(study, found) for score, found in aurocs.items()}
            if study.compared and name == study.compared[0]
            else {},
        )
        for name, one in shown.items()
    }
