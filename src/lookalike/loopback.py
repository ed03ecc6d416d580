"""The servers of this project listen on this machine alone."""

import os
import socket

from lookalike.errors import InputError

HOST = "127.0.0.1"


def require_port(port: int) -> None:
    """Refuse what is no number of a port."""
    if not 0 < port < 65536:
        raise InputError(f"port {port}: not a number from 1 to 65535")


def listen(port: int, advice: str) -> socket.socket:
    """A socket that listens on `port` of the loopback interface.

    Raises:
        InputError: there is no such port, somebody listens on it, or this user may not take it; `advice` says what else
            to do.
    """
    require_port(port)
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise InputError(f"port {port}: {os.strerror(error.errno or 0)}; {advice}") from error
