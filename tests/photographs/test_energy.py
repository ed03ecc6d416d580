"""The energy score of a picture: as the study measures it, with the threshold of the model's own test images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from checkout import ROOT

from lookalike.artifacts.evaluations import load_evaluation
from lookalike.errors import InputError
from lookalike.evaluation.distance import auroc
from lookalike.families.outside import from_logits
from lookalike.params import load_params
from lookalike.photographs.energy import SCORE, energies
from lookalike.photographs.trained_models import TrainedModel
from lookalike.results.released_models import released_models


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> list[TrainedModel]:
    """The released models, in the root of the project."""
    monkeypatch.chdir(ROOT)
    return released_models(load_params())


def test_of_the_scores_that_need_logits_alone_it_is_the_best_of_both_models(models: list[TrainedModel]) -> None:
    assert len(models) == 2
    for model in models:
        found = load_evaluation(model.evaluation)
        assert found.outside
        ours, theirs = from_logits(found.test_logits), from_logits(found.outside.logits)
        areas = {name: np.mean([auroc(*seed) for seed in zip(ours[name], theirs[name], strict=True)]) for name in ours}
        assert max(areas, key=lambda name: areas[name]) == SCORE


def test_a_twentieth_of_the_test_images_and_more_of_the_digits_are_unusual(models: list[TrainedModel]) -> None:
    for model in models:
        found = load_evaluation(model.evaluation)
        assert found.outside
        first = found.seeds.index(model.seed)
        images, digits = (
            np.mean([one.is_unusual for one in energies(model, logits[first])])
            for logits in (found.test_logits, found.outside.logits)
        )
        assert images == pytest.approx(0.05, abs=1e-3)
        assert digits > 0.3


def test_it_is_the_logarithm_of_the_sum_of_exponentials(models: list[TrainedModel]) -> None:
    logits = np.array([[1.0, 2.0, -3.0], [0.0, 0.0, 0.0]], np.float32)
    values = [one.value for one in energies(models[0], logits)]
    assert values == pytest.approx(np.log(np.exp(logits.astype(np.float64)).sum(axis=1)))


def test_models_without_evidence_have_none(models: list[TrainedModel], tmp_path: Path) -> None:
    logits, model = np.zeros((2, 10), np.float32), models[0]
    assert energies(replace(model, evaluation=tmp_path / "nothing"), logits) == []
    assert energies(replace(model, seed=99), logits) == []
    with pytest.raises(InputError):
        energies(replace(model, evaluation=tmp_path), logits)
