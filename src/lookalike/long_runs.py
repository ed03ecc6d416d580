"""Training runs that take days: every variant of a profile, one at a time, in the order of the profile's budgets.

DVC trains each variant in a process of its own. So a kill costs one epoch at most, and the code can be updated between
two variants. A variant is finished when there is a result for its effective settings, even if code has changed since:
nothing is trained again because a comment was edited.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lookalike.artifacts.folders import read_json, write_text
from lookalike.artifacts.models import load_description, read_rows
from lookalike.params import Params, load_params, with_profile
from lookalike.training.settings import effective_settings

PARAMETERS = Path("params.yaml")
LOGS = Path("checkpoints")
POLL_SECONDS = 5.0


class Pollable(Protocol):
    """A process, or an object like one: its `poll` returns None until it has ended."""

    def poll(self) -> int | None: ...


@dataclass(frozen=True)
class Progress:
    """The seed that is being trained, counted from 0, and the number of its finished epochs."""

    seed: int
    epochs: int


def train_all(profile: str, names: Sequence[str]) -> bool:
    """Train the variants `names` (none means all) within `profile`; print a line for each.

    The name of the profile in `params.yaml` is changed to `profile`.

    Returns:
        Whether all of them are finished.

    Raises:
        InputError: no such profile or variant.
    """
    select_profile(profile)
    params = load_params()
    for name in names:
        params.require("variants", name)
    finished = [train_one(name) for name in names or sorted_by_budget(params)]  # a failure does not stop the others
    return all(finished)


def select_profile(profile: str) -> None:
    """Write the name of the active profile into `params.yaml`; all else stays as it is."""
    params = load_params()
    params.require("profiles", profile)
    if profile != params.profile:
        text = PARAMETERS.read_text(encoding="utf-8")
        write_text(PARAMETERS, with_profile(text, profile))


def sorted_by_budget(params: Params) -> list[str]:
    """The variants in the order of the active profile's budgets; those of one budget in the order of the file."""
    budgets = list(params.active.train)
    return sorted(params.variants, key=lambda name: budgets.index(params.variants[name].budget))


def train_one(name: str) -> bool:
    """Train one variant, unless it is finished, and print its progress; returns whether it is finished now."""
    params = load_params()  # again, since the file may have been updated since the last variant
    if is_finished(params, name):
        print(f"{name}: finished", flush=True)
        return True
    LOGS.mkdir(exist_ok=True)
    log = LOGS / f"{name}.log"
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        command = [sys.executable, "-m", "dvc", "repro", f"train@{name}"]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            for line in progress_lines(process, name, params):
                print(line, end="\r" if sys.stdout.isatty() else "\n", flush=True)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # also the training process, which DVC would leave running
            process.wait()
    done = process.returncode == 0 and is_finished(params, name)
    ended = f"finished in {duration(time.monotonic() - started)}" if done else f"FAILED, see {log}"
    print(f"{name}: {ended}", flush=True)
    return done


def is_finished(params: Params, name: str) -> bool:
    """Whether there is a result for the variant's effective settings, of all seeds that the budget grants."""
    study = params.variants[name].study
    model, run = (Path(kind) / study / name for kind in ("models", "runs"))
    if not (model / "model.json").exists() or not (run / "run.json").exists():
        return False
    same = read_json(run / "run.json").get("settings") == effective_settings(params, name).digest
    return same and len(load_description(model).seeds) >= params.budget(name).seeds


def progress_lines(process: "Pollable", name: str, params: Params) -> Iterator[str]:
    """A line with the progress and the time left whenever an epoch has ended, until the process ends."""
    epochs, seeds = effective_settings(params, name).train.epochs, params.budget(name).seeds
    begun, first, shown = time.monotonic(), progress(name) or Progress(0, 0), None
    while process.poll() is None:
        now = progress(name)
        if now is not None and now != shown:
            shown, done = now, (now.seed - first.seed) * epochs + now.epochs - first.epochs
            left = (seeds - now.seed) * epochs - now.epochs
            rest = f", {duration((time.monotonic() - begun) / done * left)} left" if done > 0 else ""
            yield f"{name}: seed {now.seed + 1} of {seeds}, {now.epochs} of {epochs} epochs{rest}   "
        time.sleep(POLL_SECONDS)


def progress(name: str) -> Progress | None:
    """The progress of the variant `name` by the histories in its newest checkpoints; None if there are none."""
    folders = sorted(LOGS.glob(f"{name}-{'[0-9a-f]' * 16}"), key=lambda folder: folder.stat().st_mtime)
    histories = list(folders[-1].glob("seed-*.csv")) if folders else []
    found = {int(path.stem.removeprefix("seed-")): path for path in histories}
    return Progress(max(found), len(read_rows(found[max(found)]))) if found else None


def duration(seconds: float) -> str:
    """A time with its unit: 40 s, 12 min, 3.4 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
