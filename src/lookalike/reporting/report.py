"""The report: what the stages found, as one self-contained HTML page and its Markdown twin."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from lookalike.claims.claim import Tested
from lookalike.reporting.leaderboard import Standing


@dataclass(frozen=True)
class Illustration:
    """A figure in the report: PNG bytes, the name of its file, a caption that says what to see, and alt text."""

    name: str
    png: bytes
    caption: str
    alt: str

    @property
    def data_uri(self) -> str:
        """The picture as text that stands in the page itself."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


@dataclass(frozen=True)
class VariantSection:
    """One variant's figures by name, and its scores by class (precision, recall, f1, support) for the first seed."""

    name: str
    pictures: dict[str, Illustration]
    classes: list[dict[str, Any]]


@dataclass(frozen=True)
class Chapter:
    """What a study found on one subject: the tables' content (JSON), and figures by name."""

    found: dict[str, Any]
    pictures: dict[str, Illustration]


@dataclass(frozen=True)
class StudySection:
    """One study: its claims, standings, curves, four chapters, and a section for each variant.

    `short` says for each variant whose epochs the profile has cut how many it ran, and of how many; `capped` are those
    whose training images it has capped.
    """

    name: str
    title: str
    claims: list[Tested]
    standings: list[Standing]
    short: dict[str, tuple[int, int]]
    capped: set[str]
    curves: Illustration
    look_alikes: Chapter
    photographs: Chapter
    explanations: Chapter
    embeddings: Chapter
    variants: list[VariantSection]

    @property
    def curtailed(self) -> list[str]:
        """The variants that the profile's budget has cut, in epochs or in images."""
        return [row.variant for row in self.standings if row.variant in self.short or row.variant in self.capped]

    @property
    def illustrations(self) -> list[Illustration]:
        """Every figure."""
        chapters = [self.look_alikes, self.photographs, self.explanations, self.embeddings]
        parts: list[Chapter | VariantSection] = [*chapters, *self.variants]
        return [self.curves, *(picture for part in parts for picture in part.pictures.values())]


@dataclass(frozen=True)
class Report:
    """All that a report says.

    Attributes:
        profile: name of the profile; `demonstration` marks every page as showing nothing about the published data.
        provenance: label -> text, for the table at the end.
        runs: for each trained variant where, when and from which commit (`run.json`), with MLflow run ids.
        parameters: the text of params.yaml.
    """

    profile: str
    demonstration: bool
    studies: list[StudySection]
    provenance: dict[str, str]
    runs: list[dict[str, Any]]
    parameters: str
    data: list[dict[str, Any]] = field(default_factory=list)

    @property
    def illustrations(self) -> list[Illustration]:
        """Every figure."""
        return [picture for study in self.studies for picture in study.illustrations]

    @property
    def claims(self) -> list[Tested]:
        """Every study's claims."""
        return [claim for study in self.studies for claim in study.claims]


def to_html(report: Report) -> str:
    """The page, with all that it shows inside."""
    return render("index.html", report)


def to_markdown(report: Report) -> str:
    """The same in Markdown; figures stand beside it in `figures/`."""
    return render("report.md", report)


def render(template: str, report: object) -> str:
    """Fill a template; a name that `report` does not have is an error, not an empty place."""
    environment = Environment(
        loader=PackageLoader("lookalike.reporting"),
        autoescape=template.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment.get_template(template).render(report=report)


def known(text: Callable[[Any], str]) -> Callable[[Any], str]:
    """A filter that shows an unknown value as a dash."""
    return lambda value: "–" if value is None else text(value)


def estimate(scale: float, digits: int, *, signed: bool = False) -> Callable[[Any], str]:
    """A filter for a figure with its interval, `{"value", "low", "high"}`, in other units."""
    sign = "+" if signed else ""

    def text(figure: dict[str, float]) -> str:
        value, low, high = (scale * figure[name] for name in ("value", "low", "high"))
        return f"{value:{sign}.{digits}f} ({low:{sign}.{digits}f} to {high:{sign}.{digits}f})"

    return known(text)


def p_value(p: float) -> str:
    """A p-value; very small ones as a bound."""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


FILTERS: dict[str, Callable[..., str]] = {
    "cell": known(lambda text: str(text).replace("|", "\\|").replace("\n", " ")),  # cannot end a cell in Markdown
    "shares": estimate(100, 1),
    "points": estimate(100, 1, signed=True),
    "amounts": estimate(1, 2),
    "fine": estimate(1, 4),
    "p": known(p_value),
    "percent": known(lambda share: f"{100 * share:.2f}"),
    "number": known(lambda value: f"{value:.3f}"),
    "count": known(lambda value: f"{value:,.0f}"),
    "millions": known(lambda value: f"{value / 1e6:.2f} M"),
    "duration": known(lambda seconds: f"{seconds / 60:.1f} min" if seconds >= 90 else f"{seconds:.0f} s"),
}
