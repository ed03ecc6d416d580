"""Attributions to pixels by methods that apply to every architecture, and their faithfulness.

A class activation map of a CNN and an attention map of a transformer come from different methods. These methods use
only input and output, so that differences between maps are differences between models. They are scored on one grid,
because the areas under the curves depend on how coarse a map is.
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.artifacts.evaluations import Interval
from lookalike.evaluation.statistics import bootstrap_mean, resample
from lookalike.explain.faithfulness import PerturbationTest, centre_map, gains, perturbation_curves
from lookalike.explain.maps import Explain, split_to_fit
from lookalike.explain.similarity import patch_means
from lookalike.explain.subject import Subject
from lookalike.models.base import Model
from lookalike.runtime import generator

GRID = 7  # cells in a row of the common grid, and of the patches of occlusion
STEPS = 16  # of integrated gradients, and noisy images of SmoothGrad
NOISE = 0.15  # deviation of SmoothGrad's noise, in ranges of the image's values: between the .1 and .2 of the paper
COARSER = "HiResCAM"  # scored beside the methods of this module, whose maps are as fine as the pixels
SEED = 13  # of the noise and of the order of equal values


def attributions(empty: Tensor) -> dict[str, Explain]:
    """The methods by name; `empty` (C, 1, 1) is a black pixel as the model takes it."""
    return {
        "gradient x input": gradient_times_input,
        "integrated gradients": partial(integrated_gradients, empty=empty),
        "SmoothGrad": smooth_gradient,
        "occlusion": partial(occlusion, empty=empty),
    }


def gradient_times_input(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """Gradient times input, an `Explain`: the terms of the score's linear expansion, summed over channels.

    Shrikumar et al., "Not Just a Black Box" (2016).
    """
    return (input_gradients(model, images, target) * images).sum(1)


def integrated_gradients(model: Model, images: Tensor, target: Tensor, *, empty: Tensor) -> Tensor:
    """Integrated gradients, an `Explain`, summed over channels; they add up to the score minus that of `empty`.

    Sundararajan, Taly & Yan, "Axiomatic Attribution for Deep Networks" (ICML 2017), equation 3: the difference from the
    empty image, times the mean gradient on the straight line between both, here in the middle of `STEPS` equal parts.
    """
    difference = images - empty
    shares = (torch.arange(STEPS).to(images) + 0.5) / STEPS
    points = empty + shares.view(-1, 1, 1, 1, 1) * difference  # (STEPS, N, C, H, W)
    return (mean_gradients(model, points, target) * difference).sum(1)


def smooth_gradient(model: Model, images: Tensor, target: Tensor) -> Tensor:
    """SmoothGrad, an `Explain`: the absolute mean gradient of `STEPS` noisy images, summed over channels.

    Smilkov et al., "SmoothGrad: removing noise by adding noise" (2017), section 3. All images get the same noise,
    scaled by the range of their values, so that a map does not depend on the other images of a batch.
    """
    noise = torch.randn(STEPS, 1, *images.shape[1:], generator=generator(SEED, "SmoothGrad")).to(images)
    flat = images.flatten(1)
    spread = NOISE * (flat.amax(1) - flat.amin(1)).view(-1, 1, 1, 1)
    return mean_gradients(model, images + spread * noise, target).abs().sum(1)


@torch.no_grad()
def occlusion(model: Model, images: Tensor, target: Tensor, *, empty: Tensor) -> Tensor:
    """Occlusion, an `Explain` on the common grid: the fall of the score when each of 7 x 7 patches becomes `empty`.

    Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014), section 4.2. If the side of an
    image is no multiple of seven, patches differ by a pixel.
    """
    height, width = images.shape[2:]
    rows, columns = (torch.arange(side, device=images.device) * GRID // side for side in (height, width))
    patch = rows[:, None] * GRID + columns  # the number of each pixel's patch
    hidden = patch == torch.arange(GRID**2, device=images.device).view(-1, 1, 1, 1, 1)
    covered = torch.where(hidden, empty, images).flatten(0, 1)  # (49 N, C, H, W)
    scores = [(model(some) * aim).sum(1) for some, aim in in_parts(covered, target)]
    whole = (model(images) * target).sum(1)
    return (whole - torch.cat(scores).view(GRID**2, -1)).T.unflatten(1, (GRID, GRID))


def mean_gradients(model: Model, points: Tensor, target: Tensor) -> Tensor:
    """The gradient of each image's score, mean over K versions (K, N, C, H, W) of it: (N, C, H, W)."""
    parts = [input_gradients(model, some, aim) for some, aim in in_parts(points.flatten(0, 1), target)]
    return torch.cat(parts).view(points.shape).mean(0)


def in_parts(images: Tensor, target: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Parts of K versions of N images (K N, C, H, W), with their targets (N, classes), that fit into memory."""
    parts = split_to_fit(images)
    aims = target.repeat(len(images) // len(target), 1).split(len(parts[0]))
    return list(zip(parts, aims, strict=True))


@torch.enable_grad()
def input_gradients(model: nn.Module, images: Tensor, target: Tensor) -> Tensor:
    """The gradient of the target's score with respect to images (N, C, H, W)."""
    leaves = images.detach().requires_grad_()
    return torch.autograd.grad((model(leaves) * target).sum(), leaves)[0]


def on_common_grid(maps: Tensor) -> Tensor:
    """Maps (N, h, w) on 7 x 7 cells: means over areas; coarser maps are enlarged bilinearly."""
    if min(maps.shape[1:]) < GRID:
        return F.interpolate(maps[:, None].double(), size=GRID, mode="bilinear", align_corners=False)[:, 0].float()
    return torch.from_numpy(patch_means(maps.cpu().numpy(), (GRID, GRID))).float()


def attribution_maps(subject: Subject) -> dict[str, Tensor]:
    """The maps of the predicted classes by all `attributions` and HiResCAM, on the common grid: (N, 7, 7)."""
    pixels = {name: subject.explain_by(explain) for name, explain in attributions(subject.empty).items()}
    return {name: on_common_grid(one) for name, one in {**pixels, COARSER: subject.explain(COARSER)}.items()}


def attribution_gains(subject: Subject, maps: Mapping[str, Tensor]) -> dict[str, Interval]:
    """The faithfulness of maps (N, 7, 7) of the subject's images, and of "centre": gains with intervals over images.

    Each step of the curves changes as many pixels as a row of cells has.
    """
    test, count = PerturbationTest(subject.model, subject.inputs, subject.predicted, steps=GRID), len(subject.inputs)
    all_maps = {**maps, "centre": on_common_grid(centre_map(test.size).expand(count, -1, -1))}
    weights = resample(count)
    by_image = {name: gains(perturbation_curves(test, one, SEED)).numpy() for name, one in all_maps.items()}
    return {name: asdict(bootstrap_mean(values, weights)) for name, values in by_image.items()}
