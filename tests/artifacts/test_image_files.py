"""Photographs in files: they read like an array, and are cut and scaled as timm does it."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from timm.data.transforms_factory import create_transform
from tiny_photographs import DAMAGED, jpegs, picture, write_files

from lookalike.artifacts.image_files import (
    LARGEST,
    ImageFiles,
    Interpolation,
    View,
    shrink,
    small_images,
    to_pixels,
)
from lookalike.errors import InputError

NAMES = tuple(f"{name}.jpg" for name in "abcdef")
ORIENTATION = 0x0112


@pytest.fixture
def files(tmp_path: Path) -> ImageFiles:
    """Six photographs of 40x32, seen at 24x24."""
    write_files(tmp_path, jpegs(NAMES))
    return ImageFiles(tmp_path, np.array(NAMES), np.array([f"md5 of {name}" for name in NAMES]), View(24))


def one_file(path: Path, view: View) -> ImageFiles:
    return ImageFiles(path.parent, np.array([path.name]), np.array(["0"]), view)


@pytest.mark.parametrize("size", [(90, 61), (61, 90), (64, 64), (40, 47), (129, 64)])
@pytest.mark.parametrize("crop", [1.0, 0.95, 0.9, 0.875])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_a_view_is_what_timm_prepares_for_evaluation(
    tmp_path: Path, size: tuple[int, int], crop: float, interpolation: Interpolation
) -> None:
    picture(1, size).save(tmp_path / "a.png")
    got = one_file(tmp_path / "a.png", View(56, crop, interpolation))[0]
    prepare = create_transform(56, interpolation=interpolation, crop_pct=crop, mean=(0, 0, 0), std=(1, 1, 1))
    with Image.open(tmp_path / "a.png") as opened:
        wanted = prepare(opened.convert("RGB")).numpy()  # (3, 56, 56) in [0, 1]
    np.testing.assert_array_equal(got, (wanted * 255).round().astype(np.uint8).transpose(1, 2, 0))


def test_they_read_like_an_array(files: ImageFiles) -> None:
    array = np.stack([files[k] for k in range(6)])
    assert array.dtype == np.uint8
    assert (len(files), files.shape, files.ndim) == (6, array.shape, array.ndim)
    assert len({image.tobytes() for image in array}) == 6
    for which in (slice(1, 4), slice(None, None, 2), np.array([5, 0, 0]), [3, 2], np.array([], np.int64)):
        np.testing.assert_array_equal(files[which], array[which])
    for which in (-1, np.int64(2)):
        np.testing.assert_array_equal(files[which], array[which])


def test_some_are_taken_without_being_read(files: ImageFiles) -> None:
    np.testing.assert_array_equal(files.take(np.array([4, 1]))[:], files[[4, 1]])
    (files.folder / NAMES[2]).unlink()
    some = files.take(slice(2, 4))
    assert some.names.tolist() == [NAMES[2], NAMES[3]]
    assert some.checksums.tolist() == [f"md5 of {name}" for name in NAMES[2:4]]
    np.testing.assert_array_equal(some[1], files[3])


def test_the_same_files_may_be_seen_otherwise(files: ImageFiles) -> None:
    other = files.seen(View(16, 0.8, "bilinear"))
    assert other.shape == (6, 16, 16, 3)
    assert other[0].shape == (16, 16, 3)
    assert files.shape == (6, 24, 24, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_is_turned_upright(tmp_path: Path, orientation: int) -> None:
    upright = picture(0, (32, 32))
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored, exif = upright.transpose(back[orientation]) if orientation in back else upright, Image.Exif()
    exif[ORIENTATION] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(one_file(tmp_path / "a.png", View(32))[0], np.asarray(upright))


def test_a_damaged_exif_block_says_nothing_against_the_pixels(tmp_path: Path) -> None:
    for name, exif in (("a.jpg", b"Exif\0\0nonsense"), ("b.jpg", b"")):
        picture(0, (32, 32)).save(tmp_path / name, exif=exif)
    damaged, plain = (one_file(tmp_path / name, View(32))[0] for name in ("a.jpg", "b.jpg"))
    np.testing.assert_array_equal(damaged, plain)


@pytest.mark.parametrize(("mode", "suffix"), [("L", "png"), ("P", "png"), ("RGBA", "png"), ("CMYK", "jpg")])
def test_whatever_the_colours_are_stored_as_they_become_rgb(tmp_path: Path, mode: str, suffix: str) -> None:
    stored = picture(0, (32, 32)).convert(mode)
    stored.save(tmp_path / f"a.{suffix}")
    got = one_file(tmp_path / f"a.{suffix}", View(32))[0]
    assert got.shape == (32, 32, 3)
    wanted = np.asarray(stored.convert("RGB"), np.int64)
    assert np.abs(got - wanted).mean() < (15 if suffix == "jpg" else 1e-9)


def boots() -> dict[str, Image.Image]:
    """One boot, dark on white: as it is, in 16 bits of grey, and cut out in two ways, black where it is transparent."""
    grey = np.full((96, 96), 255, np.uint8)
    grey[16:78, 31:52] = grey[59:78, 52:80] = 60
    alpha = Image.fromarray(np.where(grey == 60, 255, 0).astype(np.uint8))
    cutout = Image.fromarray(np.where(grey == 60, grey, 0).astype(np.uint8))
    return {
        "plain": Image.fromarray(grey),
        "grey16": Image.fromarray(grey.astype(np.uint16) * 257),
        "cutout_la": Image.merge("LA", (cutout, alpha)),
        "cutout_rgba": Image.merge("RGBA", (cutout, cutout, cutout, alpha)),
    }


def test_a_picture_is_the_same_however_it_is_stored(tmp_path: Path) -> None:
    drawn = boots()
    for name, boot in drawn.items():
        boot.save(tmp_path / f"{name}.png")
    names = np.array([f"{name}.png" for name in drawn])
    plain, *others = ImageFiles(tmp_path, names, names, View(96))[:]
    np.testing.assert_array_equal(plain, np.asarray(drawn["plain"].convert("RGB")))
    for other in others:
        np.testing.assert_array_equal(other, plain)


@pytest.mark.parametrize("form", ["WEBP", "GIF", "PNG"])
def test_a_file_that_has_become_an_animation_is_refused(tmp_path: Path, form: str) -> None:
    picture(0).save(tmp_path / "a", form, save_all=True, append_images=[picture(1)])
    with pytest.raises(InputError, match=r"a: animated, 2 frames"):
        one_file(tmp_path / "a", View(32))[0]


def test_a_file_that_is_gone_or_damaged_is_named(files: ImageFiles) -> None:
    (files.folder / NAMES[0]).unlink()
    (files.folder / NAMES[1]).write_bytes(DAMAGED)
    for k, complaint in ((0, "no such file"), (1, "damaged, or none of the formats that are read here: JPEG")):
        with pytest.raises(InputError, match=rf"{NAMES[k]}: {complaint}.*; .*fetch the data set again\Z") as caught:
            files[k : k + 3]
        assert "\n" not in str(caught.value)


def test_the_digest_names_view_files_and_checksums_but_no_folder(files: ImageFiles, tmp_path: Path) -> None:
    other = np.array([*files.checksums[:-1], "another"])
    some = ImageFiles(tmp_path / "elsewhere", files.names, files.checksums, files.view, in_place=True)
    assert some.digest == files.digest
    changed = [
        files.seen(View(25)),
        files.seen(View(24, 0.9)),
        files.seen(View(24, interpolation="bilinear")),
        files.take(slice(5)),
        files.take(np.array([1, 0, 2, 3, 4, 5])),
        ImageFiles(files.folder, files.names, other, files.view),
    ]
    assert len({files.digest, *(one.digest for one in changed)}) == 7


def drawn_images(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(shape).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 64, 64, 3), (0, 32, 32), (2, 64, 20)])
def test_small_images_stay_as_they_are(shape: tuple[int, ...]) -> None:
    images = drawn_images(*shape)
    np.testing.assert_array_equal(shrink(images), images)


@pytest.mark.parametrize("colours", [(), (3,)])
def test_large_images_are_made_small_by_the_mean(colours: tuple[int, ...]) -> None:
    small = drawn_images(2, LARGEST, LARGEST, *colours)
    large = small.repeat(3, axis=1).repeat(3, axis=2)
    np.testing.assert_array_equal(shrink(large), small)
    mixed = drawn_images(2, 2 * LARGEST, 2 * LARGEST, *colours)
    means = mixed.reshape(2, LARGEST, 2, LARGEST, 2, *colours).mean(axis=(2, 4))
    np.testing.assert_allclose(shrink(mixed), means, atol=1)


def test_the_longer_side_is_what_is_made_small() -> None:
    assert shrink(drawn_images(1, 4 * LARGEST, LARGEST)).shape == (1, LARGEST, LARGEST // 4)


def test_pictures_of_arrays_are_those_asked_for() -> None:
    images = drawn_images(5, 28, 28, 3)
    np.testing.assert_array_equal(small_images(images, np.array([4, 0, 4])), images[[4, 0, 4]])
    large = drawn_images(3, 100, 100)
    np.testing.assert_array_equal(small_images(large, np.array([2])), shrink(large[2:]))


def test_numbers_become_pixels_from_their_lowest_to_their_highest() -> None:
    values = np.array([[[-1.0, 0.0], [1.0, -1.0]], [[5.0, 5.0], [5.0, 5.0]]])[..., None]
    assert to_pixels(values).tolist() == [[[0, 128], [255, 0]], [[0, 0], [0, 0]]]
    colours = np.random.default_rng(0).normal(size=(2, 4, 5, 3))
    found = to_pixels(colours)
    assert (found.shape, found.dtype) == ((2, 4, 5, 3), np.uint8)
    assert [(one.min(), one.max()) for one in found] == [(0, 255)] * 2, "one range for all colours of an image"


@pytest.mark.parametrize(("size", "expected"), [(24, 24), (32, 32), (224, LARGEST)])
def test_pictures_of_files_are_seen_small(files: ImageFiles, size: int, expected: int) -> None:
    shown = small_images(files.seen(View(size)), np.array([3, 0]))
    np.testing.assert_array_equal(shown, files.seen(View(expected))[np.array([3, 0])])
