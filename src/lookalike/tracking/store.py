"""The MLflow store: locate it, open it and, if it is a file, create it."""

import logging
import os
import re
import sqlite3
import sys
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from filelock import FileLock

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE = "mlflow.db"  # what `mlflow ui` without options opens in the folder it is started in,
ARTIFACTS = "mlartifacts"  # and where it then looks for files whose address begins with:
ARTIFACT_SCHEME = "mlflow-artifacts:/"

LOCK_SECONDS = 60.0

# MLflow takes these from the environment alone; what a person has set there holds.
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # `mlflow ui` starts sooner; nothing here hands it jobs
}


@dataclass(frozen=True)
class Store:
    """An open store.

    Attributes:
        client: MLflow's own.
        folder: of the SQLite file, which has its artifacts beside it; None for a server, which keeps its own.
    """

    client: "MlflowClient"
    folder: Path | None

    def lock(self) -> AbstractContextManager[object]:
        """Keep other processes from writing to a SQLite store: looking for a run and creating it are two steps."""
        return nullcontext() if self.folder is None else file_lock(self.folder)

    def experiment(self, study: str) -> str:
        """The id of the experiment `lookalike/<study>`; created, or restored from the bin, if need be."""
        from mlflow.exceptions import MlflowException

        name = experiment_name(study)
        found = self.client.get_experiment_by_name(name)
        if found is None:
            location = None if self.folder is None else f"{ARTIFACT_SCHEME}{study}"
            try:
                return self.client.create_experiment(name, artifact_location=location)
            except MlflowException:  # another process was faster
                found = self.client.get_experiment_by_name(name)
                if found is None:
                    raise
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return found.experiment_id

    def artifact_folder(self, uri: str) -> Path | None:
        """The folder of a run's artifacts with the address `uri`; None if only a server can write there."""
        if self.folder is None or not uri.startswith(ARTIFACT_SCHEME):
            return None
        return self.folder / ARTIFACTS / uri.removeprefix(ARTIFACT_SCHEME)


def experiment_name(study: str) -> str:
    return f"lookalike/{study}"


def locate(given: str | None, root: Path) -> str:
    """The store's URI: `given` (a relative SQLite file lies in `root`), else a SQLite file in `root`.

    It is absolute, unless a folder's name has characters that a URI takes for its own: then it is relative to here.
    """
    uri = given or f"sqlite:///{DATABASE}"
    file = sqlite_file(uri)
    if file is None:
        return uri
    path = root.resolve() / file
    if re.search("[%?]", str(path)):  # in a URI they have a meaning, and MLflow makes a folder of the quoted name
        path = Path(os.path.relpath(path))
    return f"sqlite:///{path.as_posix().replace('%', '%25').replace('?', '%3F')}"


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite URI; None if `uri` has another scheme."""
    return Path(unquote(uri.removeprefix("sqlite:///"))) if uri.startswith("sqlite:///") else None


def public_name(uri: str) -> str:
    """The name of the store in the report, without credentials and paths of this machine."""
    parts = urlsplit(uri)
    if not parts.netloc:
        return "local store" if "/" in uri else uri
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def apply_settings() -> None:
    """Put the `SETTINGS` into this process's environment, in which MLflow and what is started here find them."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)


def open_store(uri: str) -> Store:
    """Open the store at `uri`; a SQLite file is made if it is not there.

    Raises:
        MlflowException, SQLAlchemyError, OSError: it cannot be opened. A server that is down shows at the first use.
    """
    apply_settings()
    from mlflow import MlflowClient

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters arrives as an exception
    database = sqlite_file(uri)
    if database is None:
        return Store(MlflowClient(uri), None)
    database.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(database.parent):
        if not database.exists():
            create_database(database)
    return Store(MlflowClient(uri), database.parent)


def file_lock(folder: Path) -> FileLock:
    """The lock that guards the SQLite store in `folder`; waits a minute at most."""
    return FileLock(folder / f"{DATABASE}.lock", timeout=LOCK_SECONDS)


def create_database(path: Path) -> None:
    """Make an empty MLflow database.

    MLflow builds it in dozens of migrations, each of which waits for the disk: six seconds. Here they run in
    memory (under one second) and the result is copied and renamed, so that nobody sees half a database.
    """
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    engine = SqlAlchemyStore("sqlite:///:memory:", ARTIFACT_SCHEME).engine
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(part)) as copy, closing(engine.raw_connection()) as connection:
        assert isinstance(connection.driver_connection, sqlite3.Connection)
        connection.driver_connection.backup(copy)
    part.replace(path)


def warn(uri: str, error: BaseException, advice: str = "") -> str:
    """Warn in one line on stderr that MLflow is not up to date; returns the reason, without credentials and paths."""
    while cause := error.__cause__ or error.__context__:  # the innermost is the shortest
        error = cause
    file = sqlite_file(uri)
    private = (uri, public_name(uri)) if file is None else (str(file.parent), ".")
    reason = " ".join(str(error).split()).replace(*private) or type(error).__name__
    reason = re.sub(r"//[^/@\s]+@", "//", reason)[:300]
    print(f"warning: MLflow ({public_name(uri)}) is not up to date: {reason}{advice}", file=sys.stderr, flush=True)
    return reason
