"""Compound scaling: depth, width and resolution grow together, and multiply-accumulates (MACs) with them.

Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (ICML 2019), equation 3: with a
coefficient phi, depth grows by 1.2^phi, width by 1.1^phi and the images' side by 1.15^phi. MACs are proportional to
depth width^2 side^2, so they grow by about 2^phi. The published B1 and B2 follow this roughly: channels and layers are
rounded, and sides chosen. Here they are timm's, each at the side of its training images.
"""

from dataclasses import dataclass
from typing import Any

from torch import nn

from lookalike.costs.measure import Shape, Size, Speed, size_of, speed_of
from lookalike.runtime import Runtime

NETWORKS = ("efficientnet_b0", "efficientnet_b1", "efficientnet_b2")  # phi = 0, 1, 2
DEPTH, WIDTH, SIDE = 1.2, 1.1, 1.15  # factor of each per step of phi
STEP = DEPTH * WIDTH**2 * SIDE**2  # of the MACs, about


@dataclass(frozen=True)
class Scaled:
    """One of the networks.

    Attributes:
        side: of its images, in pixels.
        blocks: their number, its depth.
        channels: of its last convolution, its width.
        factor: its MACs divided by those of the first network.
        ruled: the same by the rule, `STEP`^phi, where phi is the network's number.
        built: the same by blocks channels^2 side^2 of the network as built.
    """

    name: str
    side: int
    blocks: int
    channels: int
    size: Size
    factor: float
    ruled: float
    built: float


def scaling(runtime: Runtime) -> tuple[list[Scaled], list[Speed]]:
    """The sizes of `NETWORKS`, and the time of one image in each."""
    made = [network(name) for name in NETWORKS]
    sizes = [size_of(model, shape) for model, shape in made]
    extents = [extent(model, shape) for model, shape in made]
    work = [side**2 * blocks * channels**2 for side, blocks, channels in extents]
    scaled = [
        Scaled(name, *extents[k], sizes[k], sizes[k].macs / sizes[0].macs, STEP**k, work[k] / work[0])
        for k, name in enumerate(NETWORKS)
    ]
    return scaled, [speed_of(runtime.place(model).eval(), shape, 1, runtime) for model, shape in made]


def network(name: str) -> tuple[nn.Module, Shape]:
    """A network of timm's, untrained, and the shape of its training images."""
    import timm

    model: Any = timm.create_model(name)
    return model, model.default_cfg["input_size"]


def extent(model: Any, input_shape: Shape) -> tuple[int, int, int]:
    """Side of the images, number of blocks, and channels of the last convolution."""
    return input_shape[1], sum(len(stage) for stage in model.blocks), model.num_features
