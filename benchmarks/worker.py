"""What the two sides of `train_step.py` share: their images and the protocol of a worker.

A worker is a process that sleeps on its standard input, so that the other one has all cores. It reads a number of steps
per line and answers with a line of JSON, the seconds that they took.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

BATCHES, BATCH_SIZE = 50, 64
WARM_UP = 3  # batches' worth of tracing, allocating and choosing kernels that no timing should hold


def arguments() -> argparse.Namespace:
    """The command line of a worker."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=["fashion_cnn", "fashion_vit"])
    parser.add_argument("threads", type=int)
    parser.add_argument("precision", choices=["float32", "bfloat16"])
    return parser.parse_args()


def random_images() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, 28, 28) and labels (N,), enough that a few hundred steps do not memorise them.

    On a single batch the gradients would vanish, and arithmetic on denormal numbers is slow.
    """
    stream = np.random.RandomState(0)
    count = BATCHES * BATCH_SIZE
    images = stream.randint(0, 256, (count, 28, 28), dtype=np.uint8)
    return images, stream.randint(0, 10, count, dtype=np.uint8)


def serve(run: Callable[[int], object], versions: str) -> None:
    """Warm up, say which `versions` these are, then time `run(steps)` for every line of standard input."""
    run(WARM_UP)
    print(json.dumps(versions), flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        run(int(line))
        print(json.dumps(time.perf_counter() - started), flush=True)
