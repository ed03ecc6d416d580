"""JSON that is read as dataclasses: a fault is one line that names the file and the first wrong key."""

from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from lookalike.errors import InputError, abbreviated

Kind = TypeVar("Kind")
UNKNOWN = {"unexpected_keyword_argument", "extra_forbidden"}  # pydantic's words for a key that is no field


def read_typed(path: Path, kind: type[Kind]) -> Kind:
    """The content of the JSON file `path` as an instance of the dataclass `kind`.

    Raises:
        InputError: one line that names the file and the first key that is missing, unknown or of another type.
    """
    try:
        return validator(kind).validate_json(path.read_bytes())  # type: ignore[arg-type]  # classes are hashable
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except ValidationError as error:
        raise InputError(f"{path}: {first_fault(error)}") from error


def typed(content: Any, kind: type[Kind], where: str) -> Kind:
    """Parsed JSON as an instance of `kind`; `where` says what it is.

    Raises:
        InputError: one line that begins with `where` and names the first key that is wrong.
    """
    try:
        return validator(kind).validate_python(content)  # type: ignore[arg-type]
    except ValidationError as error:
        raise InputError(f"{where}{first_fault(error)}") from error


@cache
def validator(kind: Any) -> TypeAdapter[Any]:
    """The validator of `kind`, built once."""
    return TypeAdapter(kind)


def first_fault(error: ValidationError) -> str:
    """One line for one fault; an unknown key comes first, since it often is a required one that is misspelt."""
    fault = min(error.errors(include_url=False), key=lambda one: one["type"] not in UNKNOWN)
    where = ".".join(part if part.isprintable() else abbreviated(part) for part in map(str, fault["loc"]))
    if fault["type"] in UNKNOWN | {"missing"}:
        return f"{where}: {'unknown' if fault['type'] in UNKNOWN else 'missing'} key"
    message = fault["msg"][:1].lower() + fault["msg"][1:]
    if fault["type"] == "json_invalid":
        return f"not readable as JSON: {fault['ctx']['error']}"
    return f"{where or 'the file'}: {message}, got {abbreviated(fault['input'])}"
