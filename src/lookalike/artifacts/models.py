"""`models/<study>/<variant>/`: weights of every seed, history and description; `runs/...`: times and hardware."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import ConfigDict

from lookalike.artifacts.folders import read_table, replacing_folder, write_bytes, write_json, write_table
from lookalike.artifacts.typed_json import read_typed
from lookalike.errors import InputError

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
    """What one epoch took: seconds of training alone, and training images per second."""

    seed: int
    epoch: int
    seconds: float
    images_per_second: float


@dataclass(frozen=True)
class SeedRecord:
    """How the training run of one seed ended.

    Attributes:
        epochs: rows of `history.csv`; that of an epoch in which the run diverged is among them.
        diverged_in: the epoch, counted from 0, whose loss was not finite; None means that the run ended well.
    """

    seed: int
    epochs: int
    diverged_in: int | None


@dataclass(frozen=True)
class RateTrial:
    """The training error in [0, 1] at the end of a trial with one learning rate; None means a loss not finite."""

    lr: float
    train_error: float | None


@dataclass(frozen=True)
class RateSearch:
    """The search for the learning rate: the epochs of every trial, and the trials in the order of the settings."""

    epochs: int
    trials: tuple[RateTrial, ...]


@dataclass(frozen=True)
class PublishedWeights:
    """The published weights that all seeds begin with: the network by its library's name, the file's SHA-256 in hex."""

    network: str
    sha256: str


@dataclass(frozen=True)
class Preprocessing:
    """How images are prepared for published weights.

    Attributes:
        size: side in pixels of the square that the publishers' network takes; ours keeps its own.
        crop: share of the shorter side of a scaled image that the central crop keeps, in (0, 1].
        interpolation: method of scaling.
        mean, std: one number per channel, in units of [0, 1] pixels, to normalise with.
    """

    size: int
    crop: float
    interpolation: Literal["bilinear", "bicubic"]
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Description:
    """`model.json`: what was trained on what, and how each seed ended. The fields are the keys of the file.

    Attributes:
        dataset, dataset_digest: the data set's name, and the SHA-256 (64 hex digits) of its arrays or files.
        train_images, valid_images: how many of its images the runs saw and were validated on.
        model, model_args: the architecture's registered name and its own arguments, which differ by architecture.
        augmentation: its settings as in `params.yaml`, without what is left out; None means no augmentation.
        input_shape: channels, height and width of an image.
        class_names: one per logit, in the order of the labels.
        parameters: trainable weights and biases.
        macs: multiply-accumulates for one image.
        precision: of matrix products and convolutions in training.
        weights, preprocessing: the published weights and how images are prepared for them; None means fresh weights.
        lr: the largest learning rate of the schedule; after a search it is the rate that was found.
        search: None means that the settings give the rate.
        seeds: one per run, in the order of training.
        kept_epochs: the epochs, counted from 1, after which weights of seed 0 were kept; see `load_weights`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="forbid")  # nested classes inherit it

    study: str
    dataset: str
    dataset_digest: str
    train_images: int
    valid_images: int
    model: str
    model_args: Mapping[str, Any]
    augmentation: Mapping[str, Any] | None
    input_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    parameters: int
    macs: int
    precision: Literal["float32", "bfloat16"]
    weights: PublishedWeights | None
    preprocessing: Preprocessing | None
    lr: float
    search: RateSearch | None
    seeds: tuple[SeedRecord, ...]
    kept_epochs: tuple[int, ...]

    @property
    def finished_seeds(self) -> tuple[int, ...]:
        """The seeds whose runs did not diverge, in the order of training."""
        return tuple(one.seed for one in self.seeds if one.diverged_in is None)


def load_weights(folder: Path, seed: int, epoch: int | None = None) -> "dict[str, Tensor]":
    """The weights of one seed, on the CPU: those that it ended with, or that were kept after an epoch before.

    Epoch 0 means those that it began with, which are kept if they were published ones.

    Raises:
        InputError: the file is missing or damaged. Numbers that have changed are not noticed here; DVC has a checksum.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = folder / weights_file(seed, epoch)
    try:
        return load_file(path)
    except (SafetensorError, FileNotFoundError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else f"damaged ({error})"
        advice = f"delete it, and `dvc checkout {folder}` restores it or `dvc repro` trains it anew"
        raise InputError(f"{path}: {reason}; {advice}") from error


def weights_file(seed: int, epoch: int | None = None) -> str:
    """The name of a file of weights."""
    if epoch == 0:
        return "start.safetensors"  # all seeds begin with the same published weights
    return f"seed-{seed}.safetensors" if epoch is None else f"seed-{seed}-epoch-{epoch}.safetensors"


def save_history(path: Path, history: list[Epoch]) -> None:
    """Write one row per epoch and seed as CSV, floats in full precision."""
    save_rows(path, history, Epoch)


def save_timings(path: Path, timings: list[Timing]) -> None:
    """Write one row per epoch and seed as CSV, floats in full precision."""
    save_rows(path, timings, Timing)


def save_rows(path: Path, rows: list[Epoch] | list[Timing], kind: type) -> None:
    """Write one row per instance of the dataclass `kind`, its fields as columns."""
    write_table(path, [field.name for field in fields(kind)], [tuple(asdict(row).values()) for row in rows])


def read_rows(path: Path) -> list[Row]:
    """A CSV file of numbers as a list of dictionaries."""
    return [{name: float(value) for name, value in row.items()} for row in read_table(path)]


def save_model(
    folder: Path, description: Description, weights: Weights, history: list[Epoch], kept: Weights | None = None
) -> None:
    """Write `model.json` (architecture, parameters, MACs, classes, how each seed ended), weights and `history.csv`.

    `kept` are the first seed's weights, by the epoch after which they were kept; see `load_weights` for epoch 0.
    """
    from safetensors.torch import save  # in memory: `save_file` does not say in Python's terms that a disk is full

    with replacing_folder(folder) as part:
        for seed, state in weights.items():
            write_bytes(part / weights_file(seed), save(state))
        for epoch, state in (kept or {}).items():
            write_bytes(part / weights_file(0, epoch), save(state))
        save_history(part / "history.csv", history)
        write_json(part / "model.json", asdict(description))


def load_description(folder: Path) -> Description:
    """Read `model.json`.

    Raises:
        InputError: one line that names the file and the first key that is missing, unknown or of another type.
    """
    return read_typed(folder / "model.json", Description)


def save_run(folder: Path, about: dict[str, Any], timings: list[Timing]) -> None:
    """Write `run.json` (times, host, device, commit) and `times.csv`: what differs between two runs of the same."""
    with replacing_folder(folder) as part:
        write_json(part / "run.json", about)
        save_timings(part / "times.csv", timings)
