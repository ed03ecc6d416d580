"""DVC's command line with faster files: `python -m lookalike.scheduling.dvc_command repro --single-item STAGE`."""

import signal
import sys

from lookalike.scheduling.dvc_files import use_faster_lock


def main(arguments: list[str]) -> int:
    """Run DVC's command line; the exit status."""
    from dvc.cli import main as dvc

    # Ctrl-C ends the stage, and DVC then ends with it. It must not end DVC while that writes the file of its locks.
    signal.signal(signal.SIGINT, lambda *_: None)
    use_faster_lock()
    return dvc(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
