"""What the hypotheses about look-alikes measure: families against each other, separability, cues and faithfulness."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from lookalike.claims.claim import Measurement
from lookalike.claims.evidence import Evidence, StudyEvidence
from lookalike.claims.measures import Measure, in_study, of_explanation
from lookalike.claims.quantities import Terms, from_seed_values, right_predictions, seed_value
from lookalike.evaluation.groups import look_alike_pairs
from lookalike.evaluation.hierarchical import Term, UncertainValue, mean_of
from lookalike.evaluation.metrics import softmax
from lookalike.families import complementary
from lookalike.families.cues import right_where_preferred
from lookalike.families.influence import Influenced, difference_of
from lookalike.families.layers import last_contrast
from lookalike.families.separability import auroc_with_influences, pair_scores

Contrasts = Callable[[StudyEvidence, str, str], complementary.SeedPairContrast | None]


def between_over_within(first: str, second: str, contrasts: Contrasts) -> Measure:
    """A quantity of a seed of each variant minus that of two seeds of one; see `complementary.SeedPairContrast`."""

    def quantity(study: StudyEvidence) -> UncertainValue | None:
        if (found := contrasts(study, first, second)) is None:
            return None
        return found.difference if found.difference.image_variance else replace(found.difference, images=0)

    return in_study([first, second], quantity)


def study_error_consistency(study: StudyEvidence, first: str, second: str) -> complementary.SeedPairContrast | None:
    """Kappa on the test images."""
    return complementary.consistency_contrast(right_predictions(study, first), right_predictions(study, second))


def study_averaging_gain(study: StudyEvidence, first: str, second: str) -> complementary.SeedPairContrast | None:
    """By how much the averaged probabilities of two models are more accurate than the two in the mean."""
    one, other = (
        np.stack([softmax(seed) for seed in study.finished[name].test_logits.astype(np.float64)])
        for name in (first, second)
    )
    return complementary.averaging_contrast(one, other, study.labels)


def study_last_layers(study: StudyEvidence, first: str, second: str) -> complementary.SeedPairContrast | None:
    """Linear CKA of the penultimate features."""
    known = [one.representations for name in (first, second) if (one := study.explanations.get(name)) is not None]
    sides = [one for one in known if one is not None]
    if len(sides) < 2 or not np.array_equal(sides[0].indices, sides[1].indices):
        return None
    return last_contrast(*(one.products[:, -1].astype(np.float64) for one in sides))


def minus(first: Measure, second: Measure) -> Measure:
    """A first quantity minus a second one of other runs.

    Their images are taken for independent: the interval is too wide where, as usual, both vary alike with the images.
    """

    def measure(evidence: Evidence) -> Measurement | None:
        measured, less = first(evidence), second(evidence)
        if measured is None or less is None:
            return None
        one, other = measured.quantity, less.quantity
        found = replace(
            one,
            value=one.value - other.value,
            image_variance=one.image_variance + other.image_variance,
            sides=one.sides + other.sides,
        )
        return Measurement(found, measured.runs + less.runs, measured.images)

    return measure


def area_gain(first: str, second: str) -> Measure:
    """By how much the first variant separates look-alike classes better: AUROC of the logit difference, mean over all
    pairs of look-alikes."""
    return in_study([first, second], lambda study: difference_of(mean_area(study, first), mean_area(study, second)))


def mean_area(study: StudyEvidence, name: str) -> Influenced:
    """The mean of the areas of all pairs; each class with look-alikes is one sample of images."""
    pairs, logits = look_alike_pairs(study.group_of), study.finished[name].test_logits
    found = {pair: auroc_with_influences(pair_scores(logits, study.labels, pair)) for pair in pairs}
    influences = {label: np.zeros((study.labels == label).sum()) for pair in pairs for label in pair}
    for pair, area in found.items():
        for label, of_class in zip(pair, area.influences, strict=True):
            influences[label] += of_class / len(pairs)
    by_seed = np.mean([area.by_seed for area in found.values()], axis=0)
    return Influenced(by_seed, tuple(influences.values()))


def probe_over_logits(study: StudyEvidence, name: str) -> list[Term] | None:
    """How much more often a linear probe of the features names the right one of two look-alikes than the logits do."""
    evaluation = study.finished[name]
    if (readouts := evaluation.readouts) is None or not readouts.pairs:
        return None
    gained = np.zeros(evaluation.test_logits.shape[:2])
    asked = np.zeros(len(study.labels))
    for pair, by_probe in zip(readouts.pairs, np.moveaxis(readouts.probe, 1, 0), strict=True):
        first, second = (study.labels == label for label in pair)
        leads = evaluation.test_logits[..., pair[0]].astype(float) - evaluation.test_logits[..., pair[1]]
        by_logits = np.where(first, leads > 0, leads < 0)
        gained += (by_probe.astype(float) - by_logits) * (first | second)
        asked += first | second
    return [mean_of(gained, asked[None])]


def accuracy_lost_without_cues(kind: str, strengths: Sequence[int]) -> Terms:
    """The share of the accuracy that is lost on images which keep some cues only; mean over strengths."""

    def terms(study: StudyEvidence, name: str) -> list[Term] | None:
        cues, wanted = study.finished[name].cues, [(kind, strength) for strength in strengths]
        if cues is None or not set(wanted) <= set(cues.conditions):
            return None
        numbers = [cues.conditions.index(one) for one in wanted]
        answers, usable = right_where_preferred(cues.preferred).astype(float), cues.usable[numbers].all(axis=0)
        clean = answers[:, cues.conditions.index(("", 0))] * usable
        return [mean_of(clean - answers[:, numbers].mean(axis=1) * usable, clean)]

    return terms


def faithfulness_gain(first: str, second: str, method: str) -> Measure:
    """By how much one method's maps of the first variant are more faithful than those of the second.

    Faithfulness is measured against random maps, on the grid that all models share.
    """

    def attributed(study: StudyEvidence) -> int | None:
        return study.explanations[first].attributed if first in study.explanations else None

    def quantity(study: StudyEvidence) -> UncertainValue | None:
        values = of_explanation(lambda seed: seed_value((seed.attribution or {}).get(method)))
        return from_seed_values(study, [first, second], values, attributed(study) or 0)

    return in_study([first, second], quantity, attributed)
