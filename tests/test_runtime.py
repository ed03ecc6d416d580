"""Seeds and generators: distinct, stable, and without a trace in torch's global generator."""

import itertools

import pytest
import torch

from lookalike import runtime as module
from lookalike.runtime import (
    Runtime,
    derive_seed,
    describe_device,
    generator,
    images_per_pass,
    peak_memory,
    seeded,
    start,
    to_host,
)


def test_derived_seeds_are_stable() -> None:
    assert derive_seed(0, "order", 3) == 8483304753239185838
    assert derive_seed(0, "init") == 1749912909633406932


def test_derived_seeds_are_distinct() -> None:
    purposes = [(p, e) for p in ("order", "dropout", "init") for e in (*range(20), *map(str, range(20)))]
    purposes += [("order",), ("dropout",), ("order", 1, 1), ("ord", "er")]
    seeds = [derive_seed(seed, *purpose) for seed, purpose in itertools.product(range(20), purposes)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_generators_are_independent_of_each_other_and_of_the_global_one() -> None:
    before = torch.random.get_rng_state()
    first, second = generator(1, "a"), generator(1, "a")
    torch.rand(7, generator=generator(1, "b"))
    draws = torch.rand(5, generator=first)
    assert torch.equal(draws, torch.rand(5, generator=second))
    assert not torch.equal(draws, torch.rand(5, generator=generator(1, "b")))
    assert not torch.equal(draws, torch.rand(5, generator=generator(2, "a")))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("fails", [False, True])
def test_seeded_restores_the_global_generator(fails: bool) -> None:
    before = torch.random.get_rng_state()
    try:
        with seeded(3, "init"):
            inside = torch.rand(4)
            assert not fails
    except AssertionError:
        assert fails
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(inside, torch.rand(4, generator=generator(3, "init")))


@pytest.mark.parametrize("fast", [True, False])
def test_start_warns_of_a_precision_that_is_slow_here(
    fast: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "has_fast_bfloat16", lambda device: fast)
    assert start("cpu", "bfloat16").precision is torch.bfloat16
    assert start("cpu").precision is torch.float32
    expected = ["this device has no bfloat16 instructions; float32 would be faster"]
    assert caplog.messages == ([] if fast else expected)


def test_start_refuses_operations_that_are_not_deterministic() -> None:
    assert start("cpu") == Runtime(torch.device("cpu"), torch.channels_last)
    assert torch.are_deterministic_algorithms_enabled()


def test_place_sets_the_memory_format(runtime: Runtime) -> None:
    weight = runtime.place(torch.nn.Conv2d(4, 8, 3)).weight
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_to_host_gives_plain_detached_memory() -> None:
    weight = torch.rand(4, 3, 5, 5, requires_grad=True).to(memory_format=torch.channels_last)
    host = to_host(weight)
    assert host.is_contiguous()
    assert not host.requires_grad
    assert torch.equal(host, weight)


def test_a_cpu_is_described_without_gpu_memory() -> None:
    about = describe_device(Runtime(torch.device("cpu")))
    assert about["device"] == "cpu"
    assert about["precision"] == "float32"
    assert about["threads"] == 1
    assert about["torch"] == torch.__version__
    assert peak_memory(torch.device("cpu")) is None


def test_fewer_large_images_go_through_a_model_at_once() -> None:
    assert [images_per_pass(side, side, 500) for side in (28, 32, 224, 2000)] == [500, 500, 20, 1]
