"""What a report is made of: sections of paragraphs, tables and figures, whatever they are about.

A study's chapters are functions that turn what a stage found into these; the pages and their Markdown twin know nothing
else, so that a new chapter needs no template.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lookalike.reporting.figures.parts import TELEPHONE, Part

Json = dict[str, Any]
MOST_COLUMNS = 9  # that a table shows at first
LEADING_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")  # as JavaScript's parseFloat reads it
MARKUP = re.compile(  # what Markdown would not show as it is; a `_` within a word and a `<` before a space it does
    r"[][*`~$]|\\(?=[^\w\s]|_)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])"
)


Better = Literal["", "high", "low"]  # which values of a column are the better ones; "": neither


@dataclass(frozen=True)
class Heading:
    """The title of a column, and whether it holds words, which stand at the left; for the rest see `Column`."""

    title: str
    textual: bool
    better: Better = ""
    extra: bool = False


@dataclass(frozen=True)
class Cell:
    """What stands in a cell, by what it is sorted (None: unknown, at the end), and the address that it links to."""

    text: str
    key: float | str | None
    address: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a name, its first column naming the rows, and what is to be said under it.

    Attributes:
        cards: whether rows become cards where the page is narrow: for tables of sentences.
    """

    label: str
    columns: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    cards: bool = False

    @property
    def extra(self) -> tuple[bool, ...]:
        """Of each column, whether it is shown only on request: those that say so or, if none does, all after the
        ninth."""
        said = tuple(column.extra for column in self.columns)
        return said if any(said) else tuple(k >= MOST_COLUMNS for k in range(len(self.columns)))

    @property
    def sorted_by_text(self) -> tuple[bool, ...]:
        """Of each column, whether the numbers that its texts begin with are in the order of its keys: then the page
        sorts by the texts, and holds no keys."""
        return tuple(texts_in_order([row[k] for row in self.rows]) for k in range(len(self.columns)))


def texts_in_order(cells: Iterable[Cell]) -> bool:
    """Whether the numbers that the texts of cells begin with are in the order of their numeric keys."""
    keys = [(cell.key, cell.text) for cell in cells if isinstance(cell.key, int | float)]
    numbers = [LEADING_NUMBER.match(text.replace("−", "-").replace(",", "")) for _, text in sorted(keys)]
    values = [float(number[0]) for number in numbers if number]
    return len(values) == len(numbers) and values == sorted(values)


@dataclass(frozen=True)
class Tooltip:
    """A point of a chart about which the pointer asks: from the left and the top in percent, and the answer."""

    left: float
    top: float
    text: str


@dataclass(frozen=True)
class RenderedImage:
    """A picture for one width of the page: WebP bytes, its size in CSS pixels, and its spots.

    Attributes:
        parts: what a telephone shows of it, one below the other; none: the whole.
    """

    webp: bytes
    width: int
    height: int
    tooltips: tuple[Tooltip, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def data_uri(self) -> str:
        """The picture as text that stands in the page itself."""
        return data_uri(self.webp)


@dataclass(frozen=True)
class RenderedFigure:
    """A drawn figure: for wide pages, and for pages of a telephone's width (None: there the wide one is shown)."""

    wide: RenderedImage
    narrow: RenderedImage | None = None

    @property
    def scrolls(self) -> bool:
        """Whether it is too wide for a telephone and has nothing that is narrower."""
        return self.narrow is None and not self.wide.parts and self.wide.width > TELEPHONE


@dataclass(frozen=True)
class Words:
    """What is said of a figure.

    Attributes:
        finding: what it shows, one sentence with numbers, written by rule; plain text.
        how: how to read it.
        alt: for those who cannot see it.
        method: how it was made; folded away.
    """

    finding: str
    how: str
    alt: str
    method: str = ""


@dataclass(frozen=True)
class Illustration:
    """A figure.

    Attributes:
        name: its address in the page and the name of its file.
        stage: of the pipeline, which made it, such as "compare@fashion".
        variants: whose training runs it shows.
        numbers: what is drawn, as tables.
        main: whether the report's first page shows it, too.
    """

    name: str
    picture: RenderedFigure
    words: Words
    stage: str = ""
    variants: tuple[str, ...] = ()
    numbers: tuple[Table, ...] = ()
    main: bool = False


@dataclass(frozen=True)
class Matrix:
    """Counts as a table of shaded cells, such as confusions; shade is the share of the row.

    Attributes:
        name: its address in the page.
        corner: what rows and columns are, such as "true class, down; predicted class, across".
        names: K, of rows and columns.
        counts: K rows of K.
        addresses: what each cell links to, like `counts`; empty for no links.
    """

    name: str
    label: str
    finding: str
    corner: str
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    addresses: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Prose:
    """A paragraph, in which **stars** make bold, `ticks` code and `[words](address)` links; for names see `literal`."""

    text: str


@dataclass(frozen=True)
class BulletList:
    """A list of sentences, each as in `Prose`."""

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Beside:
    """Blocks that stand side by side where there is room."""

    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Fold:
    """Blocks that are shown when they are asked for."""

    title: str
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Code:
    """A text shown as it is."""

    text: str


@dataclass(frozen=True)
class Explorer:
    """Images to choose from, with what models say of them; `data` is JSON, see `explorer`."""

    data: Json


@dataclass(frozen=True)
class Section:
    """Blocks under a heading; `anchor` is the heading's address in the page, `finding` what it says in one sentence."""

    anchor: str
    title: str
    blocks: tuple["Block", ...]
    finding: str = ""

    @property
    def opening(self) -> str:
        """The finding, if nothing right below says the same."""
        inside = [block for block in self.blocks if isinstance(block, Illustration | Matrix | Section | Beside)]
        said = {sentence for block in inside for sentence in findings_of(block)}
        return "" if self.finding in said else self.finding

    @property
    def sections(self) -> list["Section"]:
        """The sections right below."""
        return [block for block in self.blocks if isinstance(block, Section)]


Block = Prose | BulletList | Table | Matrix | Illustration | Beside | Fold | Code | Explorer | Section


def findings_of(block: "Block") -> tuple[str, ...]:
    """What a block says first."""
    if isinstance(block, Illustration):
        return (block.words.finding,)
    if isinstance(block, Beside):
        return tuple(one for inner in block.blocks for one in findings_of(inner))
    return (block.finding,) if isinstance(block, Matrix | Section) else ()


def data_uri(content: bytes, kind: str = "webp") -> str:
    """A picture of this kind as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def literal(words: str, *, but: str = "") -> str:
    """Names as part of a paragraph, or words as Markdown: a backslash stands before signs of markup, all `but` some."""
    return MARKUP.sub(lambda sign: sign[0] if sign[0] in but else f"\\{sign[0]}", words)


def section(anchor: str, title: str, *blocks: Block | None, finding: str = "") -> Section:
    """A section of those blocks that are there."""
    return Section(anchor, title, tuple(block for block in blocks if block is not None), finding)


def beside(*blocks: Block | None) -> Beside | None:
    """Those blocks that are there side by side; None without any."""
    there = tuple(block for block in blocks if block is not None)
    return Beside(there) if there else None


def fold(title: str, *blocks: Block | None) -> Fold | None:
    """Those blocks that are there, folded away; None without any."""
    there = tuple(block for block in blocks if block is not None)
    return Fold(title, there) if there else None


def blocks_in(blocks: Iterable[Block]) -> Iterator[Block]:
    """Every block in the order of the page, each before those that it holds."""
    for block in blocks:
        yield block
        if isinstance(block, Section | Beside | Fold):
            yield from blocks_in(block.blocks)


def figures_in(blocks: Iterable[Block]) -> Iterator[Illustration]:
    """Every figure, in the order of the page."""
    return (block for block in blocks_in(blocks) if isinstance(block, Illustration))
