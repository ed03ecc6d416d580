"""`costs/found.json`: counts for models and ideas; `runs/costs/run.json`: their times and memory on one device."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike.artifacts.folders import read_json, write_json
from lookalike.artifacts.models import Description, load_description

Json = dict[str, Any]
COUNTED, MEASURED = Path("costs/found.json"), Path("runs/costs/run.json")


@dataclass(frozen=True)
class ConfigurationSize:
    """A row of "vgg_configurations": the counts for one configuration of VGG.

    Attributes:
        name: as in the paper's table 1.
        layers: convolutions and dense layers.
        parameters: trained weights and biases.
        macs: multiply-accumulates for one image.
    """

    name: str
    layers: int
    parameters: int
    macs: int


def load_descriptions(folder: Path) -> dict[str, Description]:
    """`model.json` of every variant in the folder of a study, `models/<study>`, by name; none if it does not exist."""
    return {path.parent.name: load_description(path.parent) for path in sorted(folder.glob("*/model.json"))}


def save_costs(root: Path, counted: Json, measured: Json) -> None:
    """Write both files."""
    write_json(root / COUNTED, counted)
    write_json(root / MEASURED, measured)


def load_costs(root: Path) -> tuple[Json, Json] | None:
    """Counts and measurements; None means that the stage has not run."""
    if not (root / COUNTED).exists():
        return None
    return read_json(root / COUNTED), read_json(root / MEASURED)
