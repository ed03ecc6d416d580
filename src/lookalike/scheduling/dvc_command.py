"""DVC's command line with a faster `dvc.lock`: `python -m lookalike.scheduling.dvc_command repro --single-item STAGE`.

After every stage DVC reads and writes the whole of `dvc.lock` in a way that would keep comments, which the file does
not have, and holds its lock meanwhile: 2 s for the hundred stages of this project. libyaml does both in a quarter of a
second. `rewrite_lock` gives the file DVC's own line breaks in the end.
"""

import io
import signal
import sys
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookalike.artifacts.folders import write_text

if TYPE_CHECKING:
    from ruamel.yaml import YAML

LOCK = Path("dvc.lock")


def main(arguments: list[str]) -> int:
    """Run DVC's command line; the exit status."""
    from dvc import dvcfile
    from dvc.cli import main as dvc

    keeping_comments = dvcfile.modify_yaml

    @contextmanager
    def modify_yaml(path: str, fs: Any = None) -> Iterator[dict[str, Any]]:
        if Path(path).name != LOCK.name:
            with keeping_comments(path, fs=fs) as content:
                yield content
            return
        content = read_lock(Path(path))
        yield content
        write_lock(Path(path), content)

    dvcfile.modify_yaml = modify_yaml
    # Ctrl-C ends the stage, and DVC then ends with it. It must not end DVC while that writes the file of its locks.
    signal.signal(signal.SIGINT, lambda *_: None)
    return dvc(arguments)


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
