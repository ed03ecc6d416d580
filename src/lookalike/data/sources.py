"""From a source, published or embedded, to a data set with split and normalisation."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import ImageFiles
from lookalike.data.embedded import load_embedded
from lookalike.data.image_archives import CLOTHES
from lookalike.data.image_sets import PHOTO_SETS, check_photo_settings, load_photo_set
from lookalike.data.official import SOURCES, load_official
from lookalike.data.source_images import SourceImages
from lookalike.data.splits import split_indices
from lookalike.errors import InputError
from lookalike.params import DataProfile, DatasetParams

Files = list[dict[str, str]]
Statistics = tuple[tuple[float, ...], tuple[float, ...]]

SAMPLE, SAMPLE_SEED = 2000, 13  # photographs that stand for all where pixels are averaged
CHUNK = 50  # of them are in memory at once

# The classes by label, of published sets and of the embedded ones that stand for them.
KNOWN_CLASSES = {name: source.class_names for name, source in SOURCES.items()} | {
    "clothing": CLOTHES,
    "clothing_500": CLOTHES,
}


def build_dataset(
    name: str, settings: DatasetParams, profile: DataProfile, cache: Path, mirror: str | None
) -> tuple[Dataset, Files]:
    """The data set `name` with the source and size of `profile`, split and normalised by `settings`.

    Args:
        cache: folder that keeps downloaded files, in the project's root.
        mirror: folder or base URL tried before the publishers; None for none.

    Returns:
        The data set, and the files that it was read from. Where those came from does not belong into the data set:
        the same images from a mirror and from their publisher must be the same bytes to every later stage.

    Raises:
        InputError: the data cannot be downloaded, or do not match `settings`.
    """
    check_photo_settings(name, settings)
    check_class_names(name, settings.classes)
    source = load_images(name, settings, profile, cache, mirror)
    classes, found = settings.classes, int(source.train_labels.max()) + 1
    if found != len(classes):
        raise InputError(f"datasets.{name}.classes: {len(classes)} names, but the data set has {found} classes")
    train, valid = split_indices(
        len(source.train_labels), valid_fraction=settings.split.valid_fraction, seed=settings.split.seed
    )
    mean, std = normalisation(source.train_images, train, settings.normalise)
    files = source.provenance.get("files", [])
    provenance = {key: value for key, value in source.provenance.items() if key != "files"}
    content: dict[str, Any] = vars(source) | {"provenance": provenance, "mean": mean, "std": std}
    return Dataset(name=name, class_names=classes, train_indices=train, valid_indices=valid, **content), files


def check_class_names(name: str, given: tuple[str, ...]) -> None:
    """Refuse class names that differ from the source's: every table would call images by another class's name.

    Sets of photographs whose names are those of folders are compared with these when they are read.

    Raises:
        InputError: a name differs, or the order does; labels count from 0.
    """
    known = KNOWN_CLASSES.get(name, given)
    if given == known:
        return
    if len(given) != len(known):
        fault = f"{len(given)} names, but the data set has {len(known)} classes"
    elif sorted(given) == sorted(known):
        fault = "the names are in another order than the labels of the data set"
    else:
        label = next(k for k, name in enumerate(known) if given[k] != name)
        fault = f"label {label} is called {given[label]!r}, but the data set calls it {known[label]!r}"
    raise InputError(f"datasets.{name}.classes: {fault}; allowed: {', '.join(known)}")


def load_images(
    name: str, settings: DatasetParams, profile: DataProfile, cache: Path, mirror: str | None
) -> SourceImages:
    """The arrays or the photographs of `name`, cut to the numbers that the profile names."""
    if profile.source == "embedded":
        assert profile.train_images is not None  # validated with the parameters
        assert profile.test_images is not None
        return load_embedded(name, train_images=profile.train_images, test_images=profile.test_images)
    if name in PHOTO_SETS:
        return load_photo_set(name, settings, profile, cache, mirror)
    published = load_official(name, cache, mirror=mirror)
    return replace(
        published,
        train_images=published.train_images[: profile.train_images],
        train_labels=published.train_labels[: profile.train_images],
        test_images=published.test_images[: profile.test_images],
        test_labels=published.test_labels[: profile.test_images],
    )


def normalisation(images: NDArray[np.uint8] | ImageFiles, train: NDArray[np.int64], kind: str) -> Statistics:
    """Mean and deviation of each channel, in units of [0, 1] pixels.

    `range` leaves pixels in [0, 1]: mean 0, deviation 1. `channels` takes both from the training images alone; of
    photographs in files from at most 2,000 of them, drawn with a fixed seed.
    """
    channels = images.shape[3] if images.ndim == 4 else 1
    if kind == "range":
        return (0.0,) * channels, (1.0,) * channels
    if isinstance(images, ImageFiles):
        mean, std = channel_moments(images, train)
    else:
        pixels = images[train].reshape(-1, channels)
        mean, std = (pixels.mean(0, dtype=np.float64) / 255, pixels.std(0, dtype=np.float64) / 255)
    if not std.all():
        raise InputError("normalise: channels needs channels that vary; the training images have one that does not")
    return tuple(mean.tolist()), tuple(std.tolist())


def channel_moments(files: ImageFiles, train: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation (3,) over the pixels of a sample of the photographs `train`, a few in memory at a time."""
    order = np.random.default_rng(SAMPLE_SEED).permutation(train)[:SAMPLE]
    sums = np.zeros((2, 3), np.uint64)  # whole numbers: chunks of another size would give the same
    for start in range(0, len(order), CHUNK):
        pixels = files[order[start : start + CHUNK]].reshape(-1, 3).astype(np.uint32)
        sums += np.stack([pixels.sum(0, dtype=np.uint64), (pixels**2).sum(0, dtype=np.uint64)])
    mean, square = sums / (len(order) * files.view.size**2)
    return mean / 255, np.sqrt(np.maximum(square - mean**2, 0)) / 255
