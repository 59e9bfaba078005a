"""HTTP requests at the same moment: all of them are made ready, and then sent back to back.

A pool of threads would take a millisecond for each, in which a fast backend has dealt with the one before.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from .service import SECONDS, NoAnswer


def volley(
    url: str, path: str, bodies: Sequence[Mapping[str, object]], seconds: float = SECONDS
) -> list[int]:
    """Posts JSON documents, each over a connection of its own that is open by then.

    Args:
        url: The backend's address.
        path: The path below it.
        bodies: The documents.
        seconds: Longest wait for an answer.

    Returns:
        The statuses of the answers, in the order of the documents.

    Raises:
        NoAnswer: One was not answered.
    """
    place = urlsplit(url)
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    with ExitStack() as stack:
        try:
            ready = []
            for body in bodies:
                connection = stack.enter_context(closing(kind(place.netloc, timeout=seconds)))
                connection.connect()
                text = json.dumps(body).encode()
                connection.putrequest("POST", f"{place.path}{path}")
                connection.putheader("Content-Type", "application/json")
                connection.putheader("Content-Length", str(len(text)))
                ready.append((connection, text))
            for connection, text in ready:
                connection.endheaders(text)
            return [connection.getresponse().status for connection, _ in ready]
        except (OSError, HTTPException) as problem:
            name = type(problem).__name__
            raise NoAnswer(f"One of {len(bodies)} POST {path} was not answered: {name}.") from None
