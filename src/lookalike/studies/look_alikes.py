"""This project's own hypotheses: how a CNN and a ViT tell look-alike classes apart.

Each was written down with its rule before the evidence that decides it was computed, except where `rules` says that an
earlier audit had seen the effect. The smallest differences that matter are those of the study's other claims; half a
hundredth of the area under the ROC curve is as much as half a point of accuracy.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from lookalike.claims.claim import Claim, Measured, Rule, Test, above, apart, below, within
from lookalike.claims.evidence import Evidence, StudyEvidence
from lookalike.claims.measures import Measure, alone, from_interval, gain, of_every_seed, runs_of, study_of
from lookalike.claims.quantities import Figure, Figures, Terms, difference_of_figures, right
from lookalike.evaluation.groups import look_alike_pairs
from lookalike.evaluation.hierarchical import Term, Uncertain, mean_of
from lookalike.evaluation.metrics import softmax
from lookalike.families import complementary
from lookalike.families.cues import right_of
from lookalike.families.influence import Influenced, difference
from lookalike.families.layers import last_contrast
from lookalike.families.separability import auroc, scores_of
from lookalike.studies.fashion import ACCURACY, BOTH, CNN, CORRELATION, STUDY, VIT

AREA, LOST = 0.005, 0.02  # of the ROC curve; and of the share of the accuracy that is lost
FEW = (f"{CNN}-1pct", f"{VIT}-1pct")
MODERN = (f"{CNN}-modern", f"{VIT}-modern")
POSITIONS = (f"{VIT}-pos", VIT)
CALLED_KNOWN = "this project's own hypothesis"
SHARED_METHODS = ("HiResCAM", "gradient x input", "integrated gradients", "SmoothGrad", "occlusion")
BETWEEN = "pairs of runs between the families minus pairs within them, all of different seeds"
MORE_LOST = "the {} loses {{}} more of its accuracy than the {}"
LESS_LOST = "the {} loses {{}} less of its accuracy than the {}"
Contrasts = Callable[[StudyEvidence, str, str], complementary.Contrast | None]


def contrast(first: str, second: str, contrasts: Contrasts) -> Measure:
    """A quantity of a seed of each variant, minus that of two seeds of one variant; see `complementary.Contrast`."""

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, first, second)
        found = None if study is None else contrasts(study, first, second)
        if study is None or found is None:
            return None
        images = found.difference.images if found.difference.image_variance else None
        return Measured(found.difference, runs_of(study, first, second), images)

    return measure


def error_consistency(study: StudyEvidence, first: str, second: str) -> complementary.Contrast | None:
    """Kappa on the test images."""
    return complementary.consistency(right(study, first), right(study, second))


def averaging(study: StudyEvidence, first: str, second: str) -> complementary.Contrast | None:
    """By how much the averaged probabilities of two models are more accurate than the two in the mean."""
    one, other = (
        np.stack([softmax(seed) for seed in study.finished[name].test_logits.astype(np.float64)])
        for name in (first, second)
    )
    return complementary.averaging_gain(one, other, study.labels)


def last_layers(study: StudyEvidence, first: str, second: str) -> complementary.Contrast | None:
    """Linear CKA of the penultimate features."""
    known = [one.representations for name in (first, second) if (one := study.explanations.get(name)) is not None]
    sides = [one for one in known if one is not None]
    if len(sides) < 2 or not np.array_equal(sides[0].indices, sides[1].indices):
        return None
    return last_contrast(*(one.products[:, -1].astype(np.float64) for one in sides))


def minus(first: Measure, second: Measure) -> Measure:
    """A first quantity minus a second one of other runs. Their images are taken for independent: the interval is too
    wide where, as usual, both vary alike with the images."""

    def measure(evidence: Evidence) -> Measured | None:
        measured, less = first(evidence), second(evidence)
        if measured is None or less is None:
            return None
        one, other = measured.quantity, less.quantity
        assert isinstance(one, Uncertain)
        assert isinstance(other, Uncertain)
        found = replace(
            one,
            value=one.value - other.value,
            image_variance=one.image_variance + other.image_variance,
            sides=one.sides + other.sides,
        )
        return Measured(found, measured.runs + less.runs, measured.images)

    return measure


def area_gain(first: str, second: str) -> Measure:
    """By how much the first variant separates look-alike classes better: AUROC of the logit difference, mean over all
    pairs of look-alikes."""

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, first, second)
        if study is None:
            return None
        found = difference(mean_area(study, first), mean_area(study, second))
        return Measured(found, runs_of(study, first, second), found.images) if found else None

    return measure


def mean_area(study: StudyEvidence, name: str) -> Influenced:
    """The mean of the areas of all pairs; each class with look-alikes is one sample of images."""
    pairs, logits = look_alike_pairs(study.group_of), study.finished[name].test_logits
    found = {pair: auroc(scores_of(logits, study.labels, pair)) for pair in pairs}
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


def lost(kind: str, strengths: Sequence[int]) -> Terms:
    """The share of the accuracy that is lost on images which keep some cues only; mean over strengths."""

    def terms(study: StudyEvidence, name: str) -> list[Term] | None:
        cues, wanted = study.finished[name].cues, [(kind, strength) for strength in strengths]
        if cues is None or not set(wanted) <= set(cues.conditions):
            return None
        numbers = [cues.conditions.index(one) for one in wanted]
        answers, usable = right_of(cues.preferred).astype(float), cues.usable[numbers].all(axis=0)
        clean = answers[:, cues.conditions.index(("", 0))] * usable
        return [mean_of(clean - answers[:, numbers].mean(axis=1) * usable, clean)]

    return terms


def loss_test(key: str, kind: str, strengths: Sequence[int], about: str, more: str, less: str) -> Test:
    """The test that one variant loses a larger share of its accuracy than another."""
    names = {CNN: "CNN", VIT: "ViT", POSITIONS[0]: "ViT with trained positions"}
    said = names[more], "ViT with random ones" if more == POSITIONS[0] else names[less]
    return Test(
        key,
        f"share of the accuracy that is lost on {about}, {said[0]} minus {said[1]}",
        above(LOST),
        gain(more, less, lost(kind, strengths)),
        (more, less),
        f"on {about} {MORE_LOST.format(*said)}",
        f"on {about} {LESS_LOST.format(*said)}",
    )


def attribution_gain(first: str, second: str, method: str) -> Measure:
    """By how much the attribution maps of the first variant are more faithful than those of the second."""

    def measure(evidence: Evidence) -> Measured | None:
        study = study_of(evidence, first, second)
        if study is None or (explanation := study.explanations.get(first)) is None:
            return None
        found = difference_of_figures(study, first, second, attribution(method), explanation.attributed or 0)
        return Measured(found, runs_of(study, first, second), explanation.attributed) if found else None

    return measure


def attribution(method: str) -> Figures:
    """By how much maps of one method, on the grid that all models share, are more faithful than random ones."""

    def figures(study: StudyEvidence, name: str) -> list[Figure] | None:
        if (explanation := study.explanations.get(name)) is None:
            return None
        return of_every_seed([from_interval((seed.attribution or {}).get(method)) for seed in explanation.seeds])

    return figures


CLAIMS = (
    Claim(
        "L1",
        STUDY,
        "A CNN and a ViT err on more different images than two runs of either do.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "741f9e6", "yes", "84ac4c6ea4d7"),
        (
            Test(
                "",
                f"error consistency (kappa) on test images, {BETWEEN}",
                below(-CORRELATION),
                contrast(*BOTH, error_consistency),
                BOTH,
                "kappa between the families is {} above that within them",
                "kappa between the families is {} below that within them",
                "number",
            ),
        ),
    ),
    Claim(
        "L2",
        STUDY,
        "The fewer the training images, the more the families' errors differ.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "741f9e6", "yes", "18e58f832125"),
        (
            Test(
                "",
                f"kappa {BETWEEN}, with a hundredth of the training images minus with all of them",
                below(-CORRELATION),
                minus(contrast(*FEW, error_consistency), contrast(*BOTH, error_consistency)),
                (*FEW, *BOTH),
                "with a hundredth of the images kappa's gap between the families is {} smaller",
                "with a hundredth of the images kappa's gap between the families is {} wider",
                "number",
            ),
        ),
    ),
    Claim(
        "L3",
        STUDY,
        "Averaging a CNN and a ViT gains more accuracy than averaging two runs of one of them.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "741f9e6", "yes", "325bac27b8c5"),
        (
            Test(
                "",
                f"accuracy of two averaged models over their mean accuracy, {BETWEEN}",
                above(ACCURACY),
                contrast(*BOTH, averaging),
                BOTH,
                "averaging a CNN and a ViT gains {} more than averaging two of a kind",
                "averaging a CNN and a ViT gains {} less than averaging two of a kind",
            ),
        ),
    ),
    Claim(
        "L4",
        STUDY,
        "The CNN separates look-alike classes better than the ViT.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "402511fba88e"),
        (
            Test(
                "",
                "AUROC of the logit difference, mean over all pairs of look-alikes, CNN minus ViT",
                above(AREA),
                area_gain(*BOTH),
                BOTH,
                "the CNN's area under the ROC curve is {} larger",
                "the CNN's area under the ROC curve is {} smaller",
            ),
        ),
    ),
    Claim(
        "L5",
        STUDY,
        "What a model misses of look-alikes its features miss too: a linear probe of them does no better than its own "
        "last layer.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "8497dbd5f59e"),
        tuple(
            Test(
                family,
                f"right choices between two look-alikes, linear probe of the features minus logits, {family}",
                within(ACCURACY),
                alone(name, probe_over_logits),
                (name,),
                f"a probe of the {family}'s features is right {{}} more often than its logits",
                f"a probe of the {family}'s features is right {{}} less often than its logits",
            )
            for family, name in (("CNN", CNN), ("ViT", VIT))
        ),
    ),
    Claim(
        "L6",
        STUDY,
        "The CNN relies on texture, the ViT on shape: on silhouettes the CNN loses more.",
        f"{CALLED_KNOWN}, after Tuli et al., CogSci 2021",
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "8a467e32851e"),
        (loss_test("", "silhouette", (1,), "silhouettes", CNN, VIT),),
    ),
    Claim(
        "L7",
        STUDY,
        "The CNN relies on the order of parts more than the ViT: on shuffled patches it loses more; and a ViT with "
        "trained positions loses more than one with random ones.",
        f"{CALLED_KNOWN}, after Naseer et al., NeurIPS 2021",
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "b12f4db2a7f1"),
        (
            loss_test("families", "shuffled", (2, 4, 7), "shuffled patches", CNN, VIT),
            loss_test("positions", "shuffled", (2, 4, 7), "shuffled patches", *POSITIONS),
        ),
    ),
    Claim(
        "L8",
        STUDY,
        "The CNN uses fine structure, the ViT coarse: without high frequencies the CNN loses more, without low ones "
        "the ViT does.",
        f"{CALLED_KNOWN}, after Park & Kim, ICLR 2022",
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "233a53074059"),
        (
            loss_test("coarse left", "low-pass", (1, 2, 3), "low-pass filtered images", CNN, VIT),
            loss_test("fine left", "high-pass", (1, 2, 3), "high-pass filtered images", VIT, CNN),
        ),
    ),
    Claim(
        "L9",
        STUDY,
        "The recipe makes more difference than the family: trained by one modern recipe the ViT is as accurate as the "
        "CNN.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "c5e0c9f869cb"),
        (
            Test(
                "",
                "accuracy with the modern recipe, CNN minus ViT",
                within(ACCURACY),
                gain(*MODERN),
                MODERN,
                "with one modern recipe the CNN is {} more accurate than the ViT",
                "with one modern recipe the CNN is {} less accurate than the ViT",
            ),
        ),
    ),
    Claim(
        "L10",
        STUDY,
        "Compared by one method at one resolution, the maps of one family are more faithful than those of the other.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "ad2f20c", "no", "1c639ba4f392"),
        tuple(
            Test(
                method,
                f"gain of {method} maps over random ones on a grid of 7x7, CNN minus ViT",
                apart(CORRELATION),
                attribution_gain(*BOTH, method),
                BOTH,
                f"the CNN's {method} maps are {{}} more faithful than the ViT's",
                f"the CNN's {method} maps are {{}} less faithful than the ViT's",
                "number",
            )
            for method in SHARED_METHODS
        ),
    ),
    Claim(
        "L11",
        STUDY,
        "The last features of a CNN and a ViT are less alike than those of two runs of either.",
        CALLED_KNOWN,
        "no number",
        Rule("2026-11-29", "741f9e6", "yes", "dd917d9783a1"),
        (
            Test(
                "",
                f"linear CKA of the penultimate features, {BETWEEN}",
                below(-CORRELATION),
                contrast(*BOTH, last_layers),
                BOTH,
                "CKA between the families is {} above that within them",
                "CKA between the families is {} below that within them",
                "number",
            ),
        ),
    ),
)
