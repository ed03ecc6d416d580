"""The page as a parser sees it, and its Markdown twin."""

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError

from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.report import (
    FILTERS,
    Illustration,
    Report,
    StudySection,
    VariantSection,
    to_html,
    to_markdown,
)

HOSTILE = "<b>bold</b> & \"quoted\" 'name'"
VOID = {"meta", "img", "link", "br", "hr", "input"}
STANDING = Standing(
    study="fashion",
    variant="cnn",
    seeds=3,
    diverged=1,
    accuracy=0.91234,
    accuracy_sd=0.00321,
    accuracy_low=0.8876,
    accuracy_high=0.93219,
    top2_accuracy=0.98764,
    nll=0.27182,
    brier=0.13579,
    ece=0.04321,
    calibrated_ece=0.01234,
    temperature=1.61803,
    parameters=88_874,
    macs=5_432_100,
    train_images=48_000,
    epochs=17,
    training_seconds=754.0,
    images_per_second=12_345.6,
)
SHOWN = (
    "91.23 ± 0.32",
    "88.76–93.22",
    "3 (1 diverged)",
    "98.76",
    "0.272",
    "0.136",
    "4.32",
    "1.23",
    "1.618",
    "88,874",
    "5.43 M",
    "48,000",
    "17",
    "12.6 min",
    "12,346",
)
UNKNOWN = ("accuracy", "accuracy_sd", "accuracy_low", "accuracy_high", "top2_accuracy", "nll", "brier", "ece")


class Page(HTMLParser):
    """Tags with their attributes, texts by the tag they stand in; complains of tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
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
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def text_of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def picture(name: str) -> Illustration:
    return Illustration(name, f"png of {name}".encode(), f"Caption of {name}", f"Alt of {name}")


@pytest.fixture
def report() -> Report:
    """A study with one variant that was evaluated and one whose every seed diverged."""
    classes = [{"class": "cat", "precision": 0.123, "recall": 0.456, "f1": 0.789, "support": 77}]
    section = VariantSection(
        "cnn", [picture(f"cnn-{name}") for name in ("samples", "confusion", "reliability")], classes
    )
    diverged = replace(STANDING, variant="hot", seeds=0, **dict.fromkeys((*UNKNOWN, "calibrated_ece", "temperature")))
    run = {
        "variant": "cnn",
        "fingerprint": "0123456789abcdef",
        "commit": "c0ffee" * 6 + "c0ff",
        "dirty": True,
        "finished": "2026-01-02T03:04:05+00:00",
        "host": "here",
        "device": {"name": "a CPU", "threads": 2},
        "mlflow": {"0": "feedbeef0123"},
    }
    return Report(
        profile="demo",
        demonstration=True,
        studies=[StudySection("fashion", "Look-alikes", [STANDING, diverged], picture("fashion-curves"), [section])],
        provenance={"rendered": "2026-01-02", "MLflow": "local store"},
        runs=[run, run | {"variant": "hot", "dirty": False, "mlflow": {}}],
        parameters="profile: demo\n",
        data=[{"name": "fashion_mnist", "about": "garments", "licence": "MIT", "digest": "ab" * 32}],
    )


def test_the_page_is_whole_and_says_what_it_is(report: Report) -> None:
    html = to_html(report)
    page = Page(html)
    assert html.lstrip().lower().startswith("<!doctype html>")
    assert page.all("html") == [{"lang": "en"}]
    assert page.text_of("title") == ["Lookalike: demo"]
    assert {"charset": "utf-8"} in page.all("meta")
    assert len(page.all("h1")) == 1
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"] for attributes in page.all("a")]
    assert set(targets) == {f"#{name}" for name in ids}


def test_every_picture_is_in_the_page_with_words_for_it(report: Report) -> None:
    page = Page(to_html(report))
    pictures = report.illustrations
    assert pictures[0].name == "fashion-curves"
    assert len(pictures) == 4
    for image, picture in zip(page.all("img"), pictures, strict=True):
        assert image["alt"] == picture.alt
        kind, _, content = (image["src"] or "").partition(",")
        assert (kind, base64.b64decode(content)) == ("data:image/png;base64", picture.png)
    assert page.text_of("figcaption") == [picture.caption for picture in pictures]


def test_the_page_asks_the_network_for_nothing(report: Report) -> None:
    html = to_html(report)
    page = Page(html)
    assert not {"link", "script", "iframe", "object", "embed", "base", "video", "audio"} & {tag for tag, _ in page.tags}
    loaded = [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "srcset")]
    assert all(value and value.startswith("data:") for value in loaded)
    assert not re.search(r"url\(|@import|http-equiv", html)


@pytest.mark.parametrize("demonstration", [True, False])
def test_a_demonstration_says_so_and_nothing_else_does(report: Report, demonstration: bool) -> None:
    report = replace(report, demonstration=demonstration)
    page = Page(to_html(report))
    notes = [attributes for attributes in page.all("p") if attributes.get("role") == "note"]
    assert len(notes) == int(demonstration)
    assert any("This is a demonstration" in text for text in page.text_of("p")) == demonstration
    assert ("This is a demonstration" in to_markdown(report)) == demonstration


def test_page_and_markdown_have_the_same_leaderboard(report: Report) -> None:
    html = [row for table in to_html(report).split("<tbody>")[1:3] for row in cells_of(table)]
    lines = [line for line in to_markdown(report).splitlines() if line.startswith(("| cnn |", "| hot |"))][:4]
    markdown = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert html == markdown
    accuracy, cost = SHOWN[:9], SHOWN[9:]
    unknown = ["–", "–", "0 (1 diverged)", *["–"] * 6]
    assert html == [["cnn", *accuracy], ["hot", *unknown], ["cnn", *cost], ["hot", *cost]]
    header = re.findall(r'<th scope="col">', to_html(report).split("<tbody>")[0])
    assert len(header) == len(html[0])


def cells_of(table: str) -> list[list[str]]:
    """The cells of each row of an HTML table's body."""
    rows = table.split("</tbody>")[0].split("</tr>")[:-1]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_scores_and_origin_are_there(report: Report) -> None:
    page, markdown = Page(to_html(report)), to_markdown(report)
    assert "| cat | 12.30 | 45.60 | 78.90 | 77 |" in markdown
    assert {"12.30", "45.60", "78.90", "77"} <= set(page.text_of("td"))
    assert page.text_of("pre") == ["profile: demo"]
    commits = ["c0ffeec0ff", "c0ffeec0ff"]
    codes = page.text_of("code")
    assert codes == ["ab" * 32, "0123456789abcdef", commits[0], "feedbeef", "0123456789abcdef", commits[1]]
    assert page.text_of("td").count("+ changes") == markdown.count("+ changes") == 1
    for text in ("garments", "MIT", "local store", "2026-01-02T03:04:05", "here", "a CPU"):
        assert text in page.text_of("td")
        assert text in markdown


def test_markdown_shows_the_files_of_the_figures(report: Report) -> None:
    found = re.findall(r"!\[(.*?)\]\((.*?)\)", to_markdown(report))
    assert found == [(picture.alt, f"figures/{picture.name}.png") for picture in report.illustrations]


def test_names_are_text_and_never_markup(report: Report) -> None:
    study, section = report.studies[0], report.studies[0].variants[0]
    images = [replace(picture, alt=HOSTILE, caption=HOSTILE) for picture in section.illustrations]
    section = VariantSection(HOSTILE, images, [section.classes[0] | {"class": HOSTILE}])
    report = replace(
        report,
        profile=HOSTILE,
        studies=[replace(study, title=HOSTILE, standings=[replace(STANDING, variant=HOSTILE)], variants=[section])],
        provenance={HOSTILE: HOSTILE},
        runs=[report.runs[0] | {"variant": HOSTILE, "host": HOSTILE}],
        parameters=HOSTILE,
        data=[report.data[0] | {"about": HOSTILE}],
    )
    page = Page(to_html(report))
    assert page.all("b") == []
    assert {image["alt"] for image in page.all("img")[1:]} == {HOSTILE}
    tags = ("strong", "a", "h2", "h4", "figcaption", "th", "td", "pre")
    assert all(HOSTILE in page.text_of(tag) for tag in tags)
    assert page.text_of("title") == [f"Lookalike: {HOSTILE}"]


@pytest.mark.parametrize("write", [to_html, to_markdown])
@pytest.mark.parametrize("field", ["precision", "support"])
def test_a_missing_class_score_is_an_error(report: Report, write: Any, field: str) -> None:
    del report.studies[0].variants[0].classes[0][field]
    with pytest.raises(UndefinedError, match=field):
        write(report)


@pytest.mark.parametrize("write", [to_html, to_markdown])
@pytest.mark.parametrize("field", ["fingerprint", "host", "device"])
def test_a_missing_origin_is_an_error(report: Report, write: Any, field: str) -> None:
    report = replace(report, runs=[{key: value for key, value in report.runs[0].items() if key != field}])
    with pytest.raises(UndefinedError, match=field):
        write(report)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("percent", 0.98765, "98.77"),
        ("number", 0.0004, "0.000"),
        ("count", 1234567.0, "1,234,567"),
        ("millions", 781_306, "0.78 M"),
        ("duration", 89.4, "89 s"),
        ("duration", 90, "1.5 min"),
        *((name, None, "–") for name in FILTERS),
    ],
)
def test_filters_write_numbers_for_readers(name: str, value: float | None, text: str) -> None:
    assert FILTERS[name](value) == text
