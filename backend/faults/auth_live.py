"""Faults in the life of a login: its expiry on a live connection, its renewal, its end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import update

from backend.faults import fault
from backend.identity import Identity, IdentityResolver
from backend.passwords import Passwords
from backend.store.logins import Logins, LoginThrottle
from backend.store.notify import DISABLED, REVOKED, Notice
from backend.store.people import NewPerson, People, Person
from backend.store.schema import logins, people
from backend.tokens import Claims, InvalidTokenError
from backend.ws.admission import Admissions
from backend.ws.connection import FLUSH_SECONDS, Connection
from backend.ws.expiry import ExpiryWatch
from backend.ws.handlers import RefreshToken
from backend.ws.manager import POLICY_VIOLATION, ConnectionManager, ManagerFactory
from backend.ws.router import Router
from backend.ws.watch import Watch

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction

    from backend.components import Components

LATE_SECONDS = 5.0
"""Well beyond the 2 s in which an expired connection has to close."""


class _NeverExpires(ExpiryWatch):
    def expired(self, expires_at: int) -> None:
        del expires_at


class _ServesTheExpired(Router):
    def not_expired(self, connection: Connection, now: float) -> None:
        del connection, now


@fault("expiry-ignored-on-live-connection", group="auth")
def expiry_ignored_on_live_connection(components: Components) -> Components:
    """A connection that was opened in time is served for ever, though its token has expired."""
    return replace(components, expiry=_NeverExpires, router=_ServesTheExpired)


class _ExpiresLate(ExpiryWatch):
    def expired(self, expires_at: int) -> None:
        if self._clock.now() < expires_at + LATE_SECONDS:
            self._at(expires_at + LATE_SECONDS, self.expired, expires_at)
        else:
            super().expired(expires_at)


@fault("live-expiry-late", group="auth")
def live_expiry_late(components: Components) -> Components:
    """A connection is closed seconds after its token has expired, as a check now and then would do."""
    return replace(components, expiry=_ExpiresLate)


class _Unannounced(ExpiryWatch):
    def announce(self, expires_at: int) -> None:
        del expires_at


@fault("no-word-before-expiry", group="auth")
def no_word_before_expiry(components: Components) -> Components:
    """Nobody is told that their token will expire: the conversation breaks off without warning."""
    return replace(components, expiry=_Unannounced)


class _OldExpiryStays(ExpiryWatch):
    def begin(self, expires_at: int) -> None:
        if not self._timers:
            super().begin(expires_at)


@fault("refresh-does-not-extend", group="auth")
def refresh_does_not_extend(components: Components) -> Components:
    """Whoever renews the token in time is thrown out all the same when the old one expires."""
    return replace(components, expiry=_OldExpiryStays)


class _OldTokenStays(RefreshToken):
    def replace(self, connection: Transaction, connection_id: str, old: Identity, new: Identity) -> None:
        del old
        self._stores.presence.change_login(connection, connection_id, new.claims.sid)


@fault("old-token-usable-after-refresh", group="auth")
def old_token_usable_after_refresh(components: Components) -> Components:
    """A token that was replaced, perhaps because it had leaked, goes on opening connections."""
    return replace(components, refresh_token=_OldTokenStays)


class _AnybodysToken(RefreshToken):
    def same_person(self, old: Identity, new: Identity) -> None:
        del old, new


@fault("foreign-token-refreshes", group="auth")
def foreign_token_refreshes(components: Components) -> Components:
    """A connection goes on under the token of another person: what one asks is done in the other's name."""
    return replace(components, refresh_token=_AnybodysToken)


class _HearsNothing(ConnectionManager):
    deaf_to = REVOKED

    def notified(self, notice: Notice) -> None:
        if notice.kind != self.deaf_to:
            super().notified(notice)


class _DeafToLogout(ManagerFactory):
    def make(self, user_id: str) -> ConnectionManager:
        return _HearsNothing(user_id)


class _LogoutUnwatched(Watch):
    async def close_unwelcome(self) -> None:
        return


class _ServesTheLoggedOut(Admissions):
    def logged_in(self, connection: Transaction, identity: Identity) -> None:
        del connection, identity


@fault("logout-leaves-sockets-open", group="auth")
def logout_leaves_sockets_open(components: Components) -> Components:
    """After a logout the open chats of that login stay open and go on being served."""
    return replace(components, managers=_DeafToLogout, watch=_LogoutUnwatched, admissions=_ServesTheLoggedOut)


class _ClosesEveryLogin(ConnectionManager):
    def close(self, code: int, reason: str, sid: str | None = None) -> None:
        del sid
        super().close(code, reason)


class _LogoutEverywhere(ManagerFactory):
    def make(self, user_id: str) -> ConnectionManager:
        return _ClosesEveryLogin(user_id)


@fault("logout-closes-other-devices", group="auth")
def logout_closes_other_devices(components: Components) -> Components:
    """Whoever logs out on the phone is thrown out at the desk too."""
    return replace(components, managers=_LogoutEverywhere)


class _LogoutForgotten(IdentityResolver):
    def not_revoked(self, connection: Transaction, person: Person, claims: Claims) -> None:
        if claims.iat < person.revoked_before or self._logins.is_revoked(connection, "", claims.jti):
            raise InvalidTokenError("revoked")


@fault("token-usable-after-logout", group="auth")
def token_usable_after_logout(components: Components) -> Components:
    """A token that was logged out opens new connections until it expires."""
    return replace(components, resolver=_LogoutForgotten)


class _DeafToDisabling(ManagerFactory):
    def make(self, user_id: str) -> ConnectionManager:
        manager = _UnendedByDisabling(user_id)
        manager.deaf_to = DISABLED
        return manager


class _UnendedByDisabling(_HearsNothing):
    def close(self, code: int, reason: str, sid: str | None = None) -> None:
        if (code, reason) != (POLICY_VIOLATION, "disabled"):
            super().close(code, reason, sid)


class _ServesTheDisabled(Admissions):
    def enabled(self, person: Person | None) -> None:
        del person


@fault("disabled-user-keeps-working", group="auth")
def disabled_user_keeps_working(components: Components) -> Components:
    """Somebody who was disabled goes on asking on every connection that is open."""
    return replace(components, managers=_DeafToDisabling, admissions=_ServesTheDisabled)


class _ClosesWithoutReason(Connection):
    def close(self, code: int, reason: str, *, patience: float = FLUSH_SECONDS) -> None:
        super().close(code, "" if code == POLICY_VIOLATION else reason, patience=patience)


@fault("auth-failure-without-a-reason", group="auth")
def auth_failure_without_a_reason(components: Components) -> Components:
    """A client that is thrown out is not told why, and does not know whether to renew, log in or give up."""
    return replace(components, connection=_ClosesWithoutReason)


class _RefreshAgainAndAgain(Logins):
    def rotate(self, connection: Transaction, sid: str, used_jti: str, new_jti: str) -> bool:
        del used_jti
        connection.execute(update(logins).where(logins.c.sid == sid).values(refresh_jti=new_jti))
        return True


@fault("refresh-token-reusable", group="auth")
def refresh_token_reusable(components: Components) -> Components:
    """A refresh token that was stolen gives new tokens for as long as the thief likes, and nobody notices."""
    return replace(components, logins=_RefreshAgainAndAgain)


class _NoThrottle(LoginThrottle):
    def attempt(self, connection: Transaction, email: str, attempt: str, now: float) -> float | None:
        del connection, email, attempt, now
        return None


@fault("password-guessing-not-throttled", group="auth")
def password_guessing_not_throttled(components: Components) -> Components:
    """Passwords can be tried without end."""
    return replace(components, throttle=_NoThrottle)


class _AnyPassword(Passwords):
    async def matches(self, password_hash: str | None, password: str) -> bool:
        await super().matches(password_hash, password)
        return password_hash is not None


@fault("any-password-accepted", group="auth")
def any_password_accepted(components: Components) -> Components:
    """Whoever knows a customer's address can log in as them, whatever the password."""
    return replace(components, passwords=_AnyPassword)


class _TakesOver(People):
    def create(self, connection: Transaction, new: NewPerson, now: float) -> Person:
        there = self.by_email(connection, new.email)
        if there is None:
            return super().create(connection, new, now)
        renewed = update(people).where(people.c.id == there[0].id).values(password_hash=new.password_hash)
        connection.execute(renewed)
        return there[0]


@fault("sign-up-takes-an-account-over", group="auth")
def sign_up_takes_an_account_over(components: Components) -> Components:
    """Whoever signs up with a customer's address gets that customer's account, with a new password."""
    return replace(components, people=_TakesOver)
