"""A person's own folder: its classes, both layouts of validation images, what is skipped and what is said of faults."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile
from scipy.io import savemat
from tiny_photographs import jpegs, picture, write_files

from lookalike.artifacts.datasets import Dataset, load_dataset, save_dataset
from lookalike.data.image_sets import check_folder_names
from lookalike.data.imagenet import DEVKIT, NO_FLAT_NAME, SYNSETS, TRUTH
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


def build(
    tmp_path: Path, folder: str | None = "imagenet", classes: tuple[str, ...] = ("a", "b", "c"), **more: Any
) -> Dataset:
    settings = DatasetParams(
        classes=classes, split=Split(valid_fraction=0.25, seed=13), normalise="range", size=32, folder=folder
    )
    profile = DataProfile.model_construct(**({"source": "official", "train_images": None, "test_images": None} | more))
    return build_dataset("imagenet", settings, profile, tmp_path / "downloads", None)[0]


def complaint(tmp_path: Path, folder: str | None = "imagenet", classes: tuple[str, ...] = ("a", "b", "c")) -> str:
    with pytest.raises(InputError) as caught:
        build(tmp_path, folder, classes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def labelled(data: Dataset) -> dict[str, int]:
    return dict(zip(data.files["test"].names.tolist(), data.test_labels.tolist(), strict=True))


def test_folders_of_classes_are_read_and_never_copied(tmp_path: Path, folder: Path) -> None:
    write_files(folder, jpegs(SORTED) | {"train/n01/notes.txt": b"no photograph", "train/readme": b"no class"})
    data = build(tmp_path)
    assert [name for name, _ in data.skipped] == ["train/readme", "train/n01/notes.txt"]
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
    write_files(folder, jpegs(FLAT) | {"val/ILSVRC2012_val_x.JPEG": b"", "val/.hidden": b""})
    write_devkit(folder / place)
    data = build(tmp_path)
    assert data.skipped == (("val/ILSVRC2012_val_x.JPEG", NO_FLAT_NAME),)
    assert labelled(data) == dict(zip(FLAT, [2, 0, 1, 2, 1], strict=True))


def test_a_name_that_no_table_can_have_is_left_out(tmp_path: Path, folder: Path) -> None:
    write_files(folder, jpegs([*SORTED, os.fsdecode(b"train/n02/caf\xe9.jpg")]))
    data = build(tmp_path)
    assert len(data.train_images) == 12
    assert data.skipped == (("train/n02/caf?.jpg", "its name is not UTF-8; rename it"),)
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


# Which class is which.


def animals(tmp_path: Path, *names: str) -> None:
    write_files(tmp_path / "imagenet", jpegs([f"{part}/{name}/{k}.jpg" for part in ("train", "val") for name in names
                                              for k in range(2)]))  # fmt: skip


def test_the_names_of_the_folders_in_another_order_are_refused(tmp_path: Path) -> None:
    animals(tmp_path, "cat", "dog", "fox")
    assert complaint(tmp_path, classes=("fox", "cat", "dog")) == (
        "datasets.imagenet.classes: the class in the folder cat is called fox, which is another folder; "
        "names come in the order of the folders: cat, dog, fox"
    )
    assert "the folder dog is called Fox" in complaint(tmp_path, classes=("a tomcat", "Fox", "dog"))


def test_folders_that_are_numbers_are_in_the_order_of_their_names(tmp_path: Path) -> None:
    numbers = tuple(str(k) for k in range(1, 13))
    animals(tmp_path, *numbers)
    assert complaint(tmp_path, classes=numbers).endswith(
        "the class in the folder 10 is called 2, which is another folder; "
        "names come in the order of the folders: 1, 10, 11, 12, 2, 3, 4, 5, 6, 7, 8, 9"
    )
    assert build(tmp_path, classes=tuple(sorted(numbers))).class_names == tuple(sorted(numbers))


def test_names_that_are_those_of_the_folders_pass_without_a_word(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    animals(tmp_path, "cat", "red_fox", unicodedata.normalize("NFD", "zebu\u00e9"))
    build(tmp_path, classes=("Cat", "Red fox", "zebu\u00e9"))
    assert caplog.text == ""


def test_other_names_are_printed_beside_the_folders(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    animals(tmp_path, "1", "10", "2")
    assert build(tmp_path, classes=("one", "two", "ten")).class_names == ("one", "two", "ten")
    (record,) = caplog.records
    assert record.getMessage() == (
        "datasets.imagenet.classes: names are not those of the folders, check that each is right:\n"
        "  1 -> one\n  10 -> two\n  2 -> ten"
    )


def test_of_very_many_names_the_first_are_printed(caplog: pytest.LogCaptureFixture) -> None:
    folders = [f"n{k:04d}" for k in range(250)]
    check_folder_names("key", [f"name {k}" for k in range(250)], folders)
    assert len(caplog.records[0].getMessage().splitlines()) == 102
    assert caplog.records[0].getMessage().endswith("\n  n0099 -> name 99\n  and 150 more")


def test_a_folder_more_or_less_is_named(tmp_path: Path) -> None:
    animals(tmp_path, "cat", "dog", "fox", "spare")
    assert complaint(tmp_path, classes=("cat", "dog", "fox")) == (
        "datasets.imagenet.classes: 3 names, but the data set has 4 classes; no name is that of spare"
    )
    assert complaint(tmp_path, classes=("cat", "dog", "fox", "owl", "spare")).endswith(
        "5 names, but the data set has 4 classes"
    )


# What is no photograph.


def test_whatever_can_be_opened_is_used_and_all_else_is_listed(tmp_path: Path) -> None:
    animals(tmp_path, "cat", "dog")
    cat = tmp_path / "imagenet/train/cat"
    used = ["a.jfif", "b.bmp", "c.gif", "d.tif", "e.jpe", "f.PNG", "g.webp", "h", "more/deep/i.jpg"]
    for name, form in zip(used, ("JPEG", "BMP", "GIF", "TIFF", "JPEG", "PNG", "WEBP", "JPEG", "JPEG"), strict=True):
        (cat / name).parent.mkdir(parents=True, exist_ok=True)
        picture(0).save(cat / name, form)
    ignored = ("__MACOSX/._a.jpg", "@eaDir/a.jpg", ".DS_Store", "Thumbs.db", ".trash/a.jpg")
    bad = {"eps.jpg": b"%!PS-Adobe-3.0 EPSF-3.0", "empty.jpg": b"", "notes.txt": b"", os.fsdecode(b"caf\xe9.jpg"): b""}
    write_files(cat, dict.fromkeys(ignored, b"") | bad)
    write_files(
        tmp_path / "imagenet", {"train/__MACOSX/cat/a.jpg": b"", "train/@eaDir/a.jpg": b"", "val/.x/a.jpg": b""}
    )
    picture(0).save(cat / "moving.webp", save_all=True, append_images=[picture(1)])
    os.mkfifo(cat / "pipe.jpg")
    (cat / "loop").symlink_to(".")
    (cat / "circle.jpg").symlink_to("circle.jpg")
    (cat / "nowhere.jpg").symlink_to("gone.jpg")
    (cat / "linked.jpg").symlink_to(cat.parent / "dog/0.jpg")
    data = build(tmp_path, classes=("cat", "dog"))
    names = {name for name in data.files["train"].names if name.startswith("train/cat/")}
    assert names == {f"train/cat/{name}" for name in ("0.jpg", "1.jpg", "linked.jpg", *used)}
    assert {name.removeprefix("train/cat/"): reason.split(";")[0].split(",")[0] for name, reason in data.skipped} == {
        "caf?.jpg": "its name is not UTF-8",
        "circle.jpg": "cannot be read: Too many levels of symbolic links",
        "empty.jpg": "empty",
        "eps.jpg": "damaged",
        "loop": "a link to a folder",
        "moving.webp": "animated",
        "notes.txt": "no picture by its name",
        "nowhere.jpg": "a link that leads nowhere",
        "pipe.jpg": "no file",
    }
    save_dataset(tmp_path / "data", data)
    assert load_dataset(tmp_path / "data").skipped == data.skipped


def test_a_picture_that_claims_too_many_pixels_is_never_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    animals(tmp_path, "cat", "dog")
    Image.new("1", (13_000, 13_000)).save(tmp_path / "imagenet/train/cat/bomb.png")
    load = ImageFile.ImageFile.load

    def loaded(image: ImageFile.ImageFile) -> Any:
        assert image.size == (40, 32)
        return load(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load", loaded)
    data = build(tmp_path, classes=("cat", "dog"))
    assert data.skipped == (("train/cat/bomb.png", "more than 89 million pixels; save it smaller"),)


def test_classes_may_be_links_to_folders(tmp_path: Path) -> None:
    animals(tmp_path, "cat")
    (tmp_path / "dogs").mkdir()
    for k in range(2):
        picture(k).save(tmp_path / f"dogs/{k}.jpg")
    for part in ("train", "val"):
        (tmp_path / "imagenet" / part / "dog").symlink_to(tmp_path / "dogs")
    assert build(tmp_path, classes=("cat", "dog")).test_labels.tolist() == [0, 1, 0, 1]


# Where the folder is.


def test_the_home_folder_may_be_written_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    animals(tmp_path, "cat", "dog")
    monkeypatch.setenv("HOME", str(tmp_path))
    data = build(tmp_path / "elsewhere", "~/imagenet", classes=("cat", "dog"))
    assert data.files["train"].folder == tmp_path / "imagenet"
    assert "~nobody-of-this-name/x: there is no such home folder" in complaint(tmp_path, "~nobody-of-this-name/x")


@pytest.mark.parametrize("name", ["$HOME/imagenet", "${HOME}/imagenet"])
def test_variables_in_the_name_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    assert complaint(tmp_path, name) == (
        f"datasets.imagenet.folder: {name}: variables are not replaced; write the whole path, or ~ for your home"
    )


def test_a_folder_may_have_a_dollar_in_its_name(tmp_path: Path) -> None:
    animals(tmp_path, "cat", "dog")
    (tmp_path / "imagenet").rename(tmp_path / "US$2")
    assert len(build(tmp_path, "US$2", classes=("cat", "dog")).train_images) == 4
