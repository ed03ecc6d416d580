"""Faults of `params.yaml` in one line: the key's path, the values that it allows, and the one that was given."""

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lookalike.errors import abbreviated

Location = tuple[int | str, ...]
KEY = "[key]"  # pydantic's last step to a fault of a key itself
RENAMED = {  # keys of earlier versions
    "absorber": "collector",
    "images_a_class": "images_per_class",
    "probes": "focus",
    "spoil": "corrupt",
    "spoiled_a_class": "corrupted_per_class",
}
PLAIN = re.compile(r"[\w/+-][\w/+ -]{0,59}")


def fault_line(error: ValidationError, model: type[BaseModel], above: Location = ()) -> str:
    """The first fault in one line. An unknown key comes first, since it often is a misspelt required one.

    Args:
        model: the section that was validated.
        above: the path of the section in the file.
    """
    fault = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    return f"{dotted((*above, *fault['loc'])) or 'the file'}: {explain_fault(fault, model)}"


def explain_fault(fault: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong with the key or value, and what is allowed in its place."""
    kind, location, given = fault["type"], fault["loc"], fault["input"]
    if kind == "extra_forbidden":
        if (new := RENAMED.get(str(location[-1]))) in allowed_keys(model, location):
            return f"is now called {new}"
        return f"unknown key; allowed here: {', '.join(allowed_keys(model, location)) or 'none'}"
    if kind == "missing":
        return f"required: {allowed_values(node_at(model, location))}"
    if location and location[-1] == KEY:
        return fault["msg"] if kind == "name" else "a key must be text: put it in quotes"
    if kind == "value_error":
        message = fault["msg"].removeprefix("Value error, ")
        return message if isinstance(given, dict) else f"{message}, got {abbreviated(given)}"
    message = fault["msg"] if kind in {"name", "text"} else f"needs {allowed_values(node_at(model, location))}"
    return f"{message}, got {abbreviated(given)}"


def dotted(location: Iterable[int | str]) -> str:
    """The path of a key with dots; parts with other characters than those of names are in quotes."""
    parts = [str(part) for part in location if part != KEY]
    return ".".join(part if PLAIN.fullmatch(part) else abbreviated(part) for part in parts)


def allowed_keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys of the section with an unknown key at `location`."""
    return list(node_at(model, location[:-1]).get("properties", {}))


def node_at(model: type[BaseModel], location: Location) -> dict[str, Any]:
    """The JSON schema of the value at `location`."""
    schema = model.model_json_schema()
    node = resolved(schema, schema)
    for part in location:
        if isinstance(part, int):
            node = node["prefixItems"][part] if "prefixItems" in node else node["items"]
        else:
            node = node.get("properties", {}).get(part) or node["additionalProperties"]
        node = resolved(node, schema)
    return node


def resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The node that a reference leads to; of `X | None`, X."""
    while "$ref" in node or "anyOf" in node:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        else:
            node = next(option for option in node["anyOf"] if option.get("type") != "null")
    return node


def allowed_values(node: dict[str, Any]) -> str:
    """The values that a JSON schema allows, in words."""
    if "enum" in node:
        return f"one of {', '.join(node['enum'])}"
    if "const" in node:
        return str(node["const"]).lower()
    kind = node.get("type")
    if kind in {"integer", "number"}:
        return f"{'an integer' if kind == 'integer' else 'a number'} {number_range(node)}"
    if kind == "array":
        return f"a list{list_length(node)}"
    if kind == "object":
        keys = ", ".join(node.get("properties", {}))
        return f"a section with the keys {keys}" if keys else "a section of names"
    if kind == "string" and "pattern" in node:
        return f"text of the form {node['pattern']}"
    length = f" of {node['minLength']} to {node['maxLength']} characters" if "maxLength" in node else ""
    return {"boolean": "true or false", "string": f"text{length}"}[str(kind)]


def number_range(node: dict[str, Any]) -> str:
    """The range of a number; every number in the file has one."""
    if node["type"] == "integer":
        return f"from {node['minimum']} to {node.get('maximum', node.get('exclusiveMaximum', 0) - 1)}"
    low = f"from {node['minimum']:g}" if "minimum" in node else f"above {node['exclusiveMinimum']:g}"
    return f"{low} to {node['maximum']:g}" if "maximum" in node else f"{low}, below {node['exclusiveMaximum']:g}"


def list_length(node: dict[str, Any]) -> str:
    least, most = node.get("minItems", 0), node.get("maxItems")
    if least == most:
        return f" of {least}"
    return f" of {least} to {most}" if most else ""
