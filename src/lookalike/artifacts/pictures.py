"""The reader of pictures: which files in a folder may be pictures, and the pixels of one or why it is not used."""

import functools
import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from lookalike.errors import RejectedError

LIMIT = 89_478_485  # pixels: where Pillow begins to warn of decompression bombs, a quarter of a gigabyte as RGB
SMALLEST = 28  # pixels on a side: no smaller than the images that models are trained on
# As Pillow calls them; it opens MPO as JPEG. Others are never tried: some start other programs, as EPS does.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF", "BMP", "GIF", "TIFF", "PPM")
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".avif", ".avifs"),
    *(".heic", ".heics", ".heif", ".heifs", ".hif"),
    *(".bmp", ".gif", ".tif", ".tiff", ".pbm", ".pgm", ".ppm", ".pnm", ".pfm"),
)
# What systems leave in folders, in lower case; hidden entries, which begin with a dot, are as little meant.
SYSTEM_NAMES = (
    *("__macosx", "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found"),
    *("thumbs.db", "ehthumbs.db", "desktop.ini"),
)
STILL_FORMATS = ("MPO", "HEIF")  # of phones, which put previews and depth maps behind the photograph
HEIF_READER = "pillow-heif"
READERS = {  # what reads a format that is not read here, by the bytes of such a file from the fifth on
    b"ftypavif": ("AVIF", "Pillow 11.3 or newer"),
    b"ftypheic": ("HEIF", HEIF_READER),
    b"ftypheix": ("HEIF", HEIF_READER),
    b"ftypmif1": ("HEIF", HEIF_READER),
}
TOO_LARGE = f"more than {LIMIT // 10**6} million pixels; save it smaller"
TURNS = {  # from the way that pixels are stored to upright, by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def is_ignored(name: str) -> bool:
    """Whether a file or folder of that name is hidden or a system's, and so no picture."""
    return name.startswith(".") or name.lower() in SYSTEM_NAMES


def list_files(folder: Path, inside: str = "") -> Iterator[tuple[str, str]]:
    """The path in `folder` of each file below it, and why by its name and kind it cannot be a picture, "" if it can.

    `inside` is "" or a folder in `folder`, such as "train/cat/", to begin at. Entries come by name, and those that
    `is_ignored` names are passed over. Links to folders are listed instead of followed, since they may lead around in
    a circle. A folder that cannot be read is listed with the reason.
    """
    try:
        with os.scandir(folder / inside) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        yield inside, f"cannot be read: {error.strerror}"
        return
    for entry in entries:
        if is_ignored(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from list_files(folder, f"{inside}{entry.name}/")
        else:
            yield f"{inside}{entry.name}", _why_no_picture(f"{inside}{entry.name}", entry)


def list_unreadable(folder: Path) -> Iterator[tuple[Path, str]]:
    """Links that lead nowhere, pipes and the like below `folder`, with the reason.

    DVC, which hashes a stage's inputs before the stage runs, ends at such an entry or waits for it.
    """
    for name, reason in list_files(folder) if folder.is_dir() else ():
        path = folder / name
        if reason and not path.is_dir() and not path.is_file():
            yield path, reason


def _why_no_picture(name: str, entry: os.DirEntry[str]) -> str:
    """Why a path in a folder cannot be that of a picture, without opening it."""
    suffix = PurePosixPath(name).suffix.lower()
    if name != replace_unwritable(name):
        return "its name is not UTF-8; rename it"
    try:
        if entry.is_dir():
            return "a link to a folder, which is not followed; put the folder itself there"
        if not entry.is_file():
            return "a link that leads nowhere" if entry.is_symlink() else "no file, but a pipe, a socket or a device"
    except OSError as error:  # links that lead around in a circle
        return f"cannot be read: {error.strerror}"
    return "" if suffix in ("", *SUFFIXES) else f"no picture by its name; pictures end in {', '.join(SUFFIXES)}"


def replace_unwritable(name: str) -> str:
    """A file's name as a table can have it: what is not UTF-8 in it becomes question marks."""
    return name.encode(errors="replace").decode()


def read_picture(path: Path, *, upright: bool = True) -> NDArray[np.uint8]:
    """The pixels of `open_picture`: uint8 (H, W, 3). Warnings of decoders are kept quiet."""
    with warnings.catch_warnings(action="ignore"):  # of oddities in what surrounds the pixels
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return np.array(open_picture(path, upright=upright))


def open_picture(path: Path, *, upright: bool = True) -> Image.Image:
    """The picture in a file, see `decode_picture`.

    Raises RejectedError, and nothing else, for all that is not one still picture in a format that can be read here.
    """
    try:
        if not path.is_file():  # a folder, or a pipe that would be waited for
            raise RejectedError("no such file")
        with path.open("rb") as stream:
            return decode_picture(stream, upright=upright)
    except (OSError, ValueError) as error:  # a file that may not be read, a name that no file can have
        raise RejectedError(f"cannot be read: {getattr(error, 'strerror', None) or error}") from error


def decode_picture(stream: IO[bytes], *, upright: bool = True) -> Image.Image:
    """The picture in an open file: RGB, at least 28 pixels on each side and at most `LIMIT` in all.

    Grey, 16-bit grey, palettes and CMYK are converted; what is transparent becomes white. `upright` turns the picture
    as its EXIF orientation says; otherwise pixels lie as they are stored.

    Raises RejectedError, and nothing else, for all that is not one still picture in a format that can be read here.
    """
    try:
        with _open(stream) as image:
            _check_header(image)
            image.load()
            turn = TURNS.get(_orientation(image)) if upright else None
            picture = _to_rgb(image)
            return picture if turn is None else picture.transpose(turn)
    except RejectedError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RejectedError(TOO_LARGE) from None
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RejectedError(f"cannot be read, it may be damaged or cut off ({reason})") from error


def _open(stream: IO[bytes]) -> Image.Image:
    try:
        return Image.open(stream, formats=_readable_formats())
    except UnidentifiedImageError:
        raise RejectedError(_why_unidentified(stream)) from None


@functools.cache
def _readable_formats() -> tuple[str, ...]:
    """Those of `FORMATS` that can be read here."""
    with suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener()
    known = set(Image.registered_extensions().values())
    return tuple(name for name in FORMATS if name in known)


def _check_header(image: Image.Image) -> None:
    """Refuse what must not be decoded, before it is."""
    width, height = image.size
    if min(width, height) < SMALLEST:
        raise RejectedError(f"{width} x {height} pixels; at least {SMALLEST} on each side are needed")
    if width * height > LIMIT:
        raise RejectedError(TOO_LARGE)
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format not in STILL_FORMATS:
        what = f"{frames} pages" if image.format == "TIFF" else f"animated, {frames} frames"
        raise RejectedError(f"{what}; save one of them as a picture")
    if image.mode == "F" or (image.mode == "I" and image.format == "TIFF"):
        raise RejectedError("32 bits a pixel, which do not say what is white; save it with 8 or 16")


def _orientation(image: Image.Image) -> int:
    """How the pixels lie, 1 to 8; 1 is upright."""
    with suppress(Exception):  # a damaged EXIF block says nothing against the pixels
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits, which convert() would clip instead of scaling
        values = np.asarray(image)
        grey = (values / np.float32(257)).clip(0, 255)
        grey[values == image.info.get("transparency", -1)] = 255
        return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        overlay = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", overlay.size, "white"), overlay).convert("RGB")
    return image.convert("RGB")


def _why_unidentified(stream: IO[bytes]) -> str:
    stream.seek(0)
    start = stream.read(12)
    if not start:
        return "empty"
    name, reader = READERS.get(start[4:], ("", ""))
    if name and name not in _readable_formats():
        return f"a {name} picture; install {reader}, or save it as JPEG"
    return f"damaged, or none of the formats that are read here: {', '.join(_readable_formats())}"
