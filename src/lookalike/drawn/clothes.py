"""Clothes drawn in the ten classes of the clothing data set, in place of its photographs.

Seven are the garments of `garments`; hats, shorts and skirts are drawn here. Shorts are cut like trousers and skirts
like the lower part of dresses, so that the classes look alike as they do in the photographs.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.drawn.canvas import Rng, Stroke, Strokes, arc, flip, pick, polygon
from lookalike.drawn.garments import CLASSES as GARMENTS
from lookalike.drawn.garments import CLOTH, DARK, LIGHT, SEAM
from lookalike.drawn.photographs import draw_snapshots

SIDE = 96  # pixels
DRAWN_SIZE = 160  # pixels of the longer side of what they are cut out of
T_SHIRT, TROUSER, PULLOVER, DRESS, COAT, SANDAL, SHIRT, SNEAKER, _, BOOT = GARMENTS


def draw_clothes(count: int, *, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw photographs of clothes: images (count, 96, 96, 3) uint8 and labels (count,) uint8 in 0..9.

    The same seed gives the same images, whatever the count.
    """
    shots = draw_snapshots(count, seed, classes=CLASSES, paired=(CLASSES.index(shoes),), size=DRAWN_SIZE)
    return np.stack([crop_to_square(shot.image) for shot in shots]), np.array([shot.label for shot in shots], np.uint8)


def crop_to_square(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The square in the middle of a picture (H, W, 3), reduced to (96, 96, 3)."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = Image.fromarray(image[top : top + side, left : left + side])
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def shoes(rng: Rng) -> Strokes:
    """A sneaker, a sandal or an ankle boot."""
    return (SNEAKER, SANDAL, BOOT)[rng.integers(3)](rng)


def shorts(rng: Rng) -> Strokes:
    """Trousers cut off above the knee."""
    waist, flare, gap, length = rng.uniform((0.5, 0.1, 0.02, 0.15), (0.64, 0.32, 0.12, 0.8))
    rise, hem = rng.uniform(-0.3, -0.05), length + rng.uniform(0.0, 0.12)
    leg = [(0, -1), (waist, -1), (waist + 0.7 * flare, rise), (waist + flare, length), (gap, hem), (0, rise)]
    right = polygon(leg)
    seam = right[3:5] - (0, 0.08)
    pocket = polygon([(0.55 * waist, -0.82), (waist + 0.3 * flare, rise - 0.15)])
    band, fly = polygon([(-waist, -0.85), (waist, -0.85)]), polygon([(0, -0.85), (0, rise)])
    lines = [line for side in (seam, pocket) for line in (side, flip(side))]
    tie = [Stroke(polygon([(0.02, -0.9), (x, -0.5)]), LIGHT, 0.04) for x in (-0.09, 0.11)] if rng.random() < 0.4 else []
    legs = [Stroke(right, CLOTH), Stroke(flip(right), CLOTH)]
    return [*legs, Stroke(band, SEAM, 0.06), *(Stroke(line, SEAM, 0.04) for line in (fly, *lines)), *tie]


def skirt(rng: Rng) -> Strokes:
    """A band from which cloth falls, narrow or wide, with pleats or a seam."""
    waist, flare, length, bend = rng.uniform((0.3, 0.08, 0.15, 0.0), (0.46, 0.75, 1.0, 0.12))
    hip, hem = (waist + 0.35 * flare + 0.06, -0.45), (waist + flare, length)
    right = polygon([(waist, -0.86), hip, hem, (0.5 * hem[0], length + bend)])
    band = polygon([(waist, -1), (waist, -0.84)])
    pleats = np.linspace(-0.8, 0.8, int(rng.choice([0, 1, 4, 6, 9])))
    folds = [polygon([(x * waist, -0.84), (x * hem[0], length + bend * (1 - abs(x)) - 0.03)]) for x in pleats]
    edge = np.concatenate([right[2:], flip(right[2:])]) - (0, 0.08)
    body = [Stroke(np.concatenate([side, flip(side)]), tone) for side, tone in ((right, CLOTH), (band, CLOTH - 30))]
    return [body[0], *(Stroke(fold, SEAM, 0.025) for fold in folds), Stroke(edge, SEAM, 0.03), body[1]]


def hat(rng: Rng) -> Strokes:
    """A hat with a brim, a cap with a peak, or a knitted one."""
    return HATS[pick(rng, HATS, (45, 35, 20))](rng)


def brimmed(rng: Rng) -> Strokes:
    """A crown with a ribbon on a wide brim, seen from the front and a little from above."""
    wide, tall, top, brim = rng.uniform((0.42, 0.45, 0.3, 0.14), (0.56, 0.75, 0.5, 0.28))
    crown = polygon([(wide, 0.1), (wide - 0.04, -0.3 * tall), (top, -tall), (0.1, rng.uniform(-1.0, -0.85) * tall)])
    ribbon = polygon([(wide + 0.01, 0.1), (wide - 0.02, -0.12)])
    return [
        Stroke(arc((0, 0.1), (1.0, brim)), CLOTH - 25),
        Stroke(np.concatenate([crown, flip(crown)]), CLOTH),
        Stroke(np.concatenate([ribbon, flip(ribbon)]), int(rng.choice([DARK, LIGHT]))),
        Stroke(arc((0, 0.1), (1.0, brim), 0, 180), SEAM, 0.03),
    ]


def cap(rng: Rng) -> Strokes:
    """A round crown with a peak to the left."""
    tall, reach, drop = rng.uniform((0.7, 0.55, 0.05), (0.95, 0.85, 0.25))
    crown = np.concatenate([arc((0.2, 0.2), (0.7, tall), 180, 360), polygon([(0.9, 0.3), (-0.5, 0.3)])])
    peak = polygon([(-0.48, 0.12), (-0.48 - reach, 0.22 + drop), (-0.5 - reach, 0.32 + drop), (-0.1, 0.32)], 1)
    seams = [arc((0.2, 0.2), (0.3, tall), 180, 360), polygon([(-0.45, 0.2), (0.88, 0.2)])]
    button = arc((0.2, 0.2 - tall), (0.06, 0.04))
    badge = [Stroke(arc((-0.1, -0.15), (0.14, 0.16)), int(rng.choice([DARK, LIGHT])))] * int(rng.random() < 0.6)
    lines = [Stroke(seam, SEAM, 0.03) for seam in seams]
    return [Stroke(crown, CLOTH), *lines, *badge, Stroke(button, SEAM), Stroke(peak, CLOTH - 40)]


def knitted(rng: Rng) -> Strokes:
    """A dome of ribs over a rolled edge, often with a bobble."""
    tall, roll = rng.uniform((0.85, 0.2), (1.2, 0.38))
    dome = arc((0, 0.3), (0.72, tall), 180, 360)
    edge = polygon([(0.76, 0.3), (0.78, 0.3 + roll), (-0.78, 0.3 + roll), (-0.76, 0.3)])
    ribs = [polygon([(x, 0.32), (0.98 * x, 0.28 + roll)]) for x in np.linspace(-0.7, 0.7, 13)]
    fold = arc((0, 0.3), (0.4, 0.95 * tall), 180, 360)
    bobble = [Stroke(arc((0, 0.3 - tall - 0.08), (0.17, 0.16)), LIGHT)] * int(rng.random() < 0.6)
    parts = [Stroke(dome, CLOTH), Stroke(fold, SEAM, 0.03), Stroke(edge, CLOTH - 30)]
    return [*parts, *(Stroke(rib, SEAM, 0.025) for rib in ribs), *bobble]


HATS: dict[str, Callable[[Rng], Strokes]] = {"brimmed": brimmed, "cap": cap, "knitted": knitted}
CLASSES: tuple[Callable[[Rng], Strokes], ...] = (
    *(DRESS, hat, PULLOVER, COAT, TROUSER),
    *(SHIRT, shoes, shorts, skirt, T_SHIRT),
)
