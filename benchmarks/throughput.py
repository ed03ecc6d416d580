"""How many images a second a model trains on, and what share that is of what the machine can multiply.

    python benchmarks/throughput.py --threads 2

A step is forward pass, loss, backward pass and Adam update on a batch of 32x32 images that are in memory already; it is
counted as three times the multiply-accumulates of a forward pass. Steps and large matrix products, in the precision of
a step (on a GPU bfloat16), take turns, so that a machine that grows slower or faster treats both alike.
"""

import argparse
import statistics
import time
from collections.abc import Callable

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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="vgg11_cifar")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--blocks", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1, help="in a block")
    parser.add_argument("--size", type=int, default=4096, help="rows and columns of the matrices")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    place = runtime.start()
    macs, step = training(asked.model, asked.batch_size, place)
    product = multiplication(asked.size, place)
    for warm_up in (step, product):
        seconds(warm_up, 1, place)
    steps, products = [], []
    for _ in trange(asked.blocks, unit="block", disable=None):
        products.append(asked.size**3 / seconds(product, 1, place))
        steps.append(asked.steps * asked.batch_size / seconds(step, asked.steps, place))
    images, roof = statistics.median(steps), statistics.median(products)
    print(f"{runtime.describe(place)}")
    print(f"{asked.model}: {macs / 1e9:.2f} G multiply-accumulates an image, {images:,.1f} images/s in training")
    print(
        f"training: {3 * macs * images / 1e9:,.1f} G/s; {asked.size}x{asked.size} matrix product: {roof / 1e9:,.1f} G/s"
    )
    print(f"share: {3 * macs * images / roof:.0%}")


def training(model: str, batch_size: int, place: runtime.Runtime) -> tuple[int, Callable[[], object]]:
    """Multiply-accumulates of a forward pass of one image, and a step on a batch of random images."""
    with runtime.seeded(0, "init"):
        built = create_model(model, {"batch_norm": True}, input_shape=SHAPE, num_classes=10)
    macs = count_macs(built, SHAPE)
    network = place.place(built).train()
    set_dropout_generator(network, runtime.generator(0, "dropout", 0, device=place.device))
    learner = Learner(network, Optimiser(network, Optimisation("torch_adam", lr=1e-3)), place)
    stream = np.random.default_rng(0)
    pixels = stream.integers(0, 256, (batch_size, 32, 32, 3), dtype=np.uint8)
    labels = stream.integers(0, 10, batch_size)
    batch = place_images(pixels, labels, mean=(0.5,) * 3, std=(0.25,) * 3, runtime=place).batch(slice(None))
    return macs, lambda: learner.step(*batch)


def multiplication(size: int, place: runtime.Runtime) -> Callable[[], Tensor]:
    """A product of two random square matrices, in the precision of a step."""
    left, right = (torch.randn(size, size, device=place.device, dtype=place.precision) for _ in range(2))
    return lambda: left @ right


def seconds(work: Callable[[], object], times: int, place: runtime.Runtime) -> float:
    """How long so many rounds of `work` take."""
    synchronise(place)
    started = time.perf_counter()
    for _ in range(times):
        work()
    synchronise(place)
    return time.perf_counter() - started


def synchronise(place: runtime.Runtime) -> None:
    """Wait for what the device still has to do."""
    if place.device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
