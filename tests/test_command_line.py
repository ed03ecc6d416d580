"""The command `lookalike`: its help, its version, and the statuses that it ends with."""

import importlib.metadata
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lookalike.__main__ import main

COMMANDS = ("try", "train", "weights", "prune", "doctor")
WAITING = """
import signal, time
from lookalike.command import run

def main():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("closed", flush=True)

signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in the background, it is ignored
run(main)
"""


@pytest.fixture(autouse=True)
def same_handler() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    """The status that the command ends with."""
    monkeypatch.setattr(sys, "argv", ["lookalike", *arguments])
    try:
        main()
    except SystemExit as ended:
        return ended.code
    return 0


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_help_has_examples_and_statuses_and_fits_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert call(monkeypatch, *([command] if command else []), "--help") == 0
    text = capsys.readouterr().out
    assert f"examples:\n  lookalike {command}" in text
    assert "exit status:\n  0    done\n  1    doctor has found a fault, or train could not finish a variant\n" in text
    assert "\n  2    bad input" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_all_commands_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    call(monkeypatch, "--help")
    text = capsys.readouterr().out
    assert all(f"\n    {command} " in text for command in COMMANDS)


def test_without_a_command_the_help_is_on_stderr_and_the_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch) == 2
    out, err = capsys.readouterr()
    call(monkeypatch, "--help")
    assert (out, err) == ("", capsys.readouterr().out)


@pytest.mark.parametrize("arguments", [["nonsense"], ["prune", "--no"], ["doctor", "more"], ["try"], ["--nonsense"]])
def test_bad_usage_ends_with_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert call(monkeypatch, *arguments) == 2
    assert capsys.readouterr().err.startswith("usage: lookalike")


def test_the_version_is_that_of_the_installed_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"lookalike {importlib.metadata.version('lookalike')}\n"


def test_a_package_that_is_not_installed_has_no_version(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", fail)
    assert call(monkeypatch, "--version") == 2
    assert capsys.readouterr() == ("", "error: lookalike is not installed here; `make setup` installs it\n")


def test_ctrl_c_closes_what_is_open_and_ends_with_130() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"closed\n", b"")
