"""The one exception that a person is meant to read."""


class InputError(Exception):
    """Bad input: one line that names the file or key, what is wrong with it and what is allowed.

    The stages and the command line print it without a traceback and exit with status 2.
    """
