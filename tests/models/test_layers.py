"""Dropout: the right share of zeros in the right positions, and exact gradients."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor, nn

from lookalike.models.layers import Dropout, set_dropout_generator

SHAPES = [(7,), (3, 5), (2, 3, 5, 7), (4, 1, 3, 3), (1, 8, 1, 1), (0, 3)]


def dropout(p: float, seed: int = 1) -> Dropout:
    """A layer in training mode that draws from a generator of its own."""
    layer = Dropout(p)
    set_dropout_generator(layer, torch.Generator().manual_seed(seed))
    return layer


def drawn_bytes(count: int) -> Tensor:
    """The bytes behind the masks (count,): each is the number of thresholds up to 255 that it reaches."""
    x = torch.empty(count)
    return sum((dropout(t / 256).keep_mask(x).int() for t in range(1, 256)), torch.zeros(count, dtype=torch.int))


@pytest.mark.parametrize(("p", "training"), [(0.0, True), (0.001, True), (0.5, False), (0.0, False)])
def test_the_identity_in_evaluation_and_for_p_0(p: float, training: bool) -> None:
    x = torch.randn(4, 9)
    assert dropout(p).train(training)(x) is x


@pytest.mark.parametrize("p", [-0.1, -1.0, 1.0, 1.5, math.nan])
def test_a_p_outside_its_range_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match=r"must lie in|NaN"):
        Dropout(p)


@pytest.mark.parametrize(("p", "zeros"), [(0.2, 51 / 256), (0.5, 0.5), (0.9, 230 / 256), (1 / 256, 1 / 256)])
@pytest.mark.parametrize("count", [10_000, 200_001])
def test_the_share_of_zeros_and_the_expectation(p: float, zeros: float, count: int) -> None:
    out = dropout(p)(torch.ones(count, dtype=torch.float64))
    bound = 5 * math.sqrt(zeros * (1 - zeros) / count)  # five standard errors of a binomial share
    assert abs((out == 0).double().mean().item() - zeros) < bound
    assert abs(out.mean().item() - 1) < bound / (1 - zeros)
    assert out.unique().tolist() == pytest.approx([0, 1 / (1 - zeros)], rel=1e-15)


@pytest.mark.parametrize("memory_format", [torch.channels_last, torch.contiguous_format])
def test_an_image_has_the_same_mask_in_any_part_of_a_batch(memory_format: torch.memory_format) -> None:
    x = torch.ones(7, 3, 5, 3).to(memory_format=memory_format)
    whole = dropout(0.5)(x)
    for start, stop in ((0, 2), (2, 3), (3, 7)):
        layer = dropout(0.5)
        layer.part = (start, stop, 7)
        assert torch.equal(layer(x[start:stop]), whole[start:stop])


def test_all_eight_bytes_of_a_draw_are_uniform() -> None:
    pieces = drawn_bytes(8 * 20_000).view(-1, 8).numpy()
    for position in range(8):
        assert chisquare(np.bincount(pieces[:, position], minlength=256)).pvalue > 1e-4, position


def test_the_eight_bytes_of_a_draw_are_unrelated() -> None:
    pieces = drawn_bytes(8 * 20_000).view(-1, 8).numpy()
    related = np.abs(np.corrcoef(pieces.T) - np.eye(8)).max()
    assert related < 5 / math.sqrt(20_000)


def test_a_generator_decides_the_masks() -> None:
    x = torch.empty(3, 50)
    first, again, other = dropout(0.5, seed=1), dropout(0.5, seed=1), dropout(0.5, seed=2)
    masks = [first.keep_mask(x), first.keep_mask(x)]
    assert all(torch.equal(mask, again.keep_mask(x)) for mask in masks)
    assert not torch.equal(*masks)
    assert not torch.equal(masks[0], other.keep_mask(x))


def test_the_generator_reaches_every_layer_and_leaves_the_global_one_alone() -> None:
    model = nn.Sequential(Dropout(0.5), nn.Sequential(Dropout(0.2), nn.ReLU()))
    before = torch.random.get_rng_state()
    outs = []
    for _ in range(2):
        set_dropout_generator(model, torch.Generator().manual_seed(4))
        outs.append(model(torch.ones(200)))
    assert torch.equal(*outs)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mask_lies_in_memory_as_its_input_does(shape: tuple[int, ...]) -> None:
    layouts = [torch.randn(shape)]
    if len(shape) == 4:
        layouts.append(layouts[0].contiguous(memory_format=torch.channels_last))
    for x in layouts:
        layer, out = dropout(0.5), dropout(0.5)(x)
        keep = layer.keep_mask(x)
        assert (keep.shape, keep.dtype) == (x.shape, torch.bool)
        assert keep.stride() == x.stride()
        assert out.stride() == x.stride()
        assert torch.equal(out, x * keep * 2)


def test_both_layouts_draw_the_same_bits_in_the_order_of_memory() -> None:
    x = torch.empty(2, 3, 5, 7)
    plain = dropout(0.5).keep_mask(x)
    last = dropout(0.5).keep_mask(x.contiguous(memory_format=torch.channels_last))
    assert torch.equal(plain.flatten(), last.permute(0, 2, 3, 1).flatten())


@pytest.mark.parametrize(
    "strided",
    [
        torch.randn(6, 8).t(),
        torch.randn(6, 8)[:, ::2],
        torch.randn(5, 1).expand(5, 4),
        torch.randn(2, 4, 6, 8)[:, 1:3, ::2],
        torch.randn(2, 3, 4).permute(2, 0, 1),
    ],
    ids=["transposed", "with gaps", "expanded", "cut out", "permuted"],
)
def test_other_strides_give_the_values_of_contiguous_memory(strided: Tensor) -> None:
    assert torch.equal(dropout(0.3)(strided), dropout(0.3)(strided.contiguous()))


@pytest.mark.parametrize("channels_last", [False, True])
def test_the_gradient_is_mask_times_scale(channels_last: bool) -> None:
    x = torch.randn(2, 3, 4, 5)
    x = (x.contiguous(memory_format=torch.channels_last) if channels_last else x).requires_grad_()
    upstream = torch.randn_like(x)
    (got,) = torch.autograd.grad(dropout(0.2)(x), x, upstream)
    (plain,) = torch.autograd.grad(x * dropout(0.2).keep_mask(x) * (256 / 205), x, upstream)
    torch.testing.assert_close(got, plain, rtol=1e-6, atol=0)
    assert got.stride() == x.stride()


def test_the_gradient_passes_gradcheck() -> None:
    x = torch.randn(3, 2, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: dropout(0.4)(x), x)  # a new layer a call: the same mask each time
