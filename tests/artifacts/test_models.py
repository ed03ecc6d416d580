"""Weights, histories and timings on disk: bit for bit, digit for digit."""

import json
import math
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from descriptions import described

from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import (
    Description,
    Epoch,
    Preprocessing,
    PublishedWeights,
    RateSearch,
    RateTrial,
    SeedRecord,
    Timing,
    load_description,
    load_weights,
    read_rows,
    save_history,
    save_model,
    save_run,
    save_timings,
)
from lookalike.errors import InputError

HISTORY = [
    Epoch(0, 0, 1e-3, 0.1 + 0.2, 1 / 3, 2.0**-40, 0.0),
    Epoch(1, 0, 1e-30, math.nan, 0.1, math.inf, 1.0),
]
DESCRIPTION = described(
    model_args={"depth": 8, "stages": [1, 2.5, None]},
    augmentation={"crop": {"pixels": 4}, "flip": True},
    class_names=("é", "Ankle boot"),
    macs=10**12,
    weights=PublishedWeights("resnet18", "f" * 64),
    preprocessing=Preprocessing(224, 0.875, "bicubic", mean=(0.5, 1 / 3, 0.25), std=(0.1 + 0.2,) * 3),
    lr=1e-30,
    search=RateSearch(2, (RateTrial(0.1, None), RateTrial(1e-30, 1 / 3))),
    seeds=(SeedRecord(0, 3, None), SeedRecord(1, 1, 0), SeedRecord(2, 3, None)),
    kept_epochs=(1, 2),
)


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    weights = {seed: {"a.weight": torch.randn(3, 2), "steps": torch.tensor([seed])} for seed in (0, 2)}
    kept = {3: {"a.weight": torch.randn(3, 2)}}
    save_model(tmp_path / "model", DESCRIPTION, weights, HISTORY, kept)
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "history.csv",
        "model.json",
        "seed-0-epoch-3.safetensors",
        "seed-0.safetensors",
        "seed-2.safetensors",
    ]
    assert load_description(tmp_path / "model") == DESCRIPTION
    for seed, state in weights.items():
        back = load_weights(tmp_path / "model", seed)
        assert back.keys() == state.keys()
        assert all(torch.equal(back[name], state[name]) for name in state)
    assert torch.equal(load_weights(tmp_path / "model", 0, epoch=3)["a.weight"], kept[3]["a.weight"])


@pytest.mark.parametrize("damage", ["empty", "cut", "header", "page", "gone"])
def test_damaged_weights_are_one_line_that_names_the_file(tmp_path: Path, damage: str) -> None:
    save_model(tmp_path / "model", DESCRIPTION, {0: {"a": torch.randn(30, 2)}}, [])
    path = tmp_path / "model" / "seed-0.safetensors"
    whole = path.read_bytes()
    damaged = {"empty": b"", "cut": whole[:-1], "header": whole[:9] + b"x" + whole[10:], "page": b"<!DOCTYPE html>"}
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(damaged[damage])
    with pytest.raises(InputError) as caught:
        load_weights(tmp_path / "model", 0)
    said = str(caught.value)
    assert said.startswith(f"{path}: {'no such file' if damage == 'gone' else 'damaged ('}")
    assert said.endswith(f"; delete it, and `dvc checkout {path.parent}` restores it or `dvc repro` trains it anew")
    assert "\n" not in said


def test_the_file_has_the_fields_as_keys_in_their_order(tmp_path: Path) -> None:
    save_model(tmp_path, DESCRIPTION, {}, [])
    written = read_json(tmp_path / "model.json")
    assert list(written) == [field.name for field in fields(Description)]
    assert written["seeds"][1] == {"seed": 1, "epochs": 1, "diverged_in": 0}
    assert written["weights"] == {"network": "resnet18", "sha256": "f" * 64}
    assert written["search"]["trials"][0] == {"lr": 0.1, "train_error": None}


def test_finished_seeds_are_those_that_did_not_diverge() -> None:
    assert DESCRIPTION.finished_seeds == (0, 2)
    assert replace(DESCRIPTION, seeds=(SeedRecord(4, 1, 0),)).finished_seeds == ()


def refusal(folder: Path) -> str:
    """Why `model.json` in `folder` is refused, without the file's name: one line."""
    with pytest.raises(InputError) as caught:
        load_description(folder)
    found = re.fullmatch(rf"{re.escape(str(folder / 'model.json'))}: (.+)", str(caught.value))
    assert found, "one line that begins with the file"
    return found[1]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"macs": "many"}, "macs: input should be a valid integer, got 'many'"),
        ({"macs": 1.0}, "macs: input should be a valid integer, got 1.0"),
        ({"train_images": True}, "train_images: input should be a valid integer, got True"),
        ({"model": None}, "model: input should be a valid string, got None"),
        ({"model_args": []}, "model_args: input should be an object, got []"),
        ({"precision": "half"}, "precision: input should be 'float32' or 'bfloat16', got 'half'"),
        ({"input_shape": [28, 28]}, "input_shape.2: missing key"),
        ({"seeds": [{"seed": 0, "epochs": 1}]}, "seeds.0.diverged_in: missing key"),
        ({"seeds": [{"seed": 0, "epochs": 1, "diverged_in": "1"}]}, "seeds.0.diverged_in: input should be"),
        ({"weights": {"network": "vgg", "sha256": "0", "size": 1}}, "weights.size: unknown key"),
        ({"wieghts": None}, "wieghts: unknown key"),
        ({"a\nb": None}, r"'a\nb': unknown key"),
        ({"macs": "\n" * 200}, "macs: input should be a valid integer, got '"),
    ],
)
def test_a_key_that_is_unknown_or_of_another_type_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    save_model(tmp_path, DESCRIPTION, {}, [])
    path = tmp_path / "model.json"
    path.write_text(json.dumps(read_json(path) | changes))
    assert refusal(tmp_path).startswith(said)


@pytest.mark.parametrize("name", [field.name for field in fields(Description)])
def test_a_missing_key_is_named(tmp_path: Path, name: str) -> None:
    save_model(tmp_path, DESCRIPTION, {}, [])
    path = tmp_path / "model.json"
    written = read_json(path)
    del written[name]
    path.write_text(json.dumps(written))
    assert refusal(tmp_path) == f"{name}: missing key"
    path.write_text(json.dumps(written | {f"{name}_": 1}))
    assert refusal(tmp_path) == f"{name}_: unknown key"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not readable as JSON: EOF while parsing a value at line 1 column 0"),
        (b'{"study": "fash', "not readable as JSON: EOF while parsing a string at line 1 column 15"),
        (b"\xff\xfe", "not readable as JSON: expected value at line 1 column 1"),
        (b"[1, 2]", "the file: input should be an object, got [1, 2]"),
    ],
)
def test_a_file_that_is_no_json_object_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "model.json").write_bytes(content)
    assert refusal(tmp_path) == said


def test_a_description_is_read_without_torch_and_pandas() -> None:
    code = "import sys, lookalike.artifacts.models; print(*{'torch', 'pandas'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


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
