"""Layers and initialisers that more than one architecture uses."""

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """Inverted dropout whose mask comes from an explicit generator, eight bits an element.

    Srivastava et al., JMLR 15 (2014). `p` is rounded to the nearest 1/256 (.2 becomes 51/256 = .1992) and what is
    kept is scaled by 1 / (1 - p) with the rounded p, so the expectation is exact. On a CPU one 64-bit draw serves
    eight elements, where `torch.nn.functional.dropout` draws once for each.

    Args:
        p: probability of an element to be zeroed, 0 <= p <= 255/256.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        if not 0 <= p <= 255 / 256:
            raise ValueError(f"dropout must lie in [0, 255/256], got {p}")
        self.threshold = round(p * 256)
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; the identity in evaluation mode or for p = 0."""
        if not self.training or self.threshold == 0:
            return x
        return x * self.keep_mask(x).to(x.dtype).mul_(256 / (256 - self.threshold))

    def keep_mask(self, x: Tensor) -> Tensor:
        """A boolean mask in the shape, memory layout and device of `x`."""
        words = torch.empty((x.numel() + 7) // 8, dtype=torch.int64, device=x.device)
        # From -2**63 without an upper end is the full range: without arguments the top bit would never be drawn.
        pieces = words.random_(-(2**63), None, generator=self.generator).view(torch.uint8)[: x.numel()]
        keep = pieces >= self.threshold
        return keep.as_strided(x.shape, x.stride()) if is_dense(x) else keep.view(x.shape)


def is_dense(x: Tensor) -> bool:
    """Whether the strides of `x` are a permutation without gaps, as contiguous and channels-last memory are."""
    return x.is_contiguous() or (x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last))


def set_dropout_generator(model: nn.Module, generator: torch.Generator) -> None:
    """Let every `Dropout` of `model` draw from `generator`."""
    for module in model.modules():
        if isinstance(module, Dropout):
            module.generator = generator


def write_out(model: nn.Module) -> None:
    """Let every layer of `model` that has a faster equal (`fast`) compute as its paper writes it.

    That is what operations are counted by, and what can be looked into.
    """
    for module in model.modules():
        if hasattr(module, "fast"):
            module.fast = False  # type: ignore[assignment]  # a plain attribute


def keras_init_(module: nn.Module) -> None:
    """Keras's defaults for every convolution and linear layer in `module`: Glorot-uniform kernel, zero bias.

    Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks" (AISTATS 2010).
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
