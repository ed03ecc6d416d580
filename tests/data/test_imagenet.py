"""ImageNet in a person's own folder: both layouts of its validation images, and what is said of what is missing."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat
from tiny_photographs import jpegs, write_files

from lookalike.artifacts.datasets import Dataset, load_dataset, save_dataset
from lookalike.data.imagenet import DEVKIT, SYNSETS, TRUTH
from lookalike.data.sources import build_dataset
from lookalike.errors import InputError
from lookalike.params import DataProfile, DatasetParams, Split

CLASSES = ("n01", "n02", "n03")
IDS = {1: "n03", 2: "n01", 3: "n02"}  # the development kit has an order of its own
TRAIN = [f"train/{name}/{name}_{k}.JPEG" for name in CLASSES for k in range(4)]
SORTED = [f"val/{name}/{k}.JPEG" for name in CLASSES for k in range(2)]
FLAT = [f"val/ILSVRC2012_val_0000000{k}.JPEG" for k in range(1, 6)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of four training images each; validation images are up to the test."""
    return write_files(tmp_path / "imagenet", jpegs(TRAIN))


def write_devkit(folder: Path, truth: str = "1\n2\n3\n1\n3\n", below: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TRUTH).write_text(truth)
    kinds: Any = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("gloss", "O"), ("num_children", "O")]
    rows = [(float(number), name, "words", "gloss", float(below)) for number, name in IDS.items()]
    rows.append((1001.0, "n00", "all of them", "gloss", 3.0))
    savemat(folder / SYNSETS, {"synsets": np.array(rows, kinds)[:, None]})


def build(tmp_path: Path, folder: str | None = "imagenet", **more: Any) -> Dataset:
    settings = DatasetParams(
        classes=("a", "b", "c"), split=Split(valid_fraction=0.25, seed=13), normalise="range", size=32, folder=folder
    )
    profile = DataProfile.model_construct(**({"source": "official", "train_images": None, "test_images": None} | more))
    return build_dataset("imagenet", settings, profile, tmp_path / "downloads", None)[0]


def complaint(tmp_path: Path, folder: str | None = "imagenet") -> str:
    with pytest.raises(InputError) as caught:
        build(tmp_path, folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def labelled(data: Dataset) -> dict[str, int]:
    return dict(zip(data.files["test"].names.tolist(), data.test_labels.tolist(), strict=True))


def test_folders_of_classes_are_read_and_never_copied(tmp_path: Path, folder: Path) -> None:
    write_files(folder, jpegs(SORTED) | {"train/n01/notes.txt": b"no photograph", "train/readme": b"no class"})
    data = build(tmp_path)
    assert data.files["train"].names[:4].tolist() == [
        f"train/{n}/{n}_{k}.JPEG" for k, n in zip((0, 0, 0, 1), (*CLASSES, "n01"), strict=True)
    ]
    assert labelled(data) == {name: int(name[6]) - 1 for name in SORTED}
    save_dataset(tmp_path / "data", data)
    assert not (tmp_path / "data/images").exists()
    assert not (tmp_path / "downloads").exists()
    back = load_dataset(tmp_path / "data")
    assert back.files["train"].folder == folder
    assert back.digest == data.digest
    np.testing.assert_array_equal(back.train_images[:], data.train_images[:])


def test_the_folder_may_be_named_in_full(tmp_path: Path, folder: Path) -> None:
    write_files(folder, jpegs(SORTED))
    assert build(tmp_path, str(folder)).digest == build(tmp_path, "imagenet").digest


@pytest.mark.parametrize("place", ["", DEVKIT])
def test_flat_validation_images_are_labelled_by_the_development_kit(tmp_path: Path, folder: Path, place: str) -> None:
    write_files(folder, jpegs(FLAT) | {"val/ILSVRC2012_val_x.JPEG": b""})
    write_devkit(folder / place)
    data = build(tmp_path)
    assert labelled(data) == dict(zip(FLAT, [2, 0, 1, 2, 1], strict=True))


def test_a_name_that_no_table_can_have_is_left_out(tmp_path: Path, folder: Path) -> None:
    write_files(folder, jpegs([*SORTED, os.fsdecode(b"train/n02/caf\xe9.jpg")]))
    data = build(tmp_path)
    assert len(data.train_images) == 12
    assert data.skipped == (("train/n02/caf?.jpg", "its name is not UTF-8"),)
    save_dataset(tmp_path / "data", data)
    assert load_dataset(tmp_path / "data").skipped == data.skipped


def test_caps_hold_here_too(tmp_path: Path, folder: Path) -> None:
    write_files(folder, jpegs(SORTED))
    data = build(tmp_path, train_images=7, test_images=3)
    assert np.bincount(data.train_labels).tolist() == [3, 2, 2]
    assert sorted(data.test_labels) == [0, 1, 2]


def test_more_classes_than_a_byte_counts(tmp_path: Path) -> None:
    names = [f"n{k:04d}" for k in range(257)]
    photograph = jpegs(["a"])["a"]
    write_files(tmp_path / "imagenet", {f"{part}/{n}/a.JPEG": photograph for part in ("train", "val") for n in names})
    settings = DatasetParams(
        classes=tuple(names), split=Split(valid_fraction=0.25, seed=13), normalise="range", size=32, folder="imagenet"
    )
    data, _ = build_dataset("imagenet", settings, DataProfile(source="official"), tmp_path / "downloads", None)
    assert data.test_labels.dtype == np.uint16
    assert data.test_labels.tolist() == [*range(257)]


def test_what_is_missing_is_said(tmp_path: Path, folder: Path) -> None:
    layout = "needed are train/ and val/ with a folder for each class, such as train/n01440764/"
    assert complaint(tmp_path, None).startswith("datasets.imagenet.folder: required: it cannot be downloaded")
    elsewhere = tmp_path / "elsewhere"
    assert complaint(tmp_path, "elsewhere") == (
        f"datasets.imagenet.folder: {elsewhere} has no train/ with training images; {layout}"
    )
    write_files(elsewhere, jpegs(SORTED))  # training images are needed, whatever is tested
    assert "has no train/ with training images" in complaint(tmp_path, "elsewhere")
    assert f"{folder} has no val/ with validation images; {layout}" in complaint(tmp_path)
    write_files(folder, jpegs(SORTED[:-2]))
    assert complaint(tmp_path).endswith("a test photograph of class n03 is needed, and there is none")
    write_files(folder, jpegs(["val/n09/a.JPEG"]))
    assert "n09: train/ has no folder of that name" in complaint(tmp_path)


def test_what_the_development_kit_lacks_is_said(tmp_path: Path, folder: Path) -> None:
    write_files(folder, jpegs(FLAT))
    assert f"val/ is flat, and {TRUTH} is neither there nor in {DEVKIT}/" in complaint(tmp_path)
    (folder / TRUTH).write_text("1\n2\nthree\n")
    assert f"{TRUTH}: a number from 1 to 1000 a line is needed" in complaint(tmp_path)
    (folder / TRUTH).write_text("1\n2\n3\n")
    assert f"{SYNSETS} is neither there nor in" in complaint(tmp_path)
    (folder / SYNSETS).write_bytes(b"no table")
    assert f"{SYNSETS}: not the development kit's table of classes" in complaint(tmp_path)
    write_devkit(folder, "1\n2\n3\n")
    assert f"val_00000004.JPEG: {TRUTH} has 3 lines and knows no such image" in complaint(tmp_path)
    write_devkit(folder, "1\n2\n3\n4\n1\n")
    assert "val_00000004.JPEG: train/ has no folder of its class, unknown" in complaint(tmp_path)
    write_devkit(folder, below=2)  # numbers of classes that have classes below them label no image
    assert "train/ has no folder of its class, unknown" in complaint(tmp_path)
