"""The commands `lookalike results add`, `list` and `verify`; their docstrings are their help."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from lookalike.cli.output import examples, print_json
from lookalike.errors import InputError

results = App(
    name="results",
    help="Add finished training runs to results/, list them and verify them.",
    help_epilogue=examples(
        "results add fashion-cnn fashion-vit",
        "results add evidence-1.zip evidence-2.zip",
        "results list",
        "results list --json",
        "results verify",
    ),
)


@results.command
def add(*what: Annotated[str, Parameter(required=True)]) -> None:
    """Copy the evidence of variants to results/.

    Evaluate, explain and embed trained variants if necessary, and copy their evidence
    to results/. Then commit it. The command refuses runs of a demonstration, a
    checkout with uncommitted changes, and models trained with other settings than
    those in params.yaml. It also adds the evidence archives of a bundle, see
    `lookalike bundle`.

    Args:
        what: A variant, or an archive such as evidence-1.zip.
    """
    from lookalike.results.add import add_archives, add_runs

    archives = [Path(name) for name in what if name.endswith(".zip")]
    names = [name for name in what if not name.endswith(".zip")]
    for folder in [*(add_runs(names) if names else []), *(add_archives(archives) if archives else [])]:
        print(f"added {folder}")


@results.command(name="list")
def list_runs(*, json: bool = False) -> None:
    """List every run, and report unreadable runs.

    JSON is a list of objects with the texts `study`, `variant`, `run` (the name of
    its folder), `profile`, `precision`, `commit`, `date` and `device`, the integers
    `parameters`, `images` (number of training images) and `seeds`, and the number
    `hours` (of training).

    Args:
        json: Print JSON.
    """
    from lookalike.results.records import find_runs

    found = find_runs()
    rows = [
        {
            "study": run.record.study,
            "variant": run.record.variant,
            "run": run.folder.name,
            "profile": run.record.profile,
            "parameters": run.description.parameters,
            "images": run.description.train_images,
            "seeds": len(run.description.seeds),
            "precision": run.description.precision,
            "commit": run.about["commit"][:10],
            "date": run.about["finished"][:10],
            "hours": run.hours,
            "device": run.about["device"]["name"],
        }
        for run in found.runs
    ]
    if json:
        print_json(rows)
    elif rows:
        import pandas as pd

        formats: dict[str, Callable[..., str]] = {
            "parameters": "{:,}".format,
            "images": "{:,}".format,
            "hours": "{:.2f}".format,
        }
        print(pd.DataFrame(rows).to_string(index=False, formatters=formats))
    for fault in found.faults:
        print(f"cannot be used: {fault}", file=sys.stderr)


@results.command
def verify() -> None:
    """Check all files, and compute every number again from the logits."""
    from lookalike.results.verify import verify_all

    runs, faults = verify_all()
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        raise InputError(f"{len(faults)} of {runs + len(faults)} runs are not as they should be")
    print(f"{runs} runs: all files are whole, and all figures follow from the logits")
