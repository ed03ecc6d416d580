"""The report as HTML pages, each with all that it shows inside, and their Markdown twin."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lookalike.reporting.address import PAGE
from lookalike.reporting.document import (
    Beside,
    Block,
    BulletList,
    Code,
    Explorer,
    Fold,
    Illustration,
    Matrix,
    Prose,
    Section,
    Table,
    Tooltip,
    figures_in,
    literal,
)
from lookalike.reporting.forms import count, percent

SUBTITLE = "How convolutional networks and vision transformers tell look-alike classes apart."
DEMONSTRATION = (
    "its images are drawn by this project or come with its packages, and its training runs are short. No number here "
    "says anything about the published data sets."
)
EMPHASIS = "*`"  # which captions and notes have as well
LINK = re.compile(r"\[([^\]]+)\]\((https?://[^\s()]+|[\w./-]+(?:#[^\s()]*)?|#[^\s()]*)\)")  # [words](address)
NO_BREAK = "\u00a0"
UNIT = re.compile(  # a space before a unit, or what holds no text
    r"<(script|style|pre|code)\b.*?</\1>|<[^>]*>"
    r"|(?<=±) (?=\d)|(?<=\d) (?=%|(?:percentage|points?|pixels?|px|bits?|ms|s|min|h|[kMGT]i?B?|W|Wh)\b)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Page:
    """One page: the name of its file, its title, and its sections in their order."""

    file: str
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Report:
    """All that a report says.

    Attributes:
        profile: name of the profile; `demonstration` marks every page as showing nothing about the published data.
        pages: the first one is `index.html`, which works alone; then the appendices.
        files: what the pages load on request: path beside the pages -> content.
    """

    profile: str
    demonstration: bool
    pages: tuple[Page, ...]
    files: Mapping[str, bytes]

    @property
    def illustrations(self) -> dict[str, Illustration]:
        """Every figure by its name."""
        return {one.name: one for page in self.pages for one in figures_in(page.sections)}


def to_html(report: Report) -> dict[str, str]:
    """Every page by the name of its file."""
    return {page.file: render("page.html", report=report, page=page) for page in report.pages}


def render(template: str, **content: object) -> str:
    """Fill a template; a name that it is not given is an error, not an empty place. For spaces see `join_units`."""
    environment = Environment(
        loader=PackageLoader("lookalike.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "inline": inline,
        "as_json": as_script_json,
        "tooltips": tooltips_as_json,
        "count": count,
        "percent": percent,
    }
    environment.globals |= {"subtitle": SUBTITLE, "demonstration": DEMONSTRATION, "first_page": PAGE}
    return join_units(environment.get_template(template).render(**content))


def join_units(html: str) -> str:
    """HTML in which no line ends between a number and its unit; tags, scripts, styles and code stay as they are."""
    return UNIT.sub(lambda found: NO_BREAK if found[0] == " " else found[0], html)


def tooltips_as_json(found: tuple[Tooltip, ...], wide: tuple[Tooltip, ...] = ()) -> str:
    """Spots of a chart as JSON: rows of left, top and text, without texts that the `wide` chart has in the same row."""
    known = [one.text for one in wide]
    rows = ([one.left, one.top, one.text][: 2 if known[k : k + 1] == [one.text] else 3] for k, one in enumerate(found))
    return json.dumps([*rows], ensure_ascii=False, separators=(",", ":"))


def inline(prose: str) -> Markup:
    """A paragraph's text as HTML: **stars** make bold, `ticks` code, `[words](address)` links; all else is text, see
    `literal`."""
    html = re.sub(r"\\(&#?\w+;|[^\w\s]|_)", as_entity, str(escape(prose)))
    html = LINK.sub(r'<a href="\2">\1</a>', html)
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", html))


def as_entity(sign: re.Match[str]) -> str:
    """What stands behind a backslash, such that nothing takes it for markup."""
    return sign[1] if len(sign[1]) > 1 else f"&#{ord(sign[1])};"


def as_script_json(data: Any) -> Markup:
    """Data as JSON that can stand in a script element: nothing in it can end the element."""
    return Markup(json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"))


def to_markdown(report: Report) -> str:
    """All pages in Markdown; figures lie next to it in `figures/`. What needs a browser is left out."""
    lines = [f"# Lookalike: {report.profile}", "", SUBTITLE, ""]
    if report.demonstration:
        lines += [f"> **This is a demonstration**: {DEMONSTRATION}", ""]
    for page in report.pages:
        first = page.file == PAGE  # it stands under the report's title
        lines += [] if first else [f"## {literal(page.title)}", ""]
        lines += [line for part in page.sections for line in in_markdown(part, 2 if first else 3)]
    return "\n".join(lines)


def in_markdown(block: Block, level: int) -> list[str]:
    """A block as lines, the last of them empty; headings of `level` and below."""
    match block:
        case Section():
            said = [f"**{literal(block.opening)}**", ""] if block.opening else []
            inside = [line for part in block.blocks for line in in_markdown(part, level + 1)]
            return [f"{'#' * min(level, 6)} {literal(block.title)}", "", *said, *inside]
        case Prose():
            return [block.text, ""]
        case BulletList():
            return [*(f"- {one}" for one in block.sentences), ""]
        case Code():
            return ["```", *block.text.splitlines(), "```", ""]
        case Table():
            return table_in_markdown(block)
        case Matrix():
            rows = [[name, *row] for name, row in zip(block.names, block.counts, strict=True)]
            return [literal(block.finding), "", *rows_in_markdown(block.label, [block.corner, *block.names], rows)]
        case Illustration():
            return figure_in_markdown(block)
        case Fold() | Beside():
            inside = [line for part in block.blocks for line in in_markdown(part, level)]
            return ([f"**{literal(block.title)}**", ""] if isinstance(block, Fold) else []) + inside
        case Explorer():
            return []


def figure_in_markdown(figure: Illustration) -> list[str]:
    """A figure between its finding and how to read it, and its numbers."""
    words = figure.words
    below = literal(" ".join(part for part in (words.how, words.method) if part), but=EMPHASIS)
    numbers = [line for table in figure.numbers for line in table_in_markdown(table)]
    picture = f"![{literal(words.alt)}](figures/{figure.name}.webp)"
    return [literal(words.finding), "", picture, "", below, "", *numbers]


def table_in_markdown(table: Table) -> list[str]:
    """A table under its name; nothing in a cell can end it."""
    rows = [[cell.text for cell in row] for row in table.rows]
    note = [literal(table.note, but=EMPHASIS), ""] if table.note else []
    return [*rows_in_markdown(table.label, [column.title for column in table.columns], rows), *note]


def rows_in_markdown(label: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Rows below their head and a label; no text in a cell can end it."""
    cells = [[literal(str(one)).replace("|", "\\|").replace("\n", " ") for one in row] for row in (head, *rows)]
    cells.insert(1, ["---"] * len(head))
    return [f"*{literal(label)}*", "", *(f"| {' | '.join(row)} |" for row in cells), ""]
