"""Read one photograph of unknown origin: its pixels, or one line that says why it is not used."""

import functools
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from lookalike.errors import RejectedError as RejectedError

LIMIT = 89_478_485  # pixels: where Pillow begins to warn of decompression bombs, a quarter of a gigabyte as RGB
SMALLEST = 28  # pixels on a side: no smaller than the images that models are trained on
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")  # as Pillow calls them; it opens MPO as JPEG
STILL_FORMATS = ("MPO", "HEIF")  # of phones, which put previews and depth maps behind the photograph
HEIF_READER = "pillow-heif (pip install 'lookalike[heic]')"
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


def read_picture(path: Path, *, upright: bool = True) -> NDArray[np.uint8]:
    """Read a photograph: uint8 (H, W, 3), RGB, H and W at least 28.

    Grey, 16-bit grey, palettes and CMYK are converted; what is transparent becomes white. `upright` turns the picture
    as its EXIF orientation says; otherwise pixels lie as they are stored.

    Raises RejectedError, and nothing else, for all that is not one still picture in a format that can be read here.
    """
    try:
        if not path.is_file():  # a folder, or a pipe that would be waited for
            raise RejectedError("no such file")
        with warnings.catch_warnings(action="ignore"):  # of oddities in what surrounds the pixels
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _read(path, upright)
    except RejectedError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise RejectedError(TOO_LARGE) from None
    except Exception as error:  # decoders raise whatever a damaged file leads them to
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RejectedError(f"cannot be read, it may be damaged or cut off ({reason})") from error


def _read(path: Path, upright: bool) -> NDArray[np.uint8]:
    with _open(path) as image:
        _check_header(image)
        image.load()
        turn = TURNS.get(_orientation(image)) if upright else None
        return np.array(_to_rgb(image if turn is None else image.transpose(turn)))


def _open(path: Path) -> Image.Image:
    try:
        return Image.open(path, formats=_readable_formats())
    except UnidentifiedImageError:
        raise RejectedError(_why_unidentified(path)) from None


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
        raise RejectedError(f"animated, {frames} frames; save one of them as a picture")


def _orientation(image: Image.Image) -> int:
    """How the pixels lie, 1 to 8; 1 is upright."""
    with suppress(Exception):  # a damaged EXIF block says nothing against the pixels
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits, which convert() would clip instead of scaling
        grey = np.asarray(image, np.float32) / 257
        return Image.fromarray(grey.clip(0, 255).round().astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        overlay = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", overlay.size, "white"), overlay).convert("RGB")
    return image.convert("RGB")


def _why_unidentified(path: Path) -> str:
    with path.open("rb") as stream:
        start = stream.read(12)
    name, reader = READERS.get(start[4:], ("", ""))
    if name and name not in _readable_formats():
        return f"a {name} picture; install {reader}, or save it as JPEG"
    return f"damaged, or none of the formats that are read here: {', '.join(_readable_formats())}"
