"""The exercises, against torch and by hand."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lookalike.primer.convolution import Window
from lookalike.primer.exercises import IMAGE, KERNEL, POOLINGS, Pooling, convolve, pool

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("window", [Window(3), Window(3, 2), Window(3, 1, 1), Window(3, 1, 2, 2), Window(3, 2, 1, 2)])
def test_a_convolution_is_torchs(window: Window) -> None:
    image, kernel = RNG.normal(size=(9, 7)), RNG.normal(size=(3, 3))
    weights, values = (torch.from_numpy(part)[None, None] for part in (kernel, image))
    theirs = F.conv2d(values, weights, stride=window.stride, padding=window.padding, dilation=window.dilation)
    np.testing.assert_allclose(convolve(image, kernel, window).result, theirs[0, 0].numpy(), atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "layer"),
    [
        ("max", torch.nn.MaxPool2d(2)),
        ("average", torch.nn.AvgPool2d(2)),
        ("L2", torch.nn.LPPool2d(2, 2)),
    ],
)
def test_a_pooling_is_torchs(kind: Pooling, layer: torch.nn.Module) -> None:
    image = RNG.normal(size=(8, 6))
    theirs = layer(torch.from_numpy(image)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(pool(image, kind, Window(2, 2)).result, theirs, atol=1e-12)
    assert set(POOLINGS) == {"max", "average", "L2"}


def test_each_step_is_the_sum_that_it_says() -> None:
    found = convolve(IMAGE, KERNEL, Window(3))
    assert found.result.shape == (2, 2)
    assert found.steps[0] == "row 1, column 1: 1·1 + 2·0 + 0·(-1) + 0·2 + 1·0 + 3·(-2) + 2·1 + 0·0 + 1·(-1) = -4"
    for step, value in zip(found.steps, found.result.flat, strict=True):
        products, _, result = step.partition(": ")[2].partition(" = ")
        factors = [tuple(float(factor.strip("()")) for factor in pair.split("·")) for pair in products.split(" + ")]
        assert len(factors) == 9
        assert sum(first * second for first, second in factors) == float(result) == value


def test_each_pooling_names_the_numbers_it_pools() -> None:
    assert pool(IMAGE, "max", Window(2, 2)).steps == [
        "row 1, column 1: max of 1, 2, 0, 1 = 2",
        "row 1, column 2: max of 0, 1, 3, 1 = 3",
        "row 2, column 1: max of 2, 0, 1, 1 = 2",
        "row 2, column 2: max of 1, 0, 0, 2 = 2",
    ]
