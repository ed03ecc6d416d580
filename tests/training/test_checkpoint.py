"""A checkpoint comes back as it was written, or is set aside and training starts afresh."""

import errno
import math
import random
from pathlib import Path

import pytest
import torch

from lookalike.artifacts.folders import describe_disk_fault
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


def test_torch_reads_it_as_well(path: Path) -> None:
    assert torch.load(path, weights_only=True)["history"][0]["lr"] == 0.1


def assert_set_aside(path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The damaged `content` is not loaded, is kept under another name, and one line says so."""
    caplog.clear()
    before = set(path.parent.iterdir())
    path.write_bytes(content)
    assert load_checkpoint(path) is None
    (aside,) = set(path.parent.iterdir()) - before
    assert aside.read_bytes() == content
    assert not path.exists()
    (said,) = caplog.messages
    assert said.startswith(f"{path}: damaged (")
    assert said.endswith(f"; it is kept as {aside.name}, and this run starts afresh")
    assert "\n" not in said
    aside.unlink()


@pytest.mark.parametrize("share", [0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_set_aside(path: Path, share: float, caplog: pytest.LogCaptureFixture) -> None:
    content = path.read_bytes()
    assert_set_aside(path, content[: int(len(content) * share)], caplog)


@pytest.mark.parametrize("content", [b"not a checkpoint", b"\0" * 5000], ids=["text", "zeros"])
def test_something_else_is_set_aside(path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert_set_aside(path, content, caplog)


def test_every_flipped_bit_is_noticed(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole, draw = path.read_bytes(), random.Random(0)
    count = 8 * len(whole)
    for bit in (*draw.sample(range(count), 400), *range(count - 16, count)):  # the last are the digest's
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        assert_set_aside(path, bytes(content), caplog)
    path.write_bytes(whole)
    assert load_checkpoint(path) is not None


def test_every_zeroed_block_is_noticed(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole, size = path.read_bytes(), 16
    blocks = [start for start in range(0, len(whole), size) if any(whole[start : start + size])]
    assert len(blocks) > 50
    for start in blocks:
        assert_set_aside(path, whole[:start] + bytes(size) + whole[start + size :], caplog)


def test_a_file_that_may_not_be_read_is_not_set_aside(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PermissionError):
        load_checkpoint(path)
    assert path.exists()


def test_a_failed_write_leaves_the_previous_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(part: Path, content: bytes) -> None:
        with part.open("wb") as stream:
            stream.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fail)
        with pytest.raises(OSError, match="No space left") as caught:
            save_checkpoint(path, STATE)
    assert str(describe_disk_fault(caught.value)).startswith(f"{path}: No space left on device (disk /")
    assert load_checkpoint(path) is not None
    assert [file.name for file in path.parent.iterdir()] == ["seed-0.pt"]
