"""The stage `train` itself, killed in the middle and started again: the outputs are the same bytes."""

import json
import multiprocessing
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
import yaml
from safetensors.torch import load_file

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


def run_stage(root: Path, folder: Path, variant: str, threads: int) -> None:
    """The body of a process: the stage as a script, without a GPU; what it says goes to the file `said`."""
    os.environ.pop("DVC_ROOT", None)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.chdir(folder)
    with Path("said").open("ab") as said:
        os.dup2(said.fileno(), 2)
    torch.set_num_threads(threads)
    sys.argv = ["train.py", variant]
    runpy.run_path(str(root / "stages" / "train.py"), run_name="__main__")


def start(root: Path, folder: Path, variant: str, threads: int = 1) -> BaseProcess:
    process = SERVER.Process(target=run_stage, args=(root, folder, variant, threads), daemon=True)
    process.start()
    return process


def wait_for(folder: Path, pattern: str, process: BaseProcess) -> None:
    wait_until(lambda: bool(list(folder.glob(pattern))), process)


def wait_until(condition: Callable[[], bool], process: BaseProcess) -> None:
    deadline = time.monotonic() + 120
    while not condition():
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


def killed_after_an_epoch(root: Path, project: Path, variant: str, threads: int) -> None:
    process = start(root, project, variant, threads)
    wait_for(project, "checkpoints/*/seed-0.pt", process)
    process.kill()
    assert ended(process) == -9


def lines(folder: Path) -> list[str]:
    """What the processes have said; on a busy machine the follower of a run that takes long may speak, too."""
    return [line for line in (folder / "said").read_text(encoding="utf-8").splitlines() if "MLflow" not in line]


def test_a_run_of_two_threads_goes_on_with_two(root: Path, project: Path) -> None:
    variant, whole = "fashion-cnn", {}
    for threads in (1, 2):
        folder = project.with_name(f"whole-{threads}")
        shutil.copytree(project, folder)
        assert ended(start(root, folder, variant, threads)) == 0
        whole[threads] = models(folder)
        (kept,) = (folder / "finished").iterdir()
        whole[kept.name] = {}
    assert whole[1]["seed-0.safetensors"] != whole[2]["seed-0.safetensors"], "the number of threads decides the bits"
    assert len(whole) == 4, "each number has a fingerprint of its own"

    killed_after_an_epoch(root, project, variant, threads=2)
    assert ended(start(root, project, variant, threads=1)) == 0
    assert models(project) == whole[2]
    assert device(project)["threads"] == 2
    (said,) = lines(project)
    assert said.startswith("fashion-cnn: goes on with 2 threads, as it began, not with 1; delete checkpoints/fashion-")


def test_a_damaged_checkpoint_costs_a_line_and_an_epoch(root: Path, project: Path) -> None:
    whole = project.with_name("whole")
    shutil.copytree(project, whole)
    assert ended(start(root, whole, "fashion-cnn")) == 0
    killed_after_an_epoch(root, project, "fashion-cnn", threads=1)
    (path,) = (project / "checkpoints").glob("*/seed-0.pt")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert ended(start(root, project, "fashion-cnn")) == 0
    assert models(project) == models(whole)
    (said,) = lines(project)
    assert "seed-0.pt: damaged (its content is not what was written); it is kept as seed-0.pt." in said


def test_a_second_process_on_the_same_waits_and_takes_over_what_is_finished(root: Path, project: Path) -> None:
    first = start(root, project, "fashion-cnn")
    wait_for(project, "checkpoints/*/seed-0.pt", first)
    (folder,) = (project / "checkpoints").iterdir()
    assert first.pid
    os.kill(first.pid, signal.SIGSTOP)  # so that the second comes to its line before the first has ended
    second = start(root, project, "fashion-cnn")
    wait_until(lambda: bool(lines(project)), second)
    os.kill(first.pid, signal.SIGCONT)
    assert (ended(first), ended(second)) == (0, 0)
    (said,) = lines(project)
    assert said.startswith(f"checkpoints/{folder.name}: process {first.pid} on ")
    assert set(models(project)) == {"history.csv", "model.json", "seed-0.safetensors"}
    assert [path.name for path in (project / "finished").glob("*/*")] == ["seed-0.pt"]
    assert list((project / "checkpoints").iterdir()) == []
    assert not list(project.rglob("*.part"))


# several processes


def launch(root: Path, folder: Path, variant: str) -> "subprocess.Popen[str]":
    """The stage as DVC starts it, with a launcher of two processes; what they say is in its `stderr`."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DVC_ROOT", "PATH")} | {
        "CUDA_VISIBLE_DEVICES": "",
        "DVC_STAGE": f"train@{variant}",
        "LOOKALIKE_LAUNCH": "torchrun --standalone --nproc-per-node=2",  # found beside this Python, not on a path
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(root / "src"),
    }
    script = os.path.relpath(root / "stages" / "train.py", folder)
    return subprocess.Popen([sys.executable, script], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)


def history(folder: Path) -> list[str]:
    return (folder / "models" / "fashion" / "fashion-cnn" / "history.csv").read_text(encoding="utf-8").splitlines()


def device(folder: Path) -> dict[str, object]:
    """What `run.json` says of the device."""
    about: dict[str, dict[str, object]] = json.loads((folder / "runs/fashion/fashion-cnn/run.json").read_text())
    return about["device"]


def test_two_processes_go_on_where_one_was_killed(root: Path, project: Path) -> None:
    """Also if that one had two threads, and with the same weights up to rounding."""
    whole = project.with_name("whole")
    shutil.copytree(project, whole)
    assert ended(start(root, whole, "fashion-cnn", threads=2)) == 0

    killed_after_an_epoch(root, project, "fashion-cnn", threads=2)
    (checkpoint,) = (project / "checkpoints").glob("*/seed-0.pt")
    done = len(torch.load(checkpoint, weights_only=True)["history"])
    process = launch(root, project, "fashion-cnn")
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 0, said
    assert said == ""
    assert history(project)[: done + 1] == history(whole)[: done + 1]
    assert len(history(project)) == len(history(whole))
    (kept,), (expected,) = (list((folder / "finished").iterdir()) for folder in (project, whole))
    assert kept.name == expected.name, "the number of processes is no part of the fingerprint"
    found, states = {}, [load_file(next(folder.glob("models/*/*/seed-0.safetensors"))) for folder in (project, whole)]
    for name, tensor in states[1].items():
        found[name] = ((states[0][name] - tensor).norm() / tensor.norm()).item()
    assert max(found.values()) < 1e-3, found
    assert [device(folder)["processes"] for folder in (project, whole)] == [2, 1]


def test_a_process_that_dies_ends_the_others_and_one_goes_on(root: Path, project: Path) -> None:
    launched = launch(root, project, "fashion-cnn")
    deadline = time.monotonic() + 120
    while not (checkpoints := list(project.glob("checkpoints/*/seed-0.pt"))):
        assert launched.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    leader = json.loads((checkpoints[0].parent / "process.json").read_text())["process"]
    (other,) = (child for child in psutil.Process(launched.pid).children() if child.pid != leader)
    other.kill()
    said = launched.communicate(timeout=120)[1]
    assert launched.returncode != 0
    # torchrun may notice it before the first process does, and end that one.
    assert "error: another process of this run has ended\n" in said or f"(SIGKILL) received by PID {other.pid}" in said
    assert not (project / "models").exists()
    first_epoch = torch.load(checkpoints[0], weights_only=True)["history"][0]

    assert ended(start(root, project, "fashion-cnn")) == 0
    assert len(history(project)) == 17
    assert history(project)[1] == ",".join(map(repr, first_epoch.values()))  # it went on and did not start afresh


def test_bad_input_is_refused_once(root: Path, project: Path) -> None:
    process = launch(root, project, "no-such-net")
    said = process.communicate(timeout=120)[1]
    assert process.returncode != 0
    assert said.startswith("error: ")
    assert said.count("no-such-net") == 1
