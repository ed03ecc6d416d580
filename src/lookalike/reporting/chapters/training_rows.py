"""Numbers of training runs that several chapters show: means over seeds, and the training error by epoch."""

from collections.abc import Mapping

from lookalike.evaluation.histories import Rows
from lookalike.evaluation.statistics import mean_and_deviation
from lookalike.reporting.document import Better, Json, Table
from lookalike.reporting.forms import Form, count, percent, text
from lookalike.reporting.tables import Column, tabulate

ERRORS = (
    Column("variant", "variant", text),
    Column("seed", "seed", count),
    Column("epoch", "epoch", count),
    Column("training error, %", "error", percent, "low"),
)


def over_seeds(title: str, path: str, form: Form, better: Better = "", *, extra: bool = False) -> tuple[Column, Column]:
    """The columns of a mean over seeds and of its standard deviation, which is shown only on request if `extra`."""
    return Column(title, f"{path}.mean", form, better), Column("± over seeds", f"{path}.sd", form, extra=extra)


def mean_and_sd(values: list[float]) -> Json:
    """Mean and standard deviation of a value over seeds as a part of a row; None where they are not defined."""
    mean, deviation = mean_and_deviation(values) if values else (None, None)
    return {"mean": mean, "sd": deviation}


def error_table(histories: Mapping[str, Rows]) -> Table:
    """The training error of some variants by seed and epoch."""
    rows = [
        {"variant": name, "seed": row["seed"], "epoch": row["epoch"] + 1, "error": 1 - row["train_accuracy"]}
        for name, history in histories.items()
        for row in history
    ]
    return tabulate("Epoch by epoch", ERRORS, rows)
