"""Runs of earlier settings: marked as superseded, and ended if their training run was killed."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike import provenance
from lookalike.tracking.runs import Identity
from lookalike.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

SUPERSEDED = "lookalike.superseded"  # tag: the results on disk are of another run
SUFFIX = " (superseded)"

Runs = Mapping[Identity, "Run"]  # as they were before the publication


def mark_superseded(store: Store, runs: Runs, current: Iterable[Identity]) -> None:
    """Mark the ended runs of the variants in `current` that are not among them, and take the mark from those that are.

    The mark is a tag and the end of the run's name. A run at work belongs to settings that are yet to come.
    """
    published = set(current)
    variants = {identity.variant for identity in published}
    for identity, run in runs.items():
        superseded = identity not in published and run.info.status != "RUNNING"
        if identity.variant not in variants or superseded == (SUPERSEDED in run.data.tags):
            continue
        name = run.info.run_name.removesuffix(SUFFIX)
        store.client.update_run(run.info.run_id, name=name + SUFFIX if superseded else name)
        if superseded:
            store.client.set_tag(run.info.run_id, SUPERSEDED, "true")
        else:
            store.client.delete_tag(run.info.run_id, SUPERSEDED)


def end_abandoned(store: Store, runs: Runs, current: Iterable[Identity]) -> None:
    """End the runs of this machine that are not in `current` and have no follower any more: they were killed.

    A follower ends its run after the training, unless it was killed too.
    """
    others = runs.keys() - set(current)
    running = {one: runs[one] for one in others if runs[one].info.status == "RUNNING"}
    here = {one: run for one, run in running.items() if run.data.tags.get("host") == provenance.host()}
    followed = followed_folders() if here else set()
    for identity, run in here.items():
        if f"{identity.variant}-{identity.fingerprint}" not in followed:
            store.client.set_terminated(run.info.run_id, "KILLED")


def followed_folders() -> set[str]:
    """The names of the folders of checkpoints, "variant-fingerprint", that a process on this machine follows."""
    import psutil

    commands = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return {Path(one[-1]).name for one in commands if one[-3:-1] == ["lookalike.tracking", "follow"]}
