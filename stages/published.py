"""Stage published: results/ -> reports/published/."""

import sys
from pathlib import Path

from threadpoolctl import threadpool_limits

from lookalike.command import run
from lookalike.params import load_params
from lookalike.results.publish import publish

PARAMETERS = Path("params.yaml")


def main() -> None:
    """Render all results, and print a line for each run that was skipped."""
    params, text = load_params(PARAMETERS), PARAMETERS.read_text(encoding="utf-8")
    with threadpool_limits(1, "blas"):  # more threads wait for each other
        published = publish(params, text, Path("reports/published"))
    for fault in published.faults:
        print(f"left out: {fault}", file=sys.stderr)
    print(f"{len(published.runs)} runs of {len(published.chosen)} variants: reports/published/index.html")


if __name__ == "__main__":
    run(main)
