"""What this process has just written to the log, so that its own connections need not read it back.

An event never changes once it is committed, so what is remembered is what would be read. What is not
remembered, such as the events that another process wrote, is read.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backend.store.events import Appended

ROOM_BYTES = 256 * 1024
"""Bytes that are remembered, about: connections send an event within milliseconds, or not yet for long."""

AT_ONCE = 100
"""Most events that are looked for at once."""


class RecentEvents:
    """The last committed events of this process, of all users. Belongs to the event loop.

    Args:
        room: Bytes that are remembered, about.
    """

    def __init__(self, room: int = ROOM_BYTES) -> None:
        self._room = room
        self._size = 0
        self._events: OrderedDict[tuple[str, int], Appended] = OrderedDict()

    def remember(self, event: Appended) -> None:
        """Takes in an event that is committed; the oldest go when there is no room."""
        key = (event.user_id, event.seq)
        if key in self._events:
            return
        self._events[key] = event
        self._size += len(event.text)
        while self._size > self._room:
            _, oldest = self._events.popitem(last=False)
            self._size -= len(oldest.text)

    def between(self, user_id: str, after: int, up_to: int) -> list[Appended] | None:
        """A user's events with ``after`` < ``seq`` <= ``up_to``; None unless all of them are remembered."""
        if up_to - after > AT_ONCE:
            return None
        found = [self._events.get((user_id, seq)) for seq in range(after + 1, up_to + 1)]
        known = [event for event in found if event is not None]
        return known if len(known) == len(found) else None
