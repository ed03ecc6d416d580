"""Small DVC projects, and workers of a Dask scheduler in folders of their own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from checkout import ROOT

Stage = dict[str, object]
NAMES = {"GIT_AUTHOR_NAME": "t", "GIT_AUTHOR_EMAIL": "t@example.org"}
ENVIRONMENT = os.environ | NAMES | {name.replace("AUTHOR", "COMMITTER"): value for name, value in NAMES.items()}
DVC = (sys.executable, "-m", "dvc")
DIAMOND: dict[str, Stage] = {
    "top": {"cmd": "echo top > top.txt", "outs": ["top.txt"]},
    "left": {"cmd": "cat top.txt > left.txt; echo left >> left.txt", "deps": ["top.txt"], "outs": ["left.txt"]},
    "right": {"cmd": "cat top.txt > right.txt; echo right >> right.txt", "deps": ["top.txt"], "outs": ["right.txt"]},
    "bottom": {
        "cmd": "cat left.txt right.txt > bottom.txt",
        "deps": ["left.txt", "right.txt"],
        "outs": ["bottom.txt"],
    },
}


def call(folder: Path, *command: str) -> str:
    """The output of a command, which must succeed."""
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write_stages(folder: Path, stages: dict[str, Stage]) -> None:
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}, sort_keys=False))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Stage]], Path]:
    """Makes a git and DVC repository with these stages, and makes it the current folder."""

    def make(stages: dict[str, Stage]) -> Path:
        folder = tmp_path / "project"
        folder.mkdir()
        write_stages(folder, stages)
        call(folder, "git", "init", "-q")
        call(folder, *DVC, "init", "-q")
        call(folder, "git", "add", "-A")
        call(folder, "git", "commit", "-qm", "start")
        monkeypatch.chdir(folder)
        return folder

    return make


@contextmanager
def dask_workers(*folders: Path) -> Iterator[str]:
    """A Dask scheduler on this machine with a worker in each folder; its address."""
    environment = ENVIRONMENT | {"PYTHONPATH": str(ROOT / "src")}
    note = folders[0].parent / "scheduler.json"
    cli = (sys.executable, "-m", "distributed.cli")
    own = ("--host", "127.0.0.1", "--no-dashboard", "--scheduler-file", str(note))
    commands = [(folders[0], (f"{cli[2]}.dask_scheduler", *own, "--port", "0"))]
    for number, folder in enumerate(folders):
        one = ("--no-dashboard", "--scheduler-file", str(note), "--nthreads", "1", "--name", f"worker-{number}")
        scratch = folders[0].parent / f"scratch-{number}"
        commands.append((folder, (f"{cli[2]}.dask_worker", *one, "--local-directory", str(scratch))))
    processes = []
    try:
        for folder, arguments in commands:
            command = (*cli[:2], *arguments)
            streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            processes.append(subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **streams))
            wait_for(note.exists)
        yield yaml.safe_load(note.read_text())["address"]
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(timeout=30)


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
