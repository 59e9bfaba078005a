"""Where a request carries its credential, and which web pages may send one."""

import base64
import binascii
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

from backend.tokens import InvalidTokenError

SUBPROTOCOL = "agent-chat.v1"
"""The one subprotocol that is ever selected."""

TOKEN_SUBPROTOCOL = "jwt."  # noqa: S105 -- a prefix
"""What a subprotocol that carries a token begins with."""

FORBIDDEN_PARAMETERS = frozenset({"token", "access_token"})
"""Tokens in addresses end up in logs and histories; RFC 6750, section 2.3, says not to."""

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class MissingCredentialError(InvalidTokenError):
    """A request carries no credential in any accepted place."""


class CredentialReader:
    """Finds the token of a request."""

    def read(self, scope: Scope) -> str:
        """Returns the one token that a request carries.

        Raises:
            MissingCredentialError: It carries none.
            InvalidTokenError: It carries two that differ, or one where none may be.
        """
        found = {token for token in (*self.from_header(scope), *self.from_subprotocols(scope)) if token}
        if self.in_query(scope):
            raise InvalidTokenError("query") if found else MissingCredentialError("query")
        if not found:
            raise MissingCredentialError("none")
        if len(found) > 1:
            raise InvalidTokenError("two credentials")
        return found.pop()

    def from_header(self, scope: Scope) -> Iterable[str]:
        """Yields the tokens of the ``Authorization`` headers."""
        for value in Headers(scope=scope).getlist("authorization"):
            scheme, _, token = value.strip().partition(" ")
            if scheme.lower() == "bearer":
                yield token.strip()

    def from_subprotocols(self, scope: Scope) -> Iterable[str]:
        """Yields the tokens among the offered subprotocols; they count beside ``agent-chat.v1`` alone."""
        offered = scope.get("subprotocols", [])
        if SUBPROTOCOL not in offered:
            return
        for name in offered:
            if name.startswith(TOKEN_SUBPROTOCOL):
                yield self.decoded(name.removeprefix(TOKEN_SUBPROTOCOL))

    def decoded(self, text: str) -> str:
        """Returns the token that a subprotocol carries as BASE64URL.

        Raises:
            InvalidTokenError: It is no BASE64URL of ASCII text.
        """
        text = text.rstrip("=")
        if not _BASE64URL.fullmatch(text):
            raise InvalidTokenError("subprotocol")
        try:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidTokenError("subprotocol") from None

    def in_query(self, scope: Scope) -> bool:
        """Says whether the address carries a token."""
        pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
        return any(name.lower() in FORBIDDEN_PARAMETERS for name, _ in pairs)

    def subprotocol(self, scope: Scope) -> str | None:
        """Returns the subprotocol that the connection will speak, or None where none was offered."""
        return SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", []) else None


class OriginPolicy:
    """Which web pages may connect. Whatever is no browser sends no ``Origin`` and is let through."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = {origin.strip().rstrip("/").lower() for origin in allowed if origin.strip()}

    def allows(self, scope: Scope) -> bool:
        """Says whether the page that a request comes from may connect."""
        origins = Headers(scope=scope).getlist("origin")
        return all(self.is_own(origin) for origin in origins)

    def is_own(self, origin: str) -> bool:
        """Says whether an origin is the service's own or an allowed one; ``null`` never is."""
        return origin.lower() in self.allowed
