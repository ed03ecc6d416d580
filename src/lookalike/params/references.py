"""The names in `params.yaml` that point to other places in it: whether they are there."""

from typing import Any

from lookalike.models.registry import MODELS, PUBLISHED
from lookalike.params.datasets import DatasetParams
from lookalike.params.file import Params
from lookalike.params.training import Training, Variant


def broken_references(params: Params) -> list[tuple[str, str]]:
    """Names that point to nothing: (path of the key, what is wrong and what is allowed)."""
    found = missing("profile", params.profile, params.profiles)
    for name, groups in params.groups.items():  # before the variants, whose groups may be these
        path = f"groups.{name}"
        found += missing(path, name, params.datasets) or group_faults(path, groups, params.datasets[name])
    found += photo_faults(params) + missing("costs.study", params.costs.study, params.studies)
    for name, variant in params.variants.items():
        found += variant_faults(f"variants.{name}", variant, params)
    for name, study in params.studies.items():
        members = params.variants_of(name)
        found += [] if members else [(f"studies.{name}", "no variant is of this study")]
        unknown = missing(f"studies.{name}.data", study.data, params.datasets)
        found += unknown or ([] if study.data in params.groups else [(f"groups.{study.data}", f"required by {name}")])
        for k, pair in enumerate(study.pairs):
            found += [fault for member in pair for fault in missing(f"studies.{name}.pairs.{k}", member, members)]
        for k, probe in enumerate(study.probes):
            found += missing(f"studies.{name}.probes.{k}", probe, members)
        for k, viewed in enumerate(study.ten_views):
            path = f"studies.{name}.ten_views.{k}"
            found += missing(path, viewed, members)
            if viewed in members and not crops(members[viewed].train):
                found.append((path, f"{viewed} is not trained on crops (train.augmentation.crop)"))
    return found


def variant_faults(path: str, variant: Variant, params: Params) -> list[tuple[str, str]]:
    """What a variant names must be there."""
    found = missing(f"{path}.study", variant.study, params.studies)
    found += missing(f"{path}.dataset", variant.dataset, params.datasets)
    found += missing(f"{path}.model", variant.model, MODELS)
    if variant.train.pretrained and variant.model not in PUBLISHED:
        found.append((f"{path}.train.pretrained", f"only these have published weights: {', '.join(PUBLISHED)}"))
    for profile, settings in params.profiles.items():
        fault = f"profiles.{profile}.train has no budget {variant.budget!r}; it has {', '.join(settings.train)}"
        found += [] if variant.budget in settings.train else [(f"{path}.budget", fault)]
    if variant.dataset in params.datasets:
        found += class_faults(f"{path}.train", variant.train, params.datasets[variant.dataset])
    return found


def missing(path: str, name: str, known: dict[str, Any]) -> list[tuple[str, str]]:
    """A fault if `name` is not among `known`."""
    return [] if name in known else [(path, f"no {name!r}; allowed: {', '.join(known)}")]


def crops(train: Training) -> bool:
    """Whether a training cuts its images out of larger ones."""
    return train.augmentation is not None and train.augmentation.crop is not None


def photo_faults(params: Params) -> list[tuple[str, str]]:
    """The photographs' data set must be known, and the suspected class must be one of its classes."""
    found = missing("photos.dataset", params.photos.dataset, params.datasets)
    if found:
        return found
    classes = params.datasets[params.photos.dataset].classes
    return [] if params.photos.absorber in classes else [("photos.absorber", f"allowed: {', '.join(classes)}")]


def class_faults(path: str, train: Training, dataset: DatasetParams) -> list[tuple[str, str]]:
    """The classes that smoothing and augmentation name must be the data set's."""
    found = group_faults(f"{path}.smoothing.groups", train.smoothing.groups, dataset) if train.smoothing else []
    if train.augmentation and train.augmentation.pairs:
        for k, name in enumerate(train.augmentation.pairs.classes):
            found += missing(f"{path}.augmentation.pairs.classes.{k}", name, dict.fromkeys(dataset.classes))
    return found


def group_faults(path: str, groups: dict[str, tuple[str, ...]], dataset: DatasetParams) -> list[tuple[str, str]]:
    """Every class of the data set must stand in exactly one group."""
    members = sorted(member for group in groups.values() for member in group)
    if members == sorted(dataset.classes):
        return []
    return [(path, f"each class must stand in exactly one group; classes: {', '.join(dataset.classes)}")]
