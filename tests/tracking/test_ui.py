"""`make ui`: the address that opens the training runs."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from written_runs import write_training_run

from lookalike.errors import InputError
from lookalike.params import Params
from lookalike.tracking import ui
from lookalike.tracking.publish import publish_to_mlflow


def test_the_runs_of_the_first_published_study_have_an_address(
    tmp_path: Path, uri: str, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^mlflow\.db: none of the studies is published yet; `dvc repro` does that$"):
        ui.runs_fragment(["fashion"])
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    fragment = ui.runs_fragment(["unpublished", "fashion"])
    assert fragment == "#/experiments/1/runs?workflowType=machine_learning"


def test_mlflow_is_started_on_the_file_here_without_telemetry(
    tmp_path: Path,
    uri: str,
    params: Params,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    monkeypatch.delenv("MLFLOW_DISABLE_TELEMETRY")
    monkeypatch.setattr("lookalike.tracking.ui.load_params", lambda: params)
    started: list[Any] = []
    monkeypatch.setattr(os, "execv", lambda *command: started.append(command))
    ui.main("5731")
    ((program, command),) = started
    assert (program, command[:4]) == (sys.executable, [sys.executable, "-m", "mlflow", "ui"])
    assert command[-1] == "sqlite:///mlflow.db"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    address = "http://127.0.0.1:5731/#/experiments/1/runs?workflowType=machine_learning"
    assert capsys.readouterr().out == f"Training runs: {address} (Ctrl-C stops)\n"


def test_a_port_in_use_costs_one_line(tmp_path: Path, uri: str, root: Path) -> None:
    (tmp_path / "params.yaml").write_bytes((root / "params.yaml").read_bytes())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "lookalike.tracking.ui", port]
        environment = os.environ | {"PYTHONPATH": str(root / "src")}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    line = f"error: port {port}: Address already in use; choose another: `make ui PORT=5001`\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


@pytest.mark.parametrize("port", ["", "http", "0", "65536", "-1"])
def test_a_port_is_a_number(port: str, params: Params, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookalike.tracking.ui.load_params", lambda: params)
    with pytest.raises(InputError, match="not a number from 1 to 65535"):
        ui.main(port)


def test_without_a_store_there_is_nothing_to_see(
    tmp_path: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lookalike.tracking.ui.load_params", lambda: params)
    with pytest.raises(InputError, match=r"^mlflow\.db: not found; `dvc repro` publishes the training runs$"):
        ui.main()
    assert not (tmp_path / "mlflow.db").exists()
