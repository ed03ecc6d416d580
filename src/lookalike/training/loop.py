"""The one training loop: every model of every study goes through `train`."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from lookalike.artifacts.models import Epoch, Timing
from lookalike.data.augmentation import Augmentation
from lookalike.data.tensors import Augment, LabelledImages
from lookalike.models.layers import Model, set_dropout_generator
from lookalike.runtime import Runtime, at_once, generator, to_host
from lookalike.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from lookalike.training.contrast import contrastive_loss
from lookalike.training.optimisation import Optimisation, Optimiser, learning_rate

VALID_BATCH = 500
STEPS_BETWEEN_PROGRESS = 25


@dataclass(frozen=True)
class Schedule:
    """How a training goes.

    Attributes:
        epochs, batch_size: passes over the data, and images a step.
        seed: of all random draws.
        targets: the distribution (C, C) that each class is to be given, row by row; None: all to the class itself.
        augmentation: random changes of the images; None: none.
        contrastive_margin: of the `contrastive_loss` that is added to the cross-entropy; None: it is not.
        keep_epochs: those, counted from 1, whose weights the outcome keeps; the last has nothing to keep.
        stop_at_error: the training error (share of wrong answers over an epoch) that ends the training when it is
            reached; None: it goes on.
    """

    epochs: int
    batch_size: int
    seed: int
    optimisation: Optimisation
    targets: Tensor | None = None
    augmentation: Augmentation | None = None
    contrastive_margin: float | None = None
    keep_epochs: tuple[int, ...] = ()
    stop_at_error: float | None = None


@dataclass
class Outcome:
    """What a training gave.

    Attributes:
        history, timings: a row an epoch.
        kept: weights by the epoch, counted from 1, after which they were to be kept.
        diverged_in: the epoch in which it diverged; None: it did not.
    """

    history: list[Epoch] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    kept: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    diverged_in: int | None = None


@dataclass(frozen=True)
class Learner:
    """A model and what a step does to it.

    Attributes:
        model: on the device of `runtime`, whose `precision` is that of the forward and the backward pass.
        targets, contrastive_margin: as in `Schedule`; targets on that device.
    """

    model: Model
    optimiser: Optimiser
    runtime: Runtime
    targets: Tensor | None = None
    contrastive_margin: float | None = None

    def step(self, images: Tensor, labels: Tensor) -> Tensor:
        """One update of the weights: summed cross-entropy and number of right answers of the batch (2,)."""
        with self.runtime.autocast():
            features = self.model.features(images)
            logits = self.model.head(features)
        features, logits = features.float(), logits.float()
        loss = F.cross_entropy(logits, labels if self.targets is None else self.targets[labels])
        margin = self.contrastive_margin
        total = loss if margin is None else loss + contrastive_loss(features, labels, margin)
        total.backward()
        self.optimiser.step()
        right = (logits.detach().argmax(1) == labels).sum()
        return torch.stack([loss.detach() * len(labels), right])


def train(
    model: Model,
    train_data: LabelledImages,
    valid_data: LabelledImages,
    schedule: Schedule,
    runtime: Runtime,
    *,
    checkpoint: Path | None = None,
    after_epoch: Callable[[Outcome], None] = lambda outcome: None,
) -> Outcome:
    """Train `model` in place.

    Args:
        model: on the device of `runtime`, freshly initialised.
        train_data, valid_data: on the same device.
        checkpoint: file that keeps the state after each epoch; training goes on from it if it is there.
        after_epoch: called with the outcome so far after each epoch.

    Returns:
        The outcome. A loss that is not finite ends the training: `diverged_in` then names the epoch, whose row is
        the last of the history.
    """
    optimiser = Optimiser(model, schedule.optimisation)
    targets = None if schedule.targets is None else schedule.targets.to(runtime.device)
    learner = Learner(model, optimiser, runtime, targets, schedule.contrastive_margin)
    outcome = resume(model, optimiser, checkpoint)
    with progress_bar(schedule, len(train_data), done=len(outcome.history)) as bar:
        for epoch in range(len(outcome.history), schedule.epochs):
            if reached(outcome.history, schedule.stop_at_error):
                break
            lr = learning_rate(schedule.optimisation, epoch, schedule.epochs)
            optimiser.lr = lr
            started = time.perf_counter()
            train_loss, train_accuracy = train_epoch(learner, train_data, schedule, epoch, bar)
            seconds = time.perf_counter() - started
            valid_loss, valid_accuracy = validate(model, valid_data, runtime)
            row = Epoch(schedule.seed, epoch, lr, train_loss, train_accuracy, valid_loss, valid_accuracy)
            outcome.history.append(row)
            outcome.timings.append(Timing(schedule.seed, epoch, seconds, len(train_data) / seconds))
            bar.set_postfix(valid_accuracy=f"{valid_accuracy:.4f}")
            if not (math.isfinite(train_loss) and math.isfinite(valid_loss)):
                outcome.diverged_in = epoch
                break
            if epoch + 1 in schedule.keep_epochs and epoch + 1 < schedule.epochs:
                outcome.kept[epoch + 1] = {name: to_host(part).clone() for name, part in model.state_dict().items()}
            if checkpoint is not None:
                goes_on = epoch + 1 < schedule.epochs and not reached(outcome.history, schedule.stop_at_error)
                save_checkpoint(checkpoint, snapshot(model, optimiser if goes_on else None, outcome))
            after_epoch(outcome)
    return outcome


def reached(history: list[Epoch], error: float | None) -> bool:
    """Whether the last epoch's training error is at most `error`."""
    return error is not None and bool(history) and 1 - history[-1].train_accuracy <= error


def train_epoch(
    learner: Learner, data: LabelledImages, schedule: Schedule, epoch: int, bar: "tqdm[NoReturn]"
) -> tuple[float, float]:
    """One pass over `data`: mean loss and accuracy over the epoch. Nothing is read back before its end."""
    device = data.labels.device
    training_mode(learner.model)
    set_dropout_generator(learner.model, generator(schedule.seed, "dropout", epoch, device=device))
    order = torch.randperm(len(data), generator=generator(schedule.seed, "order", epoch)).to(device, non_blocking=True)
    totals = torch.zeros(2, device=device)  # summed loss, number of right answers
    augment = augmenter(schedule, epoch, device)
    for step, batch in enumerate(data.batches(order.split(schedule.batch_size), augment), start=1):
        totals += learner.step(*batch)
        if step % STEPS_BETWEEN_PROGRESS == 0:
            bar.update(STEPS_BETWEEN_PROGRESS)
    bar.update(steps_an_epoch(len(data), schedule.batch_size) % STEPS_BETWEEN_PROGRESS)
    loss, right = (totals / len(data)).tolist()
    return loss, right


def training_mode(model: nn.Module) -> None:
    """Training mode, but for what is not trained: batch normalisation there keeps its statistics."""
    model.train()
    for module in model.modules():
        parameters = [*module.parameters()]
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()


def augmenter(schedule: Schedule, epoch: int, device: torch.device) -> Augment | None:
    """What changes the images of `epoch`, with draws of its own; None if nothing does."""
    if schedule.augmentation is None:
        return None
    draws = generator(schedule.seed, "augmentation", epoch, device=device)
    return partial(schedule.augmentation.apply, generator=draws)


@torch.inference_mode()
def validate(model: nn.Module, data: LabelledImages, runtime: Runtime) -> tuple[float, float]:
    """Mean cross-entropy (nats) and accuracy on `data`, in evaluation mode and in the precision of `runtime`."""
    model.eval()
    totals = torch.zeros(2, dtype=torch.float64, device=data.labels.device)
    size = at_once(*data.size, VALID_BATCH)
    for start in range(0, len(data), size):
        images, labels = data.batch(slice(start, start + size))
        with runtime.autocast():
            logits = model(images)
        logits = logits.float()
        totals[0] += F.cross_entropy(logits, labels, reduction="sum")
        totals[1] += (logits.argmax(1) == labels).sum()
    loss, right = (totals / len(data)).tolist()
    return loss, right


def resume(model: nn.Module, optimiser: Optimiser, path: Path | None) -> Outcome:
    """Put the state at `path` into `model` and `optimiser`; the outcome so far (an empty one without a checkpoint)."""
    checkpoint = load_checkpoint(path) if path is not None else None
    if checkpoint is None:
        return Outcome()
    model.load_state_dict(checkpoint.model)
    if checkpoint.optimiser is not None:
        optimiser.restore(checkpoint.optimiser)
    return Outcome(checkpoint.history, checkpoint.timings, checkpoint.kept)


def snapshot(model: nn.Module, optimiser: Optimiser | None, outcome: Outcome) -> Checkpoint:
    """The state to continue from; a finished run needs no optimiser."""
    state = None if optimiser is None else optimiser.state()
    return Checkpoint(model.state_dict(), state, outcome.history, outcome.timings, outcome.kept)


def steps_an_epoch(count: int, batch_size: int) -> int:
    """Updates an epoch; the last batch may be smaller."""
    return math.ceil(count / batch_size)


def progress_bar(schedule: Schedule, count: int, *, done: int) -> "tqdm[NoReturn]":
    """A bar over all steps of all epochs, `done` epochs of which lie behind."""
    steps = steps_an_epoch(count, schedule.batch_size)
    total, initial = steps * schedule.epochs, steps * done
    return tqdm(total=total, initial=initial, desc=f"seed {schedule.seed}", unit="step", disable=None)
