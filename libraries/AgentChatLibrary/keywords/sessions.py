"""Opening, ending and refusing sessions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

import jwt
from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Chat, Unexpected
from ..engine.offer import Carrier, Offer, Refused
from ..engine.session import Session
from ..frames import Event, Frame, Kind
from ..identity import expiry
from ..kit import Kit
from ..redaction import mask
from ..world import must_have_ended
from .types import CLOSE_REASONS, word

EXPIRED: Final = "token_expired"
"""The reason of a close that comes with the expiry of the token (contract: Ends)."""


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
        live until the suite ends. An alias may be used again once its session has ended: the new one begins
        afresh, while `Reopen Session` goes on with what the old one has asked and recorded.

        Args:
            person: Who connects.
            alias: How the suite calls the session; the person's name when omitted.
            carrier: How the token travels.
            token: The access token; the person's own from the last login when omitted, else a minted one.
            also_in: A second way in which the same token travels.
            headers: Further headers of the handshake.

        Raises:
            NameTaken: A session of that alias is still connected.
            Unexpected: The connection was refused.
            EventMissing: No welcome came.

        Example:
        | Open Session                   | Ana           | Ana's browser | carrier=subprotocol |
        | Selected Subprotocol Should Be | Ana's browser | agent-chat.v1 |
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
            NameTaken: The session is still connected.
            Unexpected: The connection was refused.

        Example:
        | Close Session  | Ana |
        | Reopen Session | Ana |
        | Ping           | Ana |
        """
        chat = self.kit.world.chat(session)
        must_have_ended(chat)
        self.connect(chat, self._offer(chat, [carrier], token, None))

    def _offer(
        self, chat: Chat, carriers: list[Carrier], token: Secret | None, headers: Mapping[str, str] | None
    ) -> Offer:
        value = token.value if token is not None else self.kit.token(chat.person)
        deployment = chat.person.service.deployment
        return self.kit.offer(deployment, [(carrier, value) for carrier in carriers], headers)

    @keyword(tags=("Sessions",))
    def reopen_session_if_it_has_ended(self, session: str) -> None:
        """Connects a session again if its connection has ended, so that the next mistake is judged by itself.

        Args:
            session: Alias of the session.

        Raises:
            Unexpected: The connection was refused.

        Example:
        | Send Text Bytes                   | Ana | ${{ bytes([0x7b, 0xff, 0xfe, 0x7d]) }} |
        | Message Should End The Connection | Ana | 1007 |
        | Reopen Session If It Has Ended    | Ana |
        """
        chat = self.kit.world.chat(session)
        if not chat.session.is_open:
            self.reopen_session(session)
            chat.marked = None  # what was marked was on another connection

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
                f"{chat.alias} could not connect: HTTP {refusal.status} {mask(refusal.body)[:300]}"
            ) from None
        chat.waits.for_reply(
            lambda t: next((f for f in t.frames if f.received), None), "connection_established"
        )
        chat.expires = _expiry(offer.credentials[0][1])

    @keyword(tags=("Sessions",))
    def close_session(self, session: str) -> None:
        """Closes a session with a close handshake (code 1000).

        Args:
            session: Alias of the session.

        Example:
        | Close Session  | Ana |
        | Reopen Session | Ana |
        | Ping           | Ana |
        """
        self.kit.world.chat(session).session.close()

    @keyword(tags=("Sessions",))
    def drop_session(self, session: str) -> None:
        """Drops a session abruptly, by a TCP reset, as a phone in a tunnel does. No close frame is sent.

        Args:
            session: Alias of the session.

        Example:
        | Drop Session               | Ana |
        | Wait Until Connections Are | Ana | 0 |
        """
        self.kit.world.chat(session).session.drop()

    @keyword(tags=("Sessions",))
    def wait_for_close(self, session: str, code: int | None = None, reason: str | None = None) -> None:
        """Waits until the backend has ended a session's connection.

        It has the environment's ``close`` for it; where the token is to expire first, from then on.

        Args:
            session: Alias of the session.
            code: Expected close code (RFC 6455, section 7.4); any end will do when omitted.
            reason: Expected reason; spaces stand for underscores; any will do when omitted.

        Raises:
            EventMissing: The connection stayed open.
            Unexpected: It ended in another way, or the token is to expire later than any answer may take.
            ValueError: There is no such reason.

        Example:
        | ${token}                            | Mint Token  | Ana         | expires_in=2 |
        | Open Session                        | Ana         | Ana's phone | token=${token} |
        | Wait For Close                      | Ana's phone | 1008        | token expired |
        | Close Should Have Come After Expiry | Ana's phone | within=2 |
        """
        chat = self.kit.world.chat(session)
        wanted = word("reason of a close", reason, CLOSE_REASONS) if reason is not None else None
        patience = self.kit.environment.timeout("close")
        if wanted == EXPIRED and chat.expires is not None:
            left = max(0.0, chat.expires - time.time())
            if chat.session.is_open and left > self.kit.environment.timeout("answer"):
                who = chat.person.name
                raise Unexpected(
                    f"{who}'s token is good for another {left:.0f} s; make one that ends sooner: "
                    f'"{who} is connected with a token that expires in 5 seconds"'
                )
            patience += left
        _check_end(chat, chat.waits.for_end(_how(code, wanted), patience), code, wanted)

    @keyword(tags=("Sessions", "Misuse"))
    def message_should_end_the_connection(self, session: str, code: int) -> None:
        """Waits until the backend has ended a connection because of the message that was sent last.

        Args:
            session: Alias of the session.
            code: Expected close code (RFC 6455, section 7.4).

        Raises:
            EventMissing: The connection stayed open: a ping behind the message was answered.
            Unexpected: It ended in another way.

        Example:
        | Send Text Bytes                   | Ana | ${{ bytes([0x7b, 0xff, 0xfe, 0x7d]) }} |
        | Message Should End The Connection | Ana | 1007 |
        | Reopen Session If It Has Ended    | Ana |
        """
        chat = self.kit.world.chat(session)
        _check_end(chat, chat.waits.for_end_by_message(_how(code, None)), code, None)

    @keyword(tags=("Sessions",))
    def get_welcome(self, session: str) -> Event:
        """Returns the first frame that a session received on its current connection.

        Args:
            session: Alias of the session.

        Example:
        | ${welcome}      | Get Welcome | Ana |
        | ${tier}         | Get Field   | ${welcome} | tier |
        | Should Be Equal | ${tier}     | enterprise |
        """
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

        Args:
            session: Alias of the session.

        Returns:
            The welcome.

        Raises:
            Unexpected: It is another frame, or names another person or, where there are tiers, another tier.

        Example:
        | Welcome Should Be For | Ana |
        """
        chat = self.kit.world.chat(session)
        first: Event = self.get_welcome(session)
        expected = {"type": "connection_established", "user_id": chat.person.user_id}
        if self.kit.environment.offers("tiers"):
            expected["tier"] = chat.person.tier
        came = {name: first.get(name) for name in expected}
        wrong = [
            f"the {name} {came[name]!r} instead of {expected[name]!r}"
            for name in expected
            if came[name] != expected[name]
        ]
        if wrong:
            raise Unexpected(f"{chat.alias} was welcomed with {' and '.join(wrong)}.")
        return first

    @keyword(tags=("Sessions", "Security"))
    def selected_subprotocol_should_be(self, session: str, subprotocol: str) -> None:
        """Checks which of the offered subprotocols the backend has selected for a session.

        Args:
            session: Alias of the session.
            subprotocol: Expected subprotocol.

        Raises:
            Unexpected: It has selected another one, or none.

        Example:
        | Open Session                   | Ana           | Ana's browser | carrier=subprotocol |
        | Selected Subprotocol Should Be | Ana's browser | agent-chat.v1 |
        """
        selected = self.kit.world.chat(session).session.connection.subprotocol
        if selected != subprotocol:
            came = f"the subprotocol {selected!r}" if selected is not None else "no subprotocol"
            raise Unexpected(f"The backend has selected {came} for {session}; it should be {subprotocol!r}.")


def _expiry(token: str) -> int | None:
    """When a token expires; None when it does not say so, as an API key does not."""
    try:
        return expiry(token)
    except (jwt.InvalidTokenError, KeyError):
        return None


def _how(code: int | None, reason: str | None) -> str:
    told = f"{code or ''} {reason or ''}".strip()
    return f" with {told}" if told else ""


def _check_end(chat: Chat, end: Frame, code: int | None, reason: str | None) -> None:
    if code is not None and (end.kind is not Kind.CLOSE or end.code != code):
        raise Unexpected(
            f"{chat.alias}'s connection ended with {chat.session.end_text()}, not{_how(code, reason)}."
        )
    if reason is not None and end.data != reason:
        given = f"gave the reason {end.data!r}" if end.data else "gave no reason"
        raise Unexpected(f"The close of {chat.alias}'s connection {given}; it should say {reason!r}.")
