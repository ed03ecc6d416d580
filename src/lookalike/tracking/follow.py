"""Show a training run in MLflow while it is at work: its histories, epoch by epoch, and the load of the machine."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import Row, read_rows
from lookalike.tracking.runs import (
    Identity,
    find_or_create_run,
    log,
    logged_steps,
    milliseconds,
    origin_tags,
    row_points,
)
from lookalike.tracking.store import Store, open_store, warn
from lookalike.tracking.system import SystemMetrics

POLL_SECONDS = 3.0


@dataclass
class LiveRun:
    """The run of a seed that is being trained: its status in MLflow, its logged epochs, the machine's load."""

    run_id: str
    status: str
    epochs: int
    system: SystemMetrics


def follow_training(
    folder: Path, uri: str, training_lives: Callable[[], bool], poll_seconds: float = POLL_SECONDS
) -> None:
    """Show the training run that writes `run.json` and `seed-<k>.csv` into `folder` until it ends.

    A training run that ends well removes `folder`; `publish` then completes its runs in MLflow. If its process is gone
    and `folder` is not, it was killed, and the run of the last seed gets that status; if it is resumed, the same run
    goes on. Every failure here causes one warning and does not touch the training.

    Args:
        uri: that of the store.
        training_lives: whether the training's process is still there.
    """
    if not folder.exists():
        return  # the training has ended before this process had MLflow imported
    try:
        about, store = read_json(folder / "run.json"), open_store(uri)
        runs: dict[int, LiveRun] = {}
        lives = True
        while lives:
            lives = training_lives()  # asked before reading: a dead training has written all it ever will
            if not folder.exists():
                break
            update_runs(store, about, runs, folder)
            time.sleep(poll_seconds if lives else 0)
        for seed in sorted(runs)[-1:]:
            runs[seed].system.close()
            if folder.exists():
                close_run(store, runs[seed], "KILLED")
    except Exception as error:  # on purpose: nothing that goes wrong with a view may reach the training
        warn(uri, error)


def update_runs(store: Store, about: dict[str, Any], runs: dict[int, LiveRun], folder: Path) -> None:
    """Bring the runs up to date with the histories. Seeds are trained in order: all but the last have ended."""
    histories = {int(path.stem.removeprefix("seed-")): path for path in folder.glob("seed-*.csv")}
    for seed in sorted(histories):
        in_work = seed == max(histories)
        rows = read_rows(histories[seed])
        if seed not in runs:
            runs[seed] = find_live_run(store, about, seed, rows)
        run = runs[seed]
        if in_work and run.status != "RUNNING":
            store.client.update_run(run.run_id, status="RUNNING")
            run.status = "RUNNING"
        if new := rows[run.epochs :]:  # all together: short epochs end faster than a store takes them
            now = int(time.time() * 1000)
            log(store, run.run_id, [point for row in new for point in row_points(row, now)], {}, {})
            run.epochs = len(rows)
        if in_work:
            run.system.sample()
        elif run.status != "FINISHED":
            run.system.close()
            close_run(store, run, "FINISHED")


def find_live_run(store: Store, about: dict[str, Any], seed: int, rows: list[Row]) -> LiveRun:
    """The run of one seed with the history `rows`; it may have epochs of an earlier, killed attempt."""
    identity = Identity(about["study"], about["variant"], seed, about["fingerprint"])
    with store.lock():
        run = find_or_create_run(store, identity, milliseconds(about["started"]))
    log(store, run.info.run_id, [], {}, origin_tags(about))
    curve = row_points(rows[0], 0)[0].key  # any will do: an epoch's points are logged together
    steps = [step for _, step in logged_steps(store, run, [curve])]
    system = SystemMetrics(run.info.run_id, store.client.tracking_uri)
    return LiveRun(run.info.run_id, run.info.status, max(steps, default=-1) + 1, system)


def close_run(store: Store, run: LiveRun, status: str) -> None:
    store.client.set_terminated(run.run_id, status)
    run.status = status
