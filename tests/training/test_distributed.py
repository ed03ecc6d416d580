"""Two processes that torchrun starts do what one does: the same weights up to rounding, and the same statistics.

The stage itself is launched in `test_resume.py`.
"""

import subprocess
import sys
from typing import Any

import pytest
import torch
from checkout import ROOT
from conftest import TINY_ARGUMENTS
from torch import Tensor, nn
from two_processes import BATCH, CASES, normalised, trained

from lookalike.errors import InputError
from lookalike.models.layers import set_dropout_generator
from lookalike.models.registry import MODELS, PUBLISHED, create_model
from lookalike.runtime import Part
from lookalike.training import distributed
from lookalike.training.distributed import joined, leader_first, leads, own_part, share

TOLERANCE = 2e-5  # of the weights' norm, after an epoch of five steps; 5e-6 is the most that was measured
LOOSE = {"bfloat16": 1e-2, "own statistics": 3e-2}  # eight bits of mantissa; the statistics of half a batch


@pytest.fixture(scope="module")
def of_two(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of two processes."""
    file = tmp_path_factory.mktemp("two") / "results.pt"
    script = ROOT / "tests" / "two_processes.py"
    command = [*(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"), str(script)]
    paths = f"{ROOT / 'src'}:{ROOT / 'tests'}"
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([*command, str(file)], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return torch.load(file, weights_only=True)


def flat(weights: dict[str, Tensor]) -> Tensor:
    return torch.cat([tensor.double().flatten() for tensor in weights.values()])


@pytest.mark.parametrize("name", CASES)
def test_two_processes_train_to_the_weights_of_one(name: str, of_two: dict[str, Any]) -> None:
    one, two = trained(CASES[name]), of_two[name]
    expected, found = flat(one["weights"]), flat(two["weights"])
    distance = (found - expected).norm() / expected.norm()
    assert distance < LOOSE.get(name, TOLERANCE)
    assert distance > 0, "the sums are rounded in another order"
    if name == "own statistics":
        assert distance > 1e-4
    losses, accuracies = (
        [row[f"{part}_{kind}"] for row in (one["history"], two["history"]) for part in ("train", "valid")]
        for kind in ("loss", "accuracy")
    )
    assert losses[2:] == pytest.approx(losses[:2], rel=LOOSE.get(name, 1e-5))
    if name not in LOOSE:
        assert accuracies[2:] == pytest.approx(accuracies[:2], abs=1e-7)


def test_a_process_reads_its_own_files_only(of_two: dict[str, Any]) -> None:
    assert trained(CASES["files"])["read"] == [BATCH, 14]
    assert of_two["files"]["read"] == [BATCH // 2, 7]


def test_batch_norm_sees_the_whole_batch(of_two: dict[str, Any]) -> None:
    expected = normalised()
    assert set(expected) == {"out", "gradient", "weight", "bias", "running_mean", "running_var", "num_batches_tracked"}
    for name, tensor in expected.items():
        torch.testing.assert_close(of_two["normalised"][name], tensor, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norm_over_processes_is_that_of_torch(affine: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a single process, which is said to be a part; in training and in evaluation mode."""
    monkeypatch.setattr(distributed.dist, "all_gather", lambda parts, own: parts[0].copy_(own))
    maps = torch.randn(4, 3, 5, 5)
    ours, theirs = nn.BatchNorm2d(3, affine=affine), nn.BatchNorm2d(3, affine=affine)
    for training in (True, False):
        with distributed.synchronised(Part(0, 4, 8)):
            found = ours.train(training)(maps)
        torch.testing.assert_close(found, theirs.train(training)(maps))
    torch.testing.assert_close(ours.state_dict(), theirs.state_dict())


def test_parts_are_consecutive_and_a_small_batch_is_not_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "count", lambda: 3)
    parts: dict[int, list[Part]] = {}
    for images in (2, 3, 8):
        parts[images] = []
        for rank in range(3):
            monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
            parts[images].append(own_part(images))
    assert parts == {
        2: [Part(0, 2, 2)] * 3,
        3: [Part(0, 1, 3), Part(1, 2, 3), Part(2, 3, 3)],
        8: [Part(0, 2, 8), Part(2, 5, 8), Part(5, 8, 8)],
    }


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_draws_with_this_project_s_dropout_alone(name: str) -> None:
    """Draws from torch's global generator, as in its own dropout, would differ between one process and several."""
    shape = (1, 64, 64) if name in PUBLISHED else (1, 28, 28)
    model = create_model(name, TINY_ARGUMENTS.get(name), input_shape=shape, num_classes=10).train()
    set_dropout_generator(model, torch.Generator().manual_seed(0))
    images, before = torch.zeros(2, *shape), torch.get_rng_state()
    model(images)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("environment", [{}, {"WORLD_SIZE": "1", "RANK": "0"}])
def test_one_process_needs_no_other(environment: dict[str, str]) -> None:
    with joined(environment), leader_first():
        assert (distributed.count(), leads(), share("value")) == (1, True, "value")
        assert own_part(5) == Part(0, 5, 5)
        assert not distributed.is_divided(own_part(5))
        assert not torch.distributed.is_initialized()


def test_other_errors_are_not_taken_for_a_lost_process() -> None:
    assert distributed.is_lost_connection(RuntimeError("[../gloo/transport/tcp/pair.cc:547] Connection closed by peer"))
    assert distributed.is_lost_connection(torch.distributed.DistBackendError("NCCL error, ncclRemoteError: A call"))
    assert not distributed.is_lost_connection(torch.distributed.DistBackendError("Duplicate GPU detected"))
    assert not distributed.is_lost_connection(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    environment = {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "3"}
    with (
        pytest.raises(InputError, match=r"more processes than GPUs on this machine, which has 2$"),
        joined(environment),
    ):
        pass
