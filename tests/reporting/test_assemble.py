"""From artifacts on disk to the report: every chapter is there, in order, and made of what the stages found."""

import csv
import io
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from blocks import figures, mark_of, marked, prose, rows, tables, titles, walk
from small_study import CNN, DIVERGED, EVALUATED, FIGURES, PAIR, PICTURES, RECIPES, SmallStudy, write_study

from lookalike.claims.judging import Judged
from lookalike.claims.verdicts import VerdictRow, verdict_rows
from lookalike.params import Params
from lookalike.reporting import assemble as assemble_module
from lookalike.reporting.assemble import assemble
from lookalike.reporting.chapters import study_results
from lookalike.reporting.chapters.families.chapter import Sentences
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Prose, Section, figures_in, section
from lookalike.reporting.figures.rendering import stored_chart
from lookalike.reporting.leaderboard import Standing, to_csv
from lookalike.reporting.report import Page, Report, to_html, to_markdown
from lookalike.studies import CLAIMS

Assembled = tuple[Report, list[Standing], list[Judged]]
CHAPTERS = [
    "Training",
    "Look-alike classes",
    "Pairs of variants on the same images",
    "Complementary errors",
    "Corrupted images",
    "Photographs",
    "What the models look at",
    "Inside the networks",
    "Clusters in feature space",
    "Confusion and calibration",
]
DRAWN = "drawn"  # the mark of a chart that is not drawn


@pytest.fixture(scope="module")
def assembled(tmp_path_factory: pytest.TempPathFactory, params: Params, study: SmallStudy) -> Assembled:
    """The small study's report; charts are made, but not drawn."""
    root = tmp_path_factory.mktemp("small")
    write_study(root, study)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_results, "render_chart", lambda figure: stored_chart(marked(DRAWN)))
        return assemble(params, "a: 1 # <b>", root)


def all_sections(report: Report) -> list[Section]:
    return [part for page in report.pages for part in page.sections]


def appendix(report: Report) -> Page:
    """The page of the study fashion."""
    return next(page for page in report.pages if page.file == "fashion.html")


def test_the_first_page_opens_with_the_findings_and_ends_with_its_origin(assembled: Assembled, params: Params) -> None:
    report, _, _ = assembled
    assert (report.profile, report.demonstration) == ("demo", True)
    assert [page.file for page in report.pages] == ["index.html", "fashion.html", "primer.html"]
    assert [(part.anchor, part.title) for part in report.pages[0].sections] == [
        ("summary", "What was found"),
        ("leaderboard", "Leaderboard"),
        ("explorer", "Explorer"),
        ("study-fashion", params.studies["fashion"].title),
        ("claims", "Verdicts on the claims"),
        ("provenance", "Provenance"),
    ]
    assert [part.title for part in appendix(report).sections] == CHAPTERS


def test_a_demonstration_leaves_its_figures_to_the_appendix(assembled: Assembled, root: Path, params: Params) -> None:
    shown = [one.name for one in figures_in(assembled[0].pages[0].sections)]
    assert shown == ["fashion-summary"]
    profiles = {**params.profiles, "demo": params.active.model_copy(update={"demonstration": False})}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_results, "render_chart", lambda figure: stored_chart(marked(DRAWN)))
        whole, _, _ = assemble(params.model_copy(update={"profiles": profiles}), "", root)
    first, second = whole.pages[0].sections[:2]
    assert (first.anchor, second.anchor) == ("summary", "claims")
    more = [one.name for one in figures_in(whole.pages[0].sections)]
    assert more == ["fashion-summary", "fashion-photo-accuracy", "fashion-corrupted", "fashion-curves"]


def test_every_section_of_an_appendix_begins_with_its_finding(assembled: Assembled) -> None:
    assert all(part.finding.endswith((".", "?")) for part in appendix(assembled[0]).sections)


def on_families(studies: Sequence[StudyResults], said: Sentences) -> Section:
    """A chapter that names the claims of which something was measured."""
    return section("families", "Families", Prose(", ".join(said.get(studies[0].name, {}))))


@pytest.mark.usefixtures("quick")
def test_the_chapter_on_families_is_on_the_first_page(
    root: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble_module, "families_chapter", on_families)
    profiles = {**params.profiles, "demo": params.active.model_copy(update={"demonstration": False})}
    report, _, judged = assemble(params.model_copy(update={"profiles": profiles}), "", root)
    (chapter,) = [part for part in report.pages[0].sections if part.anchor == "families"]
    measured = [one for one in judged if any(answer.measured for answer in one.decisive)]
    said = [one.claim.key for one in measured if one.verdict != "not judged"]
    assert prose(chapter) == [", ".join(said)]
    assert said


def test_claims_are_those_about_the_studies_of_the_parameters(assembled: Assembled, root: Path, params: Params) -> None:
    _, _, judged = assembled
    assert {one.claim.study for one in judged} == {"fashion"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study_results, "render_chart", lambda figure: stored_chart(marked(DRAWN)))
        _, _, wider = assemble(params, "", root, ["fashion", "cifar"])
    assert {one.claim.study for one in wider} == {"fashion", "cifar"}


def test_standings_are_those_of_all_variants_in_the_order_of_the_parameters(assembled: Assembled) -> None:
    _, standings, _ = assembled
    vit, cnn, few = standings
    assert [row.variant for row in standings] == [DIVERGED, *EVALUATED]
    assert (vit.seeds, vit.diverged, vit.accuracy) == (0, 1, None)
    assert (cnn.seeds, cnn.diverged, cnn.accuracy, cnn.nll) == (2, 0, 0.75, 0.5)
    assert (cnn.parameters, cnn.macs, cnn.train_images, cnn.epochs, cnn.training_seconds) == (7, 8, 9, 4, 3)
    assert (few.study, few.train_images, few.epochs) == ("fashion", 1, 30)
    assert len(list(csv.DictReader(io.StringIO(to_csv(standings, Standing))))) == 3


def test_claims_are_judged_on_what_was_found(assembled: Assembled, study: SmallStudy) -> None:
    report, _, judged = assembled
    assert [one.claim.key for one in judged] == [claim.key for claim in CLAIMS if claim.study == "fashion"]
    answers = {(one.claim.key, answer.test.key): answer for one in judged for answer in one.answers}
    measured = answers["F5", "CNN"].measured
    assert measured is not None
    assert measured.quantity.value == pytest.approx(study.look_alikes["variants"][CNN]["overconfidence"]["value"])
    verdicts = {one.claim.key: one.verdict for one in judged}
    assert {verdicts[key] for key in ("F1", "F2", "F4")} == {"not tested"}  # the other variant diverged
    assert verdicts["F5"] == "not judged"  # a demonstration
    (part,) = [one for one in report.pages[0].sections if one.anchor == "claims"]
    shown = {row[0]: row[1] for row in rows(tables(part)["Claims without a verdict"])}
    assert shown == verdicts
    written = list(csv.DictReader(io.StringIO(to_csv(verdict_rows(judged), VerdictRow))))
    assert len(written) == sum(len(one.claim.tests) for one in judged)


def test_no_two_figures_have_one_name_and_each_has_numbers_and_a_stage(assembled: Assembled) -> None:
    report, _, _ = assembled
    shown = figures(*appendix(report).sections, *report.pages[2].sections)
    assert {*shown, "fashion-summary"} == {*report.illustrations}
    stages = {one.stage for one in shown.values()}
    assert stages == {"report", "photos", "primer", "compare@fashion"}
    assert all(set(one.variants) <= {DIVERGED, *EVALUATED} for one in shown.values())
    of_none = [name for name, one in shown.items() if not one.variants and one.stage not in {"photos", "primer"}]
    assert of_none == ["fashion-corruptions"]


def test_every_figure_that_a_stage_drew_is_shown(assembled: Assembled) -> None:
    report, _, _ = assembled
    drawn = {mark_of(one.picture.wide.webp) for one in report.illustrations.values()} - {DRAWN}
    other = f"{FIGURES}/photographs-{RECIPES[1]}"  # of a recipe that was not chosen
    assert drawn == {*PICTURES, *(f"steps of {recipe}" for recipe in RECIPES)} - {other}
    assert f"{PAIR}-cases" in report.illustrations


def test_tables_of_the_whole_report_differ_in_their_names_or_places(assembled: Assembled) -> None:
    report, _, _ = assembled
    chapters = [chapter for part in all_sections(report) for chapter in part.sections or [part]]
    counts = [len(tables(chapter)) for chapter in chapters]  # which asserts that those of one chapter differ
    assert max(counts) > 1, "else nothing was compared"


def html(report: Report) -> str:
    """All pages behind each other."""
    return "".join(to_html(report).values())


@pytest.mark.parametrize("write", [html, to_markdown])
def test_what_is_assembled_can_be_written(assembled: Assembled, write: Callable[[Report], str]) -> None:
    text = write(assembled[0])
    assert all(name in text for name in (*EVALUATED, DIVERGED, "75.00", f"mark of {CNN}", "drawn garments"))
    assert "4 of 10 epochs" in text
    assert "1 of 10 epochs" not in text  # it diverged
    assert all(word in text for word in ("drawn for a test", "no garment"))
    assert all(word in text for word in ("HiResCAM", "0.987", "3 tied", "0.32 (0.20 to 0.40)", "mixture-on-tsne"))
    assert "<b>" not in text or write is to_markdown


def test_every_link_within_the_report_leads_to_one_place(assembled: Assembled) -> None:
    pages = to_html(assembled[0])
    ids = {file: re.findall(r'\bid="([^"]+)"', text) for file, text in pages.items()}
    assert [one for found in ids.values() for one in found if found.count(one) > 1] == []
    for file, text in pages.items():
        for link in re.findall(r'<a [^>]*href="([^"]+)"', text):
            target, _, anchor = link.partition("#")
            if "=" in anchor or link.startswith("http") or target.endswith(".md"):
                continue
            assert (target or file) in pages
            assert not anchor or anchor in ids[target or file], link


@pytest.mark.usefixtures("quick")
def test_a_study_with_nothing_explained_or_embedded_has_no_such_chapters(root: Path, params: Params) -> None:
    for stage in ("explanations", "embeddings"):
        shutil.rmtree(root / stage)
        (root / stage / "fashion").mkdir(parents=True)
    report, _, judged = assemble(params, "", root)
    assert [part.title for part in appendix(report).sections] == [*CHAPTERS[:6], CHAPTERS[9]]
    assert {one.verdict for one in judged if one.claim.key == "F6"} == {"not tested"}
    assert not {CHAPTERS[6], CHAPTERS[8]} & set(titles(*all_sections(report)))


@pytest.mark.usefixtures("quick")
def test_each_study_has_a_page_and_all_share_a_leaderboard(root: Path, params: Params) -> None:
    """A second study of the same artifacts, as if its variants were others."""
    report, standings, _ = assemble(with_other(root, params), "", root)
    assert [page.file for page in report.pages] == ["index.html", "fashion.html", "other.html", "primer.html"]
    assert [part.anchor for part in report.pages[0].sections[3:5]] == ["study-fashion", "study-other"]
    assert len(standings) == 6
    assert len(report.illustrations) == sum(len(list(figures_in(page.sections))) for page in report.pages)
    for page in report.pages:
        anchors = [block.anchor for block in walk(page.sections) if isinstance(block, Section)]
        assert len(set(anchors)) == len(anchors)
    (board,) = tables(report.pages[0].sections[1]).values()
    assert [row[1] for row in rows(board)] == ["fashion"] * 3 + ["other"] * 3
    assert "other-fashion-cnn" in to_html(report)["other.html"]


@pytest.mark.usefixtures("quick")
def test_ones_own_study_has_a_report_about_itself(root: Path, params: Params) -> None:
    """No claim is about it, so that there are no verdicts, and no page of another study."""
    both = with_other(root, params)
    mine = both.only([name for name in both.variants if name.startswith("other-")])
    report, _, judged = assemble(mine, "", root)
    assert judged == []
    assert [page.file for page in report.pages] == ["index.html", "other.html", "primer.html"]
    assert [part.anchor for part in report.pages[0].sections] == [
        *("summary", "leaderboard", "explorer", "study-other", "provenance")
    ]
    assert "claim" not in to_markdown(report).partition("## Provenance")[0].lower()


def with_other(root: Path, params: Params) -> Params:
    """The parameters with a second study, whose artifacts are copies of the first one's."""
    variants = {f"other-{name}": one.model_copy(update={"study": "other"}) for name, one in params.variants.items()}
    other = params.studies["fashion"].model_copy(update={"pairs": (), "focus": (), "title": "Other"})
    for stage in ("test_sets", "evaluations", "comparisons", "explanations", "embeddings", "models", "runs"):
        shutil.copytree(root / stage / "fashion", root / stage / "other")
    for path in root.glob("*/other/**/*"):
        if path.is_file() and path.suffix == ".json":
            path.write_text(path.read_text().replace("fashion-", "other-fashion-"))
    for path in sorted(root.glob("*/other/**/fashion-*"), reverse=True):
        path.rename(path.with_name("--".join(f"other-{name}" for name in path.name.split("--"))))
    return params.model_copy(
        update={"variants": params.variants | variants, "studies": params.studies | {"other": other}}
    )
