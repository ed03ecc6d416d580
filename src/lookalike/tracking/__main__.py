"""`python -m lookalike.tracking follow FOLDER`: show the training that writes into FOLDER while it runs.

Started by a long training (`recorder`) and ends with it; the exit status is always 0.
"""

import os
import signal
import sys
from pathlib import Path


def follow_parent(folder: str) -> None:
    """Follow `folder` until the process that started this one is gone.

    Ctrl-C and a batch system's SIGTERM reach every process of a training. This one ignores them and goes when the
    training has gone, since it is the one to say that the training was killed.
    """
    parent = os.getppid()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(10)  # the training comes first

    from lookalike.tracking.follow import follow
    from lookalike.tracking.store import locate

    uri = locate(os.environ.get("MLFLOW_TRACKING_URI"), Path(os.environ.get("DVC_ROOT", ".")))
    follow(Path(folder), uri, training_lives=lambda: os.getppid() == parent)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "follow":
        sys.exit("usage: python -m lookalike.tracking follow FOLDER")
    follow_parent(sys.argv[2])
