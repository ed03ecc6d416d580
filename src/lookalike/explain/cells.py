"""Positions of a layer's output cells in the image, and interpolation of maps onto equal tiles of the image.

The cells of a convolution without padding, or with a stride of two and a padding of one, are not centred on equal tiles
of the image: those of a 4x4 map can lie on the pixels 6.5, 10.5, 14.5 and 18.5 of 28. Everything that scores, measures
or draws a map assumes tiles, so methods interpolate their maps onto tiles.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lookalike.explain.maps import outputs_of

Pair = int | tuple[int, ...] | list[int]


@dataclass(frozen=True)
class Cells:
    """The cells of a grid, in pixels of the image, down and across; 0 is the middle of the first pixel.

    Attributes:
        first: centre of the first cell.
        step: from one centre to the next.
    """

    first: tuple[float, float]
    step: tuple[float, float]

    def windowed(self, extent: Pair, stride: Pair, before: Pair) -> "Cells":
        """The cells of windows over these: their extent, their stride, and the cells of padding before the first.

        Dumoulin & Visin, "A guide to convolution arithmetic for deep learning" (2016); Araujo, Norris & Sim, "Computing
        receptive fields of convolutional neural networks" (Distill, 2019).
        """
        sides = zip(self.first, self.step, both(extent), both(stride), both(before), strict=True)
        first, step = zip(
            *((at + ((wide - 1) / 2 - pad) * by, by * far) for at, by, wide, far, pad in sides), strict=True
        )
        return Cells((first[0], first[1]), (step[0], step[1]))

    def resized(self, sizes: Iterable[tuple[int, int]]) -> "Cells":
        """The cells after a resize that keeps the edges; `sizes` is before and after, down and across."""
        sides = zip(self.first, self.step, (before / after for before, after in sizes), strict=True)
        first, step = zip(*((at + (scale - 1) / 2 * by, by * scale) for at, by, scale in sides), strict=True)
        return Cells((first[0], first[1]), (step[0], step[1]))


PIXELS = Cells((0.0, 0.0), (1.0, 1.0))


class CellTracker(TorchFunctionMode):
    """Within its block, tracks the cells of every tensor that is computed from an image (N, C, H, W).

    Where paths meet, as at the sum after a shortcut, the cells are those of the first argument. Pointwise functions
    change nothing.
    """

    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self.known = {id(image): (image, PIXELS)}  # with the tensor, or another one could get its id

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call `func`, and note the cells of its output; see `torch.overrides.TorchFunctionMode`."""
        options = kwargs or {}
        given = next((self.known[id(one)] for one in tensors(args) if id(one) in self.known), None)
        output = func(*args, **options)
        if given is not None:
            image, cells = given
            if func.__name__ == "interpolate":  # with align_corners=False
                cells = cells.resized(zip(image.shape[2:], output.shape[2:], strict=True))
            elif func.__name__ in MOVES:
                cells = MOVES[func.__name__](cells, *args[1:], **options)
            self.known |= {id(one): (one, cells) for one in tensors([output])}
        return output

    def cells(self, output: Tensor) -> Cells:
        return self.known[id(output)][1]


def tensors(values: Iterable[Any]) -> Iterator[Tensor]:
    """The tensors among values and in lists and tuples of them."""
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from tensors(value)


def after_convolution(
    cells: Cells,
    weight: Tensor,
    _bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair = 0,
    dilation: Pair = 1,
    _groups: int = 1,
) -> Cells:
    """The cells after `torch.nn.functional.conv2d` with these arguments."""
    extent = tuple(by * (wide - 1) + 1 for by, wide in zip(both(dilation), weight.shape[2:], strict=True))
    return cells.windowed(extent, stride, padding)


def after_pooling(
    cells: Cells, kernel_size: Pair, stride: Pair | None = None, padding: Pair = 0, *_rest: Any, **_options: Any
) -> Cells:
    """The cells after `torch.nn.functional.max_pool2d` or `avg_pool2d` with these arguments."""
    return cells.windowed(kernel_size, stride or kernel_size, padding)


def after_padding(cells: Cells, pad: tuple[int, ...], *_rest: Any, **_options: Any) -> Cells:
    """The cells after `torch.nn.functional.pad` by left, right, top, bottom; padding of channels changes nothing."""
    return cells.windowed(1, 1, (pad[2], pad[0]) if len(pad) > 2 else (0, pad[0]))


MOVES: dict[str, Callable[..., Cells]] = {
    "conv2d": after_convolution,
    "max_pool2d": after_pooling,
    "avg_pool2d": after_pooling,
    "pad": after_padding,
}


def both(size: Pair) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (size[0], size[-1])


@torch.no_grad()
def cells_of(model: nn.Module, layer: nn.Module, images: Tensor) -> Cells:
    """The cells of a layer's output, or of the patches of its tokens, in images (N, C, H, W)."""
    image = torch.zeros_like(images[:1])
    with outputs_of(layer) as outputs, CellTracker(image) as tracker:
        model(image)
    return tracker.cells(outputs[0])


def on_tiles(maps: Tensor, cells: Cells, size: tuple[int, int]) -> Tensor:
    """Maps (..., h, w) on `cells`, interpolated onto equal tiles of an image of `size` (H, W) as large as their step.

    Bilinear between the centres of cells; beyond the outermost centres the nearest cell. Maps that already tile the
    image are returned unchanged.
    """
    down, across = (
        torch.from_numpy(interpolation(count, first, step, side)).to(maps)
        for count, first, step, side in zip(maps.shape[-2:], cells.first, cells.step, size, strict=True)
    )
    if all(torch.equal(one, torch.eye(len(one)).to(one)) for one in (down, across)):
        return maps
    return down @ maps @ across.T


def interpolation(count: int, first: float, step: float, side: int) -> NDArray[np.float64]:
    """The weight (tiles, count) of each of `count` cells of a line of `side` pixels in each tile; rows sum to one."""
    tiles = max(1, round(side / step))
    centres = (np.arange(tiles) + 0.5) * side / tiles - 0.5
    positions, cells = (centres - first) / step, np.arange(count)
    return np.stack([np.interp(positions, cells, one) for one in np.eye(count)], axis=1)
