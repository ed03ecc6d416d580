"""Figures of training runs, from a row per epoch and seed, see `artifacts.models.Epoch`."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from lookalike.artifacts.models import Row

Rows = Sequence[Row]  # a row per epoch, of one seed or of several
SeedFigure = Callable[[Rows], float | None]  # of one seed


def rows_by_seed(rows: Rows) -> list[Rows]:
    return [[row for row in rows if row["seed"] == seed] for seed in dict.fromkeys(row["seed"] for row in rows)]


def finished_rows(rows: Rows) -> list[Rows]:
    """The epochs of each seed that did not diverge."""
    return [one for one in rows_by_seed(rows) if not has_diverged(one)]


def has_diverged(rows: Rows) -> bool:
    """Whether a loss that is not finite ended the training run of a seed."""
    return not all(math.isfinite(rows[-1][loss]) for loss in ("train_loss", "valid_loss"))


def figure_by_seed(rows: Rows, figure: SeedFigure) -> list[float]:
    """A figure of each seed that did not diverge, and for which it is known."""
    return [value for one in finished_rows(rows) if (value := figure(one)) is not None]


def training_error(rows: Rows) -> float:
    """The share of the training images that the last epoch got wrong (running mean, in training mode)."""
    return float(1 - rows[-1]["train_accuracy"])


def trained_to(rows: Rows) -> float:
    """The training accuracy of the last epoch (running mean, in training mode)."""
    return float(rows[-1]["train_accuracy"])


def accuracy_gap(rows: Rows) -> float:
    """The training accuracy (running mean, in training mode) minus the validation accuracy of the last epoch."""
    return float(rows[-1]["train_accuracy"] - rows[-1]["valid_accuracy"])


def instability(rows: Rows) -> float | None:
    """The variance of the validation loss about its trend over the epochs after the first; None of fewer than three.

    A sixth of the mean square of second differences: a trend that is locally straight has no part in it. Gasser, Sroka
    & Jennen-Steinmetz, Biometrika 73 (1986), equation 2.
    """
    bends = np.diff([row["valid_loss"] for row in rows[1:]], 2)
    return float(np.mean(bends**2) / 6) if len(bends) else None


def epochs_to(error: float, rows: Rows, start: float) -> float | None:
    """After how many epochs the training error of a seed falls to `error`; None if it does not.

    Between two epochs the error is taken to fall in a straight line, from `start` before the first, and each epoch's
    running mean to be the error at its end.
    """
    before = start
    for row in rows:
        after = 1 - row["train_accuracy"]
        if math.isfinite(after) and after <= error:
            return float(row["epoch"] + (before - error) / (before - after)) if before > error else float(row["epoch"])
        before = after
    return None
