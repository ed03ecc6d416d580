"""The pages as a parser sees them, and their Markdown twin."""

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
    BulletList,
    Cell,
    Code,
    Explorer,
    Fold,
    Heading,
    Illustration,
    Matrix,
    Prose,
    RenderedFigure,
    RenderedImage,
    Section,
    Table,
    Tooltip,
    Words,
    section,
    texts_in_order,
)
from lookalike.reporting.forms import count, percent, text
from lookalike.reporting.report import (
    Page,
    Report,
    as_script_json,
    inline,
    join_units,
    render,
    to_html,
    to_markdown,
    tooltips_as_json,
)
from lookalike.reporting.tables import Column, tabulate

HOSTILE = "<b>bold</b> & \"quoted\" 'name'"
VOID = {"meta", "img", "link", "br", "hr", "input", "source"}
Attributes = dict[str, str | None]
NUMBERS = (Column("name", "name", text), Column("images", "images", count), Column("share, %", "share", percent))
FILES = {"explorer/cnn.js": b"0"}


class Parsed(HTMLParser):
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
    words = Words(f"Finding of {name}.", f"How to read {name}.", f"Alt of {name}", f"Method of {name}.")
    spots = (Tooltip(12.5, 50.0, f"spot of {name}"),)
    wide = RenderedImage(f"webp of {name}".encode(), 800, 300, spots)
    narrow = RenderedImage(f"narrow webp of {name}".encode(), 380, 600) if name == "curves" else None
    return Illustration(name, RenderedFigure(wide, narrow), words, **known)


VERDICTS = tabulate(
    "Claims and verdicts",
    (Column("claim", "claim", text), Column("here", "here", text), Column("verdict", "verdict", text)),
    [{"claim": "F1", "here": "1.0", "verdict": "reproduced"}, {"claim": "F2", "here": None, "verdict": "not run"}],
    "Beware of chance.",
)


MATRIX = Matrix(
    "confusion",
    "Test images by class",
    "cat is most often taken for dog: 3 of 8.",
    "true class, down",
    ("cat", "dog"),
    ((5, 3), (0, 0)),
    (("index.html#true=0", "index.html#true=1"), ("", "")),
)


@pytest.fixture
def report() -> Report:
    """Every kind of block, also inside others, on a first page and an appendix."""
    first = (
        section(
            "claims", "Claims", Prose("See **1 reproduced** by `this`."), VERDICTS, finding="Of 2 claims: 1 reproduced."
        ),
        section("explorer", "Explorer", Explorer({"studies": [], "name": "cnn"})),
        section("provenance", "Provenance", Fold("Parameters", (Code("profile: demo\nindented:\n  a: 1"),))),
    )
    study = (
        section(
            "study",
            "Look-alikes",
            BulletList(("One [finding](index.html#claims).", "Another.")),
            section(
                "training",
                "Training",
                picture("curves", stage="report", variants=("cnn", "new", "vit")),
                section("deeper", "Deeper", table("Deep table")),
            ),
            section("each", "Each", Beside((picture("one"), picture("two", variants=("new",)))), MATRIX),
            Fold("More of it", (picture("three", variants=()), table("Folded"))),
        ),
    )
    return Report("demo", True, (Page("index.html", "First", first), Page("fashion.html", "Fashion", study)), FILES)


def first(report: Report) -> str:
    return to_html(report)["index.html"]


def appendix(report: Report) -> str:
    return to_html(report)["fashion.html"]


def both(report: Report) -> str:
    """All pages behind each other."""
    return "".join(to_html(report).values())


def with_first(report: Report, *sections: Section) -> Report:
    """The report with other sections on its first page, and no other page."""
    return replace(report, pages=(Page("index.html", "First", sections),))


# the pages


@pytest.mark.parametrize(("file", "title"), [("index.html", "First"), ("fashion.html", "Fashion")])
def test_each_page_is_whole_and_says_what_it_is(report: Report, file: str, title: str) -> None:
    html = to_html(report)[file]
    page = Parsed(html)
    assert html.lstrip().lower().startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en"}]
    assert page.text_of("title") == [f"{title}: Lookalike, demo"]
    assert {"charset": "utf-8"} in page.all("meta")
    assert page.text_of("h1") == [title]
    assert len(page.all("main")) == 1


def test_no_address_in_a_page_stands_for_two_places(report: Report) -> None:
    for html in to_html(report).values():
        ids = [attributes["id"] for _, attributes in Parsed(html).tags if "id" in attributes]
        assert len(ids) == len(set(ids))
    ids = {attributes.get("id") for _, attributes in Parsed(appendix(report)).tags}
    assert {"study", "training", "deeper", "figure-curves", "figure-one", "confusion"} < ids


def test_pages_lead_to_each_other(report: Report) -> None:
    assert {"fashion.html", "index.html"} <= {*links(first(report))}
    current = [each["href"] for each in Parsed(appendix(report)).all("a") if "aria-current" in each]
    assert current == ["fashion.html"]


def links(html: str) -> list[str]:
    return [str(attributes["href"]) for attributes in Parsed(html).all("a")]


def test_the_contents_name_two_levels_of_sections_and_lead_to_them(report: Report) -> None:
    page = Parsed(appendix(report))
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert {link.removeprefix("#") for link in links(appendix(report)) if link.startswith("#")} <= ids
    inside = re.findall(r'<nav class="contents".*?</nav>', appendix(report), re.S)[0]
    assert re.findall(r'<a href="([^"]+)">([^<]+)</a>', inside) == [
        ("#study", "Look-alikes"),
        ("#training", "Training"),
        ("#each", "Each"),
    ]


def test_a_section_is_named_by_its_heading_and_begins_with_its_finding(report: Report) -> None:
    page = Parsed(both(report))
    names = {attributes["id"]: attributes["aria-labelledby"] for attributes in page.all("section")}
    headings = {attributes.get("id") for tag, attributes in page.tags if re.fullmatch("h[1-6]", tag)}
    assert names == {anchor: f"{anchor}-title" for anchor in names}
    assert set(names.values()) <= headings
    assert re.search(r'</h2>\s*<p class="finding">Of 2 claims: 1 reproduced.</p>', first(report))


@pytest.mark.parametrize("kind", ["html", "markdown"])
def test_headings_leave_out_no_level(report: Report, kind: str) -> None:
    if kind == "html":
        levels = [int(tag[1]) for tag, _ in Parsed(appendix(report)).tags if re.fullmatch("h[1-6]", tag)]
    else:
        levels = [len(found) for found in re.findall("^(#+) ", to_markdown(report), re.MULTILINE)]
    assert levels[0] == 1
    assert max(levels) == (4 if kind == "html" else 5)
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("demonstration", [True, False])
def test_a_demonstration_says_so_on_every_page_and_nothing_else_does(report: Report, demonstration: bool) -> None:
    report = replace(report, demonstration=demonstration)
    for html in to_html(report).values():
        notes = [attributes for attributes in Parsed(html).all("p") if attributes.get("role") == "note"]
        assert len(notes) == int(demonstration)
        assert ("This is a demonstration" in html) == demonstration
    assert ("This is a demonstration" in to_markdown(report)) == demonstration


def figure_of(html: str, name: str) -> str:
    """The markup of one figure."""
    return re.findall(rf'<figure id="figure-{name}">(.*?)</figure>', html, re.S)[0]


def test_a_figure_stands_between_its_finding_and_how_to_read_it(report: Report) -> None:
    assert list(report.illustrations) == ["curves", "one", "two", "three"]
    for name, one in report.illustrations.items():
        part = figure_of(appendix(report), name)
        (image,) = Parsed(part).all("img")
        kind, _, content = str(image["src"]).partition(",")
        assert kind == "data:image/webp;base64"
        assert base64.b64decode(content) == one.picture.wide.webp
        assert (image["alt"], image["width"], image["height"]) == (one.words.alt, "800", "300")
        places = [part.index(words) for words in (one.words.finding, "<img", one.words.how, one.words.method)]
        assert places == sorted(places)


def test_a_figure_has_a_view_for_narrow_pages_or_is_scrolled_there(report: Report) -> None:
    (source,) = Parsed(figure_of(appendix(report), "curves")).all("source")
    assert base64.b64decode(str(source["srcset"]).partition(",")[2]) == b"narrow webp of curves"
    assert source["media"] == "(max-width: 40rem)"
    scrolled = Parsed(figure_of(appendix(report), "one"))
    assert scrolled.all("source") == []
    assert [(each.get("tabindex"), each.get("role")) for each in scrolled.all("div")[:1]] == [("0", "region")]


def test_a_wide_picture_stands_in_the_page_once_and_its_parts_are_cut_from_it(report: Report) -> None:
    one = report.illustrations["one"]
    parts = (((0, 0, 300, 9),), ((0, 0, 40, 9), (300, 0, 200, 9)))
    cut = replace(one, picture=RenderedFigure(replace(one.picture.wide, parts=parts)))
    html = render("page.html", report=report, page=Page("a.html", "A", (section("s", "S", cut),)))
    assert html.count(one.picture.wide.data_uri) == 1
    view = Parsed(figure_of(html, "one"))
    assert [each["href"] for each in view.all("use")] == ["#sheet-one"] * 3
    boxes = [each.get("viewbox") for each in view.all("svg")]
    assert boxes == ["0 0 800 300", "0 0 300 9", "0 0 300 9", "0 0 240 9", "0 0 40 9", "300 0 200 9"]
    assert [(each.get("role"), each.get("aria-label")) for each in view.all("div")[:1]] == [("img", one.words.alt)]


def test_a_figures_spots_stand_in_the_page_as_json(report: Report) -> None:
    (view,) = [each for each in Parsed(figure_of(appendix(report), "curves")).all("div") if "data-tooltips" in each]
    assert json.loads(str(view["data-tooltips"])) == [[12.5, 50.0, "spot of curves"]]
    assert "data-narrow-tooltips" not in view


def test_spots_of_a_narrow_chart_share_their_texts_with_the_wide_one() -> None:
    wide = (Tooltip(1, 2, "one"), Tooltip(3, 4, "two"), Tooltip(5, 6, "three"))
    narrow = (Tooltip(7, 8, "one"), Tooltip(9, 10, "another"), Tooltip(11, 12, "three"), Tooltip(13, 14, "four"))
    assert json.loads(tooltips_as_json(narrow, wide)) == [[7, 8], [9, 10, "another"], [11, 12], [13, 14, "four"]]


def origins(html: str) -> list[str]:
    """What is folded below each figure, as text."""
    parts = re.findall(r'<details class="origin">(.*?)</details>', html, re.S)
    return [" ".join(re.sub("<[^>]*>", " ", part).split()) for part in parts]


def test_below_each_figure_its_method_its_command_and_its_numbers_are_folded(report: Report) -> None:
    whole, one, two, three = origins(appendix(report))
    assert ".venv/bin/dvc repro report from cnn, new, vit ." in whole.replace("vit.", "vit .")
    assert ".venv/bin/dvc repro evaluate@fashion from cnn" in one
    assert "from" not in three.partition("Numbers")[0]
    for folded, name in zip((whole, one, two, three), ("curves", "one", "two", "three"), strict=True):
        assert f"Method of {name}." in folded
        assert f"Numbers of {name}" in folded
        assert "cnn 1,234 25.00 hot – –" in folded
    assert Parsed(appendix(report)).all("details").count({"class": "origin"}) == 4  # none of them open


def test_every_table_has_header_cells_and_a_name(report: Report) -> None:
    found = re.split(r'<div class="table"', both(report))[1:]
    labels = [re.findall(r'aria-label="([^"]*)"', part)[0] for part in found]
    numbers = [f"Numbers of {name}" for name in ("curves", "one", "two", "three")]
    assert sorted(labels) == sorted(["Claims and verdicts", "Deep table", "Folded", "Test images by class", *numbers])
    for part, label in zip(found, labels, strict=True):
        head, _, body = part.split("</table>")[0].partition("<tbody>")
        assert f"<caption>{label}</caption>" in head
        assert len(re.findall(r'<th scope="col"', head)) == len(re.findall("<t[hd] ", head)) == 3
        for row in body.split("</tr>")[:-1]:
            cells = re.findall(r"<(t[hd])\b([^>]*)>", row)
            assert [name for name, _ in cells] == ["th", "td", "td"]
            assert 'scope="row"' in cells[0][1]


def test_a_matrix_is_shaded_by_share_of_the_row_and_its_cells_lead_on(report: Report) -> None:
    part = appendix(report).partition('<table class="shaded">')[2].partition("</table>")[0]
    assert re.findall(r"--share: ([\d.]+)", part) == ["0.62", "0.38", "0.00", "0.00"]
    assert re.findall(r'<a href="([^"]+)">(\d)</a>', part) == [("index.html#true=0", "5"), ("index.html#true=1", "3")]


def test_numbers_are_sorted_by_what_they_stand_for_and_unknown_ones_by_nothing(report: Report) -> None:
    page = Parsed(first(with_first(report, section("one", "One", table("Only")))))
    assert [row.get("data-key") for row in page.all("td")] == [None, None, "", ""]  # the texts are in the keys' order
    assert page.text_of("td") == ["1,234", "25.00", "–", "–"]
    assert [row for row in page.all("th") if row["scope"] == "row"] == [{"scope": "row"}] * 2  # words sort themselves


def test_numbers_whose_texts_are_in_another_order_keep_their_keys(report: Report) -> None:
    columns = (
        Column("name", "name", text),
        Column("time", "time", lambda value: "2 h" if value > 60 else f"{value} min"),
    )
    one = tabulate("One", columns, [{"name": "a", "time": 120}, {"name": "b", "time": 15}])
    page = Parsed(first(with_first(report, section("one", "One", one))))
    assert [row.get("data-key") for row in page.all("td")] == ["120", "15"]


@pytest.mark.parametrize(
    ("cells", "in_order"),
    [
        ([("−0.05 (−0.07 to −0.03)", -0.05), ("1,234", 1234), ("0.5", 0.5)], True),
        ([("91.4", 0.914), ("89.2", 0.892)], True),
        ([("2 h", 120), ("15 min", 15)], False),
        ([("many", 3)], False),
        ([("many", "many"), ("–", None)], True),
        ([], True),
    ],
)
def test_texts_are_in_order_if_the_numbers_that_they_begin_with_are(
    cells: list[tuple[str, float | str | None]], in_order: bool
) -> None:
    assert texts_in_order(Cell(words, key) for words, key in cells) is in_order


def test_a_column_says_which_values_are_better_and_whether_it_is_extra(report: Report) -> None:
    columns = (Column("name", "name", text), Column("loss", "loss", count, better="low", extra=True))
    one = tabulate("One", columns, [{"name": "a", "loss": 1}])
    page = Parsed(first(with_first(report, section("one", "One", one))))
    assert [each.get("data-better") for each in page.all("th") if each["scope"] == "col"] == [None, "low"]
    assert [("extra" in str(each["class"])) for each in page.all("td")] == [True]


def test_cells_can_lead_on(report: Report) -> None:
    one = table("One")
    cell = replace(one.rows[0][0], address="fashion.html#training")
    linked = replace(one, rows=((cell, *one.rows[0][1:]),))
    assert "fashion.html#training" in links(first(with_first(report, section("one", "One", linked))))


def test_words_stand_at_the_left_and_verdicts_are_marked(report: Report) -> None:
    page = Parsed(first(report))
    verdicts = [attributes for attributes in page.all("span") if "verdict" in str(attributes.get("class"))]
    assert verdicts == [{"class": "verdict reproduced"}, {"class": "verdict not-run"}]
    assert page.text_in("table", "span") == ["reproduced", "not run"]
    columns = [str(attributes.get("class")).split() for attributes in page.all("th") if attributes["scope"] == "col"]
    assert columns[:3] == [["word"]] * 3
    unknown = [str(each["class"]).split() for each in page.all("td") if each.get("data-key") == ""]
    assert ["word", "short"] in unknown  # a word that is not known
    assert "Beware of chance." in page.text_of("p")


def test_prose_has_bold_and_code_and_parameters_stand_as_they_are(report: Report) -> None:
    page = Parsed(first(report))
    assert "1 reproduced" in page.text_of("strong")
    assert "this" in page.text_of("code")
    assert '<pre tabindex="0">profile: demo\nindented:\n  a: 1</pre>' in first(report)


def test_lists_are_lists_and_their_links_links(report: Report) -> None:
    page = Parsed(appendix(report))
    assert "Another." in page.text_of("li")
    assert "index.html#claims" in links(appendix(report))


def test_a_page_asks_the_network_for_nothing(report: Report) -> None:
    for html in to_html(report).values():
        page = Parsed(html)
        assert not {"link", "iframe", "object", "embed", "base", "video", "audio"} & {tag for tag, _ in page.tags}
        loaded = [
            value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "srcset")
        ]
        assert all(value and value.startswith("data:") for value in loaded)
        assert all(re.match(r"#|(index|fashion)\.html", link) for link in links(html))
        assert not re.search(r"url\(|@import|https?:|\bfetch\(|XMLHttpRequest|WebSocket|import\(|sendBeacon", html)


@pytest.mark.parametrize(("file", "own"), [("index.html", " 'self' file:"), ("fashion.html", "")])
def test_a_page_forbids_itself_the_network(report: Report, file: str, own: str) -> None:
    """The first page may load what lies next to it."""
    page = Parsed(to_html(report)[file])
    (policy,) = [each["content"] for each in page.all("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(maxsplit=1) for rule in str(policy).split("; "))
    assert rules == {
        "default-src": "'none'",
        "img-src": f"data:{own}",
        "style-src": "'unsafe-inline'",
        "script-src": f"'unsafe-inline'{own}",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    tags = [tag for tag, _ in page.tags]
    assert tags.index("meta") < tags.index("style")


def test_an_appendix_has_no_explorer(report: Report) -> None:
    assert len(Parsed(appendix(report)).all("script")) == 2
    assert Parsed(appendix(report)).all("form") == []


def test_the_explorer_has_its_data_in_the_page_and_says_that_it_needs_scripts(report: Report) -> None:
    html = first(report)
    (data,) = re.findall(r'<script type="application/json" id="explorer-data">(.*?)</script>', html, re.S)
    assert json.loads(data) == {"studies": [], "name": "cnn"}
    assert len(Parsed(html).text_in("noscript")) == 1


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
        fixed = {"anchor", "name", "webp", "key", "stage", "file", "address", "addresses", "better", "profile"}
        names = [field.name for field in fields(value) if field.name not in fixed]
        return replace(value, **{name: renamed(getattr(value, name), prefix) for name in names})
    return value


def tamed(attributes: Attributes) -> dict[str, str]:
    """Attributes with tame names, without spots, which are JSON, and the classes that say how long a text is."""
    known = {name: (value or "").replace(HOSTILE, "x") for name, value in attributes.items() if name != "data-tooltips"}
    return {name: re.sub(" (wide|short)", "", value) for name, value in known.items()}


def test_names_are_text_and_never_markup(report: Report) -> None:
    hostile, tame = (Parsed(both(renamed(report, prefix))) for prefix in (HOSTILE, "x"))
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
    hostile = Parsed(both(renamed(report, HOSTILE)))
    marked = hostile.text_in("table", "span")[:2]
    assert marked == [f"{HOSTILE}reproduced", f"{HOSTILE}not run"]


@pytest.mark.parametrize("name", ["</script><b>", "<!--<script>", "<SCRIPT>", "]]>", "\u2028</ScRiPt >"])
def test_nothing_in_the_explorers_data_can_end_its_script(report: Report, name: str) -> None:
    data = {name: [name, {"inner": name}]}
    written = str(as_script_json(data))
    assert "<" not in written
    assert json.loads(written) == data
    page = Parsed(first(with_first(report, section("explorer", "Explorer", Explorer(data)))))
    assert page.all("b") == []
    written = [text for path, text in page.texts if path[-1] == "script"]
    assert json.loads(written[1]) == data


def test_numbers_that_json_does_not_know_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        as_script_json({"share": float("nan")})


@pytest.mark.parametrize(
    ("prose", "html"),
    [
        ("plain", "plain"),
        ("**bold** and `code` and **more**", "<strong>bold</strong> and <code>code</code> and <strong>more</strong>"),
        ("**<b>**", "<strong>&lt;b&gt;</strong>"),
        ("`<i>` & 'x'", "<code>&lt;i&gt;</code> &amp; &#39;x&#39;"),
        ("2 * 3 ** 4", "2 * 3 ** 4"),
        ("a ` b", "a ` b"),
        ("[words](fashion.html#a)", '<a href="fashion.html#a">words</a>'),
        ("[<b>](#a)", '<a href="#a">&lt;b&gt;</a>'),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        ("a [b] (c)", "a [b] (c)"),
    ],
)
def test_prose_knows_bold_code_and_links_alone(prose: str, html: str) -> None:
    assert str(inline(prose)) == html


def test_a_template_that_asks_for_what_is_not_there_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("page.html", report=object(), page=object())


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


def sections(report: Report) -> tuple[Section, ...]:
    return tuple(part for page in report.pages for part in page.sections)


def all_tables(blocks: tuple[Block, ...]) -> Iterator[Table]:
    for block in walk(blocks):
        if isinstance(block, Table):
            yield block
        elif isinstance(block, Illustration):
            yield from block.numbers


def test_markdown_has_the_same_tables(report: Report) -> None:
    expected = [
        [[column.title for column in one.columns], *([cell.text for cell in row] for row in one.rows)]
        for one in all_tables(sections(report))
    ]
    markdown = to_markdown(report)
    found = markdown_tables(markdown)
    confusion = [["true class, down", "cat", "dog"], ["cat", "5", "3"], ["dog", "0", "0"]]
    assert [one for one in found if one != confusion] == expected
    assert found.count(confusion) == 1
    assert len(expected) == 7
    labels = re.findall(r"^\*([^*]+)\*$", markdown, re.MULTILINE)
    assert [one for one in labels if one != MATRIX.label] == [one.label for one in all_tables(sections(report))]
    assert "\nBeware of chance.\n" in markdown


def test_tables_of_markdown_stand_between_blank_lines(report: Report) -> None:
    lines = to_markdown(report).splitlines()
    edges = [
        (before, after)
        for before, after in itertools.pairwise(lines)
        if before.startswith("|") != after.startswith("|")
    ]
    assert len(edges) == 2 * 8 - 1  # the last table ends the text
    assert [edge for edge in edges if "" not in edge] == []


def test_no_text_ends_a_cell_of_markdown() -> None:
    odd = "a | b\nc"
    columns = (Column(odd, "name", text), Column("other", "other", text))
    one = Section("one", "One", (tabulate("Odd", columns, [{"name": odd, "other": "|"}]),))
    (found,) = markdown_tables(to_markdown(Report("demo", False, (Page("index.html", "First", (one,)),), {})))
    assert found == [[r"a \| b c", "other"], [r"a \| b c", r"\|"]]


def test_markdown_shows_the_files_of_the_figures_with_their_captions(report: Report) -> None:
    markdown = to_markdown(report)
    found = re.findall(r"(.*)\n\n!\[(.*?)\]\((.*?)\)\n\n(.*)\n", markdown)
    assert found == [
        (words.finding, words.alt, f"figures/{name}.webp", f"{words.how} {words.method}")
        for name, words in ((name, one.words) for name, one in report.illustrations.items())
    ]


def test_markdown_tells_all_but_what_needs_a_browser(report: Report) -> None:
    markdown = to_markdown(report)
    assert markdown.startswith("# Lookalike: demo\n")
    headings = re.findall("^#+ (.*)$", markdown, re.MULTILINE)
    inner = [[one.title for one in walk(page.sections) if isinstance(one, Section)] for page in report.pages]
    assert headings == ["Lookalike: demo", *inner[0], "Fashion", *inner[1]]
    assert "**Of 2 claims: 1 reproduced.**" in markdown
    assert "See **1 reproduced** by `this`." in markdown
    assert "**More of it**" in markdown
    assert "```\nprofile: demo\nindented:\n  a: 1\n```" in markdown
    explorer = markdown.split("## Explorer\n")[1].split("## Provenance")[0]
    assert explorer.strip() == ""
    assert "<" not in markdown


def test_no_line_ends_between_a_number_and_its_unit() -> None:
    html = '<p title="5 %">20 % of 30 seeds, <b>3.5 ± 0.5 points</b></p><code>9 MB</code><script>8 % 3</script>'
    joined = html.replace("20 %", "20\u00a0%").replace("± 0.5 points", "±\u00a00.5\u00a0points")
    assert join_units(html) == joined
