"""The report as one self-contained HTML page and its Markdown twin."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from lookalike.reporting.document import (
    Beside,
    Block,
    Code,
    Explorer,
    Fold,
    Illustration,
    Prose,
    Section,
    Table,
    count,
    figures_in,
    literal,
    percent,
)

SUBTITLE = "How convolutional networks and vision transformers tell look-alike classes apart."
DEMONSTRATION = (
    "its images are drawn by this project or come with its packages, and its trainings are cut short. No figure here "
    "says anything about the published data sets."
)
EMPHASIS = "*`"  # which captions and notes have as well


@dataclass(frozen=True)
class Report:
    """All that a report says.

    Attributes:
        profile: name of the profile; `demonstration` marks every page as showing nothing about the published data.
        sections: in their order.
        runs: MLflow run ids by variant and seed.
    """

    profile: str
    demonstration: bool
    sections: tuple[Section, ...]
    runs: Mapping[str, Mapping[str, str]]

    @property
    def illustrations(self) -> list[Illustration]:
        """Every figure."""
        return list(figures_in(self.sections))


def to_html(report: Report, pictures: Mapping[str, str] | None = None) -> str:
    """The page, with all that it shows inside; `pictures` are data URIs by the name of the figure, in place of PNGs."""
    return render("index.html", report, pictures)


def render(template: str, report: object, pictures: Mapping[str, str] | None = None) -> str:
    """Fill a template; a name that `report` does not have is an error, not an empty place."""
    smaller = pictures or {}
    environment = Environment(
        loader=PackageLoader("lookalike.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "inline": inline,
        "as_json": as_json,
        "picture": lambda figure: smaller.get(figure.name) or figure.data_uri,
        "count": count,
        "percent": percent,
    }
    environment.globals |= {"subtitle": SUBTITLE, "demonstration": DEMONSTRATION}
    return environment.get_template(template).render(report=report)


def inline(prose: str) -> Markup:
    """A paragraph's text as HTML: **stars** make bold, `ticks` make code, all else is text, see `literal`."""
    html = re.sub(r"\\(&#?\w+;|[^\w\s]|_)", as_entity, str(escape(prose)))
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html)
    return Markup(re.sub(r"`(.+?)`", r"<code>\1</code>", html))


def as_entity(sign: re.Match[str]) -> str:
    """What stands behind a backslash, such that nothing takes it for markup."""
    return sign[1] if len(sign[1]) > 1 else f"&#{ord(sign[1])};"


def as_json(data: Any) -> Markup:
    """Data as JSON that can stand in a script element: nothing in it can end the element."""
    return Markup(json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"))


def to_markdown(report: Report) -> str:
    """The same in Markdown; figures stand beside it in `figures/`. What needs a browser is left out."""
    lines = [f"# Lookalike: {report.profile}", "", SUBTITLE, ""]
    if report.demonstration:
        lines += [f"> **This is a demonstration**: {DEMONSTRATION}", ""]
    return "\n".join(lines + [line for part in report.sections for line in in_markdown(part, 2)])


def in_markdown(block: Block, level: int) -> list[str]:
    """A block as lines, the last of them empty; headings of `level` and below."""
    match block:
        case Section():
            inside = [line for part in block.blocks for line in in_markdown(part, level + 1)]
            return [f"{'#' * level} {literal(block.title)}", "", *inside]
        case Prose():
            return [block.text, ""]
        case Code():
            return ["```", *block.text.splitlines(), "```", ""]
        case Table():
            return table_in_markdown(block)
        case Illustration():
            numbers = [line for table in block.numbers for line in table_in_markdown(table)]
            said = literal(block.caption, but=EMPHASIS)
            return [f"![{literal(block.alt)}](figures/{block.name}.png)", "", said, "", *numbers]
        case Fold() | Beside():
            inside = [line for part in block.blocks for line in in_markdown(part, level)]
            return ([f"**{literal(block.title)}**", ""] if isinstance(block, Fold) else []) + inside
        case Explorer():
            return []


def table_in_markdown(table: Table) -> list[str]:
    """A table under its name; nothing in a cell can end it."""
    rows = [[column.title for column in table.columns], ["---"] * len(table.columns)]
    rows += [[cell.text for cell in row] for row in table.rows]
    lines = ["| " + " | ".join(map(in_cell, row)) + " |" for row in rows]
    return [
        f"*{literal(table.label)}*",
        "",
        *lines,
        "",
        *([literal(table.note, but=EMPHASIS), ""] if table.note else []),
    ]


def in_cell(value: Any) -> str:
    """A text that cannot end its cell."""
    return literal(str(value)).replace("|", "\\|").replace("\n", " ")
