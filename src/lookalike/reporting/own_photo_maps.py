"""Maps over a user's own pictures, drawn: those of the study's models and those of the model for photographs."""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.photo_model import MapFaithfulness
from lookalike.params import Params
from lookalike.photographs.own_photo import AnsweredPhotos, OwnPhoto, likeliest_look_alikes
from lookalike.photographs.photo_model_maps import METHOD
from lookalike.photographs.recipes import EDGE, final_image
from lookalike.photographs.trained_models import look_alike_groups
from lookalike.reporting.document import data_uri
from lookalike.reporting.explained import SIGNED, gain_note
from lookalike.reporting.figures.contact_sheets import png
from lookalike.reporting.figures.maps import blend, is_blank, map_colours, overlay
from lookalike.reporting.own_photo_answer import PHOTO_MODEL, way_of

if TYPE_CHECKING:  # pictures are drawn without torch
    from lookalike.explain.own_photo import Contrasts, Explanations, Maps

SIDE = 6 * EDGE  # pixels of a map over the picture that the models see


@dataclass(frozen=True)
class PngPicture:
    """A picture: PNG bytes, a caption, and an alternative text."""

    png: bytes
    caption: str
    alt: str

    @property
    def data_uri(self) -> str:
        """The picture as an address that holds it."""
        return data_uri(self.png, "png")

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The pixels (H, W, 3)."""
        return np.asarray(Image.open(io.BytesIO(self.png)).convert("RGB"))


@dataclass(frozen=True)
class ScoredMap:
    """A map of what speaks for and against a class that a model predicts: (SIDE, SIDE) pixels.

    Attributes:
        picture: the map over the picture that the model sees.
        colours: the map alone, to be laid over that picture.
        blank: whether the map says nothing; the picture is then without colours.
        score: how faithful such maps of the model are, and what maps reach that know nothing of it, a line each.
    """

    picture: PngPicture
    colours: PngPicture
    blank: bool
    score: str


@dataclass(frozen=True)
class MapColours:
    """The colours of a map of the photograph model, to be laid over the photo.

    Attributes:
        blank: whether the map says nothing; it is then not laid.
    """

    colours: PngPicture
    blank: bool


@dataclass(frozen=True)
class WholeMaps:
    """A photo in grey, and the photograph model's maps of its likeliest class and of that against its look-alike."""

    photo: PngPicture
    maps: list[MapColours]

    def over_photo(self, one: MapColours) -> NDArray[np.uint8]:
        """One of the maps over the photo (H, W, 3), without colours if it is blank."""
        return self.photo.pixels if one.blank else blend(self.photo.pixels, one.colours.pixels)


@dataclass(frozen=True)
class MapArtist:
    """Draws maps of one picture, of the variants that have scores."""

    class_names: Sequence[str]
    explanations: "Explanations"

    def predicted_class_maps(self, trial: OwnPhoto, recipe: str, maps: "Maps") -> dict[str, ScoredMap]:
        """The maps of the class that each variant predicts."""
        said = f"{self.explanations.method} of the predicted class"
        return {name: self.draw(trial, recipe, name, values, "map", said) for name, values in maps.items()}

    def contrast_maps(self, trial: OwnPhoto, recipe: str, contrasts: "Contrasts") -> dict[str, ScoredMap]:
        """The maps of one look-alike against the other."""
        first, second = self.class_names[contrasts.first], self.class_names[contrasts.second]
        what, said = contrast_words(first, second, self.explanations.method)
        return {name: self.draw(trial, recipe, name, values, what, said) for name, values in contrasts.maps.items()}

    def draw(
        self, trial: OwnPhoto, recipe: str, variant: str, values: NDArray[np.float32], what: str, said: str
    ) -> ScoredMap:
        """One map (h, w), which is a `what`, with a caption that begins with `said`."""
        method, blank = self.explanations.method, is_blank(values)
        score = gain_note(self.explanations.scores[variant], method)
        flag = "Blank: " if blank else ""
        caption = f"{flag}{said}; {in_one_line(score, 'test images')}."
        alt = f"{flag}{what} of {variant} over {trial.name} by {way_of(recipe)}"
        signed, image = method in SIGNED, final_image(trial.stages[recipe][-1][1])
        blended, alone = overlay(image, values, SIDE, signed=signed), map_colours(values, SIDE, signed=signed)

        def drawn(pixels: NDArray[np.uint8]) -> PngPicture:
            return PngPicture(png(Image.fromarray(pixels)), caption, alt)

        return ScoredMap(drawn(blended), drawn(alone), blank, score)


@dataclass(frozen=True)
class WholeMapArtist:
    """Draws the photograph model's maps. `groups` are the labels of look-alike classes."""

    class_names: Sequence[str]
    groups: Sequence[Sequence[int]]
    faithfulness: MapFaithfulness

    @classmethod
    def of(cls, answered: AnsweredPhotos, params: Params) -> Self | None:
        """None if the model was not asked, or if its maps have no score."""
        if answered.about is None or answered.about.faithfulness is None:
            return None
        names = answered.class_names
        groups = [[names.index(name) for name in group] for group in look_alike_groups(params)]
        return cls(names, groups, answered.about.faithfulness)

    def draw(self, trial: OwnPhoto) -> WholeMaps | None:
        """The maps of one photo; None for a picture that the model is not asked about."""
        if trial.whole is None:
            return None
        one, two = likeliest_look_alikes({PHOTO_MODEL: trial.whole.probabilities}, self.groups)
        evidence = trial.whole.evidence
        what, said = contrast_words(self.class_names[one], self.class_names[two], METHOD)
        maps = [
            self.colours(trial, evidence[one], "map", f"{METHOD} of the predicted class"),
            self.colours(trial, evidence[one] - evidence[two], what, said),
        ]
        photo = png(Image.fromarray(trial.whole.photo))
        return WholeMaps(PngPicture(photo, "The whole photo.", f"{trial.name} in grey"), maps)

    def colours(self, trial: OwnPhoto, values: NDArray[np.float32], what: str, said: str) -> MapColours:
        """One map, see `MapArtist.draw`."""
        assert trial.whole is not None  # else there are no values
        blank, (height, width) = is_blank(values), trial.whole.photo.shape
        scores = {name: {"gain": asdict(one)} for name, one in self.faithfulness.gain.items()}
        score = in_one_line(gain_note(scores, METHOD), f"{self.faithfulness.photographs} labelled photographs")
        flag, pixels = "Blank: " if blank else "", map_colours(values, width, height, signed=METHOD in SIGNED)
        alt = f"{flag}{what} of {PHOTO_MODEL} over {trial.name}"
        return MapColours(PngPicture(png(Image.fromarray(pixels)), f"{flag}{said}; {score}.", alt), blank)


def contrast_words(first: str, second: str, method: str) -> tuple[str, str]:
    """What a map of one class against another is, and the beginning of its caption."""
    return f"contrast of {first} and {second}, map", f"{first} (green) against {second} (purple), by {method}"


def in_one_line(score: str, images: str) -> str:
    """A `gain_note`, and on which images it was measured."""
    gain, *controls = score.split("\n")
    return f"{gain} on {images} ({', '.join(controls)})"
