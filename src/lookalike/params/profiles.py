"""The profiles: where images come from, and what each budget grants a training run."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from lookalike.params.sections import Count, Images, Name, Side, StrictModel


class Budget(StrictModel):
    """The limits of a profile for the training runs of the variants that name this budget.

    Attributes:
        seeds: number of runs, with seeds 0 ... seeds - 1.
        precision: of products in training, see `runtime.Runtime`.
        max_epochs, max_images: caps on epochs and training images; None means that the variant's own settings hold.
        max_channels: cap on the channels of a layer, for variants of models that have this argument.
        size: the member of its family that replaces a model of the zoo, for variants of these models.
        pretrained: false means that all begin with random weights.
    """

    seeds: int = Field(ge=1, le=100)
    precision: Literal["float32", "bfloat16"]
    max_epochs: Count | None = None
    max_images: int | None = Field(default=None, ge=10, le=100_000_000)
    max_channels: int | None = Field(default=None, ge=1, le=100_000)
    size: Literal["tiny", "small"] | None = None
    pretrained: Literal[False] | None = None

    @field_validator("pretrained", mode="before")
    @classmethod
    def no_number(cls, value: Any) -> Any:
        """Refuse 0, which equals False in Python."""
        if value is not None and value is not False:
            raise ValueError("needs false, or is left out")
        return value

    @model_validator(mode="after")
    def small_networks_are_fresh(self) -> Self:
        """Refuse published weights for a smaller network: they are those of the network that a variant names."""
        if self.size is not None and self.pretrained is None:
            raise ValueError("size needs pretrained: false")
        return self


class DataProfile(StrictModel):
    """Where images come from. `embedded` draws or holds that many; `official` takes the first of the published.

    `max_side` caps the side, in pixels, to which photographs of a data set are brought.
    """

    source: Literal["embedded", "official"]
    train_images: Images | None = None
    test_images: Images | None = None
    max_side: Side | None = None

    @model_validator(mode="after")
    def embedded_needs_counts(self) -> Self:
        """Refuse a drawn data set of unknown size."""
        if self.source == "embedded" and (self.train_images is None or self.test_images is None):
            raise ValueError("source embedded needs train_images and test_images")
        return self


class PhotoProfile(StrictModel):
    """Which photographs: `embedded` draws that many, `official` are the published, `own` those in `photographs/`."""

    source: Literal["embedded", "official", "own"]
    count: int | None = Field(default=None, ge=10, le=10_000)

    @model_validator(mode="after")
    def only_embedded_are_counted(self) -> Self:
        """Refuse a number for photographs that are there already, and drawn ones without a number."""
        if (self.source == "embedded") != (self.count is not None):
            raise ValueError("source embedded needs count, the others take none")
        return self


class Sample(StrictModel):
    """The variants of a study, its focus variants or all, and the number of test images per class for a stage."""

    variants: Literal["focus", "all"]
    images_per_class: int = Field(ge=2, le=10_000)


class EvaluationSample(StrictModel):
    """How many test images per class are corrupted, in the studies that do so."""

    corrupted_per_class: Count


class ExplainSample(Sample):
    """The images that are explained; of them, those on which each method is scored, and each head of attention."""

    scored: int = Field(ge=2, le=10_000)
    heads_scored: Count


class Profile(StrictModel):
    """One way to run everything.

    It has the data, the photographs, the budgets that variants name, and the samples of images that are corrupted,
    explained and embedded. `compare_with` says whether the report also shows the runs in `results/`.
    """

    demonstration: bool
    data: DataProfile
    photos: PhotoProfile | None
    train: dict[Name, Budget]
    evaluate: EvaluationSample
    explain: ExplainSample
    embed: Sample
    compare_with: Literal["results", "nothing"]
