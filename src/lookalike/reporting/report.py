"""The report: what the stages found, as one self-contained HTML page and its Markdown twin."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

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
    """One variant's figures, and its scores by class (precision, recall, f1, support) for the first seed."""

    name: str
    illustrations: list[Illustration]
    classes: list[dict[str, Any]]


@dataclass(frozen=True)
class StudySection:
    """One study: standings, curves, and a section for each variant."""

    name: str
    title: str
    standings: list[Standing]
    curves: Illustration
    variants: list[VariantSection]


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
        """Every figure, in the order of the page."""
        return [
            picture
            for study in self.studies
            for picture in [study.curves, *(p for section in study.variants for p in section.illustrations)]
        ]


def to_html(report: Report) -> str:
    """The page, with all that it shows inside."""
    return render("index.html", report)


def to_markdown(report: Report) -> str:
    """The same in Markdown; figures stand beside it in `figures/`."""
    return render("report.md", report)


def render(template: str, report: Report) -> str:
    """Fill a template; a name that the report does not have is an error, not an empty place."""
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


FILTERS: dict[str, Callable[..., str]] = {
    "cell": known(lambda text: str(text).replace("|", "\\|").replace("\n", " ")),  # cannot end a cell in Markdown
    "percent": known(lambda share: f"{100 * share:.2f}"),
    "number": known(lambda value: f"{value:.3f}"),
    "count": known(lambda value: f"{value:,.0f}"),
    "millions": known(lambda value: f"{value / 1e6:.2f} M"),
    "duration": known(lambda seconds: f"{seconds / 60:.1f} min" if seconds >= 90 else f"{seconds:.0f} s"),
}
