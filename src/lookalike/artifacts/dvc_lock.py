"""`dvc.lock`, which DVC reads and writes around every stage."""

import json
from pathlib import Path
from typing import Any

from lookalike.artifacts.folders import write_text

LOCK = Path("dvc.lock")


def read_lock(path: Path = LOCK) -> dict[str, Any]:
    """The content of `dvc.lock`; empty if there is none."""
    from ruamel.yaml import YAML

    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    try:
        content: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        content = YAML(typ="safe").load(text) or {}  # by the rules of YAML 1.2, which are DVC's: `yes` is a text
    return content


def write_lock(path: Path, content: dict[str, Any]) -> None:
    """Write `dvc.lock` as JSON, which is YAML, too: Python writes and reads it in a hundredth of the time.

    Content that JSON cannot hold is written as DVC does.
    """
    try:
        text = json.dumps(content, allow_nan=False)
        same = json.loads(text) == content  # a key that is no text would become one
    except (TypeError, ValueError):
        same = False
    write_text(path, text if same else as_dvc_writes(content))


def rewrite_lock(path: Path = LOCK) -> None:
    """Write `dvc.lock` as DVC does where it is JSON, so that git shows no other difference."""
    if path.exists() and path.read_text(encoding="utf-8").startswith("{"):
        write_text(path, as_dvc_writes(read_lock(path)))


def as_dvc_writes(content: dict[str, Any]) -> str:
    """The text that DVC would write."""
    from dvc.utils.serialize import dumps_yaml

    text: str = dumps_yaml(content)
    return text
