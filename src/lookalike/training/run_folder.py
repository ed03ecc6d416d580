"""The folder of a run's checkpoints: used by one run at a time, always with the same number of threads."""

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from lookalike import provenance
from lookalike.artifacts.datasets import link_or_copy
from lookalike.artifacts.folders import naming_file, read_json, replace_folder, wait_to_hold
from lookalike.training import distributed

NOTE = "process.json"  # about the process that works in the folder, and holds this file, or did so last
UNKNOWN = {"process": "?", "host": "another machine", "since": "?"}

_log = logging.getLogger(__name__)


def settle_threads(name: str, checkpoints: Path, device: torch.device, fingerprint: Callable[..., str]) -> str:
    """Fix the number of threads of this process, and return the run's `fingerprint` (called with `threads`).

    On a CPU, sums are split among threads, so that the weights depend on their number. If `checkpoints` has an
    unfinished run of the variant `name` that differs only in this, it continues with its own number of threads.
    Several processes continue it as well, but each keeps its threads: their sums are split in another way anyway.
    """
    if device.type != "cpu":
        return fingerprint(threads=None)
    threads = torch.get_num_threads()
    identity = fingerprint(threads=threads)
    if not is_begun(checkpoints / f"{name}-{identity}"):
        for folder in filter(is_begun, sorted(checkpoints.glob(f"{name}-{'[0-9a-f]' * 16}"))):
            begun_with = read_note(folder).get("threads")
            if begun_with and folder.name == f"{name}-{fingerprint(threads=begun_with)}":
                text = "%s: goes on with %d threads, as it began, not with %d; delete %s to begin anew"
                identity = folder.name.removeprefix(f"{name}-")
                if distributed.count() == 1:
                    _log.warning(text, name, begun_with, threads, folder)
                    threads = begun_with
                break
    torch.set_num_threads(threads)  # MKL's as well, which may have been given another number
    return identity


def is_begun(folder: Path) -> bool:
    return any(folder.glob("*.pt"))


@contextmanager
def exclusive_folder(folder: Path) -> Iterator[None]:
    """Lock a run's folder within the block. If another process has locked it, say which, and wait for its end."""

    def busy() -> str:
        who = "process {process} on {host} has been training the same since {since}".format_map(read_note(folder))
        return f"{folder}: {who}"

    with wait_to_hold(folder / NOTE, (folder / NOTE).touch, busy):
        begun_with = read_note(folder).get("threads") if is_begun(folder) else None
        note = {"process": os.getpid(), "host": provenance.host(), "since": provenance.now()}
        write_note(folder, note | {"threads": begun_with or torch.get_num_threads()})
        yield


def read_note(folder: Path) -> dict[str, Any]:
    """The note of the process that works in a run's folder, or did so last; `UNKNOWN` without one."""
    with suppress(OSError, ValueError):
        if isinstance(note := read_json(folder / NOTE), dict):
            return UNKNOWN | note
    return UNKNOWN


def write_note(folder: Path, note: dict[str, Any]) -> None:
    """Write the note into the existing file, because a new one would not be locked."""
    with naming_file(folder / NOTE):
        (folder / NOTE).write_text(json.dumps(note), encoding="utf-8")


def restore_finished(finished: Path, checkpoints: Path) -> None:
    """Copy the last states of finished runs from `finished` to `checkpoints`, unless they are there already."""
    for file in finished.glob("*.pt"):
        if not (checkpoints / file.name).exists():
            link_or_copy(file, checkpoints / file.name)


def keep_finished(checkpoints: Path, finished: Path) -> None:
    """Move `checkpoints` to `finished`, and keep only the last states of the runs."""
    replace_folder(checkpoints, finished)
    for file in finished.iterdir():
        if file.suffix != ".pt":
            file.unlink()
