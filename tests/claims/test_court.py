"""All claims of the four studies: that they are there, that their words are, and that each sees its own study."""

from collections import Counter

import pytest
from claims.invented import evidence, reaching

from lookalike.claims import cifar, fashion, history, zoo
from lookalike.claims.claim import NO_DATA, NO_STUDY, UNSEEN, Claim, Evidence, Json, Test, judge
from lookalike.claims.court import CLAIMS, judge_all

KEYS = [f"{letter}{k}" for letter, count in (("F", 6), ("C", 8), ("Z", 3), ("H", 4)) for k in range(1, count + 1)]
STUDY_OF = {"F": "fashion", "C": "cifar", "Z": "zoo", "H1": "lenet", "H2": "lenet", "H3": "alexnet", "H4": "alexnet"}
EACH = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
TESTS = [
    pytest.param(test, id=f"{claim.key} {test.key}".strip())
    for claim in CLAIMS
    for test in claim.tests
    if test.measured is not None
]


def study_of(key: str) -> str:
    """That of a claim, or of all that begin with its letter."""
    return STUDY_OF.get(key) or STUDY_OF[key[0]]


def test_all_claims_of_the_four_studies_are_there_in_their_order() -> None:
    assert [claim.key for claim in CLAIMS] == KEYS
    assert {fashion.STUDY, cifar.STUDY, zoo.STUDY, history.DIGITS, history.OBJECTS} == {*map(study_of, KEYS)}


@EACH
def test_a_claim_says_what_was_claimed_and_where_and_how_it_is_measured(claim: Claim) -> None:
    assert claim.study == study_of(claim.key)
    assert claim.statement.endswith(".")
    assert all((claim.source, claim.reported, *(test.measure for test in claim.tests)))


@EACH
def test_a_claim_s_tests_can_be_told_apart(claim: Claim) -> None:
    keys = [test.key for test in claim.tests]
    assert len(set(keys)) == len(keys) > 0
    assert any(not test.control for test in claim.tests)
    assert all(keys) or [test.key for test in claim.tests if not test.control] == [""]


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("found", [Evidence(), evidence({})], ids=["nothing", "others"])
def test_without_data_nothing_is_measured(test: Test, found: Evidence) -> None:
    assert test.measured is not None
    assert test.measured(found) is None


def test_claims_are_judged_on_the_evidence_of_their_own_study() -> None:
    found = evidence({("accuracy", "lenet5"): 0.9905})
    judged = judge_all({"lenet": found, "zoo": Evidence(), "another": found})
    assert [one.claim for one in judged] == list(CLAIMS)
    for one in judged:
        expected = {"lenet": found, "zoo": Evidence()}.get(one.claim.study)
        assert one == judge(one.claim, expected)
    verdicts = {one.claim.key: one.verdict for one in judged}
    assert verdicts == dict.fromkeys(KEYS, "not run") | {"H1": "reproduced"}


def test_studies_that_are_not_among_the_parameters_are_not_run() -> None:
    judged = judge_all({})
    assert Counter(one.verdict for one in judged) == {"not run": len(KEYS)}
    assert {answer.reason for one in judged for answer in one.answers} == {NO_STUDY}


def test_what_a_claim_says_of_another_study_is_judged_without_its_own() -> None:
    losses = {"train_loss": 1.0, "valid_loss": 1.0}
    ends = {"plain-56": 0.6, "residual-56": 0.8}
    histories: dict[str, list[Json]] = {
        name: [losses | {"seed": seed, "train_accuracy": end + seed / 100} for seed in range(3)]
        for name, end in ends.items()
    }
    judged = {one.claim.key: one for one in judge_all({"alexnet": Evidence(histories=histories)})}
    shortcuts, *counts = judged["Z3"].answers
    assert shortcuts.verdict == "reproduced"
    assert shortcuts.measured is not None
    assert shortcuts.measured.value == pytest.approx(0.2)
    assert {answer.reason for answer in counts} == {NO_DATA, UNSEEN}
    assert {answer.reason for answer in judged["Z2"].answers} == {NO_STUDY}


def test_one_part_that_is_not_run_leaves_a_claim_inconclusive() -> None:
    parts: list[tuple[str, ...]] = [("pair", "alexnet", f"alexnet-{name}") for name in ("nolrn", "nodropout", "noaug")]
    ahead: Json = dict.fromkeys(parts, 0.02)
    cases = {
        "reproduced": ahead,
        "contradicted": ahead | {parts[1]: 0.0},
        "inconclusive": {part: ahead[part] for part in parts[:2]},
        "not run": {("curves", "race-relu"): reaching(2, 2)},
    }
    for verdict, figures in cases.items():
        assert judge_all({"alexnet": evidence(figures)})[-1].verdict == verdict
