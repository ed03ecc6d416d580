"""Runs of the small study in a folder of results."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from small_study import CNN, FEW, SmallStudy, make_study, small_params, write_study

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.folders import read_json, write_json
from lookalike.params import Params
from lookalike.results.add import copy_evidence
from lookalike.training.settings import effective_settings


@pytest.fixture(scope="session")
def params() -> Params:
    """The real parameters with the variants of the small study."""
    return small_params(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def study(dataset: Dataset, params: Params) -> SmallStudy:
    """What the stages found; not to be changed."""
    return make_study(dataset, params)


@pytest.fixture
def root(tmp_path: Path, study: SmallStudy, params: Params) -> Path:
    """A folder with the artifacts of the small study, of runs with the settings of `params`."""
    write_study(tmp_path, study)
    for name in (CNN, FEW):
        path = tmp_path / "runs/fashion" / name / "run.json"
        write_json(path, read_json(path) | {"settings": effective_settings(params, name).digest})
        model = tmp_path / "models/fashion" / name / "model.json"
        seeds = [{"seed": seed, "epochs": 2, "diverged_in": None} for seed in (0, 1)]
        write_json(model, read_json(model) | {"dataset_digest": study.test_set.digest, "seeds": seeds})
        (path.parent / "times.csv").write_text("seed,epoch,seconds,images_per_second\n0,0,1.5,2.0\n1,0,2.5,2.0\n")
    return tmp_path


@pytest.fixture
def results(root: Path) -> Path:
    """An empty folder for results."""
    folder = root / "results"
    folder.mkdir()
    return folder


@pytest.fixture
def added(root: Path, params: Params, results: Path) -> Callable[[str], Path]:
    """Add a variant; returns its folder."""
    return lambda name: copy_evidence(params, name, root, "c0ffee", results)
