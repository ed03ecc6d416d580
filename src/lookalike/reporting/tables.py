"""Tables of a report from rows, which are JSON or dataclasses: what their columns show, and in which form."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lookalike.evaluation.statistics import Estimate
from lookalike.reporting.document import Better, Cell, Heading, Json, Table
from lookalike.reporting.forms import Form, text


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        path: of its values in a row; "a.b" is the entry or attribute b of a.
        form: how its values are written.
        better: sorting begins with these values.
        extra: whether it is shown only on request.
    """

    title: str
    path: str
    form: Form
    better: Better = ""
    extra: bool = False

    @property
    def heading(self) -> "Heading":
        """The column's head in a table."""
        return Heading(self.title, textual=self.form is text, better=self.better, extra=self.extra)

    def of(self, row: Any) -> Any:
        """The column's value in a row; None if a part of the path is None."""
        for step in self.path.split("."):
            if row is None:
                return None
            row = row[step] if isinstance(row, Mapping) else getattr(row, step)
        return row


def labels(*titles: str) -> tuple[Column, ...]:
    """Columns of words, each with its path as its title."""
    return tuple(Column(title, title, text) for title in titles)


def tabulate(label: str, columns: Sequence[Column], rows: Iterable[Any], note: str = "") -> Table:
    """A table with a row for each of `rows`.

    Raises:
        KeyError, AttributeError: a row lacks a column's value.
    """
    cells = tuple(tuple(cell(column.form, column.of(row)) for column in columns) for row in rows)
    return Table(label, tuple(column.heading for column in columns), cells, note)


def with_links(table: Table, addresses: Iterable[str]) -> Table:
    """The table with an address for the first cell of each row; "" is no link."""
    rows = zip(table.rows, addresses, strict=True)
    return replace(table, rows=tuple((replace(first, address=address), *rest) for (first, *rest), address in rows))


def cell(form: Form, value: Any) -> Cell:
    """A value in its form; an estimate is sorted by its value."""
    if isinstance(value, Estimate):
        value = vars(value)
    key = value["value"] if isinstance(value, Mapping) else value
    return Cell(form(value), key if isinstance(key, int | float | str) else None)


def named_rows(rows: Mapping[str, Any], name: str = "variant") -> list[Json]:
    """Rows of JSON or dataclasses by name as rows of JSON that hold their name."""
    return [{name: key, **(row if isinstance(row, Mapping) else vars(row))} for key, row in rows.items()]
