"""Compound scaling: a network made deeper, wider and finer at once, and what that multiplies its products by.

Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (ICML 2019), equation 3: with a
coefficient phi, depth grows by 1.2^phi, width by 1.1^phi and the images' side by 1.15^phi, so that products, which go
with depth width^2 side^2, grow by about 2^phi. The published B1 and B2 are no exact steps of it: planes and layers are
rounded, and sides chosen. Here they are as timm has them, each at the side that it is trained at.
"""

from dataclasses import dataclass
from typing import Any

from torch import nn

from lookalike.costs.measure import Shape, Size, Speed, placed, size_of, speed_of
from lookalike.runtime import Runtime

NETWORKS = ("efficientnet_b0", "efficientnet_b1", "efficientnet_b2")  # phi = 0, 1, 2
DEPTH, WIDTH, SIDE = 1.2, 1.1, 1.15  # what a step of phi multiplies each by
STEP = DEPTH * WIDTH**2 * SIDE**2  # and products, about


@dataclass(frozen=True)
class Scaled:
    """One of the networks.

    Attributes:
        blocks: how many it has, its depth.
        planes: of its last convolution, its width.
        factor: its products by those of the first.
        ruled: the same by the rule, phi being the network's number: `STEP`^phi.
        built: the same from what was built: blocks planes^2 side^2, by those of the first.
    """

    name: str
    side: int
    blocks: int
    planes: int
    size: Size
    factor: float
    ruled: float
    built: float


def scaling(runtime: Runtime) -> tuple[list[Scaled], list[Speed]]:
    """Counted, and the time of one image."""
    made = [network(name) for name in NETWORKS]
    sizes = [size_of(model, shape) for model, shape in made]
    extents = [extent(model, shape) for model, shape in made]
    work = [side**2 * blocks * planes**2 for side, blocks, planes in extents]
    scaled = [
        Scaled(name, *extents[k], sizes[k], sizes[k].macs / sizes[0].macs, STEP**k, work[k] / work[0])
        for k, name in enumerate(NETWORKS)
    ]
    return scaled, [speed_of(placed(model, runtime), shape, 1, runtime) for model, shape in made]


def network(name: str) -> tuple[nn.Module, Shape]:
    """One of timm's, untrained, with the shape of the images that it is trained on."""
    import timm

    model: Any = timm.create_model(name)
    return model, model.default_cfg["input_size"]


def extent(model: Any, input_shape: Shape) -> tuple[int, int, int]:
    """Side of the images, blocks, and planes of the last convolution."""
    return input_shape[1], sum(len(stage) for stage in model.blocks), model.num_features
