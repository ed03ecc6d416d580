"""Sets of photographs that stay in their files: which there are, and how each becomes training and test images."""

import logging
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.artifacts.pictures import replace_unwritable
from lookalike.data.image_archives import clothing_photographs, imagenette_photographs, labelled_clothing_photographs
from lookalike.data.image_folders import Listing, PhotoFolder, Skipped, check_photographs, interleave_classes
from lookalike.data.imagenet import imagenet
from lookalike.data.source_images import Labels, SourceImages
from lookalike.errors import InputError
from lookalike.params import DataProfile, DatasetParams

PART_NAMES = {"train": "training", "test": "test"}
IMAGENET = "imagenet"  # which only a person's own folder has
ARCHIVES: dict[str, Callable[[Path, str | None], PhotoFolder]] = {
    "clothing": clothing_photographs,
    "clothing_500": labelled_clothing_photographs,
    "imagenette": imagenette_photographs,
}
PHOTO_SETS = (*ARCHIVES, IMAGENET)
FEW, ROWS = 20, 100  # names that a message lists in a line, and below each other

_log = logging.getLogger(__name__)


def check_photo_settings(name: str, settings: DatasetParams) -> None:
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
) -> SourceImages:
    """Find the photographs of one of `PHOTO_SETS`, take those that the profile allows, and decode each of them once.

    Within a part classes take turns, so that the first of them are of all classes.

    Args:
        cache: the folder `downloads` in the project's root; a relative `settings.folder` begins at that root.

    Raises:
        InputError: the photographs cannot be had, or of a class none is left.
    """
    if settings.size is None:
        raise InputError(f"datasets.{name}.size: required, the side in pixels of what models see: 32 to 1024")
    found = find_photo_set(name, settings.folder, cache, mirror)
    check_folder(name, found, settings, profile)
    view = View(min(settings.size, profile.max_side or settings.size))
    train_images, train_labels, train_skipped = read_part(found, "train", profile.train_images, view)
    test_images, test_labels, test_skipped = read_part(found, "test", profile.test_images, view)
    others = tuple((replace_unwritable(name), reason) for name, reason in found.skipped)
    if skipped := (*others, *train_skipped, *test_skipped):
        count = len(train_images) + len(test_images) + len(skipped)
        _log.warning("%s: %d of %d files are left out, see skipped.csv", name, len(skipped), count)
    provenance = {"source": "official", **found.about}
    return SourceImages(train_images, train_labels, test_images, test_labels, provenance, skipped)


def find_photo_set(name: str, folder: str | None, cache: Path, mirror: str | None) -> PhotoFolder:
    """The photographs of one of `PHOTO_SETS`, not read yet."""
    if name != IMAGENET:
        return ARCHIVES[name](cache, mirror)
    if folder is None:
        raise InputError(f"datasets.{name}.folder: required: it cannot be downloaded; name the folder that has it")
    return imagenet(own_folder(f"datasets.{name}.folder", folder, cache.parent))


def own_folder(key: str, folder: str, root: Path) -> Path:
    """The folder that `params.yaml` names under `key`; one that is not absolute begins at `root`, or with ~ at home.

    Raises:
        InputError: the name has a shell variable, or names an unknown home folder.
    """
    try:
        path = (root / Path(folder).expanduser()).absolute()
    except RuntimeError as error:
        raise InputError(f"{key}: {folder}: there is no such home folder; write the whole path") from error
    if "$" in folder and not path.exists():
        raise InputError(f"{key}: {folder}: variables are not replaced; write the whole path, or ~ for your home")
    return path


def check_folder(name: str, found: PhotoFolder, settings: DatasetParams, profile: DataProfile) -> None:
    """Check before the long decoding that all classes are there, and that the profile's limits leave some of each.

    Raises:
        InputError: they are not.
    """
    check_folder_names(f"datasets.{name}.classes", settings.classes, found.classes)
    classes = len(found.classes)
    for part, limit in (("train", profile.train_images), ("test", profile.test_images)):
        if limit is not None and limit < classes:
            raise InputError(f"the profile's data.{part}_images: {limit} images cannot be of {classes} classes")
        listing = found.listing(part)
        check_every_class(found, part, listing, [""] * len(listing))


def check_folder_names(key: str, given: Sequence[str], folders: Sequence[str]) -> None:
    """Compare the names of the classes with those of their folders, which are sorted: labels follow the folders.

    Names that differ from the folders' may be right, so a warning lists both.

    Raises:
        InputError: there are more or fewer names, or one is that of another class's folder.
    """
    named, known = ([normalise_class_name(name) for name in names] for names in (given, folders))
    if len(given) != len(folders):
        fault = f"{len(given)} names, but the data set has {len(folders)} classes"
        unnamed = [folder for folder, name in zip(folders, known, strict=True) if name not in named]
        raise InputError(f"{key}: {fault}" + (f"; no name is that of {first_names(unnamed)}" if unnamed else ""))
    for name, folder, own, right in zip(given, folders, named, known, strict=True):
        if own != right and own in known:
            fault = f"the class in the folder {folder} is called {name}, which is another folder"
            raise InputError(f"{key}: {fault}; names come in the order of the folders: {first_names(folders)}")
    if named != known:
        rows = [f"\n  {folder} -> {name}" for folder, name in zip(folders, given, strict=True)][:ROWS]
        rows += [f"\n  and {len(given) - ROWS} more"] if len(given) > ROWS else []
        _log.warning("%s: names are not those of the folders, check that each is right:%s", key, "".join(rows))


def normalise_class_name(name: str) -> str:
    """A name without what people write in one way or another: case, _ and - for spaces, composed letters."""
    return unicodedata.normalize("NFC", name).casefold().replace("_", " ").replace("-", " ")


def first_names(names: Sequence[str]) -> str:
    """The first of some names, in one line."""
    return ", ".join(names[:FEW]) + (f" and {len(names) - FEW} more" if len(names) > FEW else "")


def read_part(found: PhotoFolder, part: str, limit: int | None, view: View) -> tuple[ImageFiles, Labels, Skipped]:
    """The first `limit` training or test photographs that can be decoded, their labels (N,), and those left out."""
    listing = found.listing(part)
    listing = [listing[k] for k in interleave_classes(np.array([label for _, label in listing], np.int64))[:limit]]
    outcomes = check_photographs(found.path, [name for name, _ in listing], f"{PART_NAMES[part]} photographs")
    check_every_class(found, part, listing, [reason for _, reason in outcomes])
    good = [(name, label, md5) for (name, label), (md5, reason) in zip(listing, outcomes, strict=True) if not reason]
    names, labels, checksums = zip(*good, strict=True)
    files = ImageFiles(found.path, np.array(names), np.array(checksums), view, found.in_place)
    skipped = tuple(
        (replace_unwritable(name), fault) for (name, _), (_, fault) in zip(listing, outcomes, strict=True) if fault
    )
    return files, np.array(labels, np.min_scalar_type(len(found.classes) - 1)), skipped


def check_every_class(found: PhotoFolder, part: str, listing: Listing, reasons: list[str]) -> None:
    """Each class must have a photograph that can be decoded; `reasons` say why one cannot."""
    left = {label for (_, label), reason in zip(listing, reasons, strict=True) if not reason}
    for label, name in enumerate(found.classes):
        if label not in left:
            why = [reason for (_, other), reason in zip(listing, reasons, strict=True) if other == label]
            fault = f"none of {len(why)} can be used, the first since: {why[0]}" if why else "there is none"
            raise InputError(f"{found.path}: a {PART_NAMES[part]} photograph of class {name} is needed, and {fault}")
