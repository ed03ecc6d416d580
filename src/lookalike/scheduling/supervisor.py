"""A process that runs a command for a worker, and ends it when it is asked to or when the worker is gone.

`python supervisor.py PARENT LOG COMMAND ...` writes the command's output to LOG and ends with its status. The command
leads a process group, which gets SIGINT, as Ctrl-C sends it, some times if need be, and SIGKILL in the end. DVC frees
its locks after SIGINT.

This file is run by its path and imports nothing of the package, because a stage would wait for that.
"""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

POLL_SECONDS = 0.2
PATIENCE = 5.0  # seconds after a signal
SIGNALS = 5
STOPPED = 128 + signal.SIGINT


def main(parent: int, log: Path, command: list[str]) -> int:
    """Run the command until it ends, this process gets SIGTERM, or the process `parent` is gone; the exit status."""
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked.append(number))
    with log.with_name(f"{log.name}.lock").open("ab") as lock, log.open("ab") as output:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the stage of a worker that was killed may still be ending
        if asked or os.getppid() != parent:
            return STOPPED
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        while not asked and os.getppid() == parent:
            try:
                return process.wait(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        for number in [signal.SIGINT] * SIGNALS + [signal.SIGKILL]:
            os.killpg(process.pid, number)
            try:
                process.wait(timeout=PATIENCE)
                break
            except subprocess.TimeoutExpired:
                continue
        return STOPPED


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
