"""Whether a prepared picture is unlike the images that a model of the study was trained on: its energy score.

The score needs only the model's logits. Of the scores that need no more, it separates the test images best from images
of another data set, in the evidence of both released models.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.evaluations import load_evaluation
from lookalike.families.outside import from_logits, threshold
from lookalike.photographs.trained_models import TrainedModel

SCORE = "energy"


@dataclass(frozen=True)
class Energy:
    """The score of one picture by one model, see `families.outside.SCORES`. A low score: unlike the model's classes.

    Attributes:
        value: of the picture.
        usual: what at least 95 % of the test images reach.
    """

    value: float
    usual: float

    @property
    def is_unusual(self) -> bool:
        """Whether the picture is unlike the test images."""
        return self.value < self.usual


def energies(model: TrainedModel, logits: NDArray[np.floating]) -> list[Energy]:
    """The energy of each picture from the model's logits (N, C); none if the model was not evaluated.

    Raises:
        InputError: the evidence is damaged.
    """
    usual = usual_energy(model.evaluation, model.seed)
    return [] if usual is None else [Energy(float(value), usual) for value in scores(logits)]


def usual_energy(evaluation: Path, seed: int) -> float | None:
    """What at least 95 % of the test images reach by one seed; None if the evidence has no such seed.

    Raises:
        InputError: the evidence is damaged.
    """
    if not evaluation.is_dir():
        return None
    found = load_evaluation(evaluation)
    if seed not in found.seeds:
        return None
    reached = scores(found.test_logits[found.seeds.index(seed)])
    return float(threshold(reached, np.ones((1, len(reached))))[0])


def scores(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """The score (N,) of logits (N, C)."""
    return from_logits(logits[None])[SCORE][0]
