"""What decides the result of a variant's training runs, apart from code, images and starting weights."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Literal

from lookalike.params import Budget, DataProfile, DatasetParams, Params, Training, Variant
from lookalike.params.sections import Section

UNCAPPED = Budget(seeds=1, precision="float32")  # a study's own settings
NO_DIFFERENCE = {"precision", "source.max_side"}  # what is reported elsewhere, and what only photographs have


class EffectiveSettings(Section):
    """A variant's settings within the caps of a budget.

    Attributes:
        dataset, images, source: name of the data set, how its images are split and normalised, where they come from.
        model_args: with the budget's cap on channels and its choice of a member.
        max_images: cap on the training images; None means that all are used.
        train: with the epochs that are planned, and without published weights if the budget forbids them.
    """

    study: str
    dataset: str
    images: DatasetParams
    source: DataProfile
    model: str
    model_args: dict[str, Any]
    precision: Literal["float32", "bfloat16"]
    max_images: int | None
    train: Training

    @property
    def digest(self) -> str:
        """SHA-256 (16 hex digits) that anybody can compute from `params.yaml`.

        Keys that are left out do not count, nor does the order of keys, nor do paths of folders and of weights:
        `model.json` has the digests of what these hold.
        """
        paths: dict[str, Any] = {"train": {"weights": {"file": True}}, "images": {"folder": True}}
        decisive = self.model_dump(mode="json", exclude_none=True, exclude=paths)
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def effective_settings(params: Params, name: str) -> EffectiveSettings:
    """The settings of the variant `name` within the active profile."""
    variant, source = params.variants[name], params.active.data
    return within(variant, params.budget(name), params.datasets[variant.dataset], source)


def within(variant: Variant, budget: Budget, images: DatasetParams, source: DataProfile) -> EffectiveSettings:
    """The settings of `variant` within the caps of `budget`."""
    arguments = dict(variant.model_args or {})
    if budget.max_channels is not None:
        arguments["max_channels"] = min(arguments.get("max_channels", budget.max_channels), budget.max_channels)
    if budget.size is not None:
        arguments["size"] = budget.size
    return EffectiveSettings(
        study=variant.study,
        dataset=variant.dataset,
        images=images,
        source=source,
        model=variant.model,
        model_args=arguments,
        precision=budget.precision,
        max_images=budget.max_images,
        train=capped(variant.train, budget),
    )


def capped(train: Training, budget: Budget) -> Training:
    """The training settings with no more epochs than the budget grants; the warm-up shrinks in proportion."""
    epochs = min(train.epochs, budget.max_epochs or train.epochs)
    kept = tuple(epoch for epoch in train.keep_epochs or () if epoch < epochs)
    changes: dict[str, Any] = {"epochs": epochs, "keep_epochs": kept or None}
    if train.warmup_epochs is not None:
        changes["warmup_epochs"] = train.warmup_epochs * epochs / train.epochs
    if budget.pretrained is False:
        changes |= {"pretrained": None, "weights": None, "layers": None}
    return train.model_copy(update=changes)


def uncapped(variant: Variant, images: DatasetParams) -> EffectiveSettings:
    """The settings that the variant's study states."""
    return within(variant, UNCAPPED, images, DataProfile(source="official"))


def differences(own: EffectiveSettings, run: EffectiveSettings) -> list[str]:
    """In which settings a run differs from the study's own, a phrase per setting."""
    stated, used = dict(leaves(own)), dict(leaves(run))
    keys = [key for key in stated | used if stated.get(key) != used.get(key) and key not in NO_DIFFERENCE]
    return [f"{key}: {used.get(key, 'none')} (the study's own: {stated.get(key, 'none')})" for key in keys]


def leaves(settings: EffectiveSettings) -> Iterator[tuple[str, Any]]:
    """Keys of settings, with dots, and their values; without those that decide nothing."""
    paths: dict[str, Any] = {"train": {"weights": {"file": True}}, "images": {"folder": True, "classes": True}}

    def walk(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict):
            for key, part in value.items():
                yield from walk(f"{prefix}.{key}" if prefix else key, part)
        else:
            yield prefix, value

    yield from walk("", settings.model_dump(mode="json", exclude_none=True, exclude=paths))
