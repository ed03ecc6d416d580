"""The most memory that is in use at once."""

import ctypes
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from lookalike.runtime import M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, keep_freed_pages

PROCESS = Path("/proc/self")
BLOCK = 1 << 17  # bytes from which glibc gives a freed block back at once, as it does by itself


def peak_of(run: Callable[[], object], device: torch.device) -> int | None:
    """Call `run`: the most bytes that were taken at once beyond what was taken before; None where nobody counts.

    On a GPU those of tensors; on Linux resident memory of the process, to the page, with what libraries take.
    """
    if device.type != "cuda":
        return resident_peak(run)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    run()
    return torch.cuda.max_memory_allocated(device) - before


def resident_peak(run: Callable[[], object]) -> int | None:
    """The same by the kernel's high-water mark, see proc(5): `clear_refs` sets it to what is resident now."""
    with giving_back():
        try:
            (PROCESS / "clear_refs").write_text("5")
        except OSError:
            run()
            return None
        before = resident("VmRSS")
        run()
        return max(0, resident("VmHWM") - before)


def resident(name: str) -> int:
    """A line of `/proc/self/status`, in bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB", (PROCESS / "status").read_text(), re.MULTILINE)
    assert found is not None  # every Linux that has clear_refs has it
    return 1024 * int(found[1])


@contextmanager
def giving_back() -> Iterator[None]:
    """Within the block freed memory goes back to the kernel; all that was kept before goes back now.

    A process that keeps freed pages, as `runtime.start` asks of it, would show how its free blocks lie, not what is in
    use. Does nothing on other C libraries than glibc.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "malloc_trim"):
        yield
        return
    library.mallopt(M_MMAP_THRESHOLD, BLOCK)  # type: ignore[union-attr]
    library.mallopt(M_TRIM_THRESHOLD, BLOCK)  # type: ignore[union-attr]
    library.malloc_trim(0)  # type: ignore[union-attr]
    try:
        yield
    finally:
        keep_freed_pages()
