"""Verdicts on intervals inside a region, outside and across its ends; what decides a claim, and what does not."""

import json
import math
from dataclasses import asdict, replace
from typing import Any

import pytest

from lookalike.claims.claim import (
    NO_DATA,
    NO_STUDY,
    UNSEEN,
    Answer,
    Claim,
    Evidence,
    Judged,
    Measured,
    Region,
    Test,
    Verdict,
    above,
    answer,
    apart,
    below,
    judge,
    needed,
    opposite,
    verdict,
    within,
)

YES = Measured(0.3, 0.2, 0.4, 100, "images")
NO = Measured(-0.3, -0.4, -0.2, 100, "images")
PERHAPS = Measured(0.1, -0.1, 0.3, 100, "images")
REGIONS = {"above": above(0.125), "below": below(0.125), "apart": apart(0.125), "within": within(0.125, of=0.5)}


def between(low: float, high: float) -> Measured:
    return Measured((low + high) / 2, low, high, 100, "images")


def asking(key: str, measured: Measured | None, *, control: bool = False) -> Test:
    return Test(key, f"{key} in points", above(0), lambda evidence: measured, control=control)


def claim(*tests: Test) -> Claim:
    return Claim("A", "study", "All is well.", "table", "very", tests)


@pytest.mark.parametrize(
    ("region", "inside", "outside"),
    [
        ("above", [0.1250001, 9], [0.125, 0, -9]),
        ("below", [0.1249999, 0, -9], [0.125, 9]),
        ("apart", [0.1250001, -0.1250001, 9, -9], [0.125, -0.125, 0]),
        ("within", [0.375, 0.5, 0.625], [0.3749999, 0.6250001, 0, -0.5]),
    ],
)
def test_a_region_holds_what_its_name_says(region: str, inside: list[float], outside: list[float]) -> None:
    assert all(map(REGIONS[region].holds, inside))
    assert not any(map(REGIONS[region].holds, outside))


def test_a_region_around_nothing_else_lies_around_zero() -> None:
    assert within(0.25) == Region(-0.25, 0.25)


def test_only_finite_ends_bound_a_region() -> None:
    bounds = {name: region.bounds for name, region in REGIONS.items()}
    assert bounds == {"above": [0.125], "below": [0.125], "apart": [-0.125, 0.125], "within": [0.375, 0.625]}


@pytest.mark.parametrize(
    ("region", "low", "high", "expected"),
    [
        ("above", 0.126, 9, "reproduced"),
        ("above", 0.1, 0.124, "contradicted"),  # too small to matter
        ("above", -9, -8, "contradicted"),
        ("above", 0.1, 0.2, "inconclusive"),
        ("above", 0.125, 0.2, "inconclusive"),
        ("above", 0.1, 0.125, "inconclusive"),
        ("above", 0.2, 0.2, "reproduced"),
        ("above", 0.125, 0.125, "inconclusive"),
        ("below", -9, 0.124, "reproduced"),
        ("below", 0.126, 0.2, "contradicted"),
        ("below", 0.1, 0.2, "inconclusive"),
        ("apart", 0.126, 9, "reproduced"),
        ("apart", -9, -0.126, "reproduced"),
        ("apart", -0.124, 0.124, "contradicted"),
        ("apart", 0.1, 0.2, "inconclusive"),
        ("apart", -0.2, -0.1, "inconclusive"),
        ("apart", -0.2, 0.2, "inconclusive"),
        ("within", 0.376, 0.624, "reproduced"),
        ("within", 0.626, 0.7, "contradicted"),
        ("within", 0.3, 0.374, "contradicted"),
        ("within", -0.6, -0.4, "contradicted"),
        ("within", 0.3, 0.4, "inconclusive"),
        ("within", 0.6, 0.7, "inconclusive"),
        ("within", 0.3, 0.7, "inconclusive"),
    ],
)
def test_only_a_whole_interval_inside_or_outside_decides(region: str, low: float, high: float, expected: str) -> None:
    assert verdict(between(low, high), REGIONS[region]) == expected


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("low", [-0.2, -0.1, 0.0, 0.1, 0.2, 0.4, 0.6, 0.7])
@pytest.mark.parametrize("width", [0.0, 0.01, 0.15, 1.0])
def test_what_reproduces_a_claim_contradicts_that_of_all_other_values(name: str, low: float, width: float) -> None:
    region, measured = REGIONS[name], between(low, low + width)
    other = {"reproduced": "contradicted", "contradicted": "reproduced", "inconclusive": "inconclusive"}
    assert verdict(measured, replace(region, outside=not region.outside)) == other[verdict(measured, region)]


def test_the_interval_decides_even_where_it_does_not_hold_the_value() -> None:
    skewed = Measured(0.05, 0.15, 0.2, 100, "images")  # as of a bootstrap it may be
    assert verdict(skewed, above(0.1)) == "reproduced"


def test_the_opposite_turns_the_interval_around() -> None:
    turned = opposite(Measured(0.25, -0.125, 0.5, 7, "seeds"))
    assert turned == Measured(-0.25, -0.5, 0.125, 7, "seeds")
    assert opposite(turned) == Measured(0.25, -0.125, 0.5, 7, "seeds")
    assert opposite(None) is None


# how much would be enough


@pytest.mark.parametrize(
    ("measured", "region", "expected"),
    [
        (Measured(0.5, 0.0, 1.0, 100, "images"), above(0.25), 401),  # half as wide would end at the boundary
        (Measured(0.5, 0.25, 1.0, 100, "images"), above(0.25), 101),  # one that ends there already needs one more
        (Measured(0.0, -0.5, 1.0, 100, "images"), above(0.25), 1601),
        (Measured(-0.5, -1.0, 0.0, 10, "seeds"), below(-0.25), 41),
        (Measured(0.0, -1.0, 0.5, 100, "images"), within(0.25), 1601),  # the farther end is the harder
        (Measured(0.5, -0.5, 1.5, 100, "images"), apart(0.25), 1601),  # and the nearer boundary
        (Measured(0.5, 0.0, 1.0, 100, "images"), apart(0.25), 401),  # which may be the only one within reach
        (Measured(0.25, 0.0, 0.5, 100, "images"), above(0.25), None),
        (Measured(0.25, 0.25, 0.25, 100, "images"), above(0.25), None),
        (Measured(0.25, -0.5, 0.5, 100, "images"), apart(0.25), None),
    ],
)
def test_as_many_are_needed_as_keep_the_interval_off_every_boundary(
    measured: Measured, region: Region, expected: int | None
) -> None:
    assert needed(measured, region) == expected


@pytest.mark.parametrize("region", [above(0.1), below(0.1), apart(0.1), within(0.1)])
@pytest.mark.parametrize("value", [-0.23, -0.07, 0.04, 0.13, 0.31])
def test_that_many_decide_and_one_fewer_do_not(region: Region, value: float) -> None:
    measured = Measured(value, value - 0.5, value + 0.7, 50, "images")
    enough = needed(measured, region)
    assert enough is not None
    assert verdict(shrunk(measured, enough), region) != "inconclusive"
    assert verdict(shrunk(measured, enough - 1), region) == "inconclusive"


def shrunk(measured: Measured, count: int) -> Measured:
    share = math.sqrt(measured.count / count)
    low, high = (measured.value + share * (end - measured.value) for end in (measured.low, measured.high))
    return replace(measured, low=low, high=high, count=count)


@pytest.mark.parametrize("value", [1.2, 2.0, 3.0])
def test_of_a_ratio_the_logarithm_s_interval_shrinks(value: float) -> None:
    measured = Measured(value, value / 4, value * 9, 3, "seeds")
    enough = needed(measured, above(1.5), "times")
    assert enough is not None
    logarithms = Measured(*map(math.log, (measured.value, measured.low, measured.high)), 3, "seeds")
    assert verdict(shrunk(logarithms, enough), above(math.log(1.5))) != "inconclusive"
    assert verdict(shrunk(logarithms, enough - 1), above(math.log(1.5))) == "inconclusive"


# answers


def test_a_test_is_answered_from_the_evidence() -> None:
    evidence = Evidence(metrics={"found": YES})
    test = Test("", "what was found", above(0.1), lambda found: found.metrics["found"])
    assert answer(test, evidence) == Answer(test, YES, "reproduced")
    assert answer(replace(test, region=below(0.1)), evidence).verdict == "contradicted"


def test_only_an_inconclusive_answer_says_how_many_would_do() -> None:
    wanted = {"yes": YES, "no": NO, "perhaps": PERHAPS}
    found = {name: answer(asking(name, measured), Evidence()).needed for name, measured in wanted.items()}
    assert found == {"yes": None, "no": None, "perhaps": 401}


def test_how_many_would_do_is_read_on_the_test_s_own_scale() -> None:
    measured = Measured(2.0, 0.5, 8.0, 3, "seeds")
    ratio = Test("", "a ratio", above(1), lambda evidence: measured, "times")
    assert answer(ratio, Evidence()).needed == 13  # twice as narrow in its logarithm
    assert answer(replace(ratio, scale="points"), Evidence()).needed == 7


@pytest.mark.parametrize("evidence", [Evidence(), None])
def test_what_is_not_run_says_why(evidence: Evidence | None) -> None:
    def unreachable(found: Evidence) -> Measured:
        raise AssertionError

    without_data = asking("data", None)
    unseen = replace(without_data, measured=None)
    if evidence is None:
        tests = {without_data: NO_STUDY, unseen: NO_STUDY, replace(unseen, measured=unreachable): NO_STUDY}
    else:
        tests = {without_data: NO_DATA, unseen: UNSEEN}
    for test, reason in tests.items():
        assert answer(test, evidence) == Answer(test, None, "not run", None, reason)
    assert answer(asking("yes", YES), Evidence()).reason == ""


# claims


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([YES], "reproduced"),
        ([NO], "contradicted"),
        ([PERHAPS], "inconclusive"),
        ([None], "not run"),
        ([YES, YES], "reproduced"),
        ([YES, NO], "contradicted"),
        ([PERHAPS, NO], "contradicted"),
        ([None, NO], "contradicted"),
        ([YES, PERHAPS], "inconclusive"),
        ([YES, None], "inconclusive"),
        ([None, PERHAPS, YES], "inconclusive"),
        ([None, None], "not run"),
    ],
)
def test_a_claim_says_that_all_its_parts_hold(parts: list[Measured | None], expected: Verdict) -> None:
    for order in (parts, parts[::-1]):
        tests = [asking(str(key), measured) for key, measured in enumerate(order)]
        assert judge(claim(*tests), Evidence()).verdict == expected


@pytest.mark.parametrize("control", [YES, NO, PERHAPS, None])
@pytest.mark.parametrize(
    ("asked", "expected"), [(YES, "reproduced"), (NO, "contradicted"), (PERHAPS, "inconclusive"), (None, "not run")]
)
def test_controls_decide_nothing(asked: Measured | None, expected: Verdict, control: Measured | None) -> None:
    tests = asking("control", control, control=True), asking("asked", asked), asking("another", control, control=True)
    judged = judge(claim(*tests), Evidence())
    assert judged.verdict == expected
    assert [part.test.key for part in judged.decisive] == ["asked"]
    assert [part.test.key for part in judged.controls] == ["control", "another"]
    assert [part.measured for part in judged.controls] == [control, control]


def test_a_claim_that_only_controls_ask_about_is_not_run() -> None:
    assert judge(claim(asking("control", YES, control=True)), Evidence()).verdict == "not run"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((YES, YES), (YES,), "reproduced"),
        ((YES, NO), (NO,), "contradicted"),
        ((YES, YES), (NO,), "inconclusive"),
        ((YES,), (None,), "inconclusive"),
        ((None,), (None,), "not run"),
    ],
)
def test_readings_that_disagree_leave_a_claim_undecided(first: Any, second: Any, expected: str) -> None:
    tests = [
        replace(asking(f"{reading} {k}", measured), reading=reading)
        for reading, answers in (("one", first), ("other", second))
        for k, measured in enumerate(answers)
    ]
    assert judge(claim(*tests), Evidence()).verdict == expected


def test_tests_are_answered_in_their_order() -> None:
    tests = [asking(key, measured) for key, measured in (("B", YES), ("A", None), ("C", NO))]
    judged = judge(claim(*tests), Evidence())
    assert judged == Judged(claim(*tests), tuple(answer(test, Evidence()) for test in tests))
    assert [part.test for part in judged.answers] == tests


def test_of_a_study_that_is_not_among_the_parameters_nothing_is_run() -> None:
    judged = judge(claim(asking("yes", YES), replace(asking("unseen", YES), measured=None)), None)
    assert judged.verdict == "not run"
    assert [part.reason for part in judged.answers] == [NO_STUDY, NO_STUDY]


def test_what_is_measured_becomes_json() -> None:
    assert json.loads(json.dumps(asdict(PERHAPS), allow_nan=False)) == asdict(PERHAPS)
