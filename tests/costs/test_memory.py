"""The most memory at once: of what is freed in between, and where nobody counts."""

import sys
from pathlib import Path

import pytest
import torch

from lookalike.costs import memory
from lookalike.costs.memory import peak_of
from lookalike.runtime import keep_freed_pages

CPU = torch.device("cpu")
BLOCK = 32 << 20  # bytes


def one_after_the_other() -> None:
    """Three blocks, never more than two at once."""
    first = torch.ones(BLOCK // 4)
    second = torch.ones(BLOCK // 4)
    del first
    third = torch.ones(BLOCK // 4)
    del second, third


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel counts on Linux alone")
@pytest.mark.parametrize("keeping", [False, True])
def test_the_peak_is_what_is_in_use_at_once(keeping: bool) -> None:
    if keeping:
        keep_freed_pages()
    held = torch.ones(BLOCK // 4)  # was there before
    one_after_the_other()  # and leaves free pages behind, if they are kept
    found = peak_of(one_after_the_other, CPU)
    assert found == pytest.approx(2 * BLOCK, rel=0.1)
    assert len(held)


def test_where_nobody_counts_the_peak_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[int] = []
    monkeypatch.setattr(memory, "PROCESS", tmp_path / "no such folder")
    assert peak_of(lambda: calls.append(1), CPU) is None
    assert calls == [1]


def test_pages_are_kept_again_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    monkeypatch.setattr(memory, "keep_freed_pages", lambda: calls.append(1))
    with pytest.raises(ZeroDivisionError):
        peak_of(lambda: 1 // 0, CPU)
    assert calls == [1] * (sys.platform == "linux")
    keep_freed_pages()
