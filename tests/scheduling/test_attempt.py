"""What a worker does with a stage."""

import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from scheduling.conftest import DIAMOND

from lookalike.scheduling import attempt
from lookalike.scheduling.attempt import (
    StageFailedError,
    Task,
    environment_of_stage,
    last_lines,
    run_stage,
    visible_gpus,
)

Make = Callable[[dict[str, dict[str, object]]], Path]


@pytest.fixture(autouse=True)
def other_gpus() -> Iterator[None]:
    attempt.free_gpus.cache_clear()
    yield
    attempt.free_gpus.cache_clear()


@pytest.fixture
def run(project: Make) -> str:
    """A run in the folder of a project."""
    project(DIAMOND)
    attempt.FOLDER.mkdir(parents=True)
    attempt.note_of("run").touch()
    return "run"


def test_a_stage_is_run_and_the_second_time_it_has_not_changed(run: str) -> None:
    done = run_stage(Task("top", run))
    assert (done.name, done.ran, done.lock) == ("top", True, {})
    assert done.seconds > 0
    assert Path("top.txt").read_text() == "top\n"
    assert not run_stage(Task("top", run)).ran


def test_a_stage_that_fails_says_where_and_why(project: Make) -> None:
    project({"top": {"cmd": "echo no such luck; exit 7"}})
    attempt.FOLDER.mkdir(parents=True)
    attempt.note_of("run").touch()
    with pytest.raises(StageFailedError) as failed:
        run_stage(Task("top", "run"))
    assert failed.value.stage == "top"
    assert failed.value.log == ".dvc/tmp/run/top.log"
    assert "no such luck" in failed.value.lines
    assert "exited with 7" in failed.value.lines[-1]


def test_a_worker_in_another_folder_refuses(run: str) -> None:
    with pytest.raises(StageFailedError, match="is not the folder of the run"):
        run_stage(Task("top", "another"))


def test_after_a_stop_no_stage_begins(run: str) -> None:
    attempt.stop_stages("run")
    try:
        with pytest.raises(StageFailedError, match="stopped before it began"):
            run_stage(Task("top", run))
    finally:
        attempt._stopped.clear()
    assert not Path("top.txt").exists()


def test_the_last_lines_are_as_a_terminal_shows_them(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert last_lines(log) == []
    log.write_bytes(b"".join(b"line %d\n" % number for number in range(30)) + b"10 %\r90 %\r100 %  \r\n\n\xff\n")
    assert last_lines(log) == [*(f"line {number}" for number in range(20, 30)), "100 %", "�"]


def test_stages_do_not_share_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5,")
    with visible_gpus(1) as first:
        assert first["CUDA_VISIBLE_DEVICES"] == "3"
        with visible_gpus(1) as second:
            assert second["CUDA_VISIBLE_DEVICES"] == "5"
    with visible_gpus(2) as both:
        assert {*both["CUDA_VISIBLE_DEVICES"].split(",")} == {"3", "5"}


def test_a_worker_that_offers_more_gpus_than_it_has_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    monkeypatch.setattr(attempt, "GPU_SECONDS", 0.1)
    with pytest.raises(RuntimeError, match="offers more GPUs than it has"), visible_gpus(2):
        pass
    with visible_gpus(1) as environment:
        assert environment["CUDA_VISIBLE_DEVICES"] == "0"


def test_a_stage_has_the_environment_of_its_worker() -> None:
    python = str(Path(sys.executable).parent)
    found = environment_of_stage({"PATH": "/bin", "OMP_WAIT_POLICY": "active", "A": "b"})
    assert found == {"PATH": f"{python}{os.pathsep}/bin", "OMP_WAIT_POLICY": "active", "A": "b"}
    assert environment_of_stage({}) == {"PATH": python, "OMP_WAIT_POLICY": "passive"}
    with visible_gpus(0) as gpus:
        assert gpus == {}


def test_a_refusal_names_the_machine(run: str) -> None:
    with pytest.raises(StageFailedError) as failed:
        run_stage(Task("top", "another"))
    assert failed.value.lines[0].startswith(f"{socket.gethostname()}: ")
    assert failed.value.log == ""
