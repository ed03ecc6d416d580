"""An archive without a published checksum is known by the pictures that are in it."""

import hashlib
from pathlib import Path

import pytest
from served import serving
from tiny_photographs import jpegs, write_zip

from lookalike.data.image_archives import CLOTHING, clothing_photographs
from lookalike.data.labelled_clothing import is_published
from lookalike.errors import InputError

FOLDER = "clothing-dataset-small-master"
NAMES = ("train/hat/a.jpg", "validation/hat/b.jpg", "test/skirt/c.jpg")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of the pictures that `archive` has."""
    rows = [f"{name.partition('/')[2]},,{hashlib.md5(one).hexdigest()}" for name, one in jpegs(NAMES).items()]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["file,label,md5", *rows]))
    return path


def archive(path: Path, **others: bytes) -> Path:
    """The pictures of the table, or `others` in the place of those of that stem, and one that is not in the table."""
    path.parent.mkdir(exist_ok=True)
    replaced = {name: others[Path(name).stem] for name in NAMES if Path(name).stem in others}
    contents = jpegs([*NAMES, "train/hat/more.jpg"]) | replaced
    return write_zip(path, {f"{FOLDER}/{name}": content for name, content in contents.items()})


def test_the_published_archive_is_known_however_it_is_packed(tmp_path: Path, table: Path) -> None:
    assert is_published(archive(tmp_path / "a.zip"), table)


@pytest.mark.parametrize("other", [b"", b"noise" * 50, jpegs(["train/hat/more.jpg"])["train/hat/more.jpg"]])
def test_an_archive_with_another_picture_is_not_the_published_one(tmp_path: Path, table: Path, other: bytes) -> None:
    assert not is_published(archive(tmp_path / "a.zip", b=other), table)


def test_something_else_is_not_the_published_one(tmp_path: Path, table: Path) -> None:
    whole = archive(tmp_path / "a.zip").read_bytes()
    for content in (b"", b"<!DOCTYPE html>", whole[:-30], whole[: len(whole) // 2]):
        (tmp_path / "b.zip").write_bytes(content)
        assert not is_published(tmp_path / "b.zip", table)
    assert not is_published(tmp_path / "nowhere.zip", table)


def test_an_archive_of_other_pictures_is_refused_and_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is packed well, but none of the 500 pictures that are known is in it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    archive(tmp_path / "clothing" / CLOTHING.name)
    with (
        serving(tmp_path) as mirror,
        pytest.raises(InputError, match=r"small\.zip: not the whole file; repair the mirror"),
    ):
        clothing_photographs(tmp_path / "cache", mirror)
    assert list((tmp_path / "cache").rglob("*.*")) == []
