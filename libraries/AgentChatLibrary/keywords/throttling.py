"""How often somebody may send: the limit tried out."""

from __future__ import annotations

import time
from typing import Final

from robot.api.deco import keyword

from ..chat import Chat, Unexpected
from ..kit import Kit
from ..world import Notes

MARGIN_SECONDS: Final = 0.03
"""How long after ``retry_after`` "just after" is: more than clocks and wires need on a loopback."""


class Throttling:
    """Keywords about the rate of messages."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self._throttled: Notes[tuple[float, float]] = Notes(kit.world)

    @keyword(tags=("Limits",))
    def use_up_messages(self, session: str, count: int) -> None:
        """Sends messages that cost one each, back to back, and expects every one to be accepted.

        Args:
            session: Alias of the session.
            count: How many.

        Raises:
            Unexpected: One was refused.

        Example:
        | Change Person | Ana | limits=${{ {'messages_per_minute': 60, 'burst': 3} }} |
        | Use Up Messages | Ana | 3 |
        | ${seconds} | Next Message Should Be Throttled | Ana |
        | Ping Until | Ana | share=0.5 |
        """
        chat = self.kit.world.chat(session)
        ids = [self._cheap_message(chat) for _ in range(count)]
        for number, message_id in enumerate(ids, 1):
            reply = chat.reply(message_id, "resumed", "error")
            if reply.type == "error":
                raise Unexpected(
                    f"{session}'s message {number} of {count} should be accepted; it was refused with"
                    f" {reply.get('code')} ({reply.get('message')})."
                )

    @keyword(tags=("Limits",))
    def next_message_should_be_throttled(self, session: str, *, again: bool = False) -> float:
        """Sends one more message and expects ``rate_limited`` with the time to wait.

        Args:
            session: Alias of the session.
            again: Whether an earlier refusal's time goes on counting for `Ping Until`.

        Returns:
            ``retry_after`` in seconds.

        Raises:
            Unexpected: The message was accepted, or refused in another way.

        Example:
        | Change Person | Ana | limits=${{ {'messages_per_minute': 60, 'burst': 3} }} |
        | Use Up Messages | Ana | 3 |
        | ${seconds} | Next Message Should Be Throttled | Ana |
        | Ping Until | Ana | share=0.5 |
        """
        chat = self.kit.world.chat(session)
        reply = chat.reply(self._cheap_message(chat), "resumed", "error")
        wait = reply.get("retry_after")
        if reply.get("code") != "rate_limited" or not isinstance(wait, int | float):
            came = f"refused with {reply.get('code')}" if reply.type == "error" else "accepted"
            told = f" and retry_after {wait!r}" if reply.get("code") == "rate_limited" else ""
            raise Unexpected(
                f"{session}'s message should be refused with rate_limited and a time to wait;"
                f" it was {came}{told}."
            )
        if not again:
            self._throttled[session] = (reply.at, float(wait))
        return float(wait)

    @keyword(tags=("Limits", "Waiting"))
    def ping_until(self, session: str, share: float) -> int:
        """Pings, again and again, until a share of the time to wait has passed since a refusal.

        Args:
            session: Alias of the session that was refused.
            share: 0.5 for half of ``retry_after``; 1.0 for just after it.

        Returns:
            How many pings were answered meanwhile.

        Raises:
            Unexpected: A ping was refused, or the session was not throttled before.

        Example:
        | Change Person | Ana | limits=${{ {'messages_per_minute': 60, 'burst': 3} }} |
        | Use Up Messages | Ana | 3 |
        | ${seconds} | Next Message Should Be Throttled | Ana |
        | Ping Until | Ana | share=0.5 |
        """
        throttled = self._throttled.get(session)
        if throttled is None:
            raise Unexpected(f"{session} was not throttled before.")
        since, wait = throttled
        until = since + wait * share + (MARGIN_SECONDS if share >= 1 else 0.0)
        chat, count = self.kit.world.chat(session), 0
        while time.monotonic() < until:
            chat.fence()
            count += 1
        return count

    def _cheap_message(self, chat: Chat) -> str:
        """A message that costs one and makes no work: a resume from the end."""
        return chat.send("resume", {"after_seq": chat.transcript.watershed or 0})
