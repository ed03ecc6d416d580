"""Random changes of training images, one batch at a time, on the device.

All images are float32 (N, C, H, W) in [0, 1], before normalisation; what moves in from outside is 0.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Generator, Tensor

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.image_files import channels_first
from lookalike.data.ground import EMPTY
from lookalike.errors import InputError
from lookalike.runtime import Part

BENDS = 4  # control points of a bend along each edge
NEAREST, FARTHEST = 0.3, 0.5  # how far the two of a pair lie from the middle, in half widths


@dataclass(frozen=True)
class Draws:
    """Random numbers for the images of a batch.

    Attributes:
        generator: on the images' device.
        part: which images of a batch these are, if several processes share it; None means all. The numbers of the whole
            batch are drawn then, so that an image has the same ones in any number of processes.
    """

    generator: Generator
    part: Part | None = None

    def own(self, draw: Callable[..., Tensor], count: int, *shape: int) -> Tensor:
        """Draws of the shape (count, *shape) for the `count` images that are here."""
        start, stop, total = self.part or (0, count, count)
        return draw((total, *shape), generator=self.generator, device=self.generator.device)[start:stop]

    def uniform(self, count: int, low: float, high: float) -> Tensor:
        """A number from [low, high) for each of `count` images."""
        return low + (high - low) * self.own(torch.rand, count)

    def bernoulli(self, count: int, share: float) -> Tensor:
        """A boolean for each of `count` images, true with probability `share`."""
        return self.own(torch.rand, count) < share

    def integers(self, count: int, below: int) -> Tensor:
        """An integer from 0 to `below` - 1 for each of `count` images: (count, 1)."""
        return self.own(partial(torch.randint, below), count, 1)

    def normal(self, count: int, *shape: int) -> Tensor:
        """Numbers from the standard normal distribution: (count, *shape)."""
        return self.own(torch.randn, count, *shape)


@dataclass(frozen=True)
class AffineJitter:
    """Where and how an image lies: turned by up to `turn` degrees either way, each edge scaled within `scale`, sheared
    and shifted by up to `shear` and `shift` (in half widths), its left and right (`mirror`) and its top and bottom
    (`vertical_flip`) swapped half of the time."""

    turn: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    shear: float = 0.0
    shift: float = 0.0
    mirror: bool = False
    vertical_flip: bool = False


@dataclass(frozen=True)
class ToneJitter:
    """How bright a garment is: raised to a power within `gamma`, times a factor within `gain`, blended with white by up
    to `lift`, with up to `noise` of noise; the ground stays 0."""

    gamma: tuple[float, float]
    gain: tuple[float, float]
    lift: float
    noise: float


@dataclass(frozen=True)
class ColourJitter:
    """How far an image's colours go, each by a factor from 1 - x to 1 + x: `brightness`; `contrast`, the distance from
    the image's mean grey; `saturation`, the distance from each pixel's grey. `hue` turns colours about the grey axis of
    the RGB cube by up to so many degrees either way."""

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0


@dataclass(frozen=True)
class PrincipalColourShift:
    """Shifts an image's colours along the principal components of all colours, as the light of a scene does.

    To every pixel is added sum_k a_k d_k u_k with a_k drawn from a normal distribution, once per image: Krizhevsky et
    al., "ImageNet classification with deep convolutional neural networks" (NIPS 2012), section 4.1. The paper takes the
    components' variances for d_k and does not say in which unit; here they are deviations, in units of [0, 1], so that
    `share` is a share of how far colours vary.

    Attributes:
        components: (3, 3), row k is d_k u_k.
        share: deviation of a_k; the paper's .1.
    """

    components: Tensor
    share: float


@dataclass(frozen=True)
class ShoePairs:
    """The share of the images with one of `labels` that is shown as a pair from above: two copies side by side, toes up
    or down, as shoes are photographed; a quarter of them a single one."""

    labels: tuple[int, ...]
    share: float


@dataclass(frozen=True)
class Augmentation:
    """Which changes are made, in this order; None leaves one out.

    `bend` is the deviation (in half widths) of the points of a smooth random displacement (elastic distortions: Simard
    et al., "Best practices for convolutional neural networks", ICDAR 2003, here with four by four control points).
    `crop` is the number of empty pixels around the image from which one of its old size is cut. `lighting` shifts
    colours along their principal components.
    """

    pairs: ShoePairs | None = None
    placing: AffineJitter | None = None
    bend: float | None = None
    crop: int | None = None
    colours: ColourJitter | None = None
    lighting: PrincipalColourShift | None = None
    tones: ToneJitter | None = None

    def apply(self, images: Tensor, labels: Tensor, generator: Generator, part: Part | None = None) -> Tensor:
        """Changed images in a memory of their own, from the draws of `generator`; see `Draws`."""
        draws = Draws(generator, part)
        if self.pairs is not None:
            images = show_pairs(images, labels, self.pairs, draws)
        if self.placing is not None or self.bend is not None:
            images = warp(images, self.placing, self.bend, draws)
        if self.crop is not None:
            images = random_crop(images, self.crop, draws)
        if self.colours is not None:
            images = jitter_colours(images, self.colours, draws)
        if self.lighting is not None:
            images = shift_lighting(images, self.lighting, draws)
        return images if self.tones is None else jitter_tones(images, self.tones, draws)


KINDS = {"placing": AffineJitter, "colours": ColourJitter, "tones": ToneJitter}


def from_settings(settings: Mapping[str, Any], dataset: Dataset) -> Augmentation:
    """The augmentation that `settings` describe as the parameter file does, without what is left out.

    `dataset` gives class names their labels, and its training images the colours' principal components.
    """
    parts = {name: KINDS[name](**part) if name in KINDS else part for name, part in settings.items()}
    if "pairs" in settings:
        labels = tuple(dataset.class_names.index(name) for name in settings["pairs"]["classes"])
        parts["pairs"] = ShoePairs(labels, settings["pairs"]["share"])
    if "lighting" in settings:
        seen = dataset.train_images[dataset.train_indices]
        parts["lighting"] = PrincipalColourShift(principal_components(seen), settings["lighting"])
    return Augmentation(**parts)


def principal_components(pixels: NDArray[np.uint8]) -> Tensor:
    """Those of the colours of images (N, H, W, 3), in units of [0, 1]: (3, 3), each row one times its deviation.

    Raises:
        InputError: images without colours.
    """
    if pixels.ndim != 4:
        raise InputError("augmentation.lighting needs images in red, green and blue, got grey ones")
    covariance = np.cov(pixels.reshape(-1, 3).T / 255)
    variances, directions = np.linalg.eigh(covariance)
    signs = np.sign(directions[np.abs(directions).argmax(0), range(3)])  # which eigh leaves open
    scaled = np.sqrt(np.clip(variances, 0, None)) * signs * directions
    return torch.from_numpy(np.ascontiguousarray(scaled.T)).float()


def affine_matrices(rows: list[list[Tensor]]) -> Tensor:
    """Matrices (N, 2, 3) from their entries (N,); they map positions in the new image to positions in the old one."""
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def warp(images: Tensor, placing: AffineJitter | None, bend: float | None, draws: Draws) -> Tensor:
    """Images after a random affine map, then a smooth random displacement."""
    count = len(images)
    matrices = torch.eye(2, 3, device=images.device).expand(count, 2, 3)
    if placing is not None:
        matrices = random_affine(count, placing, draws)
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    if bend is not None:
        points = draws.normal(count, 2, BENDS, BENDS) * bend
        field = F.interpolate(points, size=images.shape[2:], mode="bicubic", align_corners=False)
        grid = grid + field.permute(0, 2, 3, 1)  # (N, 2, H, W) -> (N, H, W, 2)
    return F.grid_sample(images, grid, align_corners=False)


def random_affine(count: int, placing: AffineJitter, draws: Draws) -> Tensor:
    """Random matrices (N, 2, 3), see `affine_matrices`."""
    angle = draws.uniform(count, -math.radians(placing.turn), math.radians(placing.turn))
    across, along = (draws.uniform(count, *placing.scale) for _ in range(2))
    side = torch.where(draws.bernoulli(count, 0.5 if placing.mirror else 0.0), -1.0, 1.0)
    shear = draws.uniform(count, -placing.shear, placing.shear)
    right, down = (draws.uniform(count, -placing.shift, placing.shift) for _ in range(2))
    rise = torch.where(draws.bernoulli(count, 0.5), -1.0, 1.0) if placing.vertical_flip else 1.0
    cosine, sine = angle.cos(), angle.sin()
    return affine_matrices(
        [
            [cosine * side / across, (shear - sine / along) * rise, right],
            [sine * side / across, cosine * rise / along, down],
        ]
    )


def random_crop(images: Tensor, padding: int, draws: Draws) -> Tensor:
    """Images of the old size cut at random out of images with `padding` empty pixels on each side."""
    count, _, height, width = images.shape
    padded = F.pad(images, (padding,) * 4)
    top, left = (draws.integers(count, 2 * padding + 1) for _ in range(2))
    rows = top + torch.arange(height, device=images.device)  # (N, H)
    columns = left + torch.arange(width, device=images.device)  # (N, W)
    each = torch.arange(count, device=images.device)[:, None, None]
    cut = padded.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]]  # (N, H, W, C)
    return cut.permute(0, 3, 1, 2)


def jitter_colours(images: Tensor, colours: ColourJitter, draws: Draws) -> Tensor:
    """RGB images (N, 3, H, W) with other colours, one draw of each quantity per image.

    Raises:
        InputError: images without colours.
    """
    if images.shape[1] != 3:
        raise InputError(f"augmentation.colours needs images in red, green and blue, got {images.shape[1]} channel(s)")
    count = len(images)
    brightness, contrast, saturation = (
        draws.uniform(count, 1 - reach, 1 + reach)[:, None, None, None]
        for reach in (colours.brightness, colours.contrast, colours.saturation)
    )
    turn = draws.uniform(count, -math.radians(colours.hue), math.radians(colours.hue))
    images = (images * brightness).clamp(0, 1)
    images = blend(images, luma(images).mean((2, 3), keepdim=True), contrast)
    images = blend(images, luma(images), saturation)
    return torch.einsum("nij,njhw->nihw", hue_rotation(turn), images).clamp(0, 1)


def shift_lighting(images: Tensor, lighting: PrincipalColourShift, draws: Draws) -> Tensor:
    """RGB images (N, 3, H, W), the colours of each shifted along the principal components."""
    amounts = lighting.share * draws.normal(len(images), 3)
    shifts = amounts @ lighting.components.to(images.device)
    return (images + shifts[:, :, None, None]).clamp(0, 1)


def luma(images: Tensor) -> Tensor:
    """Luma as of ITU-R BT.601: (N, 3, H, W) -> (N, 1, H, W)."""
    weights = torch.tensor([0.299, 0.587, 0.114], device=images.device).view(3, 1, 1)
    return (images * weights).sum(1, keepdim=True)


def blend(images: Tensor, centre: Tensor, factor: Tensor) -> Tensor:
    """Images whose distance from `centre` is multiplied."""
    return (centre + factor * (images - centre)).clamp(0, 1)


def hue_rotation(angle: Tensor) -> Tensor:
    """Rotations (N, 3, 3) by `angle` (N,) about the axis (1, 1, 1): Rodrigues' formula."""
    third, cosine, sine = 1 / 3, angle.cos(), angle.sin() / math.sqrt(3)
    along, behind, before = (1 + 2 * cosine) * third, (1 - cosine) * third - sine, (1 - cosine) * third + sine
    return affine_matrices([[along, behind, before], [before, along, behind], [behind, before, along]])


def show_pairs(images: Tensor, labels: Tensor, pairs: ShoePairs, draws: Draws) -> Tensor:
    """Images of which some are replaced by a pair of themselves."""
    count = len(images)
    mine = torch.isin(labels, torch.tensor(pairs.labels, device=labels.device))
    chosen = (mine & draws.bernoulli(count, pairs.share))[:, None, None, None]
    alone = draws.bernoulli(count, 0.25)[:, None, None, None]
    left, right, middle = (turn_from_above(images, side, draws) for side in (-1.0, 1.0, 0.0))
    return torch.where(chosen, torch.where(alone, middle, torch.maximum(left, right)), images)


def turn_from_above(images: Tensor, side: float, draws: Draws) -> Tensor:
    """Each image turned so that it points up or down, give or take half a radian, and moved to the left or right."""
    count = len(images)
    upwards = torch.where(draws.bernoulli(count, 0.5), 1.0, -1.0)
    angle = upwards * math.pi / 2 + draws.uniform(count, -0.5, 0.5)
    across, along = (draws.uniform(count, 0.8, 1.05) for _ in range(2))
    away = side * draws.uniform(count, NEAREST, FARTHEST)
    cosine, sine = angle.cos(), angle.sin()
    matrices = affine_matrices(
        [
            [cosine / across, -sine / across, -cosine * away / across],
            [sine / along, cosine / along, -sine * away / along],
        ]
    )
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def jitter_tones(images: Tensor, tones: ToneJitter, draws: Draws) -> Tensor:
    """Images with other tones, one draw of each quantity per image."""
    count = len(images)
    gamma, gain, lift, noise = (
        draws.uniform(count, low, high)[:, None, None, None]
        for low, high in (tones.gamma, tones.gain, (0.0, tones.lift), (0.0, tones.noise))
    )
    garment = images > EMPTY
    bright = images.clamp(min=1e-4) ** gamma * gain * (1 - lift) + lift
    grain = noise * draws.normal(*images.shape)
    return torch.where(garment, (bright + grain).clamp(0, 1), images)


def example_draws(
    augmentation: Augmentation, pixels: NDArray[np.uint8], labels: NDArray[np.integer], draws: int
) -> NDArray[np.uint8]:
    """Images (N, H, W[, 3]) with labels (N,), augmented `draws` times: (draws, N, H, W[, 3])."""
    images = torch.from_numpy(channels_first(pixels) / 255).float()
    classes = torch.from_numpy(labels.astype(np.int64))
    draw = Generator().manual_seed(13)
    changed = torch.stack([augmentation.apply(images, classes, draw) for _ in range(draws)])
    seen = (changed.permute(0, 1, 3, 4, 2).numpy() * 255).round().astype(np.uint8)
    return seen if pixels.ndim == 4 else seen[..., 0]
