"""Bring MLflow up to date with the finished trainings on disk. Doing so twice changes nothing."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.params import Params
from lookalike.tracking.records import Record, Verdicts, claim_tags, seed_records, trainings
from lookalike.tracking.runs import Point, find_or_create_run, log, logged_steps
from lookalike.tracking.store import Store, failures, open_store, public_name, warn

if TYPE_CHECKING:
    from mlflow.entities import Run

PUBLISHED = "lookalike.published"  # tag: digest of all that the run showed when it was last published


def publish(params: Params, uri: str, verdicts: Verdicts, folder: Path = Path()) -> dict[str, Any]:
    """Show every finished training of a variant in `params` in the store at `uri`.

    Args:
        verdicts: by study and claim; tags of the study's experiment and of its runs.
        folder: with `models/`, `runs/`, `comparisons/` and `dvc.lock`.

    Returns:
        `tracking`, the store's name without paths and credentials, and `runs`, run ids by variant and seed. If the
        store failed, `error` stands in their place and a warning on stderr: there is no exception.
    """
    records = [record for training in trainings(params, folder, verdicts) for record in seed_records(training)]
    try:
        return {"tracking": public_name(uri), "runs": publish_records(records, uri, verdicts)}
    except failures() as error:
        return {"tracking": public_name(uri), "error": warn(uri, error)}


def publish_records(records: list[Record], uri: str, verdicts: Verdicts) -> dict[str, dict[str, str]]:
    """Bring runs and experiments up to date: the runs' ids by variant and seed. Without records no store is opened."""
    if not records:
        return {}
    runs: dict[str, dict[str, str]] = {}
    store = open_store(uri)
    with store.lock():
        for record in records:
            run = find_or_create_run(store, record.identity, record.started)
            if run.data.tags.get(PUBLISHED) != record.digest or run.info.status != record.status:
                complete_run(store, run, record)
            runs.setdefault(record.identity.variant, {})[str(record.identity.seed)] = run.info.run_id
        for study in {record.identity.study for record in records}:
            for tag, verdict in claim_tags(verdicts, study).items():
                store.client.set_experiment_tag(store.experiment(study), tag, verdict)
    return runs


def complete_run(store: Store, run: "Run", record: Record) -> None:
    """Add what `run` lacks. The digest comes last: a publication that was cut short is done again."""
    run_id = run.info.run_id
    log_dataset(store, run, record)
    log_figures(store, run, record)
    params = {name: value for name, value in record.params.items() if name not in run.data.params}
    points = missing_points(store, run, record)
    log(store, run_id, points, params, record.tags | {PUBLISHED: record.digest})
    store.client.set_terminated(run_id, record.status, record.finished)


def missing_points(store: Store, run: "Run", record: Record) -> list[Point]:
    """The points of curves whose step `run` has not, and the results that differ from those it shows."""
    logged = logged_steps(store, run, {point.key for point in record.curves})
    now = int(time.time() * 1000)  # among values of one step MLflow shows the latest
    changed = {name: value for name, value in record.results.items() if run.data.metrics.get(name) != value}
    return [point for point in record.curves if (point.key, point.step) not in logged] + [
        Point(name, value, 0, now) for name, value in changed.items()
    ]


def log_dataset(store: Store, run: "Run", record: Record) -> None:
    """Name the data set as the run's input, if that was not done before."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    if run.inputs is None or not run.inputs.dataset_inputs:
        context = [InputTag("mlflow.data.context", "training")]
        store.client.log_inputs(run.info.run_id, [DatasetInput(Dataset(**record.dataset), context)])


def log_figures(store: Store, run: "Run", record: Record) -> None:
    """Put the figures where the run's artifacts lie: by copying beside a SQLite store, else through the server."""
    if record.figures is None:
        return
    target = store.artifact_folder(run.info.artifact_uri)
    if target is None:
        store.client.log_artifacts(run.info.run_id, str(record.figures), "figures")
    else:
        shutil.copytree(record.figures, target / "figures", dirs_exist_ok=True)
