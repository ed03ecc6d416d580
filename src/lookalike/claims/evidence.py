"""What verdicts are computed from: the evidence of every variant, by study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.costs import load_costs
from lookalike.artifacts.embeddings import Embedding, load_embeddings
from lookalike.artifacts.evaluations import Evaluation, load_evaluations
from lookalike.artifacts.explanations import Explanation, load_explanations
from lookalike.artifacts.models import Row, read_rows
from lookalike.artifacts.test_sets import TestSet, load_test_set
from lookalike.evaluation.groups import group_numbers
from lookalike.params import Params
from lookalike.training.settings import effective_settings, setting_differences, study_settings


@dataclass(frozen=True)
class StudyEvidence:
    """The evidence of one study, by variant.

    Attributes:
        group_of: (C,), the group of look-alikes of each class.
        evaluations: of variants that were evaluated, also of those whose every seed diverged.
        histories: a row per epoch and seed, see `artifacts.models.Epoch`.
        planned_epochs: how many epochs each variant was to be trained for.
        departures: how a variant was run otherwise than its study states, a phrase per setting; empty if it was not.
        explanations, embeddings: of variants that were explained and embedded.
    """

    test_set: TestSet
    group_of: NDArray[np.int64]
    evaluations: Mapping[str, Evaluation] = field(default_factory=dict)
    histories: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    planned_epochs: Mapping[str, int] = field(default_factory=dict)
    departures: Mapping[str, Sequence[str]] = field(default_factory=dict)
    explanations: Mapping[str, Explanation] = field(default_factory=dict)
    embeddings: Mapping[str, Embedding] = field(default_factory=dict)

    @property
    def labels(self) -> NDArray[np.int64]:
        """The classes (N,) of the test images."""
        return self.test_set.labels

    @cached_property
    def chance(self) -> float:
        """The accuracy of giving one class to every test image."""
        return float(np.bincount(self.labels).max() / len(self.labels))

    @property
    def finished(self) -> dict[str, Evaluation]:
        """The evaluations of variants of which a seed did not diverge."""
        return {name: one for name, one in self.evaluations.items() if one.seeds}


@dataclass(frozen=True)
class Evidence:
    """All studies of a run.

    Attributes:
        demonstration: whether the images are drawn and the training runs cut short, so that nothing can be concluded.
        costs: `costs/found.json`: multiply-accumulates of designs, see `costs.convolutions`; empty if not counted.
    """

    studies: Mapping[str, StudyEvidence]
    demonstration: bool = False
    costs: Mapping[str, Any] = field(default_factory=dict)

    def study_of(self, variant: str) -> StudyEvidence | None:
        """The study that evaluated `variant`; None if none did, or if every seed of it diverged."""
        return next((study for study in self.studies.values() if variant in study.finished), None)


def gather_evidence(params: Params, root: Path = Path()) -> Evidence:
    """The evidence below `root` of every study in `params`.

    Raises:
        InputError: evidence is missing or damaged.
    """
    costs = load_costs(root)
    studies = {study: evidence_of(study, params, root) for study in params.studies}
    return Evidence(studies, params.active.demonstration, costs[0] if costs else {})


def evidence_of(study: str, params: Params, root: Path) -> StudyEvidence:
    """The evidence of the variants of one study."""
    variants, test_set = params.variants_of(study), load_test_set(root / "test_sets" / study)
    settings = {name: effective_settings(params, name) for name in variants}
    return StudyEvidence(
        test_set=test_set,
        group_of=group_numbers(params.groups[test_set.name], test_set.class_names),
        evaluations=load_evaluations(root / "evaluations" / study, variants),
        histories={name: read_rows(root / "models" / study / name / "history.csv") for name in variants},
        planned_epochs={name: one.train.epochs for name, one in settings.items()},
        departures={
            name: setting_differences(study_settings(variants[name], run.images), run) for name, run in settings.items()
        },
        explanations=load_explanations(root / "explanations" / study),
        embeddings=load_embeddings(root / "embeddings" / study),
    )
