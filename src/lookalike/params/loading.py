"""Read and validate the parameter file; bad input is refused with one line."""

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lookalike.errors import InputError
from lookalike.params.document import read_document
from lookalike.params.file import Params
from lookalike.params.messages import fault_line
from lookalike.params.references import broken_references


def with_profile(text: str, profile: str) -> str:
    """The text of a parameter file with another active profile and no other change."""
    return re.sub(r"(?m)^profile:[ \t]*[^\s#]+", f"profile: {profile}", text, count=1)


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and validate the whole file.

    Raises:
        InputError: one line with the first offending key's full path and what is allowed.
    """
    return parse_params(read_document(path), path.name)


def parse_params(raw: Any, source: str = "params.yaml") -> Params:
    """Validate the content of a parameter file; `source` names it in errors.

    Raises:
        InputError: see `load_params`.
    """
    try:
        params = Params.model_validate(raw)
    except ValidationError as error:
        raise InputError(f"{source}: {fault_line(error, Params)}") from error
    for fault in broken_references(params):
        raise InputError(f"{source}: {fault}")
    return params
