"""`python -m lookalike.tracking.ui [PORT]`: browse `mlflow.db` here; prints the address that opens the training runs.

MLflow itself opens on pages for language models, and an experiment on its traces.
"""

import os
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from lookalike.command import run
from lookalike.errors import InputError
from lookalike.loopback import HOST, listen, require_port
from lookalike.params import load_params
from lookalike.tracking.store import DATABASE, apply_settings, experiment_name


def main(port: str = "5000") -> None:
    """Print the address of the first study's training runs, and become MLflow's server."""
    params = load_params()
    require_port(int(port) if port.isdecimal() else 0)
    if not Path(DATABASE).exists():
        raise InputError(f"{DATABASE}: not found; `dvc repro` publishes the training runs")
    listen(int(port), "choose another: `make ui PORT=5001`").close()
    print(f"Training runs: http://{HOST}:{port}/{runs_fragment(params.studies)} (Ctrl-C stops)", flush=True)
    apply_settings()
    server = ["mlflow", "ui", "--host", HOST, "--port", port, "--workers", "1", "--uvicorn-opts", "--log-level=warning"]
    os.execv(sys.executable, [sys.executable, "-m", *server, "--backend-store-uri", f"sqlite:///{DATABASE}"])


def runs_fragment(studies: Iterable[str]) -> str:
    """The part of the address behind the host, which opens the runs of the first published one of the `studies`.

    It reads the database directly, because importing MLflow takes seconds.
    """
    with closing(sqlite3.connect(f"file:{DATABASE}?mode=ro", uri=True)) as database:
        ids = dict(database.execute("SELECT name, experiment_id FROM experiments WHERE lifecycle_stage = 'active'"))
    first = next((ids[name] for name in map(experiment_name, studies) if name in ids), None)
    if first is None:
        raise InputError(f"{DATABASE}: none of the studies is published yet; `dvc repro` does that")
    return f"#/experiments/{first}/runs?workflowType=machine_learning"


if __name__ == "__main__":
    run(main, *sys.argv[1:2])
