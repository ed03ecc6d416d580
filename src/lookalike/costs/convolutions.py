"""Ways to do a convolution's work with fewer products, beside the convolution itself.

Nothing stands between the convolutions compared here, neither normalisation nor ReLU, and none has biases: it is the
convolutions that are counted and timed.
"""

from dataclasses import dataclass

from torch import nn

from lookalike.costs.measure import Compared, Shape, Size, compare, size_of
from lookalike.runtime import Runtime

KERNEL = 3  # of separable convolutions
LAYERS = (
    (64, 128, 56),
    (128, 256, 28),
    (512, 512, 14),
    (1024, 1024, 7),
)  # planes in and out, side: four of MobileNet's
Stack = tuple[tuple[int, int], ...]  # kernel and planes of each convolution


@dataclass(frozen=True)
class Separable:
    """A convolution from `inputs` to `outputs` planes of a side, and the two that stand for it.

    `predicted` is the share of the products that is left: 1 / outputs + 1 / kernel^2, Howard et al., "MobileNets"
    (2017), section 3.1.
    """

    inputs: int
    outputs: int
    side: int
    predicted: float
    standard: Size
    separable: Size


def separable_table() -> list[Separable]:
    """Counted, of every layer of `LAYERS`."""
    found = []
    for inputs, outputs, side in LAYERS:
        standard, separable = (size_of(layer, (inputs, side, side)) for layer in pair(inputs, outputs))
        found.append(Separable(inputs, outputs, side, 1 / outputs + 1 / KERNEL**2, standard, separable))
    return found


def separable_times(runtime: Runtime) -> list[Compared]:
    """Of every layer, the convolution and the two that stand for it."""
    return [compare(pair(inputs, outputs), (inputs, side, side), runtime) for inputs, outputs, side in LAYERS]


def pair(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    """A convolution; and one of each plane alone ("depthwise"), then one of each place alone ("pointwise")."""
    depthwise = nn.Conv2d(inputs, inputs, KERNEL, padding=KERNEL // 2, groups=inputs, bias=False)
    return stack(inputs, (KERNEL, outputs)), nn.Sequential(depthwise, stack(inputs, (1, outputs)))


def stack(inputs: int, *layers: tuple[int, int]) -> nn.Sequential:
    """Convolutions that keep height and width, each given as its kernel and its planes."""
    made = []
    for kernel, outputs in layers:
        made.append(nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False))
        inputs = outputs
    return nn.Sequential(*made)


# The shape of the input; what takes it as it is, and what brings it to fewer planes first.
BOTTLENECKS: dict[str, tuple[Shape, Stack, Stack]] = {
    # He et al., "Deep Residual Learning" (CVPR 2016), figure 5, without the shortcuts
    "ResNet, 256 planes": ((256, 56, 56), ((3, 256), (3, 256)), ((1, 64), (3, 64), (1, 256))),
    # Szegedy et al., "Going deeper with convolutions" (CVPR 2015), table 1, row 3a
    "Inception 3a, 192 planes": ((192, 28, 28), ((5, 32),), ((1, 16), (5, 32))),
}


@dataclass(frozen=True)
class Design:
    """Convolutions on all planes of their input, and others that bring them to fewer planes first."""

    place: str
    plain_layers: str
    reduced_layers: str
    plain: Size
    reduced: Size


def design_table() -> list[Design]:
    """Counted, of all `BOTTLENECKS`."""
    found = []
    for place, (shape, plain, reduced) in BOTTLENECKS.items():
        sizes = [size_of(stack(shape[0], *layers), shape) for layers in (plain, reduced)]
        found.append(Design(place, in_words(plain), in_words(reduced), *sizes))
    return found


def design_times(runtime: Runtime) -> list[Compared]:
    """Of all `BOTTLENECKS`, both ways."""
    return [
        compare((stack(shape[0], *plain), stack(shape[0], *reduced)), shape, runtime)
        for shape, plain, reduced in BOTTLENECKS.values()
    ]


def in_words(layers: Stack) -> str:
    """Such as "1x1 to 16, 5x5 to 32"."""
    return ", ".join(f"{kernel}x{kernel} to {outputs}" for kernel, outputs in layers)
