"""The learning rate at which a network learns its training images fastest."""

import math
from collections.abc import Mapping, Sequence

from lookalike.artifacts.models import Epoch, RateSearch, RateTrial


def trial_error(history: Sequence[Epoch]) -> float | None:
    """The training error of a trial's last epoch; None if its loss was not finite."""
    last = history[-1]
    return 1 - last.train_accuracy if math.isfinite(last.train_loss) and math.isfinite(last.valid_loss) else None


def best_rate(errors: Mapping[float, float | None]) -> float:
    """The rate with the smallest training error, of equal ones the smaller; the smallest of all if none has any."""
    known = {rate: error for rate, error in errors.items() if error is not None}
    return min(known, key=lambda rate: (known[rate], rate)) if known else min(errors)


def described(errors: Mapping[float, float | None], epochs: int) -> RateSearch:
    """The search in `model.json`: the error of every rate after so many epochs."""
    return RateSearch(epochs, tuple(RateTrial(rate, error) for rate, error in errors.items()))
