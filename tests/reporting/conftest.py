"""A small study as the stages leave it, and its chapters with the drawing left out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from blocks import marked
from conftest import ROOT
from small_study import SmallStudy, make_study, small_params, write_study

from lookalike.artifacts.datasets import Dataset
from lookalike.params import Params
from lookalike.reporting.assemble import load_study_results
from lookalike.reporting.chapters import complementary_errors, convergence, costs, depth, inside, robustness, training
from lookalike.reporting.chapters import study_results as results_module
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.figures import embeddings, explanations, photographs
from lookalike.reporting.figures import look_alikes as comparisons
from lookalike.reporting.figures.rendering import stored_chart


@pytest.fixture(scope="session")
def params() -> Params:
    """The real parameters with the variants of the small study."""
    return small_params(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def study(dataset: Dataset, params: Params) -> SmallStudy:
    """What the stages found; not to be changed."""
    return make_study(dataset, params)


@pytest.fixture
def root(tmp_path: Path, study: SmallStudy) -> Path:
    """A folder with the artifacts of the small study."""
    write_study(tmp_path, study)
    return tmp_path


@pytest.fixture
def results(root: Path, params: Params) -> StudyResults:
    """What the chapters of the small study are written from."""
    return load_study_results("fashion", params, root)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn, but not made into pictures."""
    monkeypatch.setattr(results_module, "render_chart", lambda figure: stored_chart(marked("drawn")))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """By the name of a chart what it is drawn from, the last one of that name; a picture is then the chart's name."""
    calls: dict[str, Any] = {}

    def recorder(name: str) -> Callable[..., str]:
        def record(*given: Any, **named: Any) -> str:
            calls[name] = (*given, *named.values())
            return name

        return record

    drawing = (
        comparisons,
        costs,
        depth,
        embeddings,
        explanations,
        inside,
        photographs,
        convergence,
        complementary_errors,
        robustness,
    )
    for module in (*drawing, training):
        for name in vars(module):
            if name.endswith("_figure"):
                monkeypatch.setattr(module, name, recorder(name.removesuffix("_figure")))
    monkeypatch.setattr(results_module, "render_chart", lambda figure: stored_chart(marked(f"picture of {figure}")))
    return calls
