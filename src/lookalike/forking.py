"""A server that has imported the large packages once, and runs every stage in a fork of itself.

`python src/lookalike/forking.py serve PARENT` puts a program named `python` into `.venv/forking`, where `dvc.yaml`
looks before `.venv/bin`, and removes it when the process PARENT ends. That program passes a script or a module on to
the server, or starts the real Python if there is none. A stage then saves the 2 to 5 s that importing torch takes, and
DVC its own imports. They read and write the same bytes, because a fork begins like a fresh process: none of this
package's modules is loaded, and nothing was drawn at random.

This file is also run by its path, and imports nothing of the package.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

FOLDER = Path(".venv", "forking")
SECONDS_BETWEEN_SIGNALS = 5.0  # to a script that is to end
LIMIT = 1_000_000  # bytes of a request; an environment has some thousand
# What stages import, the slowest first. One that is missing takes its time in the stage itself.
PACKAGES = (
    *("torch", "torch.optim", "torch.utils.data", "torch._dynamo", "torchvision", "timm"),
    *("scipy.stats", "sklearn.linear_model", "sklearn.manifold", "sklearn.mixture", "sklearn.metrics", "pandas"),
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "cv2", "PIL.Image", "pydantic", "ruamel.yaml", "jinja2"),
    *("dvc.cli", "dvc.commands.repro", "dvc.repo.reproduce", "dvc.cachemgr", "dvc.data_cloud", "dvc.lock", "dvc.scm"),
)


def main(command: str, *arguments: str) -> None:
    """`serve PARENT`, or pass a script on: `run script.py argument ...`."""
    if command == "serve":
        serve(int(*arguments))
    else:
        pass_on(list(arguments))


@contextlib.contextmanager
def forking_server() -> Iterator[None]:
    """A server for the stages that this process runs within the block, where there is a .venv on Linux."""
    if sys.platform != "linux" or not FOLDER.parent.is_dir():
        yield
        return
    environment = {"OMP_WAIT_POLICY": "passive"} | os.environ  # read when torch is loaded, so no stage can set it later
    command = (sys.executable, __file__, "serve", str(os.getpid()))
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def serve(parent: int) -> None:
    """Import the packages, then run a fork for each request until this process is stopped or its `parent` has ended.

    A fork whose script raises an exception leaves this function, too, and ends like any Python process.
    """
    server, own = os.getpid(), Path(__file__).resolve().parent
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() not in (own, own.parent)]
    for name in PACKAGES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # else every fork looks through all imported objects for garbage, and copies their pages
    FOLDER.mkdir(parents=True, exist_ok=True)
    address, program = FOLDER / "socket", FOLDER / "python"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{Path(__file__).resolve()}" run "$@"\n')
        program.chmod(0o755)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the process that started this one
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that serve a connection
        try:
            while os.getppid() == parent:
                if not select.select([listener], [], [], 1.0)[0]:
                    continue
                connection, _ = listener.accept()
                if os.fork() == 0:
                    listener.close()
                    attend(connection)
                    return
                connection.close()
        finally:
            if os.getpid() == server:
                program.unlink(missing_ok=True)
                address.unlink(missing_ok=True)


def attend(connection: socket.socket) -> None:
    """Run what a request names in a fork of this process; answer with its status.

    When the program that asked is gone or was stopped, the fork and what it began get SIGINT, as Ctrl-C sends it.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    request, streams, _, _ = socket.recv_fds(connection, LIMIT, 3)
    alive, held = os.pipe()  # the writing end closes with the script's process
    child = os.fork()
    if child == 0:
        os.setsid()
        os.set_inheritable(held, True)  # also where the script becomes another program, such as torchrun
        connection.close()
        os.close(alive)
        end(run_script(json.loads(request), streams))
    os.close(held)
    for stream in streams:
        os.close(stream)
    ready, _, _ = select.select([connection.fileno(), alive], [], [])
    while alive not in ready:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGINT)
        ready, _, _ = select.select([alive], [], [], SECONDS_BETWEEN_SIGNALS)
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(BrokenPipeError):
        connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def run_script(request: dict[str, Any], streams: list[int]) -> int:
    """Become a Python process that runs a script or a module: its streams, folder, environment, arguments and paths.

    Returns:
        The exit status, if the script ends by itself or by `sys.exit`.
    """
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv[:] = request["arguments"]
    of_module = sys.argv[0] == "-m"
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    first = Path.cwd() if of_module else Path(sys.argv[0]).resolve().parent
    sys.path[:0] = [str(first), *(str(Path(path).resolve()) for path in paths)]
    if of_module:
        sys.path.append(str(Path(__file__).resolve().parents[1]))  # where this package is, which `serve` has taken out
        del sys.argv[0]
    try:
        if of_module:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        raise
    return 0


def end(status: int) -> NoReturn:
    """End as a Python process does, but without deleting every imported object, which takes 0.4 s."""
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status & 0xFF)


def pass_on(arguments: list[str]) -> None:
    """Have the server run a script or a module, and end with its status; without a server, become the Python that
    runs it."""
    address = Path(__file__).resolve().parents[2] / FOLDER / "socket"
    own = Path(sys.executable)
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            if not arguments or not (arguments[0] == "-m" or arguments[0].endswith(".py")):
                raise FileNotFoundError
            connection.connect(os.path.relpath(address))  # absolute it may be too long for a socket
        except OSError:
            os.execv(own, [str(own), *arguments])
        request = {"arguments": arguments, "folder": str(Path.cwd()), "environment": dict(os.environ)}
        socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
        signal.signal(signal.SIGINT, lambda *_: stop(connection))
        status = int(connection.recv(100) or 1)
    if status < 0:  # ended by a signal
        with contextlib.suppress(OSError):  # of SIGKILL, which has no handler
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


def stop(connection: socket.socket) -> None:
    """Ask the server to stop what it runs; it then answers with the status."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main(*sys.argv[1:])
