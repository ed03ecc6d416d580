"""All findings about the families of architectures in one study, from evidence alone."""

from collections.abc import Sequence

import numpy as np

from lookalike.families import complementary, label_errors
from lookalike.families.by_variant import calibrations, cue_uses, detections, separability_of
from lookalike.families.crossings import crossing
from lookalike.families.findings import (
    Complementary,
    ErrorConsistency,
    FamilyFindings,
    LabelErrors,
    LearningCurves,
    OfPair,
    OfSize,
    VariantErrors,
)
from lookalike.families.layers import study_representations
from lookalike.families.learning_curves import RunErrors, fit_curve
from lookalike.families.measured import MeasuredStudy, contrasted, matrix_rows


def study_families(study: MeasuredStudy) -> FamilyFindings:
    """Everything that can be found about the families; parts without evidence, or without two families, are None."""
    return FamilyFindings(
        families=study.families,
        seeds={name: len(one.seeds) for name, one in study.finished.items()},
        compared=study.compared,
        consistency=consistency_of_all(study),
        complementary=complementary_errors(study),
        separability=tuple(separability_of(study, pair) for pair in study.pairs),
        effective_rank={
            name: tuple(one.readouts.effective_rank.tolist())
            for name, one in study.finished.items()
            if one.readouts is not None
        },
        cues=cue_uses(study),
        learning={title: family_learning_curves(study, title) for title in study.curves},
        representations=study_representations(study),
        label_errors=suspected_labels(study),
        calibration=calibrations(study),
        outside=detections(study),
    )


def consistency_of_all(study: MeasuredStudy) -> ErrorConsistency:
    """The error consistency of every seed of every variant with every other."""
    variants = tuple(name for name, right in study.right.items() for _ in right)
    if not variants:
        return ErrorConsistency((), ())
    return ErrorConsistency(variants, matrix_rows(complementary.kappa_matrix(np.concatenate([*study.right.values()]))))


def complementary_errors(study: MeasuredStudy) -> Complementary | None:
    """Whether the compared variants err on different images; None without two families."""
    if study.compared is None:
        return None
    first, second = (study.right[name] for name in study.compared)
    of_pairs = []
    for pair in study.pairs:
        where = np.isin(study.labels, pair)
        found = complementary.consistency_contrast(first[:, where], second[:, where])
        of_pairs.append(OfPair(study.named(pair), contrasted(found)))
    one, other = (study.probabilities(name) for name in study.compared)
    return Complementary(
        consistency=contrasted(complementary.consistency_contrast(first, second)),
        averaging=contrasted(complementary.averaging_contrast(one, other, study.labels)),
        by_pair=tuple(of_pairs),
        by_size=tuple(found for title in study.curves for found in consistency_by_size(study, title)),
    )


def consistency_by_size(study: MeasuredStudy, title: str) -> list[OfSize]:
    """The error consistency of the variants of two learning curves that were trained on as many images."""
    first, second = (
        {study.train_images[name]: name for name in side if name in study.finished} for side in study.curves[title]
    )
    return [
        OfSize(
            title,
            images,
            (first[images], second[images]),
            contrasted(complementary.consistency_contrast(study.right[first[images]], study.right[second[images]])),
        )
        for images in sorted(first.keys() & second.keys())
    ]


def family_learning_curves(study: MeasuredStudy, title: str) -> LearningCurves:
    """The learning curves of both families under one title."""
    first, second = (run_errors(study, side) for side in study.curves[title])
    one, other = curve_points(first), curve_points(second)
    return LearningCurves(
        points=(first, second),
        first=fit_curve(one) if one else None,
        second=fit_curve(other) if other else None,
        crossing=crossing(one, other) if one and other else None,
    )


def run_errors(study: MeasuredStudy, names: Sequence[str]) -> tuple[VariantErrors, ...]:
    """The errors of the variants that finished, by ascending number of training images."""
    ordered = sorted((name for name in names if name in study.finished), key=lambda name: study.train_images[name])
    return tuple(
        VariantErrors(name, study.train_images[name], tuple((1 - study.right[name].mean(axis=1)).tolist()))
        for name in ordered
    )


def curve_points(variants: Sequence[VariantErrors]) -> RunErrors | None:
    """The runs of all variants of a curve; None without variants."""
    if not variants:
        return None
    sizes = np.concatenate([np.full(len(one.errors), float(one.train_images)) for one in variants])
    return RunErrors(sizes, np.concatenate([one.errors for one in variants]))


def suspected_labels(study: MeasuredStudy) -> LabelErrors | None:
    """Test images whose label the focus variants find hard to believe; None without a finished focus variant."""
    if not study.judges:
        return None
    probabilities = np.mean([study.probabilities(name).mean(axis=0) for name in study.judges], axis=0)
    found = label_errors.candidates(probabilities, study.labels)
    return LabelErrors(
        judges=study.judges,
        candidates=tuple(found.tolist()),
        joint=tuple(map(tuple, label_errors.confident_joint(probabilities, study.labels).tolist())),
        variants={name: label_errors.accuracy_without(right, found) for name, right in study.right.items()},
    )
