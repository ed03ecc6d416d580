"""Pictures lie under the paths that they are given, one WebP file each."""

from pathlib import Path

import pytest

from lookalike.artifacts.comparisons import save_figures


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_picture_is_a_file_of_its_own(tmp_path: Path) -> None:
    pictures = {"alike": b"a", "figures/fashion-cnn/maps": b"b", "figures/fashion-vit/maps": b"", "1.5, half": b"c"}
    save_figures(tmp_path / "new" / "folder", pictures)
    assert files(tmp_path / "new" / "folder") == {f"{name}.webp": picture for name, picture in pictures.items()}


def test_a_picture_replaces_the_one_of_its_name_and_no_other(tmp_path: Path) -> None:
    save_figures(tmp_path, {"a": b"old", "b/c": b"old"})
    save_figures(tmp_path, {"a": b"new"})
    assert files(tmp_path) == {"a.webp": b"new", "b/c.webp": b"old"}


def test_without_pictures_nothing_is_written(tmp_path: Path) -> None:
    save_figures(tmp_path / "none", {})
    assert [*tmp_path.iterdir()] == []


def test_a_failed_write_leaves_the_former_picture(tmp_path: Path) -> None:
    save_figures(tmp_path, {"a": b"old"})
    broken: dict[str, bytes] = {"a": "no bytes"}  # type: ignore[dict-item]
    with pytest.raises(TypeError):
        save_figures(tmp_path, broken)
    assert files(tmp_path) == {"a.webp": b"old"}
