"""Workers that run stages: in this process, of a running Dask scheduler, or as jobs of SLURM.

Dask gives each stage to a worker that is free and has what it takes, and to another one if that worker dies.
"""

import logging
import shlex
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dask
import psutil
from distributed import Client, LocalCluster

from lookalike.errors import InputError
from lookalike.scheduling.attempt import FOLDER, gpus_here
from lookalike.scheduling.graph import Stage
from lookalike.scheduling.settings import SlurmSettings

GIB = 2**30
DASK_LOGGERS = [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]
CONNECT_SECONDS = 10
# A stage that has lost this many workers fails. Those of SLURM end at their walltime, and a training run goes on from
# its checkpoint on the next one.
LOST_WORKERS, LOST_JOBS = 3, 50


@dataclass(frozen=True)
class Capacity:
    """What the workers offer now.

    Attributes:
        stages: that can run at a time.
        total, largest: of each resource, of all workers and of the one that offers most.
    """

    stages: int
    total: Mapping[str, float]
    largest: Mapping[str, float]

    def needed(self, stage: Stage) -> dict[str, float]:
        """What a stage takes, without what no worker counts: without GPUs it runs on a CPU.

        Raises:
            InputError: it takes more than any worker has.
        """
        needed = {name: amount for name, amount in stage.resources.items() if name in self.largest}
        for name, amount in needed.items():
            if amount > self.largest[name]:
                most = f"no worker has more than {self.largest[name]:g}"
                raise InputError(f"stage {stage.name} takes {name} {amount:g}; {most}")
        return needed


def capacity(client: Client) -> Capacity:
    """What the workers of a Dask client offer now."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    total: dict[str, float] = {}
    largest: dict[str, float] = {}
    for worker in workers:
        for name, amount in worker["resources"].items():
            total[name] = total.get(name, 0) + amount
            largest[name] = max(largest.get(name, 0), amount)
    return Capacity(sum(worker["nthreads"] for worker in workers), total, largest)


@contextmanager
def local_workers(jobs: int) -> Iterator[Client]:
    """A worker in this process, which runs up to `jobs` stages at a time and counts the machine's GPUs and memory."""
    resources = {"memory": psutil.virtual_memory().total / GIB}
    if gpus := len(gpus_here()):
        resources["gpu"] = gpus
    options = {"n_workers": 1, "threads_per_worker": jobs, "processes": False, "memory_limit": 0}
    with (
        configured(LOST_WORKERS),
        LocalCluster(**options, resources=resources, dashboard_address=None, silence_logs=False) as cluster,
        Client(cluster) as client,
    ):
        yield client


@contextmanager
def workers_of(address: str) -> Iterator[Client]:
    """The workers of a running Dask scheduler.

    Raises:
        InputError: no scheduler answers there.
    """
    with configured(LOST_WORKERS):
        try:
            client = Client(address, timeout=CONNECT_SECONDS)
        except (OSError, ValueError, TypeError) as error:
            raise InputError(f"--scheduler {address}: no Dask scheduler answers there ({error})") from error
        with client:
            yield client


@contextmanager
def slurm_workers(settings: SlurmSettings) -> Iterator[Client]:
    """Jobs of SLURM, each a worker in this folder, which all nodes must share.

    Raises:
        InputError: SLURM is not here, or refuses a job.
    """
    from dask_jobqueue.slurm import SLURMCluster

    logs = FOLDER / "slurm"
    logs.mkdir(parents=True, exist_ok=True)
    folder = Path.cwd()
    gpus = settings.gpus
    with configured(LOST_JOBS):
        try:
            cluster = SLURMCluster(
                job_name="lookalike",
                cores=settings.stages,
                job_cpu=settings.cores,
                processes=1,
                memory=settings.memory,
                walltime=settings.walltime,
                queue=settings.partition,
                account=settings.account,
                interface=settings.interface,
                python=sys.executable,
                local_directory=str(folder / logs),
                log_directory=str(folder / logs),
                worker_extra_args=["--resources", f"gpu={gpus}"] if gpus else [],
                job_extra_directives=[*([f"--gpus={gpus}"] if gpus else []), *settings.directives],
                job_script_prologue=[
                    f"export OMP_NUM_THREADS={max(1, settings.cores // settings.stages)}",  # also of MKL and OpenBLAS
                    *settings.prologue,
                    f"cd {shlex.quote(str(folder))}",
                ],
                scheduler_options={"dashboard": False},
                silence_logs=False,
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(f"SLURM: {' '.join(str(error).split())}") from error
        with cluster, Client(cluster) as client:
            cluster.adapt(minimum_jobs=settings.jobs, maximum_jobs=settings.jobs)
            yield client


@contextmanager
def configured(lost: int) -> Iterator[None]:
    """Dask's settings within the block: a stage may lose so many workers, and nothing is logged of a stage's failure,
    which the run reports itself."""
    loggers = [logging.getLogger(name) for name in ("distributed", *DASK_LOGGERS)]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with dask.config.set({"distributed.scheduler.allowed-failures": lost}):
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
