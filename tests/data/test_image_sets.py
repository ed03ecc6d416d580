"""Sets of photographs: archives, what is damaged in them, caps, and what is said where something is missing."""

import csv
import functools
import io
import os
import shutil
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tiny_photographs import DAMAGED, jpegs, picture, write_files, write_tgz, write_zip

from lookalike.artifacts.datasets import Dataset, load_dataset, save_dataset
from lookalike.data import image_archives as photo_archives
from lookalike.data import labelled_clothing
from lookalike.data.image_archives import CLOTHES, IMAGENETTE_CLASSES, split_off
from lookalike.data.image_folders import check_photographs, decoding_fault, interleave_classes
from lookalike.data.image_sets import PHOTO_SETS
from lookalike.data.labelled_clothing import TABLE, Photograph
from lookalike.data.official import SOURCES
from lookalike.data.sources import build_dataset
from lookalike.errors import InputError
from lookalike.params import DataProfile, DatasetParams, Split

OFFICIAL = DataProfile(source="official")
NOWHERE = ("http://127.0.0.1:9/archive",)  # the discard port: nobody listens
ROOT = "clothing-dataset-small-master"
ZIP, TGZ = "clothing/clothing-dataset-small.zip", "imagenette/imagenette2-320.tgz"
CLOTHING_NAMES = [
    f"{part}/{name}/{k}.jpg" for part, count in (("train", 3), ("validation", 1), ("test", 2)) for name in CLOTHES
    for k in range(count)
]  # fmt: skip
IMAGENETTE_NAMES = [f"{part}/{name}/{k}.JPEG" for part in ("train", "val") for name in IMAGENETTE_CLASSES for k in "ab"]


def settings(classes: int = 10, **more: Any) -> DatasetParams:
    names = (*CLOTHES, *(f"class {k}" for k in range(10, classes)))[:classes]
    return DatasetParams(
        classes=names, split=Split(valid_fraction=0.25, seed=13), **({"normalise": "range", "size": 32} | more)
    )


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No publisher is asked, nothing is tried twice, and drawn photographs of clothing are taken for the real ones."""
    once = functools.partial(photo_archives.fetch_file, retries=0, backoff=0)
    monkeypatch.setattr(photo_archives, "fetch_file", once)
    clothing = replace(photo_archives.CLOTHING, urls=NOWHERE, is_whole=zipfile.is_zipfile)
    monkeypatch.setattr(photo_archives, "CLOTHING", clothing)
    monkeypatch.setattr(photo_archives, "IMAGENETTE", replace(photo_archives.IMAGENETTE, urls=NOWHERE))


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror with both archives, and beside the photographs what must not be unpacked."""
    folder = tmp_path / "mirror"
    others = {
        f"{ROOT}/README.md": b"read me",
        f"{ROOT}/train/../../evil.jpg": b"slip",
        f"{ROOT}/train/hat/._0.jpg": b"",
        f"{ROOT}/train/hat/Thumbs.db": b"",
    }
    write_zip(folder / ZIP, others | {f"{ROOT}/{name}": content for name, content in jpegs(CLOTHING_NAMES).items()})
    photographs = {f"imagenette2-320/{name}": content for name, content in jpegs(IMAGENETTE_NAMES).items()}
    path = write_tgz(folder / TGZ, {"imagenette2-320/noisy_imagenette.csv": b"path", **photographs})
    (md5, _), *_ = check_photographs(path.parent, [path.name], "archive")
    monkeypatch.setattr(photo_archives, "IMAGENETTE", replace(photo_archives.IMAGENETTE, md5=md5))
    return folder


def build(
    name: str, tmp_path: Path, mirror: Path | None, profile: DataProfile = OFFICIAL, **more: Any
) -> tuple[Dataset, list[dict[str, str]]]:
    return build_dataset(name, settings(**more), profile, tmp_path / "downloads", mirror and str(mirror))


def complaint(name: str, tmp_path: Path, mirror: Path | None, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        build(name, tmp_path, mirror, **more)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def damage(mirror: Path, names: Iterable[str]) -> None:
    contents = jpegs(CLOTHING_NAMES) | dict.fromkeys(names, DAMAGED)
    write_zip(mirror / ZIP, {f"{ROOT}/{name}": content for name, content in contents.items()})


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_clothing_comes_from_the_archive(tmp_path: Path, mirror: Path) -> None:
    data, files = build("clothing", tmp_path, mirror)
    assert files_in(tmp_path / "downloads") == {f"clothing/images/{name}" for name in CLOTHING_NAMES}
    assert data.train_images.shape == (40, 32, 32, 3)
    assert data.test_images.shape == (20, 32, 32, 3)
    for part, wanted in (("train", ("train/", "validation/")), ("test", ("test/",))):
        images = data.files[part]
        assert all(name.startswith(wanted) for name in images.names)
        classes = [name.split("/")[1] for name in images.names]
        assert [CLOTHES[label] for label in getattr(data, f"{part}_labels")] == classes
    assert data.train_labels.dtype == np.uint8
    assert (len(data.train_indices), len(data.valid_indices)) == (30, 10)
    assert data.provenance["source"] == "official"
    assert data.provenance["licence"] == "CC0 1.0"
    assert [(file["name"], file["origin"]) for file in files] == [("clothing-dataset-small.zip", "mirror")]
    assert "files" not in data.provenance


def test_imagenette_comes_from_the_archive(tmp_path: Path, mirror: Path) -> None:
    data, files = build("imagenette", tmp_path, mirror)
    assert data.files["train"].names[:2].tolist() == [f"train/{name}/a.JPEG" for name in IMAGENETTE_CLASSES[:2]]
    assert data.files["test"].names[10:12].tolist() == [f"val/{name}/b.JPEG" for name in IMAGENETTE_CLASSES[:2]]
    assert data.test_labels.tolist() == [*range(10)] * 2
    assert files[0]["origin"] == "mirror"
    assert data.files["train"][0].shape == (32, 32, 3)


def test_the_classes_of_imagenette_are_torchvisions() -> None:
    from torchvision.datasets import Imagenette

    address, md5 = Imagenette._ARCHIVES["320px"]
    assert tuple(Imagenette._WNID_TO_CLASS) == IMAGENETTE_CLASSES
    assert (SOURCES.keys() & set(PHOTO_SETS), md5) == (set(), "3df6f0d01a2c9592104656642f5e78a3")
    assert address.endswith(Path(TGZ).name)


def test_an_archive_in_the_cache_is_used_before_all_else(tmp_path: Path, mirror: Path) -> None:
    write_files(tmp_path / "downloads", {ZIP: (mirror / ZIP).read_bytes()})
    _, files = build("clothing", tmp_path, None)
    assert files[0]["origin"] == "cache"


def test_the_same_photographs_give_the_same_data_set_wherever_they_come_from(tmp_path: Path, mirror: Path) -> None:
    first, _ = build("clothing", tmp_path / "a", mirror)
    write_files(tmp_path / "b" / "downloads", {ZIP: (mirror / ZIP).read_bytes()})
    second, _ = build("clothing", tmp_path / "b", None)
    assert first.digest == second.digest
    assert first.provenance == second.provenance
    assert build("clothing", tmp_path / "b", None, size=64)[0].digest != first.digest


def test_what_was_unpacked_before_is_replaced(tmp_path: Path, mirror: Path) -> None:
    write_files(tmp_path / "downloads/clothing/images", {"train/hat/old.jpg": b"old"})
    data, _ = build("clothing", tmp_path, mirror)
    assert "train/hat/old.jpg" not in data.files["train"].names
    assert data.skipped == ()


def test_damaged_photographs_are_left_out_and_listed(
    tmp_path: Path, mirror: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(mirror, ["train/hat/1.jpg", "test/skirt/0.jpg"])
    data, _ = build("clothing", tmp_path, mirror)
    assert (len(data.train_images), len(data.test_images)) == (39, 19)
    assert len(data.train_labels) == 39
    assert [name for name, _ in data.skipped] == ["train/hat/1.jpg", "test/skirt/0.jpg"]
    assert all(reason.startswith("damaged, or none of the formats that are read here") for _, reason in data.skipped)
    assert "clothing: 2 of 60 files are left out" in caplog.text
    save_dataset(tmp_path / "data", data)
    with (tmp_path / "data/skipped.csv").open(newline="") as table:
        assert list(csv.reader(table)) == [["file", "reason"], *map(list, data.skipped)]
    assert "train/hat/1.jpg" not in (tmp_path / "data/index.csv").read_text()
    assert load_dataset(tmp_path / "data").skipped == data.skipped


def test_other_files_of_an_archive_are_listed(tmp_path: Path, mirror: Path) -> None:
    content = jpegs(CLOTHING_NAMES) | {"train/hat/notes.txt": b"notes"}
    write_zip(mirror / ZIP, {f"{ROOT}/{name}": one for name, one in content.items()})
    data, _ = build("clothing", tmp_path, mirror)
    assert len(data.train_images) == 40
    ((name, reason),) = data.skipped
    assert (name, reason.split(";")[0]) == ("train/hat/notes.txt", "no picture by its name")


def test_a_class_of_which_nothing_is_left_is_refused(tmp_path: Path, mirror: Path) -> None:
    damage(mirror, ["test/skirt/0.jpg", "test/skirt/1.jpg"])
    wanted = "images: a test photograph of class skirt is needed, and none of 2 can be used, the first since: damaged"
    assert wanted in complaint("clothing", tmp_path, mirror)
    write_zip(mirror / ZIP, {f"{ROOT}/{name}": b"" for name in CLOTHING_NAMES if "train/hat" not in name})
    assert complaint("clothing", tmp_path, mirror).endswith(
        "training photograph of class dress is needed, and none of 4 can be used, the first since: empty"
    )


def test_a_damaged_archive_is_refused_and_leaves_nothing(tmp_path: Path, mirror: Path) -> None:
    content = bytearray((mirror / ZIP).read_bytes())
    content[content.find(b"\xff\xd8") + 300] ^= 255
    (mirror / ZIP).write_bytes(content)
    assert "small.zip: damaged (Bad CRC-32" in complaint("clothing", tmp_path, mirror)
    assert files_in(tmp_path / "downloads") == set()


@pytest.mark.parametrize("name", ["clothing", "imagenette"])
def test_without_an_archive_it_is_said_what_to_do(name: str, tmp_path: Path) -> None:
    assert complaint(name, tmp_path, None).endswith(
        "set LOOKALIKE_MIRROR to a folder or base URL that has it, or choose the `demo` profile"
    )


def test_another_archive_under_the_name_of_imagenettes_is_refused(tmp_path: Path, mirror: Path) -> None:
    shutil.copy(mirror / ZIP, mirror / TGZ)
    assert "repair the mirror" in complaint("imagenette", tmp_path, mirror)


@pytest.mark.parametrize("count", [10, 15, 23, 40])
def test_the_first_of_the_published_are_of_all_classes(tmp_path: Path, mirror: Path, count: int) -> None:
    profile = DataProfile.model_construct(source="official", train_images=count, test_images=10)
    data, _ = build("clothing", tmp_path, mirror, profile)
    whole, _ = build("clothing", tmp_path, mirror)
    counts = np.bincount(data.train_labels, minlength=10)
    assert counts.sum() == count
    assert counts.max() - counts.min() <= 1
    np.testing.assert_array_equal(data.files["train"].names, whole.files["train"].names[:count])
    assert sorted(data.test_labels) == [*range(10)]


def test_fewer_photographs_than_classes_are_refused(tmp_path: Path, mirror: Path) -> None:
    profile = DataProfile.model_construct(source="official", train_images=None, test_images=9)
    with pytest.raises(InputError, match=r"data\.test_images: 9 images cannot be of 10 classes"):
        build("clothing", tmp_path, mirror, profile)


def test_classes_take_turns_in_their_own_order() -> None:
    assert interleave_classes(np.array([1, 1, 1, 0, 2, 2])).tolist() == [3, 0, 4, 1, 5, 2]
    assert interleave_classes(np.array([], np.int64)).tolist() == []


def test_the_size_is_required_of_photographs_and_refused_of_others(tmp_path: Path, mirror: Path) -> None:
    assert complaint("clothing", tmp_path, mirror, size=None).startswith("datasets.clothing.size: required")
    assert complaint("mnist", tmp_path, None) == (
        "datasets.mnist.size: only photographs can be scaled: clothing, clothing_500, imagenette, imagenet"
    )
    assert complaint("clothing", tmp_path, mirror, folder="x").startswith("datasets.clothing.folder: only imagenet")


def test_a_wrong_number_of_classes_is_refused(tmp_path: Path, mirror: Path) -> None:
    assert "11 names, but the data set has 10 classes" in complaint("clothing", tmp_path, mirror, classes=11)


def test_channels_are_averaged_over_the_training_photographs(tmp_path: Path, mirror: Path) -> None:
    data, _ = build("clothing", tmp_path, mirror, normalise="channels")
    pixels = data.train_images[data.train_indices].reshape(-1, 3) / 255
    np.testing.assert_allclose(data.mean, pixels.mean(0), rtol=1e-12)
    np.testing.assert_allclose(data.std, pixels.std(0), rtol=1e-9)


def test_why_a_file_is_no_photograph_is_said_in_a_few_words(tmp_path: Path) -> None:
    picture(0, (30, 1501)).save(tmp_path / "long.png")
    whole = jpegs(["a"])["a"]
    assert decoding_fault(io.BytesIO(whole)) == ""
    assert decoding_fault(io.BytesIO(b"")) == "empty"
    assert decoding_fault(io.BytesIO(DAMAGED)).startswith("damaged, or none of the formats")
    assert "truncated" in decoding_fault(io.BytesIO(whole[: len(whole) // 2])).lower()
    assert (
        decoding_fault(io.BytesIO((tmp_path / "long.png").read_bytes())) == "30 x 1501 pixels: too long for its width"
    )


def test_a_file_that_cannot_be_read_at_all_is_no_reason_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.jpg: No such file"):
        check_photographs(tmp_path, ["gone.jpg"], "photographs")


# The 500 whose labels were made by eye.


def test_every_fifth_of_each_class_tests() -> None:
    names = [f"{name}/{k:02d}.jpg" for k in reversed(range(12)) for name in CLOTHES]
    train, test = split_off(names)
    assert len(train) == 100
    assert test == [(f"{name}/{k}.jpg", label) for label, name in enumerate(CLOTHES) for k in ("04", "09")]


def test_the_folders_of_the_500_are_the_labels_of_their_publisher() -> None:
    with TABLE.open(newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert all(row["file"].split("/")[0] == row["folder_label"] for row in rows)
    assert {row["folder_label"] for row in rows} == set(CLOTHES)


def test_the_500_are_gathered_from_wherever_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{name}/{k}.jpg" for name in CLOTHES for k in range(5)]
    folders = [write_files(tmp_path / place, jpegs(names)) for place in ("cache", "mirror")]
    found = [Photograph(name, folders[k % 2] / name, "Dress", {}) for k, name in enumerate(names)]
    monkeypatch.setattr(labelled_clothing, "published_photographs", lambda cache, mirror: found)
    data, files = build("clothing_500", tmp_path, tmp_path / "mirror")
    assert (len(data.train_images), len(data.test_images), files) == (40, 10, [])
    assert data.files["test"].names.tolist() == [f"{name}/4.jpg" for name in CLOTHES]
    assert "none is published" in data.provenance["split"]
    assert data.files["train"].folder == tmp_path / "downloads/clothing_500/images"


@pytest.mark.real_data
@pytest.mark.skipif("LOOKALIKE_MIRROR" not in os.environ, reason="LOOKALIKE_MIRROR is not set")
def test_real_photographs_of_clothing(tmp_path: Path) -> None:
    data, _ = build_dataset(
        "clothing_500", settings(size=64), OFFICIAL, tmp_path / "downloads", os.environ["LOOKALIKE_MIRROR"]
    )
    assert (len(data.train_images), len(data.test_images), data.skipped) == (400, 100, ())
    assert np.bincount(data.test_labels).tolist() == [11, 4, 11, 11, 11, 11, 22, 4, 4, 11]
    save_dataset(tmp_path / "data", data)
    back = load_dataset(tmp_path / "data")
    assert back.digest == data.digest
    with Image.open(back.files["test"].folder / back.files["test"].names[0]) as opened:
        assert min(opened.size) > 64
    assert len({image.tobytes() for image in back.test_images[:]}) == 100
