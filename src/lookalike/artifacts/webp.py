"""Pictures as WebP."""

import io

from PIL import Image

METHOD = 2  # slower methods save no more than a tenth
DESCRIPTION = 0x010E  # the tag of Exif that says what a picture shows


def webp(image: Image.Image, *, lossless: bool, note: str = "") -> bytes:
    """A picture as WebP, without loss or with one that is invisible in photographs; the same bytes each time.

    Its Exif data keep the `note`, see `note_of`.
    """
    out, exif = io.BytesIO(), Image.Exif()
    exif[DESCRIPTION] = note
    quality, kept = 100 if lossless else 85, exif.tobytes() if note else b""
    image.save(out, "WEBP", lossless=lossless, quality=quality, method=METHOD, exif=kept)
    return out.getvalue()


def note_of(image: Image.Image) -> str:
    """The note that `webp` stored in a picture; "" means none."""
    return str(image.getexif().get(DESCRIPTION, ""))
