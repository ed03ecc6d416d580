"""The results in git: every run is whole, and what is rendered of them says the same everywhere."""

import csv
import os
import re
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from lookalike.data.sources import build_dataset
from lookalike.evaluation.inference import readers_of
from lookalike.params import load_params
from lookalike.results.records import Run, find_runs
from lookalike.results.released_models import released_models
from lookalike.results.verify import verify_all
from lookalike.runtime import start

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "reports" / "published"
RUNS = find_runs(ROOT / "results").runs
WITH_WEIGHTS = [run for run in RUNS if (run.folder / "weights").is_dir()]
ROW = re.compile(r"^\|.*\|$", re.MULTILINE)


def table(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rows() -> list[list[str]]:
    """The cells of all rows of all tables of the page."""
    text = (PUBLISHED / "README.md").read_text(encoding="utf-8")
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in ROW.findall(text)]


def test_every_run_is_whole_and_its_figures_follow_from_its_logits() -> None:
    assert verify_all(ROOT / "results") == (len(RUNS), [])


def test_the_leaderboard_has_every_variant_that_was_run() -> None:
    assert {row["variant"] for row in table("leaderboard.csv")} == {run.record.variant for run in RUNS}


def test_the_findings_in_the_readme_are_those_of_the_results() -> None:
    found = (ROOT / "README.md").read_text(encoding="utf-8").partition("## What was found\n")[2].partition("\n## ")[0]
    lines = [line for line in found.splitlines() if line.startswith("- ")]
    assert len(lines) == 5
    assert set(lines) <= set((PUBLISHED / "README.md").read_text(encoding="utf-8").splitlines())


def test_the_studies_in_the_readme_are_those_of_the_results() -> None:
    def rows_of(path: Path) -> list[str]:
        found = path.read_text(encoding="utf-8").partition("## The studies\n")[2].partition("\n## ")[0]
        return [line for line in found.splitlines() if line.startswith("| ")]

    assert rows_of(ROOT / "README.md") == rows_of(PUBLISHED / "README.md")
    assert len(rows_of(ROOT / "README.md")) == 2 + len(load_params(ROOT / "params.yaml").studies)


def test_the_page_and_its_tables_agree() -> None:
    shown = {row[0]: row for row in rows()}
    for row in table("claims.csv"):
        if row["claim_verdict"] != "not tested":
            assert shown[row["claim"]][1] == row["claim_verdict"]
    for row in table("leaderboard.csv"):
        (page,) = (found for found in rows() if found[0] == row["variant"] and len(found) == 9)
        assert page[1] == f"{100 * float(row['accuracy']):.2f}"


def test_what_is_in_git_takes_less_than_a_megabyte() -> None:
    files = [path for path in PUBLISHED.rglob("*") if path.is_file()]
    in_git = [path for path in files if path.suffix != ".html" and path.parent.name != "explorer"]
    assert sum(path.stat().st_size for path in in_git) < 2**20


@pytest.mark.skipif("LOOKALIKE_MIRROR" not in os.environ, reason="LOOKALIKE_MIRROR is not set")
@pytest.mark.parametrize(
    "run", [run for run in RUNS if (run.folder / "weights").is_dir()], ids=lambda run: run.record.variant
)
def test_weights_in_half_precision_predict_what_the_evidence_says(run: Run, tmp_path: Path) -> None:
    settings, evaluation = run.record.settings, run.evaluation
    dataset, _ = build_dataset(
        settings.dataset, settings.images, settings.source, tmp_path / "downloads", os.environ["LOOKALIKE_MIRROR"]
    )
    folder = shutil.copytree(run.folder / "weights", tmp_path / "model")
    shutil.copy(run.folder / "model.json", folder)
    (reader,) = readers_of(folder, dataset, start(), seeds=evaluation.seeds[:1])
    predicted = reader.read(dataset.test_images[:2000]).logits.argmax(axis=1)
    assert (predicted != evaluation.test_logits[0, :2000].argmax(axis=1)).sum() <= 1


def test_the_models_for_photos_of_ones_own_are_whole_and_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    files = [model.folder / f"seed-{model.seed}.safetensors" for model in released_models(load_params())]
    for file in files:
        assert {str(values.dtype) for values in load_file(file).values()} == {"float32"}
    assert sum(file.stat().st_size for file in [*files, Path("released/photographs/head.safetensors")]) < 5e6
