"""Sets of photographs that stay in their files: which there are, and how each becomes training and test images."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.data.imagenet import imagenet
from lookalike.data.photo_archives import clothing, clothing_500, imagenette
from lookalike.data.photo_files import Listing, PhotoFolder, examine, in_turns
from lookalike.errors import InputError
from lookalike.params import DataProfile, DatasetParams

Labels = NDArray[np.unsignedinteger]
Skipped = tuple[tuple[str, str], ...]

USES = {"train": "training", "test": "test"}
IMAGENET = "imagenet"  # which only a person's own folder has
ARCHIVES: dict[str, Callable[[Path, str | None], PhotoFolder]] = {
    "clothing": clothing,
    "clothing_500": clothing_500,
    "imagenette": imagenette,
}
PHOTO_SETS = (*ARCHIVES, IMAGENET)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PhotoFiles:
    """A set of photographs; fields as in `artifacts.datasets.Dataset`."""

    train_images: ImageFiles
    train_labels: Labels
    test_images: ImageFiles
    test_labels: Labels
    provenance: dict[str, Any]
    skipped: Skipped


def check_settings(name: str, settings: DatasetParams) -> None:
    """Settings of sets of photographs belong to these alone.

    Raises:
        InputError: `size` or `folder` is given to another set.
    """
    if settings.size is not None and name not in PHOTO_SETS:
        raise InputError(f"datasets.{name}.size: only photographs can be scaled: {', '.join(PHOTO_SETS)}")
    if settings.folder is not None and name != IMAGENET:
        raise InputError(f"datasets.{name}.folder: only {IMAGENET} is read from a person's own folder")


def load_photo_set(
    name: str, settings: DatasetParams, profile: DataProfile, cache: Path, mirror: str | None
) -> PhotoFiles:
    """Find the photographs of one of `PHOTO_SETS`, take those that the profile allows, and decode each of them once.

    Within a part classes take turns, so that the first of them are of all classes.

    Args:
        cache: the folder `downloads` in the project's root; a relative `settings.folder` begins at that root.

    Raises:
        InputError: the photographs cannot be had, or of a class none is left.
    """
    if settings.size is None:
        raise InputError(f"datasets.{name}.size: required, the side in pixels of what models see: 32 to 1024")
    found = find(name, settings.folder, cache, mirror)
    check_found(name, found, settings, profile)
    view = View(min(settings.size, profile.max_side or settings.size))
    train_images, train_labels, train_skipped = read_part(found, "train", profile.train_images, view)
    test_images, test_labels, test_skipped = read_part(found, "test", profile.test_images, view)
    if skipped := (*train_skipped, *test_skipped):
        count = len(train_images) + len(test_images) + len(skipped)
        _log.warning("%s: %d of %d photographs are left out, see skipped.csv", name, len(skipped), count)
    provenance = {"source": "official", **found.about}
    return PhotoFiles(train_images, train_labels, test_images, test_labels, provenance, skipped)


def find(name: str, folder: str | None, cache: Path, mirror: str | None) -> PhotoFolder:
    """The photographs of one of `PHOTO_SETS`, not read yet."""
    if name != IMAGENET:
        return ARCHIVES[name](cache, mirror)
    if folder is None:
        raise InputError(f"datasets.{name}.folder: required: it cannot be downloaded; name the folder that has it")
    return imagenet((cache.parent / folder).absolute())


def check_found(name: str, found: PhotoFolder, settings: DatasetParams, profile: DataProfile) -> None:
    """What can be told before hours go into decoding: whether the classes are all there, and caps leave some of each.

    Raises:
        InputError: they are not.
    """
    classes = len(found.classes)
    if classes != len(settings.classes):
        fault = f"{len(settings.classes)} names, but the data set has {classes} classes"
        raise InputError(f"datasets.{name}.classes: {fault}")
    for part, limit in (("train", profile.train_images), ("test", profile.test_images)):
        if limit is not None and limit < classes:
            raise InputError(f"the profile's data.{part}_images: {limit} images cannot be of {classes} classes")
        listing = found.listing(part)
        check_classes(found, part, listing, [""] * len(listing))


def read_part(found: PhotoFolder, part: str, limit: int | None, view: View) -> tuple[ImageFiles, Labels, Skipped]:
    """The first `limit` training or test photographs that can be decoded, their labels (N,), and those left out."""
    listing = found.listing(part)
    listing = [listing[k] for k in in_turns(np.array([label for _, label in listing], np.int64))[:limit]]
    outcomes = examine(found.path, [name for name, _ in listing], f"{USES[part]} photographs")
    check_classes(found, part, listing, [reason for _, reason in outcomes])
    good = [(name, label, md5) for (name, label), (md5, reason) in zip(listing, outcomes, strict=True) if not reason]
    names, labels, checksums = zip(*good, strict=True)
    files = ImageFiles(found.path, np.array(names), np.array(checksums), view, found.in_place)
    skipped = tuple((writable(name), fault) for (name, _), (_, fault) in zip(listing, outcomes, strict=True) if fault)
    return files, np.array(labels, np.min_scalar_type(len(found.classes) - 1)), skipped


def writable(name: str) -> str:
    """A file's name as a table can have it: what is not UTF-8 in it becomes question marks."""
    return name.encode(errors="replace").decode()


def check_classes(found: PhotoFolder, part: str, listing: Listing, reasons: list[str]) -> None:
    """Each class must have a photograph that can be decoded; `reasons` say why one cannot."""
    left = {label for (_, label), reason in zip(listing, reasons, strict=True) if not reason}
    for label, name in enumerate(found.classes):
        if label not in left:
            damaged = sum(other == label for _, other in listing)
            fault = f"all {damaged} are damaged" if damaged else "there is none"
            raise InputError(f"{found.path}: a {USES[part]} photograph of class {name} is needed, and {fault}")
