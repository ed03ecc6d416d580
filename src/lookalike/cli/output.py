"""Texts that several commands print: the end of a help page, and JSON."""

from json import dumps
from typing import Any

from lookalike.command import BAD_INPUT

FAULTY = 1
STATUSES = f"""
exit status:
  0    done
  {FAULTY}    doctor found a fault, or train or run could not finish everything
  {BAD_INPUT}    bad input, reported in one line, or bad usage
  130  stopped with Ctrl-C"""


def examples(*lines: str) -> str:
    """The end of a help page: examples of calls, and the exit statuses."""
    return "\n".join(["examples:", *(f"  lookalike {line}" for line in lines), STATUSES])


def print_json(value: Any) -> None:
    print(dumps(value, indent=2, ensure_ascii=False))
