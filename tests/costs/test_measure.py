"""Activations by hand and by hooks; rounds of a measurement."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lookalike.costs import measure
from lookalike.costs.measure import compare_times, in_turns, size_of, speed_of, spread
from lookalike.models.attention import Attention
from lookalike.models.macs import WorkCounter, count_macs
from lookalike.models.registry import create_model
from lookalike.runtime import Runtime

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("call", "activations"),
    [
        (lambda: nn.Conv2d(4, 6, 3, groups=2)(torch.ones(2, 4, 8, 8)), 2 * 6 * 36),
        (lambda: nn.Linear(5, 7)(torch.ones(3, 2, 5)), 3 * 2 * 7),
        (lambda: torch.ones(3, 4, 5) @ torch.ones(5, 6), 3 * 4 * 6),
        (lambda: F.scaled_dot_product_attention(*[torch.ones(2, 3, 4, 5)] * 2, torch.ones(2, 3, 4, 7)), 24 * (4 + 7)),
        (lambda: F.relu(torch.ones(5)) + 1, 0),
    ],
)
def test_single_calls_are_counted_by_hand(call: Callable[[], Tensor], activations: int) -> None:
    with WorkCounter() as counter:
        call()
    assert counter.activations == activations


@pytest.mark.parametrize("name", ["simple_cnn", "vgg", "residual_net"])
def test_activations_are_what_layers_put_out(name: str) -> None:
    model, seen = create_model(name, input_shape=(3, 32, 32), num_classes=10).eval(), []
    size = size_of(model, (3, 32, 32))
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(lambda _layer, _given, output: seen.append(output.numel()))
    model(torch.zeros(1, 3, 32, 32))
    assert size.activations == sum(seen)
    assert size.parameters == sum(map(torch.numel, model.parameters()))
    assert size.macs == count_macs(model, (3, 32, 32))


def test_attention_counts_alike_fused_and_written_out() -> None:
    attention, tokens, counts = Attention(12, 2, 6), torch.rand(1, 9, 12), []
    for path in (attention.fused, attention.plain):
        with WorkCounter() as counter:
            path(tokens)
        counts.append(counter.activations)
    assert counts[0] == counts[1] == 9 * 3 * 12 + 2 * 9 * 9 + 9 * 12 + 9 * 12


def test_a_counted_model_keeps_its_faster_ways() -> None:
    model = create_model("vit", {"patch_size": 4, "embed_dim": 12, "depth": 2, "num_heads": 2}, input_shape=(1, 8, 8),
                         num_classes=3)  # fmt: skip
    for layer in model.modules():
        if isinstance(layer, Attention):
            layer.fast = True
    size_of(model, (1, 8, 8))
    assert all(layer.fast for layer in model.modules() if isinstance(layer, Attention))


def test_a_spread_is_the_median_and_the_ends() -> None:
    found = spread([3.0, 1.0, 10.0, 2.0])
    assert (found.median, found.least, found.most, found.rounds) == (2.5, 1.0, 10.0, 4)


@pytest.mark.parametrize(("took", "rounds"), [(1e-9, measure.MOST), (10.0, measure.LEAST), (0.04, 4)])
def test_rounds_end_when_there_are_enough_of_them(took: float, rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two passes a round: of .04 s each, 3 rounds have not taken .25 s yet, and 4 have."""
    called = []
    monkeypatch.setattr(measure, "seconds_of", lambda run, device: (run(), took)[1])
    found = in_turns([lambda: called.append("a"), lambda: called.append("b")], CPU, patience=0.25)
    assert found == [[took] * rounds] * 2
    assert called == ["a", "b"] * rounds


def test_a_pass_takes_time(runtime: Runtime) -> None:
    model = nn.Conv2d(3, 64, 5, padding=2).eval()
    small, large = (speed_of(model, (3, 64, 64), batch, runtime) for batch in (1, 32))
    assert (small.batch, large.batch) == (1, 32)
    assert 0 < small.seconds.least <= small.seconds.median <= small.seconds.most
    assert large.seconds.median > 4 * small.seconds.median
    assert measure.LEAST <= large.seconds.rounds <= measure.MOST
    if large.memory is not None:
        assert large.memory == pytest.approx(4 * 32 * 64 * 64**2, rel=0.5)  # what it puts out


def test_a_ratio_is_that_of_each_round(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1.0, 3.0, 2.0, 2.0, 4.0, 10.0])
    monkeypatch.setattr(measure, "MOST", 3)
    monkeypatch.setattr(measure, "PATIENCE", 99.0)
    monkeypatch.setattr(measure, "in_turns", lambda passes, device: in_turns(passes, device, 99.0))
    monkeypatch.setattr(measure, "seconds_of", lambda run, device: next(times))
    found = compare_times((nn.Identity(), nn.Identity()), (1, 2, 2), runtime)
    assert (found.plain.median, found.other.median) == (2.0, 3.0)
    assert (found.ratio.least, found.ratio.median, found.ratio.most) == (1.0, 2.5, 3.0)
