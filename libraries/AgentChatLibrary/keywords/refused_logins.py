"""Signing up, in and on in vain."""

from __future__ import annotations

import secrets

from robot.api.deco import keyword

from ..chat import Unexpected
from ..identity import new_password
from ..kit import Kit
from ..service import Answer
from .doors import answered


class RefusedLogins:
    """Keywords about logins that must be refused."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Security",))
    def use_refresh_token_again(self, person: str) -> None:
        """Uses a refresh token that has been used before, and expects to be refused with 401.

        Args:
            person: The person's name.

        Raises:
            Unexpected: It was accepted, or refused in another way.

        Example:
        | Sign In                 | Ana |
        | ${token}                | Renew Tokens | Ana |
        | Use Refresh Token Again | Ana |
        """
        found = self.kit.world.person(person)
        if not found.used_refresh_tokens:
            raise Unexpected(f"{person} has used no refresh token yet.")
        body = {"refresh_token": found.used_refresh_tokens[0]}
        answer = found.service.request("POST", "/auth/refresh", body)
        code = answer.body.get("error", {}).get("code")
        if (answer.status, code) != (401, "invalid_token"):
            raise Unexpected(
                f"{person}'s refresh token had been used before and should be refused with"
                f" 401 invalid_token; the answer was {answered(answer)}."
            )

    @keyword(tags=("Security",))
    def try_to_sign_in(self, person: str | None, *, in_capitals: bool = False) -> Answer:
        """Tries to log in with a wrong password.

        Args:
            person: Whose account; one that does not exist when none is given.
            in_capitals: Whether the address is typed in capitals; it is the same account.

        Returns:
            The answer, with ``status`` and ``body``.

        Example:
        | ${answer}                      | Try To Sign In | Ana |
        | Login Should Have Been Refused | ${answer} |
        """
        service = self.kit.world.person(person).service if person is not None else self.kit.service
        nobody = f"nobody.{secrets.token_hex(6)}@customers.example"
        email = self.kit.world.person(person).email if person is not None else nobody
        typed = email.upper() if in_capitals else email
        return service.request("POST", "/auth/login", {"email": typed, "password": new_password()})

    @keyword(tags=("Security", "Judging"))
    def login_should_have_been_refused(
        self, answer: Answer, status: int = 401, code: str = "invalid_credentials"
    ) -> None:
        """Checks the answer to a login with a wrong password.

        Args:
            answer: What `Try To Sign In` returned.
            status: Expected HTTP status.
            code: Expected error code.

        Raises:
            Unexpected: It was another answer.

        Example:
        | ${answer}                      | Try To Sign In | Ana |
        | Login Should Have Been Refused | ${answer} |
        """
        if (answer.status, answer.body.get("error", {}).get("code")) != (status, code):
            raise Unexpected(
                f"A login with a wrong password should get {status} {code}; it got {answered(answer)}."
            )

    @keyword(tags=("Security",))
    def sign_in_should_be_refused(
        self, person: str, status: int = 401, code: str = "invalid_credentials"
    ) -> Answer:
        """Logs in with the right password and expects to be refused.

        Args:
            person: The person's name.
            status: Expected HTTP status.
            code: Expected error code.

        Returns:
            The answer, with ``status``, ``headers`` and ``body``.

        Raises:
            Unexpected: The login was accepted, or refused in another way.

        Example:
        | Create Person             | Clara | Northwind |
        | Change Person             | Clara | disabled=${True} |
        | Sign In Should Be Refused | Clara |
        """
        found = self.kit.world.person(person)
        answer = found.service.request(
            "POST", "/auth/login", {"email": found.email, "password": found.password}
        )
        came = answer.body.get("error", {}).get("code")
        if (answer.status, came) != (status, code):
            raise Unexpected(
                f"{person}'s login should be refused with {status} {code}; it got {answered(answer)}."
            )
        return answer

    @keyword(tags=("Security",))
    def sign_up_should_be_refused(self, person: str, status: int = 409, code: str = "email_taken") -> None:
        """Signs up with the address of somebody who is there already, as it is and in capitals.

        Args:
            person: Whose address it is.
            status: Expected HTTP status.
            code: Expected error code.

        Raises:
            Unexpected: It was accepted, or refused in another way.

        Example:
        | Sign Up                   | Clara |
        | Sign Up Should Be Refused | Clara |
        """
        found = self.kit.world.person(person)
        for email in (found.email, found.email.upper()):
            body = {"email": email, "password": new_password(), "name": "Somebody Else"}
            answer = found.service.request("POST", "/auth/register", body)
            if (answer.status, answer.body.get("error", {}).get("code")) != (status, code):
                raise Unexpected(
                    f"A sign-up with {person}'s address should be refused with {status} {code}; "
                    f"it got {answered(answer)}."
                )
