"""Training throughput of one model on one and more devices: images/s, share of the roof, scaling efficiency.

    python benchmarks/many_devices.py --processes 1 2 --threads 1

For each number of processes torchrun starts them, one per GPU, or per `--threads` cores of a CPU. A step is forward
pass, loss, backward pass, average of the gradients and Adam update on a batch of 32x32 images that are in memory
already; the processes share the batch. It counts as three times the multiply-accumulates of a forward pass. The roof
are large matrix products in the same precision, which all processes compute at the same time.

Rounds of all numbers take turns, so that changes in the machine's speed affect all equally. Efficiency is images/s
divided by those of one process and by the number of processes.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import torch
from throughput import multiplication, seconds, training
from tqdm import tqdm

from lookalike import runtime
from lookalike.models.registry import MODELS
from lookalike.training.distributed import add_up, count, joined, leads, own_part

RESULT = "result: "  # before the line of a worker that holds its numbers


def main() -> None:
    """Measure and print; a process that torchrun has started measures only."""
    asked = parser().parse_args()
    if "RANK" in os.environ:
        measure(asked)
        return
    found: dict[int, list[dict[str, float]]] = {number: [] for number in asked.processes}
    for number in tqdm(asked.processes * asked.rounds, unit="run", disable=None):
        found[number].append(launched(number))
    alone = statistics.median(run["rate"] for run in found[asked.processes[0]]) / asked.processes[0]
    batch = f"{asked.batch_size} images" + (" per process" if asked.grow else "")
    print(f"{asked.model} in {asked.precision}, batches of {batch}, {asked.rounds} rounds of {asked.steps} steps")
    for number, runs in found.items():
        rates = [run["rate"] for run in runs]
        share = statistics.median(run["share"] for run in runs)
        name = "process" if number == 1 else "processes"
        print(
            f"{number} {name}: {statistics.median(rates):,.1f} images/s ({min(rates):,.1f} to {max(rates):,.1f}), "
            f"{share:.0%} of the roof, efficiency {statistics.median(rates) / number / alone:.0%}"
        )


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=MODELS, default="vgg")
    parser.add_argument("--channels", type=int, help="cap on the channels of a layer")
    parser.add_argument("--precision", choices=runtime.PRECISIONS, default="float32")
    parser.add_argument(
        "--processes", type=int, nargs="+", default=[1, 2], help="numbers of processes, the least first"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads of each process")
    parser.add_argument("--batch-size", type=int, default=128, help="images of a step, over all processes")
    parser.add_argument("--grow", action="store_true", help="the batch size is that of each process")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10, help="steps of a round")
    parser.add_argument("--size", type=int, default=2048, help="rows and columns of the matrices")
    return parser


def launched(number: int) -> dict[str, float]:
    """What so many processes measure."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={number}"]
    command = [*launcher, str(Path(__file__).resolve()), *sys.argv[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith(RESULT))
    numbers: dict[str, float] = json.loads(line.removeprefix(RESULT))
    return numbers


def measure(asked: argparse.Namespace) -> None:
    """Time steps and products of this process with the others; the first prints images/s and the share of the roof."""
    torch.set_num_threads(asked.threads)
    with joined(os.environ):
        target = runtime.start(precision=asked.precision)
        images = asked.batch_size * (count() if asked.grow else 1)
        part = own_part(images)
        arguments = {"max_channels": asked.channels} if asked.channels else {}
        macs, step = training(asked.model, arguments, part.stop - part.start, target, part)
        product = multiplication(asked.size, target)
        for work in (step, product):
            seconds(work, 2, target)
        rate = images * asked.steps / seconds(step, asked.steps, target)
        roof = add_up(torch.tensor(asked.size**3 * 3 / seconds(product, 3, target), device=target.device)).item()
        if leads():
            print(RESULT + json.dumps({"rate": rate, "share": 3 * macs * rate / roof}), flush=True)


if __name__ == "__main__":
    main()
