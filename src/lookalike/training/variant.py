"""Train one variant: every seed of it, and a description of what came out."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import Epoch, Timing
from lookalike.data.augmentation import from_settings
from lookalike.data.tensors import LabelledImages, place_images, prepared, taken
from lookalike.models.macs import count_macs
from lookalike.models.registry import create_model, find_model
from lookalike.models.zoo import Weights
from lookalike.params import Budget, Search, Variant
from lookalike.runtime import Runtime, seeded, to_host
from lookalike.training.loop import Outcome, Schedule, train
from lookalike.training.optimisation import Optimisation
from lookalike.training.pretrained import (
    network_of,
    origin,
    preprocessing,
    reading_weights,
    train_head_alone,
    weights_for,
)
from lookalike.training.search import best_rate, described, trial_error
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


@dataclass(frozen=True)
class Ground:
    """What all trainings of a variant share: what the profile grants them, the images, the weights to begin with."""

    budget: Budget
    dataset: Dataset
    runtime: Runtime
    train_data: LabelledImages
    valid_data: LabelledImages
    weights: Weights

    def train(
        self,
        variant: Variant,
        seed: int,
        checkpoint: Path,
        after_epoch: Callable[[Outcome], None] = lambda outcome: None,
    ) -> tuple[nn.Module, Outcome]:
        """Train one seed with the settings of `variant`."""
        with seeded(seed, "init"):
            model = self.runtime.place(build(variant, self.budget, self.dataset, self.weights))
        if variant.train.layers == "head":
            train_head_alone(model)
        outcome = train(
            model,
            self.train_data,
            self.valid_data,
            schedule(variant, self.budget, seed, self.dataset),
            self.runtime,
            checkpoint=checkpoint,
            after_epoch=after_epoch,
        )
        return model, outcome


def train_variant(
    variant: Variant,
    budget: Budget,
    dataset: Dataset,
    runtime: Runtime,
    *,
    checkpoint: Callable[[str], Path],
    after_epoch: Callable[[Outcome], None] = lambda outcome: None,
    mirror: str | None = None,
    cache: Path = Path("downloads"),
) -> TrainedVariant:
    """Train seeds 0 ... budget.seeds-1, one after the other; before them find the learning rate, if it is to be found.

    Args:
        checkpoint: the file of the training of that name, such as "seed-0".
        after_epoch: called with the outcome so far of the seed in work.
        mirror, cache: where published weights may lie, and where they are kept; see `weights_for`.

    Raises:
        InputError: published weights are wanted and cannot be had.
    """
    weights = weights_for(variant, budget, mirror, cache)
    how = preprocessing(variant) if weights else None
    dataset = prepared(dataset, how)
    images = training_images(dataset, variant.train.fraction or 1.0, budget, runtime)
    ground = Ground(budget, dataset, runtime, *images, weights)
    begun = {"weights": origin(weights), "preprocessing": how}
    trained = TrainedVariant(describe(variant, budget, dataset, len(ground.train_data)) | begun)
    if variant.train.search:
        errors = try_rates(variant, variant.train.search, ground, checkpoint)
        trained.description["search"] = described(errors, planned_epochs(trial(variant, variant.train.search), budget))
        variant = at_rate(variant, best_rate(errors))
    trained.description["lr"] = variant.train.lr
    for seed in range(budget.seeds):
        trained.add(seed, *ground.train(variant, seed, checkpoint(f"seed-{seed}"), after_epoch))
    return trained


def try_rates(
    variant: Variant, search: Search, ground: Ground, checkpoint: Callable[[str], Path]
) -> dict[float, float | None]:
    """The training error that every rate of a search comes to, with the seed behind those that are trained."""
    seed, short = ground.budget.seeds, trial(variant, search)
    trials = {rate: ground.train(at_rate(short, rate), seed, checkpoint(f"rate-{rate:g}")) for rate in search.rates}
    return {rate: trial_error(outcome.history) for rate, (_, outcome) in trials.items()}


def trial(variant: Variant, search: Search) -> Variant:
    """The variant as a search tries it: for a few epochs, all of them."""
    return changed(variant, epochs=search.epochs, stop_at_error=None, keep_epochs=())


def at_rate(variant: Variant, rate: float) -> Variant:
    """The variant with a learning rate that is no longer to be found."""
    return changed(variant, lr=rate, search=None)


def changed(variant: Variant, **settings: Any) -> Variant:
    """The variant with other settings of its training."""
    return variant.model_copy(update={"train": variant.train.model_copy(update=settings)})


def model_arguments(variant: Variant, budget: Budget) -> dict[str, Any]:
    """The variant's own, within the budget's cap."""
    caps = {"max_channels": budget.max_channels, "small": budget.small}
    return variant.model_args | {name: cap for name, cap in caps.items() if cap}


def build(variant: Variant, budget: Budget, dataset: Dataset, weights: Weights = False) -> nn.Module:
    """The variant's model for images of `dataset`, initialised from torch's global generator, or with `weights`."""
    arguments = model_arguments(variant, budget)
    if weights:
        with reading_weights(network_of(variant)):
            shape, classes = dataset.input_shape, len(dataset.class_names)
            return find_model(variant.model)(input_shape=shape, num_classes=classes, **arguments, weights=weights)
    return create_model(variant.model, arguments, input_shape=dataset.input_shape, num_classes=len(dataset.class_names))


def training_images(
    dataset: Dataset, fraction: float, budget: Budget, runtime: Runtime
) -> tuple[LabelledImages, LabelledImages]:
    """Training and validation images on the device: that share of each which the variant may see, in the split's order.

    Who has few images to train on has few to validate on. The budget's `max_images` caps the training images alone.
    """
    seen, held_out = (
        part[: max(1, round(fraction * len(part)))] for part in (dataset.train_indices, dataset.valid_indices)
    )
    parts = (seen[: budget.max_images], held_out)
    train_data, valid_data = (
        place_images(
            taken(dataset.train_images, part),
            dataset.train_labels[part],
            mean=dataset.mean,
            std=dataset.std,
            runtime=runtime,
        )
        for part in parts
    )
    return train_data, valid_data


def schedule(variant: Variant, budget: Budget, seed: int, dataset: Dataset) -> Schedule:
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
        targets=soft_targets(dataset.class_names, **smoothing) if smoothing else None,
        augmentation=from_settings(changes, dataset) if (changes := augmentation_of(variant)) else None,
        contrastive_margin=settings.contrastive_margin,
        keep_epochs=settings.keep_epochs if seed == 0 else (),
        stop_at_error=settings.stop_at_error,
    )


def augmentation_of(variant: Variant) -> dict[str, Any] | None:
    """The settings of the variant's augmentation without what is left out; None without augmentation."""
    settings = variant.train.augmentation
    return settings.model_dump(exclude_none=True) if settings else None


def planned_epochs(variant: Variant, budget: Budget) -> int:
    """The variant's epochs, or the budget's cap if that is lower."""
    return min(variant.train.epochs, budget.max_epochs or variant.train.epochs)


def describe(variant: Variant, budget: Budget, dataset: Dataset, train_count: int) -> dict[str, Any]:
    """Architecture, size and data of a variant; what the search and each seed give is filled in as they end."""
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
        "weights": None,
        "preprocessing": None,
        "lr": None,
        "search": None,
        "seeds": [],
        "kept_epochs": [],
    }
