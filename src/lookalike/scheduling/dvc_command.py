"""DVC's command line with a faster `dvc.lock`: `python -m lookalike.scheduling.dvc_command repro --single-item STAGE`.

After every stage DVC reads and writes the whole of `dvc.lock` in a way that would keep comments, which the file does
not have, and holds its lock meanwhile: 2 s for the hundred stages of this project. libyaml does both in a quarter of a
second. `artifacts.dvc_lock.rewrite_lock` gives the file DVC's own line breaks in the end.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lookalike.artifacts.dvc_lock import LOCK, read_lock, write_lock


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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
