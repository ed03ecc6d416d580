"""The stage `check` as `make demo` runs it, before DVC: it ends in one line where DVC could not work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with the real parameters."""
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    for command in (["init", "-q"], ["add", "params.yaml"], ["commit", "-qm", "start"]):
        identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True)
    return tmp_path


def check(project: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("DVC_ROOT", "DVC_STAGE")}
    command = [sys.executable, ROOT / "stages/check.py"]
    environment |= {"PYTHONPATH": str(ROOT / "src")}
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


def test_valid_parameters_leave_their_mark(project: Path) -> None:
    (project / "photographs").mkdir()
    (project / "photographs/around").symlink_to(".")  # at which DVC does not stop
    assert check(project).returncode == 0
    assert (project / "checked").read_text() == "params.yaml is valid\n"


def test_what_would_stop_dvc_is_named_before_anything_is_written(project: Path) -> None:
    (project / "photographs/below").mkdir(parents=True)
    os.mkfifo(project / "photographs/below/pipe")
    done = check(project)
    assert done.returncode == 2
    assert done.stderr.startswith("error: photographs/below/pipe: no file, but a pipe")
    assert done.stderr.count("\n") == 1
    assert not (project / "checked").exists()
