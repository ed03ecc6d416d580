"""Reading photographs: every way that colours are stored, and every reason to refuse."""

import io
import os
import struct
import sys
import types
import warnings
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps
from PIL.PngImagePlugin import PngInfo

from lookalike.data import pictures
from lookalike.data.pictures import RejectedError, read_picture

WIDTH, HEIGHT = 44, 32
ORIENTATION = 0x0112


def smooth() -> Image.Image:
    """A picture that lossy formats keep well: red grows to the right, green downwards."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return Image.fromarray(np.stack([x * 5, y * 7, 0 * x + 60], axis=2).astype(np.uint8))


def encode(image: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def read(folder: Path, content: bytes, **options: Any) -> np.ndarray:
    (folder / "picture").write_bytes(content)  # without a suffix: content alone tells the format
    return read_picture(folder / "picture", **options)


def refusal(folder: Path, content: bytes) -> str:
    with pytest.raises(RejectedError) as caught:
        read(folder, content)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def assert_close(found: np.ndarray, expected: Image.Image, tolerance: int) -> None:
    assert found.dtype == np.uint8
    assert found.shape == (expected.height, expected.width, 3)
    assert np.abs(found.astype(int) - np.asarray(expected.convert("RGB"))).max() <= tolerance


@pytest.fixture
def fresh_formats() -> Iterator[None]:
    """Look anew, here and afterwards, for what can be read."""
    pictures._readable_formats.cache_clear()
    yield
    pictures._readable_formats.cache_clear()


@pytest.mark.parametrize(
    ("form", "mode", "tolerance"),
    [
        ("PNG", "RGB", 0),
        ("PNG", "L", 0),
        ("PNG", "1", 0),
        ("PNG", "P", 0),
        ("JPEG", "RGB", 12),
        ("JPEG", "L", 4),
        ("JPEG", "CMYK", 12),
        ("WEBP", "RGB", 30),
        ("AVIF", "RGB", 30),
    ],
)
def test_colours_become_rgb(tmp_path: Path, form: str, mode: str, tolerance: int) -> None:
    if form not in pictures._readable_formats():
        pytest.skip(f"this Pillow reads no {form}")
    stored = smooth().convert(mode)
    assert_close(read(tmp_path, encode(stored, form)), stored, tolerance)


def test_sixteen_bits_of_grey_are_scaled(tmp_path: Path) -> None:
    grey = np.linspace(0, 65535, HEIGHT * WIDTH).astype(np.uint16).reshape(HEIGHT, WIDTH)
    found = read(tmp_path, encode(Image.fromarray(grey), "PNG"))
    assert (found.min(), found.max(), found.shape) == (0, 255, (HEIGHT, WIDTH, 3))
    np.testing.assert_allclose(found[:, :, 1], grey / 65535 * 255, atol=0.51)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB", "1"])
def test_what_is_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("L", (WIDTH, HEIGHT), 255 if mode == "1" else 90)
    image.paste(0, (WIDTH // 2, 0, WIDTH, HEIGHT))
    stored, options = image.convert(mode), {}
    if "A" in mode:
        stored.putalpha(image.point(lambda grey: 255 * (grey > 0)))
    else:  # one colour is declared transparent
        options = {"transparency": (0, 0, 0) if mode == "RGB" else stored.getpixel((WIDTH - 1, 0))}
    found = read(tmp_path, encode(stored, "PNG", **options))
    assert (found[:, : WIDTH // 2] == image.getpixel((0, 0))).all()
    assert (found[:, WIDTH // 2 :] == 255).all()


def test_half_transparent_is_half_white(tmp_path: Path) -> None:
    found = read(tmp_path, encode(Image.new("RGBA", (WIDTH, HEIGHT), (0, 100, 200, 51)), "PNG"))
    np.testing.assert_allclose(found[0, 0], [204, 224, 244], atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_upright_is_what_the_camera_says(tmp_path: Path, form: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    content = encode(smooth(), form, exif=exif)
    stored = read(tmp_path, content, upright=False)
    np.testing.assert_array_equal(
        read(tmp_path, content), ImageOps.exif_transpose(Image.open(tmp_path / "picture")).convert("RGB")
    )
    assert stored.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("exif", [b"Exif\0\0rubbish", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0"])
def test_damaged_exif_says_nothing_against_the_pixels(tmp_path: Path, exif: bytes) -> None:
    assert read(tmp_path, encode(smooth(), "JPEG", exif=exif)).shape == (HEIGHT, WIDTH, 3)


def test_of_the_frames_of_a_phone_the_first_is_the_photograph(tmp_path: Path) -> None:
    content = encode(smooth(), "MPO", save_all=True, append_images=[Image.new("RGB", (WIDTH // 2, HEIGHT // 2))])
    assert_close(read(tmp_path, content), smooth(), 12)


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF"])
def test_an_animated_file_is_refused(tmp_path: Path, form: str) -> None:
    if form not in pictures._readable_formats():
        pytest.skip(f"this Pillow reads no {form}")
    frames = [Image.new("RGB", (WIDTH, HEIGHT), colour) for colour in ("red", "green", "blue")]
    content = encode(frames[0], form, save_all=True, append_images=frames[1:])
    assert refusal(tmp_path, content).startswith("animated, 3 frames")


@pytest.mark.parametrize("form", ["GIF", "TIFF", "BMP", "PPM", "ICO", "PDF"])
@pytest.mark.parametrize("frames", [1, 2])
def test_another_format_is_refused_and_names_those_that_are_read(tmp_path: Path, form: str, frames: int) -> None:
    several = form in ("GIF", "TIFF", "PDF") and frames > 1
    options = {"save_all": True, "append_images": [smooth().rotate(180)]} if several else {}
    assert "JPEG, PNG, WEBP" in refusal(tmp_path, encode(smooth(), form, **options))


@pytest.mark.parametrize(("size", "allowed"), [((28, 28), True), ((27, 400), False), ((400, 27), False)])
def test_a_side_has_at_least_28_pixels(tmp_path: Path, size: tuple[int, int], allowed: bool) -> None:
    content = encode(Image.new("RGB", size), "PNG")
    if allowed:
        assert read(tmp_path, content).shape == (28, 28, 3)
    else:
        assert f"{size[0]} x {size[1]} pixels; at least 28" in refusal(tmp_path, content)


def claiming(width: int, height: int) -> bytes:
    """A PNG file whose header alone is large."""
    content = encode(smooth(), "PNG")
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]


@pytest.mark.parametrize("size", [(9460, 9460), (14000, 10000), (60000, 60000), (2**31 - 1, 2**31 - 1)])
@pytest.mark.parametrize("pillow_limit", ["its own", "none"])
@pytest.mark.filterwarnings("error")
def test_a_decompression_bomb_is_refused_unopened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], pillow_limit: str
) -> None:
    content = claiming(*size)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda image: pytest.fail("decoded"))
    if pillow_limit == "none":
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert "more than 89 million pixels" in refusal(tmp_path, content)


def test_pillow_itself_may_warn_earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", WIDTH * HEIGHT - 1)
    assert "pixels; save it smaller" in refusal(tmp_path, encode(smooth(), "PNG"))


@pytest.mark.parametrize(
    ("brand", "reader"),
    [("heic", "pillow-heif"), ("heix", "pillow-heif"), ("mif1", "pillow-heif"), ("avif", "Pillow 11.3")],
)
def test_a_format_that_is_not_read_here_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, brand: str, reader: str
) -> None:
    monkeypatch.setattr(pictures, "_readable_formats", lambda: ("JPEG", "PNG"))
    content = struct.pack(">I", 24) + b"ftyp" + brand.encode() + bytes(500)
    assert f"install {reader}" in refusal(tmp_path, content)


@pytest.mark.usefixtures("fresh_formats")
def test_heic_is_read_where_pillow_heif_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin: Any = types.ModuleType("pillow_heif")
    plugin.register_heif_opener = lambda: monkeypatch.setitem(Image.EXTENSION, ".heic", "HEIF")
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    assert "HEIF" in pictures._readable_formats()


@pytest.mark.usefixtures("fresh_formats")
def test_heic_is_not_read_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(Image, "EXTENSION", {k: v for k, v in Image.registered_extensions().items() if v != "HEIF"})
    assert "HEIF" not in pictures._readable_formats()


def test_a_real_heic_file(tmp_path: Path) -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    assert_close(read(tmp_path, encode(smooth(), "HEIF", quality=95)), smooth(), 30)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "pipe", tmp_path / ("x" * 300), tmp_path / "a\0b"):
        with pytest.raises(RejectedError, match=r"no such file|cannot be read"):
            read_picture(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "picture").touch(mode=0)
    with pytest.raises(RejectedError, match="Permission denied"):
        read_picture(tmp_path / "picture")


def test_something_else_than_a_picture_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"\xff\xd8", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0\0\0\x18ftypisom\0\0\0\0"):
        assert refusal(tmp_path, content).startswith("damaged, or none of the formats")


def test_a_chunk_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("comment", "x" * 70_000_000, zip=True)
    assert "cannot be read" in refusal(tmp_path, encode(smooth(), "PNG", pnginfo=info))


def fuzz_samples() -> dict[str, bytes]:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    forms = [form for form in ("JPEG", "PNG", "WEBP", "AVIF") if form in pictures._readable_formats()]
    samples = {form: encode(smooth(), form, exif=exif) for form in forms}
    return samples | {"MPO": encode(smooth(), "MPO", save_all=True, append_images=[smooth()])}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", fuzz_samples())
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, form: str) -> None:
    content = fuzz_samples()[form]
    for length in range(0, len(content) // (3 if form == "MPO" else 1) - 30, 7):  # of MPO, only the first frame counts
        assert refusal(tmp_path, content[:length])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", fuzz_samples())
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, form: str) -> None:
    content = np.frombuffer(fuzz_samples()[form], np.uint8)
    rng = np.random.default_rng(7)
    for _ in range(200):
        damaged, count = content.copy(), rng.choice([1, 3, 30])
        damaged[rng.integers(0, len(content), count)] = rng.integers(0, 256, count)
        with suppress(RejectedError):
            assert min(read(tmp_path, damaged.tobytes()).shape[:2]) >= 28


@pytest.mark.filterwarnings("error")
def test_random_bytes_are_refused(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    starts = [content[:k] for content in fuzz_samples().values() for k in (0, 4, 16, 40)]
    for start in starts:
        assert refusal(tmp_path, start + rng.bytes(300))


def test_warnings_are_as_before(tmp_path: Path) -> None:
    before = list(warnings.filters)
    read(tmp_path, encode(smooth(), "PNG"))
    assert warnings.filters == before
