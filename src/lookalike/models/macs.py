"""Multiply-accumulates and activations of a model, counted call by call.

torch's own counter (`torch.utils.flop_counter`) gives the same numbers, as the tests check, but imports torch's
compiler, which would cost each training stage a second.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lookalike.models.attention import Attention


def product_macs(result: Tensor, left: Tensor, *_rest: Any, **_options: Any) -> int:
    """The length of the dimension that is summed over, for each number of the result."""
    return result.numel() * left.shape[-1]


def convolution_macs(result: Tensor, _images: Tensor, weight: Tensor, *_rest: Any, **_options: Any) -> int:
    """A kernel's weights (O, I/groups, h, w), for each number of the result."""
    return result.numel() * math.prod(weight.shape[1:])


def attention_macs(result: Tensor, queries: Tensor, keys: Tensor, *_rest: Any, **_options: Any) -> int:
    """Scores (..., L, K) from queries (..., L, E) and keys (..., K, E), then sums of values."""
    return math.prod(queries.shape[:-1]) * keys.shape[-2] * (queries.shape[-1] + result.shape[-1])


PRODUCTS = (F.linear, torch.matmul, Tensor.matmul, Tensor.__matmul__, torch.bmm, Tensor.bmm)
COUNTED: dict[Callable[..., Any], Callable[..., int]] = {
    **dict.fromkeys(PRODUCTS, product_macs),
    F.conv2d: convolution_macs,
    F.scaled_dot_product_attention: attention_macs,
}


class WorkCounter(TorchFunctionMode):
    """Within its block, adds up what the calls in `COUNTED` compute.

    Attributes:
        macs: multiply-accumulates.
        activations: the numbers that the calls put out, and the scores (..., L, K) within fused attention.
    """

    def __init__(self) -> None:
        super().__init__()
        self.macs = self.activations = 0

    def __torch_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), options: dict[str, Any] | None = None
    ) -> Any:
        """Call `function` and count what it computed."""
        result = function(*arguments, **(options or {}))
        if function in COUNTED:
            self.macs += COUNTED[function](result, *arguments, **(options or {}))
            self.activations += result.numel()
        if function is F.scaled_dot_product_attention:
            queries, keys = arguments[:2]
            self.activations += queries.shape[:-1].numel() * keys.shape[-2]
        return result


def count_macs(model: nn.Module, input_shape: tuple[int, int, int]) -> int:
    """Multiply-accumulates of convolutions and matrix products for one image; `model`, on the CPU, is written out."""
    return count_work(model, input_shape).macs


@torch.inference_mode()
def count_work(model: nn.Module, input_shape: tuple[int, int, int]) -> WorkCounter:
    """What `model`, on the CPU, computes for one image, in evaluation mode; it is written out."""
    write_out(model)
    with WorkCounter() as counter:
        model.eval()(torch.zeros(1, *input_shape))
    return counter


def write_out(model: nn.Module) -> None:
    """Let the attention of `model` be computed as its paper writes it, not by its faster equal (`fast`).

    Operations are counted by that form.
    """
    for module in model.modules():
        if isinstance(module, Attention):
            module.fast = False
