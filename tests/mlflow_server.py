"""`mlflow ui` as a person starts it, on a free port of the loopback."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 120.0  # the longest that it may take to start, on a busy machine


PLAIN = ("mlflow", "ui", "--port")  # without options
OUTPUT = "server.txt"  # in the folder: what the server printed


@contextmanager
def served(folder: Path, command: tuple[str, ...] = PLAIN) -> Iterator[str]:
    """The server that `command` and a port start in `folder`, once it answers; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # One worker instead of four, and no job runner: that changes how fast it starts, not what it shows.
    environment = os.environ | {"MLFLOW_WORKERS": "1", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    started = [sys.executable, "-m", *command, str(port)]
    with (folder / OUTPUT).open("w") as output:
        process = subprocess.Popen(started, cwd=folder, env=environment, stdout=output, stderr=subprocess.DEVNULL)
    try:
        address, end = f"http://127.0.0.1:{port}", time.monotonic() + SECONDS
        while not answers(address):
            assert time.monotonic() < end, "mlflow ui does not answer"
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait(30)


def answers(address: str) -> bool:
    """Whether the server is up."""
    try:
        return urllib.request.urlopen(f"{address}/health", timeout=2).status == 200
    except OSError:
        return False
