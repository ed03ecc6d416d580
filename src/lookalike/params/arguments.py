"""The arguments of an architecture, read from its source so that the parameter file is checked without torch."""

import ast
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, create_model

from lookalike.models.registry import MODELS
from lookalike.params.messages import fault_line
from lookalike.params.sections import StrictModel, Text

GIVEN = {"input_shape", "num_classes", "size", "weights"}  # by the data set, the budget and `train.weights`
Whole = Annotated[int, Field(ge=1, le=100_000)]
Probability = Annotated[float, Field(ge=0, lt=1)]  # of dropout: no architecture has another number with a point
KINDS: dict[str, Any] = {"bool": bool, "int": Whole, "float": Probability, "str": Text}


def argument_fault(variant: str, model: str, arguments: dict[str, Any]) -> str:
    """What is wrong with `model_args` of a variant, beginning with the key's path; "" if nothing is."""
    section = arguments_section(model)
    try:
        section.model_validate(arguments)
    except ValidationError as error:
        return fault_line(error, section, ("variants", variant, "model_args"))
    return ""


@cache
def arguments_section(model: str) -> type[StrictModel]:
    """The section that `model_args` of variants of `model` are; an argument that is left out keeps its default."""
    fields: dict[str, Any] = {}
    for name, annotation in keywords(model).items():
        kind, _, absent = annotation.partition(" | ")
        if name not in GIVEN and kind in KINDS:
            fields[name] = (KINDS[kind] | None if absent else KINDS[kind], None)
    return create_model(f"Arguments of {model}", __base__=StrictModel, **fields)


@cache
def keywords(model: str) -> dict[str, str]:
    """The keyword arguments of the constructor of `model`, one of `MODELS`, with their annotations."""
    module, name = MODELS[model].split(":")
    return class_keywords(module, name)


def class_keywords(module: str, name: str) -> dict[str, str]:
    """The keyword arguments of a class's constructor, and those of its bases if it passes others on.

    Raises:
        LookupError: the module neither has nor imports such a class.
    """
    tree = parsed(module)
    defined = next((node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name), None)
    if defined is None:
        return class_keywords(imported_from(module, name), name)
    own: dict[str, str] = {}
    for node in defined.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            own = {one.arg: ast.unparse(one.annotation) if one.annotation else "Any" for one in node.args.kwonlyargs}
            if node.args.kwarg is None:
                return own
    inherited: dict[str, str] = {}
    for base in defined.bases:
        if isinstance(base, ast.Name):  # torch's bases are attributes of `nn`
            inherited |= class_keywords(module, base.id)
    return inherited | own


def imported_from(module: str, name: str) -> str:
    """The module that `module` imports `name` from."""
    for node in parsed(module).body:
        if isinstance(node, ast.ImportFrom) and node.module and any(alias.name == name for alias in node.names):
            return node.module
    raise LookupError(f"{module} has no class {name}")


@cache
def parsed(module: str) -> ast.Module:
    """The source of a module, which is not imported."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise LookupError(f"there is no module {module}")
    return ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
