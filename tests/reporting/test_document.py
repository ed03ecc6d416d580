"""What a report is made of: columns and cells, forms for numbers, sections and the figures in them."""

import base64
from collections.abc import Sequence
from typing import Any

import pytest

from lookalike.reporting.document import (
    Beside,
    Cell,
    Code,
    Explorer,
    Fold,
    Heading,
    Illustration,
    Prose,
    RenderedFigure,
    RenderedImage,
    Section,
    Table,
    Words,
    figures_in,
    section,
)
from lookalike.reporting.forms import (
    Form,
    amounts,
    count,
    duration,
    fine,
    millions,
    number,
    p,
    percent,
    points,
    shares,
    significant,
    text,
)
from lookalike.reporting.tables import Column, cell, named_rows, tabulate


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.2}


def picture(name: str) -> Illustration:
    words = Words(f"Finding of {name}.", f"How to read {name}.", f"Alt of {name}")
    return Illustration(name, RenderedFigure(RenderedImage(b"RIFF", 2, 1)), words)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("plain", 1),
        ("known.value", 2),
        ("deep.a.b", 3),
        ("known", {"value": 2}),
        ("nothing", None),
        ("nothing.value", None),
        ("deep.none.value.more", None),
    ],
)
def test_a_column_finds_its_value_and_none_where_the_way_ends(path: str, value: Any) -> None:
    row = {"plain": 1, "known": {"value": 2}, "deep": {"a": {"b": 3}, "none": None}, "nothing": None}
    assert Column("title", path, text).of(row) == value


@pytest.mark.parametrize("path", ["absent", "known.absent"])
def test_a_value_that_is_lacking_is_an_error_and_no_unknown_value(path: str) -> None:
    with pytest.raises(KeyError, match="absent"):
        tabulate("table", [Column("title", path, text)], [{"known": {"value": 2}}])


def test_columns_of_words_are_distinguished_from_columns_of_numbers() -> None:
    assert Column("name", "name", text).heading == Heading("name", textual=True)
    assert not any(Column("x", "x", form).heading.textual for form in (count, percent, shares, p))


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        (count, 1234, Cell("1,234", 1234)),
        (percent, 0.25, Cell("25.00", 0.25)),
        (shares, estimate(0.5), Cell("50.0 (40.0 to 70.0)", 0.5)),
        (p, 1e-9, Cell("< 0.0001", 1e-9)),
        (text, "name", Cell("name", "name")),
        *((form, None, Cell("–", None)) for form in (count, shares, text)),
    ],
)
def test_a_cell_is_sorted_by_what_it_stands_for(form: Form, value: Any, expected: Cell) -> None:
    assert cell(form, value) == expected


def test_rows_of_json_become_a_table() -> None:
    columns = (Column("variant", "variant", text), Column("accuracy, %", "accuracy", shares))
    rows = named_rows({"cnn": {"accuracy": estimate(0.5)}, "hot": {"accuracy": None}})
    assert rows == [{"variant": "cnn", "accuracy": estimate(0.5)}, {"variant": "hot", "accuracy": None}]
    assert tabulate("Accuracy", columns, rows, "A note.") == Table(
        "Accuracy",
        (Heading("variant", textual=True), Heading("accuracy, %", textual=False)),
        ((Cell("cnn", "cnn"), Cell("50.0 (40.0 to 70.0)", 0.5)), (Cell("hot", "hot"), Cell("–", None))),
        "A note.",
    )
    assert named_rows({"Bag": {"images": 1}}, "class") == [{"class": "Bag", "images": 1}]


@pytest.mark.parametrize(
    ("form", "value", "written"),
    [
        (percent, 0.98765, "98.77"),
        (number, 0.0004, "0.000"),
        (number, -1.5, "−1.500"),
        (significant, 0.012345, "0.0123"),
        (significant, -12.345, "−12.3"),
        (significant, 12_345, "12,300"),
        (significant, 0, "0"),
        (significant, 0.000012345, "1.23×10⁻⁵"),
        (significant, 123_456.0, "1.23×10⁵"),
        (significant, -2.5e12, "−2.50×10¹²"),
        (count, 1234567.0, "1,234,567"),
        (count, -1234.4, "−1,234"),
        (millions, 781_306, "0.78 M"),
        (duration, 89.4, "89 s"),
        (duration, 90, "1.5 min"),
        (shares, estimate(0.5), "50.0 (40.0 to 70.0)"),
        (shares, estimate(0.05), "5.0 (−5.0 to 25.0)"),
        (points, {"value": -0.01, "low": -0.02, "high": 0.0349}, "−1.0 (−2.0 to +3.5)"),
        (amounts, estimate(7.196), "7.20 (7.10 to 7.40)"),
        (amounts, estimate(-0.5), "−0.50 (−0.60 to −0.30)"),
        (amounts, {"value": -0.001, "low": -0.01, "high": 0.004}, "0.00 (−0.01 to 0.00)"),
        (number, -0.0001, "0.000"),
        (fine, estimate(0.21674), "0.2167 (0.1167 to 0.4167)"),
        (p, 0.0271, "0.027"),
        (p, 0.0001, "0.0001"),
        (p, 0.00009, "< 0.0001"),
        (p, 1.0, "1"),
        (text, "T-shirt/top", "T-shirt/top"),
        (text, 7, "7"),
    ],
)
def test_forms_write_numbers_for_readers(form: Form, value: Any, written: str) -> None:
    assert form(value) == written


@pytest.mark.parametrize(
    "form", [amounts, count, duration, fine, millions, number, p, percent, points, shares, significant, text]
)
def test_what_is_unknown_is_a_dash(form: Form) -> None:
    assert form(None) == "–"


def test_a_section_leaves_out_what_is_not_there() -> None:
    inner = section("inner", "Inner", None)
    outer = section("outer", "Outer", None, Prose("one"), None, inner, Prose("two"))
    assert inner == Section("inner", "Inner", ())
    assert outer.blocks == (Prose("one"), inner, Prose("two"))
    assert outer.sections == [inner]


def test_figures_are_found_in_the_order_of_the_page_wherever_they_stand() -> None:
    one, two, three, four, five = (picture(name) for name in ("one", "two", "three", "four", "five"))
    blocks = (
        section("a", "A", one, section("b", "B", Beside((two, Fold("more", (three,)))))),
        Prose("text"),
        Code("code"),
        Explorer({}),
        Table("empty", (), ()),
        Fold("inside", (section("c", "C", four),)),
        five,
    )
    assert list(figures_in(blocks)) == [one, two, three, four, five]
    assert list(figures_in(())) == []


def test_a_figure_can_stand_in_the_page_itself() -> None:
    kind, _, content = picture("one").picture.wide.data_uri.partition(",")
    assert kind == "data:image/webp;base64"
    assert base64.b64decode(content) == b"RIFF"


def columns(count: int, extra: Sequence[int] = ()) -> Table:
    return tabulate("Many", [Column(f"{k}", "x", number, extra=k in extra) for k in range(count)], [])


def test_a_table_shows_nine_columns_at_first_unless_it_says_which() -> None:
    assert columns(9).extra == (False,) * 9
    assert columns(11).extra == (False,) * 9 + (True,) * 2
    assert columns(11, extra=[1]).extra == (False, True, *[False] * 9)
