"""Layers that several architectures share."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Dropout(nn.Module):
    """Inverted dropout whose mask comes from an explicit generator, eight bits per element.

    Srivastava et al., JMLR 15 (2014). `p` is the probability of a zero, 0 <= p <= 255/256, rounded to the nearest
    1/256 (.2 becomes 51/256 = .1992). The other values are scaled by 1 / (1 - p) with the rounded p, so the expectation
    is exact. On a CPU one 64-bit draw serves eight elements; `torch.nn.functional.dropout` draws one per element.

    Attributes:
        part: start, stop and total, if the input is only the images from `start` to `stop` of a batch of `total`. The
            masks of the whole batch are drawn then, so that an image has the same mask in any number of processes.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p <= 255 / 256:
            raise ValueError(f"dropout must lie in [0, 255/256], got {p}")
        self.threshold = round(p * 256)
        self.generator: torch.Generator | None = None
        self.part: tuple[int, int, int] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; the identity in evaluation mode or for p = 0."""
        if not self.training or self.threshold == 0:
            return x
        return x * self.keep_mask(x).to(x.dtype).mul_(256 / (256 - self.threshold))

    def keep_mask(self, x: Tensor) -> Tensor:
        """A boolean mask in the shape, memory layout and device of `x`."""
        start, stop, total = self.part or (0, 1, 1)
        each = x.numel() // (stop - start)  # elements of an image; without a part those of all
        words = torch.empty((each * total + 7) // 8, dtype=torch.int64, device=x.device)
        # From -2**63 without an upper end is the full range: without arguments the top bit would never be drawn.
        drawn = words.random_(-(2**63), None, generator=self.generator).view(torch.uint8)
        pieces = drawn[each * start : each * stop]  # images are outermost in both memory layouts
        keep = pieces >= self.threshold
        dense = x.is_contiguous() or (x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last))
        return keep.as_strided(x.shape, x.stride()) if dense else keep.view(x.shape)


def set_dropout_generator(model: nn.Module, generator: torch.Generator) -> None:
    for module in model.modules():
        if isinstance(module, Dropout):
            module.generator = generator


def convolution_with_relu(inputs: int, outputs: int, *, kernel: int = 3, batch_norm: bool = False) -> list[nn.Module]:
    """A convolution that keeps height and width, batch normalisation (Ioffe & Szegedy, 2015) if wanted, ReLU."""
    normalised = [nn.BatchNorm2d(outputs)] if batch_norm else []
    return [nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2), *normalised, nn.ReLU()]


class LocalResponseNorm(nn.Module):
    """a_i / (k + alpha sum_j a_j^2)^beta over the `size` channels j around i (Krizhevsky et al., 2012, section 3.3)."""

    # `torch.nn.LocalResponseNorm` divides alpha by `size`: the paper's 1e-4 is 5e-4 there.

    def __init__(self, size: int = 5, alpha: float = 1e-4, beta: float = 0.75, k: float = 2.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        count, half = maps.shape[1], self.size // 2
        squares = F.pad(maps.square(), (0, 0, 0, 0, half, half))
        sums = squares[:, :count]
        for shift in range(1, self.size):
            sums = sums + squares[:, shift : shift + count]
        return maps / (self.k + self.alpha * sums) ** self.beta


class ScaledTanh(nn.Module):
    """1.7159 tanh(2 x / 3), which maps -1 to -1 and 1 to 1 (LeCun et al., 1998, appendix A)."""

    def forward(self, x: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * x)


class Subsampling(nn.Module):
    """The sum of each 2x2 block times a coefficient, plus a bias; each channel trains its own (LeCun et al., 1998)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C, H/2, W/2)."""
        sums = 4 * F.avg_pool2d(maps, 2)
        return sums * self.weight[:, None, None] + self.bias[:, None, None]


def pad_to(side: int, height: int, width: int) -> nn.Module:
    """A layer that centres images of this height and width in side x side pixels by repeating their edges."""
    above, left = (side - height) // 2, (side - width) // 2
    return nn.ReplicationPad2d((left, side - width - left, above, side - height - above))


class Permutation(nn.Module):
    """The same random order of pixels for every image, which destroys neighbourhoods; a pixel's channels stay together.

    The order is drawn from `seed` whenever the model is built; it is not in the state_dict.
    """

    order: Tensor

    def __init__(self, height: int, width: int, seed: int) -> None:
        super().__init__()
        order = torch.randperm(height * width, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("order", order, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        return images.flatten(2)[..., self.order].view_as(images)


class SparseConv2d(nn.Conv2d):
    """A convolution whose output channel k sees only the input channels `connections[k]` (LeCun et al., 1998).

    The weights of all other pairs are stored and counted, but have no effect.
    """

    mask: Tensor

    def __init__(self, inputs: int, connections: Sequence[Sequence[int]], kernel: int) -> None:
        super().__init__(inputs, len(connections), kernel)
        self.share = sum(map(len, connections)) / (inputs * len(connections))  # of all pairs of channels
        mask = torch.zeros(len(connections), inputs, 1, 1)
        for output, seen in enumerate(connections):
            mask[output, list(seen)] = 1
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, len(connections), H - kernel + 1, W - kernel + 1)."""
        return F.conv2d(maps, self.weight * self.mask, self.bias)
