"""The file that says what a job of SLURM takes."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lookalike.errors import InputError


class SlurmSettings(BaseModel):
    """Jobs of SLURM, each of which runs stages.

    Attributes:
        jobs: number of jobs at a time; one that ends, as at its `walltime`, is replaced while stages are left.
        stages: number of stages at a time in a job.
        cores: of a job.
        memory: of a job, such as `32GB`.
        walltime: of a job, such as `08:00:00`.
        gpus: of a job.
        partition, account: as `sbatch` knows them; None means the default.
        directives: further options of `sbatch`, such as `--constraint=a100`.
        prologue: lines of shell before the worker, such as `module load cuda`.
        interface: the network interface of the machine where `lookalike run` runs, such as `ib0`; None means the one
            of its host name.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    jobs: int = Field(ge=1)
    stages: int = Field(default=1, ge=1)
    cores: int = Field(ge=1)
    memory: str = Field(pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$")
    walltime: str = Field(pattern=r"^(\d+-)?\d+(:\d\d){0,2}$")
    gpus: int = Field(default=0, ge=0)
    partition: str | None = None
    account: str | None = None
    directives: tuple[str, ...] = ()
    prologue: tuple[str, ...] = ()
    interface: str | None = None


def load_settings(path: Path) -> SlurmSettings:
    """The settings in a YAML file.

    Raises:
        InputError: there is no such file, or it has a key or value that is not allowed.
    """
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return SlurmSettings.model_validate(content)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
        raise InputError(f"{path}: {'; '.join(faults)}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: {' '.join(str(error).split())}") from error
