"""Logging in and out, and tokens: good ones, and those that are bad in one way."""

from __future__ import annotations

import secrets
import time
from typing import Any, Final

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Unexpected
from ..identity import contents, expiry, mint, tampered
from ..kit import Kit
from ..redaction import issue

MADE_UP_BYTES: Final = 16
"""Random bytes of a made-up token, so that nobody can guess it and it is told from all others."""


class Credentials:
    """Keywords about logins and tokens."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("People", "Credentials"))
    def sign_in(self, person: str) -> Secret:
        """Logs a person in over HTTP, with password, for real; sessions opened later use the new token.

        Args:
            person: The person's name.

        Returns:
            The access token.

        Raises:
            Declined: The backend declined the login.

        Example:
        | Sign Up      | Clara |
        | Sign In      | Clara |
        | Open Session | Clara |
        """
        found = self.kit.world.person(person)
        if self.kit.environment.translation is not None:
            return Secret(self.kit.token(found))  # got as the dialect says, when the person was made
        found.sign_in()
        return Secret(found.access_token)

    @keyword(tags=("People", "Credentials"))
    def sign_out(self, person: str) -> None:
        """Logs a person out over HTTP.

        Args:
            person: The person's name.

        Raises:
            Declined: The backend declined it.

        Example:
        | Sign In        | Ana |
        | Open Session   | Ana         | Ana's phone |
        | Sign Out       | Ana |
        | Wait For Close | Ana's phone | 1008 | logged out |
        """
        self.kit.world.person(person).sign_out()

    @keyword(tags=("People", "Credentials"))
    def renew_tokens(self, person: str) -> Secret:
        """Trades a person's refresh token for new tokens over HTTP.

        Args:
            person: The person's name.

        Returns:
            The new access token.

        Raises:
            Declined: The backend declined it.

        Example:
        | Sign In                 | Ana |
        | ${token}                | Renew Tokens | Ana |
        | Use Refresh Token Again | Ana |
        """
        found = self.kit.world.person(person)
        found.refresh()
        return Secret(found.access_token)

    @keyword(tags=("People", "Credentials"))
    def get_refresh_token(self, person: str) -> Secret:
        """Returns the refresh token of a person's last login.

        Args:
            person: The person's name.

        Example:
        | Sign In                      | Ana |
        | ${refresh}                   | Get Refresh Token | Ana |
        | Connection Should Be Refused | Ana               | 401 | invalid_token | token=${refresh} |
        """
        return Secret(self.kit.world.person(person).refresh_token)

    @keyword(tags=("Credentials",))
    def mint_token(
        self,
        person: str,
        *,
        key: str | None = None,
        algorithm: str | None = None,
        without: str | None = None,
        expires_in: float | None = None,
        valid_from: float | None = None,
        **claims: Any,  # noqa: ANN401 -- any claim, also of a wrong type
    ) -> Secret:
        """Signs an access token for a person: a good one, or one that is bad in exactly one way.

        Args:
            person: Whom it is for.
            key: Signing key, when it is to be a wrong one.
            algorithm: JWS algorithm, when it is to be another one; ``none`` leaves the token unsigned.
            without: A claim that is left out.
            expires_in: Seconds from now to ``exp``; negative makes an expired token.
            valid_from: Seconds from now to ``nbf``.
            claims: Claims that differ from a good token's.

        Returns:
            The token, as a secret.

        Raises:
            EnvironmentProblem: The environment gives no signing key.

        Example:
        | ${token}                     | Mint Token | Ana | aud=another-service |
        | Connection Should Be Refused | Ana        | 401 | invalid_token | token=${token} |
        """
        found, now = self.kit.world.person(person), int(time.time())
        if expires_in is not None:
            claims["exp"] = now + int(expires_in)
        if valid_from is not None:
            claims["nbf"] = now + int(valid_from)
        signing = key if key is not None else self.kit.signing_key(found)
        rules = self.kit.environment.tokens
        left_out = (without,) if without else ()
        return Secret(mint(found, rules, signing, changes=claims, without=left_out, algorithm=algorithm))

    @keyword(tags=("Credentials",))
    def token_should_expire_at(self, token: Secret, when: int) -> None:
        """Checks the expiry of a token.

        Args:
            token: The token.
            when: Expected ``exp`` in Unix seconds.

        Raises:
            Unexpected: It expires at another time.

        Example:
        | ${when}                | Evaluate   | int(time.time()) + 300 |
        | ${token}               | Mint Token | Ana | exp=${when} |
        | Token Should Expire At | ${token}   | ${when} |
        """
        found = expiry(token.value)
        if found != when:
            raise Unexpected(f"The token expires at {found} (Unix seconds), but {when} was told.")

    @keyword(tags=("Credentials",))
    def token_should_live_as_agreed(self, token: Secret) -> None:
        """Checks how long a token lives: from ``iat`` to ``exp``, as ``TOKENS`` of the environment says.

        Args:
            token: The token.

        Raises:
            Unexpected: It lives longer or shorter.

        Example:
        | ${token}                    | Sign In  | Ana |
        | Token Should Live As Agreed | ${token} |
        """
        claims, agreed = contents(token.value), self.kit.environment.tokens.lifetime
        lives = claims["exp"] - claims["iat"]
        if lives != agreed:
            raise Unexpected(f"The token lives for {lives:g} s; {agreed} s were agreed (TOKENS, lifetime).")

    @keyword(tags=("Credentials",))
    def make_up_token(self, text: str) -> Secret:
        """Returns a text as if it were a token, to be refused.

        Nobody has issued it, but it counts as a secret: it must not be written anywhere either.

        Args:
            text: How it begins; characters that nobody can guess follow.

        Example:
        | ${garbage}                   | Make Up Token | not.a.token |
        | Connection Should Be Refused | Ana           | 401 | invalid_token | token=${garbage} |
        """
        return Secret(issue(text + secrets.token_urlsafe(MADE_UP_BYTES)))

    @keyword(tags=("Credentials",))
    def tamper_with_token(self, token: Secret, **claims: Any) -> Secret:  # noqa: ANN401 -- any claim
        """Returns a token with other claims and its old signature.

        Args:
            token: A good token.
            claims: The claims to change.

        Example:
        | ${good} | Mint Token | Ana |
        | ${forged} | Tamper With Token | ${good} | tier=free |
        | Connection Should Be Refused | Ana | 401 | invalid_token | token=${forged} |
        """
        return Secret(tampered(token.value, claims))
