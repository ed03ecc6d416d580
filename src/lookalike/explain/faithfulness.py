"""Faithfulness of maps: deletion and insertion of pixels.

Petsiuk et al., "RISE: Randomized Input Sampling for Explanation of Black-box Models" (BMVC 2018): pixels are deleted or
inserted in the order of their importance in the map. With a faithful map the probability falls early in deletion and
rises early in insertion.

Two controls ignore the model: random maps (chance), and a centred Gaussian (objects lie in the middle). The areas of a
random map depend on its grid, because scattered pixels affect a model otherwise than patches do. The difference of the
two areas does not: the reverse of a random order is as likely as the order itself, so the difference is zero on average
for any grid. It can therefore be compared between methods with different grids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.evaluation.inference import folded
from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample
from lookalike.runtime import generator, images_per_pass

BATCH = 500  # images in one forward pass, at most
TRUNCATE = 4  # deviations at which the Gaussian ends
RANDOM_GRID = 7  # cells in a row of a random map, as in RISE's masks
CONTROLS = ("random", "centre")


@dataclass(frozen=True)
class PerturbationTest:
    """A model and the images, in its input space, on which deletion and insertion test its maps.

    Attributes:
        model: in evaluation mode.
        images: (N, C, H, W).
        labels: (N,), the class whose probability is measured.
        steps: S, the number of equal steps from the first to the last pixel.
    """

    model: nn.Module
    images: Tensor
    labels: Tensor
    steps: int = 10

    @property
    def size(self) -> tuple[int, int]:
        return self.images.shape[2], self.images.shape[3]

    @property
    def batch(self) -> int:
        return images_per_pass(*self.size, BATCH)

    @cached_property
    def network(self) -> nn.Module:
        """The model, made faster for inference."""
        return folded(self.model)

    @cached_property
    def states(self) -> dict[str, Tensor]:
        """The images ("image") and their `baselines`, each (N, C, H, W)."""
        return {"image": self.images, **baselines(self.images)}

    @cached_property
    def ends(self) -> dict[str, Tensor]:
        """The probability of the labels for each of the `states`: (N,), where the curves of all maps start or end."""
        batches = torch.arange(len(self.labels), device=self.images.device).split(self.batch)
        return {
            name: torch.cat([probability(self.network, images[some], self.labels[some]) for some in batches])
            for name, images in self.states.items()
        }


@dataclass(frozen=True)
class Curves:
    """Probability of each image's label when fractions 0, 1/S, ..., 1 of its pixels are changed, each (N, S+1).

    Attributes:
        deletion: the baseline's pixels replace the image's.
        insertion: the image's pixels replace the baseline's.
    """

    deletion: Tensor
    insertion: Tensor

    @property
    def gain(self) -> Tensor:
        """Area under the insertion curve minus that under the deletion curve: (N,)."""
        return area(self.insertion) - area(self.deletion)


@dataclass(frozen=True)
class BaselineScore:
    """The scores of a method's maps with one baseline, mean over images.

    Attributes:
        deletion: area under the deletion curve; lower is more faithful.
        insertion: area under the insertion curve; higher is more faithful.
        gain: insertion minus deletion, -1 to 1.
        deletion_curve, insertion_curve: mean probability at each fraction, S+1 of them.
    """

    deletion: Estimate
    insertion: Estimate
    gain: Estimate
    deletion_curve: list[float]
    insertion_curve: list[float]


@dataclass(frozen=True)
class MethodScore:
    """The scores of a method's maps.

    Attributes:
        gain: insertion minus deletion, mean over baselines and images: -1 to 1, higher is more faithful.
        over_random, over_centre: `gain` minus that of each control on the same images; None for the controls.
        blank: share of images whose map is blank, see `is_blank`; their pixels have a random order.
        baselines: the scores by baseline.
    """

    gain: Estimate
    over_random: Estimate | None
    over_centre: Estimate | None
    blank: float
    baselines: dict[str, BaselineScore]


@dataclass(frozen=True)
class Faithfulness:
    """All methods on the same `images` images, with the controls; `dataclasses.asdict` makes it JSON-able."""

    images: int
    fractions: list[float]
    methods: dict[str, MethodScore]


def is_blank(maps: Tensor) -> Tensor:
    """Whether each map (N, h, w) is constant up to rounding or not finite: (N,)."""
    values = maps.flatten(1)
    flat = values.amax(1) - values.amin(1) <= 1e-6 * values.abs().amax(1)
    return flat | ~values.isfinite().all(1)


def baselines(images: Tensor) -> dict[str, Tensor]:
    """The baselines of images (N, C, H, W), which replace deleted pixels: "zero" of the input space, and "blur".

    The blur is Gaussian, with a standard deviation of an eighth of the side; images are mirrored at their edges.
    """
    return {"zero": torch.zeros_like(images), "blur": blur(blur(images).mT).mT}


def blur(images: Tensor) -> Tensor:
    """Blur the columns of images (N, C, H, W) by a Gaussian of deviation H/8."""
    n, channels, height, width = images.shape
    radius = int(TRUNCATE * height / 8 + 0.5)
    offsets = torch.arange(-radius, radius + 1, device=images.device, dtype=images.dtype)
    kernel = torch.exp(-0.5 * (offsets / (height / 8)) ** 2)
    padded = F.pad(images.reshape(n * channels, 1, height, width), (0, 0, radius, radius), mode="reflect")
    return F.conv2d(padded, (kernel / kernel.sum()).view(1, 1, -1, 1)).reshape(images.shape)


def random_maps(count: int, grid: int, seed: int) -> Tensor:
    """Maps (count, grid, grid) of independent uniform values, drawn from `seed`."""
    return torch.rand(count, grid, grid, generator=generator(seed, "random maps"))


def centre_map(size: tuple[int, int]) -> Tensor:
    """A Gaussian (H, W) in the middle of an image, with standard deviations of a quarter of its sides."""
    down, across = (torch.exp(-0.5 * ((torch.arange(n) - (n - 1) / 2) / (n / 4)) ** 2) for n in size)
    return torch.outer(down, across)


def importance_order(maps: Tensor, size: tuple[int, int], seed: int) -> Tensor:
    """Pixel numbers (N, H*W) by importance, highest first, of maps (N, h, w) enlarged bilinearly to H x W.

    Equal values have an order drawn from `seed`, so that the pixels of a blank map have a random order.
    """
    informative = torch.where(is_blank(maps)[:, None, None], 0, maps)
    # in double precision, or rounding would order values that the enlargement keeps equal
    enlarged = F.interpolate(informative[:, None].double(), size=size, mode="bilinear", align_corners=False)
    values = enlarged.float().flatten(1)
    shuffled = torch.rand(values.shape, generator=generator(seed, "ties")).argsort(dim=1).to(maps.device)
    by_value = values.gather(1, shuffled).argsort(dim=1, descending=True, stable=True)
    return shuffled.gather(1, by_value)


def perturbation_curves(test: PerturbationTest, maps: Tensor, seed: int) -> dict[str, Curves]:
    """The curves by baseline, on the CPU, of maps (N, h, w), one per image; `seed` as in `importance_order`."""
    ranks = importance_order(maps.to(test.images.device), test.size, seed).argsort(dim=1)
    names = [name for name in test.states if name != "image"]
    paths = {
        name: (probability_path(test, ranks, "image", name), probability_path(test, ranks, name, "image"))
        for name in names
    }
    return {name: Curves(deletion.cpu(), insertion.cpu()) for name, (deletion, insertion) in paths.items()}


@torch.inference_mode()
def probability_path(test: PerturbationTest, ranks: Tensor, start: str, end: str) -> Tensor:
    """The probabilities (N, S+1) from one of the test's states to another, pixel ranks (N, H*W) 0 changing first."""
    count, pixels = ranks.shape
    before, after = test.states[start], test.states[end]
    inner = []
    for pairs in torch.arange((test.steps - 1) * count, device=ranks.device).split(test.batch):
        step, image = pairs // count + 1, pairs % count
        changed = ranks[image] * test.steps < step[:, None] * pixels
        mixed = torch.where(changed.view(-1, 1, *before.shape[2:]), after[image], before[image])
        inner.append(probability(test.network, mixed, test.labels[image]))
    return torch.cat([test.ends[start], *inner, test.ends[end]]).view(-1, count).T


@torch.inference_mode()
def probability(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The probability (N,) that `model` gives to `labels` (N,)."""
    return model(images).softmax(1).gather(1, labels[:, None])[:, 0]


def area(curve: Tensor) -> Tensor:
    """The area (N,) under curves (N, S+1) over fractions from 0 to 1, by the trapezoid rule."""
    return torch.trapezoid(curve, dx=1 / (curve.shape[1] - 1))


def gains(curves: dict[str, Curves]) -> Tensor:
    """The gain of each image's map (N,), mean over baselines."""
    return torch.stack([one.gain for one in curves.values()]).mean(0)


def faithfulness_scores(test: PerturbationTest, maps: Mapping[str, Tensor], seed: int) -> Faithfulness:
    """The faithfulness of each method's maps (N, h, w) and of the controls "random" (one map per image) and "centre".

    Besides the end points, each method costs 4 (S - 1) forward passes per image. `seed` draws the random maps and the
    order of equal values. All figures share one bootstrap over the images, so that differences are paired.
    """
    count = len(test.labels)
    controls = {
        "random": random_maps(count, RANDOM_GRID, seed),
        "centre": centre_map(test.size).expand(count, -1, -1),
    }
    weights, all_maps = resample(count), {**maps, **controls}
    curves = {name: perturbation_curves(test, one_each, seed) for name, one_each in all_maps.items()}
    by_image = {name: gains(one).numpy() for name, one in curves.items()}
    methods = {}
    for name, one_each in all_maps.items():
        over_random, over_centre = (
            None if name in CONTROLS else bootstrap_mean(by_image[name] - by_image[control], weights)
            for control in CONTROLS
        )
        methods[name] = MethodScore(
            gain=bootstrap_mean(by_image[name], weights),
            over_random=over_random,
            over_centre=over_centre,
            blank=is_blank(one_each).float().mean().item(),
            baselines={baseline: baseline_score(one, weights) for baseline, one in curves[name].items()},
        )
    return Faithfulness(count, [k / test.steps for k in range(test.steps + 1)], methods)


def baseline_score(curves: Curves, weights: NDArray[np.float64]) -> BaselineScore:
    """Means over images of one method's curves with one baseline."""
    areas = (area(curves.deletion), area(curves.insertion), curves.gain)
    deletion, insertion, gain = (bootstrap_mean(values.numpy(), weights) for values in areas)
    return BaselineScore(deletion, insertion, gain, curves.deletion.mean(0).tolist(), curves.insertion.mean(0).tolist())
