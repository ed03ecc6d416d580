"""Garments drawn in the ten classes of Fashion-MNIST: data for the demonstration that needs no download.

The classes look alike by construction. All tops share one torso and differ only in how often they have which sleeves,
neck, front, length and cloth, so that single pictures can be ambiguous; the three kinds of shoe share one sole.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lookalike.drawn import canvas
from lookalike.drawn.canvas import Array, Range, Rng, Stroke, Strokes, arc, flip, pick, polygon

SIZE = 28
# Tones of a garment of full brightness; the finish scales them all.
DARK, SEAM, CLOTH, LIGHT = 95, 150, 200, 250


@dataclass(frozen=True)
class Top:
    """What one kind of top may look like: ranges of its shape, then the weights (percent) of each feature."""

    length: Range
    waist: Range
    hem: Range
    sleeves: tuple[int, ...]
    necks: tuple[int, ...]
    fronts: tuple[int, ...]


def draw_garments(count: int, *, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw garments: images (count, 28, 28) uint8, bright on 0, and labels (count,) uint8 in 0..9.

    The labels follow Fashion-MNIST; the same seed gives the same images, whatever the count.
    """
    return canvas.draw_set(_garment, len(CLASSES), count, seed)


def _garment(label: int, rng: Rng) -> NDArray[np.uint8]:
    """One finished picture: drawn, fitted to the frame as Fashion-MNIST does, given a cloth, light and noise."""
    strokes = CLASSES[label](rng)
    matrix = canvas.jittered_matrix(rng, turn=6.0, shear=0.06, scale=(0.88, 1.0))
    pose = canvas.fit_pose(strokes, matrix, fill=rng.uniform(0.88, 1.0), shift=rng.uniform(-0.05, 0.05, size=2))
    picture = canvas.blank(SIZE)
    canvas.paint(picture, strokes, pose)
    cover = canvas.downsample(picture)
    cloth = CLOTHS[pick(rng, CLOTHS, (55, 17, 10, 10, 8))](rng) * canvas.lighting(rng, SIZE, strength=0.16)
    noise = rng.normal(0.0, rng.uniform(1.0, 7.0), size=cover.shape)
    lit = cover * cloth * rng.uniform(0.6, 1.25) + noise * (cover > 0)
    return np.clip(lit, 0, 255).astype(np.uint8)


def _top(kind: Top, rng: Rng) -> Strokes:
    """Any top: a torso with sleeves, a neck and a front, each drawn by the weights of its kind."""
    sleeves, neck = pick(rng, SLEEVES, kind.sleeves), pick(rng, NECKS, kind.necks)
    front = FRONTS[pick(rng, FRONTS, kind.fronts)]
    width, waist, length = rng.uniform(0.14, 0.24), rng.uniform(*kind.waist), rng.uniform(*kind.length)
    tip = rng.uniform(0.36, 0.44) if sleeves == "none" else rng.uniform(0.46, 0.56)
    middle = -0.35 + 0.4 * (length + 0.35)
    corners = [(width, -0.92), (tip, -0.78), (waist + 0.04, -0.35), (waist, middle), (rng.uniform(*kind.hem), length)]
    body = _torso(polygon(corners), neck == "v", rng)
    return [*_sleeves(sleeves, tip, waist, rng), *body, *front(length, rng), *NECKS[neck](width, rng)]


def _torso(side: Array, pointed: bool, rng: Rng) -> Strokes:
    """The body that all tops share, from its right side: a neckline is cut out, and seams hold the sleeves."""
    depth, bend = (rng.uniform(0.2, 0.42), 0.5) if pointed else (rng.uniform(0.04, 0.16), 0.85)
    neckline = polygon([(0, depth - 0.92), (side[0, 0] / 2, bend * depth - 0.92)])
    outline = np.concatenate([side, flip(side), flip(neckline), neckline])
    hem = side[-1] * [(-1, 1), (1, 1)] - (0, 0.07)
    seams = [Stroke(line, SEAM, 0.04) for line in (side[1:3], flip(side[1:3]), hem)]
    return [Stroke(outline, CLOTH), *seams]


def _sleeves(length: str, tip: float, chest: float, rng: Rng) -> Strokes:
    """Two sleeves from the shoulder's tip: short ones stand out, long ones hang down."""
    if length == "none":
        return []
    short = length == "short"
    spread = math.radians(rng.uniform(32, 62) if short else rng.uniform(6, 24))
    reach = rng.uniform(0.32, 0.62) if short else rng.uniform(1.15, 1.55)
    cuff = rng.uniform(0.26, 0.36) if short else rng.uniform(0.15, 0.22)
    outer = (tip + reach * math.sin(spread), -0.78 + reach * math.cos(spread))
    inner = (outer[0] - cuff * math.cos(spread), outer[1] + cuff * math.sin(spread))
    right = polygon([(tip, -0.78), outer, inner, (chest + 0.04, -0.30), (0.2, -0.6)])
    return [Stroke(right, CLOTH - 20), Stroke(flip(right), CLOTH - 20)]


# Necks, each from half its width.


def _crew(width: float, rng: Rng) -> Strokes:
    return [Stroke(arc((0, -0.92), (width + 0.02, rng.uniform(0.04, 0.09))), DARK)]


def _turtle(width: float, rng: Rng) -> Strokes:
    roll = polygon([(width + 0.03, -0.8), (width, -0.92 - rng.uniform(0.12, 0.28))])
    return [Stroke(np.concatenate([roll, flip(roll)]), CLOTH), Stroke(arc((0, -0.85), (width, 0.06)), SEAM)]


def _hood(width: float, rng: Rng) -> Strokes:
    rim = width + rng.uniform(0.06, 0.14)
    return [Stroke(arc((0, -0.92), (rim, 0.2)), CLOTH), Stroke(arc((0, -0.9), (0.6 * rim, 0.13)), DARK)]


def _collar(width: float, rng: Rng) -> Strokes:
    tip = (0.7 * width, rng.uniform(-0.66, -0.52))
    wing = polygon([(0.0, -0.82), (width - 0.02, -1.0), (width + 0.1, -0.8), tip])
    return [Stroke(side, tone, thin) for side in (wing, flip(wing)) for tone, thin in ((LIGHT, 0), (DARK, 0.035))]


def _lapel(width: float, rng: Rng) -> Strokes:
    wing = polygon([(0, rng.uniform(-0.45, -0.1)), (width, -0.96), (width + 0.16, -0.72), (width + 0.04, -0.62)])
    return [Stroke(side, tone, thin) for side in (wing, flip(wing)) for tone, thin in ((SEAM, 0), (DARK, 0.03))]


# Fronts, each from the height of the hem.


def _placket(length: float, rng: Rng) -> Strokes:
    line = Stroke(polygon([(0.05, -0.8), (0.05, length)]), SEAM, 0.035)
    heights = np.arange(-0.62, length - 0.05, rng.uniform(0.18, 0.3))
    return [line, *(Stroke(arc((0, y), (0.045, 0.045)), DARK) for y in heights)]


def _opening(length: float, rng: Rng) -> Strokes:
    edge = polygon([(0.02, -0.85), (rng.uniform(0.02, 0.14), length + 0.02)])
    return [Stroke(np.concatenate([edge, flip(edge)]), int(rng.choice([0, 50, DARK])))]


def _print(length: float, rng: Rng) -> Strokes:
    blob = arc((0, rng.uniform(-0.4, -0.05)), (rng.uniform(0.12, 0.3), rng.uniform(0.08, 0.26)))
    return [Stroke(blob, int(rng.choice([DARK, LIGHT])))]


def _trouser(rng: Rng) -> Strokes:
    """Two legs from one waistband."""
    waist, knee, cuff, gap = rng.uniform((0.26, 0.13, 0.12, 0.02), (0.38, 0.2, 0.24, 0.1))
    rise, spread = rng.uniform((-0.55, 0.0), (-0.35, 0.16))
    inside, foot = gap + spread / 2, gap + spread
    leg = [(0, -1), (waist, -1), (waist + 0.04, rise), (inside + 2 * knee, 0.2), (foot + 2 * cuff, 1), (foot, 1)]
    right = polygon([*leg, (inside, 0.2), (0, rise)])
    band = polygon([(-waist, -0.88), (waist, -0.88)])
    fly = polygon([(0, -0.88), (0, rise)])
    return [Stroke(right, CLOTH), Stroke(flip(right), CLOTH), Stroke(band, SEAM, 0.05), Stroke(fly, SEAM, 0.04)]


def _sole(rise: float, rng: Rng) -> Strokes:
    """The sole under every shoe, toe to the left; where the heel rises, a block or a wedge fills the gap."""
    tone, ground = int(rng.choice([60, DARK, LIGHT, LIGHT])), 0.4 + rng.uniform(0.08, 0.2)
    plate = polygon([(-0.96, 0.4), (-0.3, 0.4), (0.92, 0.4), (0.94, ground), (-0.3, ground), (-0.9, ground)])
    front = rng.uniform(-0.2, 0.75)
    heel = polygon([(front, ground - rise), (0.93, ground - rise), (0.9, ground), (front + 0.06, ground)])
    return [Stroke(_raised(plate, rise), tone), *([Stroke(heel, tone)] if rise > 0.05 else [])]


def _raised(points: Array, rise: float) -> Array:
    """Points of a shoe lifted towards its heel."""
    lift = rise * np.clip(points[:, 0] + 0.3, 0, 1)
    return points - np.stack([np.zeros_like(lift), lift], axis=1)


def _shoe(shaft: Range, heel: Range, rng: Rng) -> Strokes:
    """A closed shoe: a sneaker or an ankle boot, by the height of its shaft and of its heel."""
    rim, rise = -rng.uniform(*shaft), max(0.0, rng.uniform(*heel))
    vamp, throat = rng.uniform(-0.08, 0.14), rng.uniform(-0.15, 0.15)
    toe = [(-0.96, 0.42), (-0.97, vamp + 0.1), (-0.65, vamp - 0.03)]
    rear = [(0.84, rim + rng.uniform(0.0, 0.1)), (0.84, 0.1), (0.95, 0.42)]
    upper = polygon([*toe, (throat - 0.25, -0.12), (throat, rim), (0.45, rim + rng.uniform(0.0, 0.2)), *rear], 1)
    collar = polygon([(throat + 0.06, rim + 0.08), (0.45, rim + 0.2), (0.78, rim + 0.14)])
    eyes = np.linspace((throat - 0.3, -0.02), (throat + 0.02, rim + 0.14), rng.integers(0, 5))
    laces = [Stroke(polygon([eye, np.add(eye, (0.16, 0.1))]), LIGHT, 0.05) for eye in eyes]
    stripe = polygon([(throat - 0.1, 0.35), (0.3, rng.uniform(-0.1, 0.2)), (0.6, 0.35)])
    marks = [Stroke(collar, DARK, 0.07), Stroke(stripe, int(rng.choice([SEAM, CLOTH, LIGHT])), 0.06), *laces]
    parts = [Stroke(upper, CLOTH), *marks]
    return [*(Stroke(_raised(part.points, rise), part.tone, part.width) for part in parts), *_sole(rise, rng)]


def _sandal(rng: Rng) -> Strokes:
    """Bands over the toes and a strap around the ankle, with gaps between them, on the common sole."""
    rise, ankle, thin = max(0.0, rng.uniform(-0.25, 0.7)), -rng.uniform(0.1, 0.45), rng.uniform(0.06, 0.14)
    starts = np.linspace(-0.85, rng.uniform(-0.75, 0.1), rng.integers(1, 5))
    bands = [polygon([(x, 0.44), (x + 0.2, 0.1 - 0.2 * x), (x + 0.5, -0.2 * x), (x + 0.7, 0.44)], 1) for x in starts]
    filled = 0.0 if rng.random() < 0.5 else thin
    parts = [stroke for band in bands for stroke in (Stroke(band, CLOTH, filled), Stroke(band, SEAM, 0.05))]
    loop, counter = arc((0.6, ankle), (0.28, 0.1)), polygon([(0.88, 0.42), (0.84, 0.1), (0.87, ankle)])
    bar = polygon([bands[-1][-3], (0.36, ankle)])
    parts += [Stroke(line, CLOTH, thin) for line in (loop, counter, bar)[: rng.choice([0, 2, 2, 3])]]
    return [*(Stroke(_raised(part.points, rise), part.tone, part.width) for part in parts), *_sole(rise, rng)]


def _bag(rng: Rng) -> Strokes:
    """A body with a flap or a seam, and mostly a handle over it."""
    wide, tall, taper = rng.uniform((0.6, 0.35, -0.1), (1.0, 0.75, 0.2))
    body = polygon(
        [(-wide + taper, -tall), (wide - taper, -tall), (wide, tall), (-wide, tall)], int(rng.integers(0, 3))
    )
    flap = polygon([(-wide + taper, -tall), (wide - taper, -tall), (0.9 * wide, 0), (-0.9 * wide, 0)])
    handle = arc((0, -tall), (wide * rng.uniform(0.3, 0.85), rng.uniform(0.2, 0.8)), 180, 360)
    clasp = arc((0, rng.uniform(-0.2, 0.1)), (0.08, 0.07))
    carried = [Stroke(handle, SEAM, rng.uniform(0.05, 0.12))] * int(rng.random() < 0.85)
    closed = [Stroke(flap, SEAM + 30), Stroke(flap[2:], DARK, 0.04)] * int(rng.random() < 0.5)
    return [*carried, Stroke(body, CLOTH), *closed, Stroke(clasp, int(rng.choice([CLOTH, DARK, LIGHT])))]


SLEEVES = ("none", "short", "long")
NECKS = {"crew": _crew, "v": _crew, "collar": _collar, "turtle": _turtle, "hood": _hood, "lapel": _lapel}
FRONTS: dict[str, Callable[[float, Rng], Strokes]] = {
    "plain": lambda length, rng: [],
    "print": _print,
    "half placket": lambda length, rng: _placket(-0.25, rng),
    "placket": _placket,
    "opening": _opening,
}
CLOTHS: dict[str, Callable[[Rng], Array | float]] = {
    "plain": lambda rng: 1.0,
    "stripes": lambda rng: canvas.waves(rng, SIZE, rng.choice([0.0, 0.5, 1.0]) * math.pi / 2, (3.0, 9.0)),
    "checks": lambda rng: CLOTHS["stripes"](rng) * canvas.waves(rng, SIZE, math.pi / 2, (3.0, 9.0)),
    "knit": lambda rng: canvas.waves(rng, SIZE, math.pi / 2, (2.0, 2.6)),
    "speckle": lambda rng: canvas.speckle(rng, SIZE, int(rng.integers(1, 4))),
}
# What makes the tops hard is the overlap of these rows: most features of a shirt are those of another top, too.
# The weights of sleeves, necks and fronts follow the order of the three tables above.
T_SHIRT = Top((0.60, 1.05), (0.40, 0.54), (0.40, 0.56), (7, 86, 7), (64, 28, 8, 0, 0, 0), (64, 29, 7, 0, 0))
PULLOVER = Top((0.65, 1.00), (0.42, 0.55), (0.40, 0.54), (0, 5, 95), (50, 16, 2, 18, 14, 0), (78, 14, 6, 2, 0))
DRESS = Top((1.20, 2.10), (0.24, 0.42), (0.34, 0.85), (48, 32, 20), (58, 36, 6, 0, 0, 0), (80, 6, 4, 10, 0))
COAT = Top((0.90, 1.40), (0.42, 0.56), (0.44, 0.66), (0, 2, 98), (2, 6, 22, 0, 20, 50), (8, 0, 0, 26, 66))
SHIRT = Top((0.65, 1.12), (0.38, 0.54), (0.40, 0.58), (4, 34, 62), (12, 14, 70, 1, 1, 2), (16, 2, 12, 65, 5))
CLASSES: tuple[Callable[[Rng], Strokes], ...] = (
    partial(_top, T_SHIRT),
    _trouser,
    partial(_top, PULLOVER),
    partial(_top, DRESS),
    partial(_top, COAT),
    _sandal,
    partial(_top, SHIRT),
    partial(_shoe, (0.05, 0.5), (-0.3, 0.12)),
    _bag,
    partial(_shoe, (0.35, 1.1), (-0.3, 0.4)),
)
