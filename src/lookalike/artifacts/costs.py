"""`costs/found.json`: what can be counted of models and ideas; `runs/costs/run.json`: what they took on one device."""

from pathlib import Path
from typing import Any

from lookalike.artifacts.folders import read_json, write_json
from lookalike.artifacts.models import load_description

Json = dict[str, Any]
COUNTED, MEASURED = Path("costs/found.json"), Path("runs/costs/run.json")


def load_descriptions(folder: Path) -> dict[str, Json]:
    """`model.json` of every variant of a study, `models/<study>`, by name; none if there is no such study."""
    return {path.parent.name: load_description(path.parent) for path in sorted(folder.glob("*/model.json"))}


def save_costs(root: Path, counted: Json, measured: Json) -> None:
    """Write both."""
    write_json(root / COUNTED, counted)
    write_json(root / MEASURED, measured)


def load_costs(root: Path) -> tuple[Json, Json] | None:
    """Both, what can be counted first; None if nobody has."""
    if not (root / COUNTED).exists():
        return None
    return read_json(root / COUNTED), read_json(root / MEASURED)
