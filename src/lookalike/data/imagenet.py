"""ImageNet in a person's own folder, as its publisher ships it or sorted into folders of classes."""

import re
from collections.abc import Sequence
from pathlib import Path

from lookalike.artifacts.pictures import list_files
from lookalike.data.image_folders import Listing, PhotoFolder, Skipped, class_folders, list_classes
from lookalike.errors import InputError

ABOUT = {
    "licence": "ImageNet's terms of access: non-commercial research and teaching",
    "homepage": "https://www.image-net.org/",
    "citation": "Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, IJCV, 2015",
    "split": "published; val tests",
}
DEVKIT = "ILSVRC2012_devkit_t12/data"
TRUTH, SYNSETS = "ILSVRC2012_validation_ground_truth.txt", "meta.mat"
FLAT_NAME = re.compile(r"val/ILSVRC2012_val_(\d{8})\.JPEG")
NO_FLAT_NAME = "no name of a validation image, such as ILSVRC2012_val_00000001.JPEG"
LAYOUT = "train/ and val/ with a folder for each class, such as train/n01440764/"


def imagenet(folder: Path) -> PhotoFolder:
    """The photographs in `folder`: train/<WordNet id>/ trains, val/ tests. Labels follow the sorted WordNet ids.

    val/ also has folders of classes, or is flat, as published: then the development kit has the labels.

    Raises:
        InputError: something is missing; the message names it.
    """
    classes = class_folders(folder / "train")
    if not classes:
        raise InputError(f"datasets.imagenet.folder: {folder} has no train/ with training images; needed are {LAYOUT}")
    found = class_folders(folder / "val")
    if unknown := sorted(set(found) - set(classes)):
        raise InputError(f"{folder / 'val' / unknown[0]}: train/ has no folder of that name; needed are {LAYOUT}")
    train, others = list_classes(folder, ("train",), classes)
    test, more = list_classes(folder, ("val",), classes) if found else flat_validation(folder, classes)
    return PhotoFolder(folder, classes, train, test, ABOUT, in_place=True, skipped=(*others, *more))


def flat_validation(folder: Path, classes: Sequence[str]) -> tuple[Listing, Skipped]:
    """The validation images that lie side by side, labelled by the development kit, by class and then by path.

    And all other files there, with the reason.
    """
    files = dict(list_files(folder, "val/")) if (folder / "val").is_dir() else {}
    matches = (FLAT_NAME.fullmatch(name) for name, reason in files.items() if not reason)
    numbers = {match[0]: int(match[1]) for match in matches if match}
    if not numbers:
        raise InputError(f"datasets.imagenet.folder: {folder} has no val/ with validation images; needed are {LAYOUT}")
    truth = ground_truth(find_devkit(folder, TRUTH))
    ids = wordnet_ids(find_devkit(folder, SYNSETS))
    labels = {wordnet_id: label for label, wordnet_id in enumerate(classes)}
    listing = Listing()
    for name, number in numbers.items():
        if not 1 <= number <= len(truth):
            raise InputError(f"{folder / name}: {TRUTH} has {len(truth)} lines and knows no such image")
        wordnet_id = ids.get(truth[number - 1], "unknown")
        if wordnet_id not in labels:
            raise InputError(f"{folder / name}: train/ has no folder of its class, {wordnet_id}")
        listing.append((name, labels[wordnet_id]))
    others = tuple((name, reason or NO_FLAT_NAME) for name, reason in files.items() if name not in numbers)
    return sorted(listing, key=lambda one: (one[1], one[0])), others


def find_devkit(folder: Path, name: str) -> Path:
    """A file of the development kit."""
    for path in (folder / name, folder / DEVKIT / name):
        if path.is_file():
            return path
    advice = f"put it there, or sort val/ as {LAYOUT}"
    raise InputError(f"{folder}: val/ is flat, and {name} is neither there nor in {DEVKIT}/; {advice}")


def ground_truth(path: Path) -> list[int]:
    """The development kit's number of the class of each validation image."""
    try:
        return [int(line) for line in path.read_text(encoding="ascii").split()]
    except ValueError as error:
        raise InputError(f"{path}: a number from 1 to 1000 a line is needed ({error})") from error


def wordnet_ids(path: Path) -> dict[int, str]:
    """The WordNet id of each class that has no classes below it, by the development kit's number."""
    from scipy.io import loadmat

    try:
        table = loadmat(path, squeeze_me=True)["synsets"]
        columns = (table["ILSVRC2012_ID"], table["WNID"], table["num_children"])
        return {int(number): str(name) for number, name, below in zip(*columns, strict=True) if int(below) == 0}
    except Exception as error:  # SciPy raises whatever another file leads it to
        raise InputError(f"{path}: not the development kit's table of classes ({error})") from error
