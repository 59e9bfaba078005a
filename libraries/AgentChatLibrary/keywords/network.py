"""Broken networks and broken clients."""

from __future__ import annotations

import itertools
import time
from typing import Final

from robot.api.deco import keyword

from ..chat import Unexpected
from ..engine import wirefaults
from ..engine.session import Ended
from ..frames import Event
from ..kit import Kit
from ..outgoing import encoded, new_message_id
from ..rules import order
from .promises import demand

STUCK_SECONDS: Final = 0.2
"""How long nothing more goes out to somebody for whom every buffer is full."""
REPLAYS: Final = 900
"""How many replays of a long run are far more than the sockets of a slow reader can hold."""


class Network:
    """Keywords that break a connection in the ways that real ones break."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    @keyword(tags=("Network",))
    def reset_in_the_middle_of_a_message(self, session: str, question: str) -> None:
        """Sends a question without its end, then resets the connection (TCP RST).

        Args:
            session: Alias of the session.
            question: The question of which the last few characters never arrive.

        Example:
        | Reset In The Middle Of A Message | Ana | What did we spend in total? |
        | Wait Until Connections Are       | Ana | 0 |
        """
        text = encoded("chat", new_message_id(), {"content": question})
        wirefaults.reset_in_the_middle_of_a_frame(self.kit.world.chat(session).session.connection, text)

    @keyword(tags=("Network",))
    def go_deaf(self, session: str) -> None:
        """Lets a session take no notice of anything any more, as a device that hangs: no PING is answered.

        Args:
            session: Alias of the session.

        Example:
        | Go Deaf         | Ana |
        | Open Session    | Ana             | Ana's new phone |
        | Ask             | Ana's new phone | What did we spend in total? |
        | Wait For Answer | Ana's new phone |
        """
        wirefaults.go_deaf(self.kit.world.chat(session).session.connection)

    @keyword(tags=("Network",))
    def stop_reading(self, session: str) -> None:
        """Lets a session read nothing any more, so that what the backend sends piles up.

        Args:
            session: Alias of the session.

        Example:
        | Stop Reading   | Ana |
        | Send Message   | Ana | ping |
        | Read Again     | Ana |
        | Wait For Frame | Ana | pong |
        """
        wirefaults.stop_reading(self.kit.world.chat(session).session.connection)

    @keyword(tags=("Network",))
    def read_again(self, session: str) -> None:
        """Lets a session read again after `Stop Reading`.

        Args:
            session: Alias of the session.

        Example:
        | Stop Reading   | Ana |
        | Send Message   | Ana | ping |
        | Read Again     | Ana |
        | Wait For Frame | Ana | pong |
        """
        wirefaults.read_again(self.kit.world.chat(session).session.connection)

    @keyword(tags=("Network",))
    def flood_with_replays(self, session: str) -> int:
        """Lets a session that reads nothing ask for replays of everything, until the backend takes no more.

        Args:
            session: Alias of a session after `Stop Reading`.

        Returns:
            How many replays it has asked for.

        Example:
        | Ask                             | Ana                | Review every service one by one |
        | Wait For Answer                 | Ana |
        | Close Session                   | Ana |
        | Reopen Session                  | Ana |
        | Stop Reading                    | Ana |
        | ${replays}                      | Flood With Replays | Ana |
        | Wait Until Nothing Gets Through | Ana                | ${replays} |
        """
        chat = self.kit.world.chat(session)
        requests = [encoded("resume", new_message_id(), {"after_seq": 0}) for _ in range(REPLAYS)]
        chat.session.send_many(requests)
        return len(requests)

    @keyword(tags=("Network", "Waiting"))
    def wait_until_nothing_gets_through(self, session: str, replays: int) -> None:
        """Waits until the backend sends no more to a session that reads nothing: every buffer is full.

        Args:
            session: Alias of the session after `Stop Reading`.
            replays: For how many replays it has asked, which must not all have gone out.

        Raises:
            Unexpected: Everything got through, or the backend goes on and on.

        Example:
        | Ask                             | Ana                | Review every service one by one |
        | Wait For Answer                 | Ana |
        | Close Session                   | Ana |
        | Reopen Session                  | Ana |
        | Stop Reading                    | Ana |
        | ${replays}                      | Flood With Replays | Ana |
        | Wait Until Nothing Gets Through | Ana                | ${replays} |
        """
        person, last, since = self.kit.world.chat(session).person, -1, time.monotonic()

        def stuck() -> bool:
            nonlocal last, since
            sent = person.service.admin("GET", f"/people/{person.user_id}")["counters"]["frames_sent"]
            if sent.get("resumed", 0) >= replays:
                raise Unexpected(f"All {replays} replays have gone out to {session}, who reads nothing.")
            if sum(sent.values()) != last:
                last, since = sum(sent.values()), time.monotonic()
            return time.monotonic() - since >= STUCK_SECONDS

        self.kit.until(
            stuck,
            lambda: f"the backend still sends to {session}, who reads nothing: {last} frames so far.",
            self.kit.environment.timeout("answer"),
        )

    @keyword(tags=("Network", "Judging"))
    def send_slowly(self, session: str, question: str, other: str, parts: int = 10) -> Event:
        """Sends a question bit by bit; between two bits another session is served.

        Args:
            session: Alias of the session that is slow.
            question: The question.
            other: Alias of a session that asks, and gets its whole answer, between any two bits. Whoever
                watches at every process asks from one device after the other.
            parts: In how many bits the question is sent.

        Returns:
            The acceptance of the question.

        Raises:
            BrokenPromise: The other one's run is not as agreed: it failed, for example.
            EventMissing: The other one's run did not end, or the question was not accepted.
            Unexpected: The connection ended before the question had been sent.

        Example:
        | Send Slowly | Ana | Where can we cut our cloud bill? | other=Boris | parts=10 |
        """
        slow, served = self.kit.world.chat(session), self.kit.world.chat(other)
        devices = itertools.cycle([served, *self.kit.world.watching(served.person)])
        message_id = new_message_id()
        text = encoded("chat", message_id, {"content": question})
        message = wirefaults.SlowMessage(slow.session, text, parts)
        try:
            while message.send_next():
                device = next(devices)
                run = device.sentinel("What did we spend in total?").run_id
                demand(order.complete_run(device.transcript, run))
        except Ended as end:
            raise Unexpected(
                f"{session}'s question was cut off after {message.sent} of {parts} parts: {end}"
            ) from None
        return slow.accepted(message_id).ack
