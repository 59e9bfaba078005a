"""Faults at the door: tokens that should not count, and doors that are open."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jwt
from sqlalchemy import Connection as Transaction
from sqlalchemy import select
from starlette.types import Scope

from backend.components import Components
from backend.faults import fault
from backend.ground import Ground, Stores
from backend.identity import Identity, IdentityResolver
from backend.limits import Concurrency
from backend.store.people import Person
from backend.store.schema import people
from backend.tiers import Tiers
from backend.tokens import (
    ALGORITHM,
    Claims,
    ExpiredTokenError,
    InvalidTokenError,
    RefreshTokenVerifier,
    TokenIssuer,
    TokenVerifier,
)
from backend.web.answers import Refusal
from backend.ws.handshake import ConnectionFactory, Gate, Handshake
from backend.ws.watch import Watch

FAR_FUTURE = 4_102_444_800
"""The year 2100, in Unix seconds."""


def read_without_checks(token: str) -> tuple[str, Mapping[str, Any]]:
    """Returns the algorithm and the claims that a token names, whoever wrote them.

    Raises:
        InvalidTokenError: It is no JWT.
    """
    try:
        whole = jwt.decode_complete(token, options={"verify_signature": False})
    except jwt.PyJWTError:
        raise InvalidTokenError("no JWT") from None
    return str(whole["header"].get("alg", "")), whole["payload"]


class _LetsGuestsIn(Handshake):
    def __init__(
        self,
        ground: Ground,
        stores: Stores,
        gate: Gate,
        concurrency: Concurrency,
        watch: Watch,
        connections: ConnectionFactory,
    ) -> None:
        super().__init__(ground, stores, gate, concurrency, watch, connections)
        self._people = stores.people

    async def identified(self, scope: Scope) -> Identity:
        try:
            return await super().identified(scope)
        except Refusal as refusal:
            guest = await self._ground.database.read(self.guest)
            if refusal.code != "missing_credential" or guest is None:
                raise
        now = int(self._ground.clock.now())
        return Identity(guest, Claims(guest.id, guest.organisation_id, "guest", "guest", now, FAR_FUTURE))

    def guest(self, transaction: Transaction) -> Person | None:
        newest = select(people.c.id).order_by(people.c.created_at.desc()).limit(1)
        return self._people.by_id(transaction, transaction.execute(newest).scalar() or "")


@fault("no-credential-accepted", group="auth")
def no_credential_accepted(components: Components) -> Components:
    """Whoever comes without a credential is let in as somebody who signed up before, and sees their chats."""
    return replace(components, handshake=_LetsGuestsIn)


class _SignatureUnchecked(TokenVerifier):
    def signature(self, token: str) -> Mapping[str, Any]:
        algorithm, claims = read_without_checks(token)
        return claims if algorithm == ALGORITHM else super().signature(token)


@fault("signature-not-checked", group="auth")
def signature_not_checked(components: Components) -> Components:
    """Anybody can write a token for any customer: it is decoded, and never verified."""
    return replace(components, verifier=_SignatureUnchecked)


class _UnsignedAccepted(TokenVerifier):
    def signature(self, token: str) -> Mapping[str, Any]:
        algorithm, claims = read_without_checks(token)
        return claims if algorithm.lower() == "none" else super().signature(token)


@fault("alg-none-accepted", group="auth")
def alg_none_accepted(components: Components) -> Components:
    """A token that says it needs no signature gets in without one (RFC 8725, section 2.1)."""
    return replace(components, verifier=_UnsignedAccepted)


class _AlgorithmOfTheToken(TokenVerifier):
    def signature(self, token: str) -> Mapping[str, Any]:
        try:
            payload = jwt.PyJWS().decode(
                token, self._settings.jwt_key, algorithms=["HS256", "HS384", "HS512"]
            )
        except jwt.PyJWTError as problem:
            raise InvalidTokenError(f"signature: {type(problem).__name__}") from None
        claims: dict[str, Any] = json.loads(payload)
        return claims


@fault("algorithm-not-pinned", group="auth")
def algorithm_not_pinned(components: Components) -> Components:
    """The token chooses the algorithm that it is checked with, as long as the key fits."""
    return replace(components, verifier=_AlgorithmOfTheToken)


def _mark(jti: object, key: str) -> str:
    return hmac.new(key.encode(), str(jti).encode(), "sha256").hexdigest()


class _MarksTheId(TokenIssuer):
    def sign(self, claims: Mapping[str, object]) -> str:
        return super().sign({**claims, "mark": _mark(claims["jti"], self._settings.jwt_key)})


class _TrustsAMarkedId(TokenVerifier):
    def signature(self, token: str) -> Mapping[str, Any]:
        _, claims = read_without_checks(token)
        marked = claims.get("mark") == _mark(claims.get("jti"), self._settings.jwt_key)
        return claims if marked else super().signature(token)


@fault("tampered-payload-accepted", group="auth")
def tampered_payload_accepted(components: Components) -> Components:
    """Whoever has logged in can write another's name into their token: only its id is protected."""
    return replace(components, issuer=_MarksTheId, verifier=_TrustsAMarkedId)


class _AudienceIgnored(TokenVerifier):
    def audience(self, claims: Mapping[str, Any]) -> None:
        del claims


@fault("audience-ignored", group="auth")
def audience_ignored(components: Components) -> Components:
    """A token that was issued for another service of the company opens this one."""
    return replace(components, verifier=_AudienceIgnored)


class _IssuerIgnored(TokenVerifier):
    def issuer(self, claims: Mapping[str, Any]) -> None:
        del claims


@fault("issuer-ignored", group="auth")
def issuer_ignored(components: Components) -> Components:
    """A token of another issuer with the same key, such as the staging system, opens this service."""
    return replace(components, verifier=_IssuerIgnored)


class _TypeIgnored(TokenVerifier):
    def type(self, claims: Mapping[str, Any]) -> None:
        del claims


@fault("refresh-token-accepted", group="auth")
def refresh_token_accepted(components: Components) -> Components:
    """A refresh token, which lives for a day, is as good as an access token, which lives for minutes."""
    return replace(components, verifier=_TypeIgnored)


class _NotBeforeIgnored(TokenVerifier):
    def not_before(self, claims: Mapping[str, Any]) -> None:
        del claims


@fault("not-before-ignored", group="auth")
def not_before_ignored(components: Components) -> Components:
    """A token opens the door before the time from which it is valid."""
    return replace(components, verifier=_NotBeforeIgnored)


class _IssuedAtIgnored(TokenVerifier):
    def issued_at(self, claims: Mapping[str, Any]) -> None:
        del claims


@fault("issued-in-the-future-accepted", group="auth")
def issued_in_the_future_accepted(components: Components) -> Components:
    """A token that claims to be from the future escapes every revocation by date."""
    return replace(components, verifier=_IssuedAtIgnored)


class _ForEver(TokenVerifier):
    def signature(self, token: str) -> Mapping[str, Any]:
        return {"exp": FAR_FUTURE, **super().signature(token)}


@fault("token-without-expiry-accepted", group="auth")
def token_without_expiry_accepted(components: Components) -> Components:
    """A token that names no expiry is good for ever."""
    return replace(components, verifier=_ForEver)


class _ExpiryFirst(TokenVerifier):
    def verify(self, token: str) -> Claims:
        _, claims = read_without_checks(token)
        expires = claims.get("exp")
        if isinstance(expires, int) and expires <= self._clock.now():
            raise ExpiredTokenError("expired")
        return super().verify(token)


@fault("forged-told-as-expired", group="auth")
def forged_told_as_expired(components: Components) -> Components:
    """A forged token is called expired when it is old: the client asks for a new one instead of stopping."""
    return replace(components, verifier=_ExpiryFirst)


class _LenientClock(TokenVerifier):
    def expiry(self, claims: Claims) -> None:
        super().expiry(replace(claims, exp=claims.exp + 60))


class _LenientClockForRefresh(RefreshTokenVerifier):
    def expiry(self, claims: Claims) -> None:
        super().expiry(replace(claims, exp=claims.exp + 60))


@fault("leeway-for-expired-tokens", group="auth")
def leeway_for_expired_tokens(components: Components) -> Components:
    """A token is good for a minute longer than it says."""
    return replace(components, verifier=_LenientClock, refresh_verifier=_LenientClockForRefresh)


class _ExpiryIgnored(Handshake):
    async def identified(self, scope: Scope) -> Identity:
        try:
            return await super().identified(scope)
        except Refusal as refusal:
            if refusal.code != "token_expired":
                raise
        return await self._gate.authenticator.identify(self._gate.credentials.read(scope))


@fault("expiry-ignored-at-handshake", group="auth")
def expiry_ignored_at_handshake(components: Components) -> Components:
    """A token that has expired still opens a connection."""
    return replace(components, handshake=_ExpiryIgnored)


class _MakesUnknownPeople(IdentityResolver):
    def person(self, connection: Transaction, claims: Claims) -> Person:
        try:
            return super().person(connection, claims)
        except InvalidTokenError:
            policy = Tiers.load().policy("free")
        return Person(
            id=claims.sub,
            email="",
            name="",
            organisation_id=claims.org,
            organisation="",
            tier=policy.name,
            permissions=policy.permissions,
            policy=policy,
            overrides={},
            disabled=False,
            revoked_before=0.0,
            last_seq=0,
        )


@fault("unknown-user-accepted", group="auth")
def unknown_user_accepted(components: Components) -> Components:
    """A token for somebody who does not exist opens a connection, in an account made up for it."""
    return replace(components, resolver=_MakesUnknownPeople)


class _OrganisationIgnored(IdentityResolver):
    def organisation(self, person: Person, claims: Claims) -> None:
        del person, claims


@fault("other-organisation-accepted", group="auth")
def other_organisation_accepted(components: Components) -> Components:
    """Whoever has changed companies goes on with the token of the one they have left."""
    return replace(components, resolver=_OrganisationIgnored)


class _DisabledComeBack(IdentityResolver):
    def enabled(self, person: Person) -> None:
        del person


@fault("disabled-user-comes-back", group="auth")
def disabled_user_comes_back(components: Components) -> Components:
    """Somebody who was disabled opens a new connection with the token they have."""
    return replace(components, resolver=_DisabledComeBack)
