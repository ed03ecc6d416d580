"""`params.yaml` as a whole, and how it is read."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from lookalike.errors import InputError
from lookalike.params.datasets import DatasetParams, Photos
from lookalike.params.profiles import Budget, Profile, Sample
from lookalike.params.sections import Name, Section
from lookalike.params.training import Variant


class CostsParams(Section):
    """The study whose models are counted and timed."""

    study: Name


class EmbeddingParams(Section):
    """How features are projected and clustered; see `embedding.study.Settings`."""

    perplexity: float = Field(gt=1, le=1000)
    tsne_dims: int = Field(ge=2, le=1000)
    mixture_dims: int = Field(ge=1, le=1000)
    components: tuple[int, ...] = Field(min_length=1)
    covariances: tuple[Literal["full", "tied", "diag", "spherical"], ...] = Field(min_length=1)
    starts: int = Field(ge=1, le=100)

    @field_validator("components")
    @classmethod
    def at_least_one(cls, components: tuple[int, ...]) -> tuple[int, ...]:
        """A mixture has components."""
        if min(components) < 1:
            raise ValueError("each number of components must be at least 1")
        return components


class Study(Section):
    """A study: what it is called, and the folder below `data/` that its evaluation reads.

    `pairs` are the variants that are compared with each other on the same images. `probes` are those that are looked at
    closely: their answers are drawn image by image, and they are tried on photographs with steps left out and on images
    spoiled on purpose. `spoil` has every variant tried on noise and distortions. The variants of
    `ten_views`, trained on crops, are also tested on ten views of each image.
    """

    title: str
    data: str
    pairs: tuple[tuple[Name, Name], ...]
    probes: tuple[Name, ...]
    spoil: bool
    ten_views: tuple[Name, ...]


class Params(Section):
    """The whole file. `groups` names, for a data set, the groups of classes that look alike."""

    profile: Name
    profiles: dict[Name, Profile]
    datasets: dict[Name, DatasetParams]
    photos: Photos
    costs: CostsParams
    embedding: EmbeddingParams
    groups: dict[Name, dict[Name, tuple[str, ...]]]
    studies: dict[Name, Study]
    variants: dict[Name, Variant]

    @property
    def active(self) -> Profile:
        """The profile that `profile` names."""
        return self.profiles[self.profile]

    def require(self, section: Literal["datasets", "studies", "variants"], name: str) -> None:
        """Refuse a name that is not in a section.

        Raises:
            InputError: the message lists those that are.
        """
        if name not in (known := getattr(self, section)):
            raise InputError(f"params.yaml: {section}: no {name!r}; allowed: {', '.join(known)}")

    def variants_of(self, study: Name) -> dict[Name, Variant]:
        """The variants of one study, in the file's order."""
        return {name: variant for name, variant in self.variants.items() if variant.study == study}

    def sampled(self, study: Name, sample: Sample) -> tuple[Name, ...]:
        """The variants of a study that `sample` stands for."""
        return self.studies[study].probes if sample.variants == "probes" else tuple(self.variants_of(study))

    def spoiled_a_class(self, study: Name) -> int:
        """How many test images of each class are spoiled for a study."""
        return self.active.evaluate.spoiled_a_class if self.studies[study].spoil else 0

    def photographed(self, study: Name) -> bool:
        """Whether a study's models know the classes that the photographs are of."""
        return self.studies[study].data == self.photos.dataset

    def groups_of(self, dataset: Name) -> dict[Name, tuple[str, ...]]:
        """The groups of classes that look alike in the data set of a study."""
        return self.groups[dataset]

    def class_order(self, dataset: Name) -> list[int]:
        """Labels of a data set's classes, those that look alike side by side."""
        classes = self.datasets[dataset].classes
        return [classes.index(name) for group in self.groups_of(dataset).values() for name in group]

    def budget(self, variant: Name) -> Budget:
        """What the active profile grants `variant`."""
        return self.active.train[self.variants[variant].budget]


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and validate the whole file.

    Raises:
        InputError: one line with the first offending key's full path and what is allowed.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"{path}: not found; run from the root of the project") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from error
    return parse_params(raw, path.name)


def parse_params(raw: Any, source: str = "params.yaml") -> Params:
    """Validate the content of a parameter file; `source` names it in errors."""
    from lookalike.params.references import broken_references  # which knows the sections above

    try:
        params = Params.model_validate(raw)
    except ValidationError as error:
        raise InputError(f"{source}: {describe(error)}") from error
    for path, message in broken_references(params):
        raise InputError(f"{source}: {path}: {message}")
    return params


def describe(error: ValidationError) -> str:
    """The first fault in one line: the key's path, what is wrong, and for an unknown key those that are known."""
    first = error.errors()[0]
    path = ".".join(" ".join(str(part).split()) for part in first["loc"] if part != "[key]") or "the file"
    if first["type"] == "extra_forbidden":
        return f"{path}: unknown key; allowed here: {', '.join(allowed_keys(first['loc']))}"
    given = "" if first["type"] in {"missing", "value_error"} else f", got {first['input']!r}"
    return f"{path}: {first['msg'].removeprefix('Value error, ')}{given}"


def allowed_keys(location: tuple[int | str, ...]) -> list[str]:
    """The keys of the section that an unknown key at `location` stands in."""
    schema: dict[str, Any] = Params.model_json_schema()
    node = schema
    for part in location[:-1]:
        entries = [*node.get("patternProperties", {}).values(), node.get("additionalProperties", {})]
        node = node.get("properties", {}).get(part) or entries[0]
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    return list(node.get("properties", {}))
