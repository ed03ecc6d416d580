"""Quantities of one variant and of two, against sums that are written out."""

import math
from dataclasses import replace

import numpy as np
import pytest
from claims.invented import RECIPE, evaluation, images_of, uncertain
from scipy.special import softmax
from scipy.stats import norm

from lookalike.artifacts.evaluations import Corrupted, PhotoOutputs, Validation
from lookalike.claims import quantities
from lookalike.claims.evidence import StudyEvidence
from lookalike.claims.quantities import Best, SeedValue, Terms, best_of, censored
from lookalike.data.corruptions import SHIFTS
from lookalike.evaluation.hierarchical import DRAWS, SeedSpread, Term, hierarchical, mean_over_seeds

N, C, F, M = 40, 6, 30, 25
RNG = np.random.default_rng(0)
LABELS = np.arange(N) % C
GROUP_OF = np.array([0, 0, 0, 1, 1, 2])
PHOTOGRAPHED = np.array([0, 1, -1, 2, 3, 4, 5, -1, 0, 1, 2, 3])
SENDERS = [*"aabbccddeeff"]
CONDITIONS = (("", 0), *((kind, severity) for kind in ("blur", "rotate", *SHIFTS) for severity in range(1, 6)))


def outputs(seeds: int, quality: float):  # type: ignore[no-untyped-def]
    """An evaluation of noisy networks with all parts."""
    logits = RNG.normal(0, 1, (seeds, N, C)) + quality * np.eye(C)[LABELS]
    photos = RNG.normal(0, 1, (seeds, len(PHOTOGRAPHED), C)) + quality * np.eye(C)[PHOTOGRAPHED]
    right = RNG.random((seeds, len(CONDITIONS), N)) < 0.6
    return evaluation(
        logits,
        validation=Validation(RNG.random((seeds, M)) < 0.6, np.ones((2, M), np.float32)),
        train_right=RNG.random((seeds, F)) < 0.8,
        corrupted=Corrupted(CONDITIONS, right, np.zeros((len(CONDITIONS), 3))),
        photos=PhotoOutputs({RECIPE: photos}, {}, {}, np.zeros(0), {}),
    )


STUDY = StudyEvidence(
    images_of(LABELS, PHOTOGRAPHED, SENDERS),
    GROUP_OF,
    {"one": outputs(3, 2), "other": outputs(4, 1), "single": outputs(1, 1)},
)


def by_hand(name: str, quantity: str) -> float:
    """The quantity, image by image."""
    one = STUDY.evaluations[name]
    right = one.test_logits.argmax(axis=2) == LABELS
    assert one.corrupted is not None
    assert one.photos is not None
    match quantity:
        case "accuracy":
            return float(right.mean())
        case "error":
            return float(1 - right.mean())
        case "overconfidence":
            return float(softmax(one.test_logits, axis=2).max(axis=2).mean() - right.mean())
        case "gap":
            assert one.train_right is not None
            assert one.validation is not None
            return float(one.train_right.mean() - one.validation.right.mean())
        case "train_accuracy":
            assert one.train_right is not None
            return float(one.train_right.mean())
        case "lost" | "shifted":
            kinds = ("blur", "rotate") if quantity == "lost" else SHIFTS
            wanted = [
                k for k, (kind, level) in enumerate(CONDITIONS) if kind in kinds and (quantity == "lost" or level == 4)
            ]
            return float(1 - one.corrupted.right[:, wanted].mean() / one.corrupted.right[:, 0].mean())
        case "photographs":
            where = PHOTOGRAPHED >= 0
            return float((one.photos.logits[RECIPE].argmax(axis=2) == PHOTOGRAPHED)[:, where].mean())
    answers = int(quantity)
    alike = wrong = chance = 0.0
    for logits in one.test_logits:
        for values, label in zip(logits, LABELS, strict=True):
            others = [c for c in np.argsort(-values)[:answers] if c != label]
            wrong += len(others)
            alike += sum(GROUP_OF[c] == GROUP_OF[label] for c in others)
            chance += len(others) * ((GROUP_OF[label] == GROUP_OF).sum() - 1) / (C - 1)
    return (alike - chance) / wrong


TERMS: dict[str, Terms] = {
    "accuracy": quantities.accuracy_terms,
    "error": quantities.error_terms,
    "overconfidence": quantities.overconfidence_terms,
    "gap": quantities.fitting_gap_terms,
    "train_accuracy": quantities.train_accuracy_terms,
    "lost": quantities.accuracy_lost(("blur", "rotate")),
    "shifted": quantities.lost_by_shift(4),
    "photographs": quantities.on_photographs(RECIPE),
    "2": quantities.look_alikes_among(2),
    "5": quantities.look_alikes_among(5),
}


@pytest.mark.parametrize("quantity", TERMS)
def test_quantities_are_what_a_loop_finds(quantity: str) -> None:
    one, two = (
        quantities.from_terms(STUDY, ["one"], TERMS[quantity]),
        quantities.from_terms(STUDY, ["one", "other"], TERMS[quantity]),
    )
    assert one is not None
    assert two is not None
    assert one.value == pytest.approx(by_hand("one", quantity))
    assert two.value == pytest.approx(by_hand("one", quantity) - by_hand("other", quantity))
    assert [side.count for side in two.sides] == [3, 4]
    low, high = two.interval()
    assert low < two.value < high


@pytest.mark.parametrize("quantity", ["gap", "train_accuracy", "lost", "shifted", "photographs"])
def test_what_was_not_measured_is_no_quantity(quantity: str) -> None:
    without = evaluation(STUDY.evaluations["one"].test_logits)
    study = replace(STUDY, evaluations={"one": STUDY.evaluations["one"], "bare": without})
    assert quantities.from_terms(study, ["bare"], TERMS[quantity]) is None
    assert quantities.from_terms(study, ["one", "bare"], TERMS[quantity]) is None
    assert quantities.from_terms(study, ["bare", "one"], TERMS[quantity]) is None


def test_a_corruption_that_was_not_tried_is_no_quantity() -> None:
    assert quantities.from_terms(STUDY, ["one"], quantities.accuracy_lost(("fog",))) is None
    assert quantities.from_terms(STUDY, ["one"], quantities.on_photographs("another recipe")) is None


def test_the_variance_over_seeds_and_images_is_that_of_a_mean() -> None:
    found = quantities.from_terms(STUDY, ["one"], quantities.accuracy_terms)
    right = quantities.right_predictions(STUDY, "one")
    assert found is not None
    assert found.sides[0].variance == pytest.approx(right.mean(axis=1).var(ddof=1) / 3, rel=0.05)
    assert found.image_variance == pytest.approx(right.mean(axis=0).var() / N, rel=0.05)
    assert found.drawn is not None
    assert len(found.drawn) == DRAWS == 10_000


def test_photographs_are_resampled_by_sender() -> None:
    terms, where = TERMS["photographs"], PHOTOGRAPHED >= 0
    photos = STUDY.test_set.photos
    assert photos is not None
    alone = quantities.from_terms(STUDY, ["one"], terms)
    of_it = terms(STUDY, "one")
    assert of_it is not None
    clustered = hierarchical(of_it, [None], clusters=photos.senders[where])
    assert alone is not None
    assert clustered is not None
    assert (alone.images, clustered.images) == (10, 6)
    outputs = STUDY.evaluations["one"].photos
    assert outputs is not None
    right = (outputs.logits[RECIPE].argmax(axis=2) == PHOTOGRAPHED).mean(axis=0)[where]
    sums = np.array([[right[photos.senders[where] == k].sum(), (photos.senders[where] == k).sum()] for k in range(6)])
    draws = sums[np.random.default_rng(1).integers(0, 6, (20_000, 6))].sum(axis=1)
    assert clustered.image_variance == pytest.approx((draws[:, 0] / draws[:, 1]).var(), rel=0.05)


def test_a_single_seed_borrows_the_spread_of_those_with_three_and_more() -> None:
    lent = quantities.borrowed(STUDY, "single", quantities.accuracy_terms)
    shares = [quantities.right_predictions(STUDY, name).mean(axis=1) for name in ("one", "other")]
    squares = sum(((one - one.mean()) ** 2).sum() for one in shares)
    assert lent is not None
    assert (lent.deviation, lent.freedom) == (pytest.approx(math.sqrt(squares / 5)), 5)
    needed = [quantities.borrowed(STUDY, name, quantities.accuracy_terms) for name in ("one", "other")]
    assert needed == [None, None]
    found = quantities.from_terms(STUDY, ["one", "single"], quantities.accuracy_terms)
    assert found is not None
    assert (found.knows_seeds, found.few_seeds) == (True, True)
    alone = quantities.from_terms(
        replace(STUDY, evaluations={"single": STUDY.evaluations["single"]}), ["single"], quantities.error_terms
    )
    assert alone is not None
    assert not alone.knows_seeds


# --- figures ----------------------------------------------------------------------------------------------------------

FIGURES = {
    "one": [SeedValue(0.1, 0.0004), SeedValue(0.2, 0.0009), SeedValue(0.6, 0.0001)],
    "other": [SeedValue(0.1)] * 4,
}


def test_figures_are_averaged_over_seeds_and_share_their_images() -> None:
    study = replace(STUDY, evaluations={name: STUDY.evaluations[name] for name in FIGURES})
    one = quantities.from_seed_values(study, ["one"], lambda _, name: FIGURES[name], 50)
    two = quantities.from_seed_values(study, ["one", "other"], lambda _, name: FIGURES[name], 50)
    assert one is not None
    assert two is not None
    assert (one.value, two.value) == (pytest.approx(0.3), pytest.approx(0.2))
    seeds = np.var([0.1, 0.2, 0.6], ddof=1) / 3
    assert one.error == two.error == pytest.approx(math.sqrt(seeds + (0.0004 + 0.0009 + 0.0001) / 3))
    assert one.images == 50
    without = quantities.from_seed_values(
        study, ["one"], lambda _, name: [SeedValue(one.value) for one in FIGURES[name]], 50
    )
    assert without is not None
    assert without.images == 0  # images have no part in it
    assert quantities.from_seed_values(study, ["one"], lambda *_: None) is None
    assert (
        quantities.from_seed_values(study, ["one", "other"], lambda _, name: FIGURES[name] if name == "one" else None)
        is None
    )


def test_a_figure_s_variance_is_read_from_its_interval() -> None:
    found = quantities.seed_value({"value": 0.5, "low": 0.5 - 1.96 * 0.03, "high": 0.5 + 1.96 * 0.03})
    assert (found.value, found.image_variance) == (0.5, pytest.approx(0.0009, rel=1e-4))


# --- composed ---------------------------------------------------------------------------------------------------------


def best(*intervals: tuple[float, float], missing: int = 0) -> Best:
    return best_of(tuple(uncertain(sum(ends) / 2, *ends) for ends in intervals), missing)


def test_the_best_of_several_is_corrected_for_their_number() -> None:
    found = best((1, 3), (-2, 2))
    deviation = 1 / norm.ppf(0.975)
    assert found.value == 2
    assert found.interval() == pytest.approx((2 - norm.ppf(1 - 0.0125) * deviation, 3))
    assert found.error == pytest.approx(deviation)
    assert found.needed(1.9) == uncertain(2, 1, 3).needed(1.9)


def test_the_best_exceeds_no_bound_only_if_all_lie_below() -> None:
    found = best((-0.3, 0.4), (-9, 7))
    assert found.interval()[1] == pytest.approx(7)  # that of the smaller value, whose images say little
    assert best((-0.3, 0.4), missing=1).interval()[1] == math.inf  # the missing one may exceed it
    assert best((1, 3), missing=1).interval()[0] == pytest.approx(1)  # and takes nothing away


def test_the_best_is_as_uncertain_about_seeds_as_its_parts() -> None:
    sure, few = uncertain(1, 0, 2), uncertain(0, -1, 1, seeds=1)
    unknown = mean_over_seeds([[1.0]], [None])
    assert (best_of((sure, sure), 0).few_seeds, best_of((sure, few), 0).few_seeds) == (False, True)
    assert (best_of((sure, few), 0).knows_seeds, best_of((sure, unknown), 0).knows_seeds) == (True, False)


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        (False, False, (1, 3)),
        (True, False, (1, math.inf)),
        (False, True, (-math.inf, 3)),
        (True, True, (-math.inf, math.inf)),
    ],
)
def test_censored_quantities_are_open_where_nothing_is_known(
    above: bool, below: bool, expected: tuple[float, float]
) -> None:
    inner = mean_over_seeds([[1.0, 2.0, 3.0]], [SeedSpread(1.0, 2)])
    found = censored(uncertain(2, 1, 3), above=above, below=below)
    assert found.interval() == pytest.approx(expected)
    assert (found.value, found.needed(0.0)) == (2, None if above or below else uncertain(2, 1, 3).needed(0.0))
    same = censored(inner, above=above, below=below)
    assert (same.error, same.knows_seeds, same.few_seeds) == (inner.error, True, False)


def test_pairs_of_few_seeds_borrow_the_spread_that_others_would_have_in_their_place() -> None:
    rng = np.random.default_rng(4)
    labels = np.zeros(200, np.int64)
    right = {"a": rng.random((1, 200)) < 0.8, "b": rng.random((2, 200)) < 0.7, "c": rng.random((4, 200)) < 0.6}
    logits = {name: np.stack([one, ~one, 0 * one, 0 * one], axis=2).astype(np.float16) for name, one in right.items()}
    study = StudyEvidence(
        images_of(labels, labels), np.arange(4), {name: evaluation(one) for name, one in logits.items()}
    )

    def term(study: StudyEvidence, first: str, second: str) -> Term:
        one, other = (quantities.right_predictions(study, name) for name in (first, second))
        return Term(one[:, None] * 1.0 - other[None])

    found = quantities.from_pairs(study, "a", "b", term)
    assert found is not None
    assert found.value == pytest.approx(right["a"].mean() - right["b"].mean())
    spread = right["c"].mean(axis=1).std(ddof=1)  # against a fixed other side the seeds of c vary by this much
    assert [side.count for side in found.sides] == [1, 2]
    assert [side.spread for side in found.sides] == [SeedSpread(pytest.approx(spread), 3)] * 2
    assert found.few_seeds
    alone = replace(study, evaluations={name: study.evaluations[name] for name in ("a", "b")})
    unknown = quantities.from_pairs(alone, "a", "b", term)
    assert unknown is not None
    assert not unknown.knows_seeds
