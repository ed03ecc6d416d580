"""All numbers of the report's primer."""

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import nn

from lookalike.models.macs import count_macs
from lookalike.primer.convolution import Window, multiply_accumulates, receptive_fields, weight_count
from lookalike.primer.exercises import IMAGE, KERNEL, POOLINGS, WorkedExample, convolve, pool
from lookalike.primer.fields import SIDES, fields_of
from lookalike.primer.functions import sigmoid, softmax

Json = dict[str, Any]
SETTINGS = 500  # random convolutions that the arithmetic is checked on
SIZES = (  # name, side of the input, window: what the studies' networks do
    ("the exercise: 3x3 over 4x4", 4, Window(3)),
    ("LeNet-5's C1: 5x5 over 32x32", 32, Window(5)),
    ("its subsampling: 2x2 in steps of 2", 28, Window(2, 2)),
    ("AlexNet's first: 11x11 in steps of 4", 224, Window(11, 4, 2)),
    ("its overlapping pooling", 55, Window(3, 2)),
    ("VGG's 3x3 with padding", 32, Window(3, 1, 1)),
    ("3x3 with a dilation of 2", 32, Window(3, 1, 0, 2)),
)
CHANNELS = 16  # of two 3x3 and of one 5x5 convolution
LOGITS = (2.0, 1.0, 0.1, -1.0)


def primer_numbers() -> Json:
    """JSON-able: "sizes" with "checked", "convolution", "poolings", "flatten", "stacks", "answers" and "fields"."""
    return {
        "sizes": [
            {"name": name, "inputs": inputs, **asdict(window), "outputs": window.outputs(inputs)}
            for name, inputs, window in SIZES
        ],
        "checked": check_arithmetic(SETTINGS),
        "convolution": example_findings(convolve(IMAGE, KERNEL, Window(3)))
        | {"image": IMAGE.tolist(), "kernel": KERNEL.tolist()},
        "poolings": {kind: example_findings(pool(IMAGE, kind, Window(2, 2))) for kind in POOLINGS},
        "flatten": torch.from_numpy(IMAGE).flatten().tolist(),
        "stacks": [stack_row("one 5x5", 5), stack_row("two 3x3", 3, 3)],
        "answers": softmax_and_sigmoid(),
        "fields": {name: {"side": side, "layers": field_rows(name)} for name, (side, _) in SIDES.items()},
    }


def check_arithmetic(count: int) -> Json:
    """The number of random convolutions whose output size, weights and multiply-accumulates equal torch's."""
    rng, agreed = np.random.default_rng(13), 0
    for _ in range(count):
        groups = int(rng.integers(1, 4))
        inputs, outputs = (groups * int(n) for n in rng.integers(1, 4, 2))
        window = Window(*(int(rng.integers(*ends)) for ends in ((1, 6), (1, 4), (0, 4), (1, 4))))
        side = int(rng.integers(window.extent, window.extent + 20))
        layer = nn.Conv2d(inputs, outputs, window.kernel, window.stride, window.padding, window.dilation, groups)
        with torch.no_grad():
            made = layer(torch.zeros(1, inputs, side, side)).shape[2]
        ours = (
            window.outputs(side),
            weight_count(inputs, outputs, window.kernel, groups=groups),
            multiply_accumulates(inputs, outputs, window, side, groups=groups),
        )
        theirs = (made, sum(map(torch.numel, layer.parameters())), count_macs(layer, (inputs, side, side)))
        agreed += ours == theirs
    return {"count": count, "agreed": agreed}


def example_findings(one: WorkedExample) -> Json:
    return {"result": one.result.tolist(), "steps": one.steps}


def stack_row(name: str, *kernels: int) -> Json:
    """Receptive field, weights and multiply-accumulates of stacked convolutions."""
    layers = [nn.Conv2d(CHANNELS, CHANNELS, kernel, bias=False) for kernel in kernels]
    side = 1 + sum(kernel - 1 for kernel in kernels)  # so that one unit is left
    return {
        "name": name,
        "field": receptive_fields(nn.Sequential(*layers), (CHANNELS, side, side))[-1].size,
        "weights": sum(weight_count(CHANNELS, CHANNELS, kernel, bias=False) for kernel in kernels),
        "macs": sum(
            multiply_accumulates(CHANNELS, CHANNELS, Window(kernel, padding=kernel // 2), 32) for kernel in kernels
        ),
    }


def softmax_and_sigmoid() -> list[Json]:
    """Softmax and sigmoid of the same logits."""
    logits = np.array(LOGITS)
    rows = zip(logits, softmax(logits), sigmoid(logits), strict=True)
    return [{"logit": float(x), "softmax": float(share), "sigmoid": float(alone)} for x, share, alone in rows]


def field_rows(name: str) -> list[Json]:
    """A row per layer: its receptive field, and whether gradients agree with it."""
    return [
        {**asdict(seen.field), "first": seen.rows[0], "last": seen.rows[1], "agrees": seen.rows == seen.expected}
        for seen in fields_of(name)
    ]
