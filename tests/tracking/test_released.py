"""Models in MLflow's registry: loaded by MLflow, they answer as the project's own do."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
import torch
from mlflow.models import Model
from mlflow_server import served
from written_runs import DIGEST, NAME, PNG, all_runs, points, write_evaluation, write_model, write_training_run

from lookalike.artifacts.folders import read_json, write_json
from lookalike.params import Params
from lookalike.tracking.publish import publish_to_mlflow
from lookalike.tracking.store import Store, open_store

REGISTERED = f"lookalike-{NAME}"


@pytest.fixture
def model(tmp_path: Path) -> torch.nn.Module:
    """What seed 0 of the training in `tmp_path` is."""
    return write_model(write_training_run(tmp_path), seed=0)


@pytest.fixture(autouse=True)
def restored_uri() -> Iterator[None]:
    """Loading a model needs MLflow's global setting."""
    before = mlflow.get_tracking_uri()
    yield
    mlflow.set_tracking_uri(before)


def images() -> Any:
    return np.random.default_rng(7).integers(0, 256, (5, 28, 28)).astype(np.uint8)


def expected(model: torch.nn.Module) -> Any:
    """By hand: pixels in [0, 1], normalised with the data set's mean 0.25 and deviation 0.5."""
    with torch.inference_mode():
        return model((torch.from_numpy(images())[:, None] / 255 - 0.25) / 0.5).softmax(1).numpy()


def folder_of(store: Store, version: str) -> Path:
    folder = store.artifact_folder(store.client.get_model_version(REGISTERED, version).source)
    assert folder is not None
    return folder


def test_a_focus_variant_is_registered_and_answers_as_the_model_does(
    tmp_path: Path, uri: str, store: Store, params: Params, model: torch.nn.Module
) -> None:
    assert publish_to_mlflow(params, uri, {}, tmp_path)["models"] == {NAME: f"models:/{REGISTERED}/1"}
    run = all_runs(store)[0]
    version = store.client.get_model_version_by_alias(REGISTERED, "current")
    assert (version.version, version.run_id) == (1, run.info.run_id)
    (logged,) = run.outputs.model_outputs
    model_of_run = store.client.get_logged_model(logged.model_id)
    assert (model_of_run.status.value, model_of_run.artifact_location) == ("READY", version.source)
    assert json.loads(model_of_run.tags["mlflow.modelVersions"]) == [{"name": REGISTERED, "version": 1}]
    loaded = mlflow.pyfunc.load_model(str(folder_of(store, "1")))
    np.testing.assert_allclose(loaded.predict(images()), expected(model), rtol=1e-5)


def test_it_says_what_it_takes_and_returns(
    tmp_path: Path, uri: str, store: Store, params: Params, model: torch.nn.Module
) -> None:
    publish_to_mlflow(params, uri, {}, tmp_path)
    folder = folder_of(store, "1")
    about = Model.load(str(folder))
    (taken,), (returned,) = about.signature.inputs.inputs, about.signature.outputs.inputs
    assert (taken.type, taken.shape) == (np.dtype("uint8"), (-1, 28, 28))
    assert (returned.type, returned.shape) == (np.dtype("float64"), (-1, 2))
    example = about.load_input_example(str(folder))
    np.testing.assert_array_equal(example, np.load(tmp_path / "data/fashion_mnist/test_images.npy")[:1])
    loaded = mlflow.pyfunc.load_model(str(folder))
    np.testing.assert_array_equal(loaded.input_example, example)
    assert loaded.predict(example).shape == (1, 2)


def test_the_alias_is_at_the_model_on_disk(
    tmp_path: Path, uri: str, store: Store, params: Params, model: torch.nn.Module
) -> None:
    current = lambda: store.client.get_model_version_by_alias(REGISTERED, "current").version  # noqa: E731
    publish_to_mlflow(params, uri, {}, tmp_path)
    weights = tmp_path / "models" / "fashion" / NAME / "seed-0.safetensors"
    first, second = weights.read_bytes(), (weights.parent / "seed-1.safetensors").read_bytes()
    for content, version in ((first, 1), (second, 2), (first, 1)):
        weights.write_bytes(content)
        publish_to_mlflow(params, uri, {}, tmp_path)
        assert current() == version
    assert len(store.client.search_model_versions(f"name = '{REGISTERED}'")) == 2


def test_what_is_no_focus_variant_or_of_other_data_is_not_released(
    tmp_path: Path, uri: str, params: Params, model: torch.nn.Module
) -> None:
    study = params.studies["fashion"]
    without = params.model_copy(update={"studies": {"fashion": study.model_copy(update={"focus": ()})}})
    assert publish_to_mlflow(without, uri, {}, tmp_path)["models"] == {}
    about = tmp_path / "data" / "fashion_mnist" / "dataset.json"
    write_json(about, read_json(about) | {"digest": DIGEST[::-1]})
    assert publish_to_mlflow(params, uri, {}, tmp_path)["models"] == {}


def test_the_first_seed_that_did_not_diverge_is_released(
    tmp_path: Path, uri: str, store: Store, params: Params
) -> None:
    model = write_model(write_training_run(tmp_path, diverged=0), seed=1)
    publish_to_mlflow(params, uri, {}, tmp_path)
    loaded = mlflow.pyfunc.load_model(str(folder_of(store, "1")))
    np.testing.assert_allclose(loaded.predict(images()), expected(model), rtol=1e-5)


@pytest.mark.pipeline
def test_mlflow_ui_without_options_shows_what_was_published_to_the_file_or_through_the_server(
    tmp_path: Path, uri: str, params: Params, model: torch.nn.Module
) -> None:
    write_evaluation(tmp_path)
    local = publish_to_mlflow(params, uri, {}, tmp_path)
    with served(tmp_path) as server:
        store = open_store(server)
        first, second = all_runs(store)
        assert local["runs"] == {NAME: {"0": first.info.run_id, "1": second.info.run_id}}
        assert points(store, first.info.run_id, "train/loss") == [(0, 2.0), (1, 1.0), (2, 0.0)]
        figures = [file.path for file in store.client.list_artifacts(first.info.run_id, "figures")]
        assert figures == ["figures/reliability.png"]
        assert figure(server, first.info.run_id) == PNG
        mlflow.set_tracking_uri(server)
        address = f"models:/{REGISTERED}@current"
        np.testing.assert_allclose(mlflow.pyfunc.load_model(address).predict(images()), expected(model), rtol=1e-5)

        write_training_run(tmp_path, identity="f2")
        other = write_model(tmp_path, seed=0)
        through_server = publish_to_mlflow(params, server, {}, tmp_path)  # figures travel by HTTP
        assert through_server["models"] == {NAME: f"models:/{REGISTERED}/2"}
        assert figure(server, through_server["runs"][NAME]["0"]) == PNG
        np.testing.assert_allclose(mlflow.pyfunc.load_model(address).predict(images()), expected(other), rtol=1e-5)


def figure(server: str, run: str) -> bytes:
    """A run's figure as the server hands it out."""
    content: bytes = urllib.request.urlopen(f"{server}/get-artifact?run_uuid={run}&path=figures/reliability.png").read()
    return content
