"""`models/<study>/<variant>/`: weights of every seed, history and description; `runs/...`: what is not reproducible."""

import csv
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.artifacts.folders import read_json, replacing_folder, write_json, write_text

if TYPE_CHECKING:  # what only describes and counts need not wait for torch
    from torch import Tensor

Row = dict[str, Any]
Weights = dict[int, dict[str, "Tensor"]]  # by seed or epoch, then by name


@dataclass(frozen=True)
class Epoch:
    """One row of a history. Losses are mean cross-entropies in nats, accuracies lie in [0, 1].

    The training figures are running means over the epoch's batches in training mode, as Keras reports them.
    """

    seed: int
    epoch: int
    lr: float
    train_loss: float
    train_accuracy: float
    valid_loss: float
    valid_accuracy: float


@dataclass(frozen=True)
class Timing:
    """What one epoch took: seconds of training alone, and training images a second."""

    seed: int
    epoch: int
    seconds: float
    images_per_second: float


def load_weights(folder: Path, seed: int, epoch: int | None = None) -> "dict[str, Tensor]":
    """The weights of one seed, on the CPU: those that it ended with, or that were kept after an epoch before.

    Epoch 0 means those that it began with, which are kept if they were published ones.
    """
    from safetensors.torch import load_file

    return load_file(folder / weights_file(seed, epoch))


def weights_file(seed: int, epoch: int | None = None) -> str:
    """The name of a file of weights."""
    if epoch == 0:
        return "start.safetensors"  # all seeds begin with the same published weights
    return f"seed-{seed}.safetensors" if epoch is None else f"seed-{seed}-epoch-{epoch}.safetensors"


def rows_to_csv(rows: list[Epoch] | list[Timing], kind: type) -> str:
    """Comma-separated text with a header; floats in full precision."""
    header = [field.name for field in fields(kind)]
    lines = [",".join(header)] + [",".join(repr(value) for value in asdict(row).values()) for row in rows]
    return "\n".join(lines) + "\n"


def save_history(path: Path, history: list[Epoch]) -> None:
    """Write a row an epoch and seed."""
    write_text(path, rows_to_csv(history, Epoch))


def save_timings(path: Path, timings: list[Timing]) -> None:
    """Write a row an epoch and seed."""
    write_text(path, rows_to_csv(timings, Timing))


def read_rows(path: Path) -> list[Row]:
    """A CSV file of numbers as a list of dictionaries."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def save_model(
    folder: Path, description: dict[str, Any], weights: Weights, history: list[Epoch], kept: Weights | None = None
) -> None:
    """Write `model.json` (architecture, parameters, MACs, classes, how each seed ended), weights and `history.csv`.

    `kept` are the first seed's weights, by the epoch after which they were kept; see `load_weights` for epoch 0.
    """
    from safetensors.torch import save_file

    with replacing_folder(folder) as part:
        for seed, state in weights.items():
            save_file(state, part / weights_file(seed))
        for epoch, state in (kept or {}).items():
            save_file(state, part / weights_file(0, epoch))
        save_history(part / "history.csv", history)
        write_json(part / "model.json", description)


def load_description(folder: Path) -> dict[str, Any]:
    """Read `model.json`."""
    return read_json(folder / "model.json")


def finished_seeds(description: dict[str, Any]) -> tuple[int, ...]:
    """The seeds of `model.json` that did not diverge."""
    return tuple(entry["seed"] for entry in description["seeds"] if entry["diverged_in"] is None)


def save_run(folder: Path, about: dict[str, Any], timings: list[Timing]) -> None:
    """Write `run.json` (times, host, device, commit) and `times.csv`: what two runs of the same do not share."""
    with replacing_folder(folder) as part:
        write_json(part / "run.json", about)
        save_timings(part / "times.csv", timings)
