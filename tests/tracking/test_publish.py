"""MLflow as a view of the disk: real SQLite stores, made-up training runs."""

import getpass
import json
import runpy
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from invented_evidence import a_test_set
from mlflow import MlflowClient
from written_runs import (
    DEAD,
    DIGEST,
    EPOCHS,
    NAME,
    PNG,
    VERDICTS,
    all_runs,
    figure_of,
    points,
    summaries,
    write_evaluation,
    write_model,
    write_training_run,
)

from lookalike.artifacts.comparisons import save_findings
from lookalike.artifacts.evaluations import Evaluation, save_evaluation
from lookalike.artifacts.folders import read_json, write_json, write_text
from lookalike.artifacts.test_sets import save_test_set
from lookalike.params import Params
from lookalike.studies import CLAIMS
from lookalike.tracking.publish import publish_to_mlflow
from lookalike.tracking.runs import user
from lookalike.tracking.store import Store


def test_a_run_shows_settings_curves_results_and_origin(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    write_evaluation(write_training_run(tmp_path))
    write_text(tmp_path / "dvc.lock", f"stages:\n  train@{NAME}:\n    cmd: x\n")
    published = publish_to_mlflow(params, uri, VERDICTS, tmp_path)
    first, second = all_runs(store)
    assert published == {
        "tracking": "local store",
        "runs": {NAME: {"0": first.info.run_id, "1": second.info.run_id}},
        "models": {},
    }
    assert (first.info.run_name, first.info.status) == (f"{NAME}-seed0", "FINISHED")
    assert first.info.end_time - first.info.start_time == 60_000
    assert first.data.params | {"train.lr": "0.001", "budget.seeds": "2", "macs": "34"} == first.data.params
    assert points(store, first.info.run_id, "train/loss") == [(0, 2.0), (1, 1.0), (2, 0.0)]
    assert points(store, first.info.run_id, "resources/images_per_second") == [(0, 40.0), (1, 40.0), (2, 40.0)]
    results = {"valid/final_accuracy": 0.5, "valid/best_accuracy": 0.6, "valid/best_epoch": 1, "test/accuracy": 0.75}
    assert first.data.metrics | results == first.data.metrics
    assert "test/note" not in first.data.metrics
    assert "test/seed" not in first.data.metrics
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
        "mlflow.parentRunId": summaries(store)[0].info.run_id,
        "mlflow.user": getpass.getuser(),
    }
    assert first.data.tags | expected == first.data.tags
    assert len(first.data.tags["dvc.lock"]) == 16


def claims_of(tags: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if name.startswith("claim.")}


def test_verdicts_stand_on_the_study_alone_and_follow_what_was_found(
    tmp_path: Path, uri: str, store: Store, params: Params
) -> None:
    write_training_run(tmp_path)
    for verdict in ("inconclusive", "reproduced"):
        publish_to_mlflow(params, uri, {"fashion": {"F1": verdict}, "elsewhere": {"E1": "contradicted"}}, tmp_path)
        experiment = store.client.get_experiment_by_name("lookalike/fashion")
        assert claims_of(experiment.tags) == {"claim.F1": verdict}
        assert [claims_of(run.data.tags) for run in all_runs(store)] == [{}, {}]
        store.client.set_tag(all_runs(store)[0].info.run_id, "claim.F1", "as a former version did")
        store.client.set_experiment_tag(experiment.experiment_id, "claim.gone", "reproduced")
    assert store.client.get_experiment_by_name("lookalike/elsewhere") is None


def test_above_the_seeds_stand_their_mean_and_standard_deviation(
    tmp_path: Path, uri: str, store: Store, params: Params
) -> None:
    write_evaluation(write_training_run(tmp_path))
    details = tmp_path / "comparisons" / "fashion" / "details.json"
    write_json(details, {NAME: {"seeds": [{"seed": 0, "accuracy": 0.5}, {"seed": 1, "accuracy": 0.75}]}})
    publish_to_mlflow(params, uri, {}, tmp_path)
    (summary,) = summaries(store)
    assert (summary.info.run_name, summary.info.status) == (NAME, "FINISHED")
    expected = {
        "test/accuracy_mean": 0.625,
        "test/accuracy_std": 0.125 * 2**0.5,  # of a sample
        "valid/final_accuracy_mean": 0.5,
        "valid/final_accuracy_std": 0.0,
        "resources/images_per_second_mean": 40.0,
        "resources/peak_memory_bytes": 4096.0,
    }
    assert summary.data.metrics | expected == summary.data.metrics
    assert "test/accuracy" not in summary.data.metrics
    assert summary.data.params["train.lr"] == "0.001"
    children = {run.data.tags["mlflow.parentRunId"] for run in all_runs(store)}
    assert children == {summary.info.run_id}


def test_a_diverged_seed_is_not_in_the_mean(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path, diverged=0))
    (summary,) = summaries(store)
    assert summary.info.status == "FINISHED"
    assert summary.data.metrics["valid/best_accuracy_mean"] == 0.6
    assert "valid/best_accuracy_std" not in summary.data.metrics  # of one seed there is none
    assert "over 1 of 2 seeds" in summary.data.tags["mlflow.note.content"]


def test_runs_and_experiment_say_what_they_are(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    experiment = store.client.get_experiment_by_name("lookalike/fashion")
    study = "Study: CNN against ViT on look-alike classes. Report: `reports/demo/index.html#study-fashion`."
    assert experiment.tags["mlflow.note.content"] == study
    note = all_runs(store)[1].data.tags["mlflow.note.content"]
    assert note == f"Seed 1. `fashion_cnn` (12 parameters), trained on 80 images of `fashion_mnist`.\n\n{study}"


def test_a_user_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container whose user stands in no list."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert user() == "unknown"


def test_a_run_whose_summary_was_deleted_is_put_below_the_new_one(
    tmp_path: Path, uri: str, store: Store, params: Params
) -> None:
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    store.client.delete_run(summaries(store)[0].info.run_id)
    publish_to_mlflow(params, uri, {}, tmp_path)
    (summary,) = summaries(store)
    assert all_runs(store)[0].data.tags["mlflow.parentRunId"] == summary.info.run_id


def test_publishing_again_writes_nothing(tmp_path: Path, uri: str, params: Params) -> None:
    write_evaluation(write_training_run(tmp_path))
    write_model(tmp_path)
    once = publish_to_mlflow(params, uri, VERDICTS, tmp_path)
    assert once["models"]
    before = list(sqlite3.connect(tmp_path / "mlflow.db").iterdump())
    assert publish_to_mlflow(params, uri, VERDICTS, tmp_path) == once
    assert list(sqlite3.connect(tmp_path / "mlflow.db").iterdump()) == before


def test_figures_that_dvc_made_read_only_can_be_published_again(
    tmp_path: Path, uri: str, store: Store, params: Params
) -> None:
    """With `cache.type` hardlink or symlink. Root may write anywhere, so the copy's mode and identity are looked at."""
    write_evaluation(write_training_run(tmp_path))
    figure = tmp_path / "comparisons" / "fashion" / "figures" / NAME / "reliability.webp"
    cached = figure.rename(tmp_path / "cached.webp")
    cached.chmod(0o444)
    figure.symlink_to(cached)
    publish_to_mlflow(params, uri, {}, tmp_path)
    copy = figure_of(store, all_runs(store)[0])
    assert copy.read_bytes() == PNG
    assert copy.stat().st_mode & stat.S_IWUSR
    copy.chmod(0o444)  # as a former version left it
    inode = copy.stat().st_ino
    write_evaluation(tmp_path, accuracy=0.5)
    assert "error" not in publish_to_mlflow(params, uri, {}, tmp_path)
    assert copy.stat().st_ino != inode  # replaced, not written into
    assert copy.stat().st_mode & stat.S_IWUSR


def test_what_fails_late_costs_no_run(
    tmp_path: Path, uri: str, store: Store, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of another version knows no models; whatever else MLflow raises is a warning as well."""
    write_model(write_training_run(tmp_path))

    def unknown(*_: Any, **__: Any) -> None:
        raise ValueError("no endpoint for models")

    monkeypatch.setattr(MlflowClient, "create_logged_model", unknown)
    published = publish_to_mlflow(params, uri, {}, tmp_path)
    assert published["error"] == "no endpoint for models"
    assert published["runs"] == {NAME: {"0": all_runs(store)[0].info.run_id, "1": all_runs(store)[1].info.run_id}}
    assert "models" not in published
    monkeypatch.undo()
    assert publish_to_mlflow(params, uri, {}, tmp_path)["models"] == {NAME: f"models:/lookalike-{NAME}/1"}


def test_points_lie_in_time_where_their_epochs_ended(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    _, second = all_runs(store)
    stamps = [point.timestamp for point in store.client.get_metric_history(second.info.run_id, "train/lr")]
    assert [stamp - second.info.start_time for stamp in stamps] == [8_000, 10_000, 12_000]  # after seed 0's six seconds


def test_the_data_set_and_the_figures_are_there(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    write_evaluation(write_training_run(tmp_path))
    publish_to_mlflow(params, uri, {}, tmp_path)
    first, second = all_runs(store)
    used = {one.tags[0].value: one.dataset for one in first.inputs.dataset_inputs}
    names = {context: dataset.name for context, dataset in used.items()}
    assert names == {"training": "fashion_mnist", "evaluation": "fashion_mnist-test"}
    assert all(DIGEST.startswith(dataset.digest) for dataset in used.values())
    assert {dataset.source for dataset in used.values()} == {json.dumps({"uri": "data/fashion_mnist"})}
    assert json.loads(used["training"].profile) == {"train_images": 80, "valid_images": 20}
    figures = [figure_of(store, run) for run in (first, second)]
    assert figures[0].read_bytes() == PNG
    assert not figures[1].exists()  # they show the first seed
    assert figures[0].is_relative_to(tmp_path / "mlartifacts")


def test_publishing_twice_changes_nothing(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    write_evaluation(write_training_run(tmp_path))
    once = publish_to_mlflow(params, uri, {}, tmp_path)
    again = publish_to_mlflow(params, uri, {}, tmp_path)
    write_evaluation(tmp_path, accuracy=0.5)
    evaluated_anew = publish_to_mlflow(params, uri, {}, tmp_path)
    assert once == again == evaluated_anew
    first, second = all_runs(store)
    assert len(points(store, first.info.run_id, "train/loss")) == EPOCHS
    assert len(points(store, first.info.run_id, "valid/best_epoch")) == 1
    assert first.data.metrics["test/accuracy"] == 0.5
    assert len(second.inputs.dataset_inputs) == 2
    assert len(summaries(store)) == 1


def test_what_decides_a_result_decides_the_run(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path, identity="f1", seeds=1))
    publish_to_mlflow(params, uri, {}, write_training_run(tmp_path, identity="f2", seeds=1))
    assert [run.data.tags["lookalike.fingerprint"] for run in all_runs(store)] == ["f1", "f2"]


def test_a_diverged_seed_has_failed(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    write_evaluation(write_training_run(tmp_path, diverged=0))
    publish_to_mlflow(params, uri, {}, tmp_path)
    first, second = all_runs(store)
    assert (first.info.status, first.data.tags["lookalike.diverged_in"]) == ("FAILED", "2")
    assert (second.info.status, second.data.tags.get("lookalike.diverged_in")) == ("FINISHED", None)
    assert figure_of(store, second).exists()


def test_leftovers_and_the_unfinished_are_not_published(tmp_path: Path, uri: str, params: Params) -> None:
    write_training_run(tmp_path)
    (tmp_path / "models" / "fashion" / NAME).rename(tmp_path / "models" / "fashion" / "removed")
    assert publish_to_mlflow(params, uri, {}, tmp_path) == {"tracking": "local store", "runs": {}, "models": {}}


def test_a_deleted_experiment_comes_back(tmp_path: Path, uri: str, store: Store, params: Params) -> None:
    write_training_run(tmp_path)
    publish_to_mlflow(params, uri, {}, tmp_path)
    store.client.delete_experiment(store.experiment("fashion"))
    assert "error" not in publish_to_mlflow(params, uri, {}, tmp_path)


def test_the_stage_writes_the_run_ids_and_publishes_the_verdicts(
    tmp_path: Path, uri: str, store: Store, params: Params, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_json(write_training_run(tmp_path) / "params.yaml", params.model_dump(mode="json"))
    write_evaluation(tmp_path)
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
    tags = claims_of(store.client.get_experiment_by_name("lookalike/fashion").tags)
    assert set(tags) == {f"claim.{claim.key}" for claim in CLAIMS if claim.study == "fashion"}
    assert set(tags.values()) == {"not tested"}  # of none of the variants that they are about
    monkeypatch.setenv("MLFLOW_TRACKING_URI", DEAD)
    stage()
    assert set(read_json(tmp_path / "published.json")) == {"tracking", "error"}
    assert str(tmp_path) not in (tmp_path / "published.json").read_text()
