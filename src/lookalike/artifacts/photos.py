"""`photos/`: prepared photographs, their labels and attributes, pictures of every step, and refused photographs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.folders import read_json, read_table, replacing_folder, write_bytes, write_json, write_table

Refused = list[tuple[str, str]]  # name and reason
HALVES = ("choose", "score")  # to choose a recipe on, and to score the choice on
SHOWN = ("photos.json", "images.npy", "labels.npy")  # what models are shown; the pictures beside are for people
LONGEST = 200  # bytes of a part of a path, which a suffix and the name of a temporary file make longer; disks take 255
SAMPLE = 10  # photographs that the report shows step by step
One = TypeVar("One")


@dataclass(frozen=True)
class Preparation:
    """One way in which all photographs were prepared: a recipe, and the step of it that was left out ("" for none)."""

    recipe: str
    without: str


@dataclass(frozen=True)
class PhotoSet:
    """N photographs, each prepared in R ways.

    Attributes:
        preparations: R of them.
        images: uint8 (R, N, 28, 28).
        labels: int64 (N,), indices into class_names; -1 where none of the classes fits.
        about: N times what is known of a photograph: `name`, `half` (one of `HALVES`), and the labels' columns,
            of which `sender` says which photographs one person sent.
        provenance: where the photographs come from, licence.
    """

    preparations: tuple[Preparation, ...]
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    class_names: tuple[str, ...]
    about: list[dict[str, str]]
    provenance: dict[str, Any]

    @property
    def recipes(self) -> dict[str, NDArray[np.uint8]]:
        """The images (N, 28, 28) of every whole recipe, by its name."""
        pairs = zip(self.preparations, self.images, strict=True)
        return {preparation.recipe: images for preparation, images in pairs if not preparation.without}

    @property
    def ablations(self) -> dict[Preparation, NDArray[np.uint8]]:
        """The images (N, 28, 28) of every recipe of which a step was left out."""
        pairs = zip(self.preparations, self.images, strict=True)
        return {preparation: images for preparation, images in pairs if preparation.without}

    @property
    def attributes(self) -> dict[str, list[str]]:
        """What is known of the photographs, by column: N values each."""
        return {name: [row[name] for row in self.about] for name in (self.about[0] if self.about else ())}

    @property
    def senders(self) -> NDArray[np.int64]:
        """The number (N,) of each photograph's sender, see `sender_of`."""
        _, numbers = np.unique([sender_of(row["name"], row) for row in self.about], return_inverse=True)
        return numbers


def sender_of(name: str, about: Mapping[str, str]) -> str:
    """The sender of the photograph `name` with attributes `about`; its name if the sender is unknown."""
    return about.get("sender") or name


def sample_photographs(rows: Sequence[One]) -> Sequence[One]:
    """Of one item per photograph, those of the few photographs that the report shows step by step."""
    return rows[:: max(1, len(rows) // SAMPLE)][:SAMPLE]


def shorten_path(name: str) -> str:
    """A path whose parts fit every file system: the end of a part that is too long becomes its checksum."""
    return "/".join(part if len(part.encode()) <= LONGEST else shorten_name(part) for part in name.split("/"))


def shorten_name(part: str) -> str:
    """A part of a path in `LONGEST` bytes."""
    digest = hashlib.md5(part.encode()).hexdigest()
    return f"{part.encode()[: LONGEST - len(digest) - 1].decode(errors='ignore')}-{digest}"


def save_photos(folder: Path, photos: PhotoSet, refused: Refused, pictures: dict[str, bytes]) -> None:
    """Write arrays, `photos.json`, `rejected.csv`, and pictures, PNG or WebP, by their path without suffix; whole or
    not at all."""
    with replacing_folder(folder) as part:
        np.save(part / "images.npy", photos.images)
        np.save(part / "labels.npy", photos.labels)
        write_json(
            part / "photos.json",
            {
                "preparations": [asdict(preparation) for preparation in photos.preparations],
                "class_names": photos.class_names,
                "provenance": photos.provenance,
                "photographs": photos.about,
            },
        )
        write_table(part / "rejected.csv", ("file", "reason"), refused)
        for name, picture in pictures.items():
            suffix = "webp" if picture.startswith(b"RIFF") else "png"
            write_bytes(part / f"{shorten_path(name)}.{suffix}", picture)


def load_photos(folder: Path) -> PhotoSet:
    """Read what `save_photos` wrote, without the pictures."""
    about = read_json(folder / "photos.json")
    return PhotoSet(
        preparations=tuple(Preparation(**entry) for entry in about["preparations"]),
        images=np.load(folder / "images.npy"),
        labels=np.load(folder / "labels.npy"),
        class_names=tuple(about["class_names"]),
        about=about["photographs"],
        provenance=about["provenance"],
    )


def load_refused(folder: Path) -> list[dict[str, str]]:
    """File and reason of each photograph that was refused."""
    return read_table(folder / "rejected.csv")
