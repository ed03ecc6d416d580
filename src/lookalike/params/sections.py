"""The base class of all sections of `params.yaml`, and the types of their values: names, texts, ranges, lists."""

import re
from collections.abc import Hashable
from itertools import pairwise
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, StringConstraints
from pydantic_core import PydanticCustomError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
NAMING = "a name has 1 to 60 letters, digits, - and _, and begins with a letter or a digit"

T = TypeVar("T")
Value = TypeVar("Value", bound=tuple[Hashable, ...])
Numbers = TypeVar("Numbers", bound=tuple[float, ...])


def check_name(text: str) -> str:
    """Refuse a name that a shell, a folder or an address could read as something else."""
    if not NAME.fullmatch(text):
        raise PydanticCustomError("name", NAMING)
    return text


def check_text(text: str) -> str:
    """Refuse text that would break a table: control characters, and spaces at the ends."""
    if not text.isprintable() or text != text.strip():
        raise PydanticCustomError("text", "text must be on one line, without spaces at its ends")
    return text


def check_distinct(values: Value) -> Value:
    for k, value in enumerate(values):
        if value in values[:k]:
            raise ValueError(f"each value may be given once, {value!r} is given again")
    return values


def check_ascending(values: Numbers) -> Numbers:
    """Refuse a range whose end lies below its beginning."""
    if any(later < earlier for earlier, later in pairwise(values)):
        raise ValueError("the lowest value must come first")
    return values


def check_rising(values: Numbers) -> Numbers:
    if any(later <= earlier for earlier, later in pairwise(values)):
        raise ValueError("each value must be larger than the one before")
    return values


# A file has lists where the sections have tuples; what a list holds is still taken strictly.
Several = Annotated[tuple[T, ...], Strict(False)]
Pair = Annotated[tuple[T, T], Strict(False)]

Name = Annotated[str, AfterValidator(check_name)]  # becomes a folder, a stage and an address in the report
Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(check_text)]
Place = Annotated[str, StringConstraints(min_length=1, max_length=4096)]  # a file or a folder
Distinct = AfterValidator(check_distinct)
Rising = AfterValidator(check_rising)

Count = Annotated[int, Field(ge=1, le=10_000)]
Images = Annotated[int, Field(ge=100, le=100_000_000)]
Pixels = Annotated[int, Field(ge=1, le=1000)]
Side = Annotated[int, Field(ge=32, le=1024)]  # of a photograph as models see it, in pixels
Tone = Annotated[int, Field(ge=0, le=255)]
Rate = Annotated[float, Field(gt=0, le=10)]
Share = Annotated[float, Field(gt=0, le=1)]
Range = Annotated[Pair[Rate], AfterValidator(check_ascending)]


class StrictModel(BaseModel):
    """A section of the file: unknown keys and values of another type are refused, values cannot be changed.

    A whole number counts as a number with a point; nothing else is converted. An optional key that is left out is
    None, which means that nothing is done; no section holds another default, because DVC tracks the values in the
    file and would not see one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
