"""A worker in a clone of its own, on a machine without the run's file system: a DVC remote carries the outputs.

Each stage passes on what dvc.lock says of it. A worker pulls what the stage reads, runs it, and pushes its outputs.
"""

import subprocess
from pathlib import Path

from lookalike.artifacts.dvc_lock import LOCK, read_lock, write_lock
from lookalike.errors import InputError
from lookalike.scheduling.attempt import CloneTask, Commands, Lock
from lookalike.scheduling.graph import dvc_repository

SCHEMA = "2.0"  # of dvc.lock


def run_in_clone(name: str, task: CloneTask, commands: Commands) -> Lock:
    """Run the stage `name` in this clone, with the outputs that it reads pulled before, and its own pushed after.

    Returns:
        What the clone's dvc.lock then says of it.

    Raises:
        StageFailedError: code or parameters of the clone are not those of the run; or a command has failed.
    """
    if (here := working_tree()) != task.tree:
        commands.refuse(f"{Path.cwd()} has other code or parameters than the run (git trees {here:.8}, {task.tree:.8})")
    add_entries(task.lock)
    for needed in task.made:
        commands.run("repro", "--single-item", needed)
    if task.pulled:
        commands.run("pull", "--force", *task.pulled)
    commands.run("repro", "--single-item", name)
    commands.run("push", name)
    return {name: read_entries()[name]}


def working_tree() -> str:
    """The git tree of the files in this folder that git tracks, with their changes.

    Raises:
        InputError: this is no git repository.
    """
    try:
        stash = git("stash", "create")
        return git("rev-parse", f"{stash or 'HEAD'}^{{tree}}")
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(f"{Path.cwd()}: git cannot tell which code this is: {error}") from error


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=lookalike", "-c", "user.email=lookalike@localhost")  # of a stash that is not kept
    return subprocess.run(("git", *identity, *arguments), check=True, capture_output=True, text=True).stdout.strip()


def read_entries() -> Lock:
    """What dvc.lock says, by stage; empty without the file."""
    return read_lock().get("stages", {})


def add_entries(entries: Lock) -> None:
    """Write entries into dvc.lock; those of other stages stay."""
    with dvc_repository() as repo, repo.lock:
        write_lock(LOCK, {"schema": SCHEMA} | read_lock() | {"stages": read_entries() | entries})
