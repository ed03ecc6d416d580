"""Strokes, poses, painting, light and patterns: what all drawn data sets share.

A picture is a list of strokes in a unit frame: x and y run over -1..1, y points down. A pose places the strokes in the
frame, `paint` draws them large, `downsample` reduces them, and fields (one factor per pixel) add light and patterns.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

SUPERSAMPLING = 4

Array = NDArray[np.float64]
Rng = np.random.Generator
Range = tuple[float, float]
Colour = tuple[int, int, int]
Palette = tuple[Colour, ...]
Drawer = Callable[[int, Rng], NDArray[np.uint8]]


@dataclass(frozen=True)
class Stroke:
    """A polygon filled with one tone, or, where it has a width (in frame units), an open line."""

    points: Array
    tone: int | Colour
    width: float = 0.0


Strokes = list[Stroke]


@dataclass(frozen=True)
class Pose:
    """An affine placement: `matrix` (2, 2) turns, shears and scales about `pivot` (2,), then `shift` (2,) moves."""

    matrix: Array
    pivot: Array
    shift: Array

    def place(self, points: Array) -> Array:
        """Map points (n, 2) into the frame."""
        placed: Array = (points - self.pivot) @ self.matrix.T + self.shift
        return placed


FRAME = Pose(np.eye(2), np.zeros(2), np.zeros(2))


def draw_set(draw: Drawer, classes: int, count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw `count` images and their labels; image k depends on the seed and on k, never on the count.

    Every run of `classes` images holds each class once, so that any prefix of the set is balanced.
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    order = np.random.default_rng(seed)
    blocks = [order.permutation(classes) for _ in range(-(-count // classes))]
    labels = np.concatenate(blocks)[:count].astype(np.uint8)
    seeds = np.random.SeedSequence(seed).spawn(count)
    images = [draw(int(label), np.random.default_rng(child)) for label, child in zip(labels, seeds, strict=True)]
    return np.stack(images), labels


def pick(rng: Rng, names: Iterable[str], weights: Sequence[int]) -> str:
    """One of the names, drawn by its weight in percent (`Generator.choice` is ten times slower)."""
    left = 100.0 * rng.random()
    for name, weight in zip(names, weights, strict=True):
        left -= weight
        if left < 0:
            return name
    raise ValueError(f"weights must add up to 100, not {sum(weights)}")


def tint(rng: Rng, palette: Palette) -> Colour:
    """A colour near one of the palette."""
    red, green, blue = np.clip(palette[rng.integers(len(palette))] + rng.integers(-28, 29, size=3), 0, 255).tolist()
    return red, green, blue


def shade(colour: Colour, factor: float) -> Colour:
    """The same colour, darker (factor below 1) or lighter."""
    red, green, blue = (min(255, int(channel * factor)) for channel in colour)
    return red, green, blue


def polygon(points: ArrayLike, rounds: int = 0) -> Array:
    """Corners as an array (n, 2), their corners cut `rounds` times (Chaikin), which rounds the outline."""
    corners = np.asarray(points, dtype=np.float64)
    for _ in range(rounds):
        following = np.roll(corners, -1, axis=0)
        pairs = np.stack([0.75 * corners + 0.25 * following, 0.25 * corners + 0.75 * following], axis=1)
        corners = pairs.reshape(-1, 2)
    return corners


def arc(centre: tuple[float, float], radii: tuple[float, float], start: float = 0.0, stop: float = 360.0) -> Array:
    """Points along an ellipse from angle `start` to `stop` (degrees, clockwise from the right); whole by default."""
    angles = np.radians(np.linspace(start, stop, 20))
    return np.stack([centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)], axis=1)


def flip(points: Array) -> Array:
    """The same points on the other side of the vertical axis, in reverse order, so that outlines join up."""
    return np.asarray(points[::-1] * (-1.0, 1.0))


def jittered_matrix(rng: Rng, turn: float, shear: float, scale: tuple[float, float]) -> Array:
    """A (2, 2) matrix: a turn up to +-`turn` degrees, a shear up to +-`shear`, and a scale for each axis."""
    angle = math.radians(rng.uniform(-turn, turn))
    cosine, sine = math.cos(angle), math.sin(angle)
    skew = np.array([[1.0, rng.uniform(-shear, shear)], [0.0, 1.0]])
    return np.asarray(np.array([[cosine, -sine], [sine, cosine]]) @ skew @ np.diag(rng.uniform(*scale, size=2)))


def fit_pose(strokes: Sequence[Stroke], matrix: Array, fill: float, shift: Array) -> Pose:
    """The pose whose longest edge takes up the share `fill` of the frame, centred and then moved by `shift`."""
    placed = np.concatenate([stroke.points for stroke in strokes]) @ matrix.T
    low, high = placed.min(axis=0), placed.max(axis=0)
    pivot = np.linalg.solve(matrix, (low + high) / 2)
    return Pose(matrix * (2.0 * fill / (high - low).max()), pivot, shift)


def blank(size: int, mode: str = "L") -> Image.Image:
    """A black canvas, large enough to be reduced to `size` pixels on each side."""
    return Image.new(mode, (size * SUPERSAMPLING,) * 2)


def paint(image: Image.Image, strokes: Sequence[Stroke], pose: Pose) -> None:
    """Draw the strokes, in their order, over what the image shows already."""
    draw = ImageDraw.Draw(image)
    half = image.width / 2
    for stroke in strokes:
        flat = ((pose.place(stroke.points) + 1.0) * half).ravel().tolist()
        if stroke.width:
            draw.line(flat, fill=stroke.tone, width=max(1, round(stroke.width * half)), joint="curve")
        else:
            draw.polygon(flat, fill=stroke.tone)


def downsample(image: Image.Image) -> NDArray[np.float32]:
    """The image at its final size, antialiased, in 0..255."""
    return np.asarray(image.reduce(SUPERSAMPLING), dtype=np.float32)


@lru_cache
def pixel_centres(size: int) -> tuple[Array, Array]:
    """The x and y of every pixel's centre, each (size, size)."""
    axis = (np.arange(size) + 0.5) * 2.0 / size - 1.0
    x, y = np.meshgrid(axis, axis)
    return x, y


def along(size: int, angle: float) -> Array:
    """How far every pixel lies along a direction (radians from the right), (size, size)."""
    x, y = pixel_centres(size)
    return x * math.cos(angle) + y * math.sin(angle)


def lighting(rng: Rng, size: int, strength: float) -> Array:
    """Light falling off across the frame, soft folds and one sharp crease: factors about 1, (size, size)."""
    falloff = along(size, rng.uniform(0, 2 * math.pi))
    folds = np.sin(along(size, rng.uniform(-0.6, 0.6)) * rng.uniform(3.0, 9.0) + rng.uniform(0, 2 * math.pi))
    crease = along(size, rng.uniform(0, 2 * math.pi)) - rng.uniform(-0.6, 0.6)
    depth = strength * rng.uniform(0.0, 1.0, size=3)
    field: Array = 1.0 + depth[0] * falloff + 0.5 * depth[1] * folds - depth[2] * np.exp(-((crease / 0.1) ** 2))
    return field


def waves(rng: Rng, size: int, angle: float, periods: tuple[float, float]) -> Array:
    """Parallel stripes of random depth and period (the range in pixels) across a direction: factors up to 1."""
    phase = along(size, angle) * math.pi * size / rng.uniform(*periods)
    stripes: Array = 1.0 - rng.uniform(0.1, 0.45) * (0.5 + 0.5 * np.tanh(3.0 * np.sin(phase + rng.uniform(0, 6.0))))
    return stripes


def speckle(rng: Rng, size: int, block: int) -> Array:
    """A random print of square blocks: factors about 1, (size, size)."""
    cells = -(-size // block)
    blots = rng.uniform(-1.0, 1.0, size=(cells, cells)).repeat(block, axis=0).repeat(block, axis=1)
    return np.asarray(1.0 + rng.uniform(0.05, 0.35) * blots[:size, :size])
