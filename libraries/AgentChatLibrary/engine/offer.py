"""What a client presents at the handshake, and how it is refused."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from websockets.datastructures import Headers

from ..dialect import door
from ..dialect.model import Dialect
from ..redaction import mask

Carrier = Literal["header", "subprotocol", "bare_subprotocol", "token_query", "access_token_query"]

SUBPROTOCOL: Final = "agent-chat.v1"
"""The one subprotocol the server selects (contract: Handshake)."""
SHOWN_BODY: Final = 200
"""Characters of a refusal that its message shows; masked before, since a part of a secret is not known."""


class Refused(Exception):
    """The upgrade was refused.

    Attributes:
        status: HTTP status, or 0 when the connection was refused or broken before any answer.
        headers: The answer's headers, names in lower case.
        body: The answer's body as text.
    """

    def __init__(self, status: int, headers: Mapping[str, str], body: str) -> None:
        super().__init__(f"HTTP {status}: {mask(body)[:SHOWN_BODY]}")
        self.status = status
        self.headers = headers
        self.body = body


@dataclass(slots=True)
class Offer:
    """What a client presents at the handshake.

    Attributes:
        url: The WebSocket address.
        credentials: Tokens and how each travels (contract: Handshake). The queries and the subprotocol
            without its companion are ways that must be refused.
        headers: Further headers, for example ``Origin``.
        dialect: How the backend speaks; None where it speaks the contract itself.
        values: The environment's own values for places in the dialect's templates.
    """

    url: str
    credentials: Sequence[tuple[Carrier, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    dialect: Dialect | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def request(self) -> door.Request:
        """The address, headers and subprotocols that carry the tokens.

        Raises:
            NotOffered: The dialect knows no such way for a token to travel.
        """
        if self.dialect is not None:
            return door.request(self.dialect, self.url, self.credentials, self.headers, self.values)
        headers, query = Headers(self.headers), []  # setting a header there adds one more of its name
        subprotocols: list[str] = []
        for carrier, token in self.credentials:
            if carrier == "header":
                headers["Authorization"] = f"Bearer {token}"
            elif carrier in {"token_query", "access_token_query"}:
                query.append(f"{carrier.removesuffix('_query')}={token}")
            else:
                encoded = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
                if carrier == "subprotocol" and SUBPROTOCOL not in subprotocols:
                    subprotocols.append(SUBPROTOCOL)
                subprotocols.append(f"jwt.{encoded}")
        url = f"{self.url}?{'&'.join(query)}" if query else self.url
        return door.Request(url, headers, subprotocols)


def refused(dialect: Dialect | None, status: int, headers: Mapping[str, str], body: str) -> Refused:
    """An HTTP refusal, as the contract would have put it where the dialect says how.

    Args:
        dialect: How the backend speaks; None where it speaks the contract itself.
        status: The HTTP status.
        headers: The answer's headers, names in lower case.
        body: The answer's body.
    """
    refusal = door.read_refusal(dialect, status, body) if dialect is not None else None
    if refusal is None:
        return Refused(status, headers, body)
    return Refused(refusal.status, headers, door.canonical_body(refusal.code, body))
