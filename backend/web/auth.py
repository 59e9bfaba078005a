"""Signing up, in, on and out."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from backend.ground import Ground, Stores
from backend.identity import IdentityResolver
from backend.ids import new_id
from backend.passwords import Passwords
from backend.store.logins import LoginThrottle
from backend.store.notify import REVOKED, Notice
from backend.store.people import NewPerson, Person
from backend.store.record_set import RecordSet
from backend.tokens import Claims, InvalidTokenError, RefreshTokenVerifier, TokenIssuer, TokenPair
from backend.web import bodies
from backend.web.answers import Refusal, answer, refusal_for_token
from backend.web.guard import Guard

FIRST_TIER = "free"
"""The tier of everybody who signs up."""

TURN_SECONDS = 0.02
"""Between two looks whether the attempts to log in that other processes make have ended."""

Seed = Callable[[str], RecordSet]


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody signs up with."""

    email: str
    password_hash: str
    name: str
    organisation: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """What tokens are made and exchanged with."""

    issuer: TokenIssuer
    refresh_verifier: RefreshTokenVerifier
    resolver: IdentityResolver


class Auth:
    """``/auth``."""

    def __init__(
        self,
        ground: Ground,
        stores: Stores,
        guard: Guard,
        throttle: LoginThrottle,
        passwords: Passwords,
        tokens: Tokens,
        seed: Seed,
    ) -> None:
        self._ground = ground
        self._stores = stores
        self._throttle = throttle
        self._passwords = passwords
        self._tokens = tokens
        self._guard = guard
        self._seed = seed

    def routes(self) -> list[BaseRoute]:
        """Returns the routes."""
        return [
            Route("/auth/register", self.register, methods=["POST"]),
            Route("/auth/login", self.login, methods=["POST"]),
            Route("/auth/refresh", self.refresh, methods=["POST"]),
            Route("/auth/logout", self.logout, methods=["POST"]),
        ]

    async def register(self, request: Request) -> Response:
        """Makes a person and their own organisation, with demo records."""
        fields = await bodies.body(request)
        email = bodies.email(fields)
        password = bodies.new_password(fields, self._passwords.least_characters)
        name = bodies.text(fields, "name")
        organisation = (
            bodies.text(fields, "organisation") if "organisation" in fields else f"{name}'s organisation"
        )
        account = Account(email, await self._passwords.hashed(password), name, organisation)
        person = await self._ground.database.write(self.sign_up, account)
        return answer({"user": person.as_user()}, 201)

    def sign_up(self, connection: Connection, account: Account) -> Person:
        """Stores a new person and their organisation."""
        now = self._ground.clock.now()
        organisation_id = self._stores.organisations.create(connection, account.organisation, now)
        self._stores.records.replace(connection, organisation_id, self._seed(account.organisation))
        new = NewPerson(account.email, account.password_hash, account.name, organisation_id, FIRST_TIER)
        return self._stores.people.create(connection, new, now)

    async def login(self, request: Request) -> Response:
        """Signs somebody in. Whatever is wrong, the answer is the same."""
        fields = await bodies.body(request)
        email = bodies.text(fields, "email", longest=bodies.MAX_EMAIL)
        password = bodies.text(fields, "password", longest=bodies.MAX_PASSWORD)
        attempt = new_id("l")
        async with self._throttle.turn(email):
            await self.begin_attempt(email, attempt)
            person = await self.whose_password(email, password)
            if person is None:
                await self._ground.database.write(
                    self._throttle.failed, email, attempt, self._ground.clock.now()
                )
                raise Refusal(401, "invalid_credentials", "The address or the password is wrong.")
            sid = new_id("s")
            pair = self._tokens.issuer.pair(person, sid)
            await self._ground.database.write(self.begin_login, person, attempt, sid, pair)
        return answer({**_tokens(pair), "user": person.as_user()})

    async def begin_attempt(self, email: str, attempt: str) -> None:
        """Waits until an attempt may be made; 429 after too many failures."""
        while True:
            now = self._ground.clock.now()
            wait = await self._ground.database.write(self._throttle.attempt, email, attempt, now)
            if wait is None:
                return
            if wait > 0:
                raise Refusal(429, "rate_limited", "Too many failed logins; wait a while.", retry_after=wait)
            await asyncio.sleep(TURN_SECONDS)

    async def whose_password(self, email: str, password: str) -> Person | None:
        """Returns the person of an address if the password is theirs and they may log in."""
        found = await self._ground.database.read(self._stores.people.by_email, email)
        matches = await self._passwords.matches(None if found is None else found[1], password)
        return None if found is None or not matches or found[0].disabled else found[0]

    def begin_login(
        self, connection: Connection, person: Person, attempt: str, sid: str, pair: TokenPair
    ) -> None:
        """Stores a new login."""
        self._throttle.succeeded(connection, person.email, attempt)
        self._stores.logins.begin(connection, sid, person.id, pair.refresh_jti, self._ground.clock.now())

    async def refresh(self, request: Request) -> Response:
        """Exchanges a refresh token, which is good for one use."""
        fields = await bodies.body(request)
        token = bodies.text(fields, "refresh_token", longest=bodies.MAX_BODY)
        try:
            claims = self._tokens.refresh_verifier.verify(token)
            identity = await self._ground.database.read(self._tokens.resolver.resolve, claims)
            self._tokens.refresh_verifier.expiry(claims)
        except InvalidTokenError as problem:
            # One and the same answer for all of them, an expired one too.
            raise refusal_for_token(InvalidTokenError(str(problem))) from None
        pair = self._tokens.issuer.pair(identity.person, claims.sid)
        if not await self.exchanged(claims, pair):
            self._ground.bus.publish(Notice(REVOKED, claims.sub, subject=claims.sid))
            raise refusal_for_token(InvalidTokenError("refresh token used again"))
        return answer(_tokens(pair))

    async def exchanged(self, claims: Claims, pair: TokenPair) -> bool:
        """Exchanges a refresh token and says whether that was its one use."""
        return await self._ground.database.write(self.exchange, claims, pair)

    def exchange(self, connection: Connection, claims: Claims, pair: TokenPair) -> bool:
        """Stores the new refresh token; one that was used before ends the whole login."""
        if self._stores.logins.rotate(connection, claims.sid, claims.jti, pair.refresh_jti):
            return True
        self._stores.logins.revoke(connection, "sid", claims.sid, self._ground.clock.now())
        return False

    async def logout(self, request: Request) -> Response:
        """Ends the login of the token, and closes its connections."""
        claims = (await self._guard.identity(request)).claims
        await self._ground.database.write(self.end_login, claims.sid)
        self._ground.bus.publish(Notice(REVOKED, claims.sub, subject=claims.sid))
        return answer(None, 204)

    def end_login(self, connection: Connection, sid: str) -> None:
        """Ends a login as of the moment when that is stored: others look for what is new."""
        self._stores.logins.revoke(connection, "sid", sid, self._ground.clock.now())


def _tokens(pair: TokenPair) -> dict[str, object]:
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
    }
