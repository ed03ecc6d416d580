"""What a worker does with a stage: DVC runs it in a process of its own, and its output goes to a log."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from lookalike import forking
from lookalike.scheduling import supervisor

FOLDER = Path(".dvc", "tmp", "run")  # of logs and notes; git and DVC pass over it
LINES = 12  # of a log that are shown when its stage has failed
GPU_SECONDS = 5.0  # that a stage waits for a GPU, which the one before gives back a moment before its end
STARTED = "lookalike-stage"  # topic of the events that tell which stage runs where
DVC = ("-m", "lookalike.scheduling.dvc_command", "--wait-for-lock")

Lock = dict[str, Any]  # entries of dvc.lock by stage, whose format is DVC's

_running: dict[str, set[subprocess.Popen[bytes]]] = {}  # supervisors by run, of this worker
_stopped: set[str] = set()  # runs that were stopped
_guard = threading.Lock()


@dataclass(frozen=True)
class Task:
    """A stage to be run.

    Attributes:
        name: of the stage.
        run: identifies the run that it belongs to.
        gpus: number of GPUs that it takes of the worker's.
        clone: what a worker in a clone of its own must know; None means that it works in the folder of the run.
    """

    name: str
    run: str
    gpus: int = 0
    clone: "CloneTask | None" = None


@dataclass(frozen=True)
class CloneTask:
    """A stage in a clone.

    Attributes:
        tree: of the run's code and parameters, see `clones.working_tree`.
        pulled: names of the stages that it needs and whose outputs a DVC remote has.
        made: names of those whose outputs DVC does not keep, so that each clone makes its own.
        lock: what the run's dvc.lock says of all these stages and of this one.
    """

    tree: str
    pulled: tuple[str, ...]
    made: tuple[str, ...]
    lock: Lock


@dataclass(frozen=True)
class Done:
    """A stage that has ended well.

    Attributes:
        ran: whether its command ran; else nothing that it reads had changed.
        seconds: from its start to its end on the worker.
        lock: what the dvc.lock of the worker's clone says of it; empty if the worker has no clone of its own.
    """

    name: str
    ran: bool
    seconds: float
    lock: Lock = field(default_factory=dict)


class StageFailedError(Exception):
    """A stage has failed, or a worker could not begin it.

    Attributes:
        stage: its name.
        log: the path of its log, after the machine's name if it lies on another one; empty if it did not begin.
        lines: the last lines of the log, or the reason.
    """

    def __init__(self, stage: str, log: str, lines: Sequence[str]) -> None:
        super().__init__(stage, log, lines)
        self.stage, self.log, self.lines = stage, log, lines


def run_on_worker(task: Task) -> Done:
    """Run a stage on this Dask worker, and tell the run's process that it has begun; see `run_stage`."""
    from distributed import get_worker

    worker = get_worker()
    worker.log_event(STARTED, {"run": task.run, "stage": task.name, "host": socket.gethostname()})
    return run_stage(task, without_limits() if worker.nanny else os.environ)


def without_limits() -> dict[str, str]:
    """The environment that Dask's nanny was started with, and what else it gives to its worker, but not its limits.

    Dask lets each task have one thread of OpenMP, MKL and OpenBLAS, because it has a task per core in mind.
    """
    import dask
    import psutil

    limits, before = dask.config.get("distributed.nanny.pre-spawn-environ"), psutil.Process(os.getppid()).environ()
    return {name: value for name, value in os.environ.items() if name in before or name not in limits}


def run_stage(task: Task, environment: Mapping[str, str] = os.environ) -> Done:
    """Run a stage in the current folder and, but for the GPUs that it may use, in this environment.

    Raises:
        StageFailedError: it failed, or the folder is not one in which it may run.
    """
    from lookalike.scheduling.clones import run_in_clone

    started = time.perf_counter()
    log = FOLDER / f"{task.name.replace('/', '-')}.log"
    FOLDER.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    with visible_gpus(task.gpus) as gpus:
        commands = Commands(task, log, environment_of_stage(environment) | gpus)
        lock: Lock = {}
        if task.clone:
            lock = run_in_clone(task.name, task.clone, commands)
        elif is_folder_of(task.run):
            commands.run("repro", "--single-item", task.name)
        else:
            commands.refuse(
                f"{Path.cwd()} is not the folder of the run; start workers before the run, or in its folder"
            )
    ran = f"Running stage '{task.name}'" in log.read_text(encoding="utf-8", errors="replace")
    return Done(task.name, ran, time.perf_counter() - started, lock)


@dataclass(frozen=True)
class Commands:
    """DVC's commands for one stage."""

    task: Task
    log: Path
    environment: Mapping[str, str]

    @property
    def python(self) -> str:
        """The program that forks what it runs where the run has begun one, else this very Python."""
        forks = forking.FOLDER / "python"
        return str(forks.absolute()) if forks.exists() else sys.executable

    def run(self, *arguments: str) -> None:
        """Run `dvc` with these arguments, and add what it prints to the log.

        Raises:
            StageFailedError: the exit status is not 0, or the run was stopped.
        """
        guardian = (sys.executable, "-I", "-S", str(supervisor.__file__), str(os.getpid()), str(self.log))
        with _guard:
            if self.task.run in _stopped:
                self.refuse("stopped before it began")
            process = subprocess.Popen(
                (*guardian, self.python, *DVC, *arguments),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C goes to the run's process, which stops its stages in order
            )
            _running.setdefault(self.task.run, set()).add(process)
        try:
            status = process.wait()
        finally:
            with _guard:
                _running[self.task.run].discard(process)
        if status:
            place = f"{socket.gethostname()}:{self.log.absolute()}" if self.task.clone else str(self.log)
            raise StageFailedError(self.task.name, place, last_lines(self.log))

    def refuse(self, reason: str) -> NoReturn:
        """Raise: the stage cannot begin on this worker."""
        raise StageFailedError(self.task.name, "", [f"{socket.gethostname()}: {reason}"])


def note_of(run: str) -> Path:
    """The file by which a worker knows that its folder is that of a run."""
    return FOLDER / f"{run}.run"


def is_folder_of(run: str) -> bool:
    """Whether the current folder is that of a run."""
    return note_of(run).exists()


def stop_stages(run: str) -> None:
    """End the stages of a run on this worker, and begin no other; return when all have ended."""
    with _guard:
        _stopped.add(run)
        running = [*_running.get(run, ())]
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in running:
        process.wait()


def last_lines(log: Path) -> list[str]:
    """The last lines of a log that say something; a progress bar's line counts as it was last."""
    text = log.read_bytes()[-100_000:].decode("utf-8", errors="replace") if log.exists() else ""
    lines = [line.rpartition("\r")[2].rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return [line for line in lines if line][-LINES:]


def environment_of_stage(environment: Mapping[str, str]) -> dict[str, str]:
    """The same with this Python's programs on the path, and with threads that sleep while they wait."""
    paths = [str(Path(sys.executable).parent), *filter(None, [environment.get("PATH")])]
    return {"OMP_WAIT_POLICY": "passive"} | dict(environment) | {"PATH": os.pathsep.join(paths)}


@contextmanager
def visible_gpus(count: int) -> Iterator[dict[str, str]]:
    """The variables that show a stage `count` of the worker's GPUs, which are its own within the block.

    Raises:
        RuntimeError: the worker has fewer GPUs than it was said to offer.
    """
    free, taken = free_gpus(), list[str]()
    try:
        for _ in range(count):
            taken.append(free.get(timeout=GPU_SECONDS))
        yield {"CUDA_VISIBLE_DEVICES": ",".join(taken)} if count else {}
    except queue.Empty:
        raise RuntimeError(f"{socket.gethostname()}: the worker offers more GPUs than it has") from None
    finally:
        for gpu in taken:
            free.put(gpu)


@cache
def free_gpus() -> "queue.SimpleQueue[str]":
    """The GPUs of this worker that no stage uses."""
    free: queue.SimpleQueue[str] = queue.SimpleQueue()
    for gpu in gpus_here():
        free.put(gpu)
    return free


def gpus_here() -> list[str]:
    """The NVIDIA GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them."""
    if (named := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name for name in named.split(",") if name]
    import pynvml

    try:
        pynvml.nvmlInit()
        return [str(number) for number in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []
