"""The file's text as plain values, read by the parser that DVC uses, so that both see the same values."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lookalike.errors import InputError
from lookalike.params.messages import Location, dotted

TAG = "tag:yaml.org,2002:"
SPELLINGS = {  # other spellings, such as 017, 0x11 or 1_000, are other numbers in other versions of YAML
    "int": re.compile(r"-?(0|[1-9][0-9]*)"),
    "float": re.compile(r"-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan", re.I),
    "bool": re.compile("true|false", re.I),
}
TAKEN = {*SPELLINGS, "str", "null", "map", "seq"}


def read_document(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        InputError: one line that names the key or the line, and what is wrong.
    """
    try:
        return parse_document(path.read_text(encoding="utf-8"), path.name)
    except FileNotFoundError as error:
        raise InputError(f"{path}: not found; run from the root of the project") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as YAML: {' '.join(str(error).split())}") from error


def parse_document(text: str, source: str) -> Any:
    """The content of a YAML document; `source` names it in errors.

    Raises:
        InputError: see `read_document`.
    """
    parser = YAML(typ="safe")
    try:
        node = parser.compose(text)
        for path, fault in ambiguities(node, (), set()) if node is not None else ():
            raise InputError(f"{source}: {dotted(path)}: {fault}")
        return None if node is None else parser.constructor.construct_document(node)
    except MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        problem = " ".join(str(error.problem or error.context).split())
        raise InputError(f"{source}: cannot be read as YAML: {line}{problem}") from error
    except YAMLError as error:
        raise InputError(f"{source}: cannot be read as YAML: {' '.join(str(error).split())}") from error


def ambiguities(node: Node, path: Location, seen: set[int]) -> Iterator[tuple[Location, str]]:
    """The keys and values that DVC or a person could read differently: (path of the key, what is wrong).

    Args:
        seen: nodes that were visited already; an alias leads to one of them.
    """
    line = node.start_mark.line + 1
    if id(node) in seen:
        yield path, f"an alias of line {line}; write the value out, so that an override changes this key alone"
        return
    seen.add(id(node))
    if isinstance(node, MappingNode):
        yield from mapping_ambiguities(node, path, seen)
    elif isinstance(node, SequenceNode):
        for k, item in enumerate(node.value):
            yield from ambiguities(item, (*path, k), seen)
    elif fault := scalar_fault(node):
        yield path, f"line {line}: {fault}"


def mapping_ambiguities(node: MappingNode, path: Location, seen: set[int]) -> Iterator[tuple[Location, str]]:
    """Those of a section's keys and values, see `ambiguities`."""
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode) or kind(key) != "str":
            yield path, f"line {line}: a key must be text: put it in quotes"
            return
        below = (*path, key.value)
        if key.value in lines:
            yield below, f"given twice, on lines {lines[key.value]} and {line}"
        lines[key.value] = line
        yield from ambiguities(value, below, seen)


def scalar_fault(node: Node) -> str:
    """What is wrong with the spelling of a single value; "" if nothing is."""
    read = kind(node)
    if read not in TAKEN:
        return f"{node.value} is read as a {read}; put text in quotes"
    if read in SPELLINGS and not SPELLINGS[read].fullmatch(node.value):
        return f"write {node.value} as a plain decimal number, such as 17, 0.5 or 1.0e-3"
    return ""


def kind(node: Node) -> str:
    """The type that YAML gives a value: str, int, float, ..."""
    return str(node.tag).removeprefix(TAG)
