"""Peak memory of a call."""

import ctypes
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from lookalike.runtime import M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, keep_freed_pages

PROCESS = Path("/proc/self")
BLOCK = 1 << 17  # bytes: glibc returns larger freed blocks at once; this is its default


def peak_of(run: Callable[[], object], device: torch.device) -> int | None:
    """Call `run` and return the peak of the bytes in use minus those before; None means that it cannot be measured.

    On a GPU: memory of tensors. On Linux: resident memory of the process, in pages, including libraries.
    """
    if device.type != "cuda":
        return resident_peak(run)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    run()
    return torch.cuda.max_memory_allocated(device) - before


def resident_peak(run: Callable[[], object]) -> int | None:
    """The peak on a CPU by the kernel's high-water mark, see proc(5): `clear_refs` resets it to the present size."""
    with returning_freed_memory():
        try:
            (PROCESS / "clear_refs").write_text("5")
        except OSError:
            run()
            return None
        before = resident("VmRSS")
        run()
        return max(0, resident("VmHWM") - before)


def resident(name: str) -> int:
    """The value of a line of `/proc/self/status`, in bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB", (PROCESS / "status").read_text(), re.MULTILINE)
    assert found is not None  # every Linux that has clear_refs has it
    return 1024 * int(found[1])


@contextmanager
def returning_freed_memory() -> Iterator[None]:
    """Within the block, memory is returned to the kernel when it is freed; memory freed before is returned now.

    `runtime.start` makes the process keep freed pages, which would count as resident memory. Does nothing on C
    libraries other than glibc.
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
