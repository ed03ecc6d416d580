"""A data set on disk: nothing is lost on the way, and its digest names its arrays."""

import csv
import os
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from tiny_photographs import jpegs, write_files

from lookalike.artifacts import datasets
from lookalike.artifacts.datasets import ARRAYS, Dataset, load_dataset, save_dataset
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.image_files import ImageFiles, View
from lookalike.errors import InputError


@pytest.mark.parametrize("name", ["dataset", "colour_dataset"])
def test_a_data_set_comes_back_as_it_was(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    data = replace(request.getfixturevalue(name), mean=(0.1 + 0.2,) * 3, provenance={"about": "é", "n": [1]})
    save_dataset(tmp_path / "data", data)
    back = load_dataset(tmp_path / "data")
    for field in fields(Dataset):
        given, got = getattr(data, field.name), getattr(back, field.name)
        assert type(given) is type(got)
        np.testing.assert_array_equal(given, got)
        assert field.name not in ARRAYS or given.dtype == got.dtype
    assert back.digest == data.digest == read_json(tmp_path / "data" / "dataset.json")["digest"]


def test_the_same_data_set_is_the_same_bytes(dataset: Dataset, tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_dataset(tmp_path / name, dataset)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_input_shape_has_the_channels_first(dataset: Dataset, colour_dataset: Dataset) -> None:
    assert dataset.input_shape == (1, 16, 16)
    assert colour_dataset.input_shape == (3, 16, 16)


@pytest.mark.parametrize("name", ARRAYS)
def test_the_digest_changes_with_any_array(dataset: Dataset, name: str) -> None:
    array = getattr(dataset, name)
    changed = array.copy()
    changed.flat[-1] ^= 1
    wider, flat = array.astype(np.int64 if array.dtype == np.uint8 else np.uint64), array.reshape(1, *array.shape)
    digests = {replace(dataset, **{name: other}).digest for other in (array, changed, wider, flat)}
    assert len(digests) == 4


def test_the_digest_does_not_depend_on_memory_layout(dataset: Dataset) -> None:
    assert replace(dataset, train_images=np.asfortranarray(dataset.train_images)).digest == dataset.digest


# Images that are files.

NAMES = [f"train/{k}.jpg" for k in range(6)] + [f"test/{k}.jpg" for k in range(3)]


@pytest.fixture
def photographs(tmp_path: Path, dataset: Dataset) -> Callable[..., Dataset]:
    """Six photographs to train on and three to test on, in the folder `own`."""
    folder = write_files(tmp_path / "own", jpegs(NAMES))

    def make(*, in_place: bool = False) -> Dataset:
        names = np.array(NAMES)
        files = ImageFiles(folder, names, np.array([f"{k:032d}" for k in range(9)]), View(24, 0.9), in_place)
        return replace(
            dataset,
            train_images=files.take(slice(6)),
            test_images=files.take(slice(6, 9)),
            train_labels=np.array([0, 1, 2, 0, 1, 2], np.uint16),
            test_labels=np.array([2, 1, 0], np.uint16),
            train_indices=np.arange(4),
            valid_indices=np.arange(4, 6),
            skipped=(("train/9.jpg", "damaged, or no picture"),),
        )

    return make


@pytest.mark.parametrize("in_place", [False, True])
def test_files_come_back_as_they_were(tmp_path: Path, photographs: Callable[..., Dataset], in_place: bool) -> None:
    data = photographs(in_place=in_place)
    save_dataset(tmp_path / "data", data)
    back = load_dataset(tmp_path / "data")
    assert back.digest == data.digest == read_json(tmp_path / "data" / "dataset.json")["digest"]
    assert back.input_shape == (3, 24, 24)
    assert back.skipped == data.skipped
    for part, files in data.files.items():
        assert back.files[part].names.tolist() == files.names.tolist()
        assert back.files[part].in_place == in_place
        np.testing.assert_array_equal(back.files[part][:], files[:])
        np.testing.assert_array_equal(getattr(back, f"{part}_labels"), getattr(data, f"{part}_labels"))
    assert back.test_labels.dtype == np.uint16


def test_the_index_says_what_is_known_of_each_file(tmp_path: Path, photographs: Callable[..., Dataset]) -> None:
    save_dataset(tmp_path / "data", photographs())
    with (tmp_path / "data/index.csv").open(newline="") as table:
        rows = list(csv.reader(table))
    size = (tmp_path / "own/train/1.jpg").stat().st_size
    assert rows[0] == ["part", "label", "file", "bytes", "md5"]
    assert rows[2] == ["train", "1", "train/1.jpg", str(size), f"{1:032d}"]
    assert [row[0] for row in rows[1:]] == ["train"] * 6 + ["test"] * 3
    arrays = {"train_labels.npy", "test_labels.npy", "train_indices.npy", "valid_indices.npy"}
    others = {"index.csv", "skipped.csv", "dataset.json", "images"}
    assert {path.name for path in (tmp_path / "data").iterdir()} == arrays | others


def test_files_of_the_cache_are_linked_and_a_persons_stay(tmp_path: Path, photographs: Callable[..., Dataset]) -> None:
    save_dataset(tmp_path / "data", photographs())
    assert (tmp_path / "data/images/test/0.jpg").samefile(tmp_path / "own/test/0.jpg")
    assert "folder" not in read_json(tmp_path / "data/dataset.json")
    shutil.rmtree(tmp_path / "own/test")
    assert load_dataset(tmp_path / "data").test_images[0].shape == (24, 24, 3)


def test_a_persons_files_stay_where_they_are(tmp_path: Path, photographs: Callable[..., Dataset]) -> None:
    save_dataset(tmp_path / "data", photographs(in_place=True))
    assert not (tmp_path / "data/images").exists()
    assert read_json(tmp_path / "data/dataset.json")["folder"] == str(tmp_path / "own")
    (tmp_path / "own/test/1.jpg").unlink()
    data = load_dataset(tmp_path / "data")  # one of a million is missed when it is read
    with pytest.raises(InputError, match=r"own/test/1\.jpg: no such file"):
        data.test_images[:]
    (tmp_path / "own").rename(tmp_path / "moved")
    with pytest.raises(
        InputError, match=r"photographs of tiny are in .*own, which is not there; put them back"
    ) as caught:
        load_dataset(tmp_path / "data")
    assert "\n" not in str(caught.value)


def test_where_there_are_no_links_files_are_copied(
    tmp_path: Path, photographs: Callable[..., Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", refuse)
    save_dataset(tmp_path / "data", photographs())
    copy, own = tmp_path / "data/images/test/0.jpg", tmp_path / "own/test/0.jpg"
    assert not copy.samefile(own)
    assert copy.read_bytes() == own.read_bytes()
    assert datasets.os.link is refuse


def test_the_digest_changes_with_files_labels_and_view(photographs: Callable[..., Dataset]) -> None:
    data = photographs()
    files = data.files["test"]
    others = [
        replace(data, test_images=files.seen(View(25))),
        replace(data, test_images=replace(files, checksums=files.checksums[::-1])),
        replace(data, train_images=data.test_images, test_images=data.train_images),
        replace(data, test_labels=data.test_labels[::-1]),
        replace(data, train_indices=data.train_indices[::-1]),
    ]
    assert len({data.digest, *(other.digest for other in others)}) == 6
    assert replace(data, skipped=()).digest == photographs(in_place=True).digest == data.digest
