"""One training run in several processes, one per device: data parallelism.

Every process holds the whole model and takes a consecutive part of each batch; torch's DistributedDataParallel averages
the gradients. Everything that is random is drawn for the whole batch, and batch normalisation uses the statistics of
the whole batch. The number of processes therefore changes the weights only through the rounding of sums.

In a run of one process these functions do nothing, or answer for one process.
"""

import logging
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any, TypeGuard, TypeVar

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from lookalike.errors import InputError
from lookalike.models.base import Model
from lookalike.runtime import Part

LONGEST_WAIT = timedelta(days=7)  # the first process may wait for another run of the same, or for a download
Value = TypeVar("Value")


@contextmanager
def joined(environment: Mapping[str, str]) -> Iterator[None]:
    """Within the block, this process works with the others that torchrun has started, over NCCL or gloo.

    It uses the GPU of its own rank. All processes but the first are silent unless they fail.

    Args:
        environment: the variables that torchrun sets (`WORLD_SIZE` and others). Without them, or with one process, the
            block runs as it is.

    Raises:
        InputError: there are more processes than GPUs on this machine.
        SystemExit: another process has ended before its time; its own message says why.
    """
    if int(environment.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    if torch.cuda.is_available():
        if (own := int(environment["LOCAL_RANK"])) >= (gpus := torch.cuda.device_count()):
            raise InputError(f"LOOKALIKE_LAUNCH: more processes than GPUs on this machine, which has {gpus}")
        torch.cuda.set_device(own)
    dist.init_process_group(timeout=LONGEST_WAIT)
    if not leads():
        logging.disable(logging.WARNING)
        # Python's own handler would wait for the end of a collective operation, whose other processes may be gone.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        yield
    except RuntimeError as error:
        if not is_lost_connection(error):
            raise
        sys.exit("error: another process of this run has ended" if leads() else 1)
    finally:
        if sys.exc_info()[0] is None or not torch.cuda.is_available():  # NCCL could wait for processes that are gone
            dist.destroy_process_group()


def is_lost_connection(error: RuntimeError) -> bool:
    """Whether a collective operation has failed because another process is gone; there is no type for this."""
    return "gloo/transport" in str(error) or "ncclRemoteError" in str(error)


def count() -> int:
    """The number of processes."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0."""
    return dist.get_rank() if count() > 1 else 0


def leads() -> bool:
    """Whether this process is the first, which alone reads checkpoints, writes and prints."""
    return rank() == 0


@contextmanager
def leader_first() -> Iterator[None]:
    """The first process runs the block, then the others do.

    So a file is downloaded to a shared folder once, and bad input is refused in one line instead of many.
    """
    if not leads():
        share(None)
    yield
    if leads():
        share(None)


def share(value: Value) -> Value:
    """The value of the first process, in all of them."""
    if count() == 1:
        return value
    values = [value if leads() else None]
    dist.broadcast_object_list(values, device=torch.device("cpu"))
    return values[0]  # type: ignore[return-value]


def add_up(tensor: Tensor) -> Tensor:
    """Replace `tensor` by its sum over all processes, and return it."""
    if count() > 1:
        dist.all_reduce(tensor)
    return tensor


def own_part(images: int) -> Part:
    """This process's part of a batch of so many images.

    A batch of fewer images than processes is not divided. Each process then computes the whole of it, because layers
    and their gradients do not take empty batches; its gradients are averaged like all others.
    """
    if images < count():
        return Part(0, images, images)
    return Part(rank() * images // count(), (rank() + 1) * images // count(), images)


def is_divided(part: Part | None) -> TypeGuard[Part]:
    """Whether other processes have other images of the batch."""
    return part is not None and part.stop - part.start < part.total


def loss_weight(part: Part) -> float:
    """The factor of a part's mean loss, so that the average over all processes is the mean over the whole batch."""
    return count() * (part.stop - part.start) / part.total


def counts_here(part: Part) -> bool:
    """Whether the images of `part` count in this process's sums: a batch that all have counts in the first alone."""
    return is_divided(part) or leads()


class WithFeatures(nn.Module):
    """A model that returns its features and its logits, because DistributedDataParallel knows one call only."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) -> features (N, D) and logits (N, num_classes)."""
        features = self.model.features(images)
        return features, self.model.head(features)


def replicated(model: Model) -> nn.Module:
    """`WithFeatures` of the model, whose gradients are averaged over all processes."""
    network = WithFeatures(model)
    return network if count() == 1 else nn.parallel.DistributedDataParallel(network)


def share_buffers(model: nn.Module) -> None:
    """Give all processes the first one's statistics of batch normalisation, which may differ if not synchronised."""
    if count() > 1:
        for buffer in model.buffers():
            dist.broadcast(buffer, src=0)


def whole_batch(rows: Tensor, part: Part | None) -> Tensor:
    """The rows of all images of a batch from those of `part`, with gradients: (N, ...) -> (total, ...)."""
    if not is_divided(part):
        return rows
    padding = (0, 0) * (rows.ndim - 1) + (part.start, part.total - part.stop)
    return SumOverProcesses.apply(F.pad(rows, padding))


class SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes; its gradient is the sum of their gradients."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        return add_up(tensor.clone())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return add_up(gradients[0].clone())


# batch normalisation


def synchronised(part: Part | None) -> AbstractContextManager[object]:
    """Within the block, batch normalisation in training mode uses the statistics of all images of a divided batch."""
    return OverWholeBatch() if is_divided(part) else nullcontext()


class OverWholeBatch(TorchFunctionMode):
    """Replaces `torch.nn.functional.batch_norm`, so that no layer has to be exchanged, neither torch's nor timm's.

    torch's own `SyncBatchNorm` refuses tensors on a CPU.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        used = batch_norm if func is F.batch_norm else func
        return used(*args, **(kwargs or {}))


def batch_norm(
    maps: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """`torch.nn.functional.batch_norm` over the images of all processes (Ioffe & Szegedy, 2015)."""
    if not training:
        return F.batch_norm(maps, running_mean, running_var, weight, bias, False, momentum, eps)
    mean, variance, size = statistics(maps.detach())
    if running_mean is not None and running_var is not None:
        running_mean.lerp_(mean, momentum)
        running_var.lerp_(variance * (size / (size - 1)), momentum)  # the unbiased estimate, as in torch
    weight = torch.ones_like(mean) if weight is None else weight
    bias = torch.zeros_like(mean) if bias is None else bias
    return Normalise.apply(maps, weight, bias, mean, variance, size, eps)


def statistics(maps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and variance (both (C,), float32) over all processes' maps (N, C, ...), and the number of values (1,).

    The parts' own means and variances are combined, which is more accurate than sums of squares (Chan, Golub & LeVeque,
    "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
    """
    unused = torch.zeros(2, maps.shape[1], device=maps.device)  # running statistics, whose type is that of the results
    mean, variance = torch.batch_norm_update_stats(maps, unused[0], unused[1], 0.0)
    own = torch.cat([mean.new_full((1,), values_per_channel(maps)), mean, variance])
    parts = [torch.empty_like(own) for _ in range(count())]
    dist.all_gather(parts, own)
    sizes, means, variances = torch.stack(parts).split([1, len(mean), len(mean)], dim=1)
    shares = sizes / sizes.sum()
    mean = (shares * means).sum(0)
    return mean, (shares * (variances + (means - mean).square())).sum(0), sizes.sum(0)


def values_per_channel(maps: Tensor) -> float:
    return maps.numel() / maps.shape[1]


class Normalise(torch.autograd.Function):
    """Batch normalisation with given statistics of the whole batch, whose gradients reach the images of all processes.

    The gradients of weight and bias are those of the process's own images, as for any other layer. With x normalised
    maps and g their gradients, the gradient of the maps is w / sigma (g - mean(g) - x mean(g x)) with means over the
    whole batch. torch's kernel computes it with the means over the own images; a second one adds the difference, which
    is linear in x. Together they take a third of the time of the formula written out.
    """

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, size: Tensor, eps: float
    ) -> Tensor:
        ctx.save_for_backward(maps, weight, mean, variance, size)
        ctx.eps = eps
        return F.batch_norm(maps, mean, variance, weight, bias, training=False, eps=eps)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        maps, weight, mean, variance, size = ctx.saved_tensors
        rate, wanted = torch.rsqrt(variance + ctx.eps), [True, True, True]
        inputs, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradients[0], maps, weight, None, None, mean, rate, True, ctx.eps, wanted
        )
        own = torch.stack([of_weight, of_bias])
        scale, shift = weight * rate * (own / values_per_channel(maps) - add_up(own.clone()) / size)
        inputs += F.batch_norm(maps, mean, variance, scale, shift, training=False, eps=ctx.eps)
        return inputs, of_weight, of_bias, None, None, None, None
