"""The exceptions that a person is meant to read, and how they show a value."""

from reprlib import Repr

_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


class InputError(Exception):
    """Bad input: one line that names the file or key, what is wrong with it and what is allowed.

    The stages and the command line print it without a traceback and exit with status 2.
    """


class RejectedError(Exception):
    """A file is not used as a photograph; the message is the reason, in one line."""


def abbreviated(value: object) -> str:
    """A value as Python writes it, in about 60 characters."""
    return _short.repr(value)
