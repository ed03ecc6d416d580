"""Names of classes are text wherever they stand: in figures, on the page, in Markdown and in JSON."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from conftest import ROOT
from markdown_it import MarkdownIt
from matplotlib import rc_context
from matplotlib.figure import Figure
from small_study import make_study, small_params, write_study

from lookalike.artifacts.datasets import Dataset
from lookalike.reporting.assemble import assemble
from lookalike.reporting.comparison import compare_study
from lookalike.reporting.document import literal
from lookalike.reporting.figures.maps import Sheet
from lookalike.reporting.figures.rendering import to_png
from lookalike.reporting.figures.style import style
from lookalike.reporting.report import Report, inline, to_html, to_markdown

NAMES = (
    "cost $5_$",  # no mathematics, and a fault where it is taken for some
    "_x^{2}_ $x$",  # mathematics
    "100 %",
    "<b>bold</b>",
    "R&D &lt; </script>",
    "**stars** `ticks` ~~gone~~",
    "[a](b) a\\|b | \\",
    "שלום (ימין)",
    "👕 chemise à carreaux",
    "very long " * 19 + "very long",  # 199 characters of the 200 that a name may have
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, dataset: Dataset) -> tuple[Report, Path]:
    """The report of the small study with such classes, all its figures drawn, and the folder that it is made from."""
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    params = small_params(renamed(yaml.safe_load(text)))
    root = tmp_path_factory.mktemp("names")
    write_study(root, make_study(dataset, params))
    shutil.rmtree(root / "comparisons" / "fashion")  # whose pictures are made up
    compare_study(params, "fashion", root, root / "comparisons" / "fashion")
    return assemble(params, text, root)[0], root


def renamed(raw: Any) -> Any:
    """The parameters with other names for the classes of Fashion-MNIST, wherever they stand."""
    new = dict(zip(raw["datasets"]["fashion_mnist"]["classes"], NAMES, strict=True))

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: other(one) for key, one in value.items()}
        if isinstance(value, list):
            return [other(one) for one in value]
        return new.get(value, value) if isinstance(value, str) else value

    return other(raw)


class Tables(HTMLParser):
    """The texts of all cells, and those of paragraphs."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.inside = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "b", "a name has become markup"
        if tag in ("td", "th"):
            self.inside = True
            self.cells.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.cells[-1] += data.replace("\u00a0", " ")


def test_every_name_stands_on_the_page_as_it_is(report: tuple[Report, Path]) -> None:
    html = "".join(to_html(report[0]).values())
    assert set(NAMES) <= set(Tables(html).cells)
    (data,) = re.findall(r'<script type="application/json" id="explorer-data">(.*?)</script>', html)
    assert set(NAMES) <= set(strings(json.loads(data)))


def strings(data: Any) -> list[str]:
    """All strings in some JSON."""
    if isinstance(data, dict | list):
        return [text for one in (data.values() if isinstance(data, dict) else data) for text in strings(one)]
    return [data] if isinstance(data, str) else []


def test_markdown_shows_the_cells_of_the_page(report: tuple[Report, Path]) -> None:
    cells = Tables(MarkdownIt().enable("table").render(to_markdown(report[0]))).cells
    assert set(NAMES) <= set(cells)


def test_every_figure_is_drawn(report: tuple[Report, Path]) -> None:
    made_up = ("primer", "photos")  # by stages that did not run
    drawn = {name: one for name, one in report[0].illustrations.items() if not one.stage.startswith(made_up)}
    assert len(drawn) > 20
    assert [name for name, one in drawn.items() if min(one.picture.wide.width, one.picture.wide.height) < 50] == []


def drawn(name: str, scale: str = "linear", **settings: Any) -> bytes:
    """A small figure with a name in its title and at a tick, above a scale."""
    with style(), rc_context(settings):
        figure = Figure(figsize=(3, 2))
        axes = figure.subplots()
        axes.plot([0, 1], [1, 1000])
        axes.set_title(name)
        axes.set_xticks([0, 1], [name, "b"])
        axes.tick_params(axis="y", length=0)  # makes a tick
        axes.set_yscale(scale)
    return to_png(figure)


@pytest.mark.parametrize("scale", ["log", "symlog"])
def test_powers_of_ten_are_drawn_as_mathematics(scale: str) -> None:
    assert drawn("a", scale) == drawn("a", scale, **{"text.parse_math": True})


@pytest.mark.parametrize("name", ["$5_$", "a $x$"])
def test_names_in_figures_are_drawn_as_text(name: str) -> None:
    assert drawn(name) == drawn(name.replace("$", r"\$"), **{"text.parse_math": True})
    sheet = Sheet()
    sheet.paste((0, 20), np.zeros((9, 99, 3), np.uint8))
    sheet.write(50, 19, name)
    (text,) = sheet.figure().axes[0].texts
    assert not text.get_parse_math()


@pytest.mark.parametrize("name", [*NAMES, "a_b", "5 < 6 & 7", "*", "_", "\\", "\\*", "&#36;", "x.jpg: `y`"])
def test_a_name_in_a_paragraph_is_text_in_html_and_in_markdown(name: str) -> None:
    said = f"**One** of {literal(name)} and `two`."
    expected = f"One of {name} and two.".strip()
    for html in (str(inline(said)), MarkdownIt().enable("strikethrough").render(said)):
        found = HTMLText(html)
        assert found.text.strip() == expected
        assert found.tags in (["strong", "code"], ["p", "strong", "code"])


class HTMLText(HTMLParser):
    """The tags and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data
