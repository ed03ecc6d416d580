"""`lookalike results add|list|verify`."""

import argparse
import sys
from pathlib import Path

from lookalike.errors import InputError

ABOUT = "keep finished training runs in results/, list and verify them"
TEXT = """\
add VARIANT...   evaluate, explain and embed trained variants, as far as that has not been done, and copy the
                 evidence to results/; commit it then. Refused are a demonstration, files with changes, and
                 models that were trained with other settings than those of params.yaml.
add FILE...      the same for archives of evidence that a bundle has left, see `lookalike bundle`.
list             every run: size, seeds, precision, commit, date, device, hours.
verify           check all files, and compute every figure again from the logits.
"""
EXAMPLES = """
examples:
  lookalike results add fashion-cnn fashion-vit
  lookalike results add evidence-1.zip evidence-2.zip
  lookalike results list
"""
COLUMNS = ("study", "variant", "run", "profile", "parameters", "images", "seeds", "precision", "commit", "date")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be asked for."""
    parser.add_argument("action", choices=("add", "list", "verify"), help="what to do")
    parser.add_argument("what", nargs="*", metavar="VARIANT|FILE", help="for add: variants, or archives of evidence")


def work(given: argparse.Namespace) -> None:
    """Do it.

    Raises:
        InputError: nothing, or too much, is named; see `add.add`.
    """
    if (given.action == "add") != bool(given.what):
        raise InputError(
            f"results {given.action}: name {'one variant or archive at least' if not given.what else 'none'}"
        )
    {"add": add, "list": show, "verify": verify}[given.action](*given.what)


def add(*what: str) -> None:
    """Add variants or archives."""
    from lookalike.results.add import add as add_variants
    from lookalike.results.add import add_archives

    archives = [Path(name) for name in what if name.endswith(".zip")]
    names = [name for name in what if not name.endswith(".zip")]
    folders = [*(add_variants(names) if names else []), *(add_archives(archives) if archives else [])]
    for folder in folders:
        print(f"added {folder}")


def show() -> None:
    """List every run, and a line for each that cannot be read."""
    from lookalike.results.records import find_runs

    found = find_runs()
    rows = []
    for run in found.runs:
        about, description = run.about, run.description
        rows.append(
            {
                "study": run.record.study,
                "variant": run.record.variant,
                "run": run.folder.name,
                "profile": run.record.profile,
                "parameters": f"{description.parameters:,}",
                "images": f"{description.train_images:,}",
                "seeds": len(description.seeds),
                "precision": description.precision,
                "commit": about["commit"][:10],
                "date": about["finished"][:10],
                "hours": f"{run.hours:.2f}",
                "device": about["device"]["name"],
            }
        )
    if rows:
        import pandas as pd

        print(pd.DataFrame(rows).to_string(index=False))
    for fault in found.faults:
        print(f"cannot be used: {fault}", file=sys.stderr)


def verify() -> None:
    """Check all runs.

    Raises:
        InputError: some are not as they should be; a line for each stands before.
    """
    from lookalike.results.verify import verify_all

    runs, faults = verify_all()
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        raise InputError(f"{len(faults)} of {runs + len(faults)} runs are not as they should be")
    print(f"{runs} runs: all files are whole, and all figures follow from the logits")
