"""What a study's chapters are written from, and how they show figures."""

from collections.abc import Mapping, Sequence
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
from lookalike.reporting.figures.pictures import chart, stored
from lookalike.reporting.figures.style import Looks, variant_looks
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.study_figures import StudyFigures


@dataclass(frozen=True)
class Found:
    """What the stages left of one study.

    Attributes:
        root: the folder with `test_sets/`, `evaluations/`, `explanations/`, `embeddings/` and `comparisons/`.
        figures: what they computed, by variant.
        details: `details.json` of the evaluation, by variant.
        standings: a row a variant, in the order of the parameters.
    """

    study: str
    params: Params
    root: Path
    figures: StudyFigures
    details: Json
    standings: Sequence[Standing]

    @property
    def settings(self) -> Mapping[str, Variant]:
        """The study's variants as the parameters have them."""
        return self.params.variants_of(self.study)

    @property
    def focus_variants(self) -> Sequence[str]:
        """The variants that are looked at closely."""
        return self.params.studies[self.study].focus

    @cached_property
    def focus(self) -> list[str]:
        """Those of them that are above chance."""
        return [name for name in self.focus_variants if name in self.learnt]

    @cached_property
    def learnt(self) -> list[str]:
        """The variants that are above chance: the interval of their accuracy lies above it."""
        return [row.variant for row in self.standings if row.seeds and not at_chance(row, self.chance)]

    @cached_property
    def families(self) -> dict[str, Family]:
        """The family of architectures of each variant."""
        return {name: family_of(variant.model) for name, variant in self.settings.items()}

    @cached_property
    def group_of(self) -> NDArray[np.int64]:
        """The look-alike group (C,) of each class."""
        groups = self.params.groups_of(self.data)
        return group_numbers(groups, self.class_names).astype(np.int64)

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
        """Of the study's data set."""
        return [row["class"] for row in self.details[self.evaluated[0]]["first_seed"]["classes"]]

    @cached_property
    def test_set(self) -> TestSet:
        """The images that the variants are tested on, as far as they are kept."""
        return load_test_set(self.root / "test_sets" / self.study)

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
        return self.params.studies[self.study].data

    def probabilities(self, variant: str) -> NDArray[np.floating]:
        """What the first seed gives each class of each test image: (N, C)."""
        return softmax(self.evaluation(variant).test_logits[0])

    def photo_logits(self, variant: str, recipe: str) -> NDArray[np.floating]:
        """What the first seed says about the photographs (P, C) by a recipe; only of studies that were shown some."""
        photos = self.evaluation(variant).photos
        assert photos is not None  # by contract
        return photos.logits[recipe][0]

    def evaluation(self, variant: str) -> Evaluation:
        """The evidence of a variant on test images and photographs."""
        return load_evaluation(self.root / "evaluations" / self.study / variant)

    def stage(self, name: str) -> str:
        """A stage of this study as DVC calls it."""
        return f"{name}@{self.study}"

    def loaded(
        self, path: Path, name: str, words: Words, stage: str, variants: Sequence[str], *numbers: Table
    ) -> Illustration | None:
        """A figure that a stage has drawn as WebP; None if there was nothing to draw."""
        if not path.exists():
            return None
        return Illustration(name, stored(path.read_bytes()), words, self.stage(stage), tuple(variants), numbers)

    def drawn(
        self, figure: Figure | None, name: str, words: Words, variants: Sequence[str], *numbers: Table
    ) -> Illustration | None:
        """A chart that the report draws itself; None of nothing."""
        if figure is None:
            return None
        return Illustration(f"{self.study}-{name}", chart(figure), words, "report", tuple(variants), numbers)


def main(picture: Illustration | None) -> Illustration | None:
    """A figure of which the report's first page has a copy."""
    return picture and replace(picture, main=True)


def at_chance(row: Standing, chance: float) -> bool:
    """Whether a variant does not train: the interval of its accuracy does not lie above `chance`."""
    return row.accuracy_low is not None and row.accuracy_low <= chance


def rows_of(value: Any) -> list[Json]:
    """Arrays by name as rows: `{"a": [1, 2]}` -> `[{"a": 1}, {"a": 2}]`."""
    return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
