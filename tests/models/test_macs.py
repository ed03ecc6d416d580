"""Multiply-accumulates: against torch's own counter for every model, and by hand for single calls."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from conftest import TINY_ARGUMENTS
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from lookalike.models.macs import WorkCounter, count_macs
from lookalike.models.registry import MODELS, PUBLISHED, create_model

ARGUMENTS = {"vit": {"patch_size": 4}} | {name: TINY_ARGUMENTS[name] for name in PUBLISHED}  # 4 divides both sides


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 20, 20)])
def test_the_count_is_that_of_torch(name: str, shape: tuple[int, int, int]) -> None:
    with torch.device("meta"):  # where no layer takes a shortcut
        model = create_model(name, ARGUMENTS.get(name), input_shape=shape, num_classes=10)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        model.eval()(torch.empty(1, *shape, device="meta"))
    ours = count_macs(create_model(name, ARGUMENTS.get(name), input_shape=shape, num_classes=10), shape)
    assert ours == counter.get_total_flops() // 2 > 0


@pytest.mark.parametrize(
    ("call", "macs"),
    [
        (lambda: nn.Conv2d(4, 6, 3, groups=2)(torch.ones(2, 4, 8, 8)), 2 * 6 * 36 * 2 * 9),
        (lambda: nn.Linear(5, 7)(torch.ones(3, 2, 5)), 3 * 2 * 7 * 5),
        (lambda: torch.ones(3, 4, 5) @ torch.ones(5, 6), 3 * 4 * 6 * 5),
        (lambda: torch.bmm(torch.ones(3, 4, 5), torch.ones(3, 5, 6)), 3 * 4 * 6 * 5),
        (lambda: F.scaled_dot_product_attention(*[torch.ones(2, 3, 4, 5)] * 2, torch.ones(2, 3, 4, 7)), 24 * 4 * 12),
        (lambda: F.relu(torch.ones(5)) + 1, 0),
    ],
)
def test_single_calls_are_counted_by_hand(call: Any, macs: int) -> None:
    with WorkCounter() as counter:
        call()
    assert counter.macs == macs
