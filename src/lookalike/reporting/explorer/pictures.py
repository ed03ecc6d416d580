"""Pictures of the explorer: the sheet that stands in the page, and photographs with the steps of each recipe."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.photos import writable_path
from lookalike.artifacts.sprites import grid
from lookalike.artifacts.webp import webp
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import Json, data_uri
from lookalike.reporting.explorer.packs import Held

COLUMNS = 20  # images side by side in the sheet
SMALL = 48  # pixels: pictures of larger images may lose a little
ORIGINAL, GAP = 160, 4  # pixels: the longest edge of an original, and what is free between it and the steps


@dataclass(frozen=True)
class Steps:
    """Photographs with the steps of each recipe.

    Attributes:
        pictures: WebP of each photograph: the original at the left, a strip of steps per recipe at the right.
        layout: where the parts of such a picture lie; None if the steps were not kept.
    """

    pictures: list[bytes]
    layout: Json | None


def steps_of(found: Found, held: Held) -> Steps:
    """The pictures that the preparation left, if it left some of all photographs that are held."""
    photos, folder = found.test_set.photos, found.root / "photos"
    if photos is None or not len(held.photographs):
        return Steps([], None)
    names = [writable_path(photos.about[k]["name"]) for k in held.photographs]
    strips = [[folder / "steps" / recipe / f"{name}.png" for recipe in photos.recipes] for name in names]
    if not all(path.exists() for row in strips for path in row):
        return Steps([], None)
    originals = [folder / "originals" / f"{name}.png" for name in names]
    kept = all(path.exists() for path in originals)
    pictures = [drawn(whole if kept else None, row) for whole, row in zip(originals, strips, strict=True)]
    with Image.open(strips[0][0]) as strip:
        height = strip.height  # of all of them
    layout = {"original": ORIGINAL if kept else None, "left": ORIGINAL + GAP, "height": height}
    return Steps([webp(one, lossless=False) for one in pictures], layout)


def drawn(original: Path | None, strips: list[Path]) -> Image.Image:
    """One photograph: the original, if it was kept, and beside it a strip under the other."""
    rows = [Image.open(path).convert("RGB") for path in strips]
    high, left = rows[0].height, ORIGINAL + GAP
    size = (left + max(row.width for row in rows), max(ORIGINAL, high * len(rows)))
    picture = Image.new("RGB", size, "white")
    if original is not None:
        whole = Image.open(original).convert("RGB")
        picture.paste(whole, ((ORIGINAL - whole.width) // 2, (ORIGINAL - whole.height) // 2))
    for k, row in enumerate(rows):
        picture.paste(row, (left, k * high))
    return picture


def sheet(images: NDArray[np.uint8]) -> Json:
    """All images (n, H, W) or (n, H, W, 3) in one picture, which stands in the page itself."""
    content = to_webp(images, COLUMNS)
    return {"uri": data_uri(content), "columns": COLUMNS, "size": images.shape[1]}


def to_webp(images: NDArray[np.uint8], columns: int) -> bytes:
    """Images as one picture, small ones without loss."""
    return webp(grid(images, columns), lossless=images.shape[1] <= SMALL)
