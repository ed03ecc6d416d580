"""Checkpoints after each epoch, from which a killed training run continues.

Every random draw of an epoch comes from a generator seeded with (seed, purpose, epoch). Weights, optimiser state and
the number of finished epochs are therefore enough to continue to the same bits.
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

DIGEST = hashlib.sha256().digest_size  # bytes at the end of a file, of all bytes before; torch ignores them

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """The state of one seed's run after its last finished epoch; `optimiser` is None if the run is finished."""

    model: dict[str, Any]
    optimiser: dict[str, Any] | None
    history: list[Epoch]
    timings: list[Timing]
    kept: dict[int, dict[str, Tensor]]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` and its SHA-256; if the process is killed meanwhile, the previous file stays.

    The bytes are made in memory, because torch's own error on a full disk names neither file nor disk.
    """
    history, timings = ([asdict(row) for row in rows] for rows in (checkpoint.history, checkpoint.timings))
    out = io.BytesIO()
    torch.save(vars(checkpoint) | {"history": history, "timings": timings}, out)
    out.write(hashlib.sha256(out.getbuffer()).digest())
    write_bytes(path, out.getbuffer())


def load_checkpoint(path: Path) -> Checkpoint | None:
    """The checkpoint at `path`; None means that there is none or that it is damaged, so that training starts afresh.

    A damaged file is renamed to `<name>.<8 hex digits>.damaged`, with a warning.
    """
    if not path.exists():
        return None
    try:
        whole = path.read_bytes()
        if hashlib.sha256(memoryview(whole)[:-DIGEST]).digest() != whole[-DIGEST:]:
            raise ValueError("its content is not what was written")
        content = torch.load(io.BytesIO(whole), map_location="cpu", weights_only=True)
        content["history"] = [Epoch(**row) for row in content["history"]]
        content["timings"] = [Timing(**row) for row in content["timings"]]
        return Checkpoint(**content)
    except (RuntimeError, EOFError, KeyError, TypeError, ValueError, pickle.UnpicklingError) as error:
        aside = path.replace(path.with_name(f"{path.name}.{secrets.token_hex(4)}.damaged"))
        _log.warning("%s: damaged (%s); it is kept as %s, and this run starts afresh", path, error, aside.name)
        return None
