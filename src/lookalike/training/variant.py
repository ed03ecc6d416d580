"""Train one variant: every seed of it, and a description of what came out."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import Epoch, Timing
from lookalike.data.augmentation import from_settings
from lookalike.data.tensors import ImageTensors, place_images
from lookalike.models.macs import count_macs
from lookalike.models.registry import create_model
from lookalike.params import Budget, Variant
from lookalike.runtime import Runtime, seeded, to_host
from lookalike.training.loop import Outcome, Schedule, train
from lookalike.training.optimisation import Optimisation
from lookalike.training.smoothing import soft_targets


@dataclass
class TrainedVariant:
    """What training gave: weights by seed (none for a seed that diverged), rows an epoch, and a description.

    `kept` are the first seed's weights after epochs before its last, counted from 1.
    """

    description: dict[str, Any]
    weights: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    kept: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    history: list[Epoch] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    def add(self, seed: int, model: nn.Module, outcome: Outcome) -> None:
        """Take in what one seed gave."""
        self.history += outcome.history
        self.timings += outcome.timings
        ended = {"seed": seed, "epochs": len(outcome.history), "diverged_in": outcome.diverged_in}
        self.description["seeds"].append(ended)
        if outcome.diverged_in is None:
            self.weights[seed] = {name: to_host(tensor) for name, tensor in model.state_dict().items()}
            self.kept |= outcome.kept
            self.description["kept_epochs"] += outcome.kept


def train_variant(
    variant: Variant,
    budget: Budget,
    dataset: Dataset,
    runtime: Runtime,
    *,
    checkpoint: Callable[[int], Path],
    after_epoch: Callable[[Outcome], None] = lambda outcome: None,
) -> TrainedVariant:
    """Train seeds 0 ... budget.seeds-1, one after the other.

    Args:
        checkpoint: the checkpoint file of a seed.
        after_epoch: called with the outcome so far of the seed in work.
    """
    train_data, valid_data = training_images(dataset, variant.train.fraction or 1.0, budget, runtime)
    trained = TrainedVariant(describe(variant, budget, dataset, len(train_data)))
    for seed in range(budget.seeds):
        with seeded(seed, "init"):
            model = build(variant, budget, dataset)
        outcome = train(
            runtime.place(model),
            train_data,
            valid_data,
            schedule(variant, budget, seed, dataset.class_names),
            runtime,
            checkpoint=checkpoint(seed),
            after_epoch=after_epoch,
        )
        trained.add(seed, model, outcome)
    return trained


def model_arguments(variant: Variant, budget: Budget) -> dict[str, Any]:
    """The variant's own, within the budget's cap."""
    return variant.model_args | ({"max_channels": budget.max_channels} if budget.max_channels else {})


def build(variant: Variant, budget: Budget, dataset: Dataset) -> nn.Module:
    """The variant's model for images of `dataset`, initialised from torch's global generator."""
    arguments = model_arguments(variant, budget)
    return create_model(variant.model, arguments, input_shape=dataset.input_shape, num_classes=len(dataset.class_names))


def training_images(
    dataset: Dataset, fraction: float, budget: Budget, runtime: Runtime
) -> tuple[ImageTensors, ImageTensors]:
    """Training and validation images on the device: that share of each which the variant may see, in the split's order.

    Who has few images to train on has few to validate on. The budget's `max_images` caps the training images alone.
    """
    seen, held_out = (
        part[: max(1, round(fraction * len(part)))] for part in (dataset.train_indices, dataset.valid_indices)
    )
    parts = (seen[: budget.max_images], held_out)
    train_data, valid_data = (
        place_images(
            dataset.train_images[part],
            dataset.train_labels[part],
            mean=dataset.mean,
            std=dataset.std,
            runtime=runtime,
        )
        for part in parts
    )
    return train_data, valid_data


def schedule(variant: Variant, budget: Budget, seed: int, class_names: tuple[str, ...]) -> Schedule:
    """The variant's own settings within the budget's caps."""
    settings = variant.train
    known = {field.name for field in fields(Optimisation)}
    given = settings.model_dump(include=known, exclude_none=True)
    smoothing = settings.smoothing.model_dump() if settings.smoothing else None
    return Schedule(
        epochs=planned_epochs(variant, budget),
        batch_size=settings.batch_size,
        seed=seed,
        optimisation=Optimisation(**given),
        targets=soft_targets(class_names, **smoothing) if smoothing else None,
        augmentation=from_settings(changes, class_names) if (changes := augmentation_of(variant)) else None,
        contrastive_margin=settings.contrastive_margin,
        keep_epochs=settings.keep_epochs if seed == 0 else (),
    )


def augmentation_of(variant: Variant) -> dict[str, Any] | None:
    """The settings of the variant's augmentation without what is left out; None without augmentation."""
    settings = variant.train.augmentation
    return settings.model_dump(exclude_none=True) if settings else None


def planned_epochs(variant: Variant, budget: Budget) -> int:
    """The variant's epochs, or the budget's cap if that is lower."""
    return min(variant.train.epochs, budget.max_epochs or variant.train.epochs)


def describe(variant: Variant, budget: Budget, dataset: Dataset, train_count: int) -> dict[str, Any]:
    """Architecture, size and data of a variant; `seeds` and `kept_epochs` are filled in as they end."""
    with seeded(0, "init"):
        model = build(variant, budget, dataset)
    parameters = [parameter.numel() for parameter in model.parameters() if parameter.requires_grad]
    return {
        "study": variant.study,
        "dataset": dataset.name,
        "dataset_digest": dataset.digest,
        "train_images": train_count,
        "model": variant.model,
        "model_args": model_arguments(variant, budget),
        "augmentation": augmentation_of(variant),
        "input_shape": dataset.input_shape,
        "class_names": dataset.class_names,
        "parameters": sum(parameters),
        "macs": count_macs(model, dataset.input_shape),
        "seeds": [],
        "kept_epochs": [],
    }
