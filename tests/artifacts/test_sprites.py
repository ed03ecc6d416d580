"""Sprites: all test images of a class in one picture, read back from disk."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts import sprites
from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.sprites import COLUMNS, image_grid, is_searchable, load_sprites, save_sprites


def with_images(dataset: Dataset, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Dataset:
    return replace(dataset, test_images=images, test_labels=labels)


def read_back(folder: Path) -> dict[int, NDArray[np.uint8]]:
    return {number: np.asarray(Image.open(io.BytesIO(webp))) for number, webp in load_sprites(folder).items()}


def tile(picture: NDArray[np.uint8], place: int, size: int) -> NDArray[np.uint8]:
    """One image of a sprite."""
    row, column = divmod(place, COLUMNS)
    return picture[row * size : (row + 1) * size, column * size : (column + 1) * size]


@pytest.fixture
def grey(dataset: Dataset) -> Dataset:
    """61 images of the classes 2 and 7, of which 53 are of the latter."""
    images = np.random.default_rng(1).integers(0, 256, (61, 16, 16), dtype=np.uint8)
    return with_images(dataset, images, np.where(np.arange(61) % 8 == 3, 2, 7).astype(np.uint8))


def test_each_class_has_its_images_in_order_dark_on_light(grey: Dataset, tmp_path: Path) -> None:
    save_sprites(tmp_path / "fashion", grey)
    found = read_back(tmp_path / "fashion")
    assert list(found) == [2, 7]
    for label, picture in found.items():
        images = np.asarray(grey.test_images[grey.test_labels == label])
        assert picture.shape[:2] == (16 * -(-len(images) // COLUMNS), 16 * COLUMNS)
        for place in (0, 1, len(images) - 1):
            np.testing.assert_array_equal(tile(picture, place, 16)[..., 0], 255 - images[place])


def test_colours_stay_as_they_are_but_for_a_small_loss(dataset: Dataset, tmp_path: Path) -> None:
    ramp = np.linspace(20, 220, 32).astype(np.uint8)
    images = np.zeros((3, 32, 32, 3), np.uint8)
    images[..., 0], images[..., 2] = ramp, ramp[:, None]
    save_sprites(tmp_path / "c", with_images(dataset, images, np.zeros(3, np.uint8)))
    picture = read_back(tmp_path / "c")[0]
    inner = slice(4, -4)  # colours bleed from one image into the next
    np.testing.assert_allclose(tile(picture, 1, 32)[inner, inner].astype(int), images[1][inner, inner], atol=16)


def test_large_images_are_made_small(dataset: Dataset, tmp_path: Path) -> None:
    images = np.full((2, 96, 96, 3), 128, np.uint8)
    save_sprites(tmp_path / "c", with_images(dataset, images, np.array([0, 4], np.uint8)))
    assert {number: picture.shape for number, picture in read_back(tmp_path / "c").items()} == {
        0: (64, 64 * COLUMNS, 3),
        4: (64, 64 * COLUMNS, 3),
    }


def test_grey_images_lose_a_little_where_they_would_take_too_much(
    grey: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_sprites(tmp_path / "whole", grey)
    size = sum(map(len, load_sprites(tmp_path / "whole").values()))
    monkeypatch.setattr(sprites, "MOST_BYTES", size)
    save_sprites(tmp_path / "just", grey)
    assert load_sprites(tmp_path / "just") == load_sprites(tmp_path / "whole")
    monkeypatch.setattr(sprites, "MOST_BYTES", size - 1)
    save_sprites(tmp_path / "less", grey)
    assert sum(map(len, load_sprites(tmp_path / "less").values())) < size


@pytest.mark.parametrize(
    ("images", "classes", "expected"),
    [(10_000, 10, True), (12_000, 25, True), (12_001, 2, False), (50_000, 10, False), (3_000, 101, False)],
)
def test_a_page_holds_so_many_images_and_probabilities(images: int, classes: int, expected: bool) -> None:
    assert is_searchable(images, classes) == expected


def test_larger_sets_have_none(grey: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_sprites(tmp_path / "fashion", grey)
    monkeypatch.setattr(sprites, "MOST_IMAGES", 60)
    save_sprites(tmp_path / "fashion", grey)
    assert (tmp_path / "fashion").is_dir()
    assert load_sprites(tmp_path / "fashion") == load_sprites(tmp_path / "nowhere") == {}


def test_they_are_written_whole_or_not_at_all(grey: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_sprites(tmp_path / "fashion", grey)
    before = load_sprites(tmp_path / "fashion")

    def fail(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(sprites, "write_bytes", fail)
    with pytest.raises(OSError, match="no space"):
        save_sprites(tmp_path / "fashion", grey)
    assert load_sprites(tmp_path / "fashion") == before
    assert [path.name for path in tmp_path.iterdir()] == ["fashion"]


@pytest.mark.parametrize("count", [1, 4, 5, 6])
def test_a_grid_leaves_what_is_left_of_its_last_row_black(count: int) -> None:
    images = np.random.default_rng(0).integers(1, 256, (count, 3, 3), dtype=np.uint8)
    made = np.asarray(image_grid(images, 5))
    assert made.shape == (3 * (2 if count > 5 else 1), 15)
    cells = made.reshape(-1, 3, 5, 3).swapaxes(1, 2).reshape(-1, 3, 3)
    np.testing.assert_array_equal(cells[:count], images)
    assert not cells[count:].any()
