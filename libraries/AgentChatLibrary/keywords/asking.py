"""Asking questions and sending frames, good ones and bad ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robot.api.deco import keyword
from robot.api.types import Secret

from ..chat import Question
from ..kit import Kit
from ..transcript import Event
from .types import ClientFrame


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
        """
        message_id = fields.pop("message_id", None)
        plain = {name: value.value if isinstance(value, Secret) else value for name, value in fields.items()}
        return self.kit.world.chat(session).send(type.value, plain, message_id)

    @keyword(tags=("Asking",))
    def send_raw(self, session: str, text: str) -> None:
        """Sends any text as one text frame, whatever it is."""
        self.kit.world.chat(session).session.send(text)

    @keyword(tags=("Asking",))
    def send_bytes(self, session: str, data: bytes) -> None:
        """Sends one binary frame."""
        self.kit.world.chat(session).session.send(data)

    @keyword(tags=("Asking",))
    def send_text_bytes(self, session: str, data: bytes) -> None:
        """Sends bytes as a text frame, also when they are no UTF-8."""
        self.kit.world.chat(session).session.send_raw_text(data)

    @keyword(tags=("Asking",))
    def send_in_fragments(self, session: str, parts: Sequence[str]) -> None:
        """Sends one message in several fragments (RFC 6455, section 5.4)."""
        self.kit.world.chat(session).session.send_fragments(list(parts))

    @keyword(tags=("Asking",))
    def ping(self, session: str) -> Event:
        """Pings and waits for the own pong, which echoes the ping's number.

        Raises:
            Unexpected: Another answer came.
            EventMissing: No answer came.
        """
        return self.kit.world.chat(session).ping()
