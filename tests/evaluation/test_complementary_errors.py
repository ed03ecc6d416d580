"""Complementary errors against plain loops and statsmodels, and for models of which one is never needed."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.special import softmax
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from lookalike.artifacts.evaluations import Evaluation, Validation
from lookalike.evaluation.complementary_errors import (
    SeedPredictions,
    choose_gate,
    compare_all,
    compare_errors,
    predictions_of,
    run_cascade,
    study_complementary_errors,
)
from lookalike.evaluation.statistics import bootstrap_mean, resample

RNG = np.random.default_rng(8)
LABELS, VALID = RNG.integers(0, 4, 90), RNG.integers(0, 4, 70)
WEIGHTS = resample(90, draws=40)


def drawn(labels: np.ndarray, lean: float) -> np.ndarray:
    """Probabilities (N, 4) that lean to the labels."""
    logits = RNG.normal(0, 1, (len(labels), 4))
    logits[np.arange(len(labels)), labels] += lean
    return softmax(logits, axis=1)


def answers(test: np.ndarray, valid: np.ndarray, macs: int) -> SeedPredictions:
    """The answers of a model with these probabilities for the test (90, 4) and the validation images (70, 4)."""
    return SeedPredictions(test, valid.argmax(axis=1) == VALID, valid.max(axis=1), macs)


FIRST_VALID, SECOND_VALID = drawn(VALID, 0.8), drawn(VALID, 1.4)
FIRST = answers(drawn(LABELS, 0.8), FIRST_VALID, macs=100)
SECOND = answers(drawn(LABELS, 1.4), SECOND_VALID, macs=1000)


def right(probabilities: np.ndarray, labels: np.ndarray) -> list[bool]:
    return [bool(row.argmax() == label) for row, label in zip(probabilities, labels, strict=True)]


def test_counts_shares_and_mcnemar() -> None:
    found = compare_errors(FIRST, SECOND, LABELS, WEIGHTS)
    pairs = list(zip(right(FIRST.test, LABELS), right(SECOND.test, LABELS), strict=True))
    table = [
        [pairs.count((True, True)), pairs.count((True, False))],
        [pairs.count((False, True)), pairs.count((False, False))],
    ]
    assert [[found.both_right, found.only_first], [found.only_second, found.both_wrong]] == table
    assert found.mcnemar_p == pytest.approx(mcnemar(table, exact=True).pvalue)
    for share, part, whole in (
        (found.corrected, table[1][0], sum(table[1])),
        (found.newly_broken, table[0][1], sum(table[0])),
    ):
        assert share is not None
        low, high = proportion_confint(part, whole, method="wilson")
        assert (share.value, share.low, share.high) == pytest.approx((part / whole, low, high))


def test_oracle_and_average() -> None:
    found = compare_errors(FIRST, SECOND, LABELS, WEIGHTS)
    one, two = (np.array(right(each.test, LABELS)) for each in (FIRST, SECOND))
    mean = np.array(right((FIRST.test + SECOND.test) / 2, LABELS))
    assert found.oracle == bootstrap_mean(np.maximum(one, two).astype(float), WEIGHTS)
    assert found.averaged == bootstrap_mean(mean.astype(float), WEIGHTS)
    assert found.averaged_gain.value == pytest.approx(mean.mean() - one.mean())


def asked_accuracy(gate: float, first: np.ndarray, second: np.ndarray, labels: np.ndarray) -> float:
    """The accuracy of the cascade, image by image."""
    answers = [(two if one.max() <= gate else one).argmax() for one, two in zip(first, second, strict=True)]
    return float(np.mean(np.array(answers) == labels))


@pytest.mark.parametrize("digits", [16, 1])
def test_the_gate_is_the_lowest_of_the_best_on_validation_images(digits: int) -> None:
    """Rounded to one digit many images are equally sure, and are asked about together."""
    first = FIRST_VALID.round(digits)
    gates = sorted({0.0, *first.max(axis=1)})
    accuracies = [asked_accuracy(gate, first, SECOND_VALID, VALID) for gate in gates]
    best = gates[int(np.argmax(accuracies))]
    assert 0 < best < gates[-1]
    found = choose_gate(first.max(axis=1), first.argmax(axis=1) == VALID, SECOND.valid_right)
    assert found == best


def test_the_gate_is_chosen_on_the_images_that_both_models_may_see() -> None:
    whole, gates = compare_errors(FIRST, SECOND, LABELS, WEIGHTS).cascade.gate, []
    few = replace(SECOND, valid_right=SECOND.valid_right[:9], valid_confidence=SECOND.valid_confidence[:9])
    shared = {id(FIRST): FIRST_VALID[:9], id(few): SECOND_VALID[:9]}
    for first, second in ((FIRST, few), (few, FIRST)):
        found = compare_errors(first, second, LABELS, WEIGHTS).cascade.gate
        one, two = shared[id(first)], shared[id(second)]
        gates = sorted({0.0, *one.max(axis=1)})
        assert found == gates[int(np.argmax([asked_accuracy(gate, one, two, VALID[:9]) for gate in gates]))]
    assert compare_errors(FIRST, few, LABELS, WEIGHTS).cascade.gate != whole
    unlike = replace(FIRST, valid_right=FIRST.valid_right.copy(), valid_confidence=FIRST.valid_confidence.copy())
    unlike.valid_right[9:], unlike.valid_confidence[9:] = False, 0.3
    assert compare_errors(unlike, few, LABELS, WEIGHTS).cascade == compare_errors(FIRST, few, LABELS, WEIGHTS).cascade


def test_a_cascade_takes_the_second_answer_up_to_the_gate() -> None:
    gate = float(np.median(FIRST.test.max(axis=1)))
    found = run_cascade(FIRST, SECOND, gate, LABELS, WEIGHTS)
    accuracy = asked_accuracy(gate, FIRST.test, SECOND.test, LABELS)
    assert found.asked == pytest.approx(0.5, abs=0.02)
    assert found.accuracy.value == pytest.approx(accuracy)
    assert found.gain.value == pytest.approx(accuracy - np.mean(right(FIRST.test, LABELS)))
    assert found.macs == pytest.approx(100 + found.asked * 1000)
    assert found.gain.value > 0
    assert found.macs_per_correction == pytest.approx(found.asked * 1000 / found.gain.value)


def test_a_second_model_that_is_always_wrong_is_never_asked() -> None:
    wrong = answers(np.eye(4)[(LABELS + 1) % 4], np.eye(4)[(VALID + 1) % 4], macs=1000)
    found = compare_errors(FIRST, wrong, LABELS, WEIGHTS)
    assert (found.cascade.gate, found.cascade.asked, found.cascade.macs) == (0, 0, 100)
    assert found.cascade.macs_per_correction is None
    assert found.cascade.gain.value == found.only_second == 0


def test_without_errors_nothing_can_be_corrected() -> None:
    never_wrong = answers(np.eye(4)[LABELS], np.eye(4)[VALID], macs=1)
    assert compare_errors(never_wrong, SECOND, LABELS, WEIGHTS).corrected is None
    always_wrong = replace(never_wrong, test=np.eye(4)[(LABELS + 1) % 4])
    assert compare_errors(always_wrong, SECOND, LABELS, WEIGHTS).newly_broken is None


def test_a_ledger_has_both_orders_and_two_seeds_as_control() -> None:
    seeds = [answers(np.eye(4)[(LABELS + k) % 4], np.eye(4)[VALID], macs=5) for k in range(3)]
    found = compare_all({"a": seeds, "b": seeds[1:2]}, LABELS, [("a", "b")])
    assert [(row["first"], row["second"]) for row in found["pairs"]] == [("a", "b"), ("b", "a")]
    assert (found["pairs"][0]["only_first"], found["pairs"][1]["only_first"]) == (len(LABELS), 0)
    expected = asdict(compare_errors(*seeds[:2], LABELS, resample(len(LABELS))))
    assert found["control"] == [{"variant": "a"} | expected]


def evaluated(seeds: int) -> Evaluation:
    """Evidence of so many seeds, in half precision as it is kept."""
    test = RNG.normal(0, 1, (seeds, 90, 4)).astype(np.float16)
    right, confidence = RNG.random((min(seeds, 2), 70)) < 0.7, RNG.uniform(0.3, 1, (min(seeds, 2), 70))
    valid = Validation(right, confidence.astype(np.float32))
    return Evaluation(tuple(range(seeds)), 0, RNG.uniform(0.5, 2, seeds), test, valid)


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_answers_are_probabilities_after_the_temperature(seeds: int) -> None:
    evaluation = evaluated(seeds)
    assert evaluation.validation is not None
    found = predictions_of(evaluation, 7)
    assert len(found) == min(seeds, 2)
    for k, one in enumerate(found):
        expected = softmax(evaluation.test_logits[k].astype(float) / evaluation.temperatures[k], axis=1)
        np.testing.assert_allclose(one.test, expected, rtol=1e-12)
        np.testing.assert_array_equal(one.valid_right, evaluation.validation.right[k])
        np.testing.assert_array_equal(one.valid_confidence, evaluation.validation.confidence[k])
        assert one.macs == 7


def test_a_study_is_the_ledger_of_the_variants_in_its_pairs() -> None:
    evaluations = {"cnn": evaluated(3), "vit": evaluated(1), "alone": evaluated(2)}
    macs = {"cnn": 5, "vit": 70, "alone": 3}
    found = study_complementary_errors(evaluations, macs, LABELS, [("vit", "cnn")])
    members = {name: predictions_of(evaluations[name], macs[name]) for name in ("vit", "cnn")}
    assert found == compare_all(members, LABELS, [("vit", "cnn")])
    assert [row["variant"] for row in found["control"]] == ["cnn"]
    first, second = members["vit"][0], members["cnn"][0]
    expected = {"first": "vit", "second": "cnn"} | asdict(compare_errors(first, second, LABELS, resample(len(LABELS))))
    assert found["pairs"][0] == expected
    assert study_complementary_errors(evaluations, macs, LABELS, []) == {"pairs": [], "control": []}
