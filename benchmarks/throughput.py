"""Training throughput of a model in float32 and bfloat16, as a share of the machine's matrix multiplication rate.

    python benchmarks/throughput.py --threads 2

A step is forward pass, loss, backward pass and Adam update on a batch of 32x32 images that are in memory already; it
counts as three times the multiply-accumulates of a forward pass. Steps and large matrix products of both precisions
take turns in one process, so that changes in the machine's speed affect all equally.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import trange

from lookalike import runtime
from lookalike.data.tensors import place_images
from lookalike.models.layers import set_dropout_generator
from lookalike.models.macs import count_macs
from lookalike.models.registry import MODELS, create_model
from lookalike.training.loop import Learner
from lookalike.training.optimisation import Optimisation, Optimiser

SHAPE = (3, 32, 32)
NORMALISED = {name: {"batch_norm": True} for name in ("simple_cnn", "vgg")}  # as in most of their variants


def main() -> None:
    """Measure and print."""
    asked = parser().parse_args()
    torch.set_num_threads(asked.threads)
    rates: dict[str, list[float]] = {precision: [] for precision in runtime.PRECISIONS}
    products: dict[str, list[float]] = {precision: [] for precision in runtime.PRECISIONS}
    runtimes = {precision: runtime.start(precision=precision) for precision in runtime.PRECISIONS}
    arguments = {"max_channels": asked.channels} if asked.channels else {}
    prepared = {name: training(asked.model, arguments, asked.batch_size, target) for name, target in runtimes.items()}
    roofs = {name: multiplication(asked.size, target) for name, target in runtimes.items()}
    for block in trange(asked.blocks + 1, unit="block", disable=None):
        for name, target in runtimes.items():
            _, step = prepared[name]
            product = asked.size**3 / seconds(roofs[name], 1, target)
            rate = asked.steps * asked.batch_size / seconds(step, asked.steps, target)
            if block > 0:  # the first one warms up
                products[name].append(product)
                rates[name].append(rate)
    print(runtime.describe_device(runtimes["float32"]))
    for name, (macs, _) in prepared.items():
        images, roof = statistics.median(rates[name]), statistics.median(products[name])
        print(
            f"{asked.model} in {name}: {images:,.1f} images/s ({min(rates[name]):,.1f} to {max(rates[name]):,.1f}), "
            f"{3 * macs * images / 1e9:,.1f} G multiply-accumulates/s, "
            f"{3 * macs * images / roof:.0%} of a {asked.size}x{asked.size} product ({roof / 1e9:,.1f} G/s)"
        )
    ratios = [half / single for half, single in zip(rates["bfloat16"], rates["float32"], strict=True)]
    print(f"bfloat16 / float32: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="vgg")
    parser.add_argument("--channels", type=int, help="cap on the channels of a layer")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--blocks", type=int, default=5, help="turns of each precision")
    parser.add_argument("--steps", type=int, default=1, help="steps in a block")
    parser.add_argument("--size", type=int, default=4096, help="rows and columns of the matrices")
    return parser


def training(
    model: str,
    arguments: dict[str, Any],
    batch_size: int,
    target: runtime.Runtime,
    part: runtime.Part | None = None,
) -> tuple[int, Callable[[], object]]:
    """Multiply-accumulates of a forward pass of one image, and a step on a batch of random images.

    They are `part` of a batch that several processes share; None means that they are the whole.
    """
    with runtime.seeded(0, "init"):
        built = create_model(model, NORMALISED.get(model, {}) | arguments, input_shape=SHAPE, num_classes=10)
    macs = count_macs(built, SHAPE)
    network = target.place(built).train()
    set_dropout_generator(network, runtime.generator(0, "dropout", 0, device=target.device))
    learner = Learner(network, Optimiser(network, Optimisation("torch_adam", lr=1e-3)), target)
    stream = np.random.default_rng(0)
    pixels = stream.integers(0, 256, (batch_size, 32, 32, 3), dtype=np.uint8)
    labels = stream.integers(0, 10, batch_size)
    batch = place_images(pixels, labels, mean=(0.5,) * 3, std=(0.25,) * 3, runtime=target).batch(slice(None))
    return macs, lambda: learner.step(*batch, part)


def multiplication(size: int, target: runtime.Runtime) -> Callable[[], Tensor]:
    """A product of two random square matrices, in the precision of a step."""
    left, right = (torch.randn(size, size, device=target.device, dtype=target.precision) for _ in range(2))
    return lambda: left @ right


def seconds(work: Callable[[], object], times: int, target: runtime.Runtime) -> float:
    """The time that so many rounds of `work` take."""
    synchronise(target)
    started = time.perf_counter()
    for _ in range(times):
        work()
    synchronise(target)
    return time.perf_counter() - started


def synchronise(target: runtime.Runtime) -> None:
    """Wait for what the device still has to do."""
    if target.device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
