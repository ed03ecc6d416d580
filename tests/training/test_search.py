"""Which learning rate a search takes."""

import math

import pytest

from lookalike.artifacts.models import Epoch, RateSearch, RateTrial
from lookalike.training.search import best_rate, final_error, search_record


def epoch(accuracy: float, train_loss: float = 1.0, valid_loss: float = 1.0) -> Epoch:
    return Epoch(0, 0, 0.1, train_loss, accuracy, valid_loss, valid_accuracy=0.5)


@pytest.mark.parametrize(
    ("history", "error"),
    [
        ([epoch(0.9), epoch(0.75)], 0.25),
        ([epoch(1.0)], 0.0),
        ([epoch(0.9), epoch(0.75, train_loss=math.nan)], None),
        ([epoch(0.75, valid_loss=math.inf)], None),
    ],
)
def test_a_trial_is_judged_by_its_last_epoch(history: list[Epoch], error: float | None) -> None:
    assert final_error(history) == error


@pytest.mark.parametrize(
    ("errors", "best"),
    [
        ({0.1: 0.5, 0.01: 0.3, 0.001: 0.4}, 0.01),
        ({0.1: None, 0.01: 0.3}, 0.01),
        ({0.1: 0.3, 0.01: 0.3}, 0.01),
        ({0.1: 0.0, 0.01: 0.3}, 0.1),
        ({0.1: None, 0.01: None}, 0.01),
    ],
)
def test_the_least_error_wins_then_the_smaller_rate(errors: dict[float, float | None], best: float) -> None:
    assert best_rate(errors) == best


def test_every_rate_is_reported() -> None:
    assert search_record({0.1: None, 0.01: 0.3}, 4) == RateSearch(4, (RateTrial(0.1, None), RateTrial(0.01, 0.3)))
