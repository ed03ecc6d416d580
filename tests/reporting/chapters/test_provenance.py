"""Where the report and all that it shows come from."""

from dataclasses import replace
from pathlib import Path

import pytest
from blocks import rows, tables, titles, walk
from small_study import CNN, COMMIT, DIVERGED, FEW, SmallStudy

from lookalike import provenance
from lookalike.artifacts.folders import read_json, write_json
from lookalike.params import Params
from lookalike.reporting.chapters.provenance import data_set_table, provenance_chapter, report_origin
from lookalike.reporting.document import Code


def test_training_runs_are_shown_with_their_commits_and_mlflow_runs(root: Path, params: Params) -> None:
    training_rows = rows(tables(provenance_chapter(params, "", root))["Where and when"])
    shared = ["2026-01-02T03:04:05", "here", "a CPU", "float32", "2", "1"]
    assert training_rows == [
        [DIVERGED, f"mark of {DIVERGED}", f"{COMMIT[:10]} + changes", *shared, "–"],
        [CNN, f"mark of {CNN}", COMMIT[:10], *shared, "0: feedbeef, 1: cafe"],
        [FEW, f"mark of {FEW}", COMMIT[:10], *shared, "–"],
    ]


def test_an_older_run_had_one_process(root: Path, params: Params) -> None:
    path = root / "runs" / "fashion" / CNN / "run.json"
    about = read_json(path)
    del about["device"]["processes"]
    write_json(path, about)
    (row,) = (row for row in rows(tables(provenance_chapter(params, "", root))["Where and when"]) if row[0] == CNN)
    assert row[-2] == "1"


def test_data_sets_are_shown_once_each(root: Path, params: Params) -> None:
    part = provenance_chapter(params, "", root)
    assert rows(tables(part)["Data sets"]) == [["fashion_mnist", "drawn garments", "MIT", "d1"]]
    assert titles(part) == ["Provenance", "Data", "Training runs"]
    assert part.finding == "The report shows 3 variants, trained from 2 commits on 1 machine."


def test_published_data_are_named_by_citation_and_homepage(study: SmallStudy) -> None:
    known = {"citation": "Xiao et al., 2017", "homepage": "example.org", "licence": "MIT"}
    table = data_set_table([replace(study.test_set, provenance=known)])
    assert rows(table)[0][1] == "Xiao et al., 2017; example.org"


def test_a_data_set_links_to_its_source(study: SmallStudy) -> None:
    def address(homepage: str) -> str:
        known = {"citation": "Xiao et al., 2017", "homepage": homepage, "licence": "MIT"}
        return data_set_table([replace(study.test_set, provenance=known)]).rows[0][0].address

    assert address("https://example.org/data") == "https://example.org/data"
    assert address("javascript:alert(1)") == ""
    assert data_set_table([study.test_set]).rows[0][0].address == ""


def test_parameters_stand_as_they_are(root: Path, params: Params) -> None:
    text = "a: 1 # <b>\nb:\n  c: |"
    assert [block.text for block in walk([provenance_chapter(params, text, root)]) if isinstance(block, Code)] == [text]


def test_the_report_has_an_origin_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "commit", lambda: {"commit": "c0ffee", "dirty": True})
    monkeypatch.setenv("LOOKALIKE_HOST", "a quiet machine")
    found = report_origin({"tracking": "local store"})
    assert found["from commit"] == "c0ffee with uncommitted changes"
    assert (found["on"], found["MLflow"]) == ("a quiet machine", "local store")
    assert f"torch {provenance.versions()['torch']}" in found["versions"]
    monkeypatch.setattr(provenance, "commit", lambda: {"commit": "c0ffee", "dirty": False})
    assert report_origin({"tracking": "local store"})["from commit"] == "c0ffee"


def test_the_reports_origin_is_a_table(root: Path, params: Params) -> None:
    own = dict(rows(tables(provenance_chapter(params, "", root))["This report"]))
    assert list(own) == ["rendered", "from commit", "on", "versions", "MLflow"]
    assert own["MLflow"] == "local store"


def test_a_store_that_failed_is_shown_and_leaves_no_runs(root: Path, params: Params) -> None:
    failed = {"tracking": "local store", "error": "disk full"}
    write_json(root / "published.json", failed)
    found = tables(provenance_chapter(params, "", root))
    assert dict(rows(found["This report"]))["MLflow"] == "disk full"
    assert [row[-1] for row in rows(found["Where and when"])] == ["–"] * 3
