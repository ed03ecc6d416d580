"""Coloured scenes drawn in the ten classes of CIFAR-10: data for the demonstration that needs no download.

The classes look alike by construction: cars and trucks share wheels and paint, cats, dogs, deer and horses are one
four-legged animal with different proportions, and everything that flies or floats shares its backgrounds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lookalike.drawn import canvas
from lookalike.drawn.canvas import Colour, Palette, Range, Rng, Stroke, Strokes, arc, pick, polygon, shade, tint

SIZE = 32

BLUES: Palette = ((120, 170, 225), (180, 205, 230), (90, 130, 190), (200, 200, 205), (225, 180, 150))
WATERS: Palette = ((40, 90, 140), (60, 120, 140), (90, 130, 160), (50, 80, 90))
GREENS: Palette = ((80, 140, 60), (120, 160, 80), (150, 150, 80), (60, 100, 60), (170, 140, 90))
GREYS: Palette = ((90, 90, 95), (130, 130, 130), (160, 155, 150), (70, 70, 80))
WALLS: Palette = ((200, 180, 150), (170, 110, 90), (120, 140, 160), (220, 215, 205), (140, 90, 120))
FURS: Palette = ((120, 80, 45), (40, 35, 35), (230, 225, 215), (190, 140, 90), (130, 125, 120), (200, 120, 50))
PAINTS: Palette = ((190, 40, 40), (40, 70, 160), (235, 235, 235), (160, 165, 170), (35, 35, 40), (230, 190, 50))
DARK, GLASS, HUB = (25, 25, 30), (150, 185, 205), (150, 150, 150)


@dataclass(frozen=True)
class Beast:
    """A kind of four-legged animal: ranges of its proportions, then the weights (percent) of each feature."""

    legs: Range
    girth: Range
    neck: Range
    snout: Range
    ears: tuple[int, ...]
    tails: tuple[int, ...]
    crowns: tuple[int, ...]
    faces: float = 0.0


def draw_objects(count: int, *, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw objects: RGB images (count, 32, 32, 3) uint8 and labels (count,) uint8 in 0..9.

    The labels follow CIFAR-10; the same seed gives the same images, whatever the count.
    """
    return canvas.draw_set(_scene, len(CLASSES), count, seed)


def _scene(label: int, rng: Rng) -> NDArray[np.uint8]:
    """One finished picture: a background, the object over it facing either way, then light and noise."""
    draw, scenes = CLASSES[label]
    strokes = draw(rng)
    facing = np.diag([rng.choice([-1.0, 1.0]), 1.0])
    matrix = canvas.jittered_matrix(rng, turn=7.0, shear=0.08, scale=(0.88, 1.0)) @ facing
    pose = canvas.fit_pose(strokes, matrix, fill=rng.uniform(0.8, 1.0), shift=rng.uniform(-0.08, 0.08, size=2))
    picture = canvas.blank(SIZE, "RGB")
    canvas.paint(picture, _background(pick(rng, SCENES, scenes), rng), canvas.FRAME)
    canvas.paint(picture, strokes, pose)
    light = canvas.lighting(rng, SIZE, strength=0.2) * rng.uniform(0.85, 1.15)
    noise = rng.normal(0.0, rng.uniform(2.0, 7.0), size=(SIZE, SIZE, 3))
    return np.clip(canvas.downsample(picture) * light[..., None] + noise, 0, 255).astype(np.uint8)


def _background(scene: str, rng: Rng) -> Strokes:
    """Two bands that meet at a horizon, and a few blots: clouds, bushes or stones."""
    above, below, level = SCENES[scene]
    top, ground, horizon = tint(rng, above), tint(rng, below), rng.uniform(*level)
    sky = polygon([(-1.1, -1.1), (1.1, -1.1), (1.1, 1.1), (-1.1, 1.1)])
    land = polygon([(-1.1, horizon), (1.1, horizon + rng.uniform(-0.1, 0.1)), (1.1, 1.1), (-1.1, 1.1)])
    tones = [shade(top, 1.15), shade(top, 0.85), shade(ground, 0.8), shade(ground, 1.2)]
    positions, sizes = rng.uniform(-1, 1, size=(4, 2)), rng.uniform(0.05, 0.35, size=(4, 2))
    blots = [
        Stroke(arc((x, y), (2 * wide, tall)), tones[int(rng.integers(0, 2)) + 2 * int(y > horizon)])
        for (x, y), (wide, tall) in zip(positions[: rng.integers(0, 5)], sizes, strict=False)
    ]
    return [Stroke(sky, top), Stroke(land, ground), *blots]


def _wheels(positions: list[float], radius: float) -> Strokes:
    rings = ((radius, DARK), (radius / 2, HUB))
    return [Stroke(arc((x, 0.4), (size, size)), tone) for x in positions for size, tone in rings]


def _automobile(rng: Rng) -> Strokes:
    """A low body with a cabin: from a sports car to a van."""
    paint, roof, front = tint(rng, PAINTS), -rng.uniform(0.3, 0.7), rng.uniform(-0.75, -0.4)
    hood, back = rng.uniform(-0.1, 0.1), rng.uniform(0.45, 0.95)
    body = polygon([(-1, 0.4), (-0.98, hood + 0.05), (front, hood - 0.05), (0.95, hood - 0.05), (1, 0.4)])
    cabin = polygon([(front, hood), (front + 0.25, roof), (back - 0.1, roof), (back, hood)])
    middle = np.array([(front + back) / 2, (hood + roof) / 2])
    window = (cabin - middle) * 0.72 + middle
    pillar = np.array([[0, -0.2], [0, 0.3]]) + middle
    parts = [Stroke(body, paint), Stroke(cabin, shade(paint, 0.9)), Stroke(window, GLASS), Stroke(pillar, paint, 0.07)]
    return [*parts, *_wheels([-0.58, 0.6], rng.uniform(0.17, 0.25))]


def _truck(rng: Rng) -> Strokes:
    """A cab with a separate load behind it: a box, or the low bed of a pickup."""
    paint, roof, split = tint(rng, PAINTS), -rng.uniform(0.35, 0.65), rng.uniform(-0.5, -0.1)
    box_top = rng.uniform(-0.95, -0.45) if rng.random() < 0.75 else rng.uniform(-0.1, 0.05)
    cab = polygon([(-1, 0.4), (-0.98, -0.05), (-0.85, roof), (split, roof), (split, 0.4)])
    window = polygon([(-0.85, -0.08), (-0.76, roof + 0.1), (split - 0.1, roof + 0.1), (split - 0.1, -0.08)])
    load = polygon([(split + 0.06, box_top), (1, box_top), (1, 0.3), (split + 0.06, 0.3)])
    bed = polygon([(-0.9, 0.34), (1, 0.34)])
    cargo = Stroke(load, paint if box_top > -0.2 or rng.random() < 0.4 else tint(rng, PAINTS))
    wheels = _wheels([-0.65, 0.65, 0.3][: rng.integers(2, 4)], rng.uniform(0.16, 0.23))
    return [cargo, Stroke(cab, paint), Stroke(window, GLASS), Stroke(bed, DARK, 0.08), *wheels]


def _airplane(rng: Rng) -> Strokes:
    """A slim body with straight wings and a tail fin, from the side or from above."""
    paint, girth, sweep = tint(rng, (*PAINTS, (225, 228, 232))), rng.uniform(0.09, 0.18), rng.uniform(0.1, 0.6)
    wing, span = shade(paint, rng.uniform(0.6, 0.9)), rng.uniform(0.4, 0.95)
    body = polygon([(-1, 0), (-0.8, -girth), (0.6, -girth), (1, -0.05), (0.6, girth), (-0.8, girth)], 1)
    near = polygon([(-0.3, 0), (-0.1 + sweep, span), (0.15 + sweep, span), (0.25, 0)])
    far = near * (1, -rng.choice([0.3, 1.0]))
    fin = polygon([(0.6, 0), (0.85, -rng.uniform(0.3, 0.5)), (1.02, -rng.uniform(0.3, 0.5)), (0.92, 0)])
    windows = polygon([(-0.75, -0.3 * girth), (0.5, -0.3 * girth)])
    sides = [Stroke(far, wing), Stroke(fin, wing), Stroke(body, paint), Stroke(near, wing)]
    return [*sides, Stroke(windows, DARK, 0.04)]


def _bird(rng: Rng) -> Strokes:
    """A round body with a head and a beak, flying with spread wings or perched on two legs."""
    plume, girth, beak = tint(rng, (*FURS, *PAINTS)), rng.uniform(0.15, 0.3), rng.uniform(0.1, 0.3)
    wing, span = shade(plume, rng.uniform(0.6, 0.9)), rng.uniform(0.5, 0.95)
    body, head = arc((0, 0), (0.6, girth)), arc((-0.58, -0.15), (0.2, 0.18))
    bill = polygon([(-0.75, -0.22), (-0.78 - beak, -0.1), (-0.73, -0.06)])
    tail = polygon([(0.45, -0.05), (1.0, -rng.uniform(0.0, 0.25)), (0.95, 0.18), (0.45, 0.12)])
    near = polygon([(-0.3, 0), (-0.1, 0.6 * span), (0.35, span), (0.4, 0.4 * span), (0.3, 0)], 1)
    legs = [Stroke(polygon([(x, 0.1), (x + 0.05, girth + 0.35)]), DARK, 0.05) for x in (-0.1, 0.1)]
    wings = [Stroke(near, wing), Stroke(near * (1, -1), wing)]
    pose = [Stroke(arc((0.1, 0), (0.4, 0.6 * girth)), wing), *legs] if rng.random() < 0.5 else wings
    whole = [Stroke(tail, wing), Stroke(body, plume), *pose, Stroke(head, plume), Stroke(bill, (220, 150, 50))]
    return [*whole, Stroke(arc((-0.63, -0.2), (0.04, 0.04)), DARK)]


def _ship(rng: Rng) -> Strokes:
    """A long hull with a bow, carrying decks and a funnel, or a mast with sails."""
    paint, white, level = tint(rng, PAINTS), tint(rng, ((230, 230, 230), *PAINTS)), rng.uniform(0.05, 0.25)
    hull = polygon([(-1, level - 0.1), (1, level), (0.85, level + 0.35), (-0.75, level + 0.35)])
    start, width, tall = rng.uniform((-0.6, 0.6, 0.12), (-0.1, 1.0, 0.25))
    rows = [(k, level - (k - 0.5) * tall) for k in range(1, int(rng.integers(2, 5)))]
    cabins = [Stroke(polygon([(start, y), (start + width / k**0.5, y)]), white, tall) for k, y in rows]
    stack = polygon([(start + 0.3, level), (start + 0.34, -0.75)])
    funnel = Stroke(stack, tint(rng, PAINTS), rng.uniform(0.05, 0.2))
    sail = polygon([(-0.05, -0.95), (-0.05, level - 0.12), (rng.uniform(0.5, 0.9), level - 0.12)])
    rig = [Stroke(polygon([(-0.1, -1), (-0.1, level)]), DARK, 0.05), Stroke(sail, white)]
    return [*(rig if rng.random() < 0.35 else [funnel, *cabins]), Stroke(hull, paint)]


def _frog(rng: Rng) -> Strokes:
    """A squat body with bulging eyes and folded legs."""
    skin = tint(rng, (*FURS, *GREENS))
    limb, tall = shade(skin, rng.uniform(0.65, 0.9)), rng.uniform(0.3, 0.5)
    body = polygon([(-0.9, 0.1), (-0.6, -tall), (0.2, -tall), (0.9, 0.4), (-0.5, 0.45)], 2)
    thigh, shin = arc((0.5, 0.25), (0.38, 0.24)), polygon([(0.7, 0.45), (0.2, 0.52), (0.8, 0.55)])
    arms = [Stroke(polygon([(x, 0.2), (x - 0.12, 0.55), (x - 0.3, 0.57)]), limb, 0.11) for x in (-0.5, -0.15)]
    eyes = [(x, -tall - 0.02) for x in (-0.62, -0.3)]
    bulges = [Stroke(arc(eye, (r, r)), tone) for eye in eyes for r, tone in ((0.16, skin), (0.07, DARK))]
    mouth = Stroke(polygon([(-0.85, 0.08), (-0.4, 0.12)]), DARK, 0.04)
    return [*arms, Stroke(body, skin), *bulges, Stroke(thigh, limb), Stroke(shin, limb, 0.1), mouth]


def _beast(kind: Beast, rng: Rng) -> Strokes:
    """A four-legged animal from the side, or its face."""
    fur = tint(rng, FURS)
    ears, tail, crown = pick(rng, EARS, kind.ears), pick(rng, TAILS, kind.tails), pick(rng, CROWNS, kind.crowns)
    if rng.random() < kind.faces:
        return _face(ears, fur, rng.uniform(*kind.snout), rng)
    legs, girth, neck = rng.uniform(*kind.legs), rng.uniform(*kind.girth), rng.uniform(*kind.neck)
    head = np.array([-0.78, -0.1 - neck])
    return [
        *(Stroke(polygon([(x, 0), (x + rng.uniform(-0.1, 0.1), girth + legs)]), shade(fur, 0.75), 0.14) for x in LEGS),
        Stroke(TAILS[tail], shade(fur, 0.65), 0.13),
        Stroke(arc((0, 0), (0.62, girth)), fur),
        Stroke(polygon([(-0.6, 0.1), (-0.25, -0.1), np.add(head, (0.18, 0)), np.add(head, (-0.08, 0.1))]), fur),
        *_head(head, ears, crown, rng.uniform(*kind.snout), fur),
    ]


def _head(at: NDArray[np.float64], ears: str, crown: str, snout: float, fur: Colour) -> Strokes:
    """A head in profile, with its ears and what grows on it."""
    muzzle = polygon([(0, -0.12), (-0.15 - snout, 0.02), (-0.15 - snout, 0.14), (0, 0.16)])
    skull = [Stroke(arc((0, 0), (0.2, 0.17)) + at, fur), Stroke(muzzle + at, fur)]
    ear = Stroke(polygon(EARS[ears]) + at, shade(fur, 0.6))
    grown = [Stroke(line + at, shade(fur, tone), 0.1) for line, tone in CROWNS[crown]]
    return [*grown, *skull, ear, Stroke(arc((-0.08, -0.03), (0.04, 0.04)) + at, DARK)]


def _face(ears: str, fur: Colour, snout: float, rng: Rng) -> Strokes:
    """A face from the front: two ears, two eyes, a muzzle and a nose."""
    wide, light = rng.uniform(0.5, 0.65), shade(fur, rng.uniform(1.1, 1.5))
    ear = 2.2 * polygon(EARS[ears]) + (0.2, -0.2)
    eye = arc((0.24, -0.1), (0.1, rng.uniform(0.06, 0.12)))
    muzzle = arc((0, 0.25), (0.2 + snout / 2, 0.15 + snout / 2))
    paired = ((ear, shade(fur, 0.65)), (eye, DARK))
    pairs = [Stroke(side, tone) for part, tone in paired for side in (part, canvas.flip(part))]
    head = Stroke(arc((0, 0), (wide, 0.55)), fur)
    body = Stroke(arc((0, 0.95), (1.2 * wide, 0.6)), shade(fur, 0.9))
    return [body, *pairs[:2], head, Stroke(muzzle, light), *pairs[2:], Stroke(arc((0, 0.18), (0.1, 0.07)), DARK)]


SCENES: dict[str, tuple[tuple[Colour, ...], tuple[Colour, ...], Range]] = {
    "sky": (BLUES, BLUES, (0.3, 1.2)),
    "sea": (BLUES, WATERS, (-0.5, 0.4)),
    "grass": (BLUES + GREENS, GREENS, (-0.8, 0.2)),
    "road": (BLUES + GREENS + WALLS, GREYS, (-0.4, 0.5)),
    "room": (WALLS, WALLS + GREYS, (-0.2, 0.8)),
}
LEGS = (-0.45, -0.3, 0.35, 0.5)
EARS = {
    "pointed": ((0.02, -0.1), (0.08, -0.36), (0.2, -0.06)),
    "floppy": ((0.0, -0.12), (0.2, -0.1), (0.22, 0.22), (0.06, 0.18)),
    "small": ((0.06, -0.1), (0.16, -0.26), (0.2, -0.06)),
}
TAILS = {
    "short": polygon([(0.55, -0.05), (0.75, -0.2)]),
    "raised": polygon([(0.5, 0.0), (0.85, -0.2), (0.85, -0.6), (1.0, -0.75)]),
    "hanging": polygon([(0.55, -0.1), (0.78, 0.05), (0.82, 0.5)]),
}
CROWNS = {
    "none": [],
    "antlers": [
        (polygon([(0.05, -0.1), (0.0, -0.4), (-0.2, -0.6)]), 0.5),
        (polygon([(0.1, -0.1), (0.2, -0.45), (0.1, -0.7)]), 0.5),
        (polygon([(0.17, -0.4), (0.4, -0.55)]), 0.5),
    ],
    "mane": [(polygon([(0.0, -0.2), (0.25, -0.05), (0.45, 0.35)]), 0.4)],
}
CAT = Beast((0.25, 0.5), (0.2, 0.3), (0.1, 0.3), (0.0, 0.12), (90, 4, 6), (12, 70, 18), (100, 0, 0), faces=0.5)
DOG = Beast((0.3, 0.6), (0.18, 0.3), (0.15, 0.4), (0.08, 0.3), (16, 74, 10), (54, 32, 14), (100, 0, 0), faces=0.5)
DEER = Beast((0.5, 0.9), (0.17, 0.27), (0.35, 0.7), (0.1, 0.28), (50, 6, 44), (84, 4, 12), (22, 76, 2))
HORSE = Beast((0.5, 0.85), (0.22, 0.34), (0.3, 0.65), (0.16, 0.36), (25, 0, 75), (10, 6, 84), (12, 0, 88))
# Each class with how often (percent) each scene surrounds it: shared enough that no background decides a class.
CLASSES: tuple[tuple[Callable[[Rng], Strokes], tuple[int, ...]], ...] = (
    (_airplane, (64, 14, 4, 14, 4)),
    (_automobile, (2, 4, 18, 62, 14)),
    (_bird, (36, 14, 38, 2, 10)),
    (partial(_beast, CAT), (0, 0, 24, 10, 66)),
    (partial(_beast, DEER), (4, 4, 70, 8, 14)),
    (partial(_beast, DOG), (0, 2, 48, 16, 34)),
    (_frog, (0, 14, 50, 8, 28)),
    (partial(_beast, HORSE), (4, 2, 64, 16, 14)),
    (_ship, (16, 74, 2, 4, 4)),
    (_truck, (2, 2, 22, 60, 14)),
)
