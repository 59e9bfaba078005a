"""Asking questions and sending frames, good ones and bad ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robot.api.deco import keyword

from ..chat import Question
from ..frames import Event
from ..kit import Kit
from .types import ClientFrame, in_clear


class Asking:
    """Keywords that send."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Asking",))
    def ask(
        self, session: str, question: str, *, thread: str | None = None, share: bool | None = None
    ) -> Question:
        """Asks a question and waits until the backend has accepted it.

        Args:
            session: Alias of the session that asks.
            question: The question.
            thread: Id of the conversation to go on with; a new one when omitted.
            share: Whether to share the conversation with the organisation.

        Returns:
            The question, with ``run_id``, ``thread_id`` and ``message_id``.

        Raises:
            Unexpected: The question was refused.
            EventMissing: It was neither accepted nor refused.

        Example:
        | ${question} | Ask | Ana | Which resources are idle? |
        | Log         | The run is ${question.run_id}, in the conversation ${question.thread_id}. |
        """
        fields: dict[str, Any] = {}
        if thread is not None:
            fields["thread_id"] = thread
        if share is not None:
            fields["share"] = share
        return self.kit.world.chat(session).ask(question, **fields)

    @keyword(tags=("Asking",))
    def send_message(
        self,
        session: str,
        type: ClientFrame,  # noqa: A002 -- the contract's name for it
        **fields: Any,  # noqa: ANN401 -- any field of the contract
    ) -> str:
        """Sends one frame of the contract without waiting for anything.

        Args:
            session: Alias of the session.
            type: The frame's type.
            fields: The frame's other fields; ``message_id`` is made when it is not given. A secret is sent in
                clear and logged masked.

        Returns:
            The message id.

        Example:
        | ${message}  | Send Message      | Ana | chat | content=What did we spend in total? |
        | ${question} | Wait For Question | Ana | ${message} |
        """
        message_id = fields.pop("message_id", None)
        return self.kit.world.chat(session).send(type.value, in_clear(fields), message_id)

    @keyword(tags=("Asking",))
    def send_raw(self, session: str, text: str) -> None:
        """Sends any text as one text frame, whatever it is.

        Args:
            session: Alias of the session.
            text: The text, sent as it is.

        Example:
        | Mark                       | Ana |
        | Send Raw                   | Ana | {"type": "dance"} |
        | Next Reply Should Be Error | Ana | unknown_type |
        """
        self.kit.world.chat(session).session.send(text)

    @keyword(tags=("Asking",))
    def send_bytes(self, session: str, data: bytes) -> None:
        """Sends one binary frame.

        Args:
            session: Alias of the session.
            data: The bytes, sent as they are.

        Example:
        | Mark                       | Ana |
        | Send Bytes                 | Ana | ${{ b'{"type": "ping"}' }} |
        | Next Reply Should Be Error | Ana | invalid_message |
        """
        self.kit.world.chat(session).session.send(data)

    @keyword(tags=("Asking",))
    def send_text_bytes(self, session: str, data: bytes) -> None:
        """Sends bytes as a text frame, also when they are no UTF-8.

        Args:
            session: Alias of the session.
            data: The bytes, sent as they are.

        Example:
        | Send Text Bytes                   | Ana | ${{ bytes([0x7b, 0xff, 0xfe, 0x7d]) }} |
        | Message Should End The Connection | Ana | 1007 |
        | Reopen Session If It Has Ended    | Ana |
        """
        self.kit.world.chat(session).session.send_raw_text(data)

    @keyword(tags=("Asking",))
    def send_in_fragments(self, session: str, parts: Sequence[str]) -> None:
        """Sends one message in several fragments (RFC 6455, section 5.4).

        Args:
            session: Alias of the session.
            parts: The message's text in pieces, one for each fragment.

        Example:
        | ${parts}          | Create List | {"type": "pi | ng"} |
        | Send In Fragments | Ana         | ${parts} |
        | Wait For Frame    | Ana         | pong |
        """
        self.kit.world.chat(session).session.send_fragments(list(parts))

    @keyword(tags=("Asking",))
    def ping(self, session: str) -> Event:
        """Pings and waits for the own pong, which echoes the ping's number.

        Args:
            session: Alias of the session.

        Raises:
            Unexpected: Another answer came.
            EventMissing: No answer came.

        Example:
        | ${pong} | Ping | Ana |
        """
        return self.kit.world.chat(session).ping()
