"""Runs of earlier settings: superseded ones, and those whose training was killed."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from written_runs import NAME, all_runs, listed, wait_for, write_training_run

from lookalike import provenance
from lookalike.params import Params
from lookalike.tracking.earlier import followed_folders
from lookalike.tracking.publish import publish_to_mlflow
from lookalike.tracking.runs import Identity, find_or_create_run, log
from lookalike.tracking.store import Store


def marks(store: Store) -> dict[str, set[tuple[str, str | None]]]:
    """By fingerprint, the names of the runs and what their mark says."""
    found: dict[str, set[tuple[str, str | None]]] = {}
    for run in listed(store):
        mark = run.data.tags.get("lookalike.superseded")
        found.setdefault(run.data.tags["lookalike.fingerprint"], set()).add((run.info.run_name, mark))
    return found


def test_superseded_runs_are_marked_until_they_are_current_again(
    tmp_path: Path, uri: str, store: Store, params: Params
) -> None:
    plain = {(NAME, None), (f"{NAME}-seed0", None)}
    marked = {(f"{NAME} (superseded)", "true"), (f"{NAME}-seed0 (superseded)", "true")}
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path, identity="f1", seeds=1))
    assert marks(store) == {"f1": plain}
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path, identity="f2", seeds=1))
    assert marks(store) == {"f1": marked, "f2": plain}
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path, identity="f1", seeds=1))
    assert marks(store) == {"f1": plain, "f2": marked}


def test_a_run_of_another_variant_is_not_superseded(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    other = find_or_create_run(store, Identity("fashion", "other", 0, "f0"), 0)
    store.client.set_terminated(other.info.run_id)
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    assert "lookalike.superseded" not in store.client.get_run(other.info.run_id).data.tags


def running(store: Store, fingerprint: str, host: str) -> Any:
    """A run as a follower leaves it that was killed."""
    run = find_or_create_run(store, Identity("fashion", NAME, 0, fingerprint), 0)
    log(store, run.info.run_id, [], {}, {"host": host})
    return run


def test_a_run_that_nobody_follows_any_more_was_killed(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    here, elsewhere = running(store, "f0", provenance.host()), running(store, "f9", "another machine")
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    status = [store.client.get_run(run.info.run_id).info.status for run in (here, elsewhere)]
    assert status == ["KILLED", "RUNNING"]  # whether another machine is at work cannot be known
    assert [run.info.status for run in all_runs(store) if run.data.tags["lookalike.fingerprint"] == "f1"] == [
        "FINISHED",
        "FINISHED",
    ]


def test_a_run_that_is_followed_goes_on(
    tmp_path: Path, uri: str, store: Store, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running(store, "f0", provenance.host())
    monkeypatch.setattr("lookalike.tracking.earlier.followed_folders", lambda: {f"{NAME}-f0"})
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    found = store.client.get_run(run.info.run_id)
    assert (found.info.status, found.info.run_name) == ("RUNNING", f"{NAME}-seed0")


def test_a_follower_is_found_among_the_processes(tmp_path: Path) -> None:
    """One that does nothing, started with the follower's command line."""
    (tmp_path / "lookalike").mkdir()
    (tmp_path / "lookalike" / "__init__.py").touch()
    (tmp_path / "lookalike" / "tracking.py").write_text("import time; time.sleep(600)")
    command = [sys.executable, "-m", "lookalike.tracking", "follow", f"checkpoints/{NAME}-f0"]
    process = subprocess.Popen(command, cwd=tmp_path)
    try:
        wait_for(lambda: f"{NAME}-f0" in followed_folders())
    finally:
        process.kill()
        process.wait()
    assert f"{NAME}-f0" not in followed_folders()
