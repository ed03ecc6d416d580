"""The one training loop: every model of every study goes through `train`."""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NoReturn

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn
from tqdm import tqdm

from lookalike.artifacts.models import Epoch, Timing
from lookalike.data.augmentation import Augmentation
from lookalike.data.tensors import Augment, LabelledImages
from lookalike.models.base import Model
from lookalike.models.layers import Dropout, set_dropout_generator
from lookalike.runtime import Part, Runtime, generator, images_per_pass, to_host
from lookalike.training import distributed
from lookalike.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from lookalike.training.contrast import contrastive_loss
from lookalike.training.optimisation import Optimisation, Optimiser, learning_rate

VALID_BATCH = 500
STEPS_BETWEEN_PROGRESS = 25


@dataclass(frozen=True)
class Schedule:
    """The settings of a training run.

    Attributes:
        epochs, batch_size: passes over the data, and images per step.
        seed: of all random draws.
        targets: the target distribution (C, C) of each class, row by row; None means one-hot targets.
        augmentation: random changes of the images; None means none.
        contrastive_margin: of the `contrastive_loss`, which is added to the cross-entropy; None means not to add it.
        keep_epochs: epochs, counted from 1, after which the outcome keeps the weights; the last one is ignored.
        stop_at_error: the training error (share of wrong predictions in an epoch) at which the run ends; None means
            that it does not end early.
        sync_batch_norm: whether batch normalisation uses the statistics of the whole batch, if several processes share
            it; else of each process's part.
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
    sync_batch_norm: bool = True


@dataclass
class Outcome:
    """The result of a training run.

    Attributes:
        history, timings: a row per epoch.
        kept: weights by epoch, counted from 1.
        diverged_in: the epoch in which the run diverged; None means that it did not.
    """

    history: list[Epoch] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)
    kept: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    diverged_in: int | None = None


@dataclass(frozen=True)
class Learner:
    """A model with its optimiser and loss.

    Attributes:
        model: on the device of `runtime`, whose `precision` applies to the forward and the backward pass.
        targets, contrastive_margin, sync_batch_norm: as in `Schedule`; targets on that device.
    """

    model: Model
    optimiser: Optimiser
    runtime: Runtime
    targets: Tensor | None = None
    contrastive_margin: float | None = None
    sync_batch_norm: bool = True

    @cached_property
    def network(self) -> nn.Module:
        """The model with its features; its gradients are averaged over all processes."""
        return distributed.replicated(self.model)

    @cached_property
    def dropouts(self) -> list[Dropout]:
        """The layers that need to know which part of a batch they see."""
        return [module for module in self.model.modules() if isinstance(module, Dropout)]

    def step(self, images: Tensor, labels: Tensor, part: Part | None = None) -> Tensor:
        """Update the weights once.

        Args:
            images, labels: a batch, or this process's part of one.
            part: which; None means the whole batch.

        Returns:
            Summed cross-entropy and number of right predictions of these images: (2,).
        """
        for dropout in self.dropouts:
            dropout.part = part
        with self.runtime.autocast(), distributed.synchronised(part if self.sync_batch_norm else None):
            features, logits = self.network(images)
        features, logits = features.float(), logits.float()
        loss = F.cross_entropy(logits, labels if self.targets is None else self.targets[labels])
        total = loss * distributed.loss_weight(part) if distributed.is_divided(part) else loss
        if self.contrastive_margin is not None:
            all_features, all_labels = (distributed.whole_batch(rows, part) for rows in (features, labels))
            total = total + contrastive_loss(all_features, all_labels, self.contrastive_margin)
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
        checkpoint: file of the state after each epoch; training continues from it if it exists.
        after_epoch: called with the outcome so far after each epoch.

    Returns:
        The outcome. If a loss is not finite, the run ends, and the last row of the history is that of `diverged_in`.
    """
    optimiser = Optimiser(model, schedule.optimisation)
    targets = None if schedule.targets is None else schedule.targets.to(runtime.device)
    learner = Learner(model, optimiser, runtime, targets, schedule.contrastive_margin, schedule.sync_batch_norm)
    outcome = resume(model, optimiser, checkpoint)
    with progress_bar(schedule, len(train_data), done=len(outcome.history)) as bar:
        for epoch in range(len(outcome.history), schedule.epochs):
            if error_reached(outcome.history, schedule.stop_at_error):
                break
            lr = learning_rate(schedule.optimisation, epoch, schedule.epochs)
            optimiser.lr = lr
            started = time.perf_counter()
            train_loss, train_accuracy = train_epoch(learner, train_data, schedule, epoch, bar)
            seconds = time.perf_counter() - started
            distributed.share_buffers(model)
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
            if checkpoint is not None and distributed.leads():
                goes_on = epoch + 1 < schedule.epochs and not error_reached(outcome.history, schedule.stop_at_error)
                state = optimiser.state() if goes_on else None  # a finished run needs no optimiser
                rows = (outcome.history, outcome.timings)
                save_checkpoint(checkpoint, Checkpoint(model.state_dict(), state, *rows, outcome.kept))
            after_epoch(outcome)
    return outcome


def error_reached(history: list[Epoch], error: float | None) -> bool:
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
    batches = order.split(schedule.batch_size)
    parts = [distributed.own_part(len(batch)) for batch in batches]
    augment = None
    if schedule.augmentation is not None:
        draws = generator(schedule.seed, "augmentation", epoch, device=device)
        augment = augmentation_of_parts(schedule.augmentation, draws, parts)
    own = [batch[part.start : part.stop] for batch, part in zip(batches, parts, strict=True)]
    for step, (part, batch) in enumerate(zip(parts, data.batches(own, augment), strict=True), start=1):
        sums = learner.step(*batch, part)
        if distributed.counts_here(part):
            totals += sums
        if step % STEPS_BETWEEN_PROGRESS == 0:
            bar.update(STEPS_BETWEEN_PROGRESS)
    bar.update(math.ceil(len(data) / schedule.batch_size) % STEPS_BETWEEN_PROGRESS)
    loss, right = (distributed.add_up(totals) / len(data)).tolist()
    return loss, right


def augmentation_of_parts(augmentation: Augmentation, draws: Generator, parts: Iterable[Part]) -> Augment:
    """A function for `LabelledImages.batches` that augments one part after the other."""
    remaining = iter(parts)
    return lambda images, labels: augmentation.apply(images, labels, draws, next(remaining))


def training_mode(model: nn.Module) -> None:
    """Set training mode, except for frozen modules, so that their batch normalisation keeps its statistics."""
    model.train()
    for module in model.modules():
        parameters = [*module.parameters()]
        if parameters and not any(parameter.requires_grad for parameter in parameters):
            module.eval()


@torch.inference_mode()
def validate(model: nn.Module, data: LabelledImages, runtime: Runtime) -> tuple[float, float]:
    """Mean cross-entropy (nats) and accuracy on `data`, in evaluation mode and in the precision of `runtime`.

    Processes take whole batches in turn, and their sums are added in the order of the batches. The result is therefore
    the same in any number of processes, to the last bit on equal devices.
    """
    model.eval()
    size = images_per_pass(*data.size, VALID_BATCH)
    starts = range(0, len(data), size)
    sums = torch.zeros(len(starts), 2, dtype=torch.float64, device=data.labels.device)
    for number in range(distributed.rank(), len(starts), distributed.count()):
        images, labels = data.batch(slice(starts[number], starts[number] + size))
        with runtime.autocast():
            logits = model(images)
        logits = logits.float()
        sums[number, 0] = F.cross_entropy(logits, labels, reduction="sum")
        sums[number, 1] = (logits.argmax(1) == labels).sum()
    totals = torch.zeros(2, dtype=torch.float64)
    for row in distributed.add_up(sums).cpu():
        totals += row
    loss, right = (totals / len(data)).tolist()
    return loss, right


def resume(model: nn.Module, optimiser: Optimiser, path: Path | None) -> Outcome:
    """Load the checkpoint at `path` into `model` and `optimiser`; return the outcome so far (empty without one)."""
    checkpoint = distributed.share(load_checkpoint(path) if path is not None and distributed.leads() else None)
    if checkpoint is None:
        return Outcome()
    model.load_state_dict(checkpoint.model)
    if checkpoint.optimiser is not None:
        optimiser.restore(checkpoint.optimiser)
    return Outcome(checkpoint.history, checkpoint.timings, checkpoint.kept)


def progress_bar(schedule: Schedule, count: int, *, done: int) -> "tqdm[NoReturn]":
    """A progress bar over the steps of all epochs, of which `done` are finished; the first process alone shows it."""
    steps = math.ceil(count / schedule.batch_size)  # per epoch; the last batch may be smaller
    total, initial = steps * schedule.epochs, steps * done
    hidden = None if distributed.leads() else True  # None means where there is no terminal
    return tqdm(total=total, initial=initial, desc=f"seed {schedule.seed}", unit="step", disable=hidden)
