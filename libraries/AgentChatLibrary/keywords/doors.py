"""Web requests that must be refused: of strangers, with bad tokens, with wrong sign-ups."""

from __future__ import annotations

import math
import secrets
from typing import Any, Final

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Unexpected
from ..identity import Person, new_password
from ..kit import Kit
from ..redaction import issue
from ..service import Answer, Service
from .promises import BrokenPromise

UNAUTHORISED: Final = 401
"""RFC 9110, section 15.5.2."""
INVALID: Final = 400
"""RFC 9110, section 15.5.1."""
ADMINISTRATION: Final[tuple[tuple[str, str, Any], ...]] = (
    ("PATCH", "/admin/people/{person}", {"tier": "enterprise"}),
    ("POST", "/admin/people/{person}/hold", {"before": "agent_started"}),
    ("POST", "/admin/people/{person}/release", {}),
    ("POST", "/admin/people/{person}/revoke", {}),
    ("POST", "/admin/organisations", {"name": "Nobody's"}),
    ("POST", "/admin/people", {"name": "Nobody"}),
    ("PUT", "/admin/organisations/{organisation}/records", {}),
    ("POST", "/admin/drain", {}),
)
"""All that changes something (contract: HTTP), what does the greatest harm last."""
READING: Final = ("/threads", "/threads/{thread}/messages", "/usage/summary")
"""All that a customer reads over HTTP (contract: HTTP)."""


class Doors:
    """Keywords about web requests that must not be granted."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Web", "Security"))
    def administration_should_be_refused(self, about: str, person: str | None = None) -> int:
        """Tries to change everything that the administration can change, and expects 401 each time.

        The first that is granted ends it, so that no more harm is done than that.

        Args:
            about: Whom the changes would concern.
            person: Who tries, with the own token; a stranger without any when omitted.

        Returns:
            How many changes were tried.

        Raises:
            BrokenPromise: One was granted, or refused in another way.

        Example, on a backend of its own:
        | Administration Should Be Refused | Ana |
        | Administration Should Be Refused | Ana | Ana |
        """
        subject = self.kit.world.person(about)
        token = self.kit.token(self.kit.world.person(person)) if person is not None else ""
        who = person or "A stranger"
        for method, path, body in ADMINISTRATION:
            whole = path.format(person=subject.user_id, organisation=subject.organisation.id)
            answer = subject.service.request(method, whole, body, token)
            if answer.status != UNAUTHORISED:
                raise BrokenPromise(
                    f"{who} is no operator, so {method} {path} should be refused with 401;"
                    f" it was answered with {answered(answer)}."
                )
        return len(ADMINISTRATION)

    @keyword(tags=("Web", "Security"))
    def reading_should_be_refused(
        self, session: str, code: str, *, token: Secret | None = None, presenting: str = "no token"
    ) -> int:
        """Reads conversations, one of them, and the usage over HTTP, and expects 401 each time.

        Args:
            session: Alias of the session whose latest conversation is asked for.
            code: Expected error code.
            token: The token that is presented; none when omitted.
            presenting: What is presented, in plain words, for the message.

        Returns:
            How many pages were tried.

        Raises:
            BrokenPromise: One was given, or refused in another way.

        Example:
        | Ask                       | Ana | What did we spend in total? |
        | Wait For Answer           | Ana |
        | Reading Should Be Refused | Ana | missing_credential |
        """
        chat = self.kit.world.chat(session)
        thread = chat.question().thread_id
        for path in READING:
            answer = self._get(chat.person.service, path.format(thread=thread), token)
            if answer.status != UNAUTHORISED or _code(answer) != code:
                raise BrokenPromise(
                    f"GET {path} with {presenting} should be refused with 401 {code};"
                    f" it was answered with {answered(answer)}."
                )
            if not answer.headers.get("www-authenticate", "").lower().startswith("bearer"):
                raise BrokenPromise(f"The 401 of GET {path} with {presenting} has no challenge for Bearer.")
        return len(READING)

    @keyword(tags=("Web",))
    def reading_should_be_granted(self, session: str, token: Secret) -> int:
        """Reads conversations, one of them, and the usage over HTTP, and expects 200 each time.

        Args:
            session: Alias of the session whose latest conversation is asked for.
            token: The token that is presented.

        Returns:
            How many pages were read.

        Raises:
            Unexpected: One was refused.

        Example:
        | Ask                       | Ana | What did we spend in total? |
        | Wait For Answer           | Ana |
        | ${token}                  | Sign In | Ana |
        | Reading Should Be Granted | Ana     | ${token} |
        """
        chat = self.kit.world.chat(session)
        for path in READING:
            answer = self._get(chat.person.service, path.format(thread=chat.question().thread_id), token)
            if answer.status != 200:  # noqa: PLR2004 -- RFC 9110, section 15.3.1
                raise Unexpected(
                    f"{chat.person.name} should be given {path}; the answer was {answered(answer)}."
                )
        return len(READING)

    def _get(self, service: Service, path: str, token: Secret | None) -> Answer:
        return service.request("GET", path, token=token.value if token is not None else "")

    @keyword(tags=("Web", "Security"))
    def refresh_should_be_refused(
        self,
        person: str,
        status: int = 401,
        code: str = "invalid_token",
        *,
        token: Secret | None = None,
        because: str = "its login has ended",
    ) -> Answer:
        """Trades in a refresh token, and expects to be refused.

        Args:
            person: The person's name.
            status: Expected HTTP status.
            code: Expected error code.
            token: The refresh token; the one that the person has when omitted.
            because: Why it must be refused, in plain words, for the message.

        Returns:
            The answer, with ``status``, ``headers`` and ``body``.

        Raises:
            BrokenPromise: New tokens were given, or it was refused in another way.

        Example:
        | Sign In                   | Ana |
        | Sign Out                  | Ana |
        | Refresh Should Be Refused | Ana |
        """
        found: Person = self.kit.world.person(person)
        body = {"refresh_token": token.value if token is not None else found.refresh_token}
        answer = found.service.request("POST", "/auth/refresh", body)
        if (answer.status, _code(answer)) != (status, code):
            raise BrokenPromise(
                f"{person}'s refresh token should be refused with {status} {code}, since {because};"
                f" the answer was {answered(answer)}."
            )
        return answer

    @keyword(tags=("Web", "Judging"))
    def answer_should_say_when_to_come_back(self, answer: Answer, most: float | None = None) -> float:
        """Checks that a refused web request says when to come back, in its body and in ``Retry-After``.

        The header counts whole seconds (RFC 9110, section 10.2.3), rounded up.

        Args:
            answer: The answer.
            most: Longest time in seconds that it may name.

        Returns:
            ``retry_after`` in seconds.

        Raises:
            BrokenPromise: It has none, or one that is too long, or the two are not the same.

        Example:
        | Create Person | Clara | Northwind |
        | Guess At Once | Clara | 6 | looked_at=5 |
        | ${answer}     | Sign In Should Be Refused | Clara | 429 | rate_limited |
        | Answer Should Say When To Come Back | ${answer} | most=60 |
        """
        return when_to_come_back(answer, f"The refusal with {answered(answer)}", most)

    @keyword(tags=("Web", "Security"))
    def wrong_sign_up_should_name(self, field: str, **changes: str | None) -> None:
        """Signs up in a way that is wrong in one field, and expects 400 with the field's name.

        Args:
            field: The field that must be named.
            changes: Fields that differ from a right sign-up's; ``${None}`` leaves one out.

        Raises:
            BrokenPromise: It was accepted, or refused in another way.

        Example:
        | Wrong Sign Up Should Name | password | password=secret |
        | Wrong Sign Up Should Name | name     | name=${None} |
        """
        right = {
            "email": f"newcomer.{secrets.token_hex(6)}@customers.example",
            "password": new_password(),
            "name": "Somebody New",
            **changes,
        }
        body = {name: value for name, value in right.items() if value is not None}
        answer = self.kit.service.request("POST", "/auth/register", body)
        _should_name(answer, field, f"A sign-up that is wrong in its {field}")

    @keyword(tags=("People", "Security"))
    def wrong_change_should_name(self, person: str, field: str, **changes: Any) -> None:  # noqa: ANN401 -- any value
        """Changes a person in a way that is wrong, as support staff may, and expects 400 naming the field.

        Args:
            person: The person.
            field: The field that must be named.
            changes: The wrong change, with any JSON values.

        Raises:
            BrokenPromise: It was accepted, or refused in another way.

        Example:
        | Wrong Change Should Name | Ana | tier         | tier=gold |
        | Wrong Change Should Name | Ana | limits.burst | limits=${{ {'burst': 0} }} |
        """
        found = self.kit.world.person(person)
        path, token = f"/admin/people/{found.user_id}", issue(found.service.deployment.admin_token)
        answer = found.service.request("PATCH", path, changes, token)
        _should_name(answer, field, f"A change of {person} that is wrong in the field {field}")


def _should_name(answer: Answer, field: str, what: str) -> None:
    named = answer.body.get("error", {}).get("field")
    if (answer.status, _code(answer), named) != (INVALID, "invalid_request", field):
        told = f" naming {named!r}" if named else ""
        raise BrokenPromise(
            f"{what} should be refused with 400 invalid_request naming {field!r}; the answer was"
            f" {answered(answer)}{told}."
        )


def when_to_come_back(answer: Answer, what: str, most: float | None) -> float:
    """The seconds after which a refusal says to come back, the same in its body and in ``Retry-After``.

    Args:
        answer: The refusal.
        what: What it is, as the message's subject.
        most: Longest time in seconds that it may name; any when None.

    Raises:
        BrokenPromise: It names none, or one that is too long, or the two are not the same.
    """
    wait, header = answer.body.get("error", {}).get("retry_after"), answer.headers.get("retry-after")
    who = f"{what} should say when to come back"
    if wait is None or header is None:
        lacking = [name for name, told in (("retry_after", wait), ("Retry-After", header)) if told is None]
        raise BrokenPromise(f"{who}; it has no {' and no '.join(lacking)}.")
    if wait <= 0 or (most is not None and wait > most):
        due = f"after at most {most:g} s" if most is not None else "after some seconds"
        raise BrokenPromise(f"{who}, {due}; it says {wait:g} s.")
    if header != str(math.ceil(wait)):
        raise BrokenPromise(f"{who}; its retry_after is {wait:g} s and its Retry-After {header!r}.")
    return float(wait)


def answered(answer: Answer) -> str:
    """An HTTP answer in words: its status, and its code where it is a refusal."""
    code = _code(answer)
    return f"{answer.status} {code}" if code else str(answer.status)


def _code(answer: Answer) -> str | None:
    error = answer.body.get("error")
    return str(error["code"]) if isinstance(error, dict) and "code" in error else None
