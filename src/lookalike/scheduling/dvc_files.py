"""DVC in this process reads and writes its files faster, with the same content."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from lookalike.artifacts.dvc_lock import LOCK, parsed_before, read_lock, write_lock


@cache
def use_faster_lock() -> None:
    """Have DVC read and write `dvc.lock` faster in this process from now on.

    After every stage DVC reads and writes the whole file in a way that would keep comments, which it does not have,
    and holds its lock meanwhile: 2 s for the hundred stages of this project.
    """
    from dvc import dvcfile
    from dvc.utils import strictyaml

    modify_yaml, parse_yaml = dvcfile.modify_yaml, strictyaml.parse_yaml

    @contextmanager
    def modify_file(path: str, fs: Any = None) -> Iterator[dict[str, Any]]:
        if Path(path).name != LOCK.name:
            with modify_yaml(path, fs=fs) as content:
                yield content
            return
        content = read_lock(Path(path))
        yield content
        write_lock(Path(path), content)

    def parse(text: str, path: str, typ: str = "safe") -> Any:
        content = parsed_before(Path(path), text) if typ == "safe" and Path(path).name == LOCK.name else None
        return parse_yaml(text, path, typ) if content is None else content

    dvcfile.modify_yaml, strictyaml.parse_yaml = modify_file, parse


@contextmanager
def params_read_once() -> Iterator[None]:
    """Have DVC read `params.yaml` once within the block, during which the file must not change.

    To tell whether a stage is stale, DVC would parse it and walk through all of it once per parameter of the stage.
    """
    from dvc.dependency import param

    read_param_file = param.read_param_file

    @cache
    def whole_file(fs: Any, path: str) -> Any:
        return read_param_file(fs, path)

    def read_params(fs: Any, path: str, keys: list[str] | None = None, flatten: bool = False, **options: Any) -> Any:
        if keys and flatten and not options:
            with suppress(LookupError):
                return {key: value_at(whole_file(fs, path), key) for key in keys}
        return read_param_file(fs, path, keys, flatten, **options)

    param.read_param_file = read_params
    try:
        yield
    finally:
        param.read_param_file = read_param_file


def value_at(content: Any, key: str) -> Any:
    """The value of a key with dots.

    Raises:
        LookupError: there is none, or only DVC can find it: the key leads into a list, or is a pattern.
    """
    for name in key.split("."):
        if not isinstance(content, dict):
            raise LookupError(key)
        content = content[name]
    return content
