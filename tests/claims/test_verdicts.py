"""The verdicts on all claims as rows of a table, and how many tests were done."""

import math
from dataclasses import asdict, replace

import pytest
from claims.invented import asking, evidence, measured, uncertain

from lookalike.claims.claim import Claim, Measurement, above, within
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import Answer, Judged, answer
from lookalike.claims.quantities import censored
from lookalike.claims.verdicts import Multiplicity, multiplicity, verdict_row, verdict_rows, verdicts
from lookalike.evaluation.hierarchical import mean_over_seeds
from lookalike.studies import CLAIMS, judge_all

F1 = next(claim for claim in CLAIMS if claim.key == "F1")
NOTHING = Evidence({})


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    """On two variants, of which the first is of reduced size."""
    departures = {"fashion-cnn": ["train.epochs: 3 (the study's own: 10)"]}
    return judge_all(evidence({"fashion-cnn": 0.92, "fashion-vit": 0.9}, departures=departures))


def test_all_claims_are_judged_on_all_evidence(judged: list[Judged]) -> None:
    assert [one.claim for one in judged] == [*CLAIMS]
    found = verdicts(judged)
    assert {study: [*of] for study, of in found.items()} == {
        study: [claim.key for claim in CLAIMS if claim.study == study]
        for study in ("fashion", "cifar", "zoo", "lenet", "alexnet")
    }
    tested = {key for of in found.values() for key, verdict in of.items() if verdict != "not tested"}
    assert tested == {"L1", "L3", "L4", "F1", "F3", "F4", "F5", "Z1"}


def test_a_row_says_everything_of_a_test(judged: list[Judged]) -> None:
    every = verdict_rows(judged)
    assert len(every) == sum(len(claim.tests) for claim in CLAIMS)
    one = next(row for row in every if row.claim == "F1")
    assert one.value == pytest.approx(0.02)
    assert one.low is not None
    assert one.high is not None
    assert one.low < 0.02 < one.high
    expected = {
        "claim": "F1",
        "study": "fashion",
        "statement": F1.statement,
        "claim_verdict": "not tested at the study's size",
        "claim_at_reduced_size": "reproduced",
        "test": "",
        "control": False,
        "measure": "accuracy, CNN minus ViT, mean over seeds",
        "rule": "above 0.5 points",
        "level": 0.95,
        "runs": "3 + 3 runs",
        "images": 10_000,
        "verdict": "not tested at the study's size",
        "at_reduced_size": "reproduced",
        "needed": None,
        "reason": "",
        "rule_changed": F1.rule.changed,
        "rule_commit": F1.rule.commit,
        "results_known": F1.rule.known,
    }
    assert {name: asdict(one)[name] for name in expected} == expected
    assert one.sentence.startswith("In 3 + 3 runs the CNN is 2.0 points more accurate than the ViT (")


def alone(found: Measurement | None, **changes: object) -> Judged:
    """A claim with one test."""
    test = asking(found, **changes)  # type: ignore[arg-type]
    return Judged(replace(F1, tests=(test,)), (answer(test, NOTHING),))


def test_values_of_a_row_are_as_people_read_them() -> None:
    quantity = uncertain(math.log(3), math.log(2.2), math.log(9 / 2.2))
    judged = alone(Measurement(quantity, (3, 3), None), region=above(2), scale="times")
    one = verdict_row(judged, judged.answers[0])
    assert (one.value, one.low, one.high) == pytest.approx((3, 2.2, 9 / 2.2))
    assert (one.rule, one.images, one.verdict) == ("above 2.00 times", None, "reproduced")


@pytest.mark.parametrize(("above_it", "below_it"), [(True, False), (False, True)])
def test_an_open_end_is_none(above_it: bool, below_it: bool) -> None:
    quantity = censored(uncertain(math.log(3), math.log(2.2), math.log(4)), above=above_it, below=below_it)
    judged = alone(Measurement(quantity, (3, 3), None), region=above(2), scale="times")
    one = verdict_row(judged, judged.answers[0])
    assert (one.low is None, one.high is None) == (below_it, above_it)


def test_two_one_sided_tests_are_noted_by_their_level() -> None:
    judged = alone(measured(0.0, -0.01, 0.01, level=0.9), region=within(0.02))
    one = verdict_row(judged, judged.answers[0])
    assert (one.level, one.low, one.high) == (0.9, pytest.approx(-0.01), pytest.approx(0.01))


def test_a_row_of_nothing_says_why() -> None:
    one = verdict_row(alone(None), alone(None).answers[0])
    assert (one.value, one.low, one.high, one.runs, one.images) == (None, None, None, "", None)
    assert one.sentence == "Not tested: what it needs was not run."


def test_tests_that_could_decide_are_counted() -> None:
    yes, perhaps = measured(0.03, 0.02, 0.04), measured(0.02, 0.0, 0.04)
    counted = Measurement(mean_over_seeds([[2.0]], [None]), (), None, counted=True)
    found = [answer(asking(one), NOTHING) for one in (yes, yes, perhaps, None, counted)]
    found += [answer(asking(yes, control=True), NOTHING), Answer(asking(yes), yes, "not judged")]
    claim = Claim("X", "all", "", "", "", CLAIMS[0].rule, tuple(one.test for one in found))
    one = multiplicity([Judged(claim, tuple(found))])
    assert one == Multiplicity(tests=3, decisive=2)
    assert one.by_chance == pytest.approx(0.15)
