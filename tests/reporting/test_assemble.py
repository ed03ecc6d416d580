"""From artifacts on disk to the report: every chapter is there, in order, and made of what the stages found."""

import csv
import io
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from blocks import figures, prose, rows, tables, titles, walk
from small_study import CNN, DIVERGED, EVALUATED, FIGURES, PAIR, PICTURES, RECIPES, SmallStudy, write_study

from lookalike.claims.claim import Judged
from lookalike.claims.verdicts import CLAIMS, Row
from lookalike.claims.verdicts import rows as claim_rows
from lookalike.params import Params
from lookalike.reporting import assemble as assemble_module
from lookalike.reporting.assemble import assemble
from lookalike.reporting.chapters import found
from lookalike.reporting.chapters.families import Sentences
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import Prose, Section, section
from lookalike.reporting.leaderboard import Standing, to_csv
from lookalike.reporting.report import Report, to_html, to_markdown

Assembled = tuple[Report, list[Standing], list[Judged]]
CHAPTERS = [
    "Training",
    "Look-alike classes",
    "Pairs of variants on the same images",
    "Who repairs whose mistakes",
    "Spoiled images",
    "Photographs",
    "What the models look at",
    "Inside the networks",
    "What the features cluster into",
    "Each variant by itself",
]


@pytest.fixture(scope="module")
def assembled(tmp_path_factory: pytest.TempPathFactory, params: Params, study: SmallStudy) -> Assembled:
    """The small study's report; figures are drawn, but not made into PNG."""
    root = tmp_path_factory.mktemp("small")
    write_study(root, study)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(found, "to_png", lambda figure: b"PNG")
        return assemble(params, "a: 1 # <b>", root)


def test_the_report_opens_with_the_answer_and_ends_with_its_origin(assembled: Assembled, params: Params) -> None:
    report, _, _ = assembled
    assert (report.profile, report.demonstration) == ("demo", True)
    assert [(part.anchor, part.title) for part in report.sections] == [
        ("claims", "What became of the claims"),
        ("leaderboard", "Leaderboard"),
        ("explorer", "Explorer"),
        ("study-fashion", params.studies["fashion"].title),
        ("primer", "Primer: what convolutional networks are made of"),
        ("provenance", "Provenance"),
    ]
    assert [part.title for part in report.sections[3].sections] == CHAPTERS
    assert report.runs == {CNN: {"0": "feedbeef", "1": "cafe"}}


def on_families(studies: Sequence[Found], said: Sentences) -> Section:
    """A chapter that names the claims of which something was measured."""
    return section("families", "Families", Prose(", ".join(said.get(studies[0].study, {}))))


@pytest.mark.usefixtures("quick")
def test_the_chapter_on_families_comes_first(root: Path, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assemble_module, "families", on_families)
    report, _, judged = assemble(params, "", root)
    assert [part.anchor for part in report.sections[:2]] == ["families", "claims"]
    measured = [one for one in judged if any(answer.measured for answer in one.decisive)]
    said = [one.claim.key for one in measured if one.verdict != "not judged"]
    assert prose(report.sections[0]) == [", ".join(said)]
    assert "F5" in {one.claim.key for one in measured} - {*said}, "this is a demonstration"


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
    assert [one.claim.key for one in judged] == [claim.key for claim in CLAIMS]
    answers = {(one.claim.key, answer.test.key): answer for one in judged for answer in one.answers}
    measured = answers["F5", "CNN"].measured
    assert measured is not None
    assert measured.quantity.value == pytest.approx(study.look_alikes["variants"][CNN]["overconfidence"]["value"])
    verdicts = {one.claim.key: one.verdict for one in judged}
    assert {verdicts[key] for key in ("F1", "F2", "F4")} == {"not tested"}  # the other variant diverged
    assert verdicts["F5"] == "not judged"  # a demonstration
    shown = {row[0]: row[4] for row in rows(tables(report.sections[0])["Claims and verdicts"])}
    assert shown == verdicts
    written = list(csv.DictReader(io.StringIO(to_csv(claim_rows(judged), Row))))
    assert len(written) == sum(len(claim.tests) for claim in CLAIMS)


def test_no_two_figures_have_one_name_and_each_has_numbers_and_a_stage(assembled: Assembled) -> None:
    report, _, _ = assembled
    shown = figures(*report.sections)
    assert list(shown) == [one.name for one in report.illustrations]
    stages = {one.stage for one in shown.values()}
    assert stages == {"report", "photos", "primer", "compare@fashion"}
    assert all(set(one.variants) <= {DIVERGED, *EVALUATED} for one in shown.values())
    of_none = [name for name, one in shown.items() if not one.variants and one.stage not in {"photos", "primer"}]
    assert of_none == ["fashion-corruptions"]


def test_every_figure_that_a_stage_drew_is_shown(assembled: Assembled) -> None:
    report, _, _ = assembled
    drawn = {one.png.decode() for one in report.illustrations} - {"PNG"}
    other = f"{FIGURES}/photographs-{RECIPES[1]}"  # of a recipe that was not chosen
    assert drawn == {*PICTURES, *(f"steps of {recipe}" for recipe in RECIPES)} - {other}
    assert f"{PAIR}-cases" in {one.name for one in report.illustrations}


def test_tables_of_the_whole_report_differ_in_their_names_or_places(assembled: Assembled) -> None:
    report, _, _ = assembled
    chapters = [chapter for part in report.sections for chapter in part.sections or [part]]
    counts = [len(tables(chapter)) for chapter in chapters]  # which asserts that those of one chapter differ
    assert max(counts) > 1, "else nothing was compared"


@pytest.mark.parametrize("write", [to_html, to_markdown])
def test_what_is_assembled_can_be_written(assembled: Assembled, write: Callable[[Report], str]) -> None:
    told = write(assembled[0])
    assert all(name in told for name in (*EVALUATED, DIVERGED, "75.00", f"mark of {CNN}", "drawn garments"))
    assert "4 of 10 epochs" in told
    assert "1 of 10 epochs" not in told  # it diverged
    assert all(word in told for word in ("drawn for a test", "no garment", "not run"))
    assert all(word in told for word in ("HiResCAM", "0.987", "3 tied", "0.32 (0.20 to 0.40)", "mixture-on-tsne"))
    assert "<b>" not in told or write is to_markdown


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("write", [to_html, to_markdown])
def test_a_study_with_nothing_explained_or_embedded_has_no_such_chapters(
    root: Path, params: Params, write: Callable[[Report], str]
) -> None:
    for stage in ("explanations", "embeddings"):
        shutil.rmtree(root / stage)
        (root / stage / "fashion").mkdir(parents=True)
    report, _, judged = assemble(params, "", root)
    assert [part.title for part in report.sections[3].sections] == [*CHAPTERS[:6], CHAPTERS[9]]
    assert {one.verdict for one in judged if one.claim.key == "F6"} == {"not tested"}
    told = write(report)
    assert not {"What the models look at", "What the features cluster into"} & set(titles(*report.sections))
    assert "Gain:" not in told


@pytest.mark.usefixtures("quick")
def test_two_studies_share_a_page(root: Path, params: Params) -> None:
    """A second study of the same artifacts, as if its variants were others."""
    variants = {f"other-{name}": one.model_copy(update={"study": "other"}) for name, one in params.variants.items()}
    study = params.studies["fashion"]
    other = study.model_copy(update={"pairs": (), "probes": (), "title": "Other"})
    both = params.model_copy(
        update={"variants": params.variants | variants, "studies": params.studies | {"other": other}}
    )
    for stage in ("test_sets", "evaluations", "comparisons", "explanations", "embeddings", "models", "runs"):
        shutil.copytree(root / stage / "fashion", root / stage / "other")
    for path in root.glob("*/other/**/*"):
        if path.is_file() and path.suffix == ".json":
            path.write_text(path.read_text().replace("fashion-", "other-fashion-"))
    for path in sorted(root.glob("*/other/**/fashion-*"), reverse=True):
        path.rename(path.with_name("--".join(f"other-{name}" for name in path.name.split("--"))))
    report, standings, _ = assemble(both, "", root)
    assert [part.anchor for part in report.sections[3:5]] == ["study-fashion", "study-other"]
    assert len(standings) == 6
    assert len(figures(*report.sections)) == len(report.illustrations)
    anchors = [block.anchor for block in walk(report.sections) if isinstance(block, Section)]
    assert len(set(anchors)) == len(anchors)
    boards = tables(report.sections[1])
    assert list(boards) == [f"Leaderboard: {title}" for title in (study.title, "Other")]
    assert "other-fashion-cnn" in to_html(report)
