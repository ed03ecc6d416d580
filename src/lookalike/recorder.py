"""Progress of a training run, and its times and provenance afterwards."""

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

LONG_SECONDS = 60.0  # longer training runs are shown in MLflow while they run, which takes seconds to start


class Recorder:
    """Writes a growing `seed-<k>.csv` per seed into `folder`, and shows long runs live in MLflow.

    A separate process (`python -m lookalike.tracking`) follows the run, so that training neither imports MLflow nor
    waits for a server, and MLflow notices when the run is killed.
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
        """Write the rows so far; start the follower if the run has taken, or one seed will take, `LONG_SECONDS`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        save_history(self.folder / f"seed-{outcome.history[0].seed}.csv", outcome.history)
        seconds = max(time.monotonic() - self.began, outcome.timings[-1].seconds * self.epochs)
        if self.follower is None and seconds > LONG_SECONDS:
            write_json(self.folder / "run.json", self.about)
            command = [sys.executable, "-m", "lookalike.tracking", "follow", str(self.folder)]
            self.follower = subprocess.Popen(command, stdin=subprocess.DEVNULL)

    def finish(self, device: dict[str, str | int], peak_memory: int | None) -> dict[str, Any]:
        return self.about | {"finished": provenance.now(), "device": device, "peak_memory_bytes": peak_memory}
