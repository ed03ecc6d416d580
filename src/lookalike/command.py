"""Run a stage or a command so that bad input and a stop end it without a traceback, each with its own exit status."""

import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.errors import InputError

if TYPE_CHECKING:
    from lookalike.params import Params

BAD_INPUT = 2


def run(main: Callable[..., None], *arguments: str) -> None:
    """Call `main(*arguments)`; print an `InputError`, and what a disk refuses, as one line and exit with status 2.

    SIGTERM and Ctrl-C end the process through `SystemExit`, so that open files and runs are closed on the way.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        main(*arguments)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except OSError as error:
        from lookalike.artifacts.folders import describe_disk_fault

        if (fault := describe_disk_fault(error)) is None:
            raise
        print(f"error: {fault}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def run_for_study(work: "Callable[[Params, str, Path], None]", folder: str) -> None:
    """Run a stage that works on a study: `work(params, study, out)`, where `out` becomes `folder`/<study> at its end.

    What was there before stays if the parameters are refused or the work fails.
    """

    def main(study: str) -> None:
        from lookalike.artifacts.folders import replacing_folder

        with replacing_folder(Path(folder) / study) as out:
            work(load_study(study), study, out)

    run(main, stage_item())


def run_for_variants(work: "Callable[[Params, str, Collection[str], Path], Iterable[str]]", folder: str) -> None:
    """Run a stage that works on the variants of a study: `work(params, study, names, out)` replaces those folders in
    `out`, which is `folder`/<study>, whose inputs have changed, and returns the names of those that belong there.

    The others are deleted. If the command names variants after the study, it works on these alone and deletes nothing.
    """

    def main(study: str) -> None:
        from lookalike.artifacts.evidence import keep_only

        names = sys.argv[2:]
        out, params = Path(folder) / study, load_study(study, *names)
        kept = work(params, study, names or params.variants_of(study).keys(), out)
        if not names:
            keep_only(out, kept)

    run(main, stage_item(several=True))


def load_study(study: str, *variants: str) -> "Params":
    """The parameters, which have this study with these variants.

    Raises:
        InputError: they are refused, or have no such study, or it has no such variant.
    """
    from lookalike.params import load_params

    params = load_params()
    params.require("studies", study)
    for name in variants:
        params.require("variants", name)
        if params.variants[name].study != study:
            raise InputError(f"{name}: a variant of the study {params.variants[name].study}, not of {study}")
    return params


def stage_item(*, several: bool = False) -> str:
    """The item that a stage works on: the argument of the command, else the one in DVC's name `train@<item>`.

    Commands in `dvc.yaml` do not name it: names come from `params.yaml`, and would pass through a shell before
    anything has checked them. `several` means that more arguments may follow.

    Raises:
        SystemExit: neither names one.
    """
    _, _, item = os.environ.get("DVC_STAGE", "").partition("@")
    if (len(sys.argv) > 2 and not several) or not (given := sys.argv[1] if len(sys.argv) > 1 else item):
        sys.exit(f"usage: {Path(sys.argv[0]).name} NAME{' [VARIANT ...]' if several else ''}")
    return given


def relaunch() -> None:
    """Replace this process by the launcher in LOOKALIKE_LAUNCH, such as `torchrun`, which starts its script anew.

    Does nothing without a launcher, or in a process that one has started, which knows its RANK. A launcher beside this
    Python comes before others on the path: another `torchrun` would start another Python.

    Raises:
        InputError: there is no such program.
    """
    given = os.environ.get("LOOKALIKE_LAUNCH")
    if not given or "RANK" in os.environ:
        return
    try:
        words = shlex.split(given)
    except ValueError as error:
        raise InputError(f"LOOKALIKE_LAUNCH: {given!r}: {error}") from error
    if not words:
        raise InputError("LOOKALIKE_LAUNCH: names no program")
    folders = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
    if (found := shutil.which(words[0], path=folders)) is None:
        raise InputError(f"LOOKALIKE_LAUNCH: {words[0]}: no such program")
    os.execv(found, [*words, *sys.argv])


def mirror() -> str | None:
    """The folder or address that is tried first for published files, LOOKALIKE_MIRROR; None if it is not set.

    A relative folder is relative to the project's root, also where an experiment runs in a copy.
    """
    given = os.environ.get("LOOKALIKE_MIRROR")
    return given if not given or "://" in given else str(Path(os.environ.get("DVC_ROOT", ".")).absolute() / given)
