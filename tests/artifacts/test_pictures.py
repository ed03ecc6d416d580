"""Pictures: which files may be one, every way that colours are stored, and every reason to refuse."""

import io
import os
import socket
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
from PIL import EpsImagePlugin, Image, ImageFile, ImageOps
from PIL.PngImagePlugin import PngInfo

from lookalike.artifacts import pictures
from lookalike.artifacts.pictures import FORMATS, SUFFIXES, SYSTEM_NAMES, list_files, read_picture
from lookalike.errors import RejectedError

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
        ("BMP", "RGB", 0),
        ("BMP", "L", 0),
        ("GIF", "P", 0),
        ("GIF", "L", 0),
        ("TIFF", "RGB", 0),
        ("TIFF", "CMYK", 0),
        ("TIFF", "1", 0),
        ("PPM", "RGB", 0),
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


@pytest.mark.parametrize(("form", "order"), [("TIFF", "<"), ("TIFF", ">"), ("PPM", "<")])
def test_sixteen_bits_are_scaled_however_they_are_stored(tmp_path: Path, form: str, order: str) -> None:
    grey = np.linspace(0, 65535, HEIGHT * WIDTH).astype(np.uint16).reshape(HEIGHT, WIDTH)
    image = Image.frombytes("I;16B" if order == ">" else "I;16", (WIDTH, HEIGHT), grey.astype(f"{order}u2").tobytes())
    found = read(tmp_path, encode(image, form))
    np.testing.assert_allclose(found[:, :, 1], grey / 65535 * 255, atol=0.51)


def test_a_transparent_grey_of_sixteen_bits_becomes_white(tmp_path: Path) -> None:
    grey = np.full((HEIGHT, WIDTH), 1000, np.uint16)
    grey[:, WIDTH // 2 :] = 3
    plain = encode(Image.fromarray(grey), "PNG")
    chunk = b"tRNS" + struct.pack(">H", 3)
    content = plain[:33] + struct.pack(">I", 2) + chunk + struct.pack(">I", zlib.crc32(chunk)) + plain[33:]
    found = read(tmp_path, content)
    assert (found[:, : WIDTH // 2] == 4).all()
    assert (found[:, WIDTH // 2 :] == 255).all()


@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_that_do_not_say_what_is_white_are_refused(tmp_path: Path, mode: str) -> None:
    assert refusal(tmp_path, encode(smooth().convert("L").convert(mode), "TIFF")).startswith("32 bits a pixel")


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


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF", "GIF"])
def test_an_animated_file_is_refused(tmp_path: Path, form: str) -> None:
    if form not in pictures._readable_formats():
        pytest.skip(f"this Pillow reads no {form}")
    frames = [Image.new("RGB", (WIDTH, HEIGHT), colour) for colour in ("red", "green", "blue")]
    content = encode(frames[0], form, save_all=True, append_images=frames[1:])
    assert refusal(tmp_path, content).startswith("animated, 3 frames")


def test_of_several_pages_none_is_chosen(tmp_path: Path) -> None:
    content = encode(smooth(), "TIFF", save_all=True, append_images=[smooth().rotate(180)])
    assert refusal(tmp_path, content) == "2 pages; save one of them as a picture"


@pytest.mark.parametrize("form", ["ICO", "PDF", "EPS"])
def test_another_format_is_refused_and_names_those_that_are_read(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EpsImagePlugin, "has_ghostscript", lambda: pytest.fail("another program is looked for"))
    assert "JPEG, PNG, WEBP" in refusal(tmp_path, encode(smooth(), form))


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
    assert refusal(tmp_path, b"") == "empty"
    for content in (b"\xff\xd8", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\0\0\0\x18ftypisom\0\0\0\0"):
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


# Which files may be pictures.


def listed(folder: Path) -> dict[str, str]:
    """The files, and of those that can be no pictures the first words of the reason."""
    return {name: reason.split(";")[0].split(",")[0] for name, reason in list_files(folder)}


def test_every_suffix_of_the_formats_that_are_read_is_known() -> None:
    known = {suffix for suffix, form in Image.registered_extensions().items() if form in (*FORMATS, "MPO")}
    assert known <= {*SUFFIXES}


def test_whatever_may_be_a_picture_is_found_in_all_folders(tmp_path: Path) -> None:
    names = ("IMG", "a.jfif", "b.BMP", "c/d/e.tif", "c/f.jpe", "c/g.jpg", "h.gif", "\u00fc\U0001f462.heic", "x" * 250)
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(list_files(tmp_path)) == [(name, "") for name in sorted(names)]
    assert [name for name, _ in list_files(tmp_path, "c/")] == ["c/d/e.tif", "c/f.jpe", "c/g.jpg"]


@pytest.mark.parametrize("name", [*SYSTEM_NAMES, "__MACOSX", "@eaDir", "Thumbs.db", ".DS_Store", "._a.jpg", ".thumbs"])
def test_hidden_and_system_entries_are_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).touch()
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.jpg").touch()
    assert listed(tmp_path) == {}


def test_everything_else_is_listed_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / os.fsdecode(b"caf\xe9.jpg")).touch()
    (tmp_path / os.fsdecode(b"d\xe9")).mkdir()
    (tmp_path / os.fsdecode(b"d\xe9/a.jpg")).touch()
    os.mkfifo(tmp_path / "pipe.jpg")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.jpg"))
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "loop.jpg").symlink_to("loop2.jpg")
    (tmp_path / "loop2.jpg").symlink_to("loop.jpg")
    (tmp_path / "nowhere.jpg").symlink_to("gone.jpg")
    (tmp_path / "good.jpg").touch()
    (tmp_path / "link.jpg").symlink_to("good.jpg")
    assert listed(tmp_path) == {
        os.fsdecode(b"caf\xe9.jpg"): "its name is not UTF-8",
        os.fsdecode(b"d\xe9/a.jpg"): "its name is not UTF-8",
        "good.jpg": "",
        "here": "a link to a folder",
        "link.jpg": "",
        "loop.jpg": "cannot be read: Too many levels of symbolic links",
        "loop2.jpg": "cannot be read: Too many levels of symbolic links",
        "notes.txt": "no picture by its name",
        "nowhere.jpg": "a link that leads nowhere",
        "pipe.jpg": "no file",
        "socket.jpg": "no file",
    }


def test_a_folder_that_cannot_be_read_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").touch()
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refuse(path: Path) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(pictures.os, "scandir", refuse)
    assert list(list_files(tmp_path)) == [("a.jpg", ""), ("closed/", "cannot be read: Permission denied")]
