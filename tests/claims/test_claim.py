"""Verdicts on intervals on either side of zero, across it and touching it, and on what was not measured."""

import json
from dataclasses import asdict

import pytest

from lookalike.claims.claim import Claim, Findings, Json, opposite, put_to_test, verdict
from lookalike.claims.claim import Tested as Row

NOTHING = Findings({}, {}, {})


def estimate(value: float, low: float, high: float) -> Json:
    return {"value": value, "low": low, "high": high}


def claim(key: str, measured: Json | None, **sides: bool) -> Claim:
    return Claim(key, f"{key} holds", f"{key} by eye", f"{key} in points", lambda findings: measured, **sides)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [
        (estimate(0.2, 0.1, 0.3), "supported"),
        (estimate(0.2, 1e-12, 0.3), "supported"),
        (estimate(-0.2, -0.3, -0.1), "contradicted"),
        (estimate(-0.2, -0.3, -1e-12), "contradicted"),
        (estimate(0.1, -0.1, 0.3), "undecided"),
        (estimate(-0.1, -0.3, 0.1), "undecided"),
        (estimate(0.2, 0.0, 0.3), "undecided"),
        (estimate(-0.2, -0.3, 0.0), "undecided"),
        (estimate(0.0, 0.0, 0.0), "undecided"),
        (estimate(-0.05, 0.1, 0.2), "supported"),  # of skewed resamples the interval need not hold the value
        (None, "not tested"),
    ],
)
def test_only_a_whole_interval_on_one_side_of_zero_decides(measured: Json | None, expected: str) -> None:
    assert verdict(measured, False) == expected
    either_way = {"contradicted": "supported"}  # a claim of two sides cannot be contradicted
    assert verdict(measured, True) == either_way.get(expected, expected)


def test_the_opposite_turns_the_interval_around() -> None:
    turned = opposite(estimate(0.25, -0.125, 0.5))
    assert turned == estimate(-0.25, -0.5, 0.125)
    assert opposite(turned) == estimate(0.25, -0.125, 0.5)
    assert opposite(None) is None


@pytest.mark.parametrize("measured", [estimate(0.2, 0.1, 0.3), estimate(-0.2, -0.3, -0.1), estimate(0.0, -0.1, 0.1)])
def test_what_supports_a_claim_contradicts_its_opposite(measured: Json) -> None:
    other = {"supported": "contradicted", "contradicted": "supported", "undecided": "undecided"}
    assert verdict(opposite(measured), False) == other[verdict(measured, False)]
    assert verdict(opposite(measured), True) == verdict(measured, True)


def test_claims_are_tested_in_their_order_and_keep_their_words() -> None:
    measured = {
        "B": estimate(0.25, 0.125, 0.5),
        "A": estimate(-0.25, -0.5, -0.125),
        "C": estimate(0.0, -0.5, 0.5),
        "D": None,
    }
    rows = put_to_test(tuple(claim(key, value) for key, value in measured.items()), NOTHING)
    words = [(key, f"{key} holds", f"{key} by eye", f"{key} in points") for key in measured]
    assert rows == [
        Row(*words[0], 0.25, 0.125, 0.5, "supported"),
        Row(*words[1], -0.25, -0.5, -0.125, "contradicted"),
        Row(*words[2], 0.0, -0.5, 0.5, "undecided"),
        Row(*words[3], None, None, None, "not tested"),
    ]
    assert [row.estimate for row in rows] == list(measured.values())  # an estimate of zero is one
    assert json.loads(json.dumps([asdict(row) for row in rows], allow_nan=False)) == [asdict(row) for row in rows]


def test_only_a_claim_of_two_sides_is_supported_on_either() -> None:
    below = estimate(-0.25, -0.5, -0.125)
    claims = claim("A", below), claim("B", below, two_sided=True), claim("C", below, two_sided=False)
    rows = put_to_test(claims, NOTHING)
    assert [row.verdict for row in rows] == ["contradicted", "supported", "contradicted"]
    assert [row.estimate for row in rows] == [below] * 3


def test_claims_see_the_findings() -> None:
    by_eye = ("F0", "all is well", "none", "what was found")
    on_tests = Claim(*by_eye, lambda findings: findings.look_alikes["found"])
    on_photos = Claim(*by_eye, lambda findings: findings.photos["found"])
    on_maps = Claim(*by_eye, lambda findings: findings.explanations["found"])
    parts = (estimate(3, 2, 4), estimate(-3, -4, -2), estimate(1, -1, 2))
    rows = put_to_test((on_tests, on_photos, on_maps), Findings(*({"found": part} for part in parts)))
    assert [(row.value, row.verdict) for row in rows] == [(3, "supported"), (-3, "contradicted"), (1, "undecided")]


def test_without_claims_nothing_is_tested() -> None:
    assert put_to_test((), NOTHING) == []
