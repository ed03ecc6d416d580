"""Pictures as WebP."""

import io

from PIL import Image

METHOD = 2  # slower ones save no more than a tenth
DESCRIPTION = 0x010E  # the tag of Exif that says what a picture shows


def webp(image: Image.Image, *, lossless: bool, note: str = "") -> bytes:
    """A picture as WebP, without loss or with one that is invisible in photographs; the same bytes each time.

    `note` is kept in its Exif data, see `note_of`.
    """
    out, exif = io.BytesIO(), Image.Exif()
    exif[DESCRIPTION] = note
    quality = 100 if lossless else 85
    image.save(
        out, "WEBP", lossless=lossless, quality=quality, method=2, exif=exif.tobytes() if note else b""
    )  # slower methods save no more than a tenth
    return out.getvalue()


def note_of(image: Image.Image) -> str:
    """The note that `webp` has kept; "" without one."""
    return str(image.getexif().get(DESCRIPTION, ""))
