"""What became of the claims: how many came out how, what was measured in words, and every test behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from blocks import prose, rows, tables, walk

from lookalike.claims.claim import Claim, Measurement, Scale, Test, above
from lookalike.claims.evidence import Evidence
from lookalike.claims.judging import NO_DATA, UNMEASURED, Judged, judge
from lookalike.evaluation.hierarchical import Seeds, SeedSpread, UncertainValue
from lookalike.reporting.chapters.claims import (
    EVIDENCE,
    claim_row,
    claims_chapter,
    measured_in_short,
    measured_sentences,
    verdict_counts,
)
from lookalike.reporting.chapters.claims import table_of_tests as every_test
from lookalike.reporting.document import Fold, Json, Section
from lookalike.studies import CLAIMS

SURE = 1e9  # degrees of freedom with which Student's t is normal


def measured(value: float, error: float, runs: int = 3) -> Measurement:
    """Of two variants; 1.96 errors are half of the interval."""
    side = Seeds(runs, SeedSpread(error * (runs / 2) ** 0.5, SURE), borrowed=runs < 3)
    return Measurement(UncertainValue(value, 0.0, 0, (side, side)), (runs, runs), 1200)


LEADS, TRAILS, OPEN, FEW = measured(0.25, 0.05), measured(-0.5, 0.05), measured(0.01, 0.015), measured(0.25, 0.05, 1)


def question(key: str, found: Measurement | None, *, control: bool = False, scale: Scale = "points") -> Test:
    sentence = "a is {} better|worse than b"
    return Test(key, f"what {key} measures", above(0.005), lambda _: found, (), sentence, scale, control)


def judged(key: str, *questions: Test) -> Judged:
    claim = Claim(key, "fashion", f"{key} holds", "page 1", "91 against 89 %", CLAIMS[0].rule, questions)
    return judge(claim, Evidence({}))


JUDGED = [
    judged("F1", question("", LEADS), question("pixels", TRAILS, control=True)),
    judged("F2", question("CNN", TRAILS), question("ViT", LEADS)),
    judged("F3", question("", OPEN), question("once", OPEN, control=True), question("again", OPEN, control=True)),
    judged("F4", question("", FEW)),
    judged("F5", question("", None)),
]
BETTER = "In 3 + 3 runs a is 25.0 points better than b (15.2 to 34.8). Reproduced."
WORSE = "In 3 + 3 runs a is 50.0 points worse than b (40.2 to 59.8). Contradicted."


def of(some: Sequence[Judged], addresses: Mapping[str, str] | None = None) -> Section:
    """The section on some claims."""
    part = claims_chapter(some, addresses or {})
    assert part is not None
    return part


def test_the_section_opens_with_how_many_came_out_how() -> None:
    part = of(JUDGED)
    assert part.finding == "Of 5 claims: 1 reproduced, 1 contradicted, 1 indicated, 1 inconclusive, 1 not tested."
    assert (part.anchor, part.title) == ("claims", "Verdicts on the claims")
    assert of(JUDGED[:1]).finding == "Of 1 claims: 1 reproduced."
    assert claims_chapter([], {}) is None


def test_claims_without_a_verdict_are_folded() -> None:
    verdicts = tables(of(JUDGED))["Claims and verdicts"]
    assert [row[0].text for row in verdicts.rows] == [
        "F1",
        "F2",
        "F4",
        "F3",
    ]  # reproduced, contradicted, indicated, ...
    assert verdicts.cards
    fold, behind = [block for block in walk([of(JUDGED)]) if isinstance(block, Fold)]
    assert fold.title == "1 claims without a verdict"
    assert [row[0] for row in rows(tables(fold)["Claims without a verdict"])] == ["F5"]
    assert behind.title == "How verdicts are reached, and every test"
    assert len([block for block in walk([of(JUDGED[:2])]) if isinstance(block, Fold)]) == 1


def test_a_claim_leads_to_its_evidence_where_the_report_has_it() -> None:
    table = tables(of(JUDGED, {"fashion-photographs": "fashion.html#fashion-photographs"}))["Claims and verdicts"]
    addresses = {row[0].text: row[0].address for row in table.rows}
    assert addresses == {"F1": "", "F2": "fashion.html#fashion-photographs", "F3": "", "F4": ""}
    assert EVIDENCE.keys() == {claim.key for claim in CLAIMS}


def test_each_claim_has_its_verdict_in_words_and_what_its_controls_say() -> None:
    found = {row[0]: row[1:] for row in rows(tables(of(JUDGED))["Claims and verdicts"])}
    assert found["F1"] == ["reproduced", "F1 holds", BETTER, "91 against 89 %", "1 contradicted"]
    assert [found["F2"][0], *found["F2"][2:]] == ["contradicted", f"{WORSE} {BETTER}", "91 against 89 %", ""]
    assert found["F3"][2] == "In 3 + 3 runs a is 1.0 points better than b (−1.9 to 3.9). Inconclusive."
    assert found["F4"][0] == "indicated"
    (waiting,) = rows(tables(of(JUDGED))["Claims without a verdict"])
    assert waiting[:4] == ["F5", "not tested", "F5 holds", "–"]


def test_of_many_tests_the_table_counts_the_verdicts() -> None:
    many = judged("F6", question("a", OPEN), question("b", LEADS), question("c", LEADS))
    assert measured_in_short(many.decisive) == f"3 tests: 2 reproduced, 1 inconclusive. The first of them: {BETTER}"
    assert measured_in_short(JUDGED[1].decisive) == f"{WORSE} {BETTER}"


def test_the_table_counts_decisive_tests_and_those_that_chance_would_give() -> None:
    note = tables(of(JUDGED))["Claims and verdicts"].note
    # five tests were done that decide, of which the open one did not: its interval crosses the bound
    assert "4 of 5 tests were decisive." in note
    assert "at most 0.2 would be expected to be, by chance" in note


def test_every_test_is_folded_with_its_rule_and_the_dates_of_rules() -> None:
    _, fold = [block for block in walk([of(JUDGED)]) if isinstance(block, Fold)]
    found = tables(fold)
    table = rows(found["Every test of every claim"])
    measured_here = "25.0 points (15.2 to 34.8)"
    first = [
        "F1",
        "",
        "what  measures",
        "above 0.5 points",
        measured_here,
        BETTER,
        "3 + 3 runs",
        "1,200 test images",
        "",
    ]
    assert table[0] == first
    assert table[1][:2] == ["F1", "pixels (control)"]
    assert table[-1][4:] == ["–", f"Not tested: {NO_DATA}.", "–", "–", ""]
    assert len(table) == sum(len(one.answers) for one in JUDGED)
    assert [row[0] for row in rows(found["Dates of the rules"])] == [one.claim.key for one in JUDGED]
    assert any("**Reproduced**: all of the interval" in text for text in prose(fold))


@pytest.mark.parametrize(
    ("scale", "said"), [("percent", "25.00 % (15.20 to 34.80)"), ("number", "0.25 (0.15 to 0.35)")]
)
def test_a_figure_has_the_unit_of_its_test(scale: Scale, said: str) -> None:
    (row,) = rows(every_test([judged("F1", question("", LEADS, scale=scale))]))
    assert row[4] == said


def test_readings_are_named_where_there_are_several() -> None:
    one, two = (replace(question("", LEADS), reading=name) for name in ("this", "that"))
    assert measured_sentences(judged("F1", one, one, two).decisive) == f"By this: {BETTER} {BETTER} By that: {BETTER}"
    assert measured_sentences(judged("F1", one).decisive) == BETTER


def test_of_nothing_nothing_is_said() -> None:
    assert measured_sentences([]) is None
    assert measured_sentences(JUDGED[4].decisive) is None
    assert verdict_counts([]) == ""


def test_a_quantity_that_no_stage_measures_gives_its_reason() -> None:
    unmeasured = Test("", "", above(0), None, (), "")
    (row,) = rows(every_test([judged("F1", unmeasured)]))
    assert row[5] == f"Not tested: {UNMEASURED}."


def test_summaries_are_plain_json() -> None:
    found: list[Json] = [claim_row(one) for one in JUDGED]
    assert {type(value) for row in found for value in row.values()} == {str, type(None)}
