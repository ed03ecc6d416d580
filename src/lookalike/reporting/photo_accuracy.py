"""The accuracy to expect of the released models on photographs: `photographs.csv` of the published results."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from lookalike.artifacts.photo_model import Measured
from lookalike.artifacts.typed_json import typed
from lookalike.errors import InputError

TABLE = Path("reports", "published", "photographs.csv")
PHOTO_MODEL = "photograph model"
ADVICE_ALT = (  # of the stored picture
    "Drawn photographs of a dress on plain ground and on planks among other things, and of a shoe and a pair, each "
    "with what the CNN and the ViT see"
)
WHOLE = "whole photo"  # in place of a recipe
OF = {"class": "class", "background": "ground", "items": "items"}  # what photographs are grouped by, in words


@dataclass(frozen=True)
class PhotoAccuracy:
    """A row of the table: how often a model is right on some photographs; shares in [0, 1] with the 95 % interval.

    Attributes:
        recipe: by which photographs are prepared for the model.
        of, value: which photographs, such as "class" and "Coat"; "all" and "" for every one.
    """

    model: str
    recipe: str
    of: str
    value: str
    photographs: int
    accuracy: float
    low: float
    high: float


def variant_rows(model: str, recipe: str, figures: Mapping[str, Any]) -> list[PhotoAccuracy]:
    """The rows of a variant, from its `PhotographFigures` as JSON."""
    parts = {"all": {"": figures["all"]}, "class": figures["classes"], **figures["attributes"]}
    return [
        PhotoAccuracy(
            model, recipe, of, value, part["images"], *(part["accuracy"][end] for end in ("value", "low", "high"))
        )
        for of in ("all", *OF)
        for value, part in parts[of].items()
        if part["images"]
    ]


def photo_model_rows(measured: Measured) -> list[PhotoAccuracy]:
    """The rows of the model for photographs."""
    parts = {"all": {"": measured.all}, "class": measured.classes, **measured.attributes}
    return [
        PhotoAccuracy(PHOTO_MODEL, WHOLE, of, value, **asdict(part))
        for of in ("all", *OF)
        for value, part in parts[of].items()
    ]


@dataclass(frozen=True)
class Compared:
    """Some photographs, and the row of each model about them, in the order of the models."""

    value: str
    photographs: int
    by_model: tuple[PhotoAccuracy | None, ...]


@dataclass(frozen=True)
class PhotoAccuracies:
    """The rows of the table, as pages show them."""

    rows: Sequence[PhotoAccuracy]

    @property
    def models(self) -> list[str]:
        """The models, in their order."""
        return list(dict.fromkeys(row.model for row in self.rows))

    def compared(self, of: str) -> list[Compared]:
        """The models side by side, for each value of `of`."""
        known = {(row.model, row.value): row for row in self.rows if row.of == of}
        parts = {row.value: row.photographs for row in self.rows if row.of == of}
        models = self.models
        return [Compared(value, n, tuple(known.get((name, value)) for name in models)) for value, n in parts.items()]


def read_accuracies(path: Path = TABLE) -> PhotoAccuracies:
    """The table in the file `path`.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return PhotoAccuracies(typed(list(csv.DictReader(file)), list[PhotoAccuracy], f"{path}: row "))
    except OSError as error:
        raise InputError(f"{path}: cannot be read; `git checkout {path}` restores it") from error


def advice_webp() -> bytes:
    """The stored `photographs.advice.advice_picture`."""
    return (files("lookalike.reporting") / "templates" / "advice.webp").read_bytes()
