"""The repair ledger against plain loops and statsmodels, and for models of which one is never needed."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from lookalike.artifacts.evaluations import Predictions
from lookalike.artifacts.folders import write_json
from lookalike.evaluation.repair import Answers, answers_of, cascade, choose_gate, ledger, repair
from lookalike.evaluation.statistics import bootstrap_mean, resample
from lookalike.evaluation.variant import Evaluation

RNG = np.random.default_rng(8)
LABELS, VALID = RNG.integers(0, 4, 90), RNG.integers(0, 4, 70)
WEIGHTS = resample(90, draws=40)


def drawn(labels: np.ndarray, lean: float) -> np.ndarray:
    """Probabilities (N, 4) that lean to the labels."""
    logits = RNG.normal(0, 1, (len(labels), 4))
    logits[np.arange(len(labels)), labels] += lean
    return softmax(logits, axis=1)


FIRST = Answers(drawn(LABELS, 0.8), drawn(VALID, 0.8), macs=100)
SECOND = Answers(drawn(LABELS, 1.4), drawn(VALID, 1.4), macs=1000)


def right(probabilities: np.ndarray, labels: np.ndarray) -> list[bool]:
    return [bool(row.argmax() == label) for row, label in zip(probabilities, labels, strict=True)]


def test_counts_shares_and_mcnemar() -> None:
    found = repair(FIRST, SECOND, LABELS, VALID, WEIGHTS)
    pairs = list(zip(right(FIRST.test, LABELS), right(SECOND.test, LABELS), strict=True))
    table = [
        [pairs.count((True, True)), pairs.count((True, False))],
        [pairs.count((False, True)), pairs.count((False, False))],
    ]
    assert [[found.both_right, found.only_first], [found.only_second, found.both_wrong]] == table
    assert found.mcnemar_p == pytest.approx(mcnemar(table, exact=True).pvalue)
    for share, part, whole in ((found.fixed, table[1][0], sum(table[1])), (found.broken, table[0][1], sum(table[0]))):
        assert share is not None
        low, high = proportion_confint(part, whole, method="wilson")
        assert (share.value, share.low, share.high) == pytest.approx((part / whole, low, high))


def test_oracle_and_average() -> None:
    found = repair(FIRST, SECOND, LABELS, VALID, WEIGHTS)
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
    first = FIRST.valid.round(digits)
    gates = sorted({0.0, *first.max(axis=1)})
    accuracies = [asked_accuracy(gate, first, SECOND.valid, VALID) for gate in gates]
    best = gates[int(np.argmax(accuracies))]
    assert 0 < best < gates[-1]
    assert choose_gate(first, SECOND.valid, VALID) == best


def test_the_gate_is_chosen_on_the_images_that_both_models_may_see() -> None:
    few = replace(SECOND, valid=SECOND.valid[:9])
    for first, second in ((FIRST, few), (few, FIRST)):
        found = repair(first, second, LABELS, VALID, WEIGHTS).cascade.gate
        assert found == choose_gate(first.valid[:9], second.valid[:9], VALID[:9])


def test_a_cascade_takes_the_second_answer_up_to_the_gate() -> None:
    gate = float(np.median(FIRST.test.max(axis=1)))
    found = cascade(FIRST, SECOND, gate, LABELS, WEIGHTS)
    accuracy = asked_accuracy(gate, FIRST.test, SECOND.test, LABELS)
    assert found.asked == pytest.approx(0.5, abs=0.02)
    assert found.accuracy.value == pytest.approx(accuracy)
    assert found.gain.value == pytest.approx(accuracy - np.mean(right(FIRST.test, LABELS)))
    assert found.macs == pytest.approx(100 + found.asked * 1000)
    assert found.gain.value > 0
    assert found.macs_per_repair == pytest.approx(found.asked * 1000 / found.gain.value)


def test_a_second_model_that_is_always_wrong_is_never_asked() -> None:
    wrong = Answers(np.eye(4)[(LABELS + 1) % 4], np.eye(4)[(VALID + 1) % 4], macs=1000)
    found = repair(FIRST, wrong, LABELS, VALID, WEIGHTS)
    assert (found.cascade.gate, found.cascade.asked, found.cascade.macs) == (0, 0, 100)
    assert found.cascade.macs_per_repair is None
    assert found.cascade.gain.value == found.only_second == 0


def test_without_mistakes_nothing_can_be_repaired() -> None:
    never_wrong = Answers(np.eye(4)[LABELS], np.eye(4)[VALID], macs=1)
    assert repair(never_wrong, SECOND, LABELS, VALID, WEIGHTS).fixed is None
    always_wrong = replace(never_wrong, test=np.eye(4)[(LABELS + 1) % 4])
    assert repair(always_wrong, SECOND, LABELS, VALID, WEIGHTS).broken is None


def test_a_ledger_has_both_orders_and_two_seeds_as_control() -> None:
    seeds = [Answers(np.eye(4)[(LABELS + k) % 4], np.eye(4)[VALID], macs=5) for k in range(3)]
    found = ledger({"a": seeds, "b": seeds[1:2]}, LABELS, VALID, [("a", "b")])
    assert [(row["first"], row["second"]) for row in found["pairs"]] == [("a", "b"), ("b", "a")]
    assert (found["pairs"][0]["only_first"], found["pairs"][1]["only_first"]) == (len(LABELS), 0)
    expected = asdict(repair(*seeds[:2], LABELS, VALID, resample(len(LABELS))))
    assert found["control"] == [{"variant": "a"} | expected]


def test_answers_are_probabilities_after_the_temperature(tmp_path: Path) -> None:
    write_json(tmp_path / "a" / "model.json", {"macs": 7})
    test, valid = RNG.normal(0, 1, (2, 90, 4)).astype(np.float32), RNG.normal(0, 1, (2, 70, 4)).astype(np.float32)
    temperatures = {"seeds": [{"temperature": 2.0}, {"temperature": 0.5}]}
    evaluation = Evaluation({}, temperatures, Predictions((0, 3), test, valid, np.zeros((90, 1), np.float16)))
    answers = answers_of(tmp_path / "a", evaluation)
    np.testing.assert_allclose(answers[1].test, softmax(test[1] / 0.5, axis=1), rtol=1e-5)
    np.testing.assert_allclose(answers[0].valid, softmax(valid[0] / 2.0, axis=1), rtol=1e-5)
    assert [one.macs for one in answers] == [7, 7]
