"""A checkpoint after each epoch, from which a killed training run goes on.

Every random draw of an epoch comes from a generator seeded with (seed, purpose, epoch), so weights, optimiser state
and the number of finished epochs are all that a continuation needs to end with the same bits.
"""

import hashlib
import io
import logging
import pickle
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lookalike.artifacts.folders import write_bytes
from lookalike.artifacts.models import Epoch, Timing

DIGEST = hashlib.sha256().digest_size  # bytes at the end of a file, of what comes before them; torch passes over them

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """The state of one seed's training run after its last finished epoch; `optimiser` is None after the last of all."""

    model: dict[str, Any]
    optimiser: dict[str, Any] | None
    history: list[Epoch]
    timings: list[Timing]
    kept: dict[int, dict[str, Tensor]]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write what torch makes of `checkpoint`, and its SHA-256; a kill meanwhile leaves the previous one in place.

    Both are made in memory: on a full disk torch itself ends with an error that names neither file nor disk.
    """
    content = {
        "model": checkpoint.model,
        "optimiser": checkpoint.optimiser,
        "history": [asdict(row) for row in checkpoint.history],
        "timings": [asdict(row) for row in checkpoint.timings],
        "kept": checkpoint.kept,
    }
    out = io.BytesIO()
    torch.save(content, out)
    out.write(hashlib.sha256(out.getbuffer()).digest())
    write_bytes(path, out.getbuffer())


def load_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint at `path`; None where there is none or it is damaged: training then starts afresh.

    A damaged one is renamed to `<name>.<8 hex digits>.damaged`, and a warning says so.
    """
    if not path.exists():
        return None
    try:
        return read_checkpoint(path)
    except (RuntimeError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
        aside = path.replace(path.with_name(f"{path.name}.{secrets.token_hex(4)}.damaged"))
        _log.warning("%s: damaged (%s); it is kept as %s, and this run starts afresh", path, error, aside.name)
        return None


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint at `path`.

    Raises:
        ValueError: its content has another SHA-256 than was written.
    """
    whole = path.read_bytes()
    if hashlib.sha256(memoryview(whole)[:-DIGEST]).digest() != whole[-DIGEST:]:
        raise ValueError("its content is not what was written")
    content = torch.load(io.BytesIO(whole), map_location="cpu", weights_only=True)
    return Checkpoint(
        model=content["model"],
        optimiser=content["optimiser"],
        history=[Epoch(**row) for row in content["history"]],
        timings=[Timing(**row) for row in content["timings"]],
        kept=content["kept"],
    )
