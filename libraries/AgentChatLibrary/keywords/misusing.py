"""Sending what no good client sends."""

from __future__ import annotations

import difflib
import json
from typing import Any

from robot.api.deco import keyword

from ..chat import NAMELESS, Chat, Unexpected
from ..frames import Event
from ..kit import Kit
from ..malformed import MESSAGES, message_of
from ..outgoing import new_message_id
from ..transcript import Transcript
from .types import ClientFrame, ErrorCode, in_clear

LONGEST_ID = 64
"""Characters of a message_id (contract: Frames); an id that is longer is refused, and not echoed."""
SHOWN = 100
"""Characters of a value that a failure shows."""


class Misusing:
    """Keywords that misuse a connection."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Misuse",))
    def send_malformed_message(self, session: str, name: str) -> None:
        """Sends a message that is wrong in one way.

        Args:
            session: Alias of the session.
            name: What is wrong with it, for example ``a key twice`` or ``a binary frame``.

        Raises:
            ValueError: No malformed message has that name; the message lists them.

        Example:
        | Mark                       | Ana |
        | Send Malformed Message     | Ana | a key twice |
        | Next Reply Should Be Error | Ana | invalid_json |
        """
        if name not in MESSAGES:
            near = difflib.get_close_matches(name, MESSAGES, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"There is no malformed message {name!r}.{hint} There are: {', '.join(MESSAGES)}."
            )
        self.kit.world.chat(session).session.send(MESSAGES[name])

    @keyword(tags=("Misuse",))
    def send_object(self, session: str, **fields: Any) -> str:  # noqa: ANN401 -- any JSON value
        """Sends a JSON object with exactly these fields, right or wrong, and a ``message_id`` if it has none.

        Args:
            session: Alias of the session.
            fields: The object's fields, with any JSON values. A secret is sent in clear and logged masked.

        Returns:
            The message id.

        Example:
        | Mark                       | Ana |
        | Send Object                | Ana | type=chat |
        | Next Reply Should Be Error | Ana | missing_field | field=content |
        """
        message_id = fields.setdefault("message_id", new_message_id())
        self.kit.world.chat(session).session.send(json.dumps(in_clear(fields), ensure_ascii=False))
        return str(message_id)

    @keyword(tags=("Misuse",))
    def send_message_without_id(self, session: str, type: ClientFrame, **fields: Any) -> None:  # noqa: A002, ANN401 -- the contract's name; any JSON value
        """Sends one frame of the contract without a ``message_id``, as simple clients do.

        Args:
            session: Alias of the session.
            type: The frame's type.
            fields: The frame's other fields.

        Example:
        | Mark                    | Ana |
        | Send Message Without Id | Ana | ping |
        | Next Reply Should Be    | Ana | pong |
        """
        message = {"type": type.value, **in_clear(fields)}
        self.kit.world.chat(session).session.send(json.dumps(message, ensure_ascii=False))

    @keyword(tags=("Misuse",))
    def send_message_of_size(
        self, session: str, size: int, *, character: str = "x", fragments: int = 1
    ) -> str:
        """Sends a question whose message has exactly this many bytes.

        Args:
            session: Alias of the session.
            size: Bytes of the whole message in UTF-8.
            character: What the content is filled with.
            fragments: In how many fragments it is sent (RFC 6455, section 5.4).

        Returns:
            The message id.

        Raises:
            ValueError: So small a message is not possible.

        Example:
        | Send Message Of Size | Ana | 8193 |
        | Wait For Error       | Ana | message_too_large |
        """
        chat, text = self.kit.world.chat(session), message_of(size, character)
        if fragments == 1:
            chat.session.send(text)
        else:
            step = -(-len(text) // fragments)
            chat.session.send_fragments([text[i : i + step] for i in range(0, len(text), step)])
        return str(json.loads(text)["message_id"])

    @keyword(tags=("Misuse", "Waiting"))
    def next_reply_should_be_error(self, session: str, code: ErrorCode, field: str | None = None) -> Event:
        """Waits for the next reply on a session and expects it to be an error with this code.

        Counted from the last `Mark`. The error's two texts must be the same, and tell something, and it must
        name the message that it is about, if that has an id and could be read.

        Args:
            session: Alias of the session.
            code: Expected error code.
            field: The field that the error must name; it must name none when omitted.

        Raises:
            EventMissing: Nothing came.
            Unexpected: Something else came, or the session has been connected anew since the mark.

        Example:
        | Mark                       | Ana |
        | Send Object                | Ana | type=chat |
        | Next Reply Should Be Error | Ana | missing_field | field=content |
        """
        chat = self.kit.world.chat(session)
        reply = self._next_reply(chat, f"the error {code}")
        came = (reply.type, reply.get("code"), reply.get("field"))
        if came != ("error", code, field):
            raise Unexpected(f"{chat.alias} got {_told(*came)}; it should be {_told('error', code, field)}.")
        if not reply.get("message") or reply.get("message") != reply.get("error"):
            raise Unexpected(
                f"The error {code} that {chat.alias} got must say what is wrong twice, in the same words: "
                f"as message ({reply.get('message')!r}) and as error ({reply.get('error')!r})."
            )
        self._named(chat, reply)
        return reply

    @keyword(tags=("Misuse", "Waiting"))
    def next_reply_should_be(self, session: str, reply: str) -> Event:
        """Waits for the next reply on a session since its last `Mark` and expects it to be of this kind.

        Args:
            session: Alias of the session.
            reply: The frame's type, such as ``pong``; for an error its code.

        Raises:
            EventMissing: Nothing came.
            Unexpected: Something else came, or the session has been connected anew since the mark.

        Example:
        | Mark                    | Ana |
        | Send Message Without Id | Ana | ping |
        | Next Reply Should Be    | Ana | pong |
        """
        chat = self.kit.world.chat(session)
        came = self._next_reply(chat, reply)
        if reply not in (came.type, came.get("code")) or reply == "error":
            told = _told(came.type, came.get("code"), came.get("field"))
            said = f" It says: {came.get('message')}" if came.type == "error" else ""
            raise Unexpected(f"{chat.alias} got {told}; it should be {reply}.{said}")
        return came

    @keyword(tags=("Misuse",))
    def reply_should_bring_back(self, reply: Event, field: str, value: Any) -> None:  # noqa: ANN401 -- any JSON value
        """Checks that a reply has a field with exactly this value: 0, false and null are not the same.

        Args:
            reply: What came.
            field: The field's name.
            value: What was sent in it.

        Raises:
            Unexpected: The field is absent, or has another value.

        Example:
        | Mark                    | Ana |
        | Send Object             | Ana     | type=ping | data=${False} |
        | ${pong}                 | Next Reply Should Be  | Ana       | pong |
        | Reply Should Bring Back | ${pong} | data      | ${False} |
        """
        sent = json.dumps(value, sort_keys=True)
        if field not in reply:
            raise Unexpected(f"{_cut(sent)} was sent as {field}; the {reply.type} has no such field.")
        came = json.dumps(reply[field], sort_keys=True)
        if came != sent:
            raise Unexpected(f"{_cut(sent)} was sent as {field}; the {reply.type} brought back {_cut(came)}.")

    def _next_reply(self, chat: Chat, what: str) -> Event:
        """The first reply since the mark that is not the pong of a wait."""
        start = chat.since(chat.marked)

        def look(transcript: Transcript) -> Event | None:
            came = transcript.received(start=start)
            return next((e for e in came if not e.durable and e.message_id not in chat.waits.pings), None)

        return chat.waits.for_reply(look, what)

    def _named(self, chat: Chat, error: Event) -> None:
        """Checks that an error echoes the id of a message that was sent since the mark."""
        start = chat.since(chat.marked)
        sent = [e for e in chat.transcript.sent(start=start) if e.message_id not in chat.waits.pings]
        ids = [e.message_id for e in sent if e.message_id and _may_be_an_id(e.message_id)]
        readable = error.get("code") not in NAMELESS and chat.environment.offers("message_ids")
        if readable and len(ids) == len(sent) > 0 and error.message_id not in ids:
            came = f"has the message_id {error.message_id!r}" if error.message_id else "has no message_id"
            wanted = ", ".join(repr(message_id) for message_id in ids[:3])
            raise Unexpected(
                f"The error {error.get('code')} that {chat.alias} got must echo the message_id of what it "
                f"refuses ({wanted}), but it {came}."
            )


def _may_be_an_id(text: str) -> bool:
    return len(text) <= LONGEST_ID and "\0" not in text


def _told(kind: str, code: object, field: object) -> str:
    named = f" naming {field!r}" if field else " naming no field"
    return f"the error {code!r}{named}" if kind == "error" else kind


def _cut(text: str) -> str:
    """A value as JSON, cut to fit a sentence."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
