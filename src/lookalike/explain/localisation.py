"""Whether a map lies on the object: pointing game and intersection over union with a mask of the object.

Zhang et al., "Top-down Neural Attention by Excitation Backprop" (ECCV 2016), section 4.1: a map hits if its maximum
lies on the object. Zhou et al., "Learning Deep Features for Discriminative Localization" (CVPR 2016), section 3.2: what
lies above 20 % of a map's maximum marks the object. The masks are GrabCut's. Of the ten first test images of each class
of CIFAR-10, about 80 in 100 masks follow the object's outline; the others hold a part of it, or background.
"""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lookalike.artifacts.explanations import Localisation, Localised
from lookalike.evaluation.metrics import Floats
from lookalike.evaluation.statistics import bootstrap_mean, resample
from lookalike.explain.faithfulness import centre_map

Masks = NDArray[np.bool_]

THRESHOLD = 0.2  # of a map's maximum
LARGEST = 0.9  # of an image: a larger mask is no object
METHODS = ("CAM", "Grad-CAM", "HiResCAM")


def localise(maps: Mapping[str, Tensor], masks: Masks) -> Localisation | None:
    """How well the maps (N, h, w) of each method lie on the objects `masks` (N, H, W); None if no mask is usable.

    Masks that are empty or larger than `LARGEST` are skipped. The control "centre" is the Gaussian of `centre_map`.
    All figures share one bootstrap over the images, so that differences are paired.
    """
    shares = masks.mean(axis=(1, 2))
    usable = (shares > 0) & (shares <= LARGEST)
    if not usable.any():
        return None
    count, size = int(usable.sum()), (masks.shape[1], masks.shape[2])
    values = {name: on_pixels(one, size)[usable] for name, one in maps.items()}
    values["centre"] = np.broadcast_to(centre_map(size).double().numpy(), (count, *size))
    scores = {name: (hits(one, masks[usable]), overlap(one, masks[usable])) for name, one in values.items()}
    weights, centre = resample(count), scores["centre"]
    return Localisation(
        images=count,
        skipped=len(masks) - count,
        threshold=THRESHOLD,
        methods={
            name: Localised(
                *(asdict(bootstrap_mean(score, weights)) for score in own),
                *(
                    None if name == "centre" else asdict(bootstrap_mean(score - control, weights))
                    for score, control in zip(own, centre, strict=True)
                ),
            )
            for name, own in scores.items()
        },
    )


def on_pixels(maps: Tensor, size: tuple[int, int]) -> Floats:
    """Maps (N, h, w) enlarged bilinearly to (N, H, W)."""
    enlarged = F.interpolate(maps[:, None].double(), size=size, mode="bilinear", align_corners=False)
    return np.asarray(enlarged[:, 0].cpu())


def hits(maps: Floats, masks: Masks) -> Floats:
    """Whether the maximum of each map (N, H, W) lies in its mask: (N,); of several maxima the share that does."""
    highest = maps == maps.max(axis=(1, 2), keepdims=True)
    return (highest & masks).sum(axis=(1, 2)) / highest.sum(axis=(1, 2))


def overlap(maps: Floats, masks: Masks) -> Floats:
    """Intersection over union (N,) of masks that are not empty and what lies above `THRESHOLD` of the maximum of maps.

    Both are (N, H, W). A map without positive values marks nothing: 0.
    """
    marked = maps > THRESHOLD * np.maximum(maps.max(axis=(1, 2), keepdims=True), 0)
    return (marked & masks).sum(axis=(1, 2)) / (marked | masks).sum(axis=(1, 2))
