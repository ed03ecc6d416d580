"""`results/<study>/<variant>/<run>/`: the evidence of a variant's training runs, as it is kept in git.

A run is named by the first digits of the digest of its settings: those with other settings of a variant are kept, too.
`results/test_sets/<study>/` holds what is kept of the images that all variants of a study are tested on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lookalike.artifacts.evaluations import Evaluation, load_evaluation
from lookalike.artifacts.fingerprint import sha_256
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import Description, Row, load_description, read_rows
from lookalike.artifacts.typed_json import read_typed
from lookalike.errors import InputError
from lookalike.params import Params
from lookalike.params.profiles import Budget
from lookalike.params.sections import Name, StrictModel
from lookalike.params.training import Variant
from lookalike.training.settings import EffectiveSettings, setting_differences, study_settings

RESULTS, RECORD, TEST_SETS = Path("results"), "record.json", "test_sets"
PARTS = {"evaluation": "evaluations", "explanation": "explanations", "embedding": "embeddings"}
VERSION = 1


class Record(StrictModel):
    """`record.json`: what was run, and the check sums of all files beside it.

    Attributes:
        profile: by whose budget it was run.
        parameters, budget: the variant's entry in `params.yaml`, and the caps on it.
        settings, digest: what follows from them, and its digest, see `EffectiveSettings.digest`.
        evaluated: the commit that the models were evaluated at.
        scores: figures of the test images, as in `comparisons/<study>/metrics.json`.
        files: SHA-256 (hex) of each file, by its path in the folder.
    """

    version: Literal[1]
    study: Name
    variant: Name
    profile: Name
    parameters: Variant
    budget: Budget
    settings: EffectiveSettings
    digest: str
    evaluated: str
    scores: dict[str, float | int | None]
    files: dict[str, str]


@dataclass(frozen=True)
class Run:
    """A record with its folder, from which all else is read."""

    folder: Path
    record: Record

    @property
    def description(self) -> Description:
        """The networks, their training and their data set."""
        return load_description(self.folder)

    @property
    def about(self) -> dict[str, Any]:
        """`run.json`: when, where and at which commit it was trained."""
        about: dict[str, Any] = read_json(self.folder / "run.json")
        return about

    @property
    def timings(self) -> list[Row]:
        """A row an epoch and seed."""
        return read_rows(self.folder / "times.csv")

    @property
    def evaluation(self) -> Evaluation:
        """The outputs of its models."""
        return load_evaluation(self.folder / "evaluation")

    @property
    def hours(self) -> float:
        """How long all seeds were trained."""
        return sum(row["seconds"] for row in self.timings) / 3600


@dataclass(frozen=True)
class FoundRuns:
    """The runs in a folder of results, sorted by study, variant and folder, and a line for each that cannot be read."""

    runs: list[Run]
    faults: list[str]


def find_runs(results: Path = RESULTS) -> FoundRuns:
    """All runs in `results`; a damaged one, or a second one of the same settings, is a fault, and the rest is found."""
    runs: list[Run] = []
    faults: list[str] = []
    first: dict[tuple[str, str, str], Path] = {}
    for path in sorted(results.glob(f"*/*/*/{RECORD}")):
        try:
            record = load_record(path)
        except InputError as error:
            faults.append(str(error))
            continue
        same = first.setdefault((record.study, record.variant, record.digest), path.parent)
        if same == path.parent:
            runs.append(Run(path.parent, record))
        else:
            faults.append(f"{path.parent}: the same settings as {same}; remove one of the two")
    return FoundRuns(runs, faults)


def load_record(path: Path) -> Record:
    """Read a record and check all files beside it.

    Raises:
        InputError: it is damaged, edited, of another version or in the wrong place, or a file is.
    """
    record = read_typed(path, Record)
    folder = path.parent
    if (folder.parent.parent.name, folder.parent.name) != (record.study, record.variant):
        raise InputError(f"{path}: is of {record.study}/{record.variant}, which is another folder")
    if record.settings.digest != record.digest:
        raise InputError(f"{path}: the settings do not match their digest; they were edited")
    present = check_sums(folder)
    for name in sorted(record.files.keys() | present.keys()):
        if present.get(name) != record.files.get(name):
            what = "missing" if name not in present else "was edited or is damaged"
            raise InputError(f"{folder / name}: {what if name in record.files else 'no file of the record'}")
    return record


def check_sums(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a run but the record, by its path in the folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != RECORD)
    return {path.relative_to(folder).as_posix(): sha_256(path.read_bytes()) for path in files}


def departures(record: Record) -> list[str]:
    """How a run differs from the study's own settings, which are those of its entry in `params.yaml` without caps."""
    return setting_differences(study_settings(record.parameters, record.settings.images), record.settings)


def choose_runs(found: FoundRuns, params: Params) -> tuple[dict[str, Run], list[str]]:
    """Of each variant of `params` the run that is nearest to the study's own settings, in the order of `params`; of
    equally near ones that with more seeds, then the later.

    Returns:
        The runs by variant, and a line for each run of a variant that `params` does not have.
    """
    lines: list[str] = []
    runs_of: dict[str, list[Run]] = {name: [] for name in params.variants}
    for run in found.runs:
        record = run.record
        if record.variant in params.variants and params.variants[record.variant].study == record.study:
            runs_of[record.variant].append(run)
        else:
            lines.append(f"{run.folder}: params.yaml has no variant {record.variant} of {record.study}")
    return {name: max(runs, key=lambda run: closeness(run, params)) for name, runs in runs_of.items() if runs}, lines


def nearest_runs(runs: Sequence[Run]) -> list[Run]:
    """Of each variant the run that is nearest to the study's own settings, whatever `params.yaml` says now."""
    best: dict[tuple[str, str], Run] = {}
    for run in sorted(runs, key=lambda run: (-len(departures(run.record)), len(run.description.seeds))):
        best[run.record.study, run.record.variant] = run
    return list(best.values())


def closeness(run: Run, params: Params) -> tuple[bool, int, int, str]:
    """The rank of a run of a variant: by unchanged parameters, departures, seeds and date; higher is better."""
    unchanged = run.record.parameters == params.variants[run.record.variant]
    return unchanged, -len(departures(run.record)), len(run.description.seeds), run.about["finished"]


def lay_out(runs: Sequence[Run], results: Path, root: Path) -> None:
    """Show `runs` below `root` as the pipeline lays its outputs out, by links, one run a variant."""
    for run in runs:
        lay_out_run(run, root, run.record.variant)
    for study in {run.record.study for run in runs}:
        for kind in PARTS.values():
            (root / kind / study).mkdir(parents=True, exist_ok=True)
        link(root / "test_sets" / study, results / TEST_SETS / study)


def lay_out_run(run: Run, root: Path, name: str) -> None:
    """Show one run as the variant `name`."""
    for kind in ("models", "runs"):
        link(root / kind / run.record.study / name, run.folder)
    for part, kind in PARTS.items():
        if (run.folder / part).is_dir():
            link(root / kind / run.record.study / name, run.folder / part)


def link(path: Path, to: Path) -> None:
    """Make `path` a link to a folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to.absolute(), target_is_directory=True)
