"""Your own variants next to the runs in `results/`, as if these had been trained here too."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lookalike.artifacts.test_sets import load_test_set
from lookalike.errors import InputError
from lookalike.params import Params
from lookalike.results.records import PARTS, RESULTS, TEST_SETS, Run, find_runs, lay_out_run, link, nearest_runs

MARK = "published-"  # before the names of such variants
KINDS = ("models", "runs", *PARTS.values())


@contextmanager
def with_published(params: Params, root: Path = Path()) -> Iterator[tuple[Params, Path]]:
    """Give parameters and a folder that have the published runs of the same studies as well, named `MARK` + variant,
    and each compared with all variants of its study; what is given where the profile does not ask for them.

    Raises:
        InputError: the runs of a study were tested on other images than the study is here.
    """
    if params.active.compare_with != "results":
        yield params, root
        return
    runs = [run for run in nearest_runs(find_runs(root / RESULTS).runs) if run.record.study in params.studies]
    for study in {run.record.study for run in runs}:
        here, there = (
            load_test_set(folder / study).digest for folder in (root / "test_sets", root / RESULTS / TEST_SETS)
        )
        if here != there:
            raise InputError(f"compare_with: results: the study {study} has other images here than in results/")
    with tempfile.TemporaryDirectory() as made:
        shown = Path(made)
        for path in root.glob("*"):
            if path.name not in KINDS:
                link(shown / path.name, path)
        for path in (path for kind in KINDS for path in root.glob(f"{kind}/*/*")):
            link(shown / path.relative_to(root), path)
        for run in runs:
            lay_out_run(run, shown, MARK + run.record.variant)
        yield with_runs(params, runs), shown


def with_runs(params: Params, runs: list[Run]) -> Params:
    """The parameters with the variants of some runs, each with a budget of its own."""
    named = {MARK + run.record.variant: run.record for run in runs}
    added = {name: one.parameters.model_copy(update={"budget": name}) for name, one in named.items()}
    train = {**params.active.train, **{name: one.budget for name, one in named.items()}}
    studies = {}
    for study, settings in params.studies.items():
        others = [name for name, one in named.items() if one.study == study]
        pairs = [(own, other) for own in params.variants_of(study) for other in others]
        studies[study] = settings.model_copy(update={"pairs": (*settings.pairs, *pairs)})
    profile = params.active.model_copy(update={"train": train})
    profiles = {**params.profiles, params.profile: profile}
    return params.model_copy(update={"variants": params.variants | added, "studies": studies, "profiles": profiles})
