"""`data/<dataset>/`: images, labels, class names, split and provenance."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.folders import read_json, replacing_folder, write_json

Images = NDArray[np.uint8]
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels", "train_indices", "valid_indices")


@dataclass(frozen=True)
class Dataset:
    """An image data set as the stages use it.

    Attributes:
        train_images, test_images: uint8 (N, H, W) grey or (N, H, W, 3) RGB.
        train_labels, test_labels: uint8 (N,), indices into class_names.
        train_indices, valid_indices: int64, disjoint indices into train_images.
        mean, std: one number a channel, in units of [0, 1] pixels, to normalise with.
        provenance: where the images come from, checksums, licence.
    """

    name: str
    class_names: tuple[str, ...]
    train_images: Images
    train_labels: Images
    test_images: Images
    test_labels: Images
    train_indices: NDArray[np.int64]
    valid_indices: NDArray[np.int64]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    provenance: dict[str, Any]

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        height, width = self.train_images.shape[1:3]
        return (self.train_images.shape[3] if self.train_images.ndim == 4 else 1, height, width)

    @property
    def digest(self) -> str:
        """SHA-256 over all arrays, their shapes and types."""
        sha = hashlib.sha256()
        for name in ARRAYS:
            array = np.ascontiguousarray(getattr(self, name))
            sha.update(f"{name} {array.shape} {array.dtype}".encode())
            sha.update(array.data)
        return sha.hexdigest()


def save_dataset(folder: Path, dataset: Dataset) -> None:
    """Write `dataset` as one .npy a array and a `dataset.json`; the folder appears whole or not at all."""
    with replacing_folder(folder) as part:
        for name in ARRAYS:
            np.save(part / f"{name}.npy", getattr(dataset, name))
        write_json(
            part / "dataset.json",
            {
                "name": dataset.name,
                "class_names": dataset.class_names,
                "mean": dataset.mean,
                "std": dataset.std,
                "digest": dataset.digest,
                "provenance": dataset.provenance,
            },
        )


def load_dataset(folder: Path) -> Dataset:
    """Read what `save_dataset` wrote."""
    arrays = {name: np.load(folder / f"{name}.npy") for name in ARRAYS}
    about = read_json(folder / "dataset.json")
    return Dataset(
        name=about["name"],
        class_names=tuple(about["class_names"]),
        mean=tuple(about["mean"]),
        std=tuple(about["std"]),
        provenance=about["provenance"],
        **arrays,
    )
