"""Weights, histories and timings on disk: bit for bit, digit for digit."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import (
    Epoch,
    Timing,
    load_description,
    load_weights,
    read_rows,
    save_history,
    save_model,
    save_run,
    save_timings,
)

HISTORY = [
    Epoch(0, 0, 1e-3, 0.1 + 0.2, 1 / 3, 2.0**-40, 0.0),
    Epoch(1, 0, 1e-30, math.nan, 0.1, math.inf, 1.0),
]


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    weights = {seed: {"a.weight": torch.randn(3, 2), "steps": torch.tensor([seed])} for seed in (0, 2)}
    kept = {3: {"a.weight": torch.randn(3, 2)}}
    save_model(tmp_path / "model", {"macs": 10**12, "name": "é"}, weights, HISTORY, kept)
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "history.csv",
        "model.json",
        "seed-0-epoch-3.safetensors",
        "seed-0.safetensors",
        "seed-2.safetensors",
    ]
    assert load_description(tmp_path / "model") == {"macs": 10**12, "name": "é"}
    for seed, state in weights.items():
        back = load_weights(tmp_path / "model", seed)
        assert back.keys() == state.keys()
        assert all(torch.equal(back[name], state[name]) for name in state)
    assert torch.equal(load_weights(tmp_path / "model", 0, epoch=3)["a.weight"], kept[3]["a.weight"])


def test_a_history_keeps_every_digit_and_rows_without_a_number(tmp_path: Path) -> None:
    save_history(tmp_path / "history.csv", HISTORY)
    text = (tmp_path / "history.csv").read_text()
    assert text.startswith("seed,epoch,lr,train_loss,train_accuracy,valid_loss,valid_accuracy\n0,0,0.001,")
    rows = read_rows(tmp_path / "history.csv")
    for row, epoch in zip(rows, HISTORY, strict=True):
        np.testing.assert_array_equal(list(row.values()), list(vars(epoch).values()))  # NaN equals NaN here
        assert list(row) == list(vars(epoch))


@pytest.mark.parametrize("save", [save_history, save_timings])
def test_no_rows_leave_the_header(tmp_path: Path, save: object) -> None:
    assert callable(save)
    save(tmp_path / "rows.csv", [])
    assert read_rows(tmp_path / "rows.csv") == []
    assert (tmp_path / "rows.csv").read_text().startswith("seed,epoch,")


def test_a_run_is_described_and_timed(tmp_path: Path) -> None:
    save_run(tmp_path / "run", {"host": "here"}, [Timing(0, 0, 1.5, 1 / 3)])
    assert read_json(tmp_path / "run" / "run.json") == {"host": "here"}
    assert read_rows(tmp_path / "run" / "times.csv") == [
        {"seed": 0, "epoch": 0, "seconds": 1.5, "images_per_second": 1 / 3}
    ]
