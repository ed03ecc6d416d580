"""The data sets, and the photographs that are brought to the format of one of them."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from lookalike.params.sections import Distinct, Name, Pair, Pixels, Place, Several, Side, StrictModel, Text, Tone


class Split(StrictModel):
    """How training images are split off for validation (scikit-learn's `train_test_split`)."""

    valid_fraction: float = Field(ge=0.01, le=0.9)
    seed: int = Field(ge=0, lt=2**32)


class DatasetParams(StrictModel):
    """A data set: its classes by label, its split, and how pixels are normalised.

    Of sets of photographs alone: `size` is the side in pixels of a photograph as models see it, and `folder`, of
    imagenet, where a person has them: absolute, beginning with ~ for the home, or relative to the project's root.
    """

    classes: Annotated[Several[Text], Distinct] = Field(min_length=2, max_length=1000)
    split: Split
    normalise: Literal["range", "channels"]
    size: Side | None = None
    folder: Place | None = None


class Recipe(StrictModel):
    """How a photograph becomes a picture like the data set's: steps in this order, see `photographs.recipes`.

    `thumbnail` is (width, height) in pixels, `max_aspect` a width divided by a height, `stretch` the darkest and the
    brightest tone of a garment; null leaves the step out.
    """

    upright: bool
    thumbnail: Pair[Pixels] | None
    mask: Literal["none", "border", "grabcut", "rembg"]
    largest: bool
    crop: Literal["none", "corner", "object"]
    max_aspect: float | None = Field(gt=0, le=10)
    resize: Literal["skip", "antialias"]
    sharpen: bool
    centre: bool
    background: bool
    tone: Literal["grey", "negate", "contrast"]
    stretch: Pair[Tone] | None

    @field_validator("stretch")
    @classmethod
    def darkest_first(cls, tones: tuple[int, int] | None) -> tuple[int, int] | None:
        """Refuse a range of one tone, which would leave no contrast."""
        if tones is not None and tones[0] >= tones[1]:
            raise ValueError("the darkest tone must come before a brighter one")
        return tones


class Photos(StrictModel):
    """The photographs: the data set whose classes and format they get, and the recipes that prepare them.

    `collector` is the class that is suspected to collect failed preparations.
    """

    dataset: Name
    collector: Text
    recipes: dict[Name, Recipe] = Field(min_length=1)
