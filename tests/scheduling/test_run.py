"""Runs of small projects: on this machine, on workers of a scheduler, in clones, and with faults."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import yaml
from checkout import ROOT
from scheduling.conftest import DIAMOND, DVC, ENVIRONMENT, call, dask_workers, wait_for, write_stages

from lookalike.artifacts.dvc_lock import read_lock, write_lock
from lookalike.errors import InputError
from lookalike.scheduling import attempt
from lookalike.scheduling.graph import Stage
from lookalike.scheduling.run import run_pipeline
from lookalike.scheduling.times import load_times, save_times
from lookalike.scheduling.workers import Capacity, local_workers, workers_of

Make = Callable[[dict[str, dict[str, object]]], Path]
HERE = partial(run_pipeline, workers=partial(local_workers, 2), shared=True)
LOCKS = ".dvc/tmp/rwlock"
RUN = """
import signal, sys
from functools import partial
from lookalike.command import run
from lookalike.scheduling.run import run_pipeline
from lookalike.scheduling.workers import local_workers, workers_of

def main():
    workers = partial(workers_of, sys.argv[1]) if sys.argv[1:] else partial(local_workers, 2)
    sys.exit(0 if run_pipeline([], workers, shared=not sys.argv[1:]) else 1)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in the background, it is ignored
    run(main)
"""


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob("*.txt")}


def locked(folder: Path) -> dict[str, object]:
    """What dvc.lock says, without the order of stages."""
    stages: dict[str, object] = yaml.safe_load((folder / "dvc.lock").read_text())["stages"]
    return stages


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """A run in a process of its own."""
    return subprocess.Popen(
        (sys.executable, "-c", RUN, *arguments),
        cwd=folder,
        env=ENVIRONMENT | {"PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_two_at_a_time_leave_what_dvc_repro_leaves(project: Make, tmp_path: Path) -> None:
    folder = project(DIAMOND)
    one_by_one = Path(shutil.copytree(folder, tmp_path / "one-by-one"))
    assert HERE([])
    call(one_by_one, *DVC, "repro", "-q")
    assert texts(folder) == texts(one_by_one)
    assert len(texts(folder)) == 4
    assert locked(folder) == locked(one_by_one)
    assert load_times().keys() == DIAMOND.keys()


def test_a_second_run_does_nothing(project: Make, capsys: pytest.CaptureFixture[str]) -> None:
    lock = project(DIAMOND) / "dvc.lock"
    HERE([])
    text = lock.read_text(encoding="utf-8")
    write_lock(lock, read_lock(lock))  # as a run leaves it that is killed
    assert lock.read_text(encoding="utf-8") != text
    capsys.readouterr()
    assert HERE([])
    assert capsys.readouterr().out == "Everything is up to date.\n"
    assert lock.read_text(encoding="utf-8") == text


def test_a_stage_behind_an_unchanged_output_does_not_run(project: Make, capsys: pytest.CaptureFixture[str]) -> None:
    folder = project(DIAMOND)
    HERE([])
    write_stages(folder, DIAMOND | {"left": DIAMOND["left"] | {"cmd": f"{DIAMOND['left']['cmd']}; true"}})
    capsys.readouterr()
    assert HERE([])
    out = capsys.readouterr().out
    assert re.search("^left: [^h]", out, re.MULTILINE)
    assert "bottom: " not in out
    assert re.search("2 of 2 stages done in .*; 1 had not changed", out)


def test_a_stage_behind_another_output_runs_though_others_are_the_same(
    project: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    """`bottom` reads what `left` and `right` write; one of them writes something else."""
    folder = project(DIAMOND)
    HERE([])
    write_stages(
        folder,
        DIAMOND
        | {
            "left": DIAMOND["left"] | {"cmd": f"{DIAMOND['left']['cmd']}; true"},
            "right": DIAMOND["right"] | {"cmd": "echo another > right.txt"},
        },
    )
    capsys.readouterr()
    assert HERE([])
    assert re.search("^bottom: [^h]", capsys.readouterr().out, re.MULTILINE)
    call(folder, *DVC, "status", "-q")


def test_only_what_the_targets_need_runs(project: Make) -> None:
    folder = project(DIAMOND)
    assert HERE(["left"])
    assert texts(folder).keys() == {"top.txt", "left.txt"}


def test_a_stage_of_another_file_is_a_target(project: Make) -> None:
    """As `published` is; without being named it does not run."""
    folder = project(DIAMOND)
    (folder / "other").mkdir()
    write_stages(folder / "other", {"beside": {"cmd": "echo beside > beside.txt", "outs": ["beside.txt"]}})
    assert HERE([])
    assert not (folder / "other/beside.txt").exists()
    assert HERE(["other/dvc.yaml:beside"])
    assert (folder / "other/beside.txt").exists()
    assert (folder / ".dvc/tmp/run/other-dvc.yaml:beside.log").exists()


def test_stages_run_at_the_same_time(project: Make) -> None:
    """Each of the two waits until the other has begun."""
    meet = "touch {0}.txt; while [ ! -e {1}.txt ]; do sleep .05; done"
    project({name: {"cmd": meet.format(name, other)} for name, other in (("a", "b"), ("b", "a"))})
    assert HERE([])


def test_a_failed_stage_stops_those_that_need_it_and_no_other(
    project: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = DIAMOND | {
        "left": DIAMOND["left"] | {"cmd": "echo out of luck; exit 3"},
        "beside": {"cmd": "sleep 1; cat right.txt > beside.txt", "deps": ["right.txt"], "outs": ["beside.txt"]},
    }
    folder = project(broken)
    assert not HERE([])
    out = capsys.readouterr().out
    assert "left: failed\n" in out
    assert "    out of luck\n" in out
    assert "all of it: .dvc/tmp/run/left.log" in out
    assert "3 of 5 stages done, 1 failed, 1 cannot run" in out
    assert texts(folder).keys() == {"top.txt", "right.txt", "beside.txt"}
    write_stages(folder, broken | {"left": DIAMOND["left"]})
    assert HERE([])
    assert texts(folder).keys() == {*texts(folder), "bottom.txt", "left.txt"}


def test_the_head_of_the_longest_chain_begins_first(project: Make, capsys: pytest.CaptureFixture[str]) -> None:
    project({name: {"cmd": "true", "outs": []} for name in ("a", "b", "c")} | {"d": {"cmd": "true"}})
    save_times({"a": 1.0, "b": 9.0, "c": 5.0, "d": 3.0})
    assert run_pipeline([], partial(local_workers, 1), shared=True)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[:4]] == ["b", "c", "d", "a"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_the_stages_and_leaves_nothing_locked(project: Make, number: signal.Signals) -> None:
    folder = project({"slow": {"cmd": "echo $$ > pid.txt; sleep 60", "outs": ["slow.txt"]}})
    run = start(folder)
    wait_for((folder / "pid.txt").exists)
    time.sleep(0.5)
    run.send_signal(number)
    assert run.wait(timeout=60) == 128 + number
    wait_for(lambda: not Path(f"/proc/{(folder / 'pid.txt').read_text().strip()}").exists())
    assert not [*(folder / ".dvc/tmp/run").glob("*.run")]
    write_stages(folder, {"slow": {"cmd": "echo done > slow.txt", "outs": ["slow.txt"]}})
    assert HERE([])


def test_a_run_that_is_killed_leaves_nothing_locked(project: Make) -> None:
    folder = project({"slow": {"cmd": "echo $$ > pid.txt; sleep 60", "outs": ["slow.txt"]}})
    run = start(folder)
    wait_for((folder / "pid.txt").exists)
    run.kill()
    run.wait()
    wait_for(lambda: not Path(f"/proc/{(folder / 'pid.txt').read_text().strip()}").exists())
    write_stages(folder, {"slow": {"cmd": "echo done > slow.txt", "outs": ["slow.txt"]}})
    assert HERE([])


def test_a_stage_whose_worker_is_killed_runs_again(project: Make) -> None:
    """The worker's watcher starts it anew, and the stage that ran is ended first."""
    once = "echo $$ >> begun.txt; [ $(wc -l < begun.txt) -gt 1 ] || sleep 60; echo done > slow.txt"
    folder = project({"slow": {"cmd": once, "outs": ["slow.txt"]}} | DIAMOND)
    with dask_workers(folder) as address:
        run = start(folder, address)
        wait_for((folder / "begun.txt").exists)
        time.sleep(0.5)
        first = int((folder / "begun.txt").read_text())
        os.kill(worker_of(first), signal.SIGKILL)
        out, _ = run.communicate(timeout=120)
    assert run.returncode == 0, out
    assert len((folder / "begun.txt").read_text().split()) == 2
    assert not Path(f"/proc/{first}").exists()
    assert (folder / "bottom.txt").exists()


def worker_of(process: int) -> int:
    """The Dask worker above a stage's process: shell, DVC, supervisor, worker."""
    for _ in range(3):
        process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    return process


def test_a_stage_has_the_threads_that_its_worker_was_given(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one thread that Dask's nanny allows."""
    folder = project({"a": {"cmd": "env > env.txt", "outs": ["env.txt"]}})
    monkeypatch.setitem(ENVIRONMENT, "OMP_NUM_THREADS", "3")
    for name in ("MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delitem(ENVIRONMENT, name, raising=False)
    with dask_workers(folder) as address:
        assert run_pipeline((), partial(workers_of, address), shared=False)
    lines = (folder / "env.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if "_NUM_THREADS=" in line] == ["OMP_NUM_THREADS=3"]


def test_workers_in_clones_pass_outputs_through_a_remote(
    project: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`left` and `right` wait for each other, and so are run by both workers; `note` is made in each clone."""
    meet = f"touch {tmp_path}/{{0}}; while [ ! -e {tmp_path}/{{1}} ]; do sleep .05; done; "
    stages = {name: dict(stage) for name, stage in DIAMOND.items()}
    for name, other in (("left", "right"), ("right", "left")):
        stages[name]["cmd"] = f"{meet.format(name, other)}{stages[name]['cmd']}"
    stages["top"]["deps"] = ["note.txt"]
    note = {"note": {"cmd": "pwd > where.log; echo note > note.txt", "outs": [{"note.txt": {"cache": False}}]}}
    folder = project(note | stages)
    clones = [tmp_path / f"clone-{number}" for number in range(2)]
    for clone in clones:
        call(tmp_path, "git", "clone", "-q", str(folder), str(clone))
    with dask_workers(*clones) as address:
        workers = partial(workers_of, address)
        with pytest.raises(InputError, match="no DVC remote"):
            run_pipeline([], workers, shared=False)
        for place in (folder, *clones):
            call(place, *DVC, "remote", "add", "--local", "--default", "between", str(tmp_path / "remote"))
        assert run_pipeline([], workers, shared=False), capsys.readouterr().out
        assert texts(folder) == {
            "note.txt": "note\n",
            "top.txt": "top\n",
            "left.txt": "top\nleft\n",
            "right.txt": "top\nright\n",
            "bottom.txt": "top\nleft\ntop\nright\n",
        }
        assert (folder / "where.log").read_text() == f"{folder}\n"
        assert "Data and pipelines are up to date" in call(folder, *DVC, "status")
        write_stages(folder, note | stages | {"left": DIAMOND["left"]})
        assert not run_pipeline([], workers, shared=False)
        assert "has other code or parameters than the run" in capsys.readouterr().out


def test_a_scheduler_that_does_not_answer_is_refused(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    project(DIAMOND)
    monkeypatch.setattr("lookalike.scheduling.workers.CONNECT_SECONDS", 1)
    for address in ("tcp://127.0.0.1:1", "nonsense://here"):
        with pytest.raises(InputError, match=f"--scheduler {address}: no Dask scheduler answers there"):
            run_pipeline([], partial(workers_of, address), shared=False)


def stage(**resources: float) -> Stage:
    return Stage("train@a", (), stale=True, resources=resources)


def test_resources_that_no_worker_counts_are_not_asked_for() -> None:
    assert Capacity(2, {}, {}).needed(stage(gpu=1, memory=4)) == {}
    assert Capacity(2, {"memory": 8}, {"memory": 4}).needed(stage(gpu=1, memory=4)) == {"memory": 4}


def test_a_stage_that_fits_no_worker_is_refused() -> None:
    with pytest.raises(InputError, match="stage train@a takes memory 5; no worker has more than 4"):
        Capacity(2, {"memory": 8}, {"memory": 4}).needed(stage(memory=5))


def test_a_stage_waits_until_its_resources_are_free(project: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stages that take a GPU each run one after the other where there is one, and a third beside them."""
    note = "echo in >> gpu.txt; sleep .7; [ $(tail -n 1 gpu.txt) = in ] || exit 1; echo out >> gpu.txt"
    both = {name: {"cmd": note, "meta": {"gpu": 1}} for name in ("a", "b")}
    folder = project(both | {"beside": {"cmd": "while [ ! -e gpu.txt ]; do sleep .05; done"}})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    attempt.free_gpus.cache_clear()
    assert HERE([])
    attempt.free_gpus.cache_clear()
    assert (folder / "gpu.txt").read_text().split() == ["in", "out", "in", "out"]
