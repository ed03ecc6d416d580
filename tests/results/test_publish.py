"""What is rendered of results: the same bytes each time, without torch, and without what is damaged."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from blocks import marked
from small_study import CNN, FEW, SmallStudy

from lookalike.params import Params
from lookalike.reporting.chapters import study_results
from lookalike.reporting.figures.rendering import stored_chart
from lookalike.results import load
from lookalike.results.publish import publish

Add = Callable[[str], Path]
IN_GIT = ("README.md", "claims.csv", "leaderboard.csv", "figures/fashion-accuracy.svg")


def test_all_that_is_rendered(
    added: Add, root: Path, results: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = added(FEW)
    added(CNN)
    out = root / "published"
    publish(params, "profile: demo\n", out, results)
    first = {name: (out / name).read_bytes() for name in IN_GIT}
    assert all((out / page).stat().st_size < 4e6 for page in ("index.html", "fashion.html"))
    # From here on charts of the pages are made, but not drawn: what is in git has none of them.
    monkeypatch.setattr(study_results, "render_chart", lambda figure: stored_chart(marked("drawn")))
    publish(params, "profile: demo\n", out, results)
    assert {name: (out / name).read_bytes() for name in IN_GIT} == first
    leaderboard = pd.read_csv(out / "leaderboard.csv")
    assert list(leaderboard["variant"]) == [CNN, FEW]
    readme = (out / "README.md").read_text()
    assert "F1" not in readme  # the ViT has no run
    assert "not tested" in readme
    assert f"| {CNN} |" in readme

    (damaged / "times.csv").unlink()
    published = publish(params, "profile: demo\n", out, results)
    assert list(published.chosen) == [CNN]
    assert list(pd.read_csv(out / "leaderboard.csv")["variant"]) == [CNN]
    assert f"Left out: {published.faults[0]}" in (out / "README.md").read_text()


def test_no_runs_are_a_page_as_well(root: Path, results: Path, params: Params) -> None:
    publish(params, "profile: demo\n", root / "published", results)
    assert "not tested" in (root / "published/README.md").read_text()


def test_rendering_and_loading_need_no_torch() -> None:
    code = "import lookalike.results.publish, lookalike.results.verify, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tables_for_notebooks(added: Add, results: Path, study: SmallStudy) -> None:
    run = added(CNN).name
    tables = load(results)
    assert list(tables.seeds["seed"]) == [0, 1]
    assert set(tables.seeds["variant"]) == {CNN}
    assert list(tables.seeds["seconds"]) == [1.5, 2.5]
    evaluation, labels = study.evaluations[CNN], study.test_set.labels
    right = (evaluation.test_logits.argmax(axis=2) == labels).mean(axis=1)
    assert list(tables.seeds["accuracy"]) == pytest.approx(right)
    assert list(tables.epochs["epoch"]) == [0, 1, 0, 1]
    answers = tables.answers["fashion"]
    assert answers.index.name == "image"
    assert len(answers) == len(labels)
    assert (answers[CNN, run, "0"] == answers["class", "", ""]).mean() == pytest.approx(right[0])
