"""From artifacts on disk to the content of the report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lookalike import provenance
from lookalike.artifacts.evaluations import PLOTTED, save_metrics
from lookalike.artifacts.folders import write_bytes, write_json, write_text
from lookalike.artifacts.models import Epoch, Timing, save_model, save_run
from lookalike.params import Params, parse_params
from lookalike.reporting.assemble import DRAWN, assemble
from lookalike.reporting.report import to_html, to_markdown

MEASURED = {"accuracy": 0.75, "accuracy_low": 0.7, "accuracy_high": 0.8, "nll": 0.5}
CLASS = {"class": "Bag", "precision": 0.5, "recall": 0.25, "f1": 1 / 3, "support": 9}
COMMIT = "0123456789" * 4


@pytest.fixture
def params(raw_params: dict[str, Any]) -> Params:
    """The real parameters with two of their variants, the second first."""
    variants = raw_params["variants"]
    raw_params["variants"] = {name: variants[name] for name in ("fashion-vit", "fashion-cnn")}
    raw_params["studies"] = {"fashion": raw_params["studies"]["fashion"]}
    return parse_params(raw_params)


def write_variant(root: Path, name: str) -> None:
    seeds = [{"seed": 0, "epochs": 1, "diverged_in": None}]
    description = {"parameters": 7, "macs": 8, "train_images": 9, "seeds": seeds}
    save_model(root / "models/fashion" / name, description, {}, [Epoch(0, 0, 0.1, *[0.5] * len(PLOTTED))])
    about = {
        "variant": name,
        "fingerprint": f"mark of {name}",
        "commit": COMMIT,
        "dirty": False,
        "finished": "2026-01-02T03:04:05+00:00",
        "host": "here",
        "device": {"name": "a CPU", "threads": 2},
    }
    save_run(root / "runs/fashion" / name, about, [Timing(0, 0, 3.0, 2.0)])
    for drawn in DRAWN:
        write_bytes(root / "evaluations/fashion/figures" / name / f"{drawn}.png", f"{drawn} of {name}".encode())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Artifacts of one evaluated variant and of one whose only seed diverged."""
    for name in ("fashion-cnn", "fashion-vit"):
        write_variant(tmp_path, name)
    summaries = {"fashion-cnn": MEASURED | {"seeds": 1, "diverged": 0}, "fashion-vit": {"seeds": 0, "diverged": 1}}
    details = {"fashion-cnn": {"seeds": [{}], "first_seed": {"classes": [CLASS]}}, "fashion-vit": {"seeds": []}}
    save_metrics(tmp_path / "evaluations/fashion", summaries, details)
    about = {"digest": "d1", "provenance": {"about": "drawn garments", "licence": "MIT"}}
    write_json(tmp_path / "data/fashion_mnist/dataset.json", about)
    write_json(tmp_path / "published.json", {"tracking": "local store", "runs": {"fashion-cnn": {"0": "feedbeef"}}})
    return tmp_path


def test_the_report_says_what_the_stages_found(root: Path, params: Params) -> None:
    report = assemble(params, "text of the file", root)
    assert (report.profile, report.demonstration, report.parameters) == ("demo", True, "text of the file")
    (study,) = report.studies
    assert (study.name, study.title) == ("fashion", params.studies["fashion"].title)
    vit, cnn = study.standings
    assert (vit.variant, vit.seeds, vit.diverged, vit.accuracy) == ("fashion-vit", 0, 1, None)
    assert (cnn.variant, cnn.seeds, cnn.diverged, cnn.accuracy, cnn.nll) == ("fashion-cnn", 1, 0, 0.75, 0.5)
    assert (cnn.parameters, cnn.macs, cnn.train_images, cnn.training_seconds) == (7, 8, 9, 3)
    assert report.data == [{"name": "fashion_mnist", "about": "drawn garments", "licence": "MIT", "digest": "d1"}]
    assert [(run["variant"], run["mlflow"]) for run in report.runs] == [
        ("fashion-vit", {}),
        ("fashion-cnn", {"0": "feedbeef"}),
    ]


def test_figures_are_those_of_the_evaluated_variants(root: Path, params: Params) -> None:
    report = assemble(params, "", root)
    curves, *others = report.illustrations
    assert curves.name == "fashion-curves"
    assert curves.png.startswith(b"\x89PNG")
    assert [(picture.name, picture.png.decode()) for picture in others] == [
        (f"fashion-cnn-{name}", f"{name} of fashion-cnn") for name in ("samples", "confusion", "reliability")
    ]
    for picture in others:
        assert "fashion-cnn" in picture.caption
        assert "fashion-cnn" in picture.alt
    assert [section.classes for section in report.studies[0].variants] == [[CLASS]]


def test_the_report_has_an_origin_of_its_own(root: Path, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "commit", lambda: {"commit": "c0ffee", "dirty": True})
    monkeypatch.setenv("LOOKALIKE_HOST", "a quiet machine")
    origin = assemble(params, "", root).provenance
    assert origin["from commit"] == "c0ffee with uncommitted changes"
    assert (origin["on"], origin["MLflow"], origin["dvc.lock (SHA-256)"]) == (
        "a quiet machine",
        "local store",
        "none yet",
    )
    assert f"torch {provenance.versions()['torch']}" in origin["versions"]
    monkeypatch.setattr(provenance, "commit", lambda: {"commit": "c0ffee", "dirty": False})
    write_text(root / "dvc.lock", "schema: '2.0'\n")
    origin = assemble(params, "", root).provenance
    assert origin["from commit"] == "c0ffee"
    assert origin["dvc.lock (SHA-256)"] == provenance.lock_digest(root)


def test_a_store_that_failed_is_told_and_leaves_no_runs(root: Path, params: Params) -> None:
    write_json(root / "published.json", {"tracking": "local store", "error": "disk full"})
    report = assemble(params, "", root)
    assert report.provenance["MLflow"] == "disk full"
    assert all(run["mlflow"] == {} for run in report.runs)


def test_published_data_are_named_by_citation_and_homepage(root: Path, params: Params) -> None:
    known = {"citation": "Xiao et al., 2017", "homepage": "example.org", "licence": "MIT"}
    write_json(root / "data/fashion_mnist/dataset.json", {"digest": "d1", "provenance": known})
    assert assemble(params, "", root).data[0]["about"] == "Xiao et al., 2017; example.org"


@pytest.mark.parametrize("write", [to_html, to_markdown])
def test_what_is_assembled_can_be_written(root: Path, params: Params, write: Callable[..., str]) -> None:
    text = write(assemble(params, "a: 1 # <b>", root))
    assert all(name in text for name in ("fashion-cnn", "fashion-vit", "75.00", "33.33", "mark of fashion-cnn"))
