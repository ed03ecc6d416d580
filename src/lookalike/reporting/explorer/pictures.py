"""Pictures of the explorer: the sheet of thumbnails, and photographs with the steps of each recipe."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.photos import shorten_path
from lookalike.artifacts.sprites import image_grid
from lookalike.artifacts.webp import webp
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Json, data_uri
from lookalike.reporting.explorer.packs import SelectableImages

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


def load_steps(study: StudyResults, held: SelectableImages) -> Steps:
    """The pictures of the preparation, if it has kept those of all selectable photographs."""
    photos, folder = study.test_set.photos, study.root / "photos"
    if photos is None or not len(held.photographs):
        return Steps([], None)
    names = [shorten_path(photos.about[k]["name"]) for k in held.photographs]
    strips = [[folder / "steps" / recipe / f"{name}.png" for recipe in photos.recipes] for name in names]
    if not all(path.exists() for row in strips for path in row):
        return Steps([], None)
    originals = [folder / "originals" / f"{name}.png" for name in names]
    kept = all(path.exists() for path in originals)
    pictures = [steps_picture(whole if kept else None, row) for whole, row in zip(originals, strips, strict=True)]
    with Image.open(strips[0][0]) as strip:
        height = strip.height  # of all of them
    layout = {"original": ORIGINAL if kept else None, "left": ORIGINAL + GAP, "height": height}
    return Steps([webp(one, lossless=False) for one in pictures], layout)


def steps_picture(original: Path | None, strips: list[Path]) -> Image.Image:
    """One photograph: the original, if it was kept, and the strips of all recipes at its right."""
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


def thumbnail_sheet(images: NDArray[np.uint8]) -> Json:
    """Thumbnails of images (n, H, W) or (n, H, W, 3) as one picture, embedded in the page."""
    content = images_to_webp(images, COLUMNS)
    return {"uri": data_uri(content), "columns": COLUMNS, "size": images.shape[1]}


def images_to_webp(images: NDArray[np.uint8], columns: int) -> bytes:
    """Images as one picture, small ones without loss."""
    return webp(image_grid(images, columns), lossless=images.shape[1] <= SMALL)
