"""A worker of `train_step.py`: our training step, through the code that training itself runs."""

from collections.abc import Iterator
from itertools import cycle, islice

import torch
from torch import Tensor
from worker import BATCH_SIZE, BATCHES, arguments, random_images, serve

from lookalike import runtime
from lookalike.data.tensors import place_images
from lookalike.models.layers import set_dropout_generator
from lookalike.models.registry import create_model
from lookalike.training.loop import Learner
from lookalike.training.optimisation import Optimisation, Optimiser


def main() -> None:
    """Build the model as training does and wait for orders."""
    asked = arguments()
    torch.set_num_threads(asked.threads)
    target = runtime.start("cpu", asked.precision)
    with runtime.seeded(0, "init"):
        model = target.place(create_model(asked.model, input_shape=(1, 28, 28), num_classes=10)).train()
    set_dropout_generator(model, runtime.generator(0, "dropout", 0))
    learner = Learner(model, Optimiser(model, Optimisation("adam", lr=1e-3)), target)
    stream = batches(target)

    def run(steps: int) -> list[float]:
        totals = torch.zeros(2)
        for images, labels in islice(stream, steps):
            totals += learner.step(images, labels)
        return totals.tolist()

    serve(run, f"torch {torch.__version__}, {asked.precision}")


def batches(target: runtime.Runtime) -> Iterator[tuple[Tensor, Tensor]]:
    """Normalised batches, made beforehand, again and again."""
    data = place_images(*random_images(), mean=(0.0,), std=(1.0,), runtime=target)
    return cycle([data.batch(slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE)) for i in range(BATCHES)])


if __name__ == "__main__":
    main()
