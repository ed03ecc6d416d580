"""The part of pydantic that the stages use, without validation, for machines that have no pydantic.

A bundle's parameters were validated when it was packed. Here they become the same objects, with the same values and
digests; nothing is refused. Where pydantic is installed, it is used instead.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Annotated, Any, ClassVar, Generic, Self, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
ErrorDetails = dict[str, Any]


class ValidationError(ValueError): ...


class PydanticCustomError(ValueError): ...


class ConfigDict(dict[str, Any]):
    """Settings of a class; none of them counts without validation."""


def Field(*constraints: Any, **settings: Any) -> Any:  # noqa: N802  # pydantic's name
    """None, the default of every optional key; constraints do not count."""
    return None


AfterValidator = Strict = StringConstraints = Field


def field_validator(*names: str, **settings: Any) -> Callable[[T], T]:
    """A decorator that leaves the function as it is; it is not called."""
    return lambda function: function


model_validator = field_validator


class BaseModel:
    """A section: its annotated keys as attributes, None where a key is left out."""

    def __init__(self, **values: Any) -> None:
        for name, kind in annotations_of(type(self)).items():
            setattr(self, name, built(kind, values.get(name)))

    @classmethod
    def model_validate(cls, values: Mapping[str, Any]) -> Self:
        return cls(**values)

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """The same with other values for some keys."""
        copy = type(self).__new__(type(self))
        vars(copy).update(vars(self) | dict(update))
        return copy

    def model_dump(
        self, *, mode: str = "python", exclude_none: bool = False, include: Any = None, exclude: Any = None
    ) -> dict[str, Any]:
        """The values as plain ones; `include` and `exclude` are sets of keys, or for `exclude` trees with True."""
        left_out = exclude if isinstance(exclude, dict) else dict.fromkeys(exclude or (), True)
        kept = {
            name: plain(value, mode, exclude_none, left_out.get(name))
            for name, value in vars(self).items()
            if left_out.get(name) is not True and (include is None or name in include)
        }
        return {name: value for name, value in kept.items() if not (exclude_none and value is None)}


def create_model(name: str, *, __base__: type[BaseModel], **fields: Any) -> type[BaseModel]:
    """A section that takes everything and keeps nothing: it would only be there to validate."""
    return type(name, (BaseModel,), {})


class TypeAdapter(Generic[T]):
    """Reads a dataclass from JSON."""

    def __init__(self, kind: type[T]) -> None:
        self.kind = kind

    def validate_json(self, text: bytes) -> T:
        return built(self.kind, json.loads(text))


def annotations_of(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar}


def built(kind: Any, value: Any) -> Any:
    """`value`, as YAML or JSON has it, as the annotation `kind` says: sections, tuples, numbers with a point."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return built(arguments[0], value)
    if origin in (Union, UnionType):
        return built(next(one for one in arguments if one is not type(None)), value)
    if value is None or isinstance(value, BaseModel):
        return value
    if origin is tuple:
        kinds = [arguments[0]] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(built(one, part) for one, part in zip(kinds, value, strict=True))
    if origin in (dict, Mapping):
        return {name: built(arguments[1], part) for name, part in value.items()}
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, BaseModel)):
        return kind(**{name: built(one, value.get(name)) for name, one in annotations_of(kind).items()})
    return float(value) if kind is float else value


def plain(value: Any, mode: str, exclude_none: bool, exclude: Any) -> Any:
    """A value without sections, and for the mode "json" without tuples."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode=mode, exclude_none=exclude_none, exclude=exclude)
    if isinstance(value, dict):
        return {name: plain(part, mode, exclude_none, None) for name, part in value.items()}
    if isinstance(value, list | tuple):
        parts = [plain(part, mode, exclude_none, None) for part in value]
        return parts if mode == "json" or isinstance(value, list) else tuple(parts)
    return value
