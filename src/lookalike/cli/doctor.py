"""Checks whether the project can run here: versions, git, device, parameters, data, disk, locks, and stages to run.

All paths are below the current folder, the project's root. A check imports what it needs itself: what is missing or
broken is then one more fault that was found.
"""

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lookalike.errors import InputError

if TYPE_CHECKING:
    from packaging.requirements import Requirement

    from lookalike.params import DataProfile, Params

DISTRIBUTION = "lookalike"
MIRRORED = ("mnist", "fashion_mnist", "cifar10", "photos", "clothing", "imagenette", "weights")
LEAST_FREE, LITTLE_FREE = 1e9, 5e9  # bytes on the disk
DVC_SECONDS = 120.0  # the longest that `dvc status` may take, on a busy machine
BUSY = ("is busy, it is being blocked by", "Unable to acquire lock")  # what dvc says when another one is at work
NAMED = 8  # stages that are named, of those that would run
DVC_LOCK = Path(".dvc/tmp/lock")
INSTALL = "`make -B setup` installs what is pinned"


State = Literal["ok", "note", "FAULT"]


@dataclass(frozen=True)
class Finding:
    """The outcome of one check, and advice if there is something to do."""

    state: State
    subject: str
    found: str
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.state:5}  {self.subject:8}  {self.found}{self.advice and f'; {self.advice}'}"


def check_project(mirror: str | None) -> Iterator[Finding]:
    """The findings of all checks, of which the slowest runs beside the rest; `mirror` is LOOKALIKE_MIRROR's value."""
    params = None
    with suppress(Exception):  # which `check_params` reports
        from lookalike.params import load_params

        params = load_params()
    locked = guarded("locks", check_locks)  # before dvc runs for the last check, or that would be found at work
    with ThreadPoolExecutor(max_workers=1) as aside:
        changed = aside.submit(guarded, "pipeline", check_pipeline)
        yield from guarded("versions", check_packages)
        yield from guarded("git", check_git)
        yield from guarded("device", check_device)
        yield from guarded("params", check_params)
        if params:
            for name in params.datasets:
                yield from guarded("data", check_dataset, name, params.active.data)
        yield from guarded("mirror", check_mirror, mirror)
        yield from guarded("disk", check_disk)
        yield from locked
        yield from guarded("training", check_training_runs, params)
        yield from changed.result()


def guarded(subject: str, check: Callable[..., Iterator[Finding]], *arguments: Any) -> list[Finding]:
    """The findings of `check`; an exception that it raises is one more, a fault."""
    found = []
    try:
        for finding in check(*arguments):
            found.append(finding)  # one by one: what was found before an exception counts
    except InputError as error:
        found.append(Finding("FAULT", subject, str(error)))
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        found.append(Finding("FAULT", subject, f"cannot be checked ({reason})", INSTALL))
    return found


def check_packages() -> Iterator[Finding]:
    """Python, and the packages that the distribution requires, without its extras."""
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    try:
        about, requirements = metadata(DISTRIBUTION), requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        yield Finding("FAULT", "packages", f"{DISTRIBUTION} itself is not installed", INSTALL)
        return
    python, wanted = platform.python_version(), SpecifierSet(about["Requires-Python"])
    if wanted.contains(python, prereleases=True):
        yield Finding("ok", "python", python)
    else:
        yield Finding("FAULT", "python", f"{python}, but {wanted} is required", "`make -B setup PYTHON=...`")
    required = [one for one in map(Requirement, requirements) if not one.marker or one.marker.evaluate({"extra": ""})]
    faults = [fault for one in required for fault in unmet(one)]
    yield from faults or [Finding("ok", "packages", f"all {len(required)} that are required are installed")]


def unmet(required: "Requirement") -> Iterator[Finding]:
    try:
        installed = version(required.name)
        if not required.specifier.contains(installed, prereleases=True):
            yield Finding("FAULT", "packages", f"{required} is required, {installed} is installed", INSTALL)
    except PackageNotFoundError:
        yield Finding("FAULT", "packages", f"{required.name} is not installed", INSTALL)


def check_git() -> Iterator[Finding]:
    """Whether git works here, the commit that results will name, and whether experiments can be kept."""
    from lookalike import provenance

    provenance.require_repository()
    origin = provenance.commit()
    if origin["commit"] == "unknown":
        found = f"no commit of {provenance.git('rev-parse', '--show-toplevel')} holds this project"
        advice = "`git init && git add . && git commit -m Start` in this folder makes one that results can name"
        yield Finding("note", "git", f"{found}: results will name none", advice)
    else:
        state = " with changes" if origin["dirty"] else ""
        yield Finding("ok", "git", f"commit {str(origin['commit'])[:10]}{state}")
    if provenance.git("rev-parse", "--is-shallow-repository") == "true":
        found = "a shallow clone, in which results of `dvc exp run --temp` and `dvc queue start` are lost"
        yield Finding("note", "git", found, "`git fetch --unshallow` first")


def check_device() -> Iterator[Finding]:
    """Whether torch and torchvision can be imported together, and what they would run on."""
    try:
        import torch
        import torchvision
    except Exception as error:  # of versions that do not fit: RuntimeError, "operator torchvision::nms does not exist"
        yield Finding("FAULT", "torch", f"torch and torchvision do not load together ({error})", INSTALL)
        return
    from lookalike.runtime import Runtime, describe_device, has_fast_bfloat16

    yield Finding("ok", "torch", f"{torch.__version__}, torchvision {torchvision.__version__}")
    runtime = Runtime(torch.device("cuda" if torch.cuda.is_available() else "cpu"))
    about = describe_device(runtime)
    if about["device"] == "cuda":
        memory = torch.cuda.get_device_properties(0).total_memory
        yield Finding("ok", "device", f"CUDA: {about['name']}, {memory / 2**30:.1f} GiB")
    else:
        found, fast = f"{about['name']}, {about['threads']} threads; no CUDA device", has_fast_bfloat16(runtime.device)
        advice = "" if fast else "profiles that train in bfloat16 work, but float32 is faster here"
        found = f"{found}; {'' if fast else 'no '}bfloat16 instructions"
        yield Finding("ok" if fast else "note", "device", found, advice)


def check_params() -> Iterator[Finding]:
    """Whether params.yaml is valid, and which profile is active."""
    from lookalike.params import load_params

    params = load_params()
    yield Finding("ok", "params", f"params.yaml is valid; its profile is {params.profile}")


def check_dataset(name: str, profile: "DataProfile") -> Iterator[Finding]:
    """The number of images of a data set, and whether they are those that the active profile asks for."""
    import numpy as np

    from lookalike.artifacts.folders import read_json

    folder = Path("data") / name
    if not folder.exists():
        yield Finding("note", "data", f"{folder} is not there", "`dvc repro` makes it")
        return
    try:
        about = read_json(folder / "dataset.json")
        source, counted = about["provenance"]["source"], "labels" if "view" in about else "images"  # or they are files
        counts = [len(np.load(folder / f"{part}_{counted}.npy", mmap_mode="r")) for part in ("train", "test")]
    except (OSError, EOFError, ValueError, TypeError, KeyError) as error:
        yield Finding("FAULT", "data", f"{folder} is damaged ({error})", "`dvc repro` makes it anew")
        return
    found = f"{folder}: {counts[0]:,} training and {counts[1]:,} test images, {source}"
    limits = [limit or float("inf") for limit in (profile.train_images, profile.test_images)]
    if source == profile.source and all(count <= limit for count, limit in zip(counts, limits, strict=True)):
        yield Finding("ok", "data", found)
    else:
        wanted = " and ".join(f"{limit:,}" for limit in limits if limit < float("inf"))
        wanted = f"{profile.source}{wanted and f', at most {wanted}'}"
        yield Finding("note", "data", found, f"the active profile wants {wanted}: `dvc repro` replaces them")


def check_mirror(mirror: str | None) -> Iterator[Finding]:
    """The mirror that is asked first for published files, and the data sets that it has."""
    if not mirror:
        yield Finding("ok", "mirror", "LOOKALIKE_MIRROR is not set: published files come from their publishers")
    elif mirror.startswith(("http://", "https://")):
        from lookalike.data.download import without_password

        yield Finding("ok", "mirror", f"LOOKALIKE_MIRROR is {without_password(mirror)} (it was not asked)")
    elif not Path(mirror).is_dir():
        yield Finding("note", "mirror", f"LOOKALIKE_MIRROR: {mirror} is no folder", "name one, or unset it")
    elif there := [name for name in MIRRORED if (Path(mirror) / name).is_dir()]:
        yield Finding("ok", "mirror", f"LOOKALIKE_MIRROR: {mirror} has {', '.join(there)}")
    else:
        advice = "name the folder that they are in"
        yield Finding("note", "mirror", f"LOOKALIKE_MIRROR: {mirror} has none of {', '.join(MIRRORED)}", advice)


def check_disk() -> Iterator[Finding]:
    """Free space on the project's disk, and the size of DVC's cache."""
    from lookalike.cli.prune import count_bytes, format_bytes

    free = shutil.disk_usage(Path()).free
    state: State = "FAULT" if free < LEAST_FREE else "note" if free < LITTLE_FREE else "ok"
    cache = f".dvc/cache takes {format_bytes(count_bytes(Path('.dvc/cache')))}"
    advice = "" if state == "ok" else "`lookalike prune`, then `dvc gc -w`, make room"
    yield Finding(state, "disk", f"{format_bytes(free)} free; {cache}", advice)


def check_locks() -> Iterator[Finding]:
    """Processes that work here, and those that were killed. The file of a lock stays when the lock is released."""
    from lookalike.cli.prune import RWLOCK, lock_holders, working_processes
    from lookalike.tracking.store import file_lock

    noted, working = lock_holders(), working_processes()
    for process, command in noted.items():
        if process in working:
            advice = f"wait, or remove {RWLOCK} if that process is no dvc"
            yield Finding("note", "locks", f"process {process} ({command}) is at work here", advice)
        else:
            found = f"process {process} ({command}) was killed and is still listed in {RWLOCK}"
            yield Finding("note", "locks", found, "nothing to be done: dvc passes over it")
    held = [path for path in (DVC_LOCK, Path(file_lock(Path()).lock_file)) if is_held(path)]
    for path in held:
        yield Finding("note", "locks", f"{path} is held by a process at work", "wait until it has ended")
    if not noted and not held:
        yield Finding("ok", "locks", "nobody is at work here")


def is_held(path: Path) -> bool:
    """Whether a process holds the lock of the file at `path`."""
    import fcntl

    if not path.exists():
        return False
    with path.open("rb") as file:  # the lock that is taken here ends with the block
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def check_training_runs(params: "Params | None") -> Iterator[Finding]:
    """Training runs that were begun and are not finished."""
    from lookalike.cli.prune import CHECKPOINTS, old_checkpoints, runs_in

    old = {orphan.path for orphan in old_checkpoints(params)} if params else set()
    for path, (name, _) in runs_in(CHECKPOINTS).items():
        if path in old:
            yield Finding("note", "training", f"{path} is of no use any more", "`lookalike prune` says why")
        else:
            seeds = ", ".join(sorted(seed.stem for seed in path.glob("seed-*.pt"))) or "no seed yet"
            advice = "if it was killed, `dvc repro` goes on from there"
            yield Finding("note", "training", f"{name} is begun and not finished ({seeds} in {path})", advice)


def check_pipeline() -> Iterator[Finding]:
    """What `dvc repro` would run. DVC is not asked if an entry of `photographs/` would make it end or wait for ever."""
    from lookalike.artifacts.pictures import list_unreadable

    if unreadable := list(list_unreadable(Path("photographs"))):
        for path, reason in unreadable:
            yield Finding("FAULT", "pipeline", f"{path}: {reason}", "remove it: DVC ends at it, or waits for it")
        return
    command = [sys.executable, "-m", "dvc", "status", "--json", "dvc.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DVC_SECONDS)
    if done.returncode != 0 and any(sign in done.stderr for sign in BUSY):
        found = "dvc is at work here, and does not say what would run"
        yield Finding("note", "pipeline", found, "ask when it has ended")
    elif done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit status {done.returncode}"]
        error = next((line for line in lines if line.startswith("ERROR:")), lines[0])  # warnings may come before it
        yield Finding("FAULT", "pipeline", f"dvc status: {error}", "`dvc status -v` says more")
    elif stages := list(json.loads(done.stdout)):
        more = f" and {len(stages) - NAMED} more" if len(stages) > NAMED else ""
        named = f"{len(stages)} stage{'s' if len(stages) > 1 else ''}: {', '.join(stages[:NAMED])}{more}"
        yield Finding("note", "pipeline", f"`dvc repro` would run {named}", "then those that need their results")
    else:
        yield Finding("ok", "pipeline", "`dvc repro` would run nothing")
