"""`params.yaml` as frozen, validated objects.

Every stage validates the whole file before it works. The models here refuse or pass values on and give none of their
own that would change a result, so the stages do not depend on this module: DVC itself tracks the values.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from lookalike.errors import InputError

Pixels = Annotated[int, Field(ge=1, le=1000)]
Tone = Annotated[int, Field(ge=0, le=255)]
# Names become folders, stages of the pipeline and addresses in the report.
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class Section(BaseModel):
    """A part of the file: unknown keys are refused, values cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Budget(Section):
    """What a profile grants a training: seeds 0 ... seeds-1, and caps (none: the variant's own settings hold).

    `max_channels` and `small` are arguments of the models that have them, and for variants of these alone. Without
    `pretrained` all begin with fresh weights.
    """

    seeds: int = Field(ge=1, le=100)
    max_epochs: int | None = Field(default=None, ge=1)
    max_images: int | None = Field(default=None, ge=10)
    max_channels: int | None = Field(default=None, ge=1)
    pretrained: bool = True
    small: bool = False

    @model_validator(mode="after")
    def small_networks_are_fresh(self) -> Self:
        """Published weights are those of the network that a variant names, not of one that stands for it."""
        if self.small and self.pretrained:
            raise ValueError("small needs pretrained: false")
        return self


class DataProfile(Section):
    """Where images come from. `embedded` draws or holds that many; `official` takes the first of the published."""

    source: Literal["embedded", "official"]
    train_images: int | None = Field(default=None, ge=100)
    test_images: int | None = Field(default=None, ge=100)

    @model_validator(mode="after")
    def embedded_needs_counts(self) -> Self:
        """How many images to draw has no natural answer."""
        if self.source == "embedded" and (self.train_images is None or self.test_images is None):
            raise ValueError("source embedded needs train_images and test_images")
        return self


class PhotoProfile(Section):
    """Which photographs: `embedded` draws that many, `official` are the published, `own` those in `photographs/`."""

    source: Literal["embedded", "official", "own"]
    count: int | None = Field(default=None, ge=10, le=10_000)

    @model_validator(mode="after")
    def only_embedded_are_counted(self) -> Self:
        """How many to draw has no natural answer; the others are as many as they are."""
        if (self.source == "embedded") != (self.count is not None):
            raise ValueError("source embedded needs count, the others take none")
        return self


class Sample(Section):
    """What a stage looks at: a study's probes or all of its variants, and so many test images of each class."""

    variants: Literal["probes", "all"]
    images_a_class: int = Field(ge=2, le=10_000)


class EvaluationSample(Section):
    """How many test images of each class are spoiled, in the studies that spoil images."""

    spoiled_a_class: int = Field(ge=1, le=10_000)


class ExplainSample(Sample):
    """The images that are explained; of them, those on which each method is scored, and each head of attention."""

    scored: int = Field(ge=2, le=10_000)
    heads_scored: int = Field(ge=1, le=10_000)


class Profile(Section):
    """One way to run everything: the data, the photographs, a budget for each cost that variants name, and what is
    looked at closely."""

    demonstration: bool
    data: DataProfile
    photos: PhotoProfile
    train: dict[Name, Budget]
    evaluate: EvaluationSample
    explain: ExplainSample
    embed: Sample


class Split(Section):
    """How training images are split off for validation (scikit-learn's `train_test_split`)."""

    valid_fraction: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0, lt=2**32)


class DatasetParams(Section):
    """A data set: its classes by label, its split, and how pixels are normalised.

    Of sets of photographs alone: `size` is the side in pixels of a photograph as models see it, and `folder`, of
    imagenet, where a person has them: absolute, or relative to the project's root.
    """

    classes: tuple[str, ...] = Field(min_length=2)
    split: Split
    normalise: Literal["range", "channels"]
    size: int | None = Field(default=None, ge=32, le=1024)
    folder: str | None = Field(default=None, min_length=1)

    @field_validator("classes")
    @classmethod
    def distinct(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Two classes of one name could not be told apart in any table."""
        if len(set(names)) < len(names):
            raise ValueError("class names must differ")
        return names


class Recipe(Section):
    """How a photograph becomes a picture like the data set's: steps in this order, see `data.photos`.

    `thumbnail` is (width, height) in pixels, `max_aspect` a width divided by a height, `stretch` the darkest and the
    brightest tone of a garment; null leaves the step out.
    """

    upright: bool
    thumbnail: tuple[Pixels, Pixels] | None
    mask: Literal["none", "border", "grabcut", "rembg"]
    largest: bool
    crop: Literal["none", "corner", "object"]
    max_aspect: float | None = Field(gt=0, le=10)
    resize: Literal["skip", "antialias"]
    sharpen: bool
    centre: bool
    background: bool
    tone: Literal["grey", "negate", "contrast"]
    stretch: tuple[Tone, Tone] | None

    @field_validator("stretch")
    @classmethod
    def ascending(cls, tones: tuple[int, int] | None) -> tuple[int, int] | None:
        """From the darkest to the brightest."""
        if tones is not None and tones[0] >= tones[1]:
            raise ValueError("the darkest tone must come before a brighter one")
        return tones


class Photos(Section):
    """The photographs: the data set whose classes and format they are brought to, and the recipes that do it.

    `absorber` is the class that is suspected to absorb what a recipe spoiled.
    """

    dataset: Name
    absorber: str
    recipes: dict[Name, Recipe] = Field(min_length=1)


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


class Smoothing(Section):
    """Label smoothing that knows which classes look alike; see `training.smoothing.soft_targets`."""

    groups: dict[Name, tuple[str, ...]]
    look_alikes: float = Field(ge=0, lt=1)
    others: float = Field(ge=0, lt=1)

    @model_validator(mode="after")
    def the_class_keeps_most(self) -> Self:
        """A class that gets less than its look-alikes could not be learned."""
        if self.look_alikes + self.others >= 0.5:
            raise ValueError(f"look_alikes + others must stay below 0.5, got {self.look_alikes + self.others:g}")
        return self


Range = tuple[float, float]


class PairsParams(Section):
    """Classes of which a share is shown as a pair from above."""

    classes: tuple[str, ...]
    share: float = Field(gt=0, le=1)


class PlacingParams(Section):
    """How far an image is turned, scaled, sheared and shifted, and whether it is flipped; none: not at all."""

    turn: float | None = Field(default=None, ge=0, le=180)
    scale: Range | None = None
    shear: float | None = Field(default=None, ge=0, le=1)
    shift: float | None = Field(default=None, ge=0, le=1)
    mirror: bool | None = None
    vertical_flip: bool | None = None


class TonesParams(Section):
    """How far a garment's tones are changed."""

    gamma: Range
    gain: Range
    lift: float = Field(ge=0, le=1)
    noise: float = Field(ge=0, le=1)


class ColoursParams(Section):
    """How far brightness, contrast, saturation and hue (in degrees) are changed; none: not at all."""

    brightness: float | None = Field(default=None, gt=0, le=1)
    contrast: float | None = Field(default=None, gt=0, le=1)
    saturation: float | None = Field(default=None, gt=0, le=1)
    hue: float | None = Field(default=None, gt=0, le=180)


class AugmentationParams(Section):
    """Random changes of the training images; see `data.augmentation`."""

    pairs: PairsParams | None = None
    placing: PlacingParams | None = None
    bend: float | None = Field(default=None, gt=0, le=1)
    crop: int | None = Field(default=None, ge=1, le=1000)
    colours: ColoursParams | None = None
    lighting: float | None = Field(default=None, gt=0, le=1)
    tones: TonesParams | None = None


class Search(Section):
    """Learning rates of which the one is taken that has the least training error after so many epochs."""

    rates: tuple[Annotated[float, Field(gt=0, le=10)], ...] = Field(min_length=2)
    epochs: int = Field(ge=1, le=10_000)


class Training(Section):
    """A variant's own training settings; see `training.optimisation.Optimisation` for the schedules.

    `search` finds the learning rate, in place of `lr`.
    `fraction` is the share of the training and of the validation images that the training sees; none: all.
    `contrastive_margin` adds the loss of `training.contrast`; none: it is not added.
    `keep_epochs` are those, counted from 1, after which the first seed's weights are kept: its activations are then
    shown as they were there, too.
    `stop_at_error` ends a training with the epoch whose training error, the share of wrong answers, is at most that.
    `pretrained` begins with published weights: those of the file `weights`, or of the mirror, or of the publisher.
    `layers` are those that are trained: all, or the head alone (a linear probe).
    """

    epochs: int = Field(ge=1, le=10_000)
    batch_size: int = Field(ge=1, le=65_536)
    optimizer: Literal["adam", "torch_adam", "sgd"]
    lr: float | None = Field(default=None, gt=0, le=10)
    search: Search | None = None
    schedule: Literal["constant", "step", "alternating", "cosine"]
    momentum: float | None = Field(default=None, ge=0, lt=1)
    lr_every: int | None = Field(default=None, ge=1)
    lr_factor: float | None = Field(default=None, gt=0, le=1)
    lr_other: float | None = Field(default=None, gt=0, le=10)
    l2: float | None = Field(default=None, gt=0, le=1)
    weight_decay: float | None = Field(default=None, gt=0, le=1)
    fraction: float | None = Field(default=None, gt=0, le=1)
    smoothing: Smoothing | None = None
    augmentation: AugmentationParams | None = None
    contrastive_margin: float | None = Field(default=None, ge=-1, lt=1)
    keep_epochs: tuple[Annotated[int, Field(ge=1)], ...] = ()
    stop_at_error: float | None = Field(default=None, gt=0, lt=1)
    pretrained: bool = False
    weights: str | None = None
    layers: Literal["all", "head"] = "all"

    @field_validator("keep_epochs")
    @classmethod
    def kept_before_the_end(cls, kept: tuple[int, ...], known: ValidationInfo) -> tuple[int, ...]:
        """The last epoch's weights are kept anyway."""
        if "epochs" in known.data and any(epoch >= known.data["epochs"] for epoch in kept):
            raise ValueError(f"epochs before the last, {known.data['epochs']}, are wanted")
        return kept

    @model_validator(mode="after")
    def one_way_to_a_rate(self) -> Self:
        """A learning rate is given or found."""
        if (self.lr is None) == (self.search is None):
            raise ValueError("wants lr, or else search")
        return self

    @model_validator(mode="after")
    def weights_are_asked_for(self) -> Self:
        """A file of weights that nothing reads would be a mistake."""
        if self.weights is not None and not self.pretrained:
            raise ValueError("weights needs pretrained: true")
        return self

    @model_validator(mode="after")
    def schedule_has_its_settings(self) -> Self:
        """Settings of a schedule or an optimiser come with it, and only with it."""
        wanted = {"step": {"lr_every", "lr_factor"}, "alternating": {"lr_other"}}.get(self.schedule, set())
        wanted |= {"momentum"} if self.optimizer == "sgd" else set()
        given = {name for name in ("momentum", "lr_every", "lr_factor", "lr_other") if getattr(self, name) is not None}
        if given != wanted:
            needs = ", ".join(sorted(wanted)) or "none of momentum, lr_every, lr_factor, lr_other"
            raise ValueError(f"{self.optimizer} with schedule {self.schedule} takes {needs}")
        return self


class Variant(Section):
    """A model of a study: architecture, its arguments, data set, which of a profile's budgets it gets, and training."""

    study: Name
    dataset: Name
    model: Name
    model_args: dict[str, Any] = Field(default_factory=dict)
    cost: Name
    train: Training


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
        return self.active.train[self.variants[variant].cost]


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
    from lookalike.references import broken_references  # which knows the sections above

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
