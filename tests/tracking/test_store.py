"""The MLflow store: where it is, and what happens if it is not there."""

import os
import shutil
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import get_context
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from written_runs import DEAD, VERDICTS, all_runs, points, write_training_run

from lookalike.params import Params
from lookalike.tracking.publish import publish_to_mlflow
from lookalike.tracking.store import locate, open_store, public_name


def test_a_dead_server_costs_a_warning_and_little_time(
    tmp_path: Path, fresh_store: Path, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    published = publish_to_mlflow(params, DEAD, {}, write_training_run(tmp_path))
    assert time.monotonic() - started < 10
    assert published["tracking"] == "http://127.0.0.1:9"
    assert "refused" in published["error"]
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: MLflow (http://127.0.0.1:9)")
    assert line.endswith("; when it answers again, run `dvc repro --force --single-item publish`")
    assert "secret" not in line


def test_a_store_that_may_only_be_read_costs_a_warning(
    tmp_path: Path, uri: str, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse_writing(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    event.listen(Engine, "connect", refuse_writing)
    try:
        published = publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
    finally:
        event.remove(Engine, "connect", refuse_writing)
    assert published == {"tracking": "local store", "error": "attempt to write a readonly database"}
    assert len(capsys.readouterr().err.splitlines()) == 1


class KnowsNothing(BaseHTTPRequestHandler):
    """A server of another kind, or an MLflow that has none of what is asked for."""

    def do_GET(self) -> None:
        self.send_error(404)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *_: object) -> None:
        """In silence."""


def test_a_server_that_knows_nothing_costs_a_warning(
    tmp_path: Path, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    with HTTPServer(("127.0.0.1", 0), KnowsNothing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        uri = f"http://127.0.0.1:{server.server_port}"
        published = publish_to_mlflow(params, uri, {}, write_training_run(tmp_path))
        server.shutdown()
    assert set(published) == {"tracking", "error"}
    assert "404" in published["error"]
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_broken_store_costs_a_warning(tmp_path: Path, params: Params, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mlflow.db").write_text("this is no database")
    published = publish_to_mlflow(params, locate(None, tmp_path), {}, write_training_run(tmp_path))
    assert set(published) == {"tracking", "error"}
    assert str(tmp_path) not in published["error"] + capsys.readouterr().err


@pytest.mark.parametrize("name", ["100%", "a%20b", "%41", "a?b=c", "a#b", "a b", "Schränke", "a&b", "it's", "a:b@c"])
def test_a_folder_may_have_any_name(
    tmp_path: Path, fresh_store: Path, params: Params, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    file = f"{name.encode().hex()}.db"  # MLflow keeps a connection for each address, and here all folders have one
    shutil.copy(fresh_store, file)
    assert "error" not in publish_to_mlflow(params, locate(f"sqlite:///{file}", folder), {}, write_training_run(folder))
    with sqlite3.connect(file) as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (3,)
    assert not [path for path in tmp_path.iterdir() if path != folder]


def test_settings_of_a_person_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    open_store(DEAD)
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"


def test_where_the_store_is(tmp_path: Path) -> None:
    assert locate(None, tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
    above = os.path.relpath(tmp_path)
    assert locate(None, tmp_path / "a%20b?") == f"sqlite:///{above}/a%2520b%3F/mlflow.db"
    assert locate("sqlite:///other.db", tmp_path) == f"sqlite:///{tmp_path}/other.db"
    assert locate("sqlite:////else/where.db", tmp_path) == "sqlite:////else/where.db"
    assert locate(DEAD, tmp_path) == DEAD
    named = ("sqlite:////else/where.db", "https://a:b@host:8080/mlflow?x=1", "databricks", "file:///tmp/mlruns")
    assert [*map(public_name, named)] == ["local store", "https://host:8080/mlflow", "databricks", "local store"]


@pytest.mark.pipeline
def test_four_processes_at_once_make_one_store(tmp_path: Path, fresh_store: Path, params: Params) -> None:
    write_training_run(tmp_path)
    uri = locate(None, tmp_path)
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:  # forked: MLflow is imported already
        results = list(pool.map(publish_to_mlflow, [params] * 4, [uri] * 4, [VERDICTS] * 4, [tmp_path] * 4))
    assert results == [results[0]] * 4
    store = open_store(uri)
    assert len(all_runs(store)) == 2
    assert len(points(store, all_runs(store)[0].info.run_id, "valid/best_epoch")) == 1
