"""The page as a parser sees it, and its Markdown twin."""

import base64
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from typing import Any

import pytest
from blocks import walk
from jinja2 import UndefinedError

from lookalike.reporting.document import (
    Beside,
    Block,
    Code,
    Column,
    Explorer,
    Fold,
    Heading,
    Illustration,
    Prose,
    Section,
    Table,
    count,
    percent,
    section,
    tabulate,
    text,
)
from lookalike.reporting.report import Report, as_json, inline, render, to_html, to_markdown

HOSTILE = "<b>bold</b> & \"quoted\" 'name'"
VOID = {"meta", "img", "link", "br", "hr", "input"}
Attributes = dict[str, str | None]
NUMBERS = (Column("name", "name", text), Column("images", "images", count), Column("share, %", "share", percent))
RUNS = {"cnn": {"0": "feedbeef", "1": "cafe"}, "vit": {"0": "f00d"}, "elsewhere": {"0": "dead"}}


class Page(HTMLParser):
    """Tags with their attributes, texts with the tags they stand in; complains of tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, Attributes]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((tuple(self.open), " ".join(data.split())))

    def all(self, tag: str) -> list[Attributes]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text_of(self, tag: str) -> list[str]:
        """The texts right below a tag."""
        return [text for path, text in self.texts if path and path[-1] == tag]

    def text_in(self, *tags: str) -> list[str]:
        """The texts somewhere below all these tags."""
        return [text for path, text in self.texts if set(tags) <= set(path)]


def table(label: str, *, note: str = "", name: str = "cnn") -> Table:
    rows = [{"name": name, "images": 1234, "share": 0.25}, {"name": "hot", "images": None, "share": None}]
    return tabulate(label, NUMBERS, rows, note)


def picture(name: str, **more: Any) -> Illustration:
    numbers = (table(f"Numbers of {name}"),)
    known: dict[str, Any] = {"stage": "evaluate@fashion", "variants": ("cnn",), "numbers": numbers} | more
    return Illustration(name, f"png of {name}".encode(), f"Caption of {name}.", f"Alt of {name}", **known)


VERDICTS = tabulate(
    "Claims and verdicts",
    (Column("claim", "claim", text), Column("here", "here", text), Column("verdict", "verdict", text)),
    [{"claim": "F1", "here": "1.0", "verdict": "reproduced"}, {"claim": "F2", "here": None, "verdict": "not run"}],
    "Beware of chance.",
)


@pytest.fixture
def report() -> Report:
    """Every kind of block, also inside others."""
    sections = (
        section("claims", "Claims", Prose("Of 2 claims: **1 reproduced** by `this`."), VERDICTS),
        section("explorer", "Explorer", Explorer({"studies": [], "name": "cnn"})),
        section(
            "study",
            "Look-alikes",
            section(
                "training",
                "Training",
                picture("curves", stage="report", variants=("cnn", "new", "vit")),
                section("deeper", "Deeper", table("Deep table")),
            ),
            section("each", "Each", Beside((picture("one"), picture("two", variants=("new",))))),
            Fold("More of it", (picture("three", variants=()), table("Folded"))),
        ),
        section("provenance", "Provenance", Fold("Parameters", (Code("profile: demo\nindented:\n  a: 1"),))),
    )
    return Report("demo", True, sections, RUNS)


# the page


def test_the_page_is_whole_and_says_what_it_is(report: Report) -> None:
    html = to_html(report)
    page = Page(html)
    assert html.lstrip().lower().startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en"}]
    assert page.text_of("title") == ["Lookalike: demo"]
    assert {"charset": "utf-8"} in page.all("meta")
    assert len(page.all("h1")) == len(page.all("main")) == 1


def test_no_address_in_the_page_stands_for_two_places(report: Report) -> None:
    ids = [attributes["id"] for _, attributes in Page(to_html(report)).tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {"claims", "study", "training", "deeper", "provenance"} < set(ids)


def test_the_contents_name_two_levels_of_sections_and_lead_to_them(report: Report) -> None:
    page = Page(to_html(report))
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [str(attributes["href"]) for attributes in page.all("a")]
    assert {link.removeprefix("#") for link in links} <= ids
    assert links[1:] == ["#claims", "#explorer", "#study", "#training", "#each", "#provenance"]
    contents = ["Claims", "Explorer", "Look-alikes", "Training", "Each", "Provenance"]
    assert page.text_in("nav", "a") == contents


def test_a_section_is_named_by_its_heading(report: Report) -> None:
    page = Page(to_html(report))
    names = {attributes["id"]: attributes["aria-labelledby"] for attributes in page.all("section")}
    headings = {attributes.get("id") for tag, attributes in page.tags if re.fullmatch("h[1-6]", tag)}
    assert names == {anchor: f"{anchor}-title" for anchor in names}
    assert set(names.values()) <= headings


@pytest.mark.parametrize("kind", ["html", "markdown"])
def test_headings_leave_out_no_level(report: Report, kind: str) -> None:
    if kind == "html":
        levels = [int(tag[1]) for tag, _ in Page(to_html(report)).tags if re.fullmatch("h[1-6]", tag)]
    else:
        levels = [len(found) for found in re.findall("^(#+) ", to_markdown(report), re.MULTILINE)]
    assert levels[0] == 1
    assert max(levels) == 4
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("demonstration", [True, False])
def test_a_demonstration_says_so_and_nothing_else_does(report: Report, demonstration: bool) -> None:
    report = replace(report, demonstration=demonstration)
    page = Page(to_html(report))
    notes = [attributes for attributes in page.all("p") if attributes.get("role") == "note"]
    assert len(notes) == int(demonstration)
    assert any("This is a demonstration" in text for text in page.text_in("header")) == demonstration
    assert ("This is a demonstration" in to_markdown(report)) == demonstration


def test_every_figure_is_in_the_page_once_with_words_for_it(report: Report) -> None:
    page = Page(to_html(report))
    figures = report.illustrations
    assert [one.name for one in figures] == ["curves", "one", "two", "three"]
    shown = []
    for image, caption in zip(page.all("img"), page.text_of("figcaption"), strict=True):
        kind, _, content = str(image["src"]).partition(",")
        assert kind == "data:image/png;base64"
        shown.append((image["alt"], base64.b64decode(content), caption))
    assert shown == [(one.alt, one.png, one.caption) for one in figures]


def origins(html: str) -> list[str]:
    """What is folded below each figure, as text."""
    parts = re.findall(r'<details class="origin">(.*?)</details>', html, re.S)
    return [" ".join(re.sub("<[^>]*>", " ", part).split()) for part in parts]


def test_below_each_figure_its_command_its_runs_and_its_numbers_are_folded(report: Report) -> None:
    html = to_html(report)
    whole, one, two, three = origins(html)
    assert ".venv/bin/dvc repro report" in whole
    assert "; MLflow runs: cnn, seed 0 feedbeef , seed 1 cafe ; vit, seed 0 f00d ." in whole
    assert "new" not in whole  # which is in no store
    assert ".venv/bin/dvc repro evaluate@fashion" in one
    assert "seed 1 cafe" in one
    assert "f00d" not in one
    assert "MLflow" not in two + three
    assert "dead" not in html
    for told, name in zip((whole, one, two, three), ("curves", "one", "two", "three"), strict=True):
        assert f"Numbers of {name}" in told
        assert "cnn 1,234 25.00 hot – –" in told
    assert Page(html).all("details").count({"class": "origin"}) == 4  # none of them open
    commands = [text for text in Page(html).text_in("details", "code") if "dvc" in text]
    assert commands == [f".venv/bin/dvc repro {stage}" for stage in ("report", *["evaluate@fashion"] * 3)]


def test_every_table_has_header_cells_and_a_name(report: Report) -> None:
    found = re.split(r'<div class="table"', to_html(report))[1:]
    labels = [re.findall(r'aria-label="([^"]*)"', part)[0] for part in found]
    numbers = [f"Numbers of {name}" for name in ("curves", "one", "two", "three")]
    assert sorted(labels) == sorted(["Claims and verdicts", "Deep table", "Folded", *numbers])
    for part, label in zip(found, labels, strict=True):
        head, _, body = part.split("</table>")[0].partition("<tbody>")
        assert f"<caption>{label}</caption>" in head
        assert len(re.findall(r'<th scope="col"', head)) == len(re.findall("<t[hd] ", head)) == 3
        for row in body.split("</tr>")[:-1]:
            cells = re.findall(r"<(t[hd])\b([^>]*)>", row)
            assert [name for name, _ in cells] == ["th", "td", "td"]
            assert 'scope="row"' in cells[0][1]


def test_numbers_are_sorted_by_what_they_stand_for_and_unknown_ones_by_nothing(report: Report) -> None:
    page = Page(to_html(replace(report, sections=(section("one", "One", table("Only")),))))
    assert [row.get("data-key") for row in page.all("td")] == ["1234", "0.25", "", ""]
    assert page.text_of("td") == ["1,234", "25.00", "–", "–"]
    assert [row for row in page.all("th") if row["scope"] == "row"] == [{"scope": "row"}] * 2  # words sort themselves


def test_words_stand_at_the_left_and_verdicts_are_marked(report: Report) -> None:
    page = Page(to_html(report))
    verdicts = [attributes for attributes in page.all("span") if "verdict" in str(attributes.get("class"))]
    assert verdicts == [{"class": "verdict reproduced"}, {"class": "verdict not-run"}]
    assert page.text_in("table", "span") == ["reproduced", "not run"]
    columns = [attributes.get("class") for attributes in page.all("th") if attributes["scope"] == "col"]
    assert columns[:3] == ["word", "word", "word"]
    unknown = [attributes for attributes in page.all("td") if attributes.get("data-key") == ""]
    assert {"class": "word", "data-key": ""} in unknown  # a word that is not known
    assert "Beware of chance." in page.text_of("p")


def test_prose_has_bold_and_code_and_parameters_stand_as_they_are(report: Report) -> None:
    page = Page(to_html(report))
    assert "1 reproduced" in page.text_of("strong")
    assert "this" in page.text_of("code")
    assert '<pre tabindex="0">profile: demo\nindented:\n  a: 1</pre>' in to_html(report)


def test_the_page_asks_the_network_for_nothing(report: Report) -> None:
    html = to_html(report)
    page = Page(html)
    assert not {"link", "iframe", "object", "embed", "base", "video", "audio"} & {tag for tag, _ in page.tags}
    loaded = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "srcset")]
    assert loaded
    assert all(value and value.startswith("data:") for value in loaded)
    assert all(str(attributes["href"]).startswith("#") for attributes in page.all("a"))
    assert not re.search(r"url\(|@import|https?:|\bfetch\(|XMLHttpRequest|WebSocket|import\(|sendBeacon", html)


def test_the_page_forbids_itself_the_network(report: Report) -> None:
    page = Page(to_html(report))
    (policy,) = [each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(maxsplit=1) for rule in str(policy).split("; "))
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",
        "script-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    tags = [tag for tag, _ in page.tags]
    assert tags.index("meta") < tags.index("style")


def test_the_explorer_has_its_data_in_the_page_and_says_that_it_needs_scripts(report: Report) -> None:
    html = to_html(report)
    page = Page(html)
    assert [each.get("type") for each in page.all("script")] == ["application/json", None]
    (data,) = re.findall(r'<script type="application/json" id="explorer-data">(.*?)</script>', html, re.S)
    assert json.loads(data) == {"studies": [], "name": "cnn"}
    assert len(page.text_in("noscript")) == 1
    labelled = [attributes.get("aria-label") for attributes in page.all("form")]
    assert labelled == ["What to look at"]


def test_what_a_script_asks_for_is_in_the_page(report: Report) -> None:
    html = to_html(report)
    page = Page(html)
    script = page.text_in("script")[-1]
    controls = {str(each["name"]) for tag, each in page.tags if tag == "select"}
    asked = set(re.findall(r'(?:control|wanted)\("([a-z]+)"\)', script))
    assert asked | {"first", "second"} == controls
    ids = {each["id"] for _, each in page.tags if "id" in each}
    assert set(re.findall(r'getElementById\("([^"]+)"\)', script)) <= ids


def test_without_an_explorer_there_is_none(report: Report) -> None:
    sections = tuple(part for part in report.sections if part.anchor != "explorer")
    page = Page(to_html(replace(report, sections=sections)))
    assert len(page.all("script")) == 1
    assert page.all("form") == []


# names are text


def renamed(value: Any, prefix: str) -> Any:
    """Any part of a report with `prefix` before all texts that are not addresses or the project's own words."""
    if isinstance(value, str):
        return prefix + value
    if isinstance(value, tuple | list):
        return type(value)(renamed(one, prefix) for one in value)
    if isinstance(value, dict):
        return {renamed(key, prefix): renamed(one, prefix) for key, one in value.items()}
    if isinstance(value, Prose):
        return Prose(f"{prefix} then **{prefix}** and `{prefix}`")
    if isinstance(value, Heading):
        return replace(value, title=value.title if value.title == "verdict" else prefix + value.title)
    if is_dataclass(value) and not isinstance(value, type):
        fixed = {"anchor", "name", "png", "key", "stage"}
        names = [field.name for field in fields(value) if field.name not in fixed]
        return replace(value, **{name: renamed(getattr(value, name), prefix) for name in names})
    return value


def tamed(attributes: Attributes) -> dict[str, str]:
    return {name: (value or "").replace(HOSTILE, "x") for name, value in attributes.items()}


def test_names_are_text_and_never_markup(report: Report) -> None:
    hostile, tame = (Page(to_html(renamed(report, prefix))) for prefix in (HOSTILE, "x"))
    assert hostile.all("b") == []
    known = [(path, text) for path, text in hostile.texts if "script" not in path and "span" not in path]
    assert sum(text.count(HOSTILE) for _, text in known) > 60
    assert {path[-1] for path, text in known if HOSTILE in text} >= {
        *("title", "a", "strong", "code", "h2", "h3", "h4", "p", "summary", "pre", "caption", "th", "td", "figcaption")
    }
    assert [(path, text.replace(HOSTILE, "x")) for path, text in known] == [
        (path, text) for path, text in tame.texts if "script" not in path and "span" not in path
    ]
    plain = [(tag, tamed(attributes)) for tag, attributes in hostile.tags if tag != "span"]
    assert plain == [(tag, tamed(attributes)) for tag, attributes in tame.tags if tag != "span"]


def test_a_verdict_is_text_too(report: Report) -> None:
    hostile = Page(to_html(renamed(report, HOSTILE)))
    marked = [text for path, text in hostile.texts if path[-1] == "span"]
    assert marked == [f"{HOSTILE}reproduced", f"{HOSTILE}not run"]


@pytest.mark.parametrize("name", ["</script><b>", "<!--<script>", "<SCRIPT>", "]]>", "\u2028</ScRiPt >"])
def test_nothing_in_the_explorers_data_can_end_its_script(report: Report, name: str) -> None:
    data = {name: [name, {"inner": name}]}
    written = str(as_json(data))
    assert "<" not in written
    assert json.loads(written) == data
    page = Page(to_html(replace(report, sections=(section("explorer", "Explorer", Explorer(data)),))))
    assert page.all("b") == []
    assert [each.get("type") for each in page.all("script")] == ["application/json", None]
    (_, text), *_ = [(path, text) for path, text in page.texts if path[-1] == "script"]
    assert json.loads(text) == data


def test_numbers_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        as_json({"share": float("nan")})


@pytest.mark.parametrize(
    ("prose", "html"),
    [
        ("plain", "plain"),
        ("**bold** and `code` and **more**", "<strong>bold</strong> and <code>code</code> and <strong>more</strong>"),
        ("**<b>**", "<strong>&lt;b&gt;</strong>"),
        ("`<i>` & 'x'", "<code>&lt;i&gt;</code> &amp; &#39;x&#39;"),
        ("2 * 3 ** 4", "2 * 3 ** 4"),
        ("a ` b", "a ` b"),
    ],
)
def test_prose_knows_bold_and_code_alone(prose: str, html: str) -> None:
    assert str(inline(prose)) == html


def test_a_template_that_asks_for_what_is_not_there_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("index.html", object())


# its Markdown twin


def markdown_tables(markdown: str) -> list[list[list[str]]]:
    """The cells of every table, header first; asserts that a table has one header and as many cells in each row."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in block.splitlines()]
        assert all(row[0] == row[-1] == "" and len(row) == len(rows[0]) for row in rows), block
        assert {cell.strip("-") for cell in rows[1]} == {""}
        found.append([row[1:-1] for row in (rows[0], *rows[2:])])
    return found


def all_tables(blocks: tuple[Block, ...]) -> Iterator[Table]:
    for block in walk(blocks):
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Illustration):
            yield from block.numbers


def test_markdown_has_the_same_tables(report: Report) -> None:
    expected = [
        [[column.title for column in one.columns], *([cell.text for cell in row] for row in one.rows)]
        for one in all_tables(report.sections)
    ]
    markdown = to_markdown(report)
    assert markdown_tables(markdown) == expected
    assert len(expected) == 7
    labels = re.findall(r"^\*([^*]+)\*$", markdown, re.MULTILINE)
    assert labels == [one.label for one in all_tables(report.sections)]
    assert "\nBeware of chance.\n" in markdown


def test_tables_of_markdown_stand_between_blank_lines(report: Report) -> None:
    lines = to_markdown(report).splitlines()
    edges = [
        (before, after)
        for before, after in itertools.pairwise(lines)
        if before.startswith("|") != after.startswith("|")
    ]
    assert len(edges) == 2 * 7
    assert [edge for edge in edges if "" not in edge] == []


def test_no_text_ends_a_cell_of_markdown() -> None:
    odd = "a | b\nc"
    columns = (Column(odd, "name", text), Column("other", "other", text))
    one = Section("one", "One", (tabulate("Odd", columns, [{"name": odd, "other": "|"}]),))
    (found,) = markdown_tables(to_markdown(Report("demo", False, (one,), {})))
    assert found == [[r"a \| b c", "other"], [r"a \| b c", r"\|"]]


def test_markdown_shows_the_files_of_the_figures_with_their_captions(report: Report) -> None:
    markdown = to_markdown(report)
    found = re.findall(r"!\[(.*?)\]\((.*?)\)\n\n(.*)\n", markdown)
    assert found == [(one.alt, f"figures/{one.name}.png", one.caption) for one in report.illustrations]


def test_markdown_tells_all_but_what_needs_a_browser(report: Report) -> None:
    markdown = to_markdown(report)
    assert markdown.startswith("# Lookalike: demo\n")
    headings = re.findall("^#+ (.*)$", markdown, re.MULTILINE)
    titles = [one.title for one in walk(report.sections) if isinstance(one, Section)]
    assert headings == ["Lookalike: demo", *titles]
    assert "Of 2 claims: **1 reproduced** by `this`." in markdown
    assert "**More of it**" in markdown
    assert "```\nprofile: demo\nindented:\n  a: 1\n```" in markdown
    explorer = markdown.split("## Explorer\n")[1].split("## Look-alikes")[0]
    assert explorer.strip() == ""
    assert "<" not in markdown
