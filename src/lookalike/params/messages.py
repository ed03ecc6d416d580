"""What is wrong with a value in `params.yaml`, in one line: the key's path, what is needed and what was given."""

import re
from collections.abc import Iterable
from reprlib import Repr
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

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

_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def message(error: ValidationError, model: type[BaseModel], above: Location = ()) -> str:
    """The first fault in one line; an unknown key comes first, since it often is a required one that is misspelt.

    Args:
        model: the section that was validated.
        above: where it stands in the file.
    """
    fault = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    return f"{dotted((*above, *fault['loc'])) or 'the file'}: {wrong(fault, model)}"


def wrong(fault: ErrorDetails, model: type[BaseModel]) -> str:
    """What is wrong, and what is allowed in its place."""
    kind, location, given = fault["type"], fault["loc"], fault["input"]
    if kind == "extra_forbidden":
        if (new := RENAMED.get(str(location[-1]))) in allowed_keys(model, location):
            return f"is now called {new}"
        return f"unknown key; allowed here: {', '.join(allowed_keys(model, location)) or 'none'}"
    if kind == "missing":
        return f"required: {wanted(node_at(model, location))}"
    if location and location[-1] == KEY:
        return fault["msg"] if kind == "name" else "a key must be text: put it in quotes"
    if kind == "value_error":
        message = fault["msg"].removeprefix("Value error, ")
        return message if isinstance(given, dict) else f"{message}, got {shown(given)}"
    message = fault["msg"] if kind in {"name", "text"} else f"needs {wanted(node_at(model, location))}"
    return f"{message}, got {shown(given)}"


def dotted(location: Iterable[int | str]) -> str:
    """The path of a key; parts that could be mistaken for something else are in quotes."""
    parts = [str(part) for part in location if part != KEY]
    return ".".join(part if PLAIN.fullmatch(part) else shown(part) for part in parts)


def shown(value: Any) -> str:
    """The value on one line, shortened."""
    return _short.repr(value)


def allowed_keys(model: type[BaseModel], location: Location) -> list[str]:
    """The keys of the section that an unknown key at `location` stands in."""
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


def wanted(node: dict[str, Any]) -> str:
    """The values that a JSON schema allows, in words."""
    if "enum" in node:
        return f"one of {', '.join(node['enum'])}"
    if "const" in node:
        return str(node["const"]).lower()
    kind = node.get("type")
    if kind in {"integer", "number"}:
        return f"{'an integer' if kind == 'integer' else 'a number'} {between(node)}"
    if kind == "array":
        return f"a list{entries(node)}"
    if kind == "object":
        keys = ", ".join(node.get("properties", {}))
        return f"a section with the keys {keys}" if keys else "a section of names"
    if kind == "string" and "pattern" in node:
        return f"text of the form {node['pattern']}"
    return {"boolean": "true or false", "string": f"text{characters(node)}"}[str(kind)]


def between(node: dict[str, Any]) -> str:
    """The range of a number; every number in the file has one."""
    if node["type"] == "integer":
        return f"from {node['minimum']} to {node.get('maximum', node.get('exclusiveMaximum', 0) - 1)}"
    low = f"from {node['minimum']:g}" if "minimum" in node else f"above {node['exclusiveMinimum']:g}"
    return f"{low} to {node['maximum']:g}" if "maximum" in node else f"{low}, below {node['exclusiveMaximum']:g}"


def entries(node: dict[str, Any]) -> str:
    """How many entries a list has."""
    least, most = node.get("minItems", 0), node.get("maxItems")
    if least == most:
        return f" of {least}"
    return f" of {least} to {most}" if most else ""


def characters(node: dict[str, Any]) -> str:
    """How long a text is."""
    return f" of {node['minLength']} to {node['maxLength']} characters" if "maxLength" in node else ""
