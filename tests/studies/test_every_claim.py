"""All claims: that they are there, that their variants are, and that evidence can speak for and against each."""

import re
import string
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from claims.invented import evidence, measured
from studies.claim_cases import CASES

from lookalike.claims.claim import Claim, Test
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import Answer, Verdict, judge
from lookalike.claims.wording import sentence
from lookalike.studies import CLAIMS

STUDY_OF = (  # as STUDIES.md lists them
    dict.fromkeys((*(f"L{k}" for k in range(1, 12)), "F1", "F2", "F3", "F4", "F5", "F6", "F7"), "fashion")
    | dict.fromkeys(("C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9", "C10"), "cifar")
    | dict.fromkeys(("Z1", "Z2", "Z3"), "zoo")
    | dict.fromkeys(("H1", "H2", "H7", "H9", "H10"), "lenet")
    | dict.fromkeys(("H3", "H4", "H5", "H6", "H8"), "alexnet")
)
ELSEWHERE = {  # variants of other studies that a claim is about
    "Z1": {f"fashion-{family}{share}" for family in ("cnn", "vit") for share in ("", "-10pct", "-1pct")},
    "Z3": {"plain-56", "residual-56"},
}
NEITHER: dict[str, set[Verdict]] = {"Z3": {"inconclusive"}}  # one of its ideas is measured by no stage
EACH = pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
TESTS = [pytest.param(test, id=f"{claim.key} {test.key}") for claim in CLAIMS for test in claim.tests]


@cache
def found(key: str, side: int) -> Evidence:
    """Evidence for a claim (0) or against it (1)."""
    costs = {
        "separable": [{"standard": {"macs": 9}, "separable": {"macs": 2}}],
        "designs": [{"plain": {"macs": 9}, "reduced": {"macs": 2}}],
    }
    return replace(evidence(CASES[key][side]), costs=costs)


def test_all_claims_of_the_studies_are_there() -> None:
    assert {claim.key: claim.study for claim in CLAIMS} == STUDY_OF
    assert len(CLAIMS) == len(STUDY_OF) == 41
    for letter in "LFCZH":
        numbers = sorted(int(claim.key[1:]) for claim in CLAIMS if claim.key[0] == letter)
        assert numbers == [*range(1, len(numbers) + 1)]


@EACH
def test_a_claim_says_what_was_claimed_and_where_and_its_tests_can_be_told_apart(claim: Claim) -> None:
    assert claim.statement.endswith(".")
    assert all((claim.source, claim.reported, *(test.measure for test in claim.tests)))
    keys = [test.key for test in claim.tests]
    assert len(set(keys)) == len(keys) > 0
    assert any(not test.control for test in claim.tests)


@EACH
def test_variants_exist_and_belong_to_the_study_of_the_claim(claim: Claim, raw_params: dict[str, Any]) -> None:
    for name in {name for test in claim.tests for name in test.variants}:
        own = raw_params["variants"][name]["study"]
        assert own == claim.study or name in ELSEWHERE.get(claim.key, set()), name
    assert claim.study in raw_params["studies"]


@pytest.mark.parametrize("test", TESTS)
def test_sentences_take_one_value(test: Test) -> None:
    fields = [field for _, field, _, _ in string.Formatter().parse(test.sentence) if field is not None]
    assert fields == ([""] if test.sentence else [])
    assert test.sentence or test.measured is None
    either = re.findall(r"(\w+)\|(\w+)", test.sentence)
    assert len(either) == test.sentence.count("|") <= 1
    assert all(word != opposite for word, opposite in either)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("test", [one for one in TESTS if one.values[0].measured])
def test_sentences_are_said_of_values_of_both_signs(test: Test, sign: int) -> None:
    of = measured(sign * 0.2, sign * 0.2 - 0.01, sign * 0.2 + 0.01)
    words = sentence(Answer(test, of, "inconclusive", reason="so"))
    assert re.fullmatch(r"In 3 runs [^{}]* \([^{}()]* to [^{}()]*\)\. Inconclusive: so\.", words)
    assert ("−" in words.split("(")[0]) == (sign < 0 and "|" not in test.sentence and test.scale != "times")


@pytest.mark.parametrize("side", [0, 1], ids=["for", "against"])
@EACH
def test_evidence_decides_for_and_against_each_claim(claim: Claim, side: int) -> None:
    judged = judge(claim, found(claim.key, side))
    expected: set[Verdict] = {"contradicted"} if side else NEITHER.get(claim.key, {"reproduced"})
    assert {judged.verdict} == expected, [(part.test.key, part.verdict, part.reason) for part in judged.answers]
    assert all(known(part) for part in judged.answers)


def known(answer: Answer) -> bool:
    """Whether there is a value, unless no stage measures one."""
    return answer.measured is not None or answer.test.measured is None


@EACH
def test_without_its_variants_nothing_is_tested(claim: Claim) -> None:
    judged = judge(claim, evidence({"another": 0.9}))
    assert judged.verdict == "not tested"
    assert {answer.verdict for answer in judged.answers} == {"not tested"}
