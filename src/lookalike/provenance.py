"""The origin of a result: commit, host, versions, time."""

import json
import os
import platform
import socket
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from lookalike.errors import InputError

PARAMETERS = "params.yaml"
PACKED = "provenance.json"  # in the folder of a bundle: where it was packed
PACKAGES = ("torch", "torchvision", "timm", "numpy", "scikit-learn", "dvc", "mlflow")


def commit() -> dict[str, str | bool]:
    """The checked-out commit, and whether tracked files differ from it ("dirty").

    `dvc.lock`, reports, results and the profile in `params.yaml` are ignored. In the folder of a bundle both values are
    those of the checkout that it was packed in. If no repository holds this project, as in a download that was unpacked
    within the checkout of another, the commit is "unknown" and dirty is true.
    """
    if (packed := Path(PACKED)).exists():
        origin = json.loads(packed.read_text(encoding="utf-8"))
        return {key: origin[key] for key in ("commit", "dirty")}
    committed, head = git("show", f"HEAD:./{PARAMETERS}"), git("rev-parse", "HEAD")
    if committed is None or head is None:
        return {"commit": "unknown", "dirty": True}
    counted = [".", *(f":!{path}" for path in ("dvc.lock", PARAMETERS, "reports", "results"))]
    changed = git("status", "--porcelain", "--untracked-files=no", "--", *counted)
    return {"commit": head, "dirty": changed != "" or parameters_differ(committed)}


def require_repository() -> None:
    """Raise an InputError if git, which DVC needs, does not work in the current folder.

    Raises:
        InputError: git is not installed, this folder is in no repository, or that is another user's.
    """
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--git-dir"], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"}
        )
    except OSError as error:
        raise InputError("git is not installed, and DVC needs it") from error
    if "dubious ownership" in done.stderr:
        command = done.stderr.strip().rpartition("\n")[2].strip()  # which names the repository's folder
        raise InputError(f"git refuses {Path().resolve()}, which belongs to another user; `{command}` allows it")
    if done.returncode != 0:
        raise InputError(
            f"{Path().resolve()} is no git repository, which DVC needs; clone the project, or make this one: "
            "`git init && git add . && git commit -m Start`"
        )


def parameters_differ(committed: str) -> bool:
    """Whether the values of `params.yaml`, except the profile, differ from those in a commit.

    `committed` is the text of that file, as `git` returns it: without white space at its ends.
    """
    path = Path(PARAMETERS)
    current = path.read_text(encoding="utf-8").strip() if path.exists() else None
    return current != committed and values_of(current) != values_of(committed)


def values_of(text: str | None) -> Any:
    """The content of a parameter file without the profile; the text itself if it is no YAML."""
    try:
        content = yaml.safe_load(text or "")
    except yaml.YAMLError:
        return text
    return {key: value for key, value in content.items() if key != "profile"} if isinstance(content, dict) else content


def git(*arguments: str) -> str | None:
    """The output of a git command without the final newline; None if it failed."""
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def versions() -> dict[str, str]:
    """The installed version of Python and of each package that results depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def host() -> str:
    """The machine's name, or LOOKALIKE_HOST if it is set (for published reports)."""
    return os.environ.get("LOOKALIKE_HOST") or socket.gethostname()


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
