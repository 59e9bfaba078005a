"""Faults in how a credential reaches the service, and in how a refusal leaves it."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from urllib.parse import parse_qsl

from starlette.types import Scope, Send

from backend.components import Components
from backend.credentials import (
    FORBIDDEN_PARAMETERS,
    TOKEN_SUBPROTOCOL,
    CredentialReader,
    OriginPolicy,
)
from backend.faults import fault
from backend.identity import Identity
from backend.tokens import InvalidTokenError
from backend.web.answers import Refusal, refusal_for_token
from backend.ws.handshake import Handshake

UNAUTHORIZED = 401


class _QueryRead(CredentialReader):
    def from_header(self, scope: Scope) -> Iterable[str]:
        yield from super().from_header(scope)
        for name, value in parse_qsl(scope.get("query_string", b"").decode("latin-1")):
            if name in FORBIDDEN_PARAMETERS:
                yield value

    def in_query(self, scope: Scope) -> bool:
        del scope
        return False


@fault("query-string-token-accepted", group="auth")
def query_string_token_accepted(components: Components) -> Components:
    """Tokens travel in addresses, and so end up in the logs and histories of everything on the way."""
    return replace(components, credentials=_QueryRead)


class _QueryOverlooked(CredentialReader):
    def in_query(self, scope: Scope) -> bool:
        del scope
        return False


@fault("query-string-token-overlooked", group="auth")
def query_string_token_overlooked(components: Components) -> Components:
    """A client that leaks its token in the address is never told, because the header has it too."""
    return replace(components, credentials=_QueryOverlooked)


class _NoCompanion(CredentialReader):
    def from_subprotocols(self, scope: Scope) -> Iterable[str]:
        for name in scope.get("subprotocols", []):
            if name.startswith(TOKEN_SUBPROTOCOL):
                yield self.decoded(name.removeprefix(TOKEN_SUBPROTOCOL))


@fault("subprotocol-companion-not-needed", group="auth")
def subprotocol_companion_not_needed(components: Components) -> Components:
    """A token among the subprotocols counts though nothing was offered that both sides could speak."""
    return replace(components, credentials=_NoCompanion)


class _FirstWins(CredentialReader):
    def read(self, scope: Scope) -> str:
        found = [token for token in (*self.from_header(scope), *self.from_subprotocols(scope)) if token]
        if self.in_query(scope) or not found:
            return super().read(scope)
        return found[0]


@fault("first-of-two-credentials-counts", group="auth")
def first_of_two_credentials_counts(components: Components) -> Components:
    """Of two tokens that differ one is taken: what a proxy has checked need not be what the service takes."""
    return replace(components, credentials=_FirstWins)


class _FirstHeader(CredentialReader):
    def from_header(self, scope: Scope) -> Iterable[str]:
        return islice(super().from_header(scope), 1)


@fault("first-of-two-headers-counts", group="auth")
def first_of_two_headers_counts(components: Components) -> Components:
    """Somebody adds a second header on the way, and whoever reads the last one sees another person."""
    return replace(components, credentials=_FirstHeader)


class _FirstSubprotocol(CredentialReader):
    def from_subprotocols(self, scope: Scope) -> Iterable[str]:
        return islice(super().from_subprotocols(scope), 1)


@fault("first-of-two-subprotocols-counts", group="auth")
def first_of_two_subprotocols_counts(components: Components) -> Components:
    """A browser that offers two tokens is let in as one of two people, and nobody can say why that one."""
    return replace(components, credentials=_FirstSubprotocol)


class _AllOrigins(OriginPolicy):
    def is_own(self, origin: str) -> bool:
        del origin
        return True


@fault("foreign-origin-accepted", group="auth")
def foreign_origin_accepted(components: Components) -> Components:
    """Any web page can open the chat in the name of a customer whose browser it runs in."""
    return replace(components, origins=_AllOrigins)


class _NullOrigin(OriginPolicy):
    def is_own(self, origin: str) -> bool:
        return origin == "null" or super().is_own(origin)


@fault("null-origin-accepted", group="auth")
def null_origin_accepted(components: Components) -> Components:
    """A sandboxed frame of any page, whose origin is ``null``, passes for a page of the service."""
    return replace(components, origins=_NullOrigin)


class _BeginsLikeOurs(OriginPolicy):
    def is_own(self, origin: str) -> bool:
        return any(origin.lower().startswith(own) for own in self.allowed)


@fault("origin-compared-by-its-beginning", group="auth")
def origin_compared_by_its_beginning(components: Components) -> Components:
    """Whoever owns a domain that begins like the service's opens the chat in its customers' names."""
    return replace(components, origins=_BeginsLikeOurs)


class _EndsLikeOurs(OriginPolicy):
    def is_own(self, origin: str) -> bool:
        return any(origin.lower().endswith(own) for own in self.allowed)


@fault("origin-compared-by-its-end", group="auth")
def origin_compared_by_its_end(components: Components) -> Components:
    """A page that writes the service's address behind its own opens the chat in customers' names."""
    return replace(components, origins=_EndsLikeOurs)


class _NoOrigin(OriginPolicy):
    def is_own(self, origin: str) -> bool:
        del origin
        return False


@fault("own-origin-refused", group="auth")
def own_origin_refused(components: Components) -> Components:
    """Nobody can chat from a browser, not even on the service's own page."""
    return replace(components, origins=_NoOrigin)


class _ExpiredIsInvalid(Handshake):
    async def identified(self, scope: Scope) -> Identity:
        try:
            return await super().identified(scope)
        except Refusal as refusal:
            if refusal.code == "token_expired":
                raise refusal_for_token(InvalidTokenError("expired")) from None
            raise


@fault("expired-told-as-invalid", group="auth")
def expired_told_as_invalid(components: Components) -> Components:
    """A client cannot tell an old token from a bad one, and logs its user out instead of renewing."""
    return replace(components, handshake=_ExpiredIsInvalid)


class _MissingIsInvalid(Handshake):
    async def identified(self, scope: Scope) -> Identity:
        try:
            return await super().identified(scope)
        except Refusal as refusal:
            if refusal.code == "missing_credential":
                raise refusal_for_token(InvalidTokenError(refusal.why)) from None
            raise


@fault("missing-told-as-invalid", group="auth")
def missing_told_as_invalid(components: Components) -> Components:
    """A client that forgot its credential is told that the credential is bad."""
    return replace(components, handshake=_MissingIsInvalid)


class _TellsWhy(Handshake):
    async def refuse(self, send: Send, refusal: Refusal) -> None:
        if refusal.status == UNAUTHORIZED:
            refusal.message = f"{refusal.message} ({refusal.why})"
        await super().refuse(send, refusal)


@fault("reason-told-in-401", group="auth")
def reason_told_in_401(components: Components) -> Components:
    """Whoever forges tokens is told which check the last try has failed."""
    return replace(components, handshake=_TellsWhy)


class _RepeatsTheToken(Handshake):
    async def identified(self, scope: Scope) -> Identity:
        try:
            return await super().identified(scope)
        except Refusal as refusal:
            if refusal.why.startswith("signature"):
                refusal.message = f"The token {self._gate.credentials.read(scope)} is not accepted."
            raise


@fault("token-echoed-in-the-refusal", group="auth")
def token_echoed_in_the_refusal(components: Components) -> Components:
    """A token whose signature cannot be read is repeated in the refusal, and so ends up in clients' logs."""
    return replace(components, handshake=_RepeatsTheToken)


class _NoChallenge(Handshake):
    async def refuse(self, send: Send, refusal: Refusal) -> None:
        if refusal.code == "missing_credential":
            refusal.challenge = None
        await super().refuse(send, refusal)


@fault("challenge-missing", group="auth")
def challenge_missing(components: Components) -> Components:
    """Whoever comes without a credential is not told how to sign in (RFC 9110, section 11.6.1)."""
    return replace(components, handshake=_NoChallenge)


class _RefusesTooLate(Handshake):
    async def refuse(self, send: Send, refusal: Refusal) -> None:
        if refusal.code != "missing_credential":
            await super().refuse(send, refusal)
            return
        self._ground.metrics.refused(refusal.status, refusal.code)
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1008, "reason": refusal.code})


@fault("refused-after-the-upgrade", group="auth")
def refused_after_the_upgrade(components: Components) -> Components:
    """Whoever has no credential is let in and thrown out again; clients take it for a drop and come back."""
    return replace(components, handshake=_RefusesTooLate)
