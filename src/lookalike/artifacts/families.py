"""`comparisons/<study>/families.json`: how the families of architectures tell look-alikes apart.

Its content is a dataclass, `families.findings.FamilyFindings`, which callers name: artifacts know no evaluation.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import TypeAdapter, ValidationError

from lookalike.artifacts.folders import write_json
from lookalike.artifacts.models import first_fault
from lookalike.errors import InputError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NAME = "families.json"
Findings = TypeVar("Findings", bound="DataclassInstance")


def save_families(folder: Path, findings: "DataclassInstance") -> None:
    """Write `families.json` into `comparisons/<study>`."""
    write_json(folder / NAME, asdict(findings))


def load_families(folder: Path, kind: type[Findings]) -> Findings:
    """Read what `save_families` wrote, as an instance of the dataclass `kind`.

    Raises:
        InputError: one line that names the file and the first key that is missing, unknown or of another type.
    """
    path = folder / NAME
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except ValidationError as error:
        raise InputError(f"{path}: {first_fault(error)}") from error
