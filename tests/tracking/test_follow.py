"""Training runs shown in MLflow while they run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from written_runs import (
    DEAD,
    acts,
    all_runs,
    points,
    wait_for,
    write_epochs,
    write_training_run,
)

from lookalike.params import Params
from lookalike.tracking.follow import follow_training
from lookalike.tracking.publish import publish_to_mlflow
from lookalike.tracking.store import Store


def test_a_killed_training_says_so_and_goes_on_in_the_same_run(checkpoints: Path, uri: str, store: Store) -> None:
    write_epochs(checkpoints, 0, 1)
    follow_training(checkpoints, uri, acts(lambda: write_epochs(checkpoints, 0, 2)), poll_seconds=0)
    (killed,) = all_runs(store)
    assert (killed.info.status, killed.data.tags["git.commit"]) == ("KILLED", "c0ffee")
    seen: list[str] = []
    follow_training(
        checkpoints,
        uri,
        acts(
            lambda: write_epochs(checkpoints, 0, 3),
            lambda: seen.append(all_runs(store)[0].info.status),
            lambda: shutil.rmtree(checkpoints),
        ),
        poll_seconds=0,
    )
    (run,) = all_runs(store)
    assert (run.info.run_id, seen) == (killed.info.run_id, ["RUNNING"])
    assert points(store, run.info.run_id, "train/loss") == [(0, 2.0), (1, 1.0), (2, 0.0)]


def test_publishing_completes_what_was_followed(
    tmp_path: Path, checkpoints: Path, uri: str, store: Store, params: Params
) -> None:
    write_epochs(checkpoints, 0, 3)
    follow_training(
        checkpoints,
        uri,
        acts(
            lambda: write_epochs(checkpoints, 1, 2),
            lambda: write_epochs(checkpoints, 1, 3),
            lambda: shutil.rmtree(checkpoints),
        ),
        poll_seconds=0,
    )
    followed = all_runs(store)
    assert [run.info.status for run in followed] == ["FINISHED", "RUNNING"]
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    published = all_runs(store)
    assert [run.info.run_id for run in published] == [run.info.run_id for run in followed]
    assert [run.info.status for run in published] == ["FINISHED", "FINISHED"]
    for key in ("valid/loss", "resources/seconds_per_epoch"):
        assert [step for step, _ in points(store, published[1].info.run_id, key)] == [0, 1, 2]


def test_following_into_the_void_costs_one_warning(checkpoints: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_epochs(checkpoints, 0, 1)
    follow_training(checkpoints, DEAD, lambda: True, poll_seconds=0)
    assert len(capsys.readouterr().err.splitlines()) == 1


PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "lookalike.tracking", "follow", sys.argv[1]])
time.sleep(600)
"""


@pytest.mark.pipeline
def test_a_follower_sees_its_parent_die(checkpoints: Path, uri: str, store: Store, tmp_path: Path, root: Path) -> None:
    write_epochs(checkpoints, 0, 1)
    environment = os.environ | {"DVC_ROOT": str(tmp_path), "PYTHONPATH": str(root / "src")}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(checkpoints)], env=environment)
    try:
        wait_for(lambda: bool(all_runs(store)) and "train/loss" in all_runs(store)[0].data.metrics)
        write_epochs(checkpoints, 0, 2)
        wait_for(lambda: len(points(store, all_runs(store)[0].info.run_id, "train/loss")) == 2)
        assert all_runs(store)[0].info.status == "RUNNING"
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: all_runs(store)[0].info.status == "KILLED")
