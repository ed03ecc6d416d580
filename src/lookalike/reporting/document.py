"""What a report is made of: sections of paragraphs, tables and figures, whatever they are about.

A study's chapters are functions that turn what a stage found into these; the page and its Markdown twin know nothing
else, so that a new chapter needs no template.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

Json = dict[str, Any]
Form = Callable[[Any], str]  # how a value is written for people
MARKUP = re.compile(  # what Markdown would not show as it is; a `_` within a word and a `<` before a space it does
    r"[][*`~$]|\\(?=[^\w\s]|_)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])"
)


@dataclass(frozen=True)
class Column:
    """One column of a table: its title, where its values stand in a row of JSON ("a.b" is b in a), and their form."""

    title: str
    path: str
    form: Form

    @property
    def heading(self) -> "Heading":
        """What a table says of it."""
        return Heading(self.title, textual=self.form is text)

    def of(self, row: Mapping[str, Any]) -> Any:
        """The column's value in a row; None if a part of the path is None."""
        value: Any = row
        for step in self.path.split("."):
            if value is None:
                return None
            value = value[step]
        return value


@dataclass(frozen=True)
class Heading:
    """The title of a column, and whether it holds words, which stand at the left."""

    title: str
    textual: bool


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, and by what it is sorted (None: unknown, at the end)."""

    text: str
    key: float | str | None


@dataclass(frozen=True)
class Table:
    """A table with a name, its first column naming the rows, and what is to be said under it."""

    kind: ClassVar[str] = "table"
    label: str
    columns: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Illustration:
    """A figure: PNG bytes, the name of its file, a caption that says what to see, and alt text.

    Attributes:
        stage: of the pipeline, which made it, such as "compare@fashion".
        variants: whose trainings it shows.
        numbers: what is drawn, as tables.
    """

    kind: ClassVar[str] = "figure"
    name: str
    png: bytes
    caption: str
    alt: str
    stage: str = ""
    variants: tuple[str, ...] = ()
    numbers: tuple[Table, ...] = ()

    @property
    def data_uri(self) -> str:
        """The picture as text that stands in the page itself."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class Prose:
    """A paragraph, in which **stars** make bold and `ticks` make code; for names see `literal`."""

    kind: ClassVar[str] = "prose"
    text: str


@dataclass(frozen=True)
class Beside:
    """Blocks that stand side by side where there is room."""

    kind: ClassVar[str] = "beside"
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Fold:
    """Blocks that are shown when they are asked for."""

    kind: ClassVar[str] = "fold"
    title: str
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Code:
    """A text shown as it is."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True)
class Explorer:
    """Images to choose from, with what models say of them; `data` is JSON, see `explorer`."""

    kind: ClassVar[str] = "explorer"
    data: Json


@dataclass(frozen=True)
class Section:
    """Blocks under a heading; `anchor` is the heading's address in the page."""

    kind: ClassVar[str] = "section"
    anchor: str
    title: str
    blocks: tuple["Block", ...]

    @property
    def sections(self) -> list["Section"]:
        """The sections right below."""
        return [block for block in self.blocks if isinstance(block, Section)]


Block = Prose | Table | Illustration | Beside | Fold | Code | Explorer | Section


def literal(words: str, *, but: str = "") -> str:
    """Names as part of a paragraph, or words as Markdown: a backslash stands before signs of markup, all `but` some."""
    return MARKUP.sub(lambda sign: sign[0] if sign[0] in but else f"\\{sign[0]}", words)


def section(anchor: str, title: str, *blocks: Block | None) -> Section:
    """A section of those blocks that are there."""
    return Section(anchor, title, tuple(block for block in blocks if block is not None))


def figures_in(blocks: Iterable[Block]) -> Iterator[Illustration]:
    """Every figure, in the order of the page."""
    for block in blocks:
        if isinstance(block, Illustration):
            yield block
        elif isinstance(block, Section | Beside | Fold):
            yield from figures_in(block.blocks)


def tabulate(label: str, columns: Sequence[Column], rows: Iterable[Mapping[str, Any]], note: str = "") -> Table:
    """A table of rows of JSON.

    Raises:
        KeyError: a row lacks a column's value.
    """
    cells = tuple(tuple(cell(column.form, column.of(row)) for column in columns) for row in rows)
    return Table(label, tuple(column.heading for column in columns), cells, note)


def cell(form: Form, value: Any) -> Cell:
    """A value in its form; an estimate is sorted by its value."""
    key = value["value"] if isinstance(value, Mapping) else value
    return Cell(form(value), key if isinstance(key, int | float | str) else None)


def named(rows: Mapping[str, Mapping[str, Any]], name: str = "variant") -> list[Json]:
    """Rows by name as rows that know their name."""
    return [{name: key, **row} for key, row in rows.items()]


def known(form: Form) -> Form:
    """A form of numbers that shows an unknown one as a dash, and a minus as wide as a figure."""
    return lambda value: "–" if value is None else form(value).replace("-", "−")


def estimate(scale: float, digits: int, *, signed: bool = False) -> Form:
    """A form for a figure with its interval, `{"value", "low", "high"}`, in other units."""
    sign = "+" if signed else ""

    def write(figure: Mapping[str, float]) -> str:
        value, low, high = (scale * figure[name] for name in ("value", "low", "high"))
        return f"{value:{sign}z.{digits}f} ({low:{sign}z.{digits}f} to {high:{sign}z.{digits}f})"

    return known(write)


def p_value(p: float) -> str:
    """A p-value; very small ones as a bound."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def text(value: Any) -> str:
    """Words as they are."""
    return "–" if value is None else str(value)


shares = estimate(100, 1)
points = estimate(100, 1, signed=True)
amounts = estimate(1, 2)
fine = estimate(1, 4)
p = known(p_value)
percent = known(lambda share: f"{100 * share:z.2f}")
number = known(lambda value: f"{value:z.3f}")
significant = known(lambda value: f"{value:.3g}")
count = known(lambda value: f"{value:,.0f}")
millions = known(lambda value: f"{value / 1e6:.2f} M")
duration = known(lambda seconds: f"{seconds / 60:.1f} min" if seconds >= 90 else f"{seconds:.0f} s")
