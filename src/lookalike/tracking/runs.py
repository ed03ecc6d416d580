"""MLflow's runs: one per trained seed, and one above those of a variant. Their names, tags and points."""

import getpass
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from lookalike.artifacts.models import Row
from lookalike.tracking.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

METRICS_PER_BATCH = 800  # MLflow takes 1000 entries per call, parameters and tags included
IDENTITY = ("study", "variant", "seed", "fingerprint")  # the tags by which a run is found, without "lookalike."
ALL_SEEDS = "all"
PUBLISHED = "lookalike.published"  # tag: digest of all that a run or model showed when it was last published
SECTIONS = {  # of columns whose name does not begin with that of their section
    "lr": "train/lr",
    "seconds": "resources/seconds_per_epoch",
    "images_per_second": "resources/images_per_second",
}


class Point(NamedTuple):
    """One value of a curve; `timestamp` in milliseconds since 1970, as everywhere in MLflow."""

    key: str
    value: float
    step: int
    timestamp: int


@dataclass(frozen=True)
class Identity:
    """The key of a run: training runs with the same one are shown as one; seed None means the run above all seeds."""

    study: str
    variant: str
    seed: int | None
    fingerprint: str

    @property
    def run_name(self) -> str:
        return self.variant if self.seed is None else f"{self.variant}-seed{self.seed}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags by which the run is found again."""
        return {
            "lookalike.study": self.study,
            "lookalike.variant": self.variant,
            "lookalike.seed": ALL_SEEDS if self.seed is None else str(self.seed),
            "lookalike.fingerprint": self.fingerprint,
        }


def find_or_create_run(store: Store, identity: Identity, started: int) -> "Run":
    """The run with an identity; a new one has status RUNNING and begins at `started` (milliseconds)."""
    experiment = store.experiment(identity.study)
    query = " and ".join(f"tags.`{name}` = '{value}'" for name, value in identity.tags.items())
    found = store.client.search_runs([experiment], query, max_results=1)
    return found[0] if found else create_run(store, experiment, identity, started, {})


def runs_by_identity(store: Store, experiment: str) -> dict[Identity, "Run"]:
    """The runs of this project in an experiment, without those that others put there."""
    runs: dict[Identity, Run] = {}
    token: str | None = ""
    while token is not None:
        page = store.client.search_runs([experiment], page_token=token or None)
        for run in page:
            if (identity := identity_of(run.data.tags)) is not None:
                runs.setdefault(identity, run)
        token = page.token or None
    return runs


def identity_of(tags: dict[str, str]) -> Identity | None:
    """The identity with these tags; None if they are not those of this project's runs."""
    study, variant, seed, fingerprint = (tags.get(f"lookalike.{name}", "") for name in IDENTITY)
    if not (study and variant and fingerprint and (seed == ALL_SEEDS or seed.isdecimal())):
        return None
    return Identity(study, variant, None if seed == ALL_SEEDS else int(seed), fingerprint)


def create_run(store: Store, experiment: str, identity: Identity, started: int, tags: dict[str, str]) -> "Run":
    """A new run, see `find_or_create_run`; `tags` are added to those of the identity."""
    tags = tags | identity.tags | {"mlflow.user": user()}
    return store.client.create_run(experiment, start_time=started, tags=tags, run_name=identity.run_name)


def user() -> str:
    """The login name, which a container need not have."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def origin_tags(about: dict[str, Any]) -> dict[str, str]:
    """Tags with the commit, host and script of a training run, from its `run.json`."""
    return {
        "mlflow.source.name": "stages/train.py",
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": about["commit"],
        "git.commit": about["commit"],
        "git.dirty": str(about["dirty"]).lower(),
        "host": about["host"],
    }


def log(store: Store, run_id: str, points: Iterable[Point], params: dict[str, str], tags: dict[str, str]) -> None:
    """Write everything in as few calls as MLflow allows: one, unless there are very many points."""
    from mlflow.entities import Metric, Param, RunTag

    metrics = [Metric(point.key, point.value, point.timestamp, point.step) for point in points]
    while len(metrics) > METRICS_PER_BATCH:
        store.client.log_batch(run_id, metrics[:METRICS_PER_BATCH])
        metrics = metrics[METRICS_PER_BATCH:]
    param_list = [Param(name, value) for name, value in params.items()]
    store.client.log_batch(run_id, metrics, param_list, [RunTag(name, value) for name, value in tags.items()])


def row_points(row: Row, timestamp: int) -> list[Point]:
    """The points of one row of a history: every column except seed and epoch is a curve, and the epoch is the step."""
    curves = {metric_name(name): value for name, value in row.items() if name not in ("seed", "epoch")}
    return [Point(name, value, int(row["epoch"]), timestamp) for name, value in curves.items()]


def metric_name(column: str) -> str:
    """The name of a metric, with a slash after the section by which MLflow groups charts: `train/loss`."""
    return SECTIONS.get(column) or column.replace("_", "/", 1)


def logged_steps(store: Store, run: "Run", keys: Iterable[str]) -> set[tuple[str, int]]:
    """The points that `run` has already of the curves `keys`, as (key, step)."""
    known = [key for key in keys if key in run.data.metrics]
    return {(key, point.step) for key in known for point in store.client.get_metric_history(run.info.run_id, key)}


def milliseconds(time: str) -> int:
    """An ISO 8601 time as MLflow counts it: milliseconds since 1970."""
    return int(datetime.fromisoformat(time).timestamp() * 1000)
