"""Handshakes that must be refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Unexpected
from ..engine.offer import Carrier, Refused
from ..engine.session import Session
from ..kit import Kit
from ..redaction import mask

UNAUTHORISED: Final = 401
"""RFC 9110, section 15.5.2: the answer carries a challenge in ``WWW-Authenticate``."""
SHOWN: Final = 200
"""Characters of a refusal's body that a message shows."""
TOLD: Final = {"code", "message", "retry_after"}
"""What the error of a refusal may have (contract: Getting in; HTTP)."""
TAKEN: Final = "NegotiationError"
"""How the client's own refusal begins, when a server selects what the client does not speak."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused handshake, as it came; what is told of it is masked.

    Attributes:
        status: HTTP status.
        code: The error code in the body.
        headers: The answer's headers, names in lower case.
        body: The answer's body, secrets and all, so that it can be judged.
    """

    status: int
    code: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(repr=False)

    @property
    def shown(self) -> str:
        """The beginning of the body, masked before it is cut: a part of a secret would not be known."""
        return mask(self.body)[:SHOWN]

    def __str__(self) -> str:
        return mask(f"{self.status} {self.code}: ") + self.shown


class Refusing:
    """Keywords about connections that must not come about."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Sessions", "Security"))
    def connection_should_be_refused(
        self,
        person: str,
        status: int,
        code: str | None,
        *,
        token: Secret | None = None,
        carrier: Carrier | None = None,
        also_in: Carrier | None = None,
        also_token: Secret | None = None,
        headers: Mapping[str, str] | None = None,
        presenting: str | None = None,
    ) -> Refusal:
        """Tries to connect and expects to be refused before the upgrade.

        A refusal with 401 must carry a challenge, which names an error unless there was no credential at
        all, and every ``invalid_token`` must have one and the same body and challenge: neither must tell what
        was wrong. No refusal repeats a token or another secret, in its body or in a header.

        Args:
            person: In whose name.
            status: Expected HTTP status.
            code: Expected error code in the body; ``${None}`` where the server itself refuses, without one.
            token: The credential; the person's own good token when omitted and ``carrier`` is given.
            carrier: How it travels; ``header`` for a given token. Without either, none is presented.
            also_in: A second way in which a credential travels.
            also_token: The second credential; the first one when omitted.
            headers: Further headers of the handshake.
            presenting: What is presented, in plain words, for the message; worked out when omitted.

        Returns:
            What came.

        Raises:
            Unexpected: The connection was let in, or refused in another way, or with a secret in it.

        Example:
        | Connection Should Be Refused | Ana | 401 | missing_credential |
        | Connection Should Be Refused | Ana | 401 | missing_credential | carrier=token_query |
        """
        found = self.kit.world.person(person)
        presenting = presenting or _presented(given=token is not None or carrier is not None, headers=headers)
        credentials: list[tuple[Carrier, str]] = []
        if token is not None or carrier is not None:
            value = token.value if token is not None else self.kit.token(found)
            credentials.append((carrier or "header", value))
            if also_in is not None:
                credentials.append((also_in, also_token.value if also_token is not None else value))
        offer = self.kit.offer(found.service.deployment, credentials, headers)
        due = f"{status} {code}" if code is not None else f"{status}"
        try:
            session = Session(f"{person}'s attempt", found.owner)
            session.open(offer, self.kit.environment.timeout("connect"))
        except Refused as refused:
            came = Refusal(refused.status, _code(refused.body), refused.headers, refused.body)
        else:
            session.close()
            raise Unexpected(f"{person} was let in with {presenting}; that should be refused with {due}.")
        coded = code is not None and self.kit.environment.offers("refusal_codes")
        if came.status != status or (coded and came.code != code):
            raise Unexpected(
                f"{person} came with {presenting} and should be refused with {due}; it was {came}."
            )
        who = f"{person} came with {presenting} and"
        _hold_no_secret(came, f"{who} was refused, but")
        if coded and (empty := _empty(came.body)):
            raise Unexpected(f"{who} was told {', '.join(empty)}: null; what does not apply is left out.")
        if coded and (problem := _odd(came.body)):
            raise Unexpected(f"{who} was refused with {came}; {problem}.")
        # After the upgrade there are no headers any more; another dialect may refuse there.
        if status == UNAUTHORISED and (came.headers or self.kit.environment.translation is None):
            self._check_challenge(came, who, coded=coded)
        if coded and came.code == "invalid_token":
            self._check_told_alike(came, who)
        return came

    @keyword(tags=("Sessions", "Security"))
    def refusal_should_say_when_to_come_back(self, refusal: Refusal) -> int:
        """Checks that a refusal has a ``Retry-After`` of whole seconds (RFC 9110, section 10.2.3).

        Args:
            refusal: What `Connection Should Be Refused` returned.

        Returns:
            The seconds.

        Raises:
            Unexpected: It has none, or another one.

        Example:
        | Change Person | Ana | limits=${{ {'connections': 1} }} |
        | ${refusal} | Connection Should Be Refused | Ana | 429 | too_many_connections | carrier=header |
        | Refusal Should Say When To Come Back | ${refusal} |
        """
        given = refusal.headers.get("retry-after")
        if given is None or not given.isdecimal() or int(given) < 1:
            told = f"its Retry-After is {given!r}" if given is not None else "it has no Retry-After"
            raise Unexpected(f"The refusal with {refusal.status} must say when to come back, but {told}.")
        return int(given)

    @keyword(tags=("Sessions", "Security"))
    def offer_should_be_left_alone(self, person: str, header: str, offered: str) -> None:
        """Connects with a header that offers something, and expects the backend to connect without taking it.

        A backend that selects what the contract does not know speaks something that clients may not
        understand (RFC 6455, section 4.1).

        Args:
            person: Who connects, with a good token in the header ``Authorization``.
            header: ``Sec-WebSocket-Protocol`` or ``Sec-WebSocket-Extensions``.
            offered: What is offered.

        Raises:
            Unexpected: The backend has taken it, or has not let the person in.

        Example:
        | Offer Should Be Left Alone | Ana | Sec-WebSocket-Protocol | another.v1 |
        """
        found = self.kit.world.person(person)
        credentials: list[tuple[Carrier, str]] = [("header", self.kit.token(found))]
        offer = self.kit.offer(found.service.deployment, credentials, {header: offered})
        session = Session(f"{person}'s offer", found.owner)
        try:
            session.open(offer, self.kit.environment.timeout("connect"))
        except Refused as refused:
            if refused.body.startswith(TAKEN):
                raise Unexpected(
                    f"The backend has taken {offered!r}, which {person} offered as {header}; it should "
                    "connect without it."
                ) from None
            raise Unexpected(
                f"{person} offered {offered!r} as {header} and should be let in without it; it was "
                f"{refused.status}: {mask(refused.body)[:SHOWN]}"
            ) from None
        session.close()

    def _check_challenge(self, came: Refusal, who: str, *, coded: bool) -> None:
        challenge = came.headers.get("www-authenticate")
        if challenge is None or not challenge.lower().startswith("bearer"):
            told = f"the challenge {challenge!r}" if challenge is not None else "no challenge"
            raise Unexpected(f"{who} got {told} (WWW-Authenticate); there should be one for Bearer.")
        if coded and ("error=" in challenge) == (came.code == "missing_credential"):
            raise Unexpected(
                f"{who} got the challenge {challenge!r}; one names an error when there was a credential."
            )

    def _check_told_alike(self, came: Refusal, who: str) -> None:
        told = {"body": came.body}
        if came.headers:  # a dialect that refuses after the upgrade has none
            told["challenge"] = came.headers.get("www-authenticate", "")
        for part, text in told.items():
            first = self.kit.bad_tokens_told.setdefault(part, text)
            if text != first:
                raise Unexpected(
                    f"Bad tokens are told apart: {who} was told {mask(text)[:SHOWN]!r} in the {part}; with"
                    f" another bad token it was {mask(first)[:SHOWN]!r}."
                )


def _presented(*, given: bool, headers: Mapping[str, str] | None) -> str:
    """What is presented in a handshake, in plain words."""
    page = (headers or {}).get("Origin")
    credential = "a token" if given or page else "no credential"
    return f"{credential} from the page of {page!r}" if page else credential


def _hold_no_secret(came: Refusal, who: str) -> None:
    """Checks that a refusal repeats no secret: answers are kept by browsers, proxies and clients' logs."""
    for name, value in came.headers.items():
        if mask(value) != value:
            raise Unexpected(f"{who} the answer repeats a secret in its header {name}: {mask(value)[:SHOWN]}")
    if mask(came.body) != came.body:
        raise Unexpected(f"{who} the answer repeats a secret: {came}")


def _empty(body: str) -> list[str]:
    """The fields of an error that say nothing (contract: Connection; a body is ``code`` and ``message``)."""
    return [name for name, value in json.loads(body)["error"].items() if value is None]


def _odd(body: str) -> str | None:
    """What is wrong with the error of a refusal (contract: Getting in; HTTP)."""
    error = json.loads(body)["error"]
    if surplus := sorted(error.keys() - TOLD):
        return f"it should not tell {', '.join(surplus)}"
    if not isinstance(error.get("message"), str) or not error["message"].strip():
        return "its message should say something"
    return None


def _code(body: str) -> str:
    try:
        return str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return "without a code"
