"""Device, memory and randomness: everything that depends on where a model runs.

Channels-last memory, no compilation and an allocator that keeps its pages are fastest on CPUs
(`docs/performance.md`). The profile sets the precision of training.
"""

import ctypes
import hashlib
import logging
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn

PIXELS_AT_ONCE = 2**20
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Network = TypeVar("Network", bound=nn.Module)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # names and numbers of glibc's mallopt(3)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Where and how a model runs.

    Attributes:
        memory_format: of four-dimensional tensors.
        precision: of matrix products and convolutions within `autocast`. Weights, gradients and losses are float32
            always, and so is everything after training.
    """

    device: torch.device
    memory_format: torch.memory_format = torch.channels_last
    precision: torch.dtype = torch.float32

    def place(self, model: Network) -> Network:
        """Move `model` to the device, in this runtime's memory format."""
        return model.to(self.device).to(memory_format=self.memory_format)

    def autocast(self) -> AbstractContextManager[object]:
        """Run products in `precision` within the block. Weights must not change there: their casts are kept."""
        if self.precision is torch.float32:
            return nullcontext()
        return torch.autocast(self.device.type, dtype=self.precision)


class Part(NamedTuple):
    """The images of a batch that one of several processes computes: those from `start` to `stop`, of `total`."""

    start: int
    stop: int
    total: int


def start(device: str = "auto", precision: str = "float32") -> Runtime:
    """Set this process up for reproducible work and choose its device.

    Args:
        device: as torch names it; `auto` means CUDA where there is one, else the CPU.
        precision: `float32` or `bfloat16`, see `Runtime`. A warning says if the device has no instructions for it.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    # cuBLAS reads this when it starts; without it, deterministic matrix products are refused.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # The public switch, torch.use_deterministic_algorithms, is this call and the import of torch's compiler, which
    # would cost every stage a second (docs/performance.md). Filling new tensors, its other effect, is for debugging.
    torch._C._set_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    keep_freed_pages()
    if precision == "bfloat16" and not has_fast_bfloat16(torch.device(device)):
        _log.warning("this device has no bfloat16 instructions; float32 would be faster")
    return Runtime(torch.device(device), precision=PRECISIONS[precision])


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware. If not, bfloat16 training is slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def keep_freed_pages() -> None:
    """Ask glibc to keep large blocks instead of returning them to the kernel after every operation.

    Each training step frees and allocates the same tens of megabytes. Clearing and mapping these pages again takes a
    third of a step of the small CNN. Does nothing on other C libraries.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 1 << 30)
        mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


def derive_seed(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed for one purpose, such as `derive_seed(0, "order", 3)`: always the same number, and its own."""
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A random generator for one purpose, e.g. `generator(seed, "dropout", epoch)`."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, *purpose))


@contextmanager
def seeded(seed: int, *purpose: str | int) -> Iterator[None]:
    """Within the block torch's global CPU generator is seeded for `purpose`; afterwards it is as before.

    For code that takes no generator of its own, such as the default initialisers of `torch.nn`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, *purpose))
        yield


def describe_device(runtime: Runtime) -> dict[str, str | int]:
    """The device, its name, precision, threads and torch's version, which are reported with timings."""
    kind = runtime.device.type
    return {
        "device": kind,
        "name": torch.cuda.get_device_name(runtime.device) if kind == "cuda" else cpu_name(),
        "precision": str(runtime.precision).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),
    }


def cpu_name() -> str:
    """The processor's architecture and the number of cores that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()} CPU, {cores} cores"


def peak_memory(device: torch.device) -> int | None:
    """Most bytes of GPU memory that tensors have taken so far; None on a CPU."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


def images_per_pass(height: int, width: int, most: int) -> int:
    """The number of images per forward pass, at most `most`, so that the outputs of all layers fit into memory."""
    return min(most, max(1, PIXELS_AT_ONCE // (height * width)))


def to_host(tensor: Tensor) -> Tensor:
    """`tensor` detached, in plain contiguous memory on the CPU: ready to be written to a file."""
    return tensor.detach().to("cpu").contiguous()
