"""`evaluations/<study>/`: predictions, figures, metrics and the tables that DVC plots."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.folders import read_json, replacing_folder, write_json, write_text
from lookalike.artifacts.models import Row

PLOTTED = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")


@dataclass(frozen=True)
class Predictions:
    """What the seeds of one variant say about the test and the validation images.

    Attributes:
        seeds: the trained seeds, S of them.
        test_logits, valid_logits: float32 (S, N, C).
        features: (N, D), penultimate features of the test images for the first seed: float16, or float32 where half
            precision has no numbers as large.
    """

    seeds: tuple[int, ...]
    test_logits: NDArray[np.float32]
    valid_logits: NDArray[np.float32]
    features: NDArray[np.float16] | NDArray[np.float32]


def save_predictions(folder: Path, predictions: Predictions) -> None:
    """Write one .npy an array; the folder appears whole or not at all."""
    with replacing_folder(folder) as part:
        for name in ("seeds", "test_logits", "valid_logits", "features"):
            np.save(part / f"{name}.npy", np.asarray(getattr(predictions, name)))


def load_predictions(folder: Path) -> Predictions:
    """Read what `save_predictions` wrote."""
    arrays = {name: np.load(folder / f"{name}.npy") for name in ("test_logits", "valid_logits", "features")}
    return Predictions(tuple(np.load(folder / "seeds.npy").tolist()), **arrays)


def save_metrics(folder: Path, summaries: dict[str, Any], details: dict[str, Any]) -> None:
    """Write `metrics.json` (variant -> figures, for `dvc metrics`) and `details.json` (seeds, classes, bins)."""
    write_json(folder / "metrics.json", summaries)
    write_json(folder / "details.json", details)


def load_metrics(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summaries and details, by variant."""
    return read_json(folder / "metrics.json"), read_json(folder / "details.json")


def save_findings(
    folder: Path, look_alikes: dict[str, Any], photos: dict[str, Any], robustness: dict[str, Any]
) -> None:
    """Write what is known of the study's variants together: `look_alikes.json`, `photos.json`, `robustness.json`.

    The folders `pairs` and `photos`, which DVC expects, are there afterwards even if no pair was drawn and the study
    saw no photographs.
    """
    for name in ("pairs", "photos"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    write_json(folder / "look_alikes.json", look_alikes)
    write_json(folder / "photos.json", photos)
    write_json(folder / "robustness.json", robustness)


def load_findings(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Look-alikes and photographs; of the latter nothing ({}) if the study saw none."""
    return read_json(folder / "look_alikes.json"), read_json(folder / "photos.json")


def load_robustness(folder: Path) -> dict[str, Any]:
    """What spoiled images do to the study's variants; nothing ({}) if none were spoiled."""
    found: dict[str, Any] = read_json(folder / "robustness.json")
    return found


def save_photo_logits(folder: Path, logits: dict[str, NDArray[np.float32]]) -> None:
    """Write one .npy (S, N, C) a recipe: what a variant says about the photographs."""
    with replacing_folder(folder) as part:
        for recipe, values in logits.items():
            np.save(part / f"{recipe}.npy", values)


def load_photo_logits(folder: Path, recipe: str) -> NDArray[np.float32]:
    """What a variant says about the photographs by one recipe: (S, N, C)."""
    logits: NDArray[np.float32] = np.load(folder / f"{recipe}.npy")
    return logits


def save_curve(folder: Path, variant: str, history: list[Row]) -> None:
    """Write `<variant>.csv` for `dvc plots`: a row an epoch, means over the seeds that reached it."""
    lines = ["epoch," + ",".join(PLOTTED)]
    for epoch in sorted({row["epoch"] for row in history}):
        rows = [row for row in history if row["epoch"] == epoch]
        means = [sum(row[name] for row in rows) / len(rows) for name in PLOTTED]
        lines.append(",".join([str(int(epoch)), *map(repr, means)]))
    write_text(folder / f"{variant}.csv", "\n".join(lines) + "\n")


def save_confusion(folder: Path, variant: str, dataset: Dataset, predicted: NDArray[np.integer]) -> None:
    """Write `<variant>.csv` for `dvc plots`: a row a test image, the name of its class and of the predicted one."""
    names, out = dataset.class_names, io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["actual", "predicted"])
    writer.writerows((names[a], names[p]) for a, p in zip(dataset.test_labels, predicted, strict=True))
    write_text(folder / f"{variant}.csv", out.getvalue())
