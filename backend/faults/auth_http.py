"""Faults of the doors beside the chat's own: the administration, reading, signing up."""

from __future__ import annotations

import re
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from starlette.routing import Route

from backend.faults import fault
from backend.identity import Authenticator, Identity
from backend.passwords import Passwords
from backend.store.logins import FAILURE_WINDOW_SECONDS, LoginThrottle
from backend.store.people import email_key
from backend.store.schema import login_attempts, people
from backend.tokens import Claims, InvalidTokenError
from backend.web.answers import refusal_for_token
from backend.web.guard import Action, Guard
from backend.web.journal import AccessLog

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy import Connection as Transaction
    from starlette.requests import Request
    from starlette.types import Message, Receive, Scope, Send

    from backend.components import Components


_FIELD = re.compile(rb',"field":"[^"]*"')
"""The field at fault in the body of a refusal."""


class _OnlyReadingGuarded(Guard):
    def admin_route(self, path: str, action: Action, method: str) -> Route:
        if method == "GET":
            return super().admin_route(path, action, method)
        return Route(path, action, methods=[method])


@fault("administration-open-to-changes", group="auth")
def administration_open_to_changes(components: Components) -> Components:
    """Anybody upgrades themselves, shuts others out and takes the service down: only reading is guarded."""
    return replace(components, guard=_OnlyReadingGuarded)


class _KnowsTheSender(Authenticator):
    async def sender(self, token: str) -> Identity:
        return await self._database.read(self.look_up, self._verifier.verify(token))

    def look_up(self, connection: Transaction, claims: Claims) -> Identity:
        return Identity(self._resolver.person(connection, claims), claims)


class _AnyTokenReads(Guard):
    async def identity(self, request: Request) -> Identity:
        if not isinstance(self._authenticator, _KnowsTheSender):
            return await super().identity(request)
        try:
            return await self._authenticator.sender(self._credentials.read(request.scope))
        except InvalidTokenError as problem:
            raise refusal_for_token(problem) from None


@fault("reading-with-any-token", group="auth")
def reading_with_any_token(components: Components) -> Components:
    """Whoever has left, was disabled or has logged out goes on reading conversations and spending."""
    return replace(components, guard=_AnyTokenReads, authenticator=_KnowsTheSender)


class _ForgetsSuccess(LoginThrottle):
    def succeeded(self, connection: Transaction, email: str, attempt: str) -> None:
        self.failed(connection, email, attempt, time.time())


@fault("right-logins-counted-as-guesses", group="auth")
def right_logins_counted_as_guesses(components: Components) -> Components:
    """Whoever logs in on all of their devices is shut out of their own account."""
    return replace(components, throttle=_ForgetsSuccess)


class _NoTurns(LoginThrottle):
    def turn(self, email: str) -> AbstractAsyncContextManager[None]:
        del email
        return nullcontext()


class _GuiltyUntilProven(_NoTurns):
    def attempt(self, connection: Transaction, email: str, attempt: str, now: float) -> float | None:
        wait = super().attempt(connection, email, attempt, now)
        return FAILURE_WINDOW_SECONDS if wait == 0 else wait


@fault("logins-at-once-refused", group="auth")
def logins_at_once_refused(components: Components) -> Components:
    """Whoever starts all devices at once is taken for a guesser: logins under way count as failed."""
    return replace(components, throttle=_GuiltyUntilProven)


class _CountsAfterwards(_NoTurns):
    def under_way(self, connection: Transaction, key: str) -> int:
        del connection, key
        return 0


@fault("guesses-at-once-slip-through", group="auth")
def guesses_at_once_slip_through(components: Components) -> Components:
    """Whoever guesses many passwords at the same moment has as many tries as they like."""
    return replace(components, throttle=_CountsAfterwards)


class _CountsForAccounts(LoginThrottle):
    def failed(self, connection: Transaction, email: str, attempt: str, now: float) -> None:
        key = email_key(email)
        if connection.execute(select(people.c.id).where(people.c.email_key == key)).first() is not None:
            super().failed(connection, email, attempt, now)
            return
        connection.execute(delete(login_attempts).where(login_attempts.c.id == attempt))


@fault("guesses-counted-for-accounts-alone", group="auth")
def guesses_counted_for_accounts_alone(components: Components) -> Components:
    """Whoever guesses six times at an address knows whether it is a customer's, and goes on with those."""
    return replace(components, throttle=_CountsForAccounts)


class _TakesAnyLength(Passwords):
    least_characters = 1


@fault("any-password-may-be-chosen", group="auth")
def any_password_may_be_chosen(components: Components) -> Components:
    """People sign up with passwords that are guessed at the first try."""
    return replace(components, passwords=_TakesAnyLength)


class _NamesNoField(AccessLog):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def without_field(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name, value) for name, value in message["headers"] if name != b"content-length"]
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.body":
                message = {**message, "body": _FIELD.sub(b"", message.get("body", b""))}
            await send(message)

        signing_up = scope["type"] == "http" and scope["path"] == "/auth/register"
        await super().__call__(scope, receive, without_field if signing_up else send)


@fault("sign-up-field-unnamed", group="auth")
def sign_up_field_unnamed(components: Components) -> Components:
    """A newcomer whose form is refused is not told which field is wrong, and leaves."""
    return replace(components, access_log=_NamesNoField)
