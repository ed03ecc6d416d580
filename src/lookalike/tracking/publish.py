"""Bring MLflow up to date with the trained variants on disk. A second time changes nothing."""

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
from lookalike.tracking.records import NOTE, FinishedVariant, RunRecord, describe_study, finished_variants, run_records
from lookalike.tracking.released import publish_models, releases
from lookalike.tracking.runs import PUBLISHED, Identity, Point, create_run, log, logged_steps, runs_by_identity
from lookalike.tracking.store import Store, open_store, public_name, warn

if TYPE_CHECKING:
    from mlflow.entities import Run

CLAIM = "claim."  # begins the tags of an experiment with the verdicts on its study's claims
AGAIN = "; when it answers again, run `dvc repro --force --single-item publish`"  # else DVC considers the stage done

Verdicts = Mapping[str, Mapping[str, str]]  # by study and claim
RunIds = dict[str, dict[str, str]]  # by variant and seed


def publish_to_mlflow(params: Params, uri: str, verdicts: Verdicts, folder: Path = Path()) -> dict[str, Any]:
    """Show every trained variant of `params` in the store at `uri`, and release its models.

    Args:
        verdicts: by study and claim; tags of the study's experiment.
        folder: with `models/`, `runs/`, `comparisons/`, `data/` and `dvc.lock`.

    Returns:
        `tracking`, the store's name without paths and credentials; `runs`, run ids by variant and seed; `models`, by
        variant the address of its released model. If the store fails, there is a warning on stderr and no exception;
        `error` then has the reason, and the keys that are not known are missing. Without trained variants no store is
        opened.
    """
    variants = list(finished_variants(params, folder))
    shown: dict[str, Any] = {"tracking": public_name(uri)}
    if not variants:
        return shown | {"runs": {}, "models": {}}
    released = list(releases(variants, params, folder))
    try:
        store = open_store(uri)
        with store.lock():
            shown["runs"] = runs = publish_runs(store, variants, params, verdicts)
            shown["models"] = publish_models(store, released, runs)
    except Exception as error:  # on purpose: nothing that goes wrong with a view may cost a result
        shown["error"] = warn(uri, error, AGAIN)
    return shown


def publish_runs(store: Store, variants: list[FinishedVariant], params: Params, verdicts: Verdicts) -> RunIds:
    """Bring the runs and experiments of all studies up to date; returns the runs' ids."""
    ids: RunIds = {}
    for study in dict.fromkeys(variant.about["study"] for variant in variants):
        experiment = store.experiment(study)
        runs, current = runs_by_identity(store, experiment), list[Identity]()
        for variant in variants:
            if variant.about["study"] == study:
                summary, *seeds = run_records(variant)
                parent = publish_run(store, experiment, runs, summary)
                ids[summary.identity.variant] = {
                    str(one.identity.seed): publish_run(store, experiment, runs, one.below(parent)) for one in seeds
                }
                current += [one.identity for one in (summary, *seeds)]
        end_abandoned(store, runs, current)
        mark_superseded(store, runs, current)
        remove_claims(store, runs.values())
        claims = {CLAIM + claim: verdict for claim, verdict in verdicts.get(study, {}).items()}
        tag_experiment(store, experiment, {NOTE: describe_study(study, params)} | claims)
    return ids


def publish_run(store: Store, experiment: str, runs: Mapping[Identity, "Run"], record: RunRecord) -> str:
    """Bring one run up to date, which is among `runs` or new; returns its id."""
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


def remove_claims(store: Store, runs: Iterable["Run"]) -> None:
    """Remove the verdicts that runs had in former versions, because nothing updates those of earlier settings."""
    for run in runs:
        for name in run.data.tags:
            if name.startswith(CLAIM):
                store.client.delete_tag(run.info.run_id, name)


def complete_run(store: Store, run: "Run", record: RunRecord) -> None:
    """Add what `run` lacks. The digest comes last, so that an interrupted publication is repeated."""
    run_id = run.info.run_id
    log_inputs(store, run, record)
    log_figures(store, run, record)
    params = {name: value for name, value in record.params.items() if name not in run.data.params}
    tags = {name: value for name, value in record.tags.items() if run.data.tags.get(name) != value}
    points = missing_points(store, run, record)
    log(store, run_id, points, params, tags | {PUBLISHED: record.digest})
    store.client.set_terminated(run_id, record.status, record.finished)


def missing_points(store: Store, run: "Run", record: RunRecord) -> list[Point]:
    """The points of curves whose step `run` has not, and the results that differ from those it shows."""
    logged = logged_steps(store, run, {point.key for point in record.curves})
    now = int(time.time() * 1000)  # among values of one step MLflow shows the latest
    changed = {name: value for name, value in record.results.items() if run.data.metrics.get(name) != value}
    return [point for point in record.curves if (point.key, point.step) not in logged] + [
        Point(name, value, 0, now) for name, value in changed.items()
    ]


def log_inputs(store: Store, run: "Run", record: RunRecord) -> None:
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


def log_figures(store: Store, run: "Run", record: RunRecord) -> None:
    """Write the figures to the run's artifacts, beside a SQLite store or through the server.

    They become PNG files, since MLflow's pages show no WebP.
    """
    if record.figures is None:
        return
    target = store.artifact_folder(run.info.artifact_uri)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) if target is None else target / "figures"
        for path in record.figures.rglob("*.webp"):
            out = io.BytesIO()
            with Image.open(path) as image:
                image.save(out, "PNG")
            write_bytes(folder / path.relative_to(record.figures).with_suffix(".png"), out.getvalue())
        if target is None:
            store.client.log_artifacts(run.info.run_id, made, "figures")
