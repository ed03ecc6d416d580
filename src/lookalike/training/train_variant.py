"""Training of one variant: every seed, and a description of the result."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.models import Description, Epoch, Preprocessing, RateSearch, SeedRecord, Timing
from lookalike.data.augmentation import from_settings
from lookalike.data.splits import seen_by
from lookalike.data.tensors import LabelledImages, from_training_set, preprocessed
from lookalike.models.base import Model
from lookalike.models.macs import count_macs
from lookalike.models.registry import create_model, find_model
from lookalike.runtime import Runtime, seeded, to_host
from lookalike.training.loop import Outcome, Schedule, train
from lookalike.training.optimisation import Optimisation
from lookalike.training.pretrained import StartingWeights, preprocessing, reading_weights, train_head_alone
from lookalike.training.search import best_rate, final_error, search_record
from lookalike.training.settings import EffectiveSettings
from lookalike.training.smoothing import soft_targets

SEARCH_SEED = 1_000_000  # of the runs that find a learning rate: no run that counts has it


@dataclass
class TrainedVariant:
    """The trained seeds of a variant: weights by seed (none if it diverged), a row per epoch, and a description.

    `kept` are the first seed's weights after some epochs, counted from 1. If seeds start from published weights, epoch
    0 has the weights that all of them start from.
    """

    description: Description
    weights: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    kept: dict[int, dict[str, Tensor]] = field(default_factory=dict)
    history: list[Epoch] = field(default_factory=list)
    timings: list[Timing] = field(default_factory=list)

    @property
    def diverged(self) -> dict[int, int]:
        """The epoch, counted from 0, in which each seed that diverged did so."""
        return {one.seed: one.diverged_in for one in self.description.seeds if one.diverged_in is not None}

    def add(self, seed: int, model: nn.Module, outcome: Outcome) -> None:
        self.history += outcome.history
        self.timings += outcome.timings
        seeds = (*self.description.seeds, SeedRecord(seed, len(outcome.history), outcome.diverged_in))
        self.description = replace(self.description, seeds=seeds)
        if outcome.diverged_in is None:
            self.weights[seed] = host_state(model)
            self.kept |= outcome.kept
            kept_epochs = (*self.description.kept_epochs, *outcome.kept)
            self.description = replace(self.description, kept_epochs=kept_epochs)


@dataclass(frozen=True)
class TrainingInputs:
    """The data, device and starting weights of all runs of a variant.

    Attributes:
        train_count: number of training images of a run; its seed selects them, see `splits.seen_by`.
        weights: that the runs start from; None means random ones.
    """

    dataset: Dataset
    runtime: Runtime
    train_count: int
    valid_data: LabelledImages
    weights: StartingWeights | None

    def train_data(self, seed: int) -> LabelledImages:
        """The training images of one seed on the device."""
        indices = seen_by(seed, self.dataset.train_indices, self.train_count)
        return from_training_set(self.dataset, indices, self.runtime)

    def train(
        self,
        settings: EffectiveSettings,
        seed: int,
        checkpoint: Path,
        after_epoch: Callable[[Outcome], None] = lambda outcome: None,
    ) -> tuple[Model, Outcome]:
        """Train one seed with `settings`."""
        with seeded(seed, "init"):
            model = self.runtime.place(build(settings, self.dataset, self.weights))
        if settings.train.layers == "head":
            train_head_alone(model)
        data = (self.train_data(seed), self.valid_data)
        plan = schedule(settings, seed, self.dataset)
        return model, train(model, *data, plan, self.runtime, checkpoint=checkpoint, after_epoch=after_epoch)


def train_variant(
    settings: EffectiveSettings,
    seeds: int,
    dataset: Dataset,
    runtime: Runtime,
    *,
    checkpoint: Callable[[str], Path],
    after_epoch: Callable[[Outcome], None] = lambda outcome: None,
    weights: StartingWeights | None = None,
) -> TrainedVariant:
    """Search the learning rate if the settings ask for it, then train seeds 0 to `seeds` - 1, one after the other.

    Args:
        checkpoint: from the name of a run, such as "seed-0", to its file.
        after_epoch: called with the outcome so far of the current seed.
        weights: to start from; None means random ones.

    Raises:
        InputError: the weights are not those of the network.
    """
    preparation = preprocessing(settings) if weights else None
    dataset = preprocessed(dataset, preparation)
    train_count, valid_count = image_counts(dataset, settings)
    valid_data = from_training_set(dataset, dataset.valid_indices[:valid_count], runtime)
    inputs = TrainingInputs(dataset, runtime, train_count, valid_data, weights)
    settings, search = with_learning_rate(settings, inputs, checkpoint)
    counts = (train_count, valid_count)
    description = initial_description(
        settings, dataset, *counts, weights=weights, preparation=preparation, search=search
    )
    trained = TrainedVariant(description)
    if weights:
        with seeded(0, "init"):
            trained.kept[0] = host_state(build(settings, dataset, weights))
    for seed in range(seeds):
        trained.add(seed, *inputs.train(settings, seed, checkpoint(f"seed-{seed}"), after_epoch))
    return trained


def host_state(model: nn.Module) -> dict[str, Tensor]:
    """The model's weights and buffers on the CPU, ready to be saved."""
    return {name: to_host(tensor) for name, tensor in model.state_dict().items()}


def with_learning_rate(
    settings: EffectiveSettings, inputs: TrainingInputs, checkpoint: Callable[[str], Path]
) -> tuple[EffectiveSettings, RateSearch | None]:
    """The settings with a learning rate, and the search that found it; None means that they had one."""
    search = settings.train.search
    if search is None:
        return settings, None
    short = {"epochs": min(search.epochs, settings.train.epochs), "search": None}
    short |= {"stop_at_error": None, "keep_epochs": None, "warmup_epochs": None}
    errors = {}
    for rate in search.rates:
        run = with_training(settings, lr=rate, **short)
        _, outcome = inputs.train(run, SEARCH_SEED, checkpoint(f"rate-{rate:g}"))
        errors[rate] = final_error(outcome.history)
    return with_training(settings, lr=best_rate(errors), search=None), search_record(errors, run.train.epochs)


def with_training(settings: EffectiveSettings, **train: Any) -> EffectiveSettings:
    return settings.model_copy(update={"train": settings.train.model_copy(update=train)})


def build(settings: EffectiveSettings, dataset: Dataset, weights: StartingWeights | None = None) -> Model:
    """The model for images of `dataset`, initialised from torch's global generator or with `weights`."""
    shape, classes = dataset.input_shape, len(dataset.class_names)
    if weights is None:
        return create_model(settings.model, settings.model_args, input_shape=shape, num_classes=classes)
    with reading_weights(weights.network):
        constructor = find_model(settings.model)
        return constructor(input_shape=shape, num_classes=classes, weights=str(weights.file), **settings.model_args)


def image_counts(dataset: Dataset, settings: EffectiveSettings) -> tuple[int, int]:
    """The number of training and validation images of a run: the same fraction of both, at least one of each.

    `max_images` limits the training images only.
    """
    fraction = settings.train.fraction or 1.0
    train, valid = (max(1, round(fraction * len(part))) for part in (dataset.train_indices, dataset.valid_indices))
    return min(train, settings.max_images or train), valid


def schedule(settings: EffectiveSettings, seed: int, dataset: Dataset) -> Schedule:
    """The schedule of one seed's run."""
    train = settings.train
    known = {field.name for field in fields(Optimisation)}
    smoothing = train.smoothing.model_dump() if train.smoothing else None
    return Schedule(
        epochs=train.epochs,
        batch_size=train.batch_size,
        seed=seed,
        optimisation=Optimisation(**train.model_dump(include=known, exclude_none=True)),
        targets=soft_targets(dataset.class_names, **smoothing) if smoothing else None,
        augmentation=from_settings(changes, dataset) if (changes := augmentation_of(settings)) else None,
        contrastive_margin=train.contrastive_margin,
        keep_epochs=(train.keep_epochs or ()) if seed == 0 else (),
        stop_at_error=train.stop_at_error,
        sync_batch_norm=train.sync_batch_norm is not False,
    )


def augmentation_of(settings: EffectiveSettings) -> dict[str, Any] | None:
    """The settings of the augmentation without unset ones; None without augmentation."""
    augmentation = settings.train.augmentation
    return augmentation.model_dump(exclude_none=True) if augmentation else None


def initial_description(
    settings: EffectiveSettings,
    dataset: Dataset,
    train_count: int,
    valid_count: int,
    *,
    weights: StartingWeights | None = None,
    preparation: Preprocessing | None = None,
    search: RateSearch | None = None,
) -> Description:
    """The description of a variant before its first seed: architecture, size and data.

    Args:
        settings: with a learning rate; see `with_learning_rate`.
        train_count, valid_count: numbers of training and validation images.
        weights, preparation: published weights to start from, and the preparation of images for them.
    """
    assert settings.train.lr is not None
    with seeded(0, "init"):
        model = build(settings, dataset)
    parameters = [parameter.numel() for parameter in model.parameters() if parameter.requires_grad]
    return Description(
        study=settings.study,
        dataset=dataset.name,
        dataset_digest=dataset.digest,
        train_images=train_count,
        valid_images=valid_count,
        model=settings.model,
        model_args=settings.model_args,
        augmentation=augmentation_of(settings),
        input_shape=dataset.input_shape,
        class_names=dataset.class_names,
        parameters=sum(parameters),
        macs=count_macs(model, dataset.input_shape),
        precision=settings.precision,
        weights=weights.described() if weights else None,
        preprocessing=preparation,
        lr=settings.train.lr,
        search=search,
        seeds=(),
        kept_epochs=(),
    )
