"""Faults of the doors beside the chat's own: the administration, reading, signing up."""

from __future__ import annotations

import json
import re
import time
from abc import ABC, abstractmethod
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import delete, select
from starlette.routing import Route

from backend.faults import fault
from backend.identity import Authenticator, Identity
from backend.passwords import Passwords
from backend.store.logins import FAILURE_WINDOW_SECONDS, LoginThrottle
from backend.store.people import email_key
from backend.store.schema import login_attempts, people
from backend.tiers import Tiers
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


REDIRECTION = 300
"""The first status that is no success (RFC 9110, section 15.4)."""

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


class _RewritesAnswers(AccessLog, ABC):
    """Spoils the JSON of good answers of one page, or of all below one path."""

    path: ClassVar[str]

    @abstractmethod
    def spoil(self, told: dict[str, Any]) -> None:
        """Changes what the page tells."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun: list[Message] = []

        async def spoiled(message: Message) -> None:
            if message["type"] == "http.response.start":
                begun.append(message)
                return
            start, body = begun.pop(), message["body"]
            if start["status"] < REDIRECTION:
                told = json.loads(body)
                self.spoil(told)
                body = json.dumps(told).encode()
            headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
            await send({**start, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
            await send({**message, "body": body})

        mine = scope["type"] == "http" and scope["path"].startswith(self.path)
        await super().__call__(scope, receive, spoiled if mine else send)


class _TellsNoTokenType(_RewritesAnswers):
    path = "/auth/login"

    def spoil(self, told: dict[str, Any]) -> None:
        del told["token_type"]


@fault("login-without-token-type", group="auth")
def login_without_token_type(components: Components) -> Components:
    """Standard clients refuse a login that does not say of which kind its token is (RFC 6749, 5.1)."""
    return replace(components, access_log=_TellsNoTokenType)


class _TellsNoExpiry(_RewritesAnswers):
    path = "/auth/refresh"

    def spoil(self, told: dict[str, Any]) -> None:
        del told["expires_in"]


@fault("renewal-tells-no-expiry", group="auth")
def renewal_tells_no_expiry(components: Components) -> Components:
    """A client that has renewed once does not know when to do it again, and is thrown out an hour later."""
    return replace(components, access_log=_TellsNoExpiry)


class _ShowsTheTiersLimits(_RewritesAnswers):
    path = "/admin/people/"

    def spoil(self, told: dict[str, Any]) -> None:
        if "limits" in told:
            policy = Tiers.load().policy(told["user"]["tier"])
            told["limits"] = {name: getattr(policy, name) for name in told["limits"]}


@fault("support-shown-the-tiers-limits", group="limits")
def support_shown_the_tiers_limits(components: Components) -> Components:
    """Support sees other limits than those in force, and tells customers that they do something wrong."""
    return replace(components, access_log=_ShowsTheTiersLimits)


class _ShowsNoEvents(_RewritesAnswers):
    path = "/admin/people/"

    def spoil(self, told: dict[str, Any]) -> None:
        if "last_seq" in told:
            told["last_seq"] = 0


@fault("support-shown-no-events", group="limits")
def support_shown_no_events(components: Components) -> Components:
    """Support sees that a customer has never received anything, and looks for a fault that is not there."""
    return replace(components, access_log=_ShowsNoEvents)
