"""The socket that the service listens on."""

import socket
import sys

BACKLOG = 2048
"""Connections that may wait to be accepted; a crowd comes at once."""


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that is bound.

    Raises:
        OSError: The address is taken, or not one of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off; without, small replies wait for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
