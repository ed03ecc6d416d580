"""`test_sets/<study>/`: the labels, images and photographs that statistics and pictures of a study need."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evidence import read_evidence, write_evidence
from lookalike.artifacts.photos import PhotoSet, Preparation

KIND = "test set"
TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "cifar10": "CIFAR-10"}  # of published data sets


@dataclass(frozen=True, eq=False)
class TestSet:
    """N test images of C classes, of which n are shown, and P photographs.

    Attributes:
        name: of the data set.
        labels: int64 (N,), indices into `class_names`.
        shown: int64 (n,), the test images that pictures and the explorer show: the first few of each class.
        images: uint8 (n, H, W) or (n, H, W, 3), these images; photographs are made small.
        repeated: int64, the test images that are also in the published training set, byte for byte.
        near: int64, those with the same average hash and label as a training image, without `repeated`.
        digest: SHA-256 of the data set, see `datasets.Dataset.digest`.
        provenance: where the images come from, checksums, licence.
        photos: prepared by whole recipes; None if the study's models are shown no photographs.
        refused: name and reason of each photograph that was refused.
    """

    __test__ = False  # not one of pytest's

    name: str
    class_names: tuple[str, ...]
    labels: NDArray[np.int64]
    shown: NDArray[np.int64]
    images: NDArray[np.uint8]
    repeated: NDArray[np.int64]
    near: NDArray[np.int64]
    digest: str
    provenance: dict[str, Any]
    photos: PhotoSet | None = None
    refused: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """The name that people know the published data set by; its key if these are other images."""
        return TITLES.get(self.name, self.name) if self.provenance.get("source") == "official" else self.name

    def pictures(self, indices: NDArray[np.integer]) -> NDArray[np.uint8]:
        """The images (k, H, W[, 3]) of k test images that are shown."""
        return self.images[positions_of(self.shown, indices)]


def positions_of(among: NDArray[np.int64], indices: NDArray[np.integer]) -> NDArray[np.int64]:
    """Where each of the `indices` (k,) stands in `among`: (k,).

    Raises:
        KeyError: one is not there.
    """
    place = {index: k for k, index in enumerate(among.tolist())}
    return np.array([place[index] for index in indices.tolist()], np.int64)


def save_test_set(folder: Path, test_set: TestSet) -> None:
    """Write it into an existing folder, see `evidence.write_evidence`."""
    content: dict[str, Any] = {
        "name": test_set.name,
        "class_names": list(test_set.class_names),
        "digest": test_set.digest,
        "provenance": test_set.provenance,
        "photos": None,
        "refused": [list(one) for one in test_set.refused],
    }
    arrays: dict[str, NDArray[Any]] = {
        "labels": test_set.labels.astype(np.uint16),
        "shown": test_set.shown,
        "images": test_set.images,
        "repeated": test_set.repeated,
        "near": test_set.near,
    }
    if (photos := test_set.photos) is not None:
        content["photos"] = {
            "preparations": [asdict(one) for one in photos.preparations],
            "class_names": list(photos.class_names),
            "about": photos.about,
            "provenance": photos.provenance,
        }
        arrays |= {"photo_images": photos.images, "photo_labels": photos.labels.astype(np.int16)}
    write_evidence(folder, KIND, content, arrays)


def load_test_set(folder: Path) -> TestSet:
    """Read what `save_test_set` wrote.

    Raises:
        InputError: the files are missing, damaged, edited or of another version.
    """
    content, arrays = read_evidence(folder, KIND)
    return TestSet(
        name=content["name"],
        class_names=tuple(content["class_names"]),
        labels=arrays["labels"].astype(np.int64),
        shown=arrays["shown"],
        images=arrays["images"],
        repeated=arrays["repeated"],
        near=arrays["near"],
        digest=content["digest"],
        provenance=content["provenance"],
        photos=photo_set_from(content["photos"], arrays),
        refused=tuple((name, reason) for name, reason in content["refused"]),
    )


def photo_set_from(about: dict[str, Any] | None, arrays: dict[str, NDArray[Any]]) -> PhotoSet | None:
    """The photographs of a test set; None if there are none."""
    if about is None:
        return None
    return PhotoSet(
        preparations=tuple(Preparation(**one) for one in about["preparations"]),
        images=arrays["photo_images"],
        labels=arrays["photo_labels"].astype(np.int64),
        class_names=tuple(about["class_names"]),
        about=about["about"],
        provenance=about["provenance"],
    )
