"""`dvc.lock`, which DVC reads and writes around every stage."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from lookalike.artifacts.fingerprint import sha_256
from lookalike.artifacts.folders import write_text

LOCK = Path("dvc.lock")
COPY = Path(".dvc", "tmp", "lock.json")  # the content that `rewrite_lock` wrote last, and the SHA-256 of its text


def read_lock(path: Path = LOCK) -> dict[str, Any]:
    """The content of `dvc.lock`; empty if there is none."""
    from ruamel.yaml import YAML

    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    content = parsed_before(path, text)
    return YAML(typ="safe").load(text) or {} if content is None else content  # YAML 1.2 as DVC's: `yes` is a text


def parsed_before(path: Path, text: str) -> dict[str, Any] | None:
    """The content of a lock's text if no YAML has to be parsed for it: the text is JSON, or `COPY` is of this text.

    None means that it has to be parsed.
    """
    with suppress(OSError, ValueError, KeyError, TypeError):
        if text.startswith("{"):
            content: dict[str, Any] = json.loads(text)
            return content
        copy = json.loads((path.parent / COPY).read_text(encoding="utf-8"))
        return copy["content"] if copy["sha256"] == sha_256(text.encode()) else None
    return None


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
        content = read_lock(path)
        text = as_dvc_writes(content)
        write_text(path, text)
        write_text(path.parent / COPY, json.dumps({"sha256": sha_256(text.encode()), "content": content}))


def as_dvc_writes(content: dict[str, Any]) -> str:
    """The text that DVC would write."""
    from dvc.utils.serialize import dumps_yaml

    text: str = dumps_yaml(content)
    return text
