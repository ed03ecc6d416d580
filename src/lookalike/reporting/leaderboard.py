"""The leaderboard: one row per variant of every study."""

from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import TYPE_CHECKING, Any

from lookalike.artifacts.models import Description, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Standing:
    """One variant. Accuracies lie in [0, 1], likelihoods in nats, times in seconds; None is "not known".

    `accuracy_sd` is the deviation over seeds; `accuracy_low` and `_high` bound the 95 % interval over seeds and images,
    `ece_low` and `_high` that of `evaluation.calibration.calibration_error`. `temperature` is the geometric mean over
    seeds; `temperature_at_bound` counts the seeds whose temperature lies at a bound of its search.
    `training_seconds` is the median over seeds of the sum of a seed's epochs, `images_per_second` that over epochs; a
    seed that diverged counts with the epochs that it ran.
    """

    study: str
    variant: str
    seeds: int
    diverged: int
    accuracy: float | None
    accuracy_sd: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    top2_accuracy: float | None
    nll: float | None
    brier: float | None
    ece: float | None
    ece_low: float | None
    ece_high: float | None
    calibrated_ece: float | None
    temperature: float | None
    temperature_at_bound: int | None
    parameters: int
    macs: int
    train_images: int
    epochs: int
    training_seconds: float
    images_per_second: float


def make_standing(
    study: str, variant: str, summary: dict[str, Any], description: Description, timings: list[Row]
) -> Standing:
    """The row of one variant, from the summary of its evaluation, its description and the timings of its epochs."""
    seconds = [sum(row["seconds"] for row in timings if row["seed"] == one.seed) for one in description.seeds]
    known: dict[str, Any] = {
        "study": study,
        "variant": variant,
        "parameters": description.parameters,
        "macs": description.macs,
        "train_images": description.train_images,
        "epochs": max(one.epochs for one in description.seeds),
        "training_seconds": median(seconds),
        "images_per_second": median(row["images_per_second"] for row in timings),
    }
    scores: dict[str, Any] = {field.name: summary.get(field.name) for field in fields(Standing)}
    return Standing(**scores | known)


def to_csv(
    rows: "Sequence[DataclassInstance]", kind: "type[DataclassInstance]", float_format: str | None = None
) -> str:
    """Comma-separated text with a header, a row for each of `rows`, all of one `kind`; what is unknown is empty.

    `float_format` such as "%.6g" rounds numbers; None means full precision.
    """
    import pandas as pd

    table = pd.DataFrame([asdict(row) for row in rows], columns=[field.name for field in fields(kind)])
    whole = [field.name for field in fields(kind) if "int" in str(field.type)]  # they stay whole where some are unknown
    table = table.astype(dict.fromkeys(whole, "Int64"))
    return table.to_csv(index=False, lineterminator="\n", float_format=float_format)
