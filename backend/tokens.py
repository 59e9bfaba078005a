"""Access and refresh tokens: JWTs, signed with HS256 and a key of at least 32 bytes.

Each check of the verifier is a method of its own, run in a fixed order; the expiry comes last and apart,
because a token is only called expired when it is valid otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from backend.clock import Clock
from backend.ids import new_id
from backend.settings import Settings
from backend.store.people import Person
from backend.texts import is_text

ALGORITHM = "HS256"
"""Pinned: what a token says about its own algorithm decides nothing."""

LEEWAY_SECONDS = 5
"""For clocks that differ, on ``nbf`` and ``iat`` alone (contract, "Handshake")."""


class InvalidTokenError(Exception):
    """A token is not accepted; the text is for the log alone."""


class ExpiredTokenError(InvalidTokenError):
    """A token that is valid in everything else has expired."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. Rights are never taken from it.

    Attributes:
        sub: The person's id.
        org: The organisation it was issued for.
        sid: The login.
        jti: The token.
        iat: When it was issued, Unix seconds.
        exp: When it expires, Unix seconds.
    """

    sub: str
    org: str
    sid: str
    jti: str
    iat: int
    exp: int


class TokenVerifier:
    """Checks everything about a token that the token and the key alone can tell, but its expiry."""

    token_type = "access"  # noqa: S105 -- a kind of token

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def verify(self, token: str) -> Claims:
        """Returns the claims of a token, which may have expired.

        Raises:
            InvalidTokenError: Some check failed; the text says which.
        """
        claims = self.signature(token)
        self.shape(claims)
        self.issuer(claims)
        self.audience(claims)
        self.type(claims)
        self.not_before(claims)
        self.issued_at(claims)
        return Claims(
            sub=claims["sub"],
            org=claims["org"],
            sid=claims["sid"],
            jti=claims["jti"],
            iat=claims["iat"],
            exp=claims["exp"],
        )

    def signature(self, token: str) -> Mapping[str, Any]:
        """Returns the claims if they were signed with the key, by the pinned algorithm."""
        try:
            # Only the signature is checked here; every claim has its own method below.
            checks = {"verify_signature": True, "require": [], **dict.fromkeys(_CLAIM_CHECKS, False)}
            decoded: dict[str, Any] = jwt.decode(
                token,
                self._settings.jwt_key,
                algorithms=[ALGORITHM],
                options=checks,  # type: ignore[arg-type]
            )
        except (jwt.PyJWTError, ValueError) as problem:
            raise InvalidTokenError(f"signature: {type(problem).__name__}") from None
        return decoded

    def shape(self, claims: Mapping[str, Any]) -> None:
        """Checks that every claim that is needed is there and of its type."""
        for name in ("sub", "org", "sid", "jti", "iss", "token_type"):
            if not isinstance(claims.get(name), str) or not claims[name] or not is_text(claims[name]):
                raise InvalidTokenError(f"shape: {name}")
        for name in ("iat", "exp"):
            if type(claims.get(name)) is not int:
                raise InvalidTokenError(f"shape: {name}")

    def issuer(self, claims: Mapping[str, Any]) -> None:
        """Checks who issued the token."""
        if claims["iss"] != self._settings.jwt_issuer:
            raise InvalidTokenError("issuer")

    def audience(self, claims: Mapping[str, Any]) -> None:
        """Checks that the token was issued for this service."""
        audience = claims.get("aud")
        if self._settings.jwt_audience not in (audience if isinstance(audience, list) else [audience]):
            raise InvalidTokenError("audience")

    def type(self, claims: Mapping[str, Any]) -> None:
        """Checks that it is a token of the kind wanted here."""
        if claims["token_type"] != self.token_type:
            raise InvalidTokenError("type")

    def not_before(self, claims: Mapping[str, Any]) -> None:
        """Checks that a token with ``nbf`` may be used already."""
        begins = claims.get("nbf", 0)
        if isinstance(begins, bool) or not isinstance(begins, int | float):
            raise InvalidTokenError("not before: no number")
        if begins > self._clock.now() + LEEWAY_SECONDS:
            raise InvalidTokenError("not before")

    def issued_at(self, claims: Mapping[str, Any]) -> None:
        """Checks that the token was not issued in the future."""
        if claims["iat"] > self._clock.now() + LEEWAY_SECONDS:
            raise InvalidTokenError("issued in the future")

    def expiry(self, claims: Claims) -> None:
        """Checks that a token that is valid otherwise has not expired; there is no leeway.

        Raises:
            ExpiredTokenError: It has.
        """
        if self._clock.now() >= claims.exp:
            raise ExpiredTokenError("expired")


class RefreshTokenVerifier(TokenVerifier):
    """As ``TokenVerifier``, for tokens that are good for nothing but new tokens."""

    token_type = "refresh"  # noqa: S105 -- a kind of token


_CLAIM_CHECKS = tuple(f"verify_{claim}" for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti"))


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens of one login."""

    access_token: str
    refresh_token: str
    refresh_jti: str
    expires_in: int


class TokenIssuer:
    """Signs tokens."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    def pair(self, person: Person, sid: str) -> TokenPair:
        """Returns an access token and a refresh token of one login.

        Args:
            person: Whose.
            sid: The login.
        """
        refresh_jti = new_id("j")
        lifetime = self._settings.access_token_seconds
        return TokenPair(
            access_token=self.sign(self.claims(person, sid, "access", lifetime, new_id("j"))),
            refresh_token=self.sign(
                self.claims(person, sid, "refresh", self._settings.refresh_token_seconds, refresh_jti)
            ),
            refresh_jti=refresh_jti,
            expires_in=lifetime,
        )

    def claims(self, person: Person, sid: str, kind: str, lifetime: int, jti: str) -> dict[str, object]:
        """Returns the claims of a token (contract, "Handshake")."""
        now = int(self._clock.now())
        return {
            "sub": person.id,
            "email": person.email,
            "org": person.organisation_id,
            "tier": person.tier,
            "permissions": list(person.permissions),
            "iss": self._settings.jwt_issuer,
            "aud": self._settings.jwt_audience,
            "iat": now,
            "exp": now + lifetime,
            "jti": jti,
            "sid": sid,
            "token_type": kind,
        }

    def sign(self, claims: Mapping[str, object]) -> str:
        """Returns the token that says ``claims``."""
        return jwt.encode(dict(claims), self._settings.jwt_key, algorithm=ALGORITHM)
