"""`docs/reference/parameters.md` has every key of `params.yaml`, with the range of its model and an allowed example."""

import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.fields import FieldInfo

from lookalike.params import Params

ROW = re.compile(
    r"^\| `(?P<key>[^`]+)` \| (?P<meaning>.+) \| (?P<allowed>.+) \| `(?P<example>[^`]+)` \|$", re.MULTILINE
)
KINDS = {"boolean": "true, false", "string": "text", "object": "names and values"}


def leaves(section: type[BaseModel], path: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """The path of each key that holds no further keys, and its field; people choose what <name> stands for."""
    for name, field in section.model_fields.items():
        sections = list(sections_in(field.annotation))
        for suffix, inner in sections:
            yield from leaves(inner, f"{path}{name}{suffix}.")
        if not sections:
            yield f"{path}{name}", field


def sections_in(annotation: Any) -> Iterator[tuple[str, type[BaseModel]]]:
    """The sections that a key holds, and how their path goes on from its own."""
    arguments = typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield "", annotation
    elif typing.get_origin(annotation) is dict:
        yield from ((f".<name>{suffix}", inner) for suffix, inner in sections_in(arguments[1]))
    elif typing.get_origin(annotation) in (typing.Union, types.UnionType):
        yield from (found for one in arguments for found in sections_in(one))


def written_range(schema: dict[str, Any]) -> str:
    """The allowed values of a key as the page writes them; of numbers as an interval, ( and ) leave out the end."""
    if "anyOf" in schema:
        return written_range(next(one for one in schema["anyOf"] if one.get("type") != "null"))
    if values := schema.get("enum") or [schema[key] for key in ("const",) if key in schema]:
        return ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in values)
    if schema.get("type") == "array":
        (item, *_), most = schema.get("prefixItems") or [schema["items"]], schema.get("maxItems")
        least = schema.get("minItems", 0)
        length = "" if most is None else f" of {most}" if least == most else f" of {least} to {most:,}"
        return f"list{length}: {written_range(item)}"
    if schema["type"] in KINDS:
        return KINDS[schema["type"]]
    low = f"({schema['exclusiveMinimum']:,}" if "exclusiveMinimum" in schema else f"[{schema['minimum']:,}"
    high = f"{schema['exclusiveMaximum']:,})" if "exclusiveMaximum" in schema else f"{schema['maximum']:,}]"
    return f"{schema['type']} in {low}, {high}"


def allowed(field: FieldInfo) -> str:
    """The cell of a key that says what it takes."""
    return written_range(adapter(field).json_schema()) + ("" if field.is_required() else "; optional")


def adapter(field: FieldInfo) -> TypeAdapter[Any]:
    """What validates a key alone."""
    return TypeAdapter(Annotated[field.annotation, field], config=ConfigDict(strict=True))


KEYS = dict(leaves(Params))


@pytest.fixture(scope="module")
def rows(root: Path) -> dict[str, re.Match[str]]:
    text = (root / "docs" / "reference" / "parameters.md").read_text(encoding="utf-8")
    return {row["key"]: row for row in ROW.finditer(text)}


def test_the_page_has_every_key_once_and_in_the_files_order(rows: dict[str, re.Match[str]]) -> None:
    assert list(rows) == list(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_range_and_example_of_each_key_are_right(key: str, rows: dict[str, re.Match[str]]) -> None:
    assert rows[key]["allowed"] == allowed(KEYS[key])
    adapter(KEYS[key]).validate_python(yaml.safe_load(rows[key]["example"]))
