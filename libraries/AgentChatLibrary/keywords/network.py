"""Broken networks and broken clients."""

from __future__ import annotations

from typing import Final

from robot.api.deco import keyword

from ..engine import wirefaults
from ..kit import Kit
from ..outgoing import encoded, new_message_id
from ..transcript import Event

REPLAYS: Final = 900
"""How many replays of a long run are far more than the sockets of a slow reader can hold."""


class Network:
    """Keywords that break a connection in the ways that real ones break."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Network",))
    def reset_in_the_middle_of_a_message(self, session: str, question: str) -> None:
        """Sends half of a question, then resets the connection (TCP RST). The backend never sees the rest.

        Args:
            session: Alias of the session.
            question: The question of which only half arrives.
        """
        text = encoded("chat", new_message_id(), {"content": question})
        wirefaults.reset_in_the_middle_of_a_frame(self.kit.world.chat(session).session.connection, text)

    @keyword(tags=("Network",))
    def go_deaf(self, session: str) -> None:
        """Lets a session take no notice of anything any more, as a device that hangs: no PING is answered."""
        wirefaults.go_deaf(self.kit.world.chat(session).session.connection)

    @keyword(tags=("Network",))
    def stop_reading(self, session: str) -> None:
        """Lets a session read nothing any more, so that what the backend sends piles up."""
        wirefaults.stop_reading(self.kit.world.chat(session).session.connection)

    @keyword(tags=("Network",))
    def read_again(self, session: str) -> None:
        """Lets a session read again after `Stop Reading`."""
        wirefaults.read_again(self.kit.world.chat(session).session.connection)

    @keyword(tags=("Network",))
    def flood_with_replays(self, session: str) -> int:
        """Lets a session that reads nothing ask for replays of everything, until the backend takes no more.

        Args:
            session: Alias of a session after `Stop Reading`.

        Returns:
            How many replays it has asked for.
        """
        chat = self.kit.world.chat(session)
        requests = [encoded("resume", new_message_id(), {"after_seq": 0}) for _ in range(REPLAYS)]
        chat.session.send_many(requests)
        return len(requests)

    @keyword(tags=("Network",))
    def send_slowly(self, session: str, question: str, other: str, parts: int = 10) -> Event:
        """Sends a question bit by bit; between two bits another session is served.

        Args:
            session: Alias of the session that is slow.
            question: The question.
            other: Alias of a session that pings, and sees its own pong, between any two bits.
            parts: In how many bits the question is sent.

        Returns:
            The acceptance of the question.
        """
        slow, served = self.kit.world.chat(session), self.kit.world.chat(other)
        message_id = new_message_id()
        text = encoded("chat", message_id, {"content": question})
        message = wirefaults.SlowMessage(slow.session.connection, text, parts)
        while message.send_next():
            served.fence()
        return slow.accepted(message_id).ack
