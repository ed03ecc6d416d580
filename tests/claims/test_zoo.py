"""The claims of the zoo that look at other studies, and at what is counted."""

from dataclasses import replace
from statistics import NormalDist
from typing import Any

import pytest
from claims.invented import HALF, Figures, answers, ended, evidence, verdicts

from lookalike.claims.claim import Evidence, Measured
from lookalike.claims.measures import elsewhere, most
from lookalike.claims.zoo import CLAIMS

FASHION, ZOO = ("pair", "fashion-vit", "fashion-cnn"), ("pair", "zoo-vit", "zoo-resnet")
FEW = ("pair", "fashion-vit-1pct", "fashion-cnn-1pct")
SEPARABLE = [{"standard": {"macs": 900}, "separable": {"macs": macs}} for macs in (100, 120)]
DESIGNS = [{"plain": {"macs": 700}, "reduced": {"macs": macs}} for macs in (100, 350)]


def all_studies(fashion: Figures, zoo: Figures, objects: Figures | None = None, costs: Any = None) -> Evidence:
    """The evidence of the zoo, beside that of the others."""
    mine = replace(evidence(zoo), costs=costs or {})
    others = {"fashion": evidence(fashion), "zoo": mine, "alexnet": evidence(objects or {})}
    return replace(mine, others=others)


def of(key: str, found: Evidence) -> dict[str, str]:
    return verdicts([claim for claim in CLAIMS if claim.key == key], found)


@pytest.mark.parametrize(
    ("fashion", "photographs", "transformer", "cnn"),
    [
        (-0.02, 0.03, "reproduced", "reproduced"),
        (-0.02, -0.03, "contradicted", "reproduced"),
        (0.02, 0.03, "reproduced", "contradicted"),
        (-0.02, 0.0055, "inconclusive", "reproduced"),
    ],
)
def test_either_family_must_lead_somewhere(fashion: float, photographs: float, transformer: str, cnn: str) -> None:
    found = of("Z1", all_studies({FASHION: fashion}, {ZOO: photographs}))
    assert found == {"Z1 a transformer leads somewhere": transformer, "Z1 a CNN leads somewhere": cnn}


def test_the_data_with_the_greatest_lead_are_told_with_a_wider_interval() -> None:
    found = all_studies({FASHION: -0.02, FEW: 0.04}, {ZOO: 0.03})
    measured = answers(CLAIMS, found)["Z1 a transformer leads somewhere"].measured
    assert measured is not None
    wider = NormalDist().inv_cdf(1 - 0.05 / 2 / 3) / NormalDist().inv_cdf(0.975)
    assert measured.value == pytest.approx(0.04)
    assert measured.high - measured.value == pytest.approx(HALF * wider)
    assert measured.value - measured.low == pytest.approx(HALF * wider)


def test_the_most_of_one_is_that_one_and_of_none_is_none() -> None:
    one = Measured(0.3, 0.1, 0.4, 9, "images")
    found = most(lambda _: None, lambda _: one)(Evidence())
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.1, 0.4))
    assert most(lambda _: None)(Evidence()) is None


def test_a_study_that_is_not_there_gives_nothing() -> None:
    measure = elsewhere("fashion", lambda found: Measured(1, 1, 1, 1, str(found.metrics)))
    assert measure(Evidence()) is None
    assert measure(Evidence(others={"fashion": Evidence(metrics={"a": 1})})) == Measured(1, 1, 1, 1, "{'a': 1}")


def test_shortcuts_must_help_the_deeper_network() -> None:
    curves = {("curves", "residual-56"): ended(0.95, 0.9)}
    for plain, verdict in ((0.85, "reproduced"), (0.949, "contradicted"), (0.945, "inconclusive")):
        found = all_studies({}, {}, curves | {("curves", "plain-56"): ended(plain, 0.8)})
        assert of("Z3", found)["Z3 skip connections"] == verdict
    assert of("Z3", all_studies({}, {}, curves))["Z3 skip connections"] == "not run"


def test_what_is_counted_decides_without_an_interval() -> None:
    found = answers(CLAIMS, all_studies({}, {}, costs={"separable": SEPARABLE, "designs": DESIGNS}))
    for key, least in (("depthwise convolutions", 7.5), ("bottlenecks", 2.0)):
        answer = found[f"Z3 {key}"]
        assert answer.measured is not None
        assert (answer.measured.value, answer.measured.low, answer.measured.high) == (least, least, least)
        assert answer.verdict == "reproduced"
    dear = [{"plain": {"macs": 100}, "reduced": {"macs": 110}}]
    assert of("Z3", all_studies({}, {}, costs={"designs": dear}))["Z3 bottlenecks"] == "contradicted"


def test_without_counts_or_with_what_no_stage_measures_it_is_not_run() -> None:
    found = of("Z3", all_studies({}, {}))
    assert set(found.values()) == {"not run"}
