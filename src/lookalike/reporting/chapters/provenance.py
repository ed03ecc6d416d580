"""The origin of a report: its commit, the data, the training runs, the parameters."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from lookalike import provenance
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.test_sets import TestSet, load_test_set
from lookalike.params import Params
from lookalike.reporting.document import Code, Fold, Json, Section, Table, section
from lookalike.reporting.forms import count, text
from lookalike.reporting.tables import Column, labels, tabulate, with_links

Runs = dict[str, dict[str, str]]  # MLflow's ids by variant and seed

ORIGIN = labels("what", "value")
DATA = (
    Column("data set", "name", text),
    Column("what", "about", text),
    Column("licence", "licence", text),
    Column("SHA-256 of the arrays", "digest", text, extra=True),
)
TRAINING_RUNS = (
    Column("variant", "variant", text),
    Column("fingerprint", "fingerprint", text, extra=True),
    Column("commit", "commit", text),
    Column("finished (UTC)", "finished", text),
    Column("host", "host", text, extra=True),
    Column("device", "device.name", text),
    Column("precision", "device.precision", text, extra=True),
    Column("threads", "device.threads", count, extra=True),
    Column("processes", "device.processes", count, extra=True),
    Column("MLflow runs, by seed", "mlflow", text),
)


def provenance_chapter(params: Params, parameters: str, root: Path) -> Section:
    """The origin of the report and of all that it shows; `parameters` is the text of the parameter file."""
    mlflow = read_json(root / "published.json")
    runs: Runs = mlflow.get("runs", {})  # none if the store failed
    training_rows = [training_row(root, variant.study, name, runs) for name, variant in params.variants.items()]
    sets = {study: load_test_set(root / "test_sets" / study) for study in params.studies}
    own = [{"what": what, "value": value} for what, value in report_origin(mlflow).items()]
    return section(
        "provenance",
        "Provenance",
        tabulate("This report", ORIGIN, own),
        section("provenance-data", "Data", data_set_table(sets.values())),
        section("provenance-training-runs", "Training runs", tabulate("Where and when", TRAINING_RUNS, training_rows)),
        Fold("Parameters (params.yaml)", (Code(parameters),)),
        finding=origin_sentence(training_rows),
    )


def data_set_table(sets: Collection[TestSet]) -> Table:
    """Every data set once: what it is, with a link to its source, its licence and its digest."""
    known = [one for _, one in sorted({one.name: one for one in sets}.items())]
    rows = [
        {
            "name": one.title,
            "about": one.provenance.get("about") or f"{one.provenance['citation']}; {one.provenance['homepage']}",
            "licence": one.provenance["licence"],
            "digest": one.digest,
        }
        for one in known
    ]
    homes = [one.provenance.get("homepage", "") for one in known]
    return with_links(tabulate("Data sets", DATA, rows), (home if home.startswith("http") else "" for home in homes))


def origin_sentence(training_rows: Sequence[Json]) -> str:
    """How many training runs the report shows, and from how many commits and machines they come."""
    commits, hosts = ({row[key] for row in training_rows} for key in ("commit", "host"))
    counts = ((len(training_rows), "variant"), (len(commits), "commit"), (len(hosts), "machine"))
    variants, from_commits, machines = (f"{count} {what}{'s' if count > 1 else ''}" for count, what in counts)
    return f"The report shows {variants}, trained from {from_commits} on {machines}."


def training_row(root: Path, study: str, variant: str, runs: Runs) -> Json:
    """Where, when and from which commit a variant was trained, and its MLflow runs by seed."""
    run: dict[str, Any] = read_json(root / "runs" / study / variant / "run.json")
    ids = ", ".join(f"{seed}: {run_id}" for seed, run_id in runs.get(variant, {}).items())
    state = " + changes" if run["dirty"] else ""
    device = {"processes": 1} | run["device"]  # older runs do not say it, and could not have more
    shown = {"commit": run["commit"][:10] + state, "finished": run["finished"][:19], "mlflow": ids or None}
    return run | shown | {"device": device}


def report_origin(mlflow: Json) -> dict[str, str]:
    """The report's own provenance, label -> text."""
    commit = provenance.commit()
    state = " with uncommitted changes" if commit["dirty"] else ""
    return {
        "rendered": provenance.now(),
        "from commit": f"{commit['commit']}{state}",
        "on": provenance.host(),
        "versions": ", ".join(f"{name} {version}" for name, version in provenance.versions().items()),
        "MLflow": mlflow.get("error") or mlflow["tracking"],
    }
