"""Search for the learning rate with the smallest training error after a few epochs."""

import math
from collections.abc import Mapping, Sequence

from lookalike.artifacts.models import Epoch, RateSearch, RateTrial


def final_error(history: Sequence[Epoch]) -> float | None:
    """The training error of the last epoch; None if its loss was not finite."""
    last = history[-1]
    return 1 - last.train_accuracy if math.isfinite(last.train_loss) and math.isfinite(last.valid_loss) else None


def best_rate(errors: Mapping[float, float | None]) -> float:
    """The rate with the smallest training error, the smaller of a tie; the smallest rate if all errors are None."""
    known = {rate: error for rate, error in errors.items() if error is not None}
    return min(known, key=lambda rate: (known[rate], rate)) if known else min(errors)


def search_record(errors: Mapping[float, float | None], epochs: int) -> RateSearch:
    """The record of the search in `model.json`: the error of every rate after `epochs` epochs."""
    return RateSearch(epochs, tuple(RateTrial(rate, error) for rate, error in errors.items()))
