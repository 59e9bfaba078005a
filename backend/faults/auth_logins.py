"""Faults of signing up, logging in and renewing: what newcomers get, who waits how long, what works twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from backend.faults import fault
from backend.store.lane import DatabaseUnavailableError
from backend.store.logins import LoginThrottle
from backend.store.people import NewPerson, Person
from backend.store.schema import logins, organisations
from backend.tokens import Claims, InvalidTokenError, RefreshTokenVerifier, TokenPair
from backend.web.answers import Refusal, answer, refusal_for_token
from backend.web.auth import FIRST_TIER, Account, Auth

if TYPE_CHECKING:
    from sqlalchemy import Connection as Transaction
    from starlette.requests import Request
    from starlette.responses import Response

    from backend.components import Components

A_DAY = 86_400.0
"""Seconds."""
BETWEEN_SECONDS = 0.5
"""From the look whether a token is still good to the note that it was used: others come in between."""


class _BeginsAtTheTop(Auth):
    def sign_up(self, connection: Transaction, account: Account) -> Person:
        person = super().sign_up(connection, account)
        self._stores.people.change(connection, person.id, {"tier": "enterprise"})
        return self._stores.people.by_id(connection, person.id) or person


@fault("sign-up-grants-the-top-tier", group="auth")
def sign_up_grants_the_top_tier(components: Components) -> Components:
    """Nobody ever pays: whoever signs up gets what enterprise customers pay for."""
    return replace(components, auth=_BeginsAtTheTop)


class _JoinsANamesake(Auth):
    def sign_up(self, connection: Transaction, account: Account) -> Person:
        called_so = select(organisations.c.id).where(organisations.c.name == account.organisation)
        there = connection.execute(called_so.order_by(organisations.c.created_at.desc())).scalars().first()
        if there is None:
            return super().sign_up(connection, account)
        new = NewPerson(account.email, account.password_hash, account.name, there, FIRST_TIER)
        return self._stores.people.create(connection, new, self._ground.clock.now())


@fault("sign-up-joins-a-namesake", group="auth")
def sign_up_joins_a_namesake(components: Components) -> Components:
    """Whoever signs up with the name of a customer's company reads its spending and shared conversations."""
    return replace(components, auth=_JoinsANamesake)


class _LocksForADay(LoginThrottle):
    window_seconds = A_DAY


@fault("failed-logins-lock-for-a-day", group="auth")
def failed_logins_lock_for_a_day(components: Components) -> Components:
    """Whoever mistypes a password five times cannot work until tomorrow, and anybody can do that to them."""
    return replace(components, throttle=_LocksForADay)


class _CountsSpellings(LoginThrottle):
    def account(self, email: str) -> str:
        return email.strip()


@fault("guesses-counted-by-spelling", group="auth")
def guesses_counted_by_spelling(components: Components) -> Components:
    """Whoever guesses a password has five more tries with each capital letter in the address."""
    return replace(components, throttle=_CountsSpellings)


class _KeepsTheWaitToItself(Auth):
    async def begin_attempt(self, email: str, attempt: str) -> None:
        try:
            await super().begin_attempt(email, attempt)
        except Refusal as refusal:
            raise Refusal(refusal.status, refusal.code, refusal.message) from None


@fault("login-wait-untold", group="auth")
def login_wait_untold(components: Components) -> Components:
    """Whoever mistyped a password too often is not told when to try again, and tries again and again."""
    return replace(components, auth=_KeepsTheWaitToItself)


class _TellsAccountsTheWait(Auth):
    async def begin_attempt(self, email: str, attempt: str) -> None:
        try:
            await super().begin_attempt(email, attempt)
        except Refusal as refusal:
            if await self._ground.database.read(self._stores.people.by_email, email) is None:
                refusal.retry_after = None
            raise


@fault("login-wait-told-to-accounts-alone", group="auth")
def login_wait_told_to_accounts_alone(components: Components) -> Components:
    """Whoever guesses six times at an address is told a time to wait only where it is a customer's."""
    return replace(components, auth=_TellsAccountsTheWait)


class _TellsNoRights(Auth):
    async def login(self, request: Request) -> Response:
        told = json.loads(bytes((await super().login(request)).body))
        return answer({**told, "user": {**told["user"], "permissions": []}})


@fault("login-tells-no-rights", group="auth")
def login_tells_no_rights(components: Components) -> Components:
    """Apps that show what somebody may do as the login tells it show people nothing at all."""
    return replace(components, auth=_TellsNoRights)


class _RefreshForEver(RefreshTokenVerifier):
    def expiry(self, claims: Claims) -> None:
        del claims


@fault("expired-refresh-token-renews", group="auth")
def expired_refresh_token_renews(components: Components) -> Components:
    """A refresh token from an old backup or a lost phone opens the account however long ago it expired."""
    return replace(components, refresh_verifier=_RefreshForEver)


class _TakesAnOutageForABadToken(Auth):
    async def refresh(self, request: Request) -> Response:
        try:
            return await super().refresh(request)
        except DatabaseUnavailableError as problem:
            raise refusal_for_token(InvalidTokenError(str(problem))) from None


@fault("outage-logs-everybody-out", group="auth")
def outage_logs_everybody_out(components: Components) -> Components:
    """A database that is away for a moment logs everybody out: clients are told that their logins are bad."""
    return replace(components, auth=_TakesAnOutageForABadToken)


class _LooksAndThenNotes(Auth):
    async def exchanged(self, claims: Claims, pair: TokenPair) -> bool:
        if not await self._ground.database.read(self.is_unused, claims):
            return await super().exchanged(claims, pair)
        await asyncio.sleep(BETWEEN_SECONDS)
        await self._ground.database.write(self.note_used, claims, pair)
        return True

    def is_unused(self, connection: Transaction, claims: Claims) -> bool:
        good = select(logins.c.refresh_jti).where(logins.c.sid == claims.sid)
        return connection.execute(good).scalar() == claims.jti

    def note_used(self, connection: Transaction, claims: Claims, pair: TokenPair) -> None:
        of_login = update(logins).where(logins.c.sid == claims.sid)
        connection.execute(of_login.values(refresh_jti=pair.refresh_jti))


@fault("refresh-token-works-twice-at-once", group="auth")
def refresh_token_works_twice_at_once(components: Components) -> Components:
    """A thief who uses a refresh token in the same moment as its owner stays in, and nobody notices."""
    return replace(components, auth=_LooksAndThenNotes)
