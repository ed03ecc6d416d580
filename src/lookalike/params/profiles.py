"""The profiles: where images come from, and what each budget grants a training run."""

from typing import Literal, Self

from pydantic import Field, model_validator

from lookalike.params.sections import Name, Section


class Budget(Section):
    """What a profile grants the training runs of the variants that name it.

    Attributes:
        seeds: number of runs, with seeds 0 ... seeds - 1.
        precision: of products in training, see `runtime.Runtime`.
        max_epochs, max_images: caps on epochs and training images; None means that the variant's own settings hold.
        max_channels: cap on the channels of a layer, for variants of models that have this argument.
        size: which member of its family stands for a model of the zoo, for variants of these models.
        pretrained: false means that all begin with fresh weights.
    """

    seeds: int = Field(ge=1, le=100)
    precision: Literal["float32", "bfloat16"]
    max_epochs: int | None = Field(default=None, ge=1, le=10_000)
    max_images: int | None = Field(default=None, ge=10, le=100_000_000)
    max_channels: int | None = Field(default=None, ge=1, le=100_000)
    size: Literal["tiny", "small"] | None = None
    pretrained: Literal[False] | None = None

    @model_validator(mode="after")
    def small_networks_are_fresh(self) -> Self:
        """Published weights are those of the network that a variant names, not of one that stands for it."""
        if self.size is not None and self.pretrained is None:
            raise ValueError("size needs pretrained: false")
        return self


class DataProfile(Section):
    """Where images come from. `embedded` draws or holds that many; `official` takes the first of the published.

    `max_side` caps the side, in pixels, to which photographs of a data set are brought.
    """

    source: Literal["embedded", "official"]
    train_images: int | None = Field(default=None, ge=100)
    test_images: int | None = Field(default=None, ge=100)
    max_side: int | None = Field(default=None, ge=32, le=1024)

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
