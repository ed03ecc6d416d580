"""The leaderboard: the numbers of the artifacts, the best of each study, and what the profile has reduced."""

from dataclasses import replace

import pytest
from blocks import header, prose, rows, tables
from small_study import CNN, DIVERGED, FEW

from lookalike.evaluation.calibration import COLDEST, HOTTEST
from lookalike.reporting.chapters.leaderboard import leaderboard_chapter
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Table


def board(*studies: StudyResults) -> Table:
    (found,) = tables(leaderboard_chapter(studies)).values()
    return found


def column(table: Table, title: str) -> list[str]:
    return [row[header(table).index(title)] for row in rows(table)]


def test_the_most_accurate_variant_comes_first_and_has_a_star(results: StudyResults) -> None:
    best = replace(results.standings[2], accuracy=0.91234, accuracy_low=0.8876, accuracy_high=0.93219)
    part = replace(results, standings=[*results.standings[:2], best])
    table = board(part)
    assert column(table, "variant") == [FEW, CNN, DIVERGED]
    assert column(table, "study") == ["fashion"] * 3
    assert column(table, "test accuracy, %") == ["91.23 ★", "75.00", "–"]
    assert column(table, "95 % interval") == ["88.76 to 93.22", "70.00 to 80.00", "–"]
    said = "The most accurate variants: in fashion fashion-cnn-10pct, 91.2 % (88.8 to 93.2)."
    assert leaderboard_chapter([part]).finding == said


def test_all_studies_share_one_table_each_with_its_own_best(results: StudyResults) -> None:
    table = board(results, results)
    assert len(table.rows) == 6
    assert [said.endswith("★") for said in column(table, "test accuracy, %")] == [True, False, False] * 2


def test_nine_columns_are_shown_and_the_rest_can_be_picked(results: StudyResults) -> None:
    measured = replace(
        results.standings[1], brier=0.13579, ece=0.04321, ece_low=0.0408, ece_high=0.0455, temperature=1.61803
    )
    table = board(replace(results, standings=[measured]))
    shown = [title for title, extra in zip(header(table), table.extra, strict=True) if not extra]
    assert len(shown) == 9
    assert shown[-3:] == ["MACs per image", "training per seed", "reduced"]
    assert [column(table, title) for title in ("Brier", "ECE, %", "T")] == [
        ["0.136"],
        ["4.32 (4.08 to 4.55)"],
        ["1.618"],
    ]


@pytest.mark.parametrize(("seeds", "said"), [(0, "10.000"), (2, "10.000 (2 at the bound)")])
def test_temperatures_at_a_bound_are_counted(results: StudyResults, seeds: int, said: str) -> None:
    row = replace(results.standings[1], temperature=10.0, temperature_at_bound=seeds)
    table = board(replace(results, standings=[row]))
    assert column(table, "T") == [said]
    assert f"between {COLDEST:g} and {HOTTEST:g}" in table.note


def test_what_a_budget_reduced_is_said_in_the_row(results: StudyResults) -> None:
    reduced = dict(zip(column(board(results), "variant"), column(board(results), "reduced"), strict=True))
    assert reduced[CNN] == "4 of 10 epochs"
    assert reduced[FEW] == "–"


def test_variants_at_chance_have_no_star_and_are_named_in_a_line(results: StudyResults) -> None:
    low = [replace(row, accuracy_low=0.0 if row.accuracy else None) for row in results.standings]
    part = leaderboard_chapter([replace(results, standings=low)])
    (said,) = prose(part)
    assert said.endswith(f": {CNN}, {FEW}.")
    assert said.startswith("**Not above chance** in the study fashion (")
    assert "★" not in "".join(column(*tables(part).values(), "test accuracy, %"))
    assert part.finding == "The most accurate variants: in fashion none is above chance."
