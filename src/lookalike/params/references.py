"""Checks of the names in `params.yaml` that refer to other keys, to architectures or to classes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from lookalike.errors import abbreviated
from lookalike.models.registry import MODELS, PUBLISHED
from lookalike.params.arguments import argument_fault, keywords
from lookalike.params.datasets import DatasetParams
from lookalike.params.file import Params, Study
from lookalike.params.messages import dotted
from lookalike.params.profiles import Budget
from lookalike.params.training import TrainingParams, Variant

RESERVED = ("costs", "fetch")  # folders of runs/ that belong to stages


def broken_references(params: Params) -> Iterator[str]:
    """The faults, each beginning with the key's path. Only the first is sure: later checks rely on earlier ones."""
    yield from unknown_name("profile", params.profile, params.profiles)
    for name, groups in params.groups.items():  # before the variants, whose groups may be these
        yield from unknown_name(f"groups.{name}", name, params.datasets)
        yield from group_faults(f"groups.{name}", groups, params.datasets[name])
    yield from photo_faults(params)
    yield from unknown_name("costs.study", params.costs.study, params.studies)
    for name, study in params.studies.items():
        yield from study_faults(f"studies.{name}", name, study, params)
    for name, variant in params.variants.items():
        yield from variant_faults(name, variant, params)
    for name, study in params.studies.items():
        yield from member_faults(f"studies.{name}", study, params.variants_of(name))


def photo_faults(params: Params) -> Iterator[str]:
    """Photographs need a source in every profile, a data set that is known, and a suspected class that is one of it."""
    for name, profile in params.profiles.items():
        if (profile.photos is None) != (params.photos is None):
            need, given = ("required", "not null") if params.photos else ("must be null", "null")
            yield f"profiles.{name}.photos: {need}: photos is {given}"
    if params.photos is None:
        return
    yield from unknown_name("photos.dataset", params.photos.dataset, params.datasets)
    yield from unknown_name("photos.collector", params.photos.collector, params.datasets[params.photos.dataset].classes)


def study_faults(path: str, name: str, study: Study, params: Params) -> Iterator[str]:
    """A study has a folder of its own, a data set with groups, one whose images are of no class, and variants."""
    if name.lower() in RESERVED:
        yield f"{path}: runs/{name} belongs to a stage; a study is called anything but {' and '.join(RESERVED)}"
    yield from unknown_name(f"{path}.data", study.data, params.datasets)
    yield from unknown_name(f"{path}.outside", study.outside, params.datasets)
    if study.data not in params.groups:
        yield f"groups.{study.data}: required: studies.{name} is on this data set"
    if not params.variants_of(name):
        yield f"{path}: no variant is of this study"


def variant_faults(name: str, variant: Variant, params: Params) -> Iterator[str]:
    """What a variant names must be there, and fit its study and its architecture."""
    path = f"variants.{name}"
    yield from unknown_name(f"{path}.study", variant.study, params.studies)
    yield from unknown_name(f"{path}.dataset", variant.dataset, params.datasets)
    if variant.dataset != (data := params.studies[variant.study].data):
        yield f"{path}.dataset: {variant.dataset!r}, but the study {variant.study} is on {data}; allowed: {data}"
    yield from unknown_name(f"{path}.model", variant.model, MODELS)
    if fault := argument_fault(name, variant.model, variant.model_args or {}):
        yield fault
    if variant.train.pretrained and variant.model not in PUBLISHED:
        yield f"{path}.train.pretrained: only these have published weights: {', '.join(PUBLISHED)}"
    for profile, settings in params.profiles.items():
        if variant.budget not in settings.train:
            known = f"profiles.{profile}.train has no budget {variant.budget!r}; it has {', '.join(settings.train)}"
            yield f"{path}.budget: {known}"
        budget = settings.train[variant.budget]
        yield from budget_faults(f"profiles.{profile}.train.{variant.budget}", budget, name, variant.model)
    yield from class_faults(f"{path}.train", variant.train, params.datasets[variant.dataset])


def budget_faults(path: str, budget: Budget, variant: str, model: str) -> Iterator[str]:
    """A cap on the network is for architectures that have the argument."""
    for key in ("max_channels", "size"):
        if getattr(budget, key) is not None and key not in keywords(model):
            capped = ", ".join(name for name in MODELS if key in keywords(name))
            yield f"{path}.{key}: variants.{variant} has this budget, and {model} has no {key}; allowed for: {capped}"


def member_faults(path: str, study: Study, members: Mapping[str, Variant]) -> Iterator[str]:
    """Pairs, focus variants and variants with ten views must be variants of the study, each given once."""
    for k, pair in enumerate(study.pairs):
        for member in pair:
            yield from unknown_name(f"{path}.pairs.{k}", member, members)
        if pair[0] == pair[1]:
            yield f"{path}.pairs.{k}: {pair[0]} is paired with itself; a pair is of two variants"
        if any(set(pair) == set(other) for other in study.pairs[:k]):
            yield f"{path}.pairs.{k}: {pair[0]} and {pair[1]} are a pair already; each pair may be given once"
    for key in ("focus", "ten_views"):
        for k, member in enumerate(names := getattr(study, key)):
            yield from unknown_name(f"{path}.{key}.{k}", member, members)
            if member in names[:k]:
                yield f"{path}.{key}.{k}: {member} is given already; each variant may be given once"
    for k, viewed in enumerate(study.ten_views):
        if not ((augmentation := members[viewed].train.augmentation) and augmentation.crop):
            yield f"{path}.ten_views.{k}: {viewed} is not trained on crops (train.augmentation.crop)"


def unknown_name(path: str, name: str, known: Iterable[str]) -> Iterator[str]:
    if name not in (allowed := list(known)):
        yield f"{path}: no {abbreviated(name)}; allowed: {', '.join(allowed)}"


def class_faults(path: str, train: TrainingParams, dataset: DatasetParams) -> Iterator[str]:
    """The classes that smoothing and augmentation name must be the data set's."""
    if train.smoothing:
        yield from group_faults(f"{path}.smoothing.groups", train.smoothing.groups, dataset)
    if train.augmentation and train.augmentation.pairs:
        for k, name in enumerate(train.augmentation.pairs.classes):
            yield from unknown_name(f"{path}.augmentation.pairs.classes.{k}", name, dataset.classes)


def group_faults(path: str, groups: Mapping[str, tuple[str, ...]], dataset: DatasetParams) -> Iterator[str]:
    """Every class of the data set must stand in exactly one group."""
    counts = Counter(member for members in groups.values() for member in members)
    for group, members in groups.items():
        for k, member in enumerate(members):
            yield from unknown_name(f"{path}.{dotted([group, k])}", member, dataset.classes)
            if counts[member] > 1:
                yield f"{path}.{dotted([group, k])}: {member} is given twice; a class stands in exactly one group"
    if left := [name for name in dataset.classes if name not in counts]:
        yield f"{path}: {', '.join(left)} is missing; each class stands in exactly one group"
