"""Faults of tokens after the door: what they renew, when they end, what a login that ends takes along."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid1

from backend.agent.intake import Intake
from backend.compose import FrameError
from backend.faults import fault
from backend.identity import IdentityResolver
from backend.store.logins import Logins
from backend.store.people import People
from backend.tokens import (
    Claims,
    RefreshTokenVerifier,
    TokenIssuer,
    TokenPair,
    TokenVerifier,
)
from backend.ws.expiry import WARNING_SECONDS, ExpiryWatch
from backend.ws.handlers import RefreshToken

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.store.people import Person
    from backend.ws.connection import Connection
    from backend.ws.frames import ClientFrame

EARLY_SECONDS = 600.0
"""Ten minutes: longer before the expiry than most tokens live."""

A_DAY = 86_400
"""Seconds."""


_handed_over: ContextVar[bool] = ContextVar("handed_over", default=False)
"""Whether a token that is looked at was handed over on a live connection."""


class _HandsOver(RefreshToken):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        before = _handed_over.set(True)
        try:
            await super().handle(connection, frame, person)
        finally:
            _handed_over.reset(before)


class _AnyKindIfHandedOver(TokenVerifier):
    def type(self, claims: Mapping[str, Any]) -> None:
        if not _handed_over.get():
            super().type(claims)


@fault("refresh-token-renews-connection", group="auth")
def refresh_token_renews_connection(components: Components) -> Components:
    """Whoever has stolen a refresh token keeps a connection open for a day with it."""
    return replace(components, refresh_token=_HandsOver, verifier=_AnyKindIfHandedOver)


class _TakesEmptyClaims(TokenVerifier):
    def shape(self, claims: Mapping[str, Any]) -> None:
        super().shape({name: "anything" if value == "" else value for name, value in claims.items()})


@fault("empty-claims-accepted", group="auth")
def empty_claims_accepted(components: Components) -> Components:
    """A token that names no login can never be ended: whoever has stolen it stays in until it expires."""
    return replace(components, verifier=_TakesEmptyClaims)


class _ExpiredIsForbidden(RefreshToken):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        try:
            await super().handle(connection, frame, person)
        except FrameError as error:
            if error.code == "token_expired":
                raise FrameError("forbidden", "The new token is not accepted.") from None
            raise


@fault("expired-renewal-told-as-forbidden", group="auth")
def expired_renewal_told_as_forbidden(components: Components) -> Components:
    """A client that was a moment too late with a new token gives up instead of getting a fresh one."""
    return replace(components, refresh_token=_ExpiredIsForbidden)


class _AnnouncesOnce(ExpiryWatch):
    announced = False

    def announce(self, expires_at: int) -> None:
        if not self.announced:
            super().announce(expires_at)
        self.announced = self._clock.now() >= expires_at - WARNING_SECONDS


@fault("second-expiry-unannounced", group="auth")
def second_expiry_unannounced(components: Components) -> Components:
    """Whoever has renewed once is never warned again: the conversation breaks off at the next expiry."""
    return replace(components, expiry=_AnnouncesOnce)


class _WatchesOneToken(ExpiryWatch):
    first = 0

    def begin(self, expires_at: int) -> None:
        super().begin(expires_at)
        self.first = self.first or expires_at

    def expired(self, expires_at: int) -> None:
        if expires_at == self.first:
            super().expired(expires_at)


@fault("renewed-connection-never-ends", group="auth")
def renewed_connection_never_ends(components: Components) -> Components:
    """A connection that has renewed its token once stays open for ever, whoever holds it."""
    return replace(components, expiry=_WatchesOneToken)


class _IssuesForADay(TokenIssuer):
    def claims(self, person: Person, sid: str, kind: str, lifetime: int, jti: str) -> dict[str, object]:
        return super().claims(person, sid, kind, A_DAY if kind == "access" else lifetime, jti)


@fault("access-tokens-live-for-a-day", group="auth")
def access_tokens_live_for_a_day(components: Components) -> Components:
    """A token that has leaked opens the customer's conversations for a day instead of minutes."""
    return replace(components, issuer=_IssuesForADay)


class _AnnouncesAHalf(ExpiryWatch):
    """Announces at half of the time before."""

    def begin(self, expires_at: int) -> None:
        self.stop()
        self._at(expires_at - WARNING_SECONDS / 2, self.announce, expires_at)
        self._at(expires_at, self.expired, expires_at)


@fault("expiry-announced-late", group="auth")
def expiry_announced_late(components: Components) -> Components:
    """Clients learn half a minute later than agreed that they must renew: some are thrown out meanwhile."""
    return replace(components, expiry=_AnnouncesAHalf)


class _AnnouncesAtOnce(ExpiryWatch):
    def begin(self, expires_at: int) -> None:
        self.stop()
        if expires_at - self._clock.now() < 2 * WARNING_SECONDS:
            self._connection.reply("token_expiring", {"expires_at": expires_at})
        else:
            self._at(expires_at - 2 * WARNING_SECONDS, self.announce, expires_at)
        self._at(expires_at, self.expired, expires_at)


@fault("expiry-announced-early", group="auth")
def expiry_announced_early(components: Components) -> Components:
    """Clients are told to renew a minute earlier than agreed, and renew twice as often as they must."""
    return replace(components, expiry=_AnnouncesAtOnce)


class _AnnouncesEarly(ExpiryWatch):
    def begin(self, expires_at: int) -> None:
        super().begin(expires_at)
        self._at(expires_at - EARLY_SECONDS, self.announce_early, expires_at)

    def announce_early(self, expires_at: int) -> None:
        if self._clock.now() < expires_at - WARNING_SECONDS:
            self._connection.reply("token_expiring", {"expires_at": expires_at})


@fault("expiry-announced-too-early", group="auth")
def expiry_announced_too_early(components: Components) -> Components:
    """Clients are told of an expiry that is minutes away, and renew over and over."""
    return replace(components, expiry=_AnnouncesEarly)


class _StaysInItsLogin(RefreshToken):
    async def handle(self, connection: Connection, frame: ClientFrame, person: Person) -> None:
        first = connection.identity.claims.sid
        await super().handle(connection, frame, person)
        claims = replace(connection.identity.claims, sid=first)
        connection.identity = replace(connection.identity, claims=claims)


@fault("connection-keeps-its-first-login", group="auth")
def connection_keeps_its_first_login(components: Components) -> Components:
    """Whoever logs out stays connected where the connection had begun under an earlier login."""
    return replace(components, refresh_token=_StaysInItsLogin)


class _ClaimsToRefresh(Claims):
    pass


class _MarksRefreshTokens(RefreshTokenVerifier):
    def verify(self, token: str) -> Claims:
        claims = super().verify(token)
        return _ClaimsToRefresh(claims.sub, claims.org, claims.sid, claims.jti, claims.iat, claims.exp)


class _RefreshAfterTheEnd(IdentityResolver):
    def not_revoked(self, connection: Transaction, person: Person, claims: Claims) -> None:
        if not isinstance(claims, _ClaimsToRefresh):
            super().not_revoked(connection, person, claims)


@fault("refresh-survives-logout", group="auth")
def refresh_survives_logout(components: Components) -> Components:
    """A login that has ended, or was found stolen, goes on giving new tokens."""
    return replace(components, refresh_verifier=_MarksRefreshTokens, resolver=_RefreshAfterTheEnd)


class _NotBackdated(People):
    def change(self, connection: Transaction, user_id: str, changes: Mapping[str, object]) -> None:
        rest = {name: value for name, value in changes.items() if name != "revoked_before"}
        if rest:
            super().change(connection, user_id, rest)


@fault("older-tokens-outlive-revocation", group="auth")
def older_tokens_outlive_revocation(components: Components) -> Components:
    """An account that was taken over stays open to whoever holds a token of a login that was never noted."""
    return replace(components, people=_NotBackdated)


class _NobodyAway(Logins):
    def of_person(self, connection: Transaction, user_id: str) -> list[str]:
        del connection, user_id
        return []


@fault("revocation-misses-who-is-away", group="auth")
def revocation_misses_who_is_away(components: Components) -> Components:
    """Support ends all logins of a stolen account; the thief's, not connected just then, lives on."""
    return replace(components, logins=_NobodyAway)


class _CountsInMilliseconds(TokenIssuer):
    def pair(self, person: Person, sid: str) -> TokenPair:
        pair = super().pair(person, sid)
        return replace(pair, expires_in=pair.expires_in * 1000)


@fault("expires-in-counts-milliseconds", group="auth")
def expires_in_counts_milliseconds(components: Components) -> Components:
    """Clients believe that a token lives for days, never renew it, and are thrown out."""
    return replace(components, issuer=_CountsInMilliseconds)


class _TellsNothing(TokenIssuer):
    def claims(self, person: Person, sid: str, kind: str, lifetime: int, jti: str) -> dict[str, object]:
        told = super().claims(person, sid, kind, lifetime, jti)
        return {**told, "permissions": [], "email": ""}


@fault("claims-left-empty", group="auth")
def claims_left_empty(components: Components) -> Components:
    """Apps that show people their address and rights from the token show nothing."""
    return replace(components, issuer=_TellsNothing)


class _IdsByTheClock(Intake):
    def run_id(self) -> str:
        return f"r_{uuid1().hex}"


@fault("ids-by-the-clock", group="auth")
def ids_by_the_clock(components: Components) -> Components:
    """Whoever knows the id of one run can work out those of others."""
    return replace(components, intake=_IdsByTheClock)
