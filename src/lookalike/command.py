"""How a stage or a command ends when its input is bad or it is stopped: no traceback, a status that says which."""

import signal
import sys
from collections.abc import Callable
from types import FrameType

from lookalike.errors import InputError

BAD_INPUT = 2


def run(main: Callable[..., None], *arguments: str) -> None:
    """Call `main(*arguments)`; print an `InputError` as one line and exit with status 2.

    SIGTERM and Ctrl-C end the process through `SystemExit`, so that open files and runs are closed on the way.
    """
    signal.signal(signal.SIGTERM, end_process)
    try:
        main(*arguments)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(BAD_INPUT)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def end_process(signum: int, frame: FrameType | None) -> None:
    """Turn a signal into an orderly exit with the shell's status for it."""
    sys.exit(128 + signum)
