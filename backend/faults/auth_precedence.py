"""Faults in which of several reasons a handshake is refused for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jwt

from backend.faults import fault
from backend.tokens import ExpiredTokenError, TokenVerifier
from backend.web.answers import Refusal
from backend.ws.handshake import Handshake

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection as Transaction
    from starlette.types import Scope

    from backend.components import Components
    from backend.ground import Ground, Stores
    from backend.identity import Identity


class _IdentifiesFirst(Handshake):
    async def available(self) -> None:
        """Comes later."""

    def own_page(self, scope: Scope) -> None:
        """Comes later."""

    async def identified(self, scope: Scope) -> Identity:
        identity = await super().identified(scope)
        await super().available()
        super().own_page(scope)
        return identity


@fault("credential-asked-before-the-page", group="auth")
def credential_asked_before_the_page(components: Components) -> Components:
    """A foreign page learns whether its visitor is logged in; during a release clients throw logins away."""
    return replace(components, handshake=_IdentifiesFirst)


class _CountsBeforeTheExpiry(Handshake):
    def __init__(self, ground: Ground, stores: Stores, *others: Any) -> None:  # noqa: ANN401 -- handed on
        super().__init__(ground, stores, *others)
        self._people = stores.people

    async def identified(self, scope: Scope) -> Identity:
        try:
            return await super().identified(scope)
        except Refusal as refusal:
            if refusal.code == "token_expired":
                token = self._gate.credentials.read(scope)
                name = jwt.decode(token, options={"verify_signature": False})["sub"]
                await self._ground.database.read(self.room_for, name)
            raise

    def room_for(self, connection: Transaction, user_id: str) -> None:
        """Refuses with 429 when the person has no connection left."""
        person = self._people.by_id(connection, user_id)
        now = self._ground.clock.now()
        if person and self._presence.count(connection, user_id, now) >= person.policy.connections:
            raise Refusal(429, "too_many_connections", "Too many connections.", retry_after=1, why="early")


@fault("full-house-told-to-the-expired", group="auth")
def full_house_told_to_the_expired(components: Components) -> Components:
    """A client whose token has expired waits for a free connection for ever, and never logs in again."""
    return replace(components, handshake=_CountsBeforeTheExpiry)


class _LooksAtTheAgeFirst(TokenVerifier):
    def shape(self, claims: Mapping[str, Any]) -> None:
        super().shape(claims)
        if self._clock.now() >= claims["exp"]:
            raise ExpiredTokenError("expired")


@fault("old-told-before-bad", group="auth")
def old_told_before_bad(components: Components) -> Components:
    """A client whose login has ended asks for a new token again and again, and never for a password."""
    return replace(components, verifier=_LooksAtTheAgeFirst)


class _NoticesTheOutageLate(Handshake):
    async def available(self) -> None:
        if self._gate.draining.active:
            await super().available()


@fault("outage-told-after-all-else", group="auth")
def outage_told_after_all_else(components: Components) -> Components:
    """While the database is away clients that come without a token throw logins away and give up."""
    return replace(components, handshake=_NoticesTheOutageLate)
