"""Contact sheets: photographs through every step of a recipe, and as a heat map. Drawn with Pillow, quickly."""

import io
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lookalike.artifacts.photos import sample_photographs
from lookalike.artifacts.webp import webp
from lookalike.photographs.recipes import MaskedPicture, final_image
from lookalike.reporting.figures.parts import TELEPHONE, Cuts, Part, parts_as_note

TILE = 84  # pixels: three for each of a 28x28 picture
GAP = 4
HEADER = 16
HIGH = HEADER + TILE + HEADER + GAP  # of a photograph with its caption
ROWS_A_SHEET = 25
HEAT = (np.asarray(mpl.colormaps["inferno"](np.arange(256)))[:, :3] * 255).round().astype(np.uint8)

Stages = Sequence[tuple[str, MaskedPicture]]


def strip(stages: Stages) -> bytes:
    """A PNG with a photograph after each step of a recipe, the names of the steps, and the heat map at the end."""
    tiles = [(name, tile(picture.visible, picture.coverage)) for name, picture in stages]
    tiles.append(("heat map", enlarged(HEAT[final_image(stages[-1][1])])))
    sheet = Image.new("RGB", (len(tiles) * (TILE + GAP) - GAP, HEADER + TILE), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for column, (name, picture) in enumerate(tiles):
        left = column * (TILE + GAP)
        draw.text((left, 1), name, fill="black", font=font)
        sheet.paste(picture, (left + (TILE - picture.width) // 2, HEADER + (TILE - picture.height) // 2))
    return png(sheet)


def tile(image: NDArray[np.uint8], coverage: NDArray[np.float32]) -> Image.Image:
    """A picture in the size of a tile; the background that a mask removes is tinted blue."""
    ground = (coverage < 0.5)[..., None]
    tinted = np.where(ground, image // 3 + np.array([0, 60, 120], np.uint8), image)
    return enlarged(np.asarray(image if image.shape[:2] == (28, 28) else tinted, np.uint8))


def enlarged(image: NDArray[np.uint8]) -> Image.Image:
    """A picture fitted into a tile; small ones keep their pixels visible."""
    height, width = image.shape[:2]
    scale = TILE / max(height, width)
    how = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BILINEAR
    return Image.fromarray(image).resize((max(1, round(width * scale)), max(1, round(height * scale))), how)


def contact_sheets(strips: Mapping[str, Sequence[bytes]], photographs: Sequence[tuple[str, str]]) -> dict[str, bytes]:
    """Every picture of the preparation, by its path without suffix.

    Args:
        strips: recipe -> a strip for each photograph.
        photographs: name and label of each ("" for none of the classes).

    Returns:
        `steps/<recipe>/<name>` and `sheets/<recipe>-<page>` as PNG and, of a sample, `samples/<recipe>` as WebP.
    """
    captions = [f"{name}: {label or 'none of the classes'}" for name, label in photographs]
    pictures: dict[str, bytes] = {}
    for recipe, rows in strips.items():
        pictures |= {f"steps/{recipe}/{name}": row for (name, _), row in zip(photographs, rows, strict=True)}
        pictures |= {f"sheets/{recipe}-{page:02d}": one for page, one in enumerate(sheets(rows, captions), start=1)}
        sample = stacked(sample_photographs(rows), sample_photographs(captions))
        pictures[f"samples/{recipe}"] = webp(sample, lossless=False, note=parts_as_note(parts_of(sample)))
    return pictures


def parts_of(sheet: Image.Image) -> tuple[Part, ...]:
    """What a telephone shows of a sheet: each photograph's steps, as many in a row as it has room for, and its name."""
    names = range(HEADER + TILE, sheet.height, HIGH)
    cuts = Cuts(0, [*range(TILE + GAP, sheet.width, TILE + GAP)], sorted([*names, *range(HIGH, sheet.height, HIGH)]))
    return cuts.parts(sheet.height, [sheet.width, TELEPHONE] * len(names))


def sheets(strips: Sequence[bytes], captions: Sequence[str]) -> list[bytes]:
    """PNGs of strips below each other, 25 per sheet, each with its caption."""
    starts = range(0, len(strips), ROWS_A_SHEET)
    return [png(stacked(strips[k : k + ROWS_A_SHEET], captions[k : k + ROWS_A_SHEET])) for k in starts]


def stacked(strips: Sequence[bytes], captions: Sequence[str]) -> Image.Image:
    rows = [Image.open(io.BytesIO(one)) for one in strips]
    sheet = Image.new("RGB", (max(row.width for row in rows), HIGH * len(rows)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for k, (row, caption) in enumerate(zip(rows, captions, strict=True)):
        sheet.paste(row, (0, k * HIGH))
        draw.text((0, k * HIGH + HEADER + TILE + 1), caption, fill="#444444", font=font)
    return sheet


def png(image: Image.Image) -> bytes:
    """The picture as PNG, with a fast compression level."""
    out = io.BytesIO()
    image.save(out, format="PNG", compress_level=3)
    return out.getvalue()
