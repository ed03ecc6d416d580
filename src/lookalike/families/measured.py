"""The evidence of one study that findings about families come from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import Evaluation
from lookalike.artifacts.explanations import Explanation
from lookalike.evaluation.groups import look_alike_pairs
from lookalike.evaluation.hierarchical import UncertainValue
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.statistics import Estimate
from lookalike.families.complementary import SeedPairContrast
from lookalike.families.family import Family, family_of
from lookalike.families.findings import ClassPair, Contrasted, Matrix
from lookalike.families.separability import Pair

CurveVariants = tuple[Sequence[str], Sequence[str]]


@dataclass(frozen=True, eq=False)
class MeasuredStudy:
    """The evidence of a study's variants, by name.

    Attributes:
        evaluations: also of variants whose every seed diverged; they have no part in findings.
        models: the registered name of each variant's architecture.
        train_images: how many images each was trained on.
        labels: int64 (N,), the classes of the test images.
        group_of: (C,), the group of look-alikes of each class.
        focus: the focus variants; the first two of different families are compared.
        curves: by title, the variants of a learning curve of the first and of the second compared family: they differ
            in the number of training images alone.
    """

    evaluations: Mapping[str, Evaluation]
    explanations: Mapping[str, Explanation]
    models: Mapping[str, str]
    train_images: Mapping[str, int]
    labels: NDArray[np.int64]
    class_names: Sequence[str]
    group_of: NDArray[np.int64]
    focus: Sequence[str]
    curves: Mapping[str, CurveVariants] = field(default_factory=dict)

    @cached_property
    def finished(self) -> dict[str, Evaluation]:
        """The evaluations of variants of which a seed did not diverge."""
        return {name: one for name, one in self.evaluations.items() if one.seeds}

    @cached_property
    def families(self) -> dict[str, Family]:
        """The family of each finished variant."""
        return {name: family_of(self.models[name]) for name in self.finished}

    @cached_property
    def judges(self) -> tuple[str, ...]:
        """The focus variants that finished."""
        return tuple(name for name in self.focus if name in self.finished)

    @cached_property
    def compared(self) -> tuple[str, str] | None:
        """The first focus variant and the first one of another family; None if there are none."""
        others = (name for name in self.judges if self.families[name] != self.families[self.judges[0]])
        second = next(others, None)
        return (self.judges[0], second) if second else None

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of classes that look alike and both have test images."""
        present = set(self.labels.tolist())
        return tuple(pair for pair in look_alike_pairs(self.group_of) if present.issuperset(pair))

    @cached_property
    def right(self) -> dict[str, NDArray[np.bool_]]:
        """Which predictions (S, N) of each finished variant are right."""
        return {name: one.test_logits.argmax(axis=2) == self.labels for name, one in self.finished.items()}

    def probabilities(self, name: str, *, calibrated: bool = False) -> NDArray[np.float64]:
        """The probabilities of a variant, (S, N, C), as they are or after each seed's temperature."""
        evaluation = self.finished[name]
        divisors = evaluation.temperatures if calibrated else np.ones(len(evaluation.seeds))
        return np.stack([softmax(seed / by) for seed, by in zip(evaluation.test_logits, divisors, strict=True)])

    def named(self, pair: Pair) -> ClassPair:
        return self.class_names[pair[0]], self.class_names[pair[1]]


def estimate_of(found: UncertainValue | None) -> Estimate | None:
    return None if found is None else found.estimate()


def contrasted(found: SeedPairContrast | None) -> Contrasted | None:
    if found is None:
        return None
    return Contrasted(found.within.estimate(), found.between.estimate(), found.difference.estimate())


def finite_or_none(value: float) -> float | None:
    """The number, or None if it is infinite or NaN, which JSON cannot hold."""
    return float(value) if math.isfinite(value) else None


def matrix_rows(values: NDArray[np.float64]) -> Matrix:
    """An array (A, B) as rows, None for what is no number."""
    return tuple(tuple(map(finite_or_none, row)) for row in values.tolist())
