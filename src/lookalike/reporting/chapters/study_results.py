"""The results of a study as its chapters read them, and the figures that they show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Evaluation, load_evaluation
from lookalike.artifacts.test_sets import TestSet, load_test_set
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.metrics import softmax
from lookalike.families.family import Family, family_of
from lookalike.params import Params, Variant
from lookalike.reporting.document import Illustration, Json, Table, Words
from lookalike.reporting.figures.rendering import render_chart, stored_chart
from lookalike.reporting.figures.style import Looks, variant_looks
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.measurements import StudyMeasurements


@dataclass(frozen=True)
class StudyResults:
    """The results of one study, read from what the stages wrote.

    Attributes:
        root: the folder with `test_sets/`, `evaluations/`, `explanations/`, `embeddings/` and `comparisons/`.
        measurements: what they computed, by variant.
        details: `details.json` of the evaluation, by variant.
        standings: one row per variant, in the order of the parameters.
    """

    name: str
    params: Params
    root: Path
    measurements: StudyMeasurements
    details: Json
    standings: Sequence[Standing]

    @property
    def settings(self) -> Mapping[str, Variant]:
        """The settings of the study's variants."""
        return self.params.variants_of(self.name)

    @property
    def pairs(self) -> Sequence[tuple[str, str]]:
        """The pairs of variants that the study compares."""
        return self.params.studies[self.name].pairs

    @property
    def focus_variants(self) -> Sequence[str]:
        """The variants that are examined in detail."""
        return self.params.studies[self.name].focus

    @cached_property
    def focus(self) -> list[str]:
        """The focus variants that are above chance."""
        return [name for name in self.focus_variants if name in self.learnt]

    @cached_property
    def learnt(self) -> list[str]:
        """The variants that are above chance: the interval of their accuracy lies above it."""
        return [row.variant for row in self.standings if row.seeds and not not_above_chance(row, self.chance)]

    @cached_property
    def families(self) -> dict[str, Family]:
        """The family of architectures of each variant."""
        return {name: family_of(variant.model) for name, variant in self.settings.items()}

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """The look-alike group (C,) of each class."""
        return group_numbers(self.params.groups[self.data], self.class_names).astype(np.int64)

    @cached_property
    def looks(self) -> Looks:
        """Colour and marker of each variant, the same in all figures."""
        return variant_looks(self.families, self.focus_variants)

    @property
    def evaluated(self) -> list[str]:
        """The variants of which a seed did not diverge."""
        return [row.variant for row in self.standings if row.seeds]

    @property
    def class_names(self) -> list[str]:
        """The names of the data set's classes."""
        return [*self.test_set.class_names]

    @cached_property
    def test_set(self) -> TestSet:
        """The images that the variants are tested on, as far as they are kept."""
        return load_test_set(self.root / "test_sets" / self.name)

    @property
    def labels(self) -> NDArray[np.int64]:
        """The classes (N,) of the test images."""
        return self.test_set.labels

    @property
    def chance(self) -> float:
        """The accuracy of giving one class to every test image."""
        return float(np.bincount(self.labels).max() / len(self.labels))

    @property
    def data(self) -> str:
        """The folder of the study's data set."""
        return self.params.studies[self.name].data

    @property
    def recipe(self) -> str:
        """The recipe chosen for photographs; only of studies with photographs."""
        return self.measurements.photos["chosen"]["recipe"]

    def folder(self, stage: str, variant: str) -> Path:
        """The folder in which a stage, such as "evaluations", keeps what it wrote of a variant."""
        return self.root / stage / self.name / variant

    def probabilities(self, variant: str) -> NDArray[np.floating]:
        """The first seed's probability of each class for each test image: (N, C)."""
        return softmax(self.evaluation(variant).test_logits[0])

    def photo_logits(self, variant: str, recipe: str) -> NDArray[np.floating]:
        """The first seed's logits of the photographs (P, C) by a recipe; only of studies with photographs."""
        photos = self.evaluation(variant).photos
        assert photos is not None  # by contract
        return photos.logits[recipe][0]

    def evaluation(self, variant: str) -> Evaluation:
        """The evidence of a variant on test images and photographs."""
        return load_evaluation(self.folder("evaluations", variant))

    def stored_chart(
        self, path: str, words: Words, variants: Sequence[str], *numbers: Table, name: str = ""
    ) -> Illustration | None:
        """A figure that the stage `compare` drew as WebP; None if there was nothing to draw.

        Args:
            path: of the figure without its ending, in the study's comparison.
            name: of the figure in the report; if it is empty, the last two parts of its path.
        """
        file = self.root / "comparisons" / self.name / f"{path}.webp"
        if not file.exists():
            return None
        name, picture = name or "-".join(path.split("/")[-2:]), stored_chart(file.read_bytes())
        return Illustration(name, picture, words, f"compare@{self.name}", tuple(variants), numbers)

    def drawn_figure(
        self, figure: Figure | None, name: str, words: Words, variants: Iterable[str], *numbers: Table
    ) -> Illustration | None:
        """A chart that the report draws itself; None means that there is nothing to draw."""
        if figure is None:
            return None
        return Illustration(f"{self.name}-{name}", render_chart(figure), words, "report", tuple(variants), numbers)


def on_first_page(picture: Illustration | None) -> Illustration | None:
    """The figure, marked so that the report's first page has a copy of it."""
    return picture and replace(picture, main=True)


def not_above_chance(row: Standing, chance: float) -> bool:
    """Whether a variant does not train: the interval of its accuracy does not lie above `chance`."""
    return row.accuracy_low is not None and row.accuracy_low <= chance


def accuracy_estimate(row: Standing) -> Json | None:
    """A variant's accuracy on the test images with its interval; None if every seed diverged."""
    return None if row.accuracy is None else {"value": row.accuracy, "low": row.accuracy_low, "high": row.accuracy_high}


def ece_estimate(row: Standing) -> Json | None:
    """A variant's expected calibration error with its interval; None if every seed diverged."""
    return None if row.ece is None else {"value": row.ece, "low": row.ece_low, "high": row.ece_high}


def rows_of_columns(value: Any) -> list[Json]:
    """Arrays by name as rows: `{"a": [1, 2]}` -> `[{"a": 1}, {"a": 2}]`."""
    return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
