"""The settings that decide the result of a variant's training runs, besides code, images and starting weights."""

import hashlib
import json
from typing import Any, Literal

from lookalike.params import Budget, DataProfile, DatasetParams, Params, TrainingParams, Variant
from lookalike.params.sections import StrictModel

UNCAPPED = Budget(seeds=1, precision="float32")  # a study's own settings
NO_DIFFERENCE = {"precision", "source.max_side"}  # the first is reported elsewhere, the second is for photographs only


class EffectiveSettings(StrictModel):
    """A variant's settings within the limits of a budget.

    Attributes:
        dataset, images, source: name of the data set, its split and normalisation, and where it comes from.
        model_args: with the budget's limit on channels and its size of a network.
        max_images: the most training images; None means all.
        train: with the epochs of the budget, and without published weights if the budget excludes them.
    """

    study: str
    dataset: str
    images: DatasetParams
    source: DataProfile
    model: str
    model_args: dict[str, Any]
    precision: Literal["float32", "bfloat16"]
    max_images: int | None
    train: TrainingParams

    @property
    def digest(self) -> str:
        """SHA-256 (16 hex digits), computed from `params.yaml` alone.

        It does not depend on missing keys, the order of keys, or paths of folders and weights: `model.json` has digests
        of their contents.
        """
        paths: dict[str, Any] = {"train": {"weights": {"file": True}}, "images": {"folder": True}}
        decisive = self.model_dump(mode="json", exclude_none=True, exclude=paths)
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def effective_settings(params: Params, name: str) -> EffectiveSettings:
    """The settings of the variant `name` within the active profile."""
    variant, source = params.variants[name], params.active.data
    return settings_within(variant, params.budget(name), params.datasets[variant.dataset], source)


def settings_within(variant: Variant, budget: Budget, images: DatasetParams, source: DataProfile) -> EffectiveSettings:
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


def capped(train: TrainingParams, budget: Budget) -> TrainingParams:
    """The training settings with at most the budget's epochs; the warm-up shrinks in proportion."""
    epochs = min(train.epochs, budget.max_epochs or train.epochs)
    kept = tuple(epoch for epoch in train.keep_epochs or () if epoch < epochs)
    changes: dict[str, Any] = {"epochs": epochs, "keep_epochs": kept or None}
    if train.warmup_epochs is not None:
        changes["warmup_epochs"] = train.warmup_epochs * epochs / train.epochs
    if budget.pretrained is False:
        changes |= {"pretrained": None, "weights": None, "layers": None}
    return train.model_copy(update=changes)


def study_settings(variant: Variant, images: DatasetParams) -> EffectiveSettings:
    """The settings of a variant without a budget, as its study states them."""
    return settings_within(variant, UNCAPPED, images, DataProfile(source="official"))


def setting_differences(own: EffectiveSettings, run: EffectiveSettings) -> list[str]:
    """A phrase for each setting in which a run differs from the study's own settings."""
    stated, used = decisive_leaves(own), decisive_leaves(run)
    keys = [key for key in stated | used if stated.get(key) != used.get(key) and key not in NO_DIFFERENCE]
    return [f"{key}: {used.get(key, 'none')} (the study's own: {stated.get(key, 'none')})" for key in keys]


def decisive_leaves(settings: EffectiveSettings) -> dict[str, Any]:
    """Dotted keys of settings and their values, without those that decide nothing."""
    paths: dict[str, Any] = {"train": {"weights": {"file": True}}, "images": {"folder": True, "classes": True}}

    def flat(section: dict[str, Any], prefix: str = "") -> dict[str, Any]:
        leaves: dict[str, Any] = {}
        for key, value in section.items():
            leaves |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
        return leaves

    return flat(settings.model_dump(mode="json", exclude_none=True, exclude=paths))
