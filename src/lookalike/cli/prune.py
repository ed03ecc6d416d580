"""Outputs that no entry of `params.yaml` names any more, and files that were never finished.

All paths are below the current folder, the project's root. Links are never followed, and nothing is removed that git
tracks or that lies in `downloads/` or `photographs/`.
"""

import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from lookalike import provenance
from lookalike.artifacts.folders import read_json
from lookalike.errors import InputError
from lookalike.params import Params

LOCK = Path("dvc.lock")
RWLOCK = Path(".dvc/tmp/rwlock")
CHECKPOINTS, FINISHED = Path("checkpoints"), Path("finished")
OF_STUDIES = ("test_sets", "sprites", "evaluations", "comparisons", "focus", "explanations", "embeddings")
OF_VARIANTS = ("models", "runs")
OF_STAGES = ("fetch", "costs")  # in `runs`, beside studies
WRITTEN = ("data", "photos", "reports", *OF_VARIANTS, *OF_STUDIES, str(CHECKPOINTS), str(FINISHED))
NAME = r"[A-Za-z0-9][A-Za-z0-9_-]*"  # what params.yaml can have named


@dataclass(frozen=True)
class Orphan:
    """A file or folder that can be removed, and the reason."""

    path: Path
    reason: str

    @property
    def size(self) -> int:
        return count_bytes(self.path)


def find_orphans(params: Params) -> list[Orphan]:
    """Files and folders that can be removed, sorted by path, without those in another such folder.

    What git tracks is never among them.

    Raises:
        InputError: this is a git checkout, but git does not say what it tracks.
    """
    tracked = tracked_paths()
    found = chain(orphaned_outputs(params), old_checkpoints(params), old_runs(params), unfinished())
    orphans = {orphan.path: orphan for orphan in found if orphan.path not in tracked}
    return [orphans[path] for path in sorted(orphans) if not orphans.keys() & set(path.parents)]


def tracked_paths() -> set[Path]:
    """The files that git tracks, and all folders that hold one."""
    listed = provenance.git("ls-files", "-z")
    root = Path.cwd()
    if listed is None and any((folder / ".git").exists() for folder in (root, *root.parents)):
        raise InputError("git ls-files fails here, so that nobody knows what git tracks; `git status` says why")
    files = [Path(name) for name in (listed or "").split("\0") if name]
    return {path for file in files for path in (file, *file.parents)}


def orphaned_outputs(params: Params) -> Iterator[Orphan]:
    """What stages have written for data sets, profiles, studies and variants that are gone."""
    datasets = {*params.datasets, *(study.data for study in params.studies.values())}
    yield from orphans_in(Path("data"), datasets, "no data set {}")
    yield from orphans_in(Path("reports"), params.profiles, "no profile {}")
    for kind in OF_STUDIES:
        yield from orphans_in(Path(kind), params.studies, "no study {}")
    for kind in OF_VARIANTS:
        others = OF_STAGES if kind == "runs" else ()
        yield from orphans_in(Path(kind), {*params.studies, *others}, "no study {}")
        for study in params.studies:
            yield from orphans_in(Path(kind) / study, params.variants_of(study), f"no variant {{}} in study {study}")
    for path in list_folder(Path("runs/fetch")):
        if path.suffix == ".json" and path.stem not in datasets:
            yield Orphan(path, f"no data set {path.stem}")


def orphans_in(folder: Path, known: Collection[str], reason: str) -> Iterator[Orphan]:
    """The folders in `folder` with a valid name that is not `known`; `reason` has {} for the name."""
    for path in list_folder(folder):
        if path.is_dir() and path.name not in known and re.fullmatch(NAME, path.name):
            yield Orphan(path, reason.format(path.name))


def list_folder(folder: Path) -> list[Path]:
    """The entries of `folder`; none if it does not exist, or if it or a folder above it is a link."""
    linked = any(path.is_symlink() for path in (folder, *folder.parents))
    return sorted(folder.iterdir()) if folder.is_dir() and not linked else []


def runs_in(folder: Path) -> dict[Path, tuple[str, str]]:
    """The folders of training runs in `folder`: by path, the variant's name and the run's fingerprint."""
    named = {path: re.fullmatch(rf"({NAME})-([0-9a-f]{{16}})", path.name) for path in list_folder(folder)}
    return {path: (match[1], match[2]) for path, match in named.items() if match and path.is_dir()}


def old_checkpoints(params: Params) -> Iterator[Orphan]:
    """Checkpoints of variants that are gone, or that have been trained since."""
    for path, (name, _) in runs_in(CHECKPOINTS).items():
        if name not in params.variants:
            yield Orphan(path, f"no variant {name}")
            continue
        model = Path("models") / params.variants[name].study / name / "model.json"
        written = max(one.lstat().st_mtime_ns for one in (path, *path.iterdir()))
        if model.exists() and model.stat().st_mtime_ns > written:
            yield Orphan(path, f"{name} is trained; this is of a run with other settings")


def old_runs(params: Params) -> Iterator[Orphan]:
    """Finished runs that are kept, of variants that are gone or that have other results now."""
    for path, (name, fingerprint) in runs_in(FINISHED).items():
        if name not in params.variants:
            yield Orphan(path, f"no variant {name}")
            continue
        run = Path("runs") / params.variants[name].study / name / "run.json"
        if run.exists() and read_json(run).get("fingerprint") != fingerprint:
            yield Orphan(path, f"a run of {name} with former settings or code")


def unfinished() -> Iterator[Orphan]:
    """Files and folders that were being written when their process was killed."""
    written = [Path(folder).rglob("*.part") for folder in WRITTEN if list_folder(Path(folder))]  # follows no links
    for path in chain(Path().glob("*.part"), *written):
        yield Orphan(path, "never finished")


def count_bytes(path: Path) -> int:
    """The bytes of a file or of all files below a folder; a link counts itself, a file that vanishes nothing."""
    try:
        if path.is_symlink() or not path.is_dir():
            return path.lstat().st_size
        return sum(map(count_bytes, path.iterdir()))
    except FileNotFoundError:
        return 0


def format_bytes(size: float) -> str:
    """A size in bytes to three digits, with its unit: 12.3 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def remove(orphans: list[Orphan]) -> None:
    """Remove them from the disk; of a link the link alone.

    Raises:
        InputError: DVC is at work here, so that they may be in use, or one of them cannot be removed.
    """
    if working := working_processes():
        who = ", ".join(f"process {process} ({command})" for process, command in working.items())
        raise InputError(f"{RWLOCK}: {who} at work here; wait for the end, or remove the file if that is no dvc")
    for path in (orphan.path for orphan in orphans):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise InputError(f"{path}: cannot be removed: {error.strerror}; run again to remove the rest") from error


def working_processes() -> dict[int, str]:
    """The `lock_holders` that still run."""
    import psutil  # DVC judges by it as well

    return {process: command for process, command in lock_holders().items() if psutil.pid_exists(process)}


def lock_holders() -> dict[int, str]:
    """The processes that run or ran a stage here according to DVC's lock file: by process id, the command.

    Raises:
        InputError: the notes cannot be read, which stops DVC as well.
    """
    try:
        noted = read_json(RWLOCK)
        holders = [*noted.get("write", {}).values(), *chain(*noted.get("read", {}).values())]
        return {int(holder["pid"]): str(holder["cmd"]) for holder in holders}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise InputError(f"{RWLOCK}: damaged; remove it if no dvc is running") from error


def stale_entries(params: Params) -> list[str]:
    """The stages in `dvc.lock` whose data set, variant or study is gone."""
    text = LOCK.read_text(encoding="utf-8") if LOCK.exists() else ""
    known = {"fetch": {*params.datasets}, "train": {*params.variants}}
    known |= {stage: {*params.studies} for stage in ("evaluate", "test_set", "compare", "explain", "embed")}
    stages = re.findall(rf"^  (\w+)@({NAME}):$", text, re.MULTILINE)
    return [f"{stage}@{key}" for stage, key in stages if stage in known and key not in known[stage]]


def describe_orphans(orphans: list[Orphan]) -> list[str]:
    """A line per orphan with its size and reason, and one with the total."""
    sizes = [orphan.size for orphan in orphans]
    lines = [f"{format_bytes(size):>8}  {one.path}: {one.reason}" for one, size in zip(orphans, sizes, strict=True)]
    return [*lines, f"{format_bytes(sum(sizes)):>8}  in all"]
