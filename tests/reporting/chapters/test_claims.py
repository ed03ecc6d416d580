"""What became of the claims: how many came out how, what was measured in short, and every test behind it."""

from dataclasses import replace

import pytest
from blocks import prose, rows, tables, walk

from lookalike.claims.claim import (
    NO_DATA,
    NO_STUDY,
    UNSEEN,
    Answer,
    Claim,
    Evidence,
    Judged,
    Measured,
    Scale,
    Test,
    above,
    judge,
)
from lookalike.reporting.chapters.claims import FEW, answer, in_short, said_verdicts, summary
from lookalike.reporting.chapters.claims import tests as every_test
from lookalike.reporting.document import Fold, Json

REPRODUCED = Measured(0.25, 0.15, 0.45, 1200, "images")
CONTRADICTED = Measured(-0.5, -0.6, -0.3, 8, "seeds")
OPEN = Measured(0.01, -0.02, 0.04, 100, "images")
ON_THE_BOUNDARY = Measured(0.005, -0.02, 0.04, 100, "images")


def question(key: str, measured: Measured | None, *, control: bool = False, scale: Scale = "points") -> Test:
    return Test(key, f"what {key} measures", above(0.005), lambda _: measured, scale, control)


def judged(key: str, *questions: Test) -> Judged:
    claim = Claim(key, "fashion", f"{key} holds", "page 1", "91 against 89 %", questions)
    return judge(claim, Evidence())


JUDGED = [
    judged("F1", question("", REPRODUCED), question("pixels", CONTRADICTED, control=True)),
    judged("F2", question("CNN", CONTRADICTED), question("ViT", REPRODUCED)),
    judged("F3", question("", OPEN), question("once", OPEN, control=True), question("again", OPEN, control=True)),
    judged("F4", question("", ON_THE_BOUNDARY)),
    judged("F5", question("", None)),
]
WHOLE = {"F1": "+25.0 (+15.0 to +45.0) points", "F2": "−50.0 (−60.0 to −30.0) points"}


def test_the_answer_opens_with_how_many_came_out_how() -> None:
    part = answer(JUDGED)
    assert prose(part)[0] == "Of 5 claims: **1 reproduced, 1 contradicted, 2 inconclusive, 1 not run**."
    assert (part.anchor, part.title) == ("claims", "What became of the claims")
    assert prose(answer(JUDGED[:1]))[0] == "Of 1 claims: **1 reproduced**."


def test_what_was_cut_is_said_beside_the_verdicts() -> None:
    assert "Not everything was trained in full here" in prose(answer(JUDGED, cut=True))[1]
    assert not any("in full" in text for text in prose(answer(JUDGED)))


def test_each_claim_has_its_verdict_and_what_its_controls_say() -> None:
    table = tables(answer(JUDGED))["Claims and verdicts"]
    reported = "91 against 89 %"
    assert rows(table) == [
        ["F1", "F1 holds", reported, WHOLE["F1"], "reproduced", "1 contradicted"],
        ["F2", "F2 holds", reported, f"CNN: {WHOLE['F2']}; ViT: {WHOLE['F1']}", "contradicted", ""],
        ["F3", "F3 holds", reported, "+1.0 (−2.0 to +4.0) points", "inconclusive", "2 inconclusive"],
        ["F4", "F4 holds", reported, "+0.5 (−2.0 to +4.0) points", "inconclusive", ""],
        ["F5", "F5 holds", reported, "–", "not run", ""],
    ]
    assert "training's chance" in table.note
    assert summary(JUDGED[0])["controls"] == "1 contradicted"


def test_every_test_is_folded_with_its_rule_and_its_remark() -> None:
    (fold,) = [block for block in walk([answer(JUDGED)]) if isinstance(block, Fold)]
    (table,) = tables(fold).values()
    holds = "above +0.5 points"
    assert rows(table)[:3] == [
        ["F1", "", "what  measures", holds, WHOLE["F1"], "1,200 images", "reproduced", ""],
        ["F1", "pixels (control)", "what pixels measures", holds, WHOLE["F2"], "8 seeds", "contradicted", ""],
        ["F2", "CNN", "what CNN measures", holds, WHOLE["F2"], "8 seeds", "contradicted", ""],
    ]
    remarks = {row[0]: row[7] for row in rows(table) if not row[1]}
    assert remarks["F3"].startswith("underpowered: about ")
    assert remarks["F3"].endswith(" images would decide, if the figure stays")
    assert remarks["F4"] == "the figure lies on the boundary: no number would decide"
    assert rows(table)[-1][4:] == ["–", "–", "not run", NO_DATA]
    assert len(table.rows) == sum(len(one.answers) for one in JUDGED)
    assert any("**Reproduced**: the whole 95 % interval" in text for text in prose(fold))


@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 9])
def test_few_figures_are_told_one_by_one_and_many_by_their_ends(count: int) -> None:
    values = [Measured(k / 10, k / 10 - 0.01, k / 10 + 0.01, 9, "images") for k in (3, 1, -2, 4, 5, 6, 7, 8, 9)[:count]]
    many = judged("M", *(question(f"q{k}", one) for k, one in enumerate(values)), question("none", None))
    told = in_short(many.decisive)
    assert told is not None
    if count <= FEW:
        assert told.count("; ") == count - 1
        assert told.startswith("q0: +30.0 (+29.0 to +31.0) points")
        assert "none" not in told
    else:
        most = {FEW + 1: "+40.0", 9: "+90.0"}[count]
        assert told == f"{count} figures, from −20.0 points to {most} points"


@pytest.mark.parametrize(
    ("scale", "said"), [("percent", "25.00 (15.00 to 45.00) %"), ("times", "0.25 (0.15 to 0.45) times")]
)
def test_a_figure_has_the_unit_of_its_test(scale: Scale, said: str) -> None:
    assert in_short(judged("S", question("", REPRODUCED, scale=scale)).decisive) == said


def test_of_nothing_nothing_is_told() -> None:
    assert in_short([]) is None
    assert in_short(JUDGED[4].decisive) is None
    assert said_verdicts([]) == ""


def test_a_study_that_is_not_run_gives_its_reason() -> None:
    absent = judge(JUDGED[0].claim, None)
    rows_of_it = rows(every_test([absent]))
    assert [row[6:] for row in rows_of_it] == [["not run", NO_STUDY]] * 2
    unseen = Answer(replace(JUDGED[0].answers[0].test, measured=None), None, "not run", reason=UNSEEN)
    (row,) = rows(every_test([Judged(JUDGED[0].claim, (unseen,))]))
    assert row[7] == UNSEEN


def test_summaries_are_plain_json() -> None:
    told: list[Json] = [summary(one) for one in JUDGED]
    assert {type(value) for row in told for value in row.values()} == {str, type(None)}
