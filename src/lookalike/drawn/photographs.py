"""Drawn photographs of garments: the embedded replacement of real photos of clothes on a floor or a wall.

The garments are those of `garments`, drawn large and in colour. A plain ground is a wall or a sheet, a textured one is
wood, carpet or a checked blanket, and a cluttered one has other things lying at its corners, too.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from lookalike.drawn import canvas
from lookalike.drawn.canvas import (
    FRAME,
    Array,
    Colour,
    Palette,
    Pose,
    Range,
    Rng,
    Stroke,
    Strokes,
    arc,
    polygon,
    tint,
)
from lookalike.drawn.garments import CLASSES, CLOTH, DARK, LIGHT

# Pictures are drawn on a square of LONG pixels, or of as many as are asked for; a view of LONG x SHORT of it is kept.
LONG, SHORT = 320, 240
PAIRED = (5, 7, 9)  # of these labels, sandal, sneaker and ankle boot, half are drawn as pairs
BACKGROUNDS = ("plain", "textured", "cluttered")
# The least distance in RGB between the colours of a garment and of its ground: hard to see below it.
CONTRAST = 55.0

WALLS: Palette = ((225, 220, 210), (190, 190, 190), (150, 165, 180), (200, 180, 160), (90, 95, 105), (165, 180, 160))
WOODS: Palette = ((180, 135, 90), (130, 90, 60), (205, 175, 135), (95, 70, 55), (160, 150, 140))
WOOLS: Palette = ((150, 140, 130), (90, 95, 110), (170, 90, 80), (200, 190, 165), (90, 120, 100), (70, 65, 70))
DYES: Palette = (
    *((45, 45, 50), (235, 235, 230), (130, 130, 135), (40, 55, 95), (70, 110, 170), (150, 190, 215), (170, 40, 45)),
    *((215, 130, 150), (215, 170, 60), (60, 110, 75), (120, 125, 80), (110, 75, 50), (195, 165, 125), (110, 70, 130)),
)
SKINS: Palette = ((225, 180, 150), (180, 130, 95), (110, 75, 55))

Drawer = Callable[[Rng], Strokes]
Image8 = NDArray[np.uint8]
Layer = NDArray[np.float32]


@dataclass(frozen=True)
class Snapshot:
    """One picture (height, width, 3), its label, and which of its pixels (height, width) show the garment.

    The background is plain, textured or cluttered; the items are a single garment or a pair of shoes.
    """

    image: Image8
    label: int
    background: str
    items: str
    mask: NDArray[np.bool_]


def draw_snapshots(
    count: int,
    seed: int,
    *,
    classes: Sequence[Drawer] = CLASSES,
    paired: Collection[int] = PAIRED,
    size: int = LONG,
) -> list[Snapshot]:
    """Draw pictures of 320x240 or 240x320 pixels; picture k depends on the seed and on k, never on the count.

    With another `size` the longer side has so many pixels. Each run of as many as there are `classes` holds each of
    them once, and the backgrounds take turns. Of the labels `paired`, which are shoes, half are drawn as pairs.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    shuffle, *children = np.random.SeedSequence(seed).spawn(1 + count)
    order = np.random.default_rng(shuffle)
    labels = np.concatenate([order.permutation(len(classes)) for _ in range(-(-count // len(classes)))])
    snapshots = []
    for k, child in enumerate(children):
        label, background = int(labels[k]), BACKGROUNDS[k % len(BACKGROUNDS)]
        rng = np.random.default_rng(child)
        image, pair, mask = _snapshot(classes[label], label in paired, background, size, rng)
        snapshots.append(Snapshot(image, label, background, "pair" if pair else "single", mask))
    return snapshots


def _snapshot(
    draw: Drawer, pairs: bool, background: str, size: int, rng: Rng
) -> tuple[Image8, bool, NDArray[np.bool_]]:
    """The ground, things in its corners if it is cluttered, and the garment; then light, noise and the crop.

    Returns picture, whether it shows a pair, and mask.
    """
    margin = size * (LONG - SHORT) // LONG // 2
    view = (slice(None), slice(margin, -margin)) if rng.random() < 0.6 else (slice(margin, -margin), slice(None))
    ground = _wall if background == "plain" else TEXTURES[rng.integers(len(TEXTURES))]
    scene = ground(rng, size)[view]
    dye = _visible_dye(scene.mean(axis=(0, 1)), rng)
    if background == "cluttered":
        corner = np.array([scene.shape[1], scene.shape[0]]) / size
        scene = _laid(scene, _layer(_clutter(corner, rng), FRAME, size)[view], rng)
    pair = pairs and rng.random() < 0.5
    layer = _layer(*_garment(draw(rng), pair, dye, rng), size)[view]
    photo = _exposed(_laid(scene, layer, rng, cloth=_cloth(rng, size)[view]), rng)
    return np.clip(photo, 0, 255).astype(np.uint8), pair, layer[..., 3] > 127


def _garment(strokes: Strokes, pair: bool, dye: Colour, rng: Rng) -> tuple[Strokes, Pose]:
    """One garment, or two of the same shoe, and the pose that puts it near the middle of the view."""
    if pair:
        strokes = _beside(strokes, rng)
    matrix = canvas.jittered_matrix(rng, turn=15.0, shear=0.05, scale=(0.9, 1.0))
    fill = rng.uniform(0.65, 0.9) * SHORT / LONG
    pose = canvas.fit_pose(strokes, matrix, fill, shift=rng.uniform(-0.06, 0.06, size=2))
    bright = (240, 238, 232) if rng.random() < 0.5 else canvas.shade(dye, LIGHT / CLOTH)
    scale = math.sqrt(abs(np.linalg.det(pose.matrix)))
    return [_dyed(stroke, dye, bright, scale) for stroke in strokes], pose


def _beside(strokes: Strokes, rng: Rng) -> Strokes:
    """A second shoe behind the first one, so that little of it is hidden."""
    heights = np.concatenate([stroke.points for stroke in strokes])[:, 1]
    away = (rng.uniform(-0.3, 0.3), -rng.uniform(0.75, 1.05) * np.ptp(heights))
    return [*(replace(stroke, points=stroke.points + away) for stroke in strokes), *strokes]


def _dyed(stroke: Stroke, dye: Colour, bright: Colour, scale: float) -> Stroke:
    """A stroke in a shade of the dye, its line as thin as the scale makes all else.

    Bright parts, such as prints, laces and many soles, have a colour of their own; a gap shows the dark inside.
    """
    assert isinstance(stroke.tone, int)  # garments are drawn in grey
    colour = bright if stroke.tone == LIGHT else canvas.shade(dye, max(stroke.tone, DARK / 2) / CLOTH)
    return replace(stroke, tone=colour, width=stroke.width * scale)


def _visible_dye(ground: Array, rng: Rng) -> Colour:
    """A colour that stands out, if only a little, from the mean colour (3,) of the ground."""
    dye = tint(rng, DYES)
    while np.linalg.norm(ground - dye) < CONTRAST:
        dye = tint(rng, DYES)
    return dye


def _shaded(rng: Rng, palette: Palette) -> Colour:
    """A colour of the palette, a little darker or brighter, its hue kept: floors and skin have few hues."""
    return canvas.shade(palette[rng.integers(len(palette))], rng.uniform(0.85, 1.15))


def _cloth(rng: Rng, size: int) -> Array:
    """Folds and, on one garment in four, stripes or checks: factors about 1, (size, size)."""
    folds = canvas.lighting(rng, size, strength=0.12)
    kind, angle = rng.random(), rng.uniform(-0.2, 0.2)
    if kind < 0.15:
        return folds * _stripes(rng, size, angle + rng.choice([0.0, math.pi / 2]), (12.0, 40.0))
    if kind < 0.25:
        return folds * _checks(rng, size, angle, (15.0, 40.0))
    return folds


def _layer(strokes: Sequence[Stroke], pose: Pose, size: int) -> Layer:
    """The strokes on black, (size, size, 4): red, green, blue, and how far each pixel is covered, all in 0..255."""
    picture = canvas.blank(size, "RGBX")  # RGBA would do, but is reduced at a third of the speed
    canvas.paint(picture, strokes, pose)
    return canvas.downsample(picture)


def _laid(scene: Array, layer: Layer, rng: Rng, cloth: Array | float = 1.0) -> Array:
    """The scene (H, W, 3) with a layer (H, W, 4) over it, which throws a soft shadow; its cloth is made of factors."""
    cover, scale = layer[..., 3:] / 255, max(layer.shape) / LONG
    blur = ImageFilter.GaussianBlur(scale * rng.uniform(2.0, 6.0))
    blurred = Image.fromarray(layer[..., 3].astype(np.uint8)).filter(blur)
    right, down = scale * rng.uniform(-6, 6, size=2)
    moved = blurred.transform(blurred.size, Image.Transform.AFFINE, (1, 0, -right, 0, 1, -down))
    shadow = np.asarray(moved)[..., None] * (rng.uniform(0.2, 0.5) / 255)
    return scene * ((1.0 - cover) * (1.0 - shadow)) + layer[..., :3] * np.asarray(cloth)[..., None]


def _exposed(scene: Array, rng: Rng) -> Array:
    """The scene under light that falls off to one side, in the tint and with the noise of a camera."""
    across, down = np.linspace(-1, 1, scene.shape[1]), np.linspace(-1, 1, scene.shape[0])[:, None]
    slope = rng.uniform(-0.13, 0.13, size=2)
    light = 1.0 + slope[0] * across + slope[1] * down
    noise = rng.standard_normal(scene.shape, dtype=np.float32) * rng.uniform(1.5, 6.0)
    return np.asarray(scene * (light[..., None] * rng.uniform(0.94, 1.06, size=3)) + noise)


# Grounds, each in RGB (size, size, 3).


def _wall(rng: Rng, size: int) -> Array:
    return canvas.lighting(rng, size, strength=0.07)[..., None] * _shaded(rng, WALLS)


def _planks(rng: Rng, size: int) -> Array:
    """Boards of a floor: each of its own brightness, with a grain, gaps between them, and ends."""
    angle = rng.uniform(-0.2, 0.2) + rng.choice([0.0, math.pi / 2])
    width, length = rng.uniform((0.25, 1.2), (0.5, 2.5))
    u, v = canvas.along(size, angle), canvas.along(size, angle + math.pi / 2)
    board = np.floor(v / width).astype(int)
    grain = np.floor(90.0 * (v + 0.02 * np.sin(4.0 * u + 3.0 * board))).astype(int)
    gap = (v % width < 0.014) | ((u + rng.uniform(0, length, size=32)[board]) % length < 0.014)
    field = rng.uniform(0.86, 1.1, size=32)[board] * rng.uniform(0.9, 1.04, size=400)[grain] * np.where(gap, 0.6, 1.0)
    return field[..., None] * _shaded(rng, WOODS)


def _carpet(rng: Rng, size: int) -> Array:
    """A coarse weave of tufts."""
    angle, tuft = rng.uniform(-0.4, 0.4), math.pi * LONG / rng.uniform(7.0, 14.0)
    weave = np.sin(tuft * canvas.along(size, angle)) * np.sin(tuft * canvas.along(size, angle + math.pi / 2))
    field = (1.0 + rng.uniform(0.05, 0.16) * weave) * canvas.speckle(rng, size, max(1, 2 * size // LONG))
    return field[..., None] * _shaded(rng, WOOLS)


def _blanket(rng: Rng, size: int) -> Array:
    return _checks(rng, size, rng.uniform(-0.6, 0.6), (40.0, 90.0))[..., None] * _shaded(rng, WOOLS + WALLS)


def _checks(rng: Rng, size: int, angle: float, periods: Range) -> Array:
    """Stripes across stripes: factors up to 1, (size, size)."""
    return _stripes(rng, size, angle, periods) * _stripes(rng, size, angle + math.pi / 2, periods)


def _stripes(rng: Rng, size: int, angle: float, periods: Range) -> Array:
    """Stripes whose periods are given in pixels of a canvas of LONG: factors up to 1, (size, size)."""
    narrowest, widest = (period * size / LONG for period in periods)
    return canvas.waves(rng, size, angle, (narrowest, widest))


# Clutter, each thing about its own middle.


def _clutter(corner: Array, rng: Rng) -> Strokes:
    """Two or three things, each near another corner of the view, top inwards; `corner` (2,) is the lower right one."""
    corners = rng.permutation([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * corner
    strokes = []
    for at in corners[: rng.integers(2, 4)]:
        inwards = np.diag([1.0, np.sign(at[1])])
        matrix = canvas.jittered_matrix(rng, turn=50.0, shear=0.0, scale=(0.9, 1.3)) @ inwards
        pose = Pose(matrix, np.zeros(2), at * rng.uniform(0.85, 1.0, size=2))
        thing = THINGS[rng.integers(len(THINGS))](rng)
        strokes += [replace(stroke, points=pose.place(stroke.points)) for stroke in thing]
    return strokes


def _book(rng: Rng) -> Strokes:
    dye, cover = tint(rng, DYES), polygon([(-0.2, -0.28), (0.2, -0.28), (0.2, 0.28), (-0.2, 0.28)])
    title = Stroke(polygon([(-0.12, -0.1), (0.12, -0.1)]), canvas.shade(dye, 1.6), 0.06)
    return [Stroke(cover + 0.02, (235, 230, 215)), Stroke(cover, dye), title]


def _cable(rng: Rng) -> Strokes:
    x = np.linspace(-0.7, 0.7, 30)
    bend = rng.uniform(0.05, 0.15) * np.sin(x * rng.uniform(3.0, 8.0))
    return [Stroke(np.stack([x, bend], axis=1), tint(rng, DYES), rng.uniform(0.02, 0.05))]


def _foot(rng: Rng) -> Strokes:
    skin = _shaded(rng, SKINS)
    sole = polygon([(-0.1, -0.25), (0.1, -0.27), (0.14, 0.0), (0.08, 0.7), (-0.08, 0.7), (-0.1, 0.0)], 2)
    toes = [Stroke(arc((x, -0.22 - abs(x) / 4), (0.035, 0.05)), skin) for x in np.linspace(-0.09, 0.1, 5)]
    return [*toes, Stroke(sole, skin)]


TEXTURES: tuple[Callable[[Rng, int], Array], ...] = (_planks, _carpet, _blanket)
THINGS: tuple[Callable[[Rng], Strokes], ...] = (_book, _cable, _foot)
