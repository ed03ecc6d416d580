"""Bring MLflow up to date with the finished trainings on disk. Doing so twice changes nothing."""

import io
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from lookalike.artifacts.folders import write_bytes
from lookalike.params import Params
from lookalike.tracking.earlier import end_abandoned, mark_superseded
from lookalike.tracking.records import NOTE, Record, Training, describe_study, records, trainings
from lookalike.tracking.released import publish_models, releases
from lookalike.tracking.runs import PUBLISHED, Identity, Point, create_run, find_runs, log, logged_steps
from lookalike.tracking.store import Store, open_store, public_name, warn

if TYPE_CHECKING:
    from mlflow.entities import Run

CLAIM = "claim."  # begins the tags of an experiment that say what became of its study's claims
AGAIN = "; when it answers again, run `dvc repro --force --single-item publish`"  # else DVC takes the stage for done

Verdicts = Mapping[str, Mapping[str, str]]  # by study and claim
RunIds = dict[str, dict[str, str]]  # by variant and seed


def publish(params: Params, uri: str, verdicts: Verdicts, folder: Path = Path()) -> dict[str, Any]:
    """Show every finished training of a variant in `params` in the store at `uri`, and release its models.

    Args:
        verdicts: by study and claim; tags of the study's experiment.
        folder: with `models/`, `runs/`, `comparisons/`, `data/` and `dvc.lock`.

    Returns:
        `tracking`, the store's name without paths and credentials; `runs`, run ids by variant and seed; `models`, by
        variant the address of its released model. If the store failed, `error` stands in place of what is not there,
        and a warning on stderr: there is no exception. Without trainings no store is opened.
    """
    found = list(trainings(params, folder))
    shown: dict[str, Any] = {"tracking": public_name(uri)}
    if not found:
        return shown | {"runs": {}, "models": {}}
    released = list(releases(found, params, folder))
    try:
        store = open_store(uri)
        with store.lock():
            shown["runs"] = runs = publish_runs(store, found, params, verdicts)
            shown["models"] = publish_models(store, released, runs)
    except Exception as error:  # on purpose: nothing that goes wrong with a view may cost a result
        shown["error"] = warn(uri, error, AGAIN)
    return shown


def publish_runs(store: Store, found: list[Training], params: Params, verdicts: Verdicts) -> RunIds:
    """Bring the runs and experiments of all studies up to date: the runs' ids."""
    ids: RunIds = {}
    for study in dict.fromkeys(training.about["study"] for training in found):
        experiment = store.experiment(study)
        runs, current = find_runs(store, experiment), list[Identity]()
        for training in found:
            if training.about["study"] == study:
                summary, *seeds = records(training)
                parent = publish_run(store, experiment, runs, summary)
                ids[summary.identity.variant] = {
                    str(one.identity.seed): publish_run(store, experiment, runs, one.below(parent)) for one in seeds
                }
                current += [one.identity for one in (summary, *seeds)]
        end_abandoned(store, runs, current)
        mark_superseded(store, runs, current)
        remove_claims(store, runs.values())
        tag_experiment(store, experiment, {NOTE: describe_study(study, params)} | claim_tags(verdicts, study))
    return ids


def publish_run(store: Store, experiment: str, runs: Mapping[Identity, "Run"], record: Record) -> str:
    """Bring one run up to date, which is among `runs` or new: its id."""
    run = runs.get(record.identity) or create_run(store, experiment, record.identity, record.started, record.tags)
    if run.data.tags.get(PUBLISHED) != record.digest or run.info.status != record.status:
        complete_run(store, run, record)
    run_id: str = run.info.run_id
    return run_id


def tag_experiment(store: Store, experiment: str, tags: dict[str, str]) -> None:
    """Set the tags of an experiment that differ; those of claims that are gone are removed."""
    known = store.client.get_experiment(experiment).tags
    for name, value in tags.items():
        if known.get(name) != value:
            store.client.set_experiment_tag(experiment, name, value)
    for name in known:
        if name.startswith(CLAIM) and name not in tags:
            store.client.delete_experiment_tag(experiment, name)


def claim_tags(verdicts: Verdicts, study: str) -> dict[str, str]:
    """What became of the claims of a study."""
    return {CLAIM + claim: verdict for claim, verdict in verdicts.get(study, {}).items()}


def remove_claims(store: Store, runs: Iterable["Run"]) -> None:
    """Take away the verdicts that runs had in former versions: nobody brings those of earlier settings up to date."""
    for run in runs:
        for name in run.data.tags:
            if name.startswith(CLAIM):
                store.client.delete_tag(run.info.run_id, name)


def complete_run(store: Store, run: "Run", record: Record) -> None:
    """Add what `run` lacks. The digest comes last: a publication that was cut short is done again."""
    run_id = run.info.run_id
    log_inputs(store, run, record)
    log_figures(store, run, record)
    params = {name: value for name, value in record.params.items() if name not in run.data.params}
    tags = {name: value for name, value in record.tags.items() if run.data.tags.get(name) != value}
    points = missing_points(store, run, record)
    log(store, run_id, points, params, tags | {PUBLISHED: record.digest})
    store.client.set_terminated(run_id, record.status, record.finished)


def missing_points(store: Store, run: "Run", record: Record) -> list[Point]:
    """The points of curves whose step `run` has not, and the results that differ from those it shows."""
    logged = logged_steps(store, run, {point.key for point in record.curves})
    now = int(time.time() * 1000)  # among values of one step MLflow shows the latest
    changed = {name: value for name, value in record.results.items() if run.data.metrics.get(name) != value}
    return [point for point in record.curves if (point.key, point.step) not in logged] + [
        Point(name, value, 0, now) for name, value in changed.items()
    ]


def log_inputs(store: Store, run: "Run", record: Record) -> None:
    """Name the data sets as the run's inputs, those that were not named before."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    known = {used.dataset.name for used in run.inputs.dataset_inputs} if run.inputs else set()
    inputs = [
        DatasetInput(Dataset(**fields), [InputTag("mlflow.data.context", context)])
        for context, fields in record.inputs.items()
        if fields["name"] not in known
    ]
    if inputs:
        store.client.log_inputs(run.info.run_id, inputs)


def log_figures(store: Store, run: "Run", record: Record) -> None:
    """Put the figures where the run's artifacts lie: by copying beside a SQLite store, else through the server; as PNG,
    since MLflow's pages show no WebP."""
    if record.figures is None:
        return
    target = store.artifact_folder(run.info.artifact_uri)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) if target is None else target / "figures"
        for path in record.figures.rglob("*.webp"):
            write_bytes(folder / path.relative_to(record.figures).with_suffix(".png"), as_png(path))
        if target is None:
            store.client.log_artifacts(run.info.run_id, made, "figures")


def as_png(path: Path) -> bytes:
    """A picture as PNG."""
    out = io.BytesIO()
    with Image.open(path) as image:
        image.save(out, "PNG")
    return out.getvalue()
