"""The data sets, and the photographs that are brought to the format of one of them."""

from typing import Literal

from pydantic import Field, field_validator

from lookalike.params.sections import Name, Pixels, Section, Tone


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
