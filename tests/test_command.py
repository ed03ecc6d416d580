"""How a command ends: bad input in one line with status 2, SIGTERM with 143 and open blocks closed."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from lookalike.command import mirror, relaunch, run, run_for_study, run_for_variants, stage_item
from lookalike.errors import InputError
from lookalike.params import Params

WAITING = """
import time
from lookalike.command import run

def main():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("closed", flush=True)

run(main)
"""


@pytest.fixture(autouse=True)
def same_handler() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def test_arguments_are_handed_on(capsys: pytest.CaptureFixture[str]) -> None:
    run(print, "a", "b")
    assert capsys.readouterr() == ("a b\n", "")


def test_bad_input_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise InputError("params.yaml: lr: too high")

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "error: params.yaml: lr: too high\n")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES])
def test_what_a_disk_refuses_is_one_line_and_status_2(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> None:
        raise OSError(number, os.strerror(number), str(tmp_path / "file"))

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"error: {tmp_path}/file: {os.strerror(number)} (disk ")


@pytest.mark.parametrize("error", [ZeroDivisionError, FileNotFoundError, ConnectionResetError])
def test_other_exceptions_keep_their_traceback(error: type[Exception]) -> None:
    def main() -> None:
        raise error

    with pytest.raises(error):
        run(main)


def test_sigterm_closes_what_is_open_and_ends_with_143() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (143, b"closed\n", b"")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("", ""),
        ("mirror", "/project/mirror"),
        ("/disk/mirror", "/disk/mirror"),
        ("https://host/mirror", "https://host/mirror"),
    ],
)
def test_a_relative_mirror_begins_at_the_project_s_root(
    given: str | None, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", "/project")  # as in an experiment's copy, which lies elsewhere
    monkeypatch.delenv("LOOKALIKE_MIRROR", raising=False)
    if given is not None:
        monkeypatch.setenv("LOOKALIKE_MIRROR", given)
    assert mirror() == expected


@pytest.mark.parametrize(
    ("arguments", "stage", "item"),
    [
        (["fashion-cnn"], "", "fashion-cnn"),
        ([], "train@fashion-cnn", "fashion-cnn"),
        ([], "train@$(touch pwned)", "$(touch pwned)"),
        (["fashion-vit"], "train@fashion-cnn", "fashion-vit"),
    ],
)
def test_a_stage_learns_its_item_from_its_argument_or_from_dvc(
    arguments: list[str], stage: str, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    monkeypatch.setenv("DVC_STAGE", stage)
    assert stage_item() == item


def test_a_stage_that_works_on_some_variants_takes_more_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluate.py", "fashion", "fashion-cnn"])
    assert stage_item(several=True) == "fashion"
    monkeypatch.setattr(sys, "argv", ["evaluate.py"])
    monkeypatch.delenv("DVC_STAGE", raising=False)
    with pytest.raises(SystemExit, match=r"NAME \[VARIANT ...\]"):
        stage_item(several=True)


@pytest.mark.parametrize("arguments", [[], ["fashion-cnn", "fashion-vit"]])
def test_a_stage_without_its_item_says_how_it_is_used(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    monkeypatch.delenv("DVC_STAGE", raising=False)
    with pytest.raises(SystemExit, match=r"\Ausage: train.py NAME\Z"):
        stage_item()


@pytest.fixture
def project(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the real parameters and a former result of the fashion study."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_bytes((root / "params.yaml").read_bytes())
    (tmp_path / "found" / "fashion").mkdir(parents=True)
    (tmp_path / "found" / "fashion" / "former").touch()
    return tmp_path


def written(project: Path) -> set[str]:
    return {path.name for path in (project / "found" / "fashion").iterdir()}


def test_a_study_s_result_is_replaced_as_a_whole(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["stage.py", "fashion"])
    run_for_study(lambda params, study, out: (out / params.studies[study].data).touch(), "found")
    assert written(project) == {"fashion_mnist"}


@pytest.mark.parametrize("study", ["fashion", "fashoin"])
def test_a_study_s_result_stays_if_the_work_or_its_name_is_refused(
    project: Path, study: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(params: Params, study: str, out: Path) -> None:
        (out / "new").touch()
        raise InputError("no such thing")

    monkeypatch.setattr(sys, "argv", ["stage.py", study])
    with pytest.raises(SystemExit):
        run_for_study(refuse, "found")
    assert written(project) == {"former"}
    said = {"fashion": "no such thing", "fashoin": "params.yaml: studies: no 'fashoin'; allowed: fashion, cifar, "}
    assert capsys.readouterr().err.startswith(f"error: {said[study]}")


def work_on(params: Params, study: str, names: Collection[str], out: Path) -> Collection[str]:
    """Make a folder for each of the variants."""
    for name in names:
        (out / name).mkdir(parents=True)
    return names


def test_folders_of_variants_that_are_gone_are_deleted(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "found" / "fashion" / "former").unlink()
    (project / "found" / "fashion" / "gone").mkdir()
    monkeypatch.setattr(sys, "argv", ["stage.py", "fashion"])
    run_for_variants(work_on, "found")
    assert {"fashion-cnn", "fashion-vit"} <= written(project)
    assert "gone" not in written(project)


def test_work_on_some_variants_deletes_no_other(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["stage.py", "fashion", "fashion-cnn"])
    run_for_variants(work_on, "found")
    assert written(project) == {"former", "fashion-cnn"}


@pytest.mark.parametrize(
    ("variant", "said"),
    [("fashoin-cnn", "params.yaml: variants: no 'fashoin-cnn'"), ("cnn-bn", "cnn-bn: a variant of the study cifar")],
)
def test_a_variant_of_no_or_another_study_is_refused(
    project: Path, variant: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stage.py", "fashion", variant])
    with pytest.raises(SystemExit):
        run_for_variants(work_on, "found")
    assert capsys.readouterr().err.startswith(f"error: {said}")
    assert written(project) == {"former"}


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """The programs that would have replaced this process, with their arguments."""
    programs: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(os, "execv", lambda *program: programs.append(program))
    monkeypatch.setattr(sys, "argv", ["stages/train.py", "fashion-cnn"])
    for name in ("LOOKALIKE_LAUNCH", "RANK"):
        monkeypatch.delenv(name, raising=False)
    return programs


def program_in(folder: Path, name: str) -> Path:
    folder.mkdir()
    (folder / name).touch(mode=0o755)
    return folder / name


def test_a_launcher_beside_this_python_replaces_the_process(
    executed: list[tuple[str, list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside, on_path = (program_in(tmp_path / folder, "launch") for folder in ("environment", "bin"))
    monkeypatch.setenv("LOOKALIKE_LAUNCH", "launch --nproc-per-node 8 --log-dir 'my logs'")
    monkeypatch.setenv("PATH", str(on_path.parent))
    command = ["launch", "--nproc-per-node", "8", "--log-dir", "my logs", "stages/train.py", "fashion-cnn"]
    monkeypatch.setattr(sys, "executable", str(beside.with_name("python")))
    relaunch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "elsewhere" / "python"))
    relaunch()
    assert executed == [(str(beside), command), (str(on_path), command)]


@pytest.mark.parametrize("launcher", [None, "", "launch"])
def test_a_process_without_a_launcher_or_from_one_stays(
    executed: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch, launcher: str | None
) -> None:
    if launcher is not None:
        monkeypatch.setenv("LOOKALIKE_LAUNCH", launcher)
        monkeypatch.setenv("RANK", "0")
    relaunch()
    assert executed == []


@pytest.mark.parametrize(
    ("launcher", "message"),
    [
        ("no-such-launcher -n 2", "LOOKALIKE_LAUNCH: no-such-launcher: no such program"),
        ("launch 'me", 'LOOKALIKE_LAUNCH: "launch \'me": No closing quotation'),
        (" ", "LOOKALIKE_LAUNCH: names no program"),
    ],
)
@pytest.mark.usefixtures("executed")
def test_a_launcher_that_cannot_be_started_is_refused(
    launcher: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOKALIKE_LAUNCH", launcher)
    with pytest.raises(InputError) as refused:
        relaunch()
    assert str(refused.value) == message
