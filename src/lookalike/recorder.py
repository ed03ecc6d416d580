"""What a training leaves behind besides its results: progress while it runs, times and whereabouts afterwards."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from lookalike import provenance
from lookalike.artifacts.folders import write_json
from lookalike.artifacts.models import save_history
from lookalike.training.loop import Outcome

LONG_SECONDS = 120.0  # a training expected to take longer is shown in MLflow while it runs


class Recorder:
    """Writes a growing `seed-<k>.csv` a seed into `folder`, and has long trainings followed live in MLflow.

    The follower is a process of its own (`python -m lookalike.tracking`), so that a training neither imports MLflow
    nor waits for a server, and a killed one is seen to be dead.
    """

    def __init__(self, study: str, variant: str, identity: str, folder: Path, epochs: int) -> None:
        self.about: dict[str, Any] = {
            "study": study,
            "variant": variant,
            "fingerprint": identity,
            "started": provenance.now(),
            "host": provenance.host(),
            **provenance.commit(),
        }
        self.folder = folder
        self.epochs = epochs
        self.follower: subprocess.Popen[bytes] | None = None

    def after_epoch(self, outcome: Outcome) -> None:
        """Write the rows so far; begin to follow once the first epoch shows that this takes long."""
        self.folder.mkdir(parents=True, exist_ok=True)
        save_history(self.folder / f"seed-{outcome.history[0].seed}.csv", outcome.history)
        if self.follower is None and outcome.timings[-1].seconds * self.epochs > LONG_SECONDS:
            write_json(self.folder / "run.json", self.about)
            command = [sys.executable, "-m", "lookalike.tracking", "follow", str(self.folder)]
            self.follower = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def finish(self, device: dict[str, str | int], peak_memory: int | None) -> dict[str, Any]:
        """The content of `run.json`."""
        return self.about | {"finished": provenance.now(), "device": device, "peak_memory_bytes": peak_memory}
