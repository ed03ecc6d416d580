"""The command `lookalike`: its help, its version, and the statuses that it ends with."""

import importlib.metadata
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from lookalike.cli.app import app, main

COMMANDS = ("try", "serve", "run", "train", "bundle", "results", "weights", "prune", "doctor")
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
    assert (
        "exit status:\n  0    done\n  1    doctor found a fault, or train or run could not finish everything\n" in text
    )
    assert "\n  2    bad input" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_all_commands_are_listed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    call(monkeypatch, "--help")
    text = capsys.readouterr().out
    assert all(f"\n  {command}: " in text for command in COMMANDS)


@pytest.mark.parametrize("arguments", [[], ["results"]])
def test_without_a_command_the_help_is_on_stderr_and_the_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert call(monkeypatch, *arguments) == 2
    out, err = capsys.readouterr()
    call(monkeypatch, *arguments, "--help")
    assert (out, err) == ("", capsys.readouterr().out)


BAD_USAGE = {
    "nonsense": 'Unknown command "nonsense". Available commands: ',
    "prun": 'Unknown command "prun". Did you mean "prune"? Available commands: ',
    "results ad": 'Unknown command "ad". Did you mean "add"? Available commands: add, list, verify.',
    "--nonsense": 'Unknown command "--nonsense". ',
    "prune --no": "Unknown option: --no. ",
    "prune --yse": "Unknown option: --yse. Did you mean --yes?",
    "doctor more": "Unused Tokens: ['more'].",
    "try": 'Command "try" parameter PICTURES requires an argument.',
    "train": 'Command "train" parameter --profile requires an argument.',
    "bundle -o file.zip": 'Command "bundle" parameter VARIANTS requires an argument.',
    "results add": 'Command "results add" parameter WHAT requires an argument.',
}


@pytest.mark.parametrize("arguments", BAD_USAGE)
def test_bad_usage_ends_with_2_and_one_line_that_suggests_what_was_meant(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: str
) -> None:
    assert call(monkeypatch, *arguments.split()) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"error: {BAD_USAGE[arguments]}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_commands_and_options(shell: Literal["bash", "zsh", "fish"]) -> None:
    script = app.generate_completion(prog_name="lookalike", shell=shell)
    assert all(word in script for word in (*COMMANDS, "yes", "json", "profile"))


@pytest.mark.parametrize("command", ["prune", "doctor", "results list"])
def test_the_help_documents_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    call(monkeypatch, *command.split(), "--help")
    assert "\nJSON " in capsys.readouterr().out


def test_the_list_of_published_runs_is_json_with_the_documented_keys_and_types(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], root: Path
) -> None:
    monkeypatch.chdir(root)
    assert call(monkeypatch, "results", "list", "--json") == 0
    runs = json.loads(capsys.readouterr().out)
    assert len(runs) == len([*root.glob("results/*/*/*/record.json")])
    types = dict.fromkeys(("study", "variant", "run", "profile"), str) | dict.fromkeys(
        ("parameters", "images", "seeds"), int
    )
    types |= dict.fromkeys(("precision", "commit", "date"), str) | {"hours": float, "device": str}
    assert all({key: type(value) for key, value in run.items()} == types for run in runs)


def test_a_reader_that_has_gone_causes_no_traceback(root: Path) -> None:
    command = [sys.executable, "-m", "lookalike", "results", "list", "--json"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_no_command_imports_a_heavy_package_before_it_runs() -> None:
    code = "import sys, lookalike.cli.app; print({'torch', 'numpy', 'pandas', 'pydantic', 'mlflow'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "set()\n"


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
