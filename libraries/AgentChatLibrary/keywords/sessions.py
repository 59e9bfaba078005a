"""Opening, ending and refusing sessions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Chat, EventMissing, Unexpected
from ..engine.session import Offer, Refused, Session
from ..kit import Kit
from ..transcript import Event, Kind
from .types import Carrier


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
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Connects a person's device and waits for the backend's welcome.

        Sessions opened in a test are closed, and judged, at the test's end; those opened in a suite's setup live
        until the suite ends.

        Args:
            person: Who connects.
            alias: How the suite calls the session; the person's name when omitted.
            carrier: How the token travels.
            token: The access token; the person's own from the last login when omitted, else a minted one.
            headers: Further headers of the handshake.

        Raises:
            Unexpected: The connection was refused.
            EventMissing: No welcome came.
        """
        found = self.kit.world.person(person)
        chat = Chat(Session(alias or person, found.owner), found, self.kit.environment)
        self.kit.world.add_chat(chat)
        self._connect(chat, self._offer(chat, carrier, token, headers))

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
        self._connect(chat, self._offer(chat, carrier, token, None))

    def _offer(
        self, chat: Chat, carrier: Carrier, token: Secret | None, headers: Mapping[str, str] | None
    ) -> Offer:
        value = token.value if token is not None else self.kit.token(chat.person)
        return Offer(chat.person.service.deployment.websocket_url, value, carrier, headers or {})

    def _connect(self, chat: Chat, offer: Offer) -> None:
        try:
            chat.session.open(offer, self.kit.environment.timeout("connect"))
        except Refused as refusal:
            raise Unexpected(
                f"{chat.alias} could not connect: HTTP {refusal.status} {refusal.body[:300]}"
            ) from None
        chat.wait(lambda t: next((f for f in t.frames if f.received), None), "connection_established")

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
        """Waits until the backend has closed a session.

        Args:
            session: Alias of the session.
            code: Expected close code (RFC 6455, section 7.4).
            reason: Expected reason.

        Raises:
            EventMissing: The connection stayed open.
            Unexpected: It ended in another way.
        """
        chat = self.kit.world.chat(session)
        end = chat.session.wait_end(self.kit.environment.timeout("answer"))
        if end is None:
            chat.fence()
            raise EventMissing(f"{chat.alias}'s connection stayed open, and a ping is still answered.")
        if end.kind is not Kind.CLOSE or (code is not None and end.code != code):
            raise Unexpected(
                f"{chat.alias}'s connection ended with {chat.session.end_text()}, not with {code}."
            )
        if reason is not None and end.data != reason:
            raise Unexpected(f"{chat.alias}'s connection closed for {end.data!r}, not for {reason!r}.")

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

    @keyword(tags=("Sessions", "Security"))
    def connection_should_be_refused(
        self,
        person: str,
        status: int,
        code: str,
        *,
        token: Secret | None = None,
        carrier: Carrier = "header",
        headers: Mapping[str, str] | None = None,
        path: str = "",
        with_own_token: bool = False,
    ) -> dict[str, Any]:
        """Tries to connect and expects to be refused before the upgrade.

        Args:
            person: In whose name.
            status: Expected HTTP status.
            code: Expected error code in the body.
            token: The credential that is presented.
            carrier: How it travels; without a token none is presented.
            headers: Further headers of the handshake.
            path: Added to the address, for example a query.
            with_own_token: Present the person's own good token beside whatever else is presented.

        Returns:
            What came: ``status``, ``code``, ``headers`` and ``body`` (text).

        Raises:
            Unexpected: The connection was let in, or refused in another way.
        """
        found = self.kit.world.person(person)
        value = token.value if token is not None else self.kit.token(found) if with_own_token else None
        offer = Offer(found.service.deployment.websocket_url + path, value, carrier, headers or {})
        session = Session(f"{person}'s attempt", found.owner)
        try:
            session.open(offer, self.kit.environment.timeout("connect"))
        except Refused as refusal:
            came = {
                "status": refusal.status,
                "code": _code(refusal.body),
                "headers": dict(refusal.headers),
                "body": refusal.body,
            }
        else:
            self.kit.world.scope.retired.append(Chat(session, found, self.kit.environment))
            raise Unexpected(f"The connection was let in; it should have been refused with {status} {code}.")
        if (came["status"], came["code"]) != (status, code):
            raise Unexpected(
                f"Expected a refusal with {status} {code}, but it was {came['status']} {came['code']}: "
                f"{refusal_text(came)}"
            )
        return came


def _code(body: str) -> str:
    try:
        parsed = json.loads(body)
        return str(parsed["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return "without a code"


def refusal_text(came: Mapping[str, Any]) -> str:
    """A refusal's body, cut to a line."""
    return str(came["body"])[:200]
