"""A checkpoint comes back whole, or training starts afresh."""

import math
from pathlib import Path

import pytest
import torch

from lookalike.artifacts.models import Epoch, Timing
from lookalike.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

STATE = Checkpoint(
    model={"weight": torch.tensor([[1.0, -0.0], [math.pi, 2.0**-149]])},
    optimiser={"steps": 3, "moments": [[torch.tensor([0.5, 0.25])]]},
    history=[Epoch(0, 0, 0.1, 0.1 + 0.2, 0.5, math.inf, 0.25)],
    timings=[Timing(0, 0, 1.5, 40.0)],
    kept={1: {"weight": torch.tensor([7.0])}},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "deep" / "seed-0.pt", STATE)
    return tmp_path / "deep" / "seed-0.pt"


def test_a_checkpoint_comes_back_as_it_was(path: Path) -> None:
    back = load_checkpoint(path)
    assert back is not None
    assert torch.equal(back.model["weight"].view(torch.int32), STATE.model["weight"].view(torch.int32))
    assert back.optimiser["steps"] == STATE.optimiser["steps"]
    assert torch.equal(back.optimiser["moments"][0][0], STATE.optimiser["moments"][0][0])
    assert (back.history, back.timings, back.kept) == (STATE.history, STATE.timings, STATE.kept)
    assert [file.name for file in path.parent.iterdir()] == ["seed-0.pt"]


def test_none_without_a_file(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path / "seed-0.pt") is None


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_none_for_a_truncated_file(path: Path, share: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert load_checkpoint(path) is None


@pytest.mark.parametrize("content", [b"not a checkpoint", b"\0" * 5000], ids=["text", "zeros"])
def test_none_for_something_else(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert load_checkpoint(path) is None


def test_a_failed_write_leaves_the_previous_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(content: object, file: Path) -> None:
        file.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, STATE)
    assert load_checkpoint(path) is not None
