"""What makes a better photograph for the recipes, shown by drawn pictures.

`python -m lookalike.photographs.advice` stores the picture of it, which pages show.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.folders import write_bytes
from lookalike.data.masks import grabcut
from lookalike.drawn.photographs import Snapshot, draw_snapshots
from lookalike.params import Recipe, load_params
from lookalike.photographs.recipes import EDGE, Preparer, final_image, to_working_size

FILE = Path("src/lookalike/reporting/templates/advice.webp")
COUNT, SEED = 100, 5
DRESS, SHOE = 3, 7  # labels
TILE, GAP = 5 * EDGE, 6  # pixels

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Advice:
    """Two pictures (H, W, 3): one that recipes can use, and one that they can use less."""

    better: Pixels
    worse: Pixels


def draw_advice() -> tuple[Advice, ...]:
    """A dress on plain ground and on a cluttered one, and a shoe alone and in a pair.

    Of the drawn ones those that GrabCut cuts out best and worst are shown.
    """
    drawn = draw_snapshots(COUNT, SEED)
    dresses, shoes = ([one for one in drawn if one.label == label] for label in (DRESS, SHOE))
    plain, cluttered = ([one for one in dresses if one.background == ground] for ground in ("plain", "cluttered"))
    single, pairs = ([one for one in shoes if one.items == items] for items in ("single", "pair"))
    return tuple(
        Advice(max(better, key=overlap).image, min(worse, key=overlap).image)
        for better, worse in ((plain, cluttered), (single, pairs))
    )


def overlap(snapshot: Snapshot) -> float:
    """Intersection over union of GrabCut's mask and the garment."""
    found = grabcut(to_working_size(snapshot.image))
    true = to_working_size(np.where(snapshot.mask, 255, 0).astype(np.uint8)) > 127
    return float((found & true).sum() / (found | true).sum())


def advice_picture(advice: Sequence[Advice], recipe: Recipe) -> bytes:
    """WebP: a row each with the better photograph, what models see of it, the worse one, and what they see of it."""
    sheet = Image.new("RGB", (4 * (TILE + GAP) + GAP, len(advice) * (TILE + GAP) - GAP), "white")
    for row, one in enumerate(advice):
        for column, image in enumerate((one.better, one.worse)):
            left, top = 2 * column * (TILE + GAP) + 2 * GAP * column, row * (TILE + GAP)
            photo = Image.fromarray(image)
            photo.thumbnail((TILE, TILE))
            sheet.paste(photo, (left + (TILE - photo.width) // 2, top + (TILE - photo.height) // 2))
            seen = Image.fromarray(final_image(Preparer(image, image).prepare(recipe)[-1][1]))
            sheet.paste(seen.resize((TILE, TILE), Image.Resampling.NEAREST), (left + TILE + GAP, top))
    out = io.BytesIO()
    sheet.save(out, "WEBP", quality=80, method=6)
    return out.getvalue()


if __name__ == "__main__":
    photos = load_params().photos
    assert photos is not None  # the project's own parameters have photographs
    write_bytes(FILE, advice_picture(draw_advice(), photos.recipes["fitted"]))
