"""Device, threads, memory and randomness: everything that depends on where a model runs.

What is decided here was measured on CPUs (`docs/performance.md`): channels-last memory, no compilation, and an
allocator that keeps its pages. The precision of training is a setting of the profile.
"""

import ctypes
import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn

PIXELS_AT_ONCE = 2**20
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Network = TypeVar("Network", bound=nn.Module)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # names and numbers of glibc's mallopt(3)


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


def start(device: str = "auto", precision: str = "float32") -> Runtime:
    """Set this process up for reproducible work and choose its device.

    Args:
        device: as torch names it; `auto` means CUDA where there is one, else the CPU.
        precision: `float32` or `bfloat16`, see `Runtime`.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    # cuBLAS reads this when it starts; without it, deterministic matrix products are refused.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # The public switch, torch.use_deterministic_algorithms, is this call and the import of torch's compiler, which
    # would cost every stage five seconds of CPU. Filling new tensors, its other effect, is for catching faults.
    torch._C._set_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    keep_freed_pages()
    return Runtime(torch.device(device), precision=PRECISIONS[precision])


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware; without, training in it is slower than in float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def keep_freed_pages() -> None:
    """Ask glibc to keep large blocks instead of returning them to the kernel after every operation.

    A training step frees and asks again for the same tens of megabytes; each time the kernel would clear and map
    the pages anew, which costs a third of a step of the small CNN. Does nothing on other C libraries.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, 1 << 30)
        mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


def derive_seed(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed for one purpose: `derive_seed(0, "order", 3)` is always the same number, unlike any other's."""
    digest = hashlib.sha256(repr((seed, *purpose)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """A random generator of its own for one purpose, e.g. `generator(seed, "dropout", epoch)`."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, *purpose))


@contextmanager
def seeded(seed: int, *purpose: str | int) -> Iterator[None]:
    """Within the block torch's global CPU generator is seeded for `purpose`; afterwards it is as before.

    For code that takes no generator of its own, such as the default initialisers of `torch.nn`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed(seed, *purpose))
        yield


def describe(runtime: Runtime) -> dict[str, str | int]:
    """What a reader of a timing must know: the device, its name, precision, threads and torch's version."""
    kind = runtime.device.type
    return {
        "device": kind,
        "name": torch.cuda.get_device_name(runtime.device) if kind == "cuda" else cpu_name(),
        "precision": str(runtime.precision).removeprefix("torch."),
        "threads": torch.get_num_threads(),
        "torch": str(torch.__version__),
    }


def cpu_name() -> str:
    """The processor's name as the operating system gives it, with the number of cores this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()} CPU, {cores} cores"


def peak_memory(device: torch.device) -> int | None:
    """Most bytes of GPU memory that tensors have taken so far; None on a CPU."""
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None


def at_once(height: int, width: int, most: int) -> int:
    """How many images of a size go through a model at once, `most` of small ones: what memory holds of their layers."""
    return min(most, max(1, PIXELS_AT_ONCE // (height * width)))


def to_host(tensor: Tensor) -> Tensor:
    """`tensor` detached, in plain contiguous memory on the CPU: ready to be written to a file."""
    return tensor.detach().to("cpu").contiguous()
