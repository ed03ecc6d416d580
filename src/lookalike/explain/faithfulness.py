"""Whether a map shows what the model goes by: deletion and insertion.

Petsiuk et al., "RISE: Randomized Input Sampling for Explanation of Black-box Models" (BMVC 2018): pixels are taken
away, or given, in the order in which a map holds them important. A faithful map lowers the probability early when its
pixels go, and raises it early when they come.

What chance does, and the mere knowledge that objects stand in the middle, is seen by controls that know nothing of the
model: random maps and a centred Gaussian. The areas of a random map depend on how coarse it is, since scattered pixels
tell a model other things than patches do; the difference of the two areas does not: the reverse of a random order is as
likely as the order itself, so it is zero on average whatever the grid, and methods on unlike grids can be compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from lookalike.evaluation.statistics import Estimate, bootstrap_mean, resample
from lookalike.runtime import at_once, generator

BATCH = 500  # images in one forward pass, at most
TRUNCATE = 4  # deviations at which the Gaussian ends
RANDOM_GRID = 7  # cells in a row of a random map, as in RISE's masks
CONTROLS = ("random", "centre")


@dataclass(frozen=True)
class Trial:
    """The images that the maps of a model are tried on, in its input space, and what all maps share.

    Attributes:
        model: in evaluation mode.
        images: (N, C, H, W).
        labels: (N,), the class whose probability is followed.
        steps: S, the number of equal steps from the first to the last pixel.
    """

    model: nn.Module
    images: Tensor
    labels: Tensor
    steps: int = 10

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.images.shape[2], self.images.shape[3]

    @property
    def batch(self) -> int:
        """Images in one forward pass."""
        return at_once(*self.size, BATCH)

    @cached_property
    def states(self) -> dict[str, Tensor]:
        """The intact images ("image") and what may stand in their place, each (N, C, H, W); see `baselines`."""
        return {"image": self.images, **baselines(self.images)}

    @cached_property
    def ends(self) -> dict[str, Tensor]:
        """The probability of the labels for each of the `states`: (N,), at which every map's curves start or end."""
        batches = torch.arange(len(self.labels), device=self.images.device).split(self.batch)
        return {
            name: torch.cat([probability(self.model, images[some], self.labels[some]) for some in batches])
            for name, images in self.states.items()
        }


@dataclass(frozen=True)
class Curves:
    """Probability of each image's label at the fractions 0, 1/S, ..., 1 of its pixels, each (N, S+1).

    Attributes:
        deletion: as the image's pixels give way to the baseline's.
        insertion: as the baseline's pixels give way to the image's.
    """

    deletion: Tensor
    insertion: Tensor

    @property
    def gain(self) -> Tensor:
        """Area under the insertion curve minus that under the deletion curve: (N,)."""
        return area(self.insertion) - area(self.deletion)


@dataclass(frozen=True)
class BaselineScore:
    """What a method's maps achieve against one baseline, mean over images.

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
    """What a method's maps achieve.

    Attributes:
        gain: insertion minus deletion, mean over baselines and images: -1 to 1, higher is more faithful.
        over_random, over_centre: by how much `gain` exceeds that of the controls on the same images; None for these.
        blank: share of images whose map is blank, see `is_blank`; their pixels come in random order.
        baselines: by baseline.
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
    """Whether a map (N, h, w) says nothing: (N,), true where it is constant but for rounding, or not finite."""
    values = maps.flatten(1)
    flat = values.amax(1) - values.amin(1) <= 1e-6 * values.abs().amax(1)
    return flat | ~values.isfinite().all(1)


def baselines(images: Tensor) -> dict[str, Tensor]:
    """What images (N, C, H, W) are deleted to and inserted into: "zero" of the input space, and "blur".

    The blur is Gaussian with an eighth of the side for its deviation; images are mirrored at their edges.
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
    """A Gaussian (H, W) in the middle of an image of this size, a quarter of each side for its deviations."""
    down, across = (torch.exp(-0.5 * ((torch.arange(n) - (n - 1) / 2) / (n / 4)) ** 2) for n in size)
    return torch.outer(down, across)


def order(maps: Tensor, size: tuple[int, int], seed: int) -> Tensor:
    """Pixel numbers (N, H*W) by importance, highest first, of maps (N, h, w) enlarged bilinearly to H x W.

    Equal values come in an order drawn from `seed`, so that a blank map is a random one and not the top left first.
    """
    said = torch.where(is_blank(maps)[:, None, None], 0, maps)
    # in double precision, or rounding would put values that the enlargement keeps equal in an order
    enlarged = F.interpolate(said[:, None].double(), size=size, mode="bilinear", align_corners=False)
    values = enlarged.float().flatten(1)
    drawn = torch.rand(values.shape, generator=generator(seed, "ties")).argsort(dim=1).to(maps.device)
    by_value = values.gather(1, drawn).argsort(dim=1, descending=True, stable=True)
    return drawn.gather(1, by_value)


def curves(trial: Trial, maps: Tensor, seed: int) -> dict[str, Curves]:
    """The curves by baseline, on the CPU, of maps (N, h, w), one for each image of `trial`; `seed` as in `order`."""
    ranks = order(maps.to(trial.images.device), trial.size, seed).argsort(dim=1)
    names = [name for name in trial.states if name != "image"]
    paths = {name: (path(trial, ranks, "image", name), path(trial, ranks, name, "image")) for name in names}
    return {name: Curves(deletion.cpu(), insertion.cpu()) for name, (deletion, insertion) in paths.items()}


@torch.inference_mode()
def path(trial: Trial, ranks: Tensor, start: str, end: str) -> Tensor:
    """The probabilities (N, S+1) from one of the trial's states to another, pixel ranks (N, H*W) 0 changing first."""
    count, pixels = ranks.shape
    before, after = trial.states[start], trial.states[end]
    inner = []
    for pairs in torch.arange((trial.steps - 1) * count, device=ranks.device).split(trial.batch):
        step, image = pairs // count + 1, pairs % count
        changed = ranks[image] * trial.steps < step[:, None] * pixels
        mixed = torch.where(changed.view(-1, 1, *before.shape[2:]), after[image], before[image])
        inner.append(probability(trial.model, mixed, trial.labels[image]))
    return torch.cat([trial.ends[start], *inner, trial.ends[end]]).view(-1, count).T


@torch.inference_mode()
def probability(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """The probability (N,) that `model` gives to `labels` (N,)."""
    return model(images).softmax(1).gather(1, labels[:, None])[:, 0]


def area(curve: Tensor) -> Tensor:
    """The area (N,) under curves (N, S+1) over fractions from 0 to 1, by the trapezoid rule."""
    return torch.trapezoid(curve, dx=1 / (curve.shape[1] - 1))


def gains(found: dict[str, Curves]) -> Tensor:
    """How faithful the map of each image is (N,): the mean over baselines of `Curves.gain`."""
    return torch.stack([by_baseline.gain for by_baseline in found.values()]).mean(0)


def score(trial: Trial, maps: Mapping[str, Tensor], seed: int) -> Faithfulness:
    """How faithful each method's maps (N, h, w) are, and the controls "random" (one map an image) and "centre".

    Besides the end points, each costs 4 (S - 1) forward passes an image. `seed` draws the random maps and the order of
    equal values. All figures share one bootstrap over the images, so that differences are paired.
    """
    count = len(trial.labels)
    tried = dict(maps)
    tried["random"] = random_maps(count, RANDOM_GRID, seed)
    tried["centre"] = centre_map(trial.size).expand(count, -1, -1)
    found = {name: curves(trial, one_each, seed) for name, one_each in tried.items()}
    blank = {name: is_blank(one_each).float().mean().item() for name, one_each in tried.items()}
    weights = resample(count)
    return Faithfulness(
        images=count,
        fractions=[k / trial.steps for k in range(trial.steps + 1)],
        methods={name: method_score(name, found, blank[name], weights) for name in tried},
    )


def method_score(
    name: str, found: Mapping[str, dict[str, Curves]], blank: float, weights: NDArray[np.float64]
) -> MethodScore:
    """The figures of the method `name` among all methods' curves, those of the controls included.

    Args:
        found: each method's curves by baseline.
        weights: (draws, N), see `statistics.resample`.
    """
    own = gains(found[name]).numpy()
    over = {control: bootstrap_mean(own - gains(found[control]).numpy(), weights) for control in CONTROLS}
    return MethodScore(
        gain=bootstrap_mean(own, weights),
        over_random=None if name in CONTROLS else over["random"],
        over_centre=None if name in CONTROLS else over["centre"],
        blank=blank,
        baselines={baseline: baseline_score(by_baseline, weights) for baseline, by_baseline in found[name].items()},
    )


def baseline_score(found: Curves, weights: NDArray[np.float64]) -> BaselineScore:
    """Means over images of one method's curves against one baseline."""
    return BaselineScore(
        deletion=bootstrap_mean(area(found.deletion).numpy(), weights),
        insertion=bootstrap_mean(area(found.insertion).numpy(), weights),
        gain=bootstrap_mean(found.gain.numpy(), weights),
        deletion_curve=found.deletion.mean(0).tolist(),
        insertion_curve=found.insertion.mean(0).tolist(),
    )
