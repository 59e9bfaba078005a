"""Real credentials in any environment: minted where it gives a key, or from a real login."""

from __future__ import annotations

import base64
import json
import secrets
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jwt

from .dialect.paths import MISSING
from .dialect.templates import fill
from .environment import TokenRules
from .redaction import issue
from .service import Service
from .transcript import Owner

TIERS: Final = ("free", "pro", "enterprise")


@dataclass(slots=True)
class Organisation:
    """A customer company.

    Attributes:
        name: How suites call it.
        id: The backend's id.
        records: The usage and spend records that the test planted; empty when the backend seeded them.
    """

    name: str
    id: str
    records: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Person:
    """A customer.

    Attributes:
        name: How suites call the person.
        email: The login name.
        password: The password; a secret.
        user_id: The backend's id.
        organisation: The person's company.
        tier: ``free``, ``pro`` or ``enterprise``.
        permissions: What the person may do.
        service: The backend that the person is a customer of.
        granted: Permissions that an administrator gave in the place of the tier's; None follows the tier.
        access_token: From the last login or refresh; empty before.
        refresh_token: From the last login or refresh; empty before.
        used_refresh_tokens: Those that were traded in, in order.
    """

    name: str
    email: str
    password: str
    user_id: str
    organisation: Organisation
    tier: str
    permissions: tuple[str, ...]
    service: Service
    granted: tuple[str, ...] | None = None
    access_token: str = ""
    refresh_token: str = ""
    used_refresh_tokens: list[str] = field(default_factory=list)

    @property
    def owner(self) -> Owner:
        """Whose transcripts this person's are."""
        return Owner(self.name, self.user_id, self.organisation.id, self.tier)

    def sign_in(self, at: str = "") -> Mapping[str, Any]:
        """Logs in over HTTP, for real, and keeps the tokens.

        Args:
            at: HTTP address of the one process that is asked; the backend's own address when empty.

        Returns:
            The backend's answer.

        Raises:
            Declined: The backend declined the login.
        """
        body = {"email": self.email, "password": self.password}
        return self._keep(self.service.expect("POST", f"{at}/auth/login", body))

    def refresh(self) -> Mapping[str, Any]:
        """Trades the refresh token for new tokens over HTTP and keeps them.

        Raises:
            Declined: The backend declined it.
        """
        body = {"refresh_token": self.refresh_token}
        answer = self.service.expect("POST", "/auth/refresh", body)
        self.used_refresh_tokens.append(self.refresh_token)
        return self._keep(answer)

    def sign_out(self, at: str = "") -> None:
        """Logs out over HTTP.

        Args:
            at: HTTP address of the one process that is asked; the backend's own address when empty.

        Raises:
            Declined: The backend declined it.
        """
        self.service.expect("POST", f"{at}/auth/logout", token=self.access_token, status=204)

    def _keep(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        self.access_token = issue(answer["access_token"])
        self.refresh_token = issue(answer["refresh_token"])
        return answer


def new_password() -> str:
    """A password nobody has used: 24 URL-safe characters."""
    return issue(secrets.token_urlsafe(18))


def claims(person: Person, rules: TokenRules, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The claims of a good access token of ``person``, with ``changes`` on top (contract: Handshake)."""
    now = int(time.time())
    if rules.claims is not None:
        return {**_filled(rules.claims, person), "iat": now, "exp": now + rules.lifetime, **(changes or {})}
    return {
        "sub": person.user_id,
        "email": person.email,
        "org": person.organisation.id,
        "tier": person.tier,
        "permissions": list(person.permissions),
        "iss": rules.issuer,
        "aud": rules.audience,
        "iat": now,
        "exp": now + rules.lifetime,
        "jti": secrets.token_hex(16),
        "sid": f"s_{secrets.token_hex(16)}",
        "token_type": "access",
        **(changes or {}),
    }


def _filled(template: Mapping[str, Any], person: Person) -> dict[str, Any]:
    """The claims that a dialect's backend wants, with what is known of the person in their places."""
    known = {
        "user_id": person.user_id,
        "email": person.email,
        "name": person.name,
        "organisation": person.organisation.id,
        "tier": person.tier,
        "permissions": list(person.permissions),
        "jti": secrets.token_hex(16),
        "sid": f"s_{secrets.token_hex(16)}",
        "new_id": str(uuid.uuid4()),
        "random": secrets.token_hex(4),
    }
    filled: dict[str, Any] = fill(dict(template), lambda name: known.get(name, MISSING))
    return filled


def mint(
    person: Person,
    rules: TokenRules,
    key: str,
    *,
    changes: Mapping[str, Any] | None = None,
    without: Collection[str] = (),
    algorithm: str | None = None,
) -> str:
    """Signs an access token for ``person``, a good one or a deliberately bad one.

    Args:
        person: Whom it is for.
        rules: Issuer, audience, algorithm and lifetime.
        key: The signing key.
        changes: Claims that differ from a good token's.
        without: Claims that are left out.
        algorithm: JWS algorithm when it is not the environment's; ``none`` leaves it unsigned.
    """
    body = {name: value for name, value in claims(person, rules, changes).items() if name not in without}
    chosen = algorithm or rules.algorithm
    if chosen == "none":
        head = _part({"alg": "none", "typ": "JWT"})
        return issue(f"{head}.{_part(body)}.")
    # PyJWT refuses to encode claims of wrong types; a deliberately bad token needs exactly those.
    return issue(jwt.PyJWS().encode(json.dumps(body).encode(), key, algorithm=chosen))


def tampered(token: str, changes: Mapping[str, Any]) -> str:
    """``token`` with other claims and its old signature."""
    head, body, signature = token.split(".")
    padded = body + "=" * (-len(body) % 4)
    claims_now = json.loads(base64.urlsafe_b64decode(padded))
    return issue(f"{head}.{_part({**claims_now, **changes})}.{signature}")


def expiry(token: str) -> int:
    """The ``exp`` claim of a token in Unix seconds; its signature is not checked.

    Raises:
        jwt.InvalidTokenError: It is no JWT.
    """
    return int(contents(token)["exp"])


def contents(token: str) -> Mapping[str, Any]:
    """The claims of a token; its signature is not checked.

    Raises:
        jwt.InvalidTokenError: It is no JWT.
    """
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def canary(audience: str, owner_id: str) -> str:
    """A mark that says whom it belongs to; whoever sees it outside its audience shows a leak.

    Args:
        audience: ``person``, ``organisation`` or ``sharers``.
        owner_id: The backend's id of the person or organisation.
    """
    return f"canary-{audience}-{owner_id}-{secrets.token_hex(4)}"


def _part(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
