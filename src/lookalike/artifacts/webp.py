"""Pictures as WebP."""

import io

from PIL import Image


def webp(image: Image.Image, *, lossless: bool) -> bytes:
    """A picture as WebP, without loss or with one that is invisible in photographs; the same bytes each time."""
    out = io.BytesIO()
    quality = 100 if lossless else 85
    image.save(out, "WEBP", lossless=lossless, quality=quality, method=2)  # slower methods save no more than a tenth
    return out.getvalue()
