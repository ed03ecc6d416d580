"""`data/<dataset>/`: images or the files that they are in, labels, class names, split and provenance."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.folders import read_json, read_table, replacing_folder, write_json, write_table
from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.errors import InputError

Images = NDArray[np.uint8]
Skipped = tuple[tuple[str, str], ...]
PARTS = ("train", "test")
TEST_IMAGES = "test_images.npy"
ARRAYS = ("train_images", "train_labels", "test_images", "test_labels", "train_indices", "valid_indices")


@dataclass(frozen=True)
class Dataset:
    """An image data set as the stages use it.

    Attributes:
        train_images, test_images: uint8 (N, H, W) grey or (N, H, W, 3) RGB; or files that read like the latter.
        train_labels, test_labels: uint8 (N,), or uint16 where there are so many classes; indices into class_names.
        train_indices, valid_indices: int64, disjoint indices into train_images.
        mean, std: one number per channel, in units of [0, 1] pixels, to normalise with.
        provenance: where the images come from, checksums, licence.
        skipped: of files, name and reason of each that was left out.
    """

    name: str
    class_names: tuple[str, ...]
    train_images: Images | ImageFiles
    train_labels: NDArray[np.unsignedinteger]
    test_images: Images | ImageFiles
    test_labels: NDArray[np.unsignedinteger]
    train_indices: NDArray[np.int64]
    valid_indices: NDArray[np.int64]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    provenance: dict[str, Any]
    skipped: Skipped = ()

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Channels, height and width of an image."""
        height, width = self.train_images.shape[1:3]
        return (self.train_images.shape[3] if self.train_images.ndim == 4 else 1, height, width)

    @property
    def digest(self) -> str:
        """SHA-256 over all arrays, their shapes and types; over the files' own digest where images are files."""
        sha = hashlib.sha256()
        for name in ARRAYS:
            value = getattr(self, name)
            if isinstance(value, ImageFiles):
                sha.update(f"{name} {value.digest}".encode())
            else:
                array = np.ascontiguousarray(value)
                sha.update(f"{name} {array.shape} {array.dtype}".encode())
                sha.update(array.data)
        return sha.hexdigest()

    @property
    def files(self) -> dict[str, ImageFiles]:
        """The images of each of the `PARTS` that are files."""
        images = {"train": self.train_images, "test": self.test_images}
        return {part: files for part, files in images.items() if isinstance(files, ImageFiles)}


def save_dataset(folder: Path, dataset: Dataset) -> None:
    """Write `dataset` as one .npy per array and a `dataset.json`; the folder appears whole or not at all.

    Images that are files are written as `index.csv`, `skipped.csv` and the folder `images`; a person's own stay where
    they are, and `dataset.json` names their folder.
    """
    about = {
        "name": dataset.name,
        "class_names": dataset.class_names,
        "mean": dataset.mean,
        "std": dataset.std,
        "digest": dataset.digest,
        "provenance": dataset.provenance,
    }
    with replacing_folder(folder) as part:
        for name in ARRAYS:
            if isinstance(array := getattr(dataset, name), np.ndarray):
                np.save(part / f"{name}.npy", array)
        if dataset.files:
            about |= save_files(part, dataset)
        write_json(part / "dataset.json", about)


def save_files(folder: Path, dataset: Dataset) -> dict[str, Any]:
    """Write the index of a data set's files, those left out, and the files; return their part of `dataset.json`."""
    rows = [row for part, files in dataset.files.items() for row in index_rows(part, files, dataset)]
    write_table(folder / "index.csv", ("part", "label", "file", "bytes", "md5"), rows)
    write_table(folder / "skipped.csv", ("file", "reason"), dataset.skipped)
    files = dataset.files["train"]
    if files.in_place:
        return {"view": asdict(files.view), "folder": str(files.folder.absolute())}
    for part in dataset.files.values():
        for name in part.names:
            link_or_copy(part.folder / name, folder / "images" / name)
    return {"view": asdict(files.view)}


def index_rows(part: str, files: ImageFiles, dataset: Dataset) -> Iterable[tuple[object, ...]]:
    """Part, label, file, size in bytes and md5 of each file of a part."""
    labels = getattr(dataset, f"{part}_labels")
    for label, name, md5 in zip(labels, files.names, files.checksums, strict=True):
        yield part, label, name, (files.folder / name).stat().st_size, md5


def link_or_copy(source: Path, target: Path) -> None:
    """Link `target` to the file `source`, or copy it where the file system has no links."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def load_dataset(folder: Path) -> Dataset:
    """Read what `save_dataset` wrote; images that are files are not read yet.

    Raises:
        InputError: the folder of a person's own photographs is gone.
    """
    about = read_json(folder / "dataset.json")
    content: dict[str, Any] = load_files(folder, about) if "view" in about else {}
    skipped = read_table(folder / "skipped.csv") if content else []
    content |= {name: np.load(folder / f"{name}.npy") for name in ARRAYS if name not in content}
    return Dataset(
        name=about["name"],
        class_names=tuple(about["class_names"]),
        mean=tuple(about["mean"]),
        std=tuple(about["std"]),
        provenance=about["provenance"],
        skipped=tuple((row["file"], row["reason"]) for row in skipped),
        **content,
    )


def load_test_images(folder: Path) -> Images | ImageFiles:
    """The test images of what `save_dataset` wrote, none of them read yet."""
    about = read_json(folder / "dataset.json")
    return load_files(folder, about)["test_images"] if "view" in about else np.load(folder / TEST_IMAGES, mmap_mode="r")


def load_files(folder: Path, about: dict[str, Any]) -> dict[str, ImageFiles]:
    """The images of both parts by the index; `about` is what `dataset.json` says."""
    place = Path(about["folder"]) if "folder" in about else folder / "images"
    if not place.is_dir():
        raise InputError(
            f"{folder}/dataset.json: the photographs of {about['name']} are in {place}, which is not there; put them "
            f"back, or say in params.yaml where they are and run `dvc repro --force fetch@{about['name']}`"
        )
    table, view, images = read_table(folder / "index.csv"), View(**about["view"]), {}
    for part in PARTS:
        names, checksums = (np.array([row[key] for row in table if row["part"] == part]) for key in ("file", "md5"))
        images[f"{part}_images"] = ImageFiles(place, names, checksums, view, in_place="folder" in about)
    return images
