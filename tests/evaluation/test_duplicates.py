"""Duplicates against images copied, and all but copied, on purpose."""

from dataclasses import replace
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.evaluation.duplicates import average_hash, which_are_among, which_are_repeated


@pytest.mark.parametrize("shape", [(28, 28), (8, 8, 3)])
def test_only_exact_copies_are_duplicates(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    among = rng.integers(0, 256, (200, *shape), dtype=np.uint8)
    images = rng.integers(0, 256, (6, *shape), dtype=np.uint8)
    images[[1, 4, 5]] = among[[7, 199, 7]]
    images[2] = among[3]
    images[2].flat[-1] ^= 1  # one bit of one pixel
    images[3] = among[5].swapaxes(0, 1)  # the same pixels elsewhere
    np.testing.assert_array_equal(which_are_among(images, among), [False, True, False, False, True, True])


def test_images_repeated_only_among_themselves_are_no_duplicates() -> None:
    images = np.zeros((2, 4, 4), np.uint8)
    assert not which_are_among(images, images[:0]).any()
    assert which_are_among(images, images[1:]).all()


def test_the_layout_in_memory_does_not_matter() -> None:
    among = np.arange(2 * 3 * 4 * 5, dtype=np.uint8).reshape(2, 3, 4, 5)
    images = np.asfortranarray(among)[::-1]
    np.testing.assert_array_equal(which_are_among(images, among), [True, True])


def test_images_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(2, 8\) and \(4, 4\)"):
        which_are_among(np.zeros((1, 2, 8), np.uint8), np.zeros((1, 4, 4), np.uint8))


def test_an_average_hash_has_a_bit_a_pixel_brighter_than_the_mean() -> None:
    images = np.array([[[0, 10], [20, 30]], [[5, 5], [5, 9]]], np.uint8)
    np.testing.assert_array_equal(np.unpackbits(average_hash(images), axis=1)[:, :4], [[0, 0, 1, 1], [0, 0, 0, 1]])


def test_images_that_were_packed_again_share_their_average_hash() -> None:
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 2, (50, 7, 7), dtype=np.uint8) * 160 + 20
    images = coarse.repeat(4, axis=1).repeat(4, axis=2)
    again = (images + rng.integers(-4, 5, images.shape)).astype(np.uint8)
    assert not which_are_among(again, images).any()
    assert which_are_among(average_hash(again), average_hash(images)).all()
    assert not which_are_among(average_hash(images[:25]), average_hash(images[25:])).any()


COUNT = 120
LABELS = np.random.default_rng(1).integers(0, 10, COUNT).astype(np.uint8)
SEEN = [0, 7, 8, 63]  # test images that stand in the training set too
NEAR, RELABELLED = [30, 71], 90  # those that stand there a little changed, with their label and with another


@pytest.fixture(scope="module")
def data(dataset: Dataset) -> Dataset:
    """120 test images; the training set holds four of them, and three with every tone changed a little."""
    rng = np.random.default_rng(6)
    images = 180 * rng.integers(0, 2, (COUNT, 16, 16), dtype=np.uint8)
    images += rng.integers(0, 60, images.shape, dtype=np.uint8)  # no tone is near the mean
    train, labels = dataset.train_images.copy(), dataset.train_labels.copy()
    train[[9, 2, 50, 95]] = images[SEEN]
    train[[20, 21, 22]] = images[[*NEAR, RELABELLED]] ^ 1
    labels[[9, 2, 50]] = LABELS[SEEN[:3]]
    labels[95] = (LABELS[SEEN[3]] + 1) % 10  # a copy is a copy whatever its label
    labels[[20, 21]] = LABELS[NEAR]
    labels[22] = (LABELS[RELABELLED] + 1) % 10
    return replace(dataset, train_images=train, train_labels=labels, test_images=images, test_labels=LABELS)


def where(found: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> list[list[int]]:
    """The test images that are copies, and those that are nearly."""
    return [np.flatnonzero(one).tolist() for one in found]


def test_copies_count_whatever_their_label_and_near_copies_with_theirs(data: Dataset) -> None:
    assert where(which_are_repeated(data)) == [SEEN, NEAR]


def test_colour_images_repeat_too(data: Dataset) -> None:
    colour = replace(
        data,
        train_images=np.stack([data.train_images] * 3, axis=3),
        test_images=np.stack([data.test_images] * 3, axis=3),
    )
    assert where(which_are_repeated(colour)) == [SEEN, NEAR]


def test_without_images_seen_in_training_nothing_repeats(dataset: Dataset, data: Dataset) -> None:
    assert where(which_are_repeated(replace(data, train_images=dataset.train_images))) == [[], []]


@pytest.mark.parametrize(("changed", "expected"), [(0, [list(range(COUNT)), []]), (1, [[], list(range(COUNT))])])
def test_all_images_may_repeat(data: Dataset, changed: int, expected: list[list[int]]) -> None:
    copies = data.test_images[::-1] ^ np.uint8(changed)
    assert where(which_are_repeated(replace(data, train_images=copies, train_labels=LABELS[::-1]))) == expected


def files(folder: Path, pictures: list[NDArray[np.uint8]], formats: list[str]) -> ImageFiles:
    """Photographs in files of these formats."""
    folder.mkdir()
    names = [f"{k}.{suffix}" for k, suffix in enumerate(formats)]
    for name, picture in zip(names, pictures, strict=True):
        Image.fromarray(picture).save(folder / name)
    checksums = [md5((folder / name).read_bytes()).hexdigest() for name in names]
    return ImageFiles(folder, np.array(names), np.array(checksums), View(48))


def test_files_repeat_by_their_checksum_and_nearly_by_what_they_show(tmp_path: Path, dataset: Dataset) -> None:
    rng = np.random.default_rng(2)
    coarse = rng.integers(0, 2, (4, 8, 8, 3), dtype=np.uint8) * 160 + 40
    pictures = list(coarse.repeat(8, axis=1).repeat(8, axis=2))
    photographs = replace(
        dataset,
        test_images=files(tmp_path / "test", pictures[:3], ["png", "png", "png"]),
        test_labels=np.array([1, 2, 3], np.uint8),
        train_images=files(tmp_path / "train", pictures, ["png", "bmp", "bmp", "png"]),  # the second packed otherwise
        train_labels=np.array([1, 2, 5, 4], np.uint8),  # the third with another label
    )
    assert where(which_are_repeated(photographs)) == [[0], [1]]
