"""The tables of a study that `dvc plots` and `dvc metrics` show; `dvc.yaml` names their columns."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.folders import write_json, write_text
from lookalike.artifacts.models import Row

if TYPE_CHECKING:
    import pandas as pd

PLOTTED = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")


def save_curves(folder: Path, histories: Mapping[str, Sequence[Row]]) -> None:
    """Write `curves.csv`: a row per variant and epoch (from 1), means over the seeds that reached the epoch."""
    import pandas as pd

    means = [
        pd.DataFrame(rows).astype({"epoch": int}).groupby("epoch")[list(PLOTTED)].mean(skipna=False)
        for rows in histories.values()
    ]
    table = pd.concat(means, keys=histories, names=["variant", "epoch"]).reset_index()
    save(folder / "curves.csv", table.assign(epoch=table["epoch"] + 1))


def save_accuracies(folder: Path, summaries: Mapping[str, Mapping[str, Any]]) -> None:
    """Write `accuracies.csv`: a row per variant with its test accuracy and the 95 % interval (shares)."""
    import pandas as pd

    rows = [{"variant": variant, **summary} for variant, summary in summaries.items() if "accuracy" in summary]
    columns = ["variant", "accuracy", "accuracy_low", "accuracy_high"]
    save(folder / "accuracies.csv", pd.DataFrame(rows, columns=columns))


def save_confusions(
    folder: Path, confusions: Mapping[str, NDArray[np.integer]], class_names: Sequence[str], order: Sequence[int]
) -> None:
    """Write `confusions.csv`: per variant, true class and predicted class the images and their share of the true class.

    Pairs of classes without images are left out, except that each class has a row with itself. These rows come first,
    so that charts show all classes in the same order.

    Args:
        confusions: by variant the images (C, C), row the true class, column the predicted one.
        order: the numbers of all classes as they are to be drawn.
    """
    import pandas as pd

    rows, names = [], [class_names[k] for k in order]
    for variant, matrix in confusions.items():
        counts = matrix[np.ix_(order, order)]
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        diagonal = np.diag_indices(len(names))
        others = np.nonzero(counts - np.diag(counts[diagonal]))
        for actual, predicted in [*zip(*diagonal, strict=True), *zip(*others, strict=True)]:
            cell = actual, predicted
            rows.append((variant, names[actual], names[predicted], counts[cell], round(shares[cell], 4)))
    save(folder / "confusions.csv", pd.DataFrame(rows, columns=["variant", "actual", "predicted", "images", "share"]))


def save_focus(folder: Path, figures: Mapping[str, Mapping[str, float]]) -> None:
    """Write `focus/<variant>.json` for `dvc metrics`: few figures per focus variant, so that the table of all of them
    fits a terminal."""
    (folder / "focus").mkdir(parents=True, exist_ok=True)
    for variant, values in figures.items():
        write_json(folder / "focus" / f"{variant}.json", dict(values))


def save(path: Path, table: "pd.DataFrame") -> None:
    """Write `table` as CSV; what is not a number as `nan`."""
    write_text(path, table.to_csv(index=False, lineterminator="\n", na_rep="nan"))
