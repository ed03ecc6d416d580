"""`lookalike run`: what its options ask for."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from lookalike.errors import InputError
from lookalike.params import load_params

JOBS = 2


def run_request(
    targets: Sequence[str], jobs: int | None, scheduler: str | None, slurm: Path | None, *, dry: bool
) -> bool:
    """Run the stale stages where the options say, or list them; returns whether all are done.

    Raises:
        InputError: two options exclude each other; or parameters, targets, a file or workers are refused.
    """
    given = [name for name, value in (("--jobs", jobs), ("--scheduler", scheduler), ("--slurm", slurm)) if value]
    if len(given) > 1:
        raise InputError(f"{given[0]} and {given[1]} exclude each other")
    load_params()  # which refuses params.yaml in words, before DVC reads it
    if dry:
        from lookalike.scheduling.times import describe_stale

        print("\n".join(describe_stale(targets)))
        return True
    from lookalike.scheduling import workers
    from lookalike.scheduling.run import run_pipeline
    from lookalike.scheduling.settings import load_settings

    if scheduler:
        return run_pipeline(targets, partial(workers.workers_of, scheduler), shared=False)
    if slurm:
        return run_pipeline(targets, partial(workers.slurm_workers, load_settings(slurm)), shared=True)
    return run_pipeline(targets, partial(workers.local_workers, jobs or JOBS), shared=True, fork=True)
