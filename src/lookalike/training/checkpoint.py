"""A checkpoint after each epoch, from which a killed training run goes on.

Every random draw of an epoch comes from a generator seeded with (seed, purpose, epoch), so weights, optimiser state
and the number of finished epochs are all that a continuation needs to end with the same bits.
"""

import pickle
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lookalike.artifacts.folders import replacing_folder
from lookalike.artifacts.models import Epoch, Timing


@dataclass(frozen=True)
class Checkpoint:
    """The state of one seed's training run after its last finished epoch; `optimiser` is None after the last of all."""

    model: dict[str, Any]
    optimiser: dict[str, Any] | None
    history: list[Epoch]
    timings: list[Timing]
    kept: dict[int, dict[str, Tensor]]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint`; a kill during the write leaves the previous one in place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    content = {
        "model": checkpoint.model,
        "optimiser": checkpoint.optimiser,
        "history": [asdict(row) for row in checkpoint.history],
        "timings": [asdict(row) for row in checkpoint.timings],
        "kept": checkpoint.kept,
    }
    torch.save(content, part)
    part.replace(path)


def load_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint at `path`; None where there is none or it cannot be read (training then starts afresh)."""
    if not path.exists():
        return None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        return Checkpoint(
            model=content["model"],
            optimiser=content["optimiser"],
            history=[Epoch(**row) for row in content["history"]],
            timings=[Timing(**row) for row in content["timings"]],
            kept=content["kept"],
        )
    except (RuntimeError, EOFError, OSError, KeyError, TypeError, ValueError, pickle.UnpicklingError):
        return None


def restore_finished(finished: Path, checkpoints: Path) -> None:
    """Copy the last states of finished runs from `finished`, if there are any, unless `checkpoints` is in use."""
    if finished.exists() and not checkpoints.exists():
        with replacing_folder(checkpoints) as part:
            shutil.copytree(finished, part, dirs_exist_ok=True)


def keep_finished(checkpoints: Path, finished: Path) -> None:
    """Move the last states of finished runs from `checkpoints` to `finished`, and remove `checkpoints`."""
    with replacing_folder(finished) as part:
        for file in checkpoints.glob("*.pt"):
            file.replace(part / file.name)
    shutil.rmtree(checkpoints, ignore_errors=True)
