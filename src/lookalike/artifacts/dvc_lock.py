"""`dvc.lock`, which DVC writes after every stage, read and written by libyaml."""

import io
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.artifacts.folders import write_text

if TYPE_CHECKING:
    from ruamel.yaml import YAML

LOCK = Path("dvc.lock")


def fast_yaml() -> "YAML":
    """libyaml behind the rules of YAML 1.2, which are DVC's: `yes` is a text, and 1e-05 a number."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe")
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # the annotation says None
    yaml.Representer.add_representer(OrderedDict, yaml.Representer.represent_dict)
    return yaml


def read_lock(path: Path = LOCK) -> dict[str, Any]:
    """The content of `dvc.lock`; empty if there is none."""
    return fast_yaml().load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}


def write_lock(path: Path, content: dict[str, Any]) -> None:
    """Write `dvc.lock` as a whole."""
    text = io.StringIO()
    fast_yaml().dump(content, text)
    write_text(path, text.getvalue())


def rewrite_lock(path: Path = LOCK) -> None:
    """Write `dvc.lock` with the line breaks that `dvc repro` gives it, so that git shows no other difference."""
    from dvc.utils.serialize import dumps_yaml
    from dvc.utils.serialize._yaml import parse_yaml_for_update

    if path.exists():
        write_text(path, dumps_yaml(parse_yaml_for_update(path.read_text(encoding="utf-8"), str(path))))
