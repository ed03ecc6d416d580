"""Columns take their values from rows of JSON and of dataclasses."""

from dataclasses import dataclass

import pytest

from lookalike.evaluation.statistics import Estimate
from lookalike.reporting.forms import amounts, text
from lookalike.reporting.tables import Column, labels, named_rows, tabulate


@dataclass(frozen=True)
class Row:
    one: Estimate | None
    name: str = "a"


COLUMNS = (*labels("name"), Column("one", "one", amounts), Column("its value", "one.value", text))


def test_rows_may_be_dataclasses_and_estimates_are_sorted_by_their_value() -> None:
    first, second = tabulate("Rows", COLUMNS, [Row(Estimate(1, 0, 2)), Row(None)]).rows
    assert [cell.text for cell in first] == ["a", "1.00 (0.00 to 2.00)", "1"]
    assert [cell.text for cell in second] == ["a", "–", "–"]
    assert (first[1].key, second[1].key) == (1, None)


def test_rows_by_name_hold_their_name() -> None:
    assert named_rows({"x": {"one": 1}}) == [{"variant": "x", "one": 1}]
    assert named_rows({"x": Row(None)}, "row") == [{"row": "x", "one": None, "name": "a"}]


def test_a_row_without_a_column_is_refused() -> None:
    with pytest.raises(KeyError):
        tabulate("Rows", COLUMNS, [{"name": "a"}])
    with pytest.raises(AttributeError):
        tabulate("Rows", [Column("other", "other", text)], [Row(None)])
