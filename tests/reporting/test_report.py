"""The page as a parser sees it, and its Markdown twin."""

import base64
import itertools
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from jinja2 import UndefinedError

from lookalike.claims import claim as claims
from lookalike.evaluation.groups import LookAlikeFigures
from lookalike.evaluation.pairs import Comparison
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.report import (
    FILTERS,
    Chapter,
    Illustration,
    Report,
    StudySection,
    VariantSection,
    to_html,
    to_markdown,
)

Json = dict[str, Any]
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
WRONG = ("true_wrong", "look_alikes_wrong", "outside_wrong")
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


def pictures(*names: str) -> dict[str, Illustration]:
    return {name: picture(f"fashion-{name}") for name in names}


def estimate(value: float) -> dict[str, float]:
    return {"value": value, "low": value - 0.1, "high": value + 0.2}


def part(value: float, images: int) -> Json:
    return {"images": images, "accuracy": estimate(value)}


CLAIMS = [
    claims.Tested("F1", "a beats b", "91 against 89 %", "a minus b", 0.25, 0.15, 0.45, "supported"),
    claims.Tested("F2", "b beats a", "two of two", "b minus a", -0.5, -0.6, -0.3, "contradicted"),
    claims.Tested("F3", "a is sure", "single images", "how sure", 0.0123, -0.02, 0.04, "undecided"),
    claims.Tested("F4", "c is sure", "no number", "how sure", None, None, None, "not tested"),
]
FIGURES = {field.name: estimate(k / 100) for k, field in enumerate(fields(LookAlikeFigures), start=20)}
ALIKE = {
    "cnn": FIGURES | {"mistakes": 1234.0},
    "sure": FIGURES | {"mistakes": 0.0, "severity": None, **dict.fromkeys(WRONG)},
}
COMPARED = {field.name: estimate(k / 100) for k, field in enumerate(fields(Comparison), start=40)}
PAIR = COMPARED | {
    "first": "cnn",
    "second": "sure",
    "only_first_right": 4321,
    "only_second_right": 7,
    "mcnemar_p": 0.0000012,
    "same_prediction": 987,
    "divergence": None,
    "error_consistency": None,
}
DUPLICATES = {"images": [3, 57], "near": [91], "accuracy": {"cnn": {"with": 0.5, "without": 0.25}}}
ON_PHOTOS = {
    "all": part(0.51, 8),
    "halves": {"choose": part(0.52, 5), "score": part(0.53, 3)},
    "without_doubtful": {"images": 0, "accuracy": None},
    "group_accuracy": estimate(0.54),
    "predicted": {"Bag": estimate(0.55), "Coat": estimate(0.56)},
    "attributes": {"view": {"front": part(0.57, 6), "": part(0.58, 2), "back": {"images": 0, "accuracy": None}}},
}
SURENESS = {
    "from_test_images": estimate(0.61),
    "right_from_wrong": {"confidence": estimate(0.62), "distance": None},
    "from_none_of_the_classes": {"confidence": None, "distance": estimate(0.63)},
}
PHOTOS = {
    "photographs": 10,
    "labelled": 8,
    "provenance": {"citation": "photographed at home"},
    "refused": [{"file": f"p{k}.jpg", "reason": "too dark"} for k in range(6)],
    "figures": {"cnn": {"plain": ON_PHOTOS, "fitted": ON_PHOTOS}},
    "comparisons": [PAIR | {"recipe": "fitted", "only_first_right": 11}],
    "chosen": {"variant": "cnn", "recipe": "fitted", "choose": part(0.59, 5), "score": part(0.6, 3)},
    "absorption": {"absorber": "Bag"},
    "distance": {"cnn": {"plain": SURENESS | {"from_test_images": None}, "fitted": SURENESS}},
}
OF_PHOTOS = ("accuracy", "classes", "ablation", "distance", "abstention", "absorption")


def method_score(value: float, *, control: bool = False) -> Json:
    over = {f"over_{name}": None if control else estimate(value + k / 100) for k, name in enumerate(CONTROLS, start=1)}
    areas = {"deletion": estimate(value + 0.03), "insertion": estimate(value + 0.04)}
    curves = {"zero": areas, "blur": {name: estimate(area["value"] + 0.02) for name, area in areas.items()}}
    return {"gain": estimate(value), **over, "blank": value / 10, "baselines": curves}


def likeness(value: float) -> Json:
    pairs = ("within_class", "look_alikes", "between_groups", "class_contrast", "group_contrast")
    kinship = {name: estimate(value + k / 100) for k, name in enumerate(pairs)}
    return {
        "maps": kinship | {"class_p": 0.001, "grouping_p": 0.25},
        "over_raw_pixels": {"class_contrast": estimate(value + 0.05)},
        "over_untrained": {"class_contrast": estimate(value + 0.06)},
        "photographs": {"class_contrast": estimate(value + 0.07)},
        "mistakes": {"right_minus_wrong": None},
    }


def clustering(value: float) -> Json:
    scores = ("ari", "ami", "v_measure", "hungarian_accuracy")
    return {
        part: {name: estimate(value + k / 100 + offset) for k, name in enumerate(scores)}
        for part, offset in (("labels", 0), ("groups", 0.05))
    }


CONTROLS = ("random", "centre")
MEASURES = {
    "spearman": "rank correlation",
    "ssim": "structural similarity",
    "top_k_overlap": "overlap of the highest fifth",
}
EXPLAINED = {
    variant: {
        "faithfulness": {
            "images": 50 + k,
            "methods": {
                "rollout": method_score(0.11 + k / 2),
                **{name: method_score(0.21 + k / 2, control=True) for name in CONTROLS},
            },
        },
        "similarity": {name: {"rollout": likeness((m - k) / 10)} for m, name in enumerate(MEASURES)},
    }
    for k, variant in enumerate(("cnn", "sure"))
}
EMBEDDED = {
    "cnn": {
        "images": 1200,
        "trustworthiness": 0.9876,
        "neighbour_preservation": estimate(0.65),
        "chosen": {"components": 12, "covariance": "tied"},
        "clusterings": {"mixture": clustering(0.3), "k_means": clustering(0.4)},
    }
}
CLOSELY = ("maps", "contrast", "heads", "filters-first", "features-first", "filters-last", "features-last", "curves")
TOGETHER = ("faithfulness", "sanity", "similarity", "class-contrast", "photographs")
CLUSTERED = ("map", "clusters", "sweep")


@pytest.fixture
def report() -> Report:
    """A study with two variants that were evaluated and one whose every seed diverged."""
    classes = [{"class": "cat", "precision": 0.123, "recall": 0.456, "f1": 0.789, "support": 77}]
    drawn = {
        variant: {name: picture(f"{variant}-{name}") for name in ("samples", "confusion", "reliability")}
        for variant in ("cnn", "sure")
    }
    del drawn["sure"]["samples"]  # drawn of probes alone
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
    study = StudySection(
        name="fashion",
        title="Look-alikes",
        claims=CLAIMS,
        standings=[STANDING, diverged],
        short={"cnn": (17, 40)},
        capped={"hot"},
        curves=picture("fashion-curves"),
        look_alikes=Chapter(
            {"variants": ALIKE, "pairs": [PAIR], "duplicates": DUPLICATES},
            pictures("errors", "shares", "pairs", "sizes", "cnn--sure-cases", "cnn--sure-divergence"),
        ),
        photographs=Chapter(dict(PHOTOS), pictures(*(f"photo-{name}" for name in OF_PHOTOS), "samples-fitted")),
        explanations=Chapter(EXPLAINED, pictures(*TOGETHER, *(f"cnn-{kind}" for kind in CLOSELY))),
        embeddings=Chapter(EMBEDDED, pictures("agreement", *(f"cnn-{kind}" for kind in CLUSTERED))),
        variants=[VariantSection(name, each, classes) for name, each in drawn.items()],
    )
    return Report(
        profile="demo",
        demonstration=True,
        studies=[study],
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


def test_every_picture_is_in_the_page_once_with_words_for_it(report: Report) -> None:
    page = Page(to_html(report))
    expected = [(picture.alt, picture.png, picture.caption) for picture in report.illustrations]
    assert len(expected) == 19 + len(TOGETHER + CLOSELY) + 1 + len(CLUSTERED)
    shown = []
    for image, caption in zip(page.all("img"), page.text_of("figcaption"), strict=True):
        kind, _, content = (image["src"] or "").partition(",")
        assert kind == "data:image/png;base64"
        shown.append((image["alt"], base64.b64decode(content), caption))
    assert Counter(shown) == Counter(expected)
    assert shown[0] == expected[0]
    assert all(alt and caption for alt, _, caption in shown)


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


def tables(html: str) -> dict[str, list[list[str]]]:
    """The text of every cell of the tables that have a name, header first."""
    found = {}
    for part in html.split('role="region" aria-label="')[1:]:
        name, _, rest = part.partition('"')
        rows = rest.split("</table>")[0].split("</tr>")[:-1]
        found[name] = [[text(cell) for cell in re.findall(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]
    return found


def text(cell: str) -> str:
    return unescape(re.sub("<[^>]*>", "", cell)).strip()


def markdown_tables(markdown: str) -> list[list[list[str]]]:
    """The cells of every table, header first; asserts that a table has one header and as many cells in each row."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", markdown, re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in block.splitlines()]
        assert all(row[0] == row[-1] == "" and len(row) == len(rows[0]) for row in rows), block
        assert {cell.strip("-") for cell in rows[1]} == {""}
        found.append([row[1:-1] for row in (rows[0], *rows[2:])])
    return found


@pytest.mark.parametrize("write", [to_html, to_markdown])
def test_variants_that_a_budget_has_cut_are_named(report: Report, write: Callable[[Report], str]) -> None:
    (study,) = report.studies
    assert study.curtailed == ["cnn", "hot"]  # the one in epochs, the other in images
    assert "by this profile's budget: cnn, hot." in unescape(write(report))
    whole = replace(report, studies=[replace(study, short={}, capped=set())])
    assert "Not trained in full" not in write(whole)


def test_page_and_markdown_have_the_same_leaderboard(report: Report) -> None:
    html = tables(to_html(report))
    board, cost = html["Leaderboard of Look-alikes"], html["Cost of the variants of Look-alikes"]
    in_markdown = markdown_tables(to_markdown(report))
    assert board[1:] in [table[1:] for table in in_markdown]
    assert cost in in_markdown
    unknown = ["–", "–", "0 (1 diverged)", *["–"] * 6]
    assert board[1:] == [["cnn", *SHOWN[:9]], ["hot", *unknown]]
    ran = SHOWN[12]
    assert cost[1:] == [
        ["cnn", *SHOWN[9:12], f"{ran} of 40: cut short", *SHOWN[13:]],
        ["hot", *SHOWN[9:11], f"{SHOWN[11]}: capped", *SHOWN[12:]],
    ]


VERDICTS = [
    ["F1", "a beats b", "91 against 89 %", "a minus b", "+25.0 (+15.0 to +45.0)", "supported"],
    ["F2", "b beats a", "two of two", "b minus a", "-50.0 (-60.0 to -30.0)", "contradicted"],
    ["F3", "a is sure", "single images", "how sure", "+1.2 (-2.0 to +4.0)", "undecided"],
    ["F4", "c is sure", "no number", "how sure", "–", "not tested"],
]


def test_claims_stand_first_with_their_verdicts(report: Report) -> None:
    html, markdown = to_html(report), to_markdown(report)
    assert tables(html)["Claims of Look-alikes"][1:] == VERDICTS
    first, *_ = markdown_tables(markdown)
    assert first[1:] == [[*row[:5], f"**{row[5]}**"] for row in VERDICTS]
    assert report.claims == CLAIMS
    page = Page(html)
    assert page.text_of("h3")[0] == "What the study claimed"
    assert {claim.verdict for claim in CLAIMS} < set(page.text_of("strong"))


def test_a_study_without_claims_says_nothing_of_them(report: Report) -> None:
    report = replace(report, studies=[replace(report.studies[0], claims=[])])
    assert "claimed" not in to_html(report)
    assert "claimed" not in to_markdown(report)


def shares(value: float) -> str:
    return f"{100 * value:.1f} ({100 * (value - 0.1):.1f} to {100 * (value + 0.2):.1f})"


def points(value: float) -> str:
    return f"+{100 * value:.1f} (+{100 * (value - 0.1):.1f} to +{100 * (value + 0.2):.1f})"


def amounts(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f} ({value - 0.1:.{digits}f} to {value + 0.2:.{digits}f})"


def test_look_alikes_are_told_with_their_intervals(report: Report) -> None:
    html, in_markdown = tables(to_html(report)), markdown_tables(to_markdown(report))
    table = html["Look-alike figures of Look-alikes"]
    figure = {name: each["value"] for name, each in FIGURES.items()}
    before = [shares(figure[name]) for name in ("group_accuracy", "confused_within", "confused_across")]
    after = [
        *(amounts(figure[name]) for name in ("shopper_true", "shopper_group")),
        shares(figure["margin"]),
        amounts(figure["entropy"]),
        points(figure["overconfidence"]),
    ]
    assert table[1:] == [
        ["cnn", *before, amounts(figure["severity"]), "1,234", *after],
        ["sure", *before, "–", "0", *after],
    ]
    assert table in in_markdown


def test_where_the_probability_goes_is_told_by_case(report: Report) -> None:
    table = tables(to_html(report))["Probability by kind of class"]
    parts, cases = ("true", "look_alikes", "outside"), ("all", "right", "wrong")
    figures = {f"{name}_{case}": shares(FIGURES[f"{name}_{case}"]["value"]) for case in cases for name in parts}
    assert len(set(figures.values())) == 9
    assert table[0] == ["variant", *(f"{name.replace('_', '-')}, {case}" for case in cases for name in parts)]
    assert table[1:] == [["cnn", *figures.values()], ["sure", *list(figures.values())[:6], "–", "–", "–"]]
    (in_markdown,) = [rows for rows in markdown_tables(to_markdown(report)) if rows[0][1] == "true, right, %"]
    assert [row[1:] for row in in_markdown[1:]] == [row[4:] for row in table[1:]]


def test_pairs_are_told_with_what_is_unknown(report: Report) -> None:
    html, in_markdown = tables(to_html(report)), markdown_tables(to_markdown(report))
    known = {name: COMPARED[name]["value"] for name in COMPARED}
    counts = ["4,321", "7", "< 0.0001", "–", "987", "–"]
    divergence, gap = amounts(known["divergence_calibrated"], 4), shares(known["confidence_gap"])
    row = ["cnn, sure", points(known["accuracy_difference"]), *counts, divergence, gap]
    assert html["Pairs of variants"][1:] == [row]
    assert html["Pairs of variants"] in in_markdown
    on_photographs = ["cnn, sure", "fitted", row[1], "11", "7", "< 0.0001"]
    assert html["Pairs of variants on photographs"][1:] == [[*on_photographs, "–"]]
    assert [on_photographs] in [rows[1:] for rows in in_markdown]


@pytest.mark.parametrize("write", [to_html, to_markdown])
@pytest.mark.parametrize(
    ("images", "near", "said"),
    [
        ([3, 57], [91], ["2 test images stand, ", "; 1 shares the average hash", "cnn 25.00 % (with them 50.00 %)."]),
        ([3], [], ["1 test image stands, ", "; none shares the average hash", "cnn 25.00 % (with them 50.00 %)."]),
        ([], [91, 5], ["No test image stands, ", "; 2 share the average hash", "cnn 25.00 % (with them 50.00 %)."]),
        ([], [], ["No test image stands, ", "; none shares the average hash"]),
    ],
)
def test_images_that_were_trained_on_are_told(
    report: Report, write: Any, images: list[int], near: list[int], said: list[str]
) -> None:
    report.studies[0].look_alikes.found["duplicates"] = DUPLICATES | {"images": images, "near": near}
    text = " ".join(write(report).split())
    assert [part for part in said if part not in text] == []
    assert ("(with them" in text) == bool(images or near)
    if write is to_html:
        for numbers in filter(None, (images, near)):
            assert f"(numbers {', '.join(map(str, numbers))})" in text


def test_photographs_are_told_by_recipe_and_by_what_is_known_of_them(report: Report) -> None:
    html, in_markdown = tables(to_html(report)), markdown_tables(to_markdown(report))
    table = html["Accuracy on photographs"]
    values = [shares(0.51), shares(0.52), shares(0.53), "–", shares(0.54), shares(0.55)]
    assert table[0][-1] == "taken for a Bag, %"
    assert table[1:] == [["cnn", "plain", *values], ["cnn", "fitted", *values]]
    assert table in in_markdown
    by_attribute = [["cnn", "view: front", "6", shares(0.57)], ["cnn", "view: not said", "2", shares(0.58)]]
    assert html["Accuracy by what is known of a photograph"][1:] == by_attribute
    areas = ["cnn", amounts(0.61), amounts(0.62), "–", "–", amounts(0.63)]
    assert html["AUROC on photographs"][1:] == [areas]


@pytest.mark.parametrize("write", [to_html, to_markdown])
def test_the_choice_is_told_with_the_half_that_judges_it(report: Report, write: Any) -> None:
    text = " ".join(re.sub(r"<[^>]*>|\*\*", "", write(report)).split())
    chosen = f"cnn with the recipe fitted, {shares(0.59)} % of 5 there and {shares(0.6)} % of 3 on the other half."
    assert chosen in text
    assert "10 photographs (photographed at home), 8 of them of one of the classes; 6 more were refused" in text


def test_the_page_names_the_first_refused_photographs(report: Report) -> None:
    refused = "(p0.jpg: too dark; p1.jpg: too dark; p2.jpg: too dark; p3.jpg: too dark; p4.jpg: too dark"
    assert f"refused {refused}; all in photos/rejected.csv)." in to_html(report)
    found = report.studies[0].photographs.found
    found["refused"] = found["refused"][:5]
    assert f"refused {refused})." in to_html(report)
    found["refused"] = found["refused"][:1]
    assert "; 1 more was refused (p0.jpg: too dark)." in to_html(report)
    found["refused"] = []
    assert "; none more were refused." in to_html(report)


def test_maps_are_told_with_their_gain_and_the_controls(report: Report) -> None:
    html, in_markdown = tables(to_html(report)), markdown_tables(to_markdown(report))
    table = html["Faithfulness of explanation methods"]
    expected = []
    for variant, images, value in (("cnn", "50", 0.11), ("sure", "51", 0.61)):
        curves = [amounts(value + offset) for offset in (0.03, 0.04, 0.05, 0.06)]
        over = [amounts(value + 0.01), amounts(value + 0.02)]
        expected.append([variant, "rollout", images, amounts(value), *over, f"{10 * value:.2f}", *curves])
        for control in CONTROLS:
            curves = [amounts(value + 0.1 + offset) for offset in (0.03, 0.04, 0.05, 0.06)]
            gain, blank = amounts(value + 0.1), f"{10 * (value + 0.1):.2f}"
            expected.append([variant, control, images, gain, "–", "–", blank, *curves])
    assert table[1:] == expected
    assert [row[:7] for row in table] in in_markdown


@pytest.mark.parametrize(("place", "title"), list(enumerate(MEASURES.values())))
def test_likeness_of_maps_is_told_with_p_and_both_controls(report: Report, place: int, title: str) -> None:
    table = tables(to_html(report))[f"Similarity of maps by {title}"]
    expected = []
    for k, variant in enumerate(EXPLAINED):
        figure = [amounts((place - k) / 10 + offset / 100) for offset in range(8)]
        expected.append([variant, "rollout", *figure[:4], "0.001", figure[4], "0.25", *figure[5:], "–"])
    assert table[1:] == expected
    shorter = [[*row[:7], *row[9:]] for row in table]
    assert (shorter in markdown_tables(to_markdown(report))) == (title == "rank correlation")


def test_clusters_are_told_with_their_scores(report: Report) -> None:
    html, in_markdown = tables(to_html(report)), markdown_tables(to_markdown(report))
    table = html["Embeddings and clusters"]
    known = ["cnn", "1,200", "0.988", amounts(0.65), "12 tied"]
    assert table[1:] == [
        [
            *known,
            name,
            *(amounts(value + offset) for offset in (0, 0.01, 0.02)),
            shares(value + 0.03),
            *(amounts(value + offset) for offset in (0.05, 0.06)),
        ]
        for name, value in (("mixture", 0.3), ("k-means", 0.4))
    ]
    assert [row[:-1] for row in table] in in_markdown


@pytest.mark.parametrize("write", [to_html, to_markdown])
@pytest.mark.parametrize(
    ("chapter", "title"),
    [("explanations", "What the models look at"), ("embeddings", "What the features cluster into")],
)
def test_a_chapter_with_nothing_found_is_left_out(report: Report, write: Any, chapter: str, title: str) -> None:
    assert title in write(report)
    (study,) = report.studies
    without = replace(report, studies=[replace(study, **{chapter: Chapter({}, {})})])
    assert title not in write(without)


@pytest.mark.parametrize(
    ("chapter", "name"),
    [
        *(("explanations", name) for name in ("photographs", *(f"cnn-{kind}" for kind in CLOSELY if kind != "curves"))),
        *(("embeddings", f"cnn-{kind}") for kind in CLUSTERED),
    ],
)
def test_the_page_goes_without_a_figure_that_was_not_drawn(report: Report, chapter: str, name: str) -> None:
    del getattr(report.studies[0], chapter).pictures[name]
    shown = [image["alt"] for image in Page(to_html(report)).all("img")]
    assert Counter(shown) == Counter(picture.alt for picture in report.illustrations)


def test_variants_that_were_not_drawn_closely_have_no_heading_there(report: Report) -> None:
    (study,) = report.studies
    headings = Page(to_html(report)).text_of("h4")
    plain = {"faithfulness": picture("faithfulness")}, {"agreement": picture("agreement")}
    chapters = [
        replace(one, pictures=left) for one, left in zip((study.explanations, study.embeddings), plain, strict=True)
    ]
    study = replace(study, explanations=chapters[0], embeddings=chapters[1])
    html = to_html(replace(report, studies=[study]))
    gone = Counter(headings) - Counter(Page(html).text_of("h4"))
    closely = ["Maps of photographs", "Do maps depend on what was learned?", "Are maps of one class alike?"]
    assert gone == Counter(["cnn", "cnn", *closely])
    assert "Faithfulness of explanation methods" in tables(html)


def test_headings_leave_out_no_level(report: Report) -> None:
    levels = [int(tag[1]) for tag, _ in Page(to_html(report)).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    levels = [len(found) for found in re.findall("^(#+) ", to_markdown(report), re.MULTILINE)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_table_has_header_cells(report: Report) -> None:
    html = to_html(report)
    found = re.split("<table[^>]*>", html)[1:]
    assert len(found) == 20
    for table in found:
        head, _, body = table.split("</table>")[0].rpartition("<tbody>")
        columns = re.findall(r'<th scope="col"', head)
        assert len(columns) == len(re.findall("<t[hd]", head.replace("<thead", "")))
        rows = body.split("</tr>")[:-1]
        assert rows
        for row in rows:
            cells = re.findall(r"<(t[hd] ?[^>]*)>", row)
            assert cells[0] == 'th scope="row"'
            assert not any(cell.startswith("th") for cell in cells[1:])
            assert len(cells) == (len(columns) or 2)


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


NAMES = {"cnn", "sure", "hot", "plain", "fitted", "Bag", "Coat", "view", "front"}


def renamed(found: Any, prefix: str) -> Any:
    """JSON with `prefix` before every text in it, and before the keys in `NAMES`."""
    if isinstance(found, dict):
        return {prefix + key if key in NAMES else key: renamed(value, prefix) for key, value in found.items()}
    if isinstance(found, list):
        return [renamed(value, prefix) for value in found]
    return prefix + found if isinstance(found, str) else found


def with_prefix(report: Report, prefix: str) -> Report:
    """The report with `prefix` before every name and text that is not the project's own."""

    def drawn(pictures: dict[str, Illustration]) -> dict[str, Illustration]:
        """Some pictures are found by the names of variants and recipes."""
        found = {}
        for name, one in pictures.items():
            if "--" in name:
                name = "--".join(prefix + variant for variant in name.split("--"))
            elif name.partition("-")[0] in NAMES:
                name = prefix + name
            name = name.replace("samples-", f"samples-{prefix}")
            found[name] = replace(one, alt=prefix + one.alt, caption=prefix + one.caption)
        return found

    (study,) = report.studies
    study = replace(
        study,
        title=prefix + study.title,
        claims=[replace(one, statement=prefix, reported=prefix, measure=prefix) for one in study.claims],
        standings=[replace(row, variant=prefix + row.variant) for row in study.standings],
        short=renamed(study.short, prefix),
        capped={prefix + name for name in study.capped},
        look_alikes=Chapter(renamed(study.look_alikes.found, prefix), drawn(study.look_alikes.pictures)),
        photographs=Chapter(renamed(study.photographs.found, prefix), drawn(study.photographs.pictures)),
        explanations=Chapter(renamed(study.explanations.found, prefix), drawn(study.explanations.pictures)),
        embeddings=Chapter(renamed(study.embeddings.found, prefix), drawn(study.embeddings.pictures)),
        variants=[
            VariantSection(prefix + one.name, drawn(one.pictures), renamed(one.classes, prefix))
            for one in study.variants
        ],
    )
    return replace(
        report,
        profile=prefix + report.profile,
        studies=[study],
        provenance={prefix + name: prefix + value for name, value in report.provenance.items()},
        runs=[
            run | {"variant": prefix, "host": prefix, "device": renamed(run["device"], prefix)} for run in report.runs
        ],
        parameters=prefix + report.parameters,
        data=renamed(report.data, prefix),
    )


def test_names_are_text_and_never_markup(report: Report) -> None:
    hostile, tame = (Page(to_html(with_prefix(report, prefix))) for prefix in (HOSTILE, "x"))
    assert hostile.all("b") == []
    assert sum(text.count(HOSTILE) for _, text in hostile.texts) > 90
    assert [(tag, text.replace(HOSTILE, "x")) for tag, text in hostile.texts] == tame.texts
    assert [(tag, tamed(attributes)) for tag, attributes in hostile.tags] == [
        (tag, tamed(attributes)) for tag, attributes in tame.tags
    ]


def tamed(attributes: dict[str, str | None]) -> dict[str, str]:
    return {name: (value or "").replace(HOSTILE, "x") for name, value in attributes.items()}


def test_no_text_ends_a_cell_of_markdown(report: Report) -> None:
    (study,), odd = report.studies, "a | b\nc"
    absorbed = {"cnn": {"plain": ON_PHOTOS | {"predicted": {odd: estimate(0.55)}}}}
    found = study.photographs.found | {"figures": absorbed, "absorption": {"absorber": odd}}
    study = replace(
        study,
        claims=[replace(one, statement=odd, reported=odd, measure=odd) for one in study.claims],
        photographs=replace(study.photographs, found=found),
        variants=[replace(one, classes=[row | {"class": odd} for row in one.classes]) for one in study.variants],
    )
    report = replace(
        report,
        studies=[study],
        provenance={odd: odd},
        runs=[run | {"host": odd, "device": run["device"] | {"name": odd}} for run in report.runs],
        data=[row | {"about": odd, "licence": odd} for row in report.data],
    )
    tables = markdown_tables(to_markdown(report))
    cells = [cell for rows in tables for row in rows for cell in row]
    assert cells.count(r"a \| b c") == 4 * 3 + 2 + 2 + 2 * 2 + 2
    assert r"taken for a a \| b c, %" in cells


def test_tables_of_markdown_stand_between_blank_lines(report: Report) -> None:
    lines = to_markdown(report).splitlines()
    edges = [
        (before, after)
        for before, after in itertools.pairwise(lines)
        if before.startswith("|") != after.startswith("|")
    ]
    assert edges
    assert [edge for edge in edges if "" not in edge] == []


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
        ("shares", estimate(0.5), "50.0 (40.0 to 70.0)"),
        ("points", {"value": -0.01, "low": -0.02, "high": 0.0349}, "-1.0 (-2.0 to +3.5)"),
        ("amounts", estimate(7.196), "7.20 (7.10 to 7.40)"),
        ("fine", estimate(0.21674), "0.2167 (0.1167 to 0.4167)"),
        ("p", 0.0271, "0.027"),
        ("p", 0.0001, "0.0001"),
        ("p", 0.00009, "< 0.0001"),
        ("cell", "a | b\nc", "a \\| b c"),
        *((name, None, "–") for name in FILTERS),
    ],
)
def test_filters_write_numbers_for_readers(name: str, value: Any, text: str) -> None:
    assert FILTERS[name](value) == text
