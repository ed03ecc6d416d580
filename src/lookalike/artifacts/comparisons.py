"""`comparisons/<study>/`: what is known of a study's variants together, as JSON and as pictures."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lookalike.artifacts.folders import read_json, write_bytes, write_json
from lookalike.artifacts.typed_json import read_typed

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FAMILIES = "families.json"
FamilyFindings = TypeVar("FamilyFindings", bound="DataclassInstance")  # that of `families.findings`: callers name it


def save_metrics(folder: Path, summaries: dict[str, Any], details: dict[str, Any]) -> None:
    """Write `metrics.json` (variant -> figures) and `details.json` (seeds, classes, bins)."""
    write_json(folder / "metrics.json", summaries)
    write_json(folder / "details.json", details)


def load_metrics(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summaries and details, by variant."""
    return read_json(folder / "metrics.json"), read_json(folder / "details.json")


def save_findings(
    folder: Path, look_alikes: dict[str, Any], photos: dict[str, Any], robustness: dict[str, Any]
) -> None:
    """Write `look_alikes.json`, `photos.json` and `robustness.json`.

    The folder `pairs`, which DVC expects, is there afterwards even if no pair was drawn.
    """
    (folder / "pairs").mkdir(parents=True, exist_ok=True)
    write_json(folder / "look_alikes.json", look_alikes)
    write_json(folder / "photos.json", photos)
    write_json(folder / "robustness.json", robustness)


def load_findings(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Look-alikes and photographs; of the latter nothing ({}) if the study saw none."""
    return read_json(folder / "look_alikes.json"), read_json(folder / "photos.json")


def load_robustness(folder: Path) -> dict[str, Any]:
    """Accuracy and calibration on corrupted images; nothing ({}) if none were corrupted."""
    return dict(read_json(folder / "robustness.json"))


def save_families(folder: Path, findings: "DataclassInstance") -> None:
    """Write `families.json`: how the families of architectures tell look-alikes apart."""
    write_json(folder / FAMILIES, asdict(findings))


def load_families(folder: Path, kind: type[FamilyFindings]) -> FamilyFindings:
    """What `save_families` wrote, as an instance of the dataclass `kind`.

    Raises:
        InputError: one line that names the file and the first key that is missing, unknown or of another type.
    """
    return read_typed(folder / FAMILIES, kind)


def save_figures(folder: Path, pictures: Mapping[str, bytes]) -> None:
    """Write one WebP file per name, which may be a path of several parts without suffix."""
    for name, picture in pictures.items():
        write_bytes(folder / f"{name}.webp", picture)
