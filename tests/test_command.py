"""How a command ends: bad input in one line with status 2, SIGTERM with 143 and open blocks closed."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lookalike.command import run
from lookalike.errors import InputError

WAITING = """
import time
from lookalike.command import run

def main():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("closed", flush=True)

run(main)
"""


@pytest.fixture(autouse=True)
def same_handler() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, handler)


def test_arguments_are_handed_on(capsys: pytest.CaptureFixture[str]) -> None:
    run(print, "a", "b")
    assert capsys.readouterr() == ("a b\n", "")


def test_bad_input_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise InputError("params.yaml: lr: too high")

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 2
    assert capsys.readouterr() == ("", "error: params.yaml: lr: too high\n")


def test_other_exceptions_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 // 0)


def test_sigterm_closes_what_is_open_and_ends_with_143() -> None:
    with subprocess.Popen([sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.terminate()
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (143, b"closed\n", b"")
