"""Time a training step of our models against the same models in Keras, in turns in one run.

    python benchmarks/train_step.py --blocks 10 --steps 50 --threads 1

A step is forward pass, loss, backward pass and Adam update on 64 images of 28x28 that are in memory already. Each
side is a process (`torch_step.py`, `keras_step.py`) that sleeps while the other one works. They take turns, a block of
steps each, and the first side changes with every block, so that changes in the machine's speed affect both equally.

Keras runs in an environment of its own, `.venv-keras`, which the first run makes (1.6 GB).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

BENCHMARKS = Path(__file__).resolve().parent
ENVIRONMENT = BENCHMARKS.parent / ".venv-keras"
PACKAGES = ["tensorflow-cpu==2.21.0", "keras==3.15.1"]
MODELS = ["fashion_cnn", "fashion_vit"]
RESAMPLES = 2000


class Worker:
    """A process that runs training steps on request and sleeps otherwise; a context manager that ends it."""

    def __init__(self, python: str, script: str, model: str, threads: int, precision: str) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3"}
        command = [python, str(BENCHMARKS / script), model, str(threads), precision]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        self.versions = self.answer()

    def seconds(self, steps: int) -> float:
        """Make `steps` updates; how long they took."""
        print(steps, file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> Any:
        """The next line of the worker."""
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"worker ended with status {self.process.wait()}: {' '.join(self.process.args)}")
        return json.loads(line)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self.process.stdin.close()
        self.process.wait()


def main() -> None:
    """Compare the models that the command line names."""
    asked = parser().parse_args()
    keras = asked.keras_python or keras_environment()
    for model in asked.models:
        with ExitStack() as stack:
            pair = [(sys.executable, "torch_step.py", asked.precision), (keras, "keras_step.py", "float32")]
            workers = [
                stack.enter_context(Worker(python, script, model, asked.threads, precision))
                for python, script, precision in pair
            ]
            report(model, workers, alternate(workers, asked.blocks, asked.steps), asked.threads)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=10, help="turns of each side (default 10)")
    parser.add_argument("--steps", type=int, default=50, help="updates in a block (default 50)")
    parser.add_argument("--threads", type=int, default=1, help="threads of each side (default 1)")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32", help="of our side")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--keras-python", help="interpreter of an environment that has tensorflow and keras")
    return parser


def keras_environment() -> str:
    """The interpreter of `.venv-keras`, with the pinned packages in it (pip does nothing if they are there)."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return str(python)


def alternate(workers: list[Worker], blocks: int, steps: int) -> NDArray[np.float64]:
    """Milliseconds a step, (2, blocks): one block of each worker at a time, the order swapped every time."""
    milliseconds = np.empty((2, blocks))
    for block in range(blocks):
        for side in (0, 1) if block % 2 == 0 else (1, 0):
            milliseconds[side, block] = workers[side].seconds(steps) / steps * 1e3
    return milliseconds


def report(model: str, workers: list[Worker], milliseconds: NDArray[np.float64], threads: int) -> None:
    """Print the medians and their ratio."""
    for worker, times in zip(workers, milliseconds, strict=True):
        print(
            f"{model:12} {statistics.median(times):8.2f} ms a step, blocks {times.min():.2f} to {times.max():.2f}"
            f"  ({worker.versions}, threads: {threads})"
        )
    low, high = interval(milliseconds)
    blocks = milliseconds.shape[1]
    print(f"{model:12} Keras / ours {ratio(milliseconds):.3f} (95 % interval {low:.3f} to {high:.3f}, {blocks} blocks)")


def ratio(milliseconds: NDArray[np.float64]) -> float:
    """Keras's median over ours, (..., 2, blocks) -> (...); above one where we are faster."""
    ours, keras = np.moveaxis(np.median(milliseconds, axis=-1), -1, 0)
    return keras / ours


def interval(milliseconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bootstrap over the blocks, both sides of a block together: the ratio's 2.5 and 97.5 % points."""
    blocks = milliseconds.shape[1]
    drawn = np.random.default_rng(0).integers(0, blocks, (RESAMPLES, blocks))
    return np.percentile(ratio(milliseconds[:, drawn].swapaxes(0, 1)), [2.5, 97.5])


if __name__ == "__main__":
    main()
