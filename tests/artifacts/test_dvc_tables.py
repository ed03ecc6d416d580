"""The tables that `dvc plots` and `dvc metrics` show."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from lookalike.artifacts.dvc_tables import PLOTTED, save_accuracies, save_confusions, save_curves, save_focus


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def row(seed: int, epoch: int, value: float) -> dict[str, float]:
    return {"seed": seed, "epoch": epoch} | {name: value + k for k, name in enumerate(PLOTTED)}


def test_curves_are_means_over_the_seeds_that_reached_an_epoch(tmp_path: Path) -> None:
    history = [row(0, 0, 0.1), row(0, 1, 2), row(0, 10, 5), row(1, 0, 0.4), row(1, 1, 3), row(2, 0, 1.0)]
    save_curves(tmp_path, {"b": history, "a": [row(0, 0, 7)]})
    rows = read(tmp_path / "curves.csv")
    assert [(one["variant"], one["epoch"]) for one in rows] == [("b", "1"), ("b", "2"), ("b", "11"), ("a", "1")]
    for one, mean in zip(rows, (0.5, 2.5, 5, 7), strict=True):
        assert [float(one[name]) for name in PLOTTED] == pytest.approx([mean, mean + 1, mean + 2, mean + 3])


def test_a_loss_that_is_no_number_stays_one_in_its_epoch(tmp_path: Path) -> None:
    save_curves(tmp_path, {"a": [row(0, 0, 1), row(0, 1, math.nan)]})
    first, second = read(tmp_path / "curves.csv")
    assert float(first["train_loss"]) == 1
    assert second["train_loss"] == "nan"


def test_accuracies_leave_out_variants_of_which_no_seed_ended(tmp_path: Path) -> None:
    ended = {"accuracy": 0.5, "accuracy_low": 0.4, "accuracy_high": 0.6, "nll": 1.0}
    save_accuracies(tmp_path, {"a": ended, "diverged": {"seeds": 0, "diverged": 2}})
    (only,) = read(tmp_path / "accuracies.csv")
    assert only == {"variant": "a", "accuracy": "0.5", "accuracy_low": "0.4", "accuracy_high": "0.6"}


@pytest.mark.parametrize("names", [("T-shirt/top", "Ankle boot", "c"), ("a, b", "ü", '7" disc'), ("0", "1", "2")])
def test_confusions_have_every_class_first_and_then_what_is_confused(tmp_path: Path, names: tuple[str, ...]) -> None:
    counts = np.array([[2, 0, 2], [0, 0, 0], [1, 0, 3]])  # no image of the second class
    save_confusions(tmp_path, {"v": counts}, names, order=[2, 0, 1])
    first, second, third = names
    expected = [
        (third, third, 3, 0.75),
        (first, first, 2, 0.5),
        (second, second, 0, 0.0),
        (third, first, 1, 0.25),
        (first, third, 2, 0.5),
    ]
    found = [
        (one["actual"], one["predicted"], int(one["images"]), float(one["share"]))
        for one in read(tmp_path / "confusions.csv")
    ]
    assert found == expected


def test_shares_of_a_class_add_up(tmp_path: Path) -> None:
    counts = np.random.default_rng(0).integers(0, 50, (7, 7))
    save_confusions(tmp_path, {"v": counts}, [*"abcdefg"], range(7))
    rows = read(tmp_path / "confusions.csv")
    for k, name in enumerate("abcdefg"):
        own = [one for one in rows if one["actual"] == name]
        assert sum(int(one["images"]) for one in own) == counts[k].sum()
        assert sum(float(one["share"]) for one in own) == pytest.approx(1, abs=1e-3)


def test_nothing_to_show_leaves_tables_and_folders_that_dvc_expects(tmp_path: Path) -> None:
    save_accuracies(tmp_path, {})
    save_confusions(tmp_path, {}, ["a"], [0])
    save_focus(tmp_path, {})
    assert read(tmp_path / "accuracies.csv") == read(tmp_path / "confusions.csv") == []
    assert (tmp_path / "focus").is_dir()


def test_each_focus_variant_has_a_file(tmp_path: Path) -> None:
    save_focus(tmp_path, {"a": {"accuracy": 0.25}, "b": {"accuracy": 0.5, "photo_accuracy": 0.75}})
    assert json.loads((tmp_path / "focus/a.json").read_text()) == {"accuracy": 0.25}
    assert sorted(path.name for path in (tmp_path / "focus").iterdir()) == ["a.json", "b.json"]
