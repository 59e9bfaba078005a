"""Opening, ending and refusing sessions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Chat, EventMissing, Unexpected
from ..engine.session import Carrier, Offer, Refused, Session
from ..identity import expiry
from ..kit import Kit
from ..redaction import mask
from ..transcript import Event, Kind

UNAUTHORISED: Final = 401
"""RFC 9110, section 15.5.2: the answer carries a challenge in ``WWW-Authenticate``."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused handshake.

    Attributes:
        status: HTTP status.
        code: The error code in the body.
        headers: The answer's headers, names in lower case.
        body: The answer's body.
    """

    status: int
    code: str
    headers: Mapping[str, str]
    body: str

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.body[:200]}"


class Sessions:
    """Keywords about connections."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Sessions",))
    def open_session(
        self,
        person: str,
        alias: str | None = None,
        *,
        carrier: Carrier = "header",
        token: Secret | None = None,
        also_in: Carrier | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Connects a person's device and waits for the backend's welcome.

        Sessions opened in a test are closed, and judged, at the test's end; those opened in a suite's setup
        live until the suite ends.

        Args:
            person: Who connects.
            alias: How the suite calls the session; the person's name when omitted.
            carrier: How the token travels.
            token: The access token; the person's own from the last login when omitted, else a minted one.
            also_in: A second way in which the same token travels.
            headers: Further headers of the handshake.

        Raises:
            Unexpected: The connection was refused.
            EventMissing: No welcome came.
        """
        found = self.kit.world.person(person)
        chat = Chat(Session(alias or person, found.owner), found, self.kit.environment)
        self.kit.world.add_chat(chat)
        carriers = [carrier, *([also_in] if also_in is not None else [])]
        self.connect(chat, self._offer(chat, carriers, token, headers))

    @keyword(tags=("Sessions",))
    def reopen_session(
        self, session: str, *, carrier: Carrier = "header", token: Secret | None = None
    ) -> None:
        """Connects a session again after it was closed or dropped. What it recorded before stays.

        Args:
            session: Alias of the session.
            carrier: How the token travels.
            token: The access token, when it is to be another one.

        Raises:
            Unexpected: The connection was refused.
        """
        chat = self.kit.world.chat(session)
        self.connect(chat, self._offer(chat, [carrier], token, None))

    def _offer(
        self, chat: Chat, carriers: list[Carrier], token: Secret | None, headers: Mapping[str, str] | None
    ) -> Offer:
        value = token.value if token is not None else self.kit.token(chat.person)
        url = chat.person.service.deployment.websocket_url
        return Offer(url, [(carrier, value) for carrier in carriers], headers or {})

    def connect(self, chat: Chat, offer: Offer) -> None:
        """Connects a session and waits for its welcome.

        Raises:
            Unexpected: The connection was refused.
            EventMissing: No welcome came.
        """
        try:
            chat.session.open(offer, self.kit.environment.timeout("connect"))
        except Refused as refusal:
            raise Unexpected(
                f"{chat.alias} could not connect: HTTP {refusal.status} {refusal.body[:300]}"
            ) from None
        chat.wait(lambda t: next((f for f in t.frames if f.received), None), "connection_established")
        chat.expires = expiry(offer.credentials[0][1])

    @keyword(tags=("Sessions",))
    def close_session(self, session: str) -> None:
        """Closes a session with a close handshake (code 1000)."""
        self.kit.world.chat(session).session.close()

    @keyword(tags=("Sessions",))
    def drop_session(self, session: str) -> None:
        """Drops a session abruptly, by a TCP reset, as a phone in a tunnel does. No close frame is sent."""
        self.kit.world.chat(session).session.drop()

    @keyword(tags=("Sessions",))
    def wait_for_close(self, session: str, code: int | None = None, reason: str | None = None) -> None:
        """Waits until the backend has ended a session's connection.

        Args:
            session: Alias of the session.
            code: Expected close code (RFC 6455, section 7.4); any end will do when omitted.
            reason: Expected reason; spaces stand for underscores.

        Raises:
            EventMissing: The connection stayed open.
            Unexpected: It ended in another way.
        """
        chat = self.kit.world.chat(session)
        end = chat.session.wait_end(self.kit.environment.timeout("answer"))
        if end is None:
            chat.fence()
            raise EventMissing(f"{chat.alias}'s connection stayed open, and a ping is still answered.")
        if code is not None and (end.kind is not Kind.CLOSE or end.code != code):
            raise Unexpected(
                f"{chat.alias}'s connection ended with {chat.session.end_text()}, not with {code}."
            )
        wanted = reason.replace(" ", "_") if reason is not None else end.data
        if end.data != wanted:
            raise Unexpected(f"{chat.alias}'s connection closed for {end.data!r}, not for {wanted!r}.")

    @keyword(tags=("Sessions",))
    def get_welcome(self, session: str) -> Event:
        """Returns the first frame that a session received on its current connection."""
        chat = self.kit.world.chat(session)
        first = next(f for f in chat.transcript.frames if f.received)
        if first.event is None:
            raise Unexpected(
                f"The first frame that {chat.alias} received is no JSON object: {first.data!r:.200}"
            )
        return first.event

    @keyword(tags=("Sessions",))
    def welcome_should_be_for(self, session: str) -> Event:
        """Checks that the first frame of a session welcomes the person whose token was presented.

        Raises:
            Unexpected: It is another frame, or names another person or tier.
        """
        chat = self.kit.world.chat(session)
        first: Event = self.get_welcome(session)
        expected = {
            "type": "connection_established",
            "user_id": chat.person.user_id,
            "tier": chat.person.tier,
        }
        came = {name: first.get(name) for name in expected}
        if came != expected:
            raise Unexpected(f"{chat.alias} was welcomed with {came}, expected {expected}.")
        return first

    @keyword(tags=("Sessions", "Security"))
    def selected_subprotocol(self, session: str) -> str | None:
        """Returns the subprotocol that the backend selected for a session; None when it selected none."""
        return self.kit.world.chat(session).session.connection.subprotocol

    @keyword(tags=("Sessions", "Security"))
    def connection_should_be_refused(
        self,
        person: str,
        status: int,
        code: str,
        *,
        token: Secret | None = None,
        carrier: Carrier | None = None,
        also_in: Carrier | None = None,
        also_token: Secret | None = None,
        headers: Mapping[str, str] | None = None,
        presenting: str = "this",
    ) -> Refusal:
        """Tries to connect and expects to be refused before the upgrade.

        A refusal with 401 must carry a challenge, which names an error unless there was no credential at
        all, and every ``invalid_token`` must have one and the same body: it must not tell what was wrong.

        Args:
            person: In whose name.
            status: Expected HTTP status.
            code: Expected error code in the body.
            token: The credential; the person's own good token when omitted and ``carrier`` is given.
            carrier: How it travels; ``header`` for a given token. Without either, none is presented.
            also_in: A second way in which a credential travels.
            also_token: The second credential; the first one when omitted.
            headers: Further headers of the handshake.
            presenting: What is presented, in plain words, for the message.

        Returns:
            What came.

        Raises:
            Unexpected: The connection was let in, or refused in another way.
        """
        found = self.kit.world.person(person)
        credentials: list[tuple[Carrier, str]] = []
        if token is not None or carrier is not None:
            value = token.value if token is not None else self.kit.token(found)
            credentials.append((carrier or "header", value))
            if also_in is not None:
                credentials.append((also_in, also_token.value if also_token is not None else value))
        offer = Offer(found.service.deployment.websocket_url, credentials, headers or {})
        try:
            session = Session(f"{person}'s attempt", found.owner)
            session.open(offer, self.kit.environment.timeout("connect"))
        except Refused as refused:
            came = Refusal(refused.status, _code(refused.body), refused.headers, mask(refused.body))
        else:
            session.close()
            raise Unexpected(f"{person} presented {presenting} and was let in; expected {status} {code}.")
        if (came.status, came.code) != (status, code):
            raise Unexpected(f"{person} presented {presenting}; expected {status} {code}, but it was {came}.")
        if status == UNAUTHORISED:
            self._check_challenge(came)
        return came

    def _check_challenge(self, came: Refusal) -> None:
        challenge = came.headers.get("www-authenticate", "")
        if not challenge.lower().startswith("bearer"):
            raise Unexpected(f"The refusal has no Bearer challenge (WWW-Authenticate: {challenge!r}).")
        if ("error=" in challenge) == (came.code == "missing_credential"):
            raise Unexpected(
                f"A challenge names an error exactly when there was a credential; this one is {challenge!r}."
            )
        if came.code == "invalid_token":
            first = self.kit.bodies.setdefault("invalid_token", came.body)
            if came.body != first:
                raise Unexpected(
                    f"Bad tokens are told apart: one got {first[:200]!r}, another got {came.body[:200]!r}."
                )


def _code(body: str) -> str:
    try:
        return str(json.loads(body)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return "without a code"
