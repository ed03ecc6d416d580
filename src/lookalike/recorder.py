"""What a training run leaves besides its results: progress while it runs, times and provenance afterwards."""

import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from lookalike import provenance
from lookalike.artifacts.fingerprint import LIBRARIES
from lookalike.artifacts.folders import write_json
from lookalike.artifacts.models import save_history
from lookalike.training.loop import Outcome
from lookalike.training.settings import EffectiveSettings

LONG_SECONDS = 10.0  # a training run that takes longer is shown in MLflow while it runs, which takes seconds to begin


class Recorder:
    """Writes a growing `seed-<k>.csv` per seed into `folder`, and has long runs followed live in MLflow.

    The follower is a process of its own (`python -m lookalike.tracking`), so that training neither imports MLflow nor
    waits for a server, and a killed run is seen to be dead.
    """

    def __init__(self, variant: str, settings: EffectiveSettings, identity: str, folder: Path) -> None:
        self.about: dict[str, Any] = {
            "study": settings.study,
            "variant": variant,
            "settings": settings.digest,
            "fingerprint": identity,
            "started": provenance.now(),
            "host": provenance.host(),
            "libraries": {name: version(name) for name in LIBRARIES},
            **provenance.commit(),
        }
        self.folder = folder
        self.epochs = settings.train.epochs
        self.began = time.monotonic()
        self.follower: subprocess.Popen[bytes] | None = None

    def after_epoch(self, outcome: Outcome) -> None:
        """Write the rows so far; begin to follow once this has taken long, or an epoch shows that one seed will."""
        self.folder.mkdir(parents=True, exist_ok=True)
        save_history(self.folder / f"seed-{outcome.history[0].seed}.csv", outcome.history)
        seconds = max(time.monotonic() - self.began, outcome.timings[-1].seconds * self.epochs)
        if self.follower is None and seconds > LONG_SECONDS:
            write_json(self.folder / "run.json", self.about)
            command = [sys.executable, "-m", "lookalike.tracking", "follow", str(self.folder)]
            self.follower = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def finish(self, device: dict[str, str | int], peak_memory: int | None) -> dict[str, Any]:
        """The content of `run.json`."""
        return self.about | {"finished": provenance.now(), "device": device, "peak_memory_bytes": peak_memory}
