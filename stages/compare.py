"""Stage compare@<study>: the evidence of its variants -> comparisons/<study>/, and focus/<study>/ for `dvc metrics`.

It runs no model and reads no data set: all statistics and pictures come from the evidence.
"""

from pathlib import Path

from lookalike.artifacts.folders import replace_folder
from lookalike.command import run_for_study
from lookalike.params import Params
from lookalike.reporting.comparison import compare_study
from lookalike.results.compare_with import with_published
from lookalike.threads import one_thread


def compare(params: Params, study: str, out: Path) -> None:
    """Score every variant of `study`, compare it with the others, and draw what is drawn of each.

    If the profile asks for it, the runs in `results/` are among the variants.
    """
    with one_thread(), with_published(params) as (shown, root):
        compare_study(shown, study, root, out)
    replace_folder(out / "focus", Path("focus") / study)


if __name__ == "__main__":
    run_for_study(compare, "comparisons")
