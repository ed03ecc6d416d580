"""Published photographs that come in an archive: they are unpacked into the cache, in folders of classes."""

import gzip
import shutil
import tarfile
import zipfile
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import IO

from lookalike.artifacts.folders import describe_disk_fault, replacing_folder
from lookalike.artifacts.pictures import is_ignored
from lookalike.data import labelled_clothing
from lookalike.data.download import RemoteFile, fetch_file, provenance_of
from lookalike.data.image_folders import Listing, PhotoFolder, list_classes
from lookalike.errors import InputError

Members = Generator[tuple[str, IO[bytes]], None, None]

CLOTHING = RemoteFile(  # GitHub packs it anew on request
    "clothing-dataset-small.zip", (labelled_clothing.ARCHIVE_URL,), None, is_whole=labelled_clothing.is_published
)
CLOTHES = ("dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt")
ABOUT_CLOTHING = labelled_clothing.ABOUT | {"citation": "Grigorev: Clothing dataset (subset), 2020"}
TEST_EVERY = 5  # where no split is published
IMAGENETTE = RemoteFile(
    "imagenette2-320.tgz",
    ("https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-320.tgz",),
    "3df6f0d01a2c9592104656642f5e78a3",
)
# Tench, English springer, cassette player, chain saw, church, French horn, garbage truck, gas pump, golf ball,
# parachute.
IMAGENETTE_CLASSES = (
    *("n01440764", "n02102040", "n02979186", "n03000684", "n03028079"),
    *("n03394916", "n03417042", "n03425413", "n03445777", "n03888257"),
)
ABOUT_IMAGENETTE = {
    "licence": "Apache 2.0 for the selection; the photographs are ImageNet's, for non-commercial research and teaching",
    "homepage": "https://github.com/fastai/imagenette",
    "citation": "Howard: Imagenette, a subset of 10 easily classified classes from ImageNet, 2019",
}


def clothing_photographs(cache: Path, mirror: str | None) -> PhotoFolder:
    """The 3,781 photographs of clothing. The publisher's training and validation images train.

    The project splits off validation images of its own.
    """
    about = ABOUT_CLOTHING | {"split": "published; its validation images train"}
    return unpacked_set("clothing", CLOTHING, CLOTHES, ("train", "validation"), ("test",), about, cache, mirror)


def imagenette_photographs(cache: Path, mirror: str | None) -> PhotoFolder:
    """Ten classes of ImageNet that are easy to distinguish, the shorter side 320 pixels."""
    about = ABOUT_IMAGENETTE | {"split": "published; val tests"}
    return unpacked_set("imagenette", IMAGENETTE, IMAGENETTE_CLASSES, ("train",), ("val",), about, cache, mirror)


def unpacked_set(
    name: str,
    file: RemoteFile,
    classes: tuple[str, ...],
    train_parts: Sequence[str],
    test_parts: Sequence[str],
    about: dict[str, str],
    cache: Path,
    mirror: str | None,
) -> PhotoFolder:
    """Fetch and unpack the archive `file` of the set `name`; its folders `train_parts` train, `test_parts` test."""
    cache, mirror = cache / name, mirror and f"{mirror.rstrip('/')}/{name}"
    archive = fetch_file(file, cache, mirror=mirror)
    folder = unpack_archive(archive.path, cache / "images", (*train_parts, *test_parts), classes)
    train, others = list_classes(folder, train_parts, classes)
    test, more = list_classes(folder, test_parts, classes)
    known = {**about, "files": [provenance_of(file, archive)]}
    return PhotoFolder(folder, classes, train, test, known, skipped=(*others, *more))


def labelled_clothing_photographs(cache: Path, mirror: str | None) -> PhotoFolder:
    """The 500 photographs of clothing that this project labelled, in the classes of their publisher.

    They are few enough to be copied together: some may lie in the cache and others in the mirror.
    """
    found = labelled_clothing.published_photographs(cache, mirror)
    folder = cache / "clothing_500" / "images"
    with replacing_folder(folder) as part:
        for photograph in found:
            target = part / photograph.name
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(photograph.path, target)
    train, test = split_off(photograph.name for photograph in found)
    split = f"none is published; photograph {TEST_EVERY}, {2 * TEST_EVERY}, ... of each class, by file name, tests"
    about = ABOUT_CLOTHING | {"split": split, "files": []}
    return PhotoFolder(path=folder, classes=CLOTHES, train=train, test=test, about=about)


def split_off(names: Iterable[str]) -> tuple[Listing, Listing]:
    """Training and test photographs of those called `<class>/<file>`: every fifth of each class tests."""
    ordered = sorted(names)
    train, test = Listing(), Listing()
    for label, clothes in enumerate(CLOTHES):
        for k, name in enumerate((name for name in ordered if name.startswith(f"{clothes}/")), 1):
            (train if k % TEST_EVERY else test).append((name, label))
    return train, test


def unpack_archive(archive: Path, folder: Path, parts: Sequence[str], classes: Sequence[str]) -> Path:
    """Write the files `<anything>/<part>/<class>/<file>` of an archive to `folder`, which is whole or not there.

    Raises:
        InputError: the archive is damaged, or the disk cannot take what is in it.
    """
    try:
        with replacing_folder(folder) as target, closing(archive_members(archive)) as content:
            for name, stream in content:
                above, _, inside = name.partition("/")
                if above and is_class_file(inside, parts, classes):
                    copy_stream(stream, target / inside)
    except Exception as error:  # readers raise whatever a damaged archive leads them to
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
            where = error.filename or folder
            raise InputError(
                describe_disk_fault(error) or f"{where}: {error.strerror}; mend it and run again"
            ) from error
        raise InputError(f"{archive}: damaged ({error}); delete it to have it fetched again") from error
    return folder


def is_class_file(path: str, parts: Sequence[str], classes: Sequence[str]) -> bool:
    """Whether a path is `<part>/<class>/<file>`; one that leads elsewhere is not, nor a file to be ignored."""
    steps = path.split("/")
    return len(steps) == 3 and steps[0] in parts and steps[1] in classes and bool(steps[2]) and not is_ignored(steps[2])


def archive_members(archive: Path) -> Members:
    """Path and content of each file in an archive, one after the other."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for name in opened.namelist():
                with opened.open(name) as stream:
                    yield name, stream
    else:
        with tarfile.open(archive) as tar:
            for member in tar:
                if content := tar.extractfile(member):
                    yield member.name, content


def copy_stream(stream: IO[bytes], path: Path) -> None:
    """Copy an open file to `path`, a piece at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        shutil.copyfileobj(stream, target)
