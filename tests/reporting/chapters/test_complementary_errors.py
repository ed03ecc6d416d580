"""Complementary errors in the report: counts in both orders, the control, and what two models give together."""

from dataclasses import replace
from typing import Any

from blocks import figures, rows, shown, titles
from small_study import CNN, EVALUATED, FEW, SmallStudy

from lookalike.reporting.chapters.complementary_errors import complementary_errors_chapter, corrected_sentence
from lookalike.reporting.chapters.pairs import NO_PAIR
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Json
from lookalike.reporting.forms import millions, p, points, shares


def estimate(value: float) -> Json:
    return {"value": value, "low": value - 0.03, "high": value + 0.03}


def test_corrected_and_newly_broken_are_said_next_to_the_control() -> None:
    pair: Json = {"first": "a", "second": "b", "only_second": 274, "both_wrong": 529}
    pair |= {"corrected": estimate(0.341), "newly_broken": estimate(0.05)}
    start = "b corrects 34 % (31 to 37) of the 803 errors of a and newly breaks 5 % (2 to 8) of its right answers"
    assert corrected_sentence(pair, [{"variant": "a", "corrected": estimate(0.31)}]) == (
        f"{start}; another seed of a corrects 31 % (28 to 34)."
    )
    others = [{"variant": "b", "corrected": estimate(0.31)}, {"variant": "a", "corrected": None}]
    assert corrected_sentence(pair, others) == f"{start}."
    assert corrected_sentence(pair | {"corrected": None}, []) == "a makes no error that b could correct."


def test_both_orders_and_the_control_are_counted(results: StudyResults, drawn: Json, study: SmallStudy) -> None:
    part: Any = complementary_errors_chapter(results)
    ledger = study.look_alikes["complementary_errors"]
    assert titles(part) == ["Complementary errors"]
    assert shown(part) == {"fashion-complementary-errors": "picture of complementary_errors"}
    assert drawn["complementary_errors"] == (ledger["pairs"][:1], ledger["control"])
    picture = figures(part)["fashion-complementary-errors"]
    most = max(ledger["pairs"], key=lambda row: row["corrected"]["value"])
    assert picture.main
    assert part.finding == picture.words.finding == corrected_sentence(most, ledger["control"])
    counted, control, _ = picture.numbers
    for row, cells in zip(ledger["pairs"], rows(counted), strict=True):
        counts = [str(row[key]) for key in ("only_first", "only_second", "both_wrong")]
        estimates = [shares(row["corrected"]), shares(row["newly_broken"]), p(row["mcnemar_p"])]
        assert cells == [row["first"], row["second"], *counts, *estimates]
    assert [cells[:2] for cells in rows(counted)] == [[CNN, FEW], [FEW, CNN]]
    assert [cells[0] for cells in rows(control)] == list(EVALUATED)


def test_what_both_give_together_is_shown_with_its_cost(results: StudyResults, drawn: Json, study: SmallStudy) -> None:
    table = figures(complementary_errors_chapter(results))["fashion-complementary-errors"].numbers[-1]
    assert "validation images alone" in table.note
    (first, _), (row, _) = rows(table), study.look_alikes["complementary_errors"]["pairs"]
    assert first[:5] == [CNN, FEW, shares(row["oracle"]), shares(row["averaged"]), points(row["averaged_gain"])]
    cascade = row["cascade"]
    assert first[5:8] == [f"{100 * cascade['asked']:.2f}", shares(cascade["accuracy"]), points(cascade["gain"])]
    assert first[8:] == [millions(cascade["macs"]), millions(cascade["macs_per_correction"])]


def test_pairs_with_a_variant_at_chance_are_left_out(results: StudyResults, drawn: Json) -> None:
    low = [replace(row, accuracy_low=0.05) if row.variant == FEW else row for row in results.standings]
    part: Any = complementary_errors_chapter(replace(results, standings=low))
    assert (part.finding, part.blocks) == (NO_PAIR, ())


def test_the_control_is_that_of_the_compared_variants(results: StudyResults, drawn: Json, study: SmallStudy) -> None:
    ledger = study.look_alikes["complementary_errors"]
    alone = ledger["control"][0] | {"variant": "alone"}
    complementary_errors_chapter(changed(results, ledger | {"control": [*ledger["control"], alone]}))
    assert drawn["complementary_errors"] == (ledger["pairs"][:1], ledger["control"])


def changed(results: StudyResults, ledger: Json) -> StudyResults:
    look_alikes = results.measurements.look_alikes | {"complementary_errors": ledger}
    return replace(results, measurements=replace(results.measurements, look_alikes=look_alikes))


def test_without_second_seeds_there_is_no_control(results: StudyResults, drawn: Json, study: SmallStudy) -> None:
    ledger = study.look_alikes["complementary_errors"] | {"control": []}
    picture = figures(complementary_errors_chapter(changed(results, ledger)))["fashion-complementary-errors"]
    assert len(picture.numbers) == 2
    assert "another seed" not in picture.words.finding


def test_without_pairs_there_is_no_such_chapter(results: StudyResults) -> None:
    assert complementary_errors_chapter(changed(results, {"pairs": [], "control": []})) is None
