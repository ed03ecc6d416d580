"""Localisation of the object by maps: pointing game, and intersection over union with a mask of the object.

Zhang et al., "Top-down Neural Attention by Excitation Backprop" (ECCV 2016), section 4.1: a map hits if its maximum
lies on the object. Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016), section 3.2:
values above 20 % of a map's maximum mark the object. Masks of colour images are GrabCut's. For the ten first test
images of each class of CIFAR-10, about 80 % of the masks follow the object's outline; the others miss a part of it or
include background. Masks of grey images are the pixels brighter than the background, with holes filled.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lookalike.artifacts.seed_findings import Localisation, MethodLocalisation
from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import bootstrap_mean, resample
from lookalike.explain.faithfulness import centre_map

Masks = NDArray[np.bool_]
Scores = tuple[Floats, Floats]  # of each image: hits and overlaps

THRESHOLD = 0.2  # of a map's maximum
LARGEST = 0.9  # of an image: a larger mask is no object


def localise(maps: Mapping[str, Tensor], masks: Masks) -> Localisation | None:
    """Localisation scores of each method's maps (n, h, w) with the object `masks` (N, H, W); None without usable masks.

    Masks that are empty or larger than `LARGEST` are skipped. Each method is compared on the same images with the
    control "centre", the Gaussian of `centre_map`. Figures of equally many images share one bootstrap, so that
    differences are paired.

    Args:
        maps: of the first n images; n <= N may differ between methods.
    """
    shares, size = masks.mean(axis=(1, 2)), (masks.shape[1], masks.shape[2])
    usable = (shares > 0) & (shares <= LARGEST)
    if not usable.any():
        return None
    gaussian = np.broadcast_to(centre_map(size).double().numpy(), masks[usable].shape)
    centre = hits(gaussian, masks[usable]), overlap(gaussian, masks[usable])
    methods = {}
    for name, one in maps.items():
        here = usable[: len(one)]
        if here.any():
            values, objects = on_pixels(one, size)[here], masks[: len(one)][here]
            methods[name] = localised((hits(values, objects), overlap(values, objects)), centre)
    methods["centre"] = replace(localised(centre, centre), hits_over_centre=None, iou_over_centre=None)
    return Localisation(len(centre[0]), len(masks) - len(centre[0]), THRESHOLD, methods)


def localised(own: Scores, centre: Scores) -> MethodLocalisation:
    """The means of a method's hits and overlaps, each (n,), and of their differences from the centre's (M >= n)."""
    weights = resample(len(own[0]))
    over = [score - control[: len(score)] for score, control in zip(own, centre, strict=True)]
    hit, iou, hit_over, iou_over = (asdict(bootstrap_mean(values, weights)) for values in (*own, *over))
    return MethodLocalisation(hit, iou, hit_over, iou_over, len(own[0]))


def on_pixels(maps: Tensor, size: tuple[int, int]) -> Floats:
    """Maps (N, h, w) enlarged bilinearly to (N, H, W)."""
    enlarged = F.interpolate(maps[:, None].double(), size=size, mode="bilinear", align_corners=False)
    return np.asarray(enlarged[:, 0].cpu())


def hits(maps: Floats, masks: Masks) -> Floats:
    """Whether the maximum of each map (N, H, W) lies in its mask: (N,); with several maxima the share that does."""
    highest = maps == maps.max(axis=(1, 2), keepdims=True)
    return (highest & masks).sum(axis=(1, 2)) / highest.sum(axis=(1, 2))


def overlap(maps: Floats, masks: Masks) -> Floats:
    """Intersection over union (N,) of masks and the values of maps above `THRESHOLD` of their maximum.

    Both are (N, H, W); masks are not empty. The overlap of a map without positive values is 0.
    """
    marked = maps > THRESHOLD * np.maximum(maps.max(axis=(1, 2), keepdims=True), 0)
    return (marked & masks).sum(axis=(1, 2)) / (marked | masks).sum(axis=(1, 2))
