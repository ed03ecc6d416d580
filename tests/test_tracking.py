"""MLflow as a view of the disk: real SQLite stores, made-up trainings."""

import json
import os
import runpy
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from descriptions import described
from invented_evidence import a_test_set
from mlflow_server import served

from lookalike.artifacts.evaluations import Evaluation, save_evaluation, save_findings
from lookalike.artifacts.folders import read_json, write_json, write_text
from lookalike.artifacts.models import Epoch, SeedRecord, Timing, save_history, save_model, save_run
from lookalike.artifacts.test_sets import save_test_set
from lookalike.claims.verdicts import CLAIMS
from lookalike.params import Params, parse_params
from lookalike.tracking.follow import follow
from lookalike.tracking.publish import publish
from lookalike.tracking.store import Store, locate, open_store, public_name

NAME = "small"
DEAD = "http://user:secret@127.0.0.1:9"  # nobody listens on the port named discard
PNG = b"\x89PNG made up"
EPOCHS = 3
VERDICTS = {"fashion": {"F1": "reproduced", "F2": "not tested"}, "elsewhere": {"E1": "contradicted"}}


@pytest.fixture(scope="session")
def fresh_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, made once: it costs seconds."""
    folder = tmp_path_factory.mktemp("store")
    open_store(locate(None, folder))
    return folder / "mlflow.db"


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def uri(fresh_store: Path, tmp_path: Path) -> str:
    shutil.copy(fresh_store, tmp_path / "mlflow.db")
    return locate(None, tmp_path)


@pytest.fixture
def store(uri: str) -> Store:
    return open_store(uri)


@pytest.fixture
def params(raw_params: dict[str, Any]) -> Params:
    variant = raw_params["variants"]["fashion-cnn"]
    studies = {"fashion": raw_params["studies"]["fashion"] | {"pairs": [], "probes": []}}
    changed = {"variants": {NAME: variant}, "studies": studies, "costs": {"study": "fashion"}, "profile": "demo"}
    return parse_params(raw_params | changed)


def epoch(seed: int, number: int) -> Epoch:
    return Epoch(seed, number, 1e-3, 2.0 - number, 0.1 * number, 2.5 - number, [0.2, 0.6, 0.5][number % 3])


def make_training(folder: Path, *, identity: str = "f1", seeds: int = 2, diverged: int | None = None) -> Path:
    """A finished training of `NAME` in `folder`; the seed `diverged` diverged in its last epoch."""
    description = described(
        dataset_digest="0123456789abcdef" * 4,
        class_names=("a", "b"),
        parameters=12,
        macs=34,
        seeds=tuple(SeedRecord(k, EPOCHS, EPOCHS - 1 if k == diverged else None) for k in range(seeds)),
    )
    steps = [(seed, number) for seed in range(seeds) for number in range(EPOCHS)]
    weights = {seed: {"w": torch.zeros(1)} for seed in range(seeds) if seed != diverged}
    save_model(folder / "models" / "fashion" / NAME, description, weights, [epoch(*step) for step in steps])
    about = about_run(identity) | {
        "finished": "2026-01-01T00:01:00+00:00",
        "device": {"device": "cuda", "name": "a GPU", "threads": 2, "torch": "2"},
        "peak_memory_bytes": 4096,
    }
    save_run(folder / "runs" / "fashion" / NAME, about, [Timing(*step, 2.0, 40.0) for step in steps])
    return folder


def about_run(identity: str = "f1") -> dict[str, Any]:
    return {
        "study": "fashion",
        "variant": NAME,
        "fingerprint": identity,
        "started": "2026-01-01T00:00:00+00:00",
        "host": "somewhere",
        "commit": "c0ffee",
        "dirty": True,
    }


def make_evaluation(folder: Path, accuracy: float = 0.75) -> None:
    evaluation = folder / "comparisons" / "fashion"
    scores = [{"seed": seed, "accuracy": accuracy, "nll": 0.5, "note": "no number"} for seed in (0, 1)]
    write_json(evaluation / "metrics.json", {NAME: {"accuracy": accuracy}})
    write_json(evaluation / "details.json", {NAME: {"seeds": scores}})
    (evaluation / "figures" / NAME).mkdir(parents=True, exist_ok=True)
    (evaluation / "figures" / NAME / "confusion.png").write_bytes(PNG)


def all_runs(store: Store) -> list[Any]:
    experiment = store.client.get_experiment_by_name("lookalike/fashion")
    runs = store.client.search_runs([experiment.experiment_id]) if experiment else []
    return sorted(runs, key=lambda run: (run.data.tags["lookalike.fingerprint"], run.info.run_name))


def points(store: Store, run_id: str, key: str) -> list[tuple[int, float]]:
    return [(point.step, point.value) for point in store.client.get_metric_history(run_id, key)]


def figure_of(store: Store, run: Any) -> Path:
    folder = store.artifact_folder(run.info.artifact_uri)
    assert folder is not None
    return folder / "figures" / "confusion.png"


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def test_a_run_shows_settings_curves_results_and_origin(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    make_evaluation(make_training(tmp_path))
    write_text(tmp_path / "dvc.lock", f"stages:\n  train@{NAME}:\n    cmd: x\n")
    published = publish(params, uri, VERDICTS, tmp_path)
    first, second = all_runs(store)
    assert published == {
        "tracking": "local store",
        "runs": {NAME: {"0": first.info.run_id, "1": second.info.run_id}},
    }
    assert (first.info.run_name, first.info.status) == (f"{NAME}-seed0", "FINISHED")
    assert first.info.end_time - first.info.start_time == 60_000
    assert first.data.params | {"train.lr": "0.001", "budget.seeds": "2", "macs": "34"} == first.data.params
    assert points(store, first.info.run_id, "train_loss") == [(0, 2.0), (1, 1.0), (2, 0.0)]
    assert points(store, first.info.run_id, "images_per_second") == [(0, 40.0), (1, 40.0), (2, 40.0)]
    results = {"final_valid_accuracy": 0.5, "best_valid_accuracy": 0.6, "best_epoch": 1, "test_accuracy": 0.75}
    assert first.data.metrics | results == first.data.metrics
    assert "test_note" not in first.data.metrics
    assert "test_seed" not in first.data.metrics
    expected = {
        "lookalike.seed": "0",
        "lookalike.fingerprint": "f1",
        "lookalike.profile": "demo",
        "lookalike.demonstration": "true",
        "mlflow.source.git.commit": "c0ffee",
        "git.dirty": "true",
        "host": "somewhere",
        "device.type": "cuda",
        "device.peak_memory_bytes": "4096",
        "dvc.stage": f"train@{NAME}",
        "claim.F1": "reproduced",
        "claim.F2": "not tested",
    }
    assert first.data.tags | expected == first.data.tags
    assert len(first.data.tags["dvc.lock"]) == 16


def claims_of(tags: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if name.startswith("claim.")}


def test_verdicts_stand_on_the_study_and_on_its_runs_and_follow_what_was_found(
    tmp_path: Path, uri: str, store: Store, params: Params
) -> None:
    make_training(tmp_path)
    for verdict in ("inconclusive", "reproduced"):
        publish(params, uri, {"fashion": {"F1": verdict}, "elsewhere": {"E1": "contradicted"}}, tmp_path)
        experiment = store.client.get_experiment_by_name("lookalike/fashion")
        assert claims_of(experiment.tags) == {"claim.F1": verdict}
        assert [claims_of(run.data.tags) for run in all_runs(store)] == [{"claim.F1": verdict}] * 2
    assert store.client.get_experiment_by_name("lookalike/elsewhere") is None


def test_points_lie_in_time_where_their_epochs_ended(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    publish(params, uri, {}, make_training(tmp_path))
    _, second = all_runs(store)
    stamps = [point.timestamp for point in store.client.get_metric_history(second.info.run_id, "lr")]
    assert [stamp - second.info.start_time for stamp in stamps] == [8_000, 10_000, 12_000]  # after seed 0's six seconds


def test_the_data_set_and_the_figures_are_there(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    make_evaluation(make_training(tmp_path))
    publish(params, uri, {}, tmp_path)
    first, second = all_runs(store)
    (used,) = first.inputs.dataset_inputs
    assert used.dataset.name == "fashion_mnist"
    assert ("0123456789abcdef" * 4).startswith(used.dataset.digest)
    assert json.loads(used.dataset.source) == {"uri": "data/fashion_mnist"}
    figures = [figure_of(store, run) for run in (first, second)]
    assert figures[0].read_bytes() == PNG
    assert not figures[1].exists()  # they show the first seed
    assert figures[0].is_relative_to(tmp_path / "mlartifacts")


def test_publishing_twice_changes_nothing(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    make_evaluation(make_training(tmp_path))
    once = publish(params, uri, {}, tmp_path)
    again = publish(params, uri, {}, tmp_path)
    make_evaluation(tmp_path, accuracy=0.5)
    evaluated_anew = publish(params, uri, {}, tmp_path)
    assert once == again == evaluated_anew
    first, second = all_runs(store)
    assert len(points(store, first.info.run_id, "train_loss")) == EPOCHS
    assert len(points(store, first.info.run_id, "best_epoch")) == 1
    assert first.data.metrics["test_accuracy"] == 0.5
    assert len(second.inputs.dataset_inputs) == 1


def test_what_decides_a_result_decides_the_run(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    publish(params, uri, {}, make_training(tmp_path, identity="f1", seeds=1))
    publish(params, uri, {}, make_training(tmp_path, identity="f2", seeds=1))
    assert [run.data.tags["lookalike.fingerprint"] for run in all_runs(store)] == ["f1", "f2"]


def test_a_diverged_seed_has_failed(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    make_evaluation(make_training(tmp_path, diverged=0))
    publish(params, uri, {}, tmp_path)
    first, second = all_runs(store)
    assert (first.info.status, first.data.tags["lookalike.diverged_in"]) == ("FAILED", "2")
    assert (second.info.status, second.data.tags.get("lookalike.diverged_in")) == ("FINISHED", None)
    assert figure_of(store, second).exists()


def test_leftovers_and_the_unfinished_are_not_published(tmp_path: Path, uri: str, params: Params) -> None:
    make_training(tmp_path)
    (tmp_path / "models" / "fashion" / NAME).rename(tmp_path / "models" / "fashion" / "removed")
    assert publish(params, uri, {}, tmp_path) == {"tracking": "local store", "runs": {}}


def test_a_deleted_experiment_comes_back(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    make_training(tmp_path)
    publish(params, uri, {}, tmp_path)
    store.client.delete_experiment(store.experiment("fashion"))
    assert "error" not in publish(params, uri, {}, tmp_path)


def test_a_dead_server_costs_a_warning_and_little_time(
    tmp_path: Path, fresh_store: Path, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    published = publish(params, DEAD, {}, make_training(tmp_path))
    assert time.monotonic() - started < 10
    assert published["tracking"] == "http://127.0.0.1:9"
    assert "refused" in published["error"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: MLflow (http://127.0.0.1:9)")
    assert "secret" not in line


def test_a_broken_store_costs_a_warning(tmp_path: Path, params: Params, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database")
    published = publish(params, locate(None, tmp_path), {}, make_training(tmp_path))
    assert set(published) == {"tracking", "error"}
    assert str(tmp_path) not in published["error"] + capsys.readouterr().err


def test_settings_of_a_person_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    open_store(DEAD)
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"


def test_where_the_store_is(tmp_path: Path) -> None:
    assert locate(None, tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
    assert locate("sqlite:///other.db", tmp_path) == f"sqlite:///{tmp_path}/other.db"
    assert locate("sqlite:////else/where.db", tmp_path) == "sqlite:////else/where.db"
    assert locate(DEAD, tmp_path) == DEAD
    named = ("sqlite:////else/where.db", "https://a:b@host:8080/mlflow?x=1", "databricks", "file:///tmp/mlruns")
    assert [*map(public_name, named)] == ["local store", "https://host:8080/mlflow", "databricks", "local store"]


def test_the_stage_writes_the_run_ids_and_publishes_the_verdicts(
    tmp_path: Path, uri: str, store: Store, params: Params, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json(make_training(tmp_path) / "params.yaml", params.model_dump(mode="json"))
    make_evaluation(tmp_path)
    save_findings(tmp_path / "comparisons" / "fashion", {"variants": {}, "pairs": []}, {"comparisons": []}, {})
    for folder in ("explanations/fashion", "embeddings/fashion", f"evaluations/fashion/{NAME}", "test_sets/fashion"):
        (tmp_path / folder).mkdir(parents=True)
    names = tuple(params.datasets["fashion_mnist"].classes)
    save_test_set(
        tmp_path / "test_sets/fashion", replace(a_test_set(), name="fashion_mnist", class_names=names, photos=None)
    )
    diverged = Evaluation((), 2, np.zeros(0), np.zeros((0, len(a_test_set().labels), len(names)), np.float16))
    save_evaluation(tmp_path / "evaluations/fashion" / NAME, diverged)
    monkeypatch.chdir(tmp_path)
    stage = runpy.run_path(str(root / "stages" / "publish.py"))["main"]
    stage()
    assert set(read_json(tmp_path / "published.json")["runs"][NAME]) == {"0", "1"}
    told = claims_of(all_runs(store)[0].data.tags)
    assert set(told) == {f"claim.{claim.key}" for claim in CLAIMS if claim.study == "fashion"}
    assert set(told.values()) == {"not tested"}  # of none of the variants that they are about
    monkeypatch.setenv("MLFLOW_TRACKING_URI", DEAD)
    stage()
    assert set(read_json(tmp_path / "published.json")) == {"tracking", "error"}
    assert str(tmp_path) not in (tmp_path / "published.json").read_text()


@pytest.fixture
def checkpoints(tmp_path: Path) -> Path:
    """The folder of a training in work, before its first epoch."""
    folder = tmp_path / "checkpoints" / f"{NAME}-f1"
    write_json(folder / "run.json", about_run())
    return folder


def write_epochs(folder: Path, seed: int, count: int) -> None:
    save_history(folder / f"seed-{seed}.csv", [epoch(seed, number) for number in range(count)])


def acts(*steps: Callable[[], Any]) -> Callable[[], bool]:
    """A training that does one step each time it is asked whether it lives, and dies after the last."""
    remaining = iter(steps)

    def lives() -> bool:
        step = next(remaining, None)
        if step is not None:
            step()
        return step is not None

    return lives


def test_a_killed_training_says_so_and_goes_on_in_the_same_run(checkpoints: Path, uri: str, store: Store) -> None:
    write_epochs(checkpoints, 0, 1)
    follow(checkpoints, uri, acts(lambda: write_epochs(checkpoints, 0, 2)), poll_seconds=0)
    (killed,) = all_runs(store)
    assert (killed.info.status, killed.data.tags["git.commit"]) == ("KILLED", "c0ffee")
    seen: list[str] = []
    follow(
        checkpoints,
        uri,
        acts(
            lambda: write_epochs(checkpoints, 0, 3),
            lambda: seen.append(all_runs(store)[0].info.status),
            lambda: shutil.rmtree(checkpoints),
        ),
        poll_seconds=0,
    )
    (run,) = all_runs(store)
    assert (run.info.run_id, seen) == (killed.info.run_id, ["RUNNING"])
    assert points(store, run.info.run_id, "train_loss") == [(0, 2.0), (1, 1.0), (2, 0.0)]


def test_publishing_completes_what_was_followed(
    tmp_path: Path, checkpoints: Path, uri: str, store: Store, params: Params
) -> None:
    write_epochs(checkpoints, 0, 3)
    follow(
        checkpoints,
        uri,
        acts(
            lambda: write_epochs(checkpoints, 1, 2),
            lambda: write_epochs(checkpoints, 1, 3),
            lambda: shutil.rmtree(checkpoints),
        ),
        poll_seconds=0,
    )
    followed = all_runs(store)
    assert [run.info.status for run in followed] == ["FINISHED", "RUNNING"]
    publish(params, uri, {}, make_training(tmp_path))
    published = all_runs(store)
    assert [run.info.run_id for run in published] == [run.info.run_id for run in followed]
    assert [run.info.status for run in published] == ["FINISHED", "FINISHED"]
    for key in ("valid_loss", "seconds"):
        assert [step for step, _ in points(store, published[1].info.run_id, key)] == [0, 1, 2]


def test_following_into_the_void_costs_one_warning(checkpoints: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_epochs(checkpoints, 0, 1)
    follow(checkpoints, DEAD, lambda: True, poll_seconds=0)
    assert len(capsys.readouterr().err.splitlines()) == 1


PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "lookalike.tracking", "follow", sys.argv[1]])
time.sleep(600)
"""


@pytest.mark.pipeline
def test_a_follower_sees_its_parent_die(checkpoints: Path, uri: str, store: Store, tmp_path: Path, root: Path) -> None:
    write_epochs(checkpoints, 0, 1)
    environment = os.environ | {"DVC_ROOT": str(tmp_path), "PYTHONPATH": str(root / "src")}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(checkpoints)], env=environment)
    try:
        wait_for(lambda: bool(all_runs(store)) and "train_loss" in all_runs(store)[0].data.metrics)
        write_epochs(checkpoints, 0, 2)
        wait_for(lambda: len(points(store, all_runs(store)[0].info.run_id, "train_loss")) == 2)
        assert all_runs(store)[0].info.status == "RUNNING"
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: all_runs(store)[0].info.status == "KILLED")


@pytest.mark.pipeline
def test_four_processes_at_once_make_one_store(tmp_path: Path, fresh_store: Path, params: Params) -> None:
    make_training(tmp_path)
    uri = locate(None, tmp_path)
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:  # forked: MLflow is imported already
        results = list(pool.map(publish, [params] * 4, [uri] * 4, [VERDICTS] * 4, [tmp_path] * 4))
    assert results == [results[0]] * 4
    store = open_store(uri)
    assert len(all_runs(store)) == 2
    assert len(points(store, all_runs(store)[0].info.run_id, "best_epoch")) == 1


@pytest.mark.pipeline
def test_mlflow_ui_without_options_shows_it_all(tmp_path: Path, uri: str, params: Params) -> None:
    make_evaluation(make_training(tmp_path))
    local = publish(params, uri, {}, tmp_path)
    with served(tmp_path) as server:
        store = open_store(server)
        first, second = all_runs(store)
        assert local["runs"] == {NAME: {"0": first.info.run_id, "1": second.info.run_id}}
        assert points(store, first.info.run_id, "train_loss") == [(0, 2.0), (1, 1.0), (2, 0.0)]
        figures = [file.path for file in store.client.list_artifacts(first.info.run_id, "figures")]
        assert figures == ["figures/confusion.png"]
        assert confusion(server, first.info.run_id) == PNG
        through_server = publish(params, server, {}, make_training(tmp_path, identity="f2"))  # figures travel by HTTP
        assert confusion(server, through_server["runs"][NAME]["0"]) == PNG


def confusion(server: str, run: str) -> bytes:
    """A run's figure as the server hands it out."""
    content: bytes = urllib.request.urlopen(f"{server}/get-artifact?run_uuid={run}&path=figures/confusion.png").read()
    return content
