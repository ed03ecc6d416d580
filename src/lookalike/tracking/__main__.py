"""`python -m lookalike.tracking follow FOLDER`: show the training run that writes into FOLDER while it is at work.

A long training run starts it (`recorder`), and it ends with that run; the exit status is always 0.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path


def follow_parent(folder: str) -> None:
    """Follow `folder` until the process that started this one is gone.

    Ctrl-C and a batch system's SIGTERM reach every process of a training run. This one ignores them and ends after the
    training, since it reports that the training was killed.
    """
    parent = os.getppid()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)

    from lookalike.tracking.follow import follow_training
    from lookalike.tracking.store import locate, open_store

    uri = locate(os.environ.get("MLFLOW_TRACKING_URI"), Path(os.environ.get("DVC_ROOT", ".")))
    with suppress(Exception):  # which `follow_training` reports
        open_store(uri)  # seconds, which at low priority on a busy machine would outlast a short training run
    if hasattr(os, "nice"):
        os.nice(10)  # from here on the training comes first
    follow_training(Path(folder), uri, training_lives=lambda: os.getppid() == parent)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "follow":
        sys.exit("usage: python -m lookalike.tracking follow FOLDER")
    follow_parent(sys.argv[2])
