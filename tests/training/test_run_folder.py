"""One process at a time works in the folder of a run, and all of them with the same number of threads."""

import json
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from lookalike.artifacts import folders
from lookalike.artifacts.fingerprint import fingerprint
from lookalike.artifacts.folders import hold
from lookalike.training.run_folder import (
    NOTE,
    exclusive_folder,
    keep_finished,
    read_note,
    restore_finished,
    settle_threads,
)

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def settle(folder: Path, threads: int, device: torch.device = CPU) -> str:
    torch.set_num_threads(threads)
    return settle_threads("cnn", folder, device, lambda **more: fingerprint(lr=0.1, **more))


def begin(folder: Path, threads: int) -> Path:
    """A run with so many threads that was killed after an epoch."""
    run = folder / f"cnn-{settle(folder, threads)}"
    with exclusive_folder(run):
        (run / "seed-0.pt").touch()
    return run


def test_another_number_of_threads_is_another_run_on_a_cpu_alone(tmp_path: Path) -> None:
    assert settle(tmp_path, 1) != settle(tmp_path, 2)
    assert torch.get_num_threads() == 2
    assert settle(tmp_path, 1, GPU) == settle(tmp_path, 2, GPU)


def test_a_killed_run_goes_on_with_its_own_number_of_threads(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = begin(tmp_path, 2)
    assert caplog.text == ""
    assert f"cnn-{settle(tmp_path, 1)}" == run.name
    assert torch.get_num_threads() == 2
    assert caplog.messages == [f"cnn: goes on with 2 threads, as it began, not with 1; delete {run} to begin anew"]


def test_a_run_with_the_number_that_is_asked_for_comes_first(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    begin(tmp_path, 3)
    (tmp_path / "other").mkdir()
    one = begin(tmp_path / "other", 1)
    one.rename(tmp_path / one.name)
    assert f"cnn-{settle(tmp_path, 1)}" == one.name
    assert torch.get_num_threads() == 1
    assert caplog.text == ""


@pytest.mark.parametrize("note", ["", "{", "[]", "{}", '{"threads": 3}', '{"threads": null}', '{"threads": "two"}'])
def test_a_run_that_differs_in_more_or_is_damaged_is_left_alone(tmp_path: Path, note: str) -> None:
    run = begin(tmp_path, 2)
    (run / NOTE).write_text(note)
    assert f"cnn-{settle(tmp_path, 1)}" != run.name
    assert torch.get_num_threads() == 1


def test_a_run_without_a_checkpoint_binds_nobody(tmp_path: Path) -> None:
    run = begin(tmp_path, 2)
    (run / "seed-0.pt").unlink()
    settle(tmp_path, 1)
    assert torch.get_num_threads() == 1


def test_the_process_is_noted(tmp_path: Path) -> None:
    with exclusive_folder(tmp_path / "run"):
        note = json.loads((tmp_path / "run" / NOTE).read_text())
        with pytest.raises(BlockingIOError), hold(tmp_path / "run" / NOTE):
            pass
    assert (note["process"], note["threads"]) == (os.getpid(), torch.get_num_threads())
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", note["since"])
    assert note["host"]


@pytest.mark.parametrize("ends_well", [True, False])
def test_a_second_process_says_who_trains_and_waits(
    tmp_path: Path, ends_well: bool, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "POLL_SECONDS", 0.01)
    run, happened = tmp_path / "checkpoints" / "run", list[str]()

    def second() -> None:
        with exclusive_folder(run):
            happened.append("second begins")

    with exclusive_folder(run):
        (run / "seed-0.pt").touch()
        since, other = read_note(run)["since"], threading.Thread(target=second)
        other.start()
        deadline = time.monotonic() + 20
        while not caplog.messages:
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(0.05)
        happened.append("first ends")
        if ends_well:
            keep_finished(run, tmp_path / "finished" / "run")
    other.join(20)
    assert happened == ["first ends", "second begins"]
    (said,) = caplog.messages
    assert said.startswith(f"{run}: process {os.getpid()} on ")
    assert said.endswith(f" has been training the same since {since}; waiting for its end")
    assert [path.name for path in (tmp_path / "finished").glob("*/*")] == ["seed-0.pt"] * ends_well


def test_a_disk_without_locks_does_not_stop_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "try_lock", lambda descriptor: False)
    with exclusive_folder(tmp_path / "run"):
        assert read_note(tmp_path / "run")["process"] == os.getpid()


def test_what_is_finished_is_kept_and_restored(tmp_path: Path) -> None:
    run, finished = tmp_path / "checkpoints" / "run", tmp_path / "finished" / "run"
    run.mkdir(parents=True)
    for name in ("seed-0.pt", "rate-0.1.pt", "seed-0.csv", "run.json", "seed-1.pt.0123abcd.damaged", NOTE):
        (run / name).write_text(name)
    keep_finished(run, finished)
    assert not run.exists()
    assert {path.name for path in finished.iterdir()} == {"seed-0.pt", "rate-0.1.pt"}
    run.mkdir()
    (run / "seed-0.pt").write_text("newer")
    restore_finished(finished, run)
    assert {path.name: path.read_text() for path in run.iterdir()} == {
        "seed-0.pt": "newer",
        "rate-0.1.pt": "rate-0.1.pt",
    }
    restore_finished(tmp_path / "nowhere", run)
