"""The stage `train` itself, killed in the middle and started again: the outputs are the same bytes."""

import multiprocessing
import os
import runpy
import shutil
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from lookalike.artifacts.datasets import Dataset, save_dataset

SERVER = multiprocessing.get_context("forkserver")  # processes that need not import torch anew, for seconds each
SERVER.set_forkserver_preload(["torch", "torch._dynamo"])


@pytest.fixture
def project(tmp_path: Path, raw_params: dict[str, Any], dataset: Dataset, make_variant: Callable) -> Path:
    """A folder with parameters and data, in which each model trains for a second."""
    for name, model in (("fashion-cnn", "fashion_cnn"), ("fashion-vit", "fashion_vit")):
        raw_params["variants"][name]["model_args"] = make_variant(model).model_args
        raw_params["variants"][name]["train"] |= {"epochs": 16, "batch_size": 8}
    budgets = raw_params["profiles"]["demo"]["train"]
    raw_params["profiles"]["demo"]["train"] = {name: {"seeds": 1, "precision": "float32"} for name in budgets}
    raw_params["profiles"]["demo"]["train"]["fashion-vit"]["precision"] = "bfloat16"
    raw_params["profile"] = "demo"
    folder = tmp_path / "project"
    save_dataset(folder / "data" / "fashion_mnist", dataset)
    (folder / "params.yaml").write_text(yaml.safe_dump(raw_params), encoding="utf-8")
    return folder


def run_stage(root: Path, folder: Path, variant: str) -> None:
    """The body of a process: the stage as a script, with one thread and without a GPU."""
    os.environ.pop("DVC_ROOT", None)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.chdir(folder)
    torch.set_num_threads(1)
    sys.argv = ["train.py", variant]
    runpy.run_path(str(root / "stages" / "train.py"), run_name="__main__")


def start(root: Path, folder: Path, variant: str) -> BaseProcess:
    process = SERVER.Process(target=run_stage, args=(root, folder, variant), daemon=True)
    process.start()
    return process


def wait_for(folder: Path, pattern: str, process: BaseProcess) -> None:
    deadline = time.monotonic() + 120
    while not list(folder.glob(pattern)):
        assert process.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def ended(process: BaseProcess) -> int | None:
    """The exit status: minus the number of the signal for a process that one ended."""
    process.join(120)
    return process.exitcode


def filled(folder: Path) -> set[str]:
    """The parts of the kept state of the first seed that hold something."""
    (file,) = (folder / "finished").glob("*/seed-0.pt")
    return {name for name, part in torch.load(file, weights_only=True).items() if part}


def models(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("models/*/*/*")}


@pytest.mark.parametrize(
    ("variant", "kill", "status"),
    [("fashion-cnn", signal.SIGKILL, -9), ("fashion-vit", signal.SIGTERM, 143)],
    ids=["cnn in float32, SIGKILL", "vit in bfloat16, SIGTERM"],
)
def test_a_killed_stage_goes_on_to_the_same_bytes(
    root: Path, project: Path, variant: str, kill: signal.Signals, status: int
) -> None:
    whole = project.with_name("whole")
    shutil.copytree(project, whole)
    assert ended(start(root, whole, variant)) == 0
    assert set(models(whole)) == {"history.csv", "model.json", "seed-0.safetensors"}

    process = start(root, project, variant)
    wait_for(project, "checkpoints/*/seed-0.pt", process)
    assert process.pid
    os.kill(process.pid, kill)
    assert ended(process) == status
    assert not (project / "models").exists()
    (folder,) = (project / "checkpoints").iterdir()
    content = torch.load(folder / "seed-0.pt", weights_only=True)
    assert 0 < len(content["history"]) < 16

    first_epoch = content["timings"][0]
    assert ended(start(root, project, variant)) == 0
    assert models(project) == models(whole)
    assert list((project / "checkpoints").iterdir()) == []
    kept = [file.relative_to(project / "finished").name for file in (project / "finished").glob("*/*")]
    assert kept == ["seed-0.pt"]
    assert "optimiser" not in filled(project), "a finished run needs no optimiser"
    times = (project / "runs" / "fashion" / variant / "times.csv").read_text().splitlines()
    assert times[1] == ",".join(map(repr, first_epoch.values()))  # it went on and did not start afresh
