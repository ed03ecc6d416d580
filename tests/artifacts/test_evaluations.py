"""Predictions, metrics, findings and the tables that DVC plots."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import (
    PLOTTED,
    Predictions,
    load_findings,
    load_metrics,
    load_photo_logits,
    load_predictions,
    load_robustness,
    save_confusion,
    save_curve,
    save_findings,
    save_metrics,
    save_photo_logits,
    save_predictions,
)
from lookalike.artifacts.models import read_rows

ARRAYS = ("test_logits", "valid_logits", "features")


@pytest.mark.parametrize("features", [4, 0])
def test_predictions_come_back_as_they_were(tmp_path: Path, features: int) -> None:
    rng = np.random.default_rng(0)
    test, valid = (rng.normal(0, 1e4, (2, count, 3)).astype(np.float32) for count in (5, 2))
    predictions = Predictions((0, 7), test, valid, rng.random((5, features)).astype(np.float16))
    for _ in range(2):  # the second time over the first
        save_predictions(tmp_path / "p", predictions)
    back = load_predictions(tmp_path / "p")
    assert back.seeds == (0, 7)
    assert all(type(seed) is int for seed in back.seeds)
    for name in ARRAYS:
        assert getattr(back, name).dtype == getattr(predictions, name).dtype
        np.testing.assert_array_equal(getattr(back, name), getattr(predictions, name))
    assert sorted(path.stem for path in (tmp_path / "p").iterdir()) == sorted([*ARRAYS, "seeds"])


def test_metrics_come_back_by_variant(tmp_path: Path) -> None:
    summaries, details = {"a": {"accuracy": 0.1 + 0.2, "seeds": 1}}, {"a": {"seeds": [{"seed": 0}]}}
    save_metrics(tmp_path, summaries, details)
    assert load_metrics(tmp_path) == (summaries, details)
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_metrics(tmp_path, {"a": {"nll": math.nan}}, details)


def test_findings_come_back_as_they_were(tmp_path: Path) -> None:
    look_alikes = {"variants": {"é": {"severity": None, "mistakes": 0.1 + 0.2}}, "pairs": [{"images": [1, 2]}]}
    photos = {"provenance": {"licence": "their owner's"}, "labelled": 0}
    robustness = {"images": 3, "pairs": []}
    for _ in range(2):  # the second time over the first
        save_findings(tmp_path / "new" / "fashion", look_alikes, photos, robustness)
    assert load_findings(tmp_path / "new" / "fashion") == (look_alikes, photos)
    assert load_robustness(tmp_path / "new" / "fashion") == robustness
    written = {path.name for path in (tmp_path / "new" / "fashion").iterdir()}
    files = {"look_alikes.json", "photos.json", "robustness.json"}
    assert written == files | {"pairs", "photos"}, "DVC expects the folders even if empty"


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_findings_without_a_number_are_refused(tmp_path: Path, broken: int) -> None:
    findings = [{"a": 1.0}, {"b": 2.0}, {"d": 3.0}]
    findings[broken]["c"] = math.nan
    with pytest.raises(ValueError, match="not JSON compliant"):
        save_findings(tmp_path, *findings)


def test_logits_on_photographs_lie_by_recipe_and_replace_the_old_ones(tmp_path: Path) -> None:
    logits = {
        recipe: np.random.default_rng(k).normal(0, 1e4, (2, 3, 10)).astype(np.float32)
        for k, recipe in enumerate(("report", "fitted"))
    }
    folder = tmp_path / "photos" / "a"
    save_photo_logits(folder, logits | {"gone": logits["report"]})
    save_photo_logits(folder, logits)
    assert sorted(path.name for path in folder.iterdir()) == ["fitted.npy", "report.npy"]
    for recipe, values in logits.items():
        back = load_photo_logits(folder, recipe)
        assert back.dtype == np.float32
        np.testing.assert_array_equal(back, values)
    with pytest.raises(FileNotFoundError, match=r"gone\.npy"):
        load_photo_logits(folder, "gone")


def row(seed: int, epoch: int, value: float) -> dict[str, float]:
    return {"seed": seed, "epoch": epoch} | {name: value + k for k, name in enumerate(PLOTTED)}


def test_a_curve_is_the_mean_of_the_seeds_that_reached_an_epoch(tmp_path: Path) -> None:
    history = [row(0, 0, 0.1), row(0, 1, 2), row(0, 10, 5), row(1, 0, 0.4), row(1, 1, 3), row(2, 0, 1.0)]
    save_curve(tmp_path / "curves", "a", history)
    assert (tmp_path / "curves" / "a.csv").read_text().splitlines()[0] == "epoch," + ",".join(PLOTTED)
    rows = read_rows(tmp_path / "curves" / "a.csv")
    assert [found["epoch"] for found in rows] == [0, 1, 10]
    for found, mean in zip(rows, (0.5, 2.5, 5), strict=True):
        assert [found[name] for name in PLOTTED] == pytest.approx([mean, mean + 1, mean + 2, mean + 3])


def test_a_loss_that_is_no_number_stays_one_in_its_epoch(tmp_path: Path) -> None:
    save_curve(tmp_path, "a", [row(0, 0, 1), row(0, 1, math.nan)])
    rows = read_rows(tmp_path / "a.csv")
    assert rows[0]["train_loss"] == 1
    assert math.isnan(rows[1]["train_loss"])


@pytest.fixture
def named(dataset: Dataset) -> Callable[[tuple[str, ...]], Dataset]:
    """The tiny data set with the first five of its test images, which are of classes 0 ... 4, and other names."""

    def name(names: tuple[str, ...]) -> Dataset:
        first = slice(5)
        return replace(
            dataset,
            class_names=names,
            test_images=dataset.test_images[first],
            test_labels=np.arange(5, dtype=np.uint8),
        )

    return name


@pytest.mark.parametrize(
    "names",
    [("T-shirt/top", "Ankle boot", "c", "d", "e"), ("a, b", "", "  c ", "ü", '7" disc'), ("0", "1", "2", "3", "4")],
)
def test_confusions_read_back_by_name(tmp_path: Path, named: Callable[..., Dataset], names: tuple[str, ...]) -> None:
    save_confusion(tmp_path, "a", named(names), np.array([1, 1, 0, 4, 4]))
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert rows == [["actual", "predicted"], *([names[a], names[p]] for a, p in enumerate([1, 1, 0, 4, 4]))]


def test_a_prediction_must_be_there_for_each_image(tmp_path: Path, named: Callable[..., Dataset]) -> None:
    with pytest.raises(ValueError, match="zip"):
        save_confusion(tmp_path, "a", named(tuple("abcde")), np.array([1, 1]))
