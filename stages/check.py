"""Stage check: params.yaml -> checked, a file whose content never changes.

It comes before all others, so that a mistake in what they share ends `dvc repro` in one line that says what is allowed.
An edit of a variant does not run it: that variant's own stage validates the file.
"""

from pathlib import Path

from lookalike.artifacts.folders import write_text
from lookalike.command import run
from lookalike.params import load_params


def main() -> None:
    """Validate the whole file."""
    load_params()
    write_text(Path("checked"), "params.yaml is valid\n")


if __name__ == "__main__":
    run(main)
