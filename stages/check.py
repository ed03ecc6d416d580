"""Stage check: params.yaml -> checked, a file whose content never changes.

It runs before all others, so that a mistake in what they share ends `dvc repro` with one line. An edit of a variant
does not run it: that variant's own stage validates the file.
"""

import os
import shutil
from pathlib import Path

from lookalike import provenance
from lookalike.artifacts.folders import write_text
from lookalike.command import run
from lookalike.errors import InputError
from lookalike.params import load_params

PHOTOGRAPHS = Path("photographs")


def main() -> None:
    """Validate the whole file; outside DVC, as in `make demo`, also check that DVC can work here."""
    root = os.environ.get("DVC_ROOT")
    if root is None:
        from lookalike.artifacts.pictures import list_unreadable

        provenance.require_repository()
        for path, reason in list_unreadable(PHOTOGRAPHS):
            raise InputError(f"{path}: {reason}; remove it: DVC ends at it, or waits for it")
    photos = load_params().active.photos
    if root and photos and photos.source == "own" and not Path(root).samefile("."):
        link_photographs(Path(root) / PHOTOGRAPHS)
    write_text(Path("checked"), "params.yaml is valid\n")


def link_photographs(folder: Path) -> None:
    """Link a person's photographs into an experiment's copy of the project, which has only what git tracks.

    DVC compares `photographs/` there before it runs the stage that reads them, so that this stage cannot bring them.
    """

    def link(source: str, target: str) -> None:
        if not Path(target).exists():  # as README.md does
            os.link(source, target, follow_symlinks=False)

    shutil.copytree(folder, PHOTOGRAPHS, symlinks=True, dirs_exist_ok=True, copy_function=link)


if __name__ == "__main__":
    run(main)
