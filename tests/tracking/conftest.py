"""Stores and parameters for the tests of tracking."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from written_runs import NAME, about_run

from lookalike.artifacts.folders import write_json
from lookalike.params import Params, parse_params
from lookalike.tracking.store import Store, locate, open_store


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, made once: it costs seconds."""
    folder = tmp_path_factory.mktemp("store")
    open_store(locate(None, folder))
    return folder / "mlflow.db"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def uri(fresh_store: Path, tmp_path: Path) -> str:
    shutil.copy(fresh_store, tmp_path / "mlflow.db")
    return locate(None, tmp_path)


@pytest.fixture
def store(uri: str) -> Store:
    return open_store(uri)


@pytest.fixture
def params(raw_params: dict[str, Any]) -> Params:
    variant = raw_params["variants"]["fashion-cnn"]
    studies = {"fashion": raw_params["studies"]["fashion"] | {"pairs": [], "focus": [NAME]}}
    changed = {"variants": {NAME: variant}, "studies": studies, "costs": {"study": "fashion"}, "profile": "demo"}
    return parse_params(raw_params | changed)


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    """The folder of a training in work, before its first epoch."""
    folder = tmp_path / "checkpoints" / f"{NAME}-f1"
    write_json(folder / "run.json", about_run())
    return folder
