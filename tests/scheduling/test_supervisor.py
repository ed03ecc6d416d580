"""The process that runs a stage's command, and ends it with its worker."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from scheduling.conftest import wait_for

from lookalike.scheduling import supervisor

SLEEPS = "echo $$ > pid; sleep 60; true"
IGNORES = f"trap '' INT; {SLEEPS}"


def start(folder: Path, command: str, parent: int | None = None) -> "subprocess.Popen[bytes]":
    owner = str(os.getpid() if parent is None else parent)
    arguments = (sys.executable, "-I", "-S", str(supervisor.__file__), owner, "log", "sh", "-c", command)
    return subprocess.Popen(arguments, cwd=folder, start_new_session=True)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def begun(folder: Path) -> int:
    """The process that the command waits for."""
    wait_for(lambda: (folder / "pid").exists() and (folder / "pid").read_text().strip())
    return int((folder / "pid").read_text())


def test_it_ends_with_the_status_of_the_command_and_keeps_its_output(tmp_path: Path) -> None:
    assert start(tmp_path, "echo to stdout; echo to stderr >&2; exit 3").wait(timeout=20) == 3
    assert (tmp_path / "log").read_text() == "to stdout\nto stderr\n"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_when_asked_it_ends_the_whole_command(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path, SLEEPS)
    child = begun(tmp_path)
    process.send_signal(number)
    assert process.wait(timeout=20) == 130
    wait_for(lambda: not is_alive(child))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_when_its_worker_is_gone_it_ends_the_command(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys; "
        "subprocess.Popen([sys.executable, '-I', '-S', sys.argv[1], str(os.getpid()), 'log', 'sh', '-c', sys.argv[2]]);"
        "sys.stdin.read()"
    )
    command = (sys.executable, "-c", code, str(supervisor.__file__), SLEEPS)
    worker = subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, start_new_session=True)
    child = begun(tmp_path)
    assert is_alive(child)
    worker.kill()
    worker.wait()
    wait_for(lambda: not is_alive(child))


def test_without_its_worker_it_does_not_begin(tmp_path: Path) -> None:
    assert start(tmp_path, "touch here", parent=1).wait(timeout=20) == 130
    assert not (tmp_path / "here").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_command_that_ignores_sigint_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = Path(supervisor.__file__).read_text()
    hasty = tmp_path / "hasty.py"
    hasty.write_text(patient.replace("PATIENCE = 5.0", "PATIENCE = 0.2"))
    monkeypatch.setattr(supervisor, "__file__", str(hasty))
    process = start(tmp_path, IGNORES)
    child = begun(tmp_path)
    process.terminate()
    assert process.wait(timeout=20) == 130
    wait_for(lambda: not is_alive(child))


def test_a_second_attempt_waits_for_the_end_of_the_first(tmp_path: Path) -> None:
    """Also where its log is gone, as a new attempt begins a new one."""
    first = start(tmp_path, "touch begun; sleep 1; echo first >> order")
    wait_for((tmp_path / "begun").exists)
    (tmp_path / "log").unlink()
    second = start(tmp_path, "echo second >> order")
    assert (first.wait(timeout=20), second.wait(timeout=20)) == (0, 0)
    assert (tmp_path / "order").read_text() == "first\nsecond\n"
