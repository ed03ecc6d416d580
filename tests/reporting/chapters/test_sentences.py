"""Parts of findings: whom they are about, and numbers and names as sentences have them."""

from dataclasses import replace

import pytest
from small_study import CNN, DIVERGED, EVALUATED, FEW

from lookalike.reporting.chapters.sentences import (
    accuracy_clause,
    comparison_text,
    difference_text,
    finding_variants,
    listed,
    only_above_chance,
    share_text,
)
from lookalike.reporting.chapters.study_results import StudyResults


def at_chance(results: StudyResults, *names: str) -> StudyResults:
    """The same with some variants at chance."""
    rows = [replace(row, accuracy_low=0.0) if row.variant in names else row for row in results.standings]
    return replace(results, standings=rows)


def test_findings_are_about_focus_variants_or_else_the_most_accurate_one(results: StudyResults) -> None:
    assert finding_variants(results, EVALUATED) == [CNN]
    assert finding_variants(results, [FEW]) == [FEW]
    assert finding_variants(at_chance(results, CNN), EVALUATED) == [FEW]
    assert finding_variants(at_chance(results, CNN, FEW), EVALUATED) == []
    assert finding_variants(results, []) == []
    rows = [replace(row, accuracy={CNN: 0.8, FEW: 0.9}.get(row.variant)) for row in results.standings]
    others = replace(results, standings=[*rows, replace(rows[1], variant="third", accuracy=0.95)])
    assert finding_variants(others, ["third", FEW]) == ["third"]


def test_variants_at_chance_are_left_out(results: StudyResults) -> None:
    assert only_above_chance(at_chance(results, FEW), {DIVERGED: {}, CNN: {"a": 1}, FEW: {}}) == {CNN: {"a": 1}}


@pytest.mark.parametrize(("parts", "words"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_words_in_a_row(parts: list[str], words: str) -> None:
    assert listed(parts) == words


def test_how_often_variants_are_right() -> None:
    assert accuracy_clause({"a": "46 %"}) == "a is right in 46 %"
    assert accuracy_clause({"a": "46 %", "b": "40 %"}) == "a is right in 46 % and b in 40 %"


def test_numbers_stand_with_their_unit_and_interval() -> None:
    assert share_text({"value": 0.456, "low": 0.38, "high": 0.541}) == "46 % (38 to 54)"
    assert difference_text({"value": -0.03, "low": -0.05, "high": 0.012}) == "−3.0 points (−5.0 to +1.2)"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.1, 0.2, "more than"), (-0.2, -0.1, "less than"), (-0.1, 0.1, "not clearly different from")],
)
def test_a_difference_is_clear_if_its_interval_leaves_zero_out(low: float, high: float, words: str) -> None:
    assert comparison_text({"value": (low + high) / 2, "low": low, "high": high}) == words
