"""The cursor of one connection: what of its user's log it has sent, and what comes next."""

from collections.abc import AsyncIterator

from backend.store.engine import Database
from backend.store.events import Appended, EventLog

PAGE = 100
"""Events that are read from the log at once."""


class Cursor:
    """Reads one user's log for one connection. Live delivery begins after the watershed."""

    def __init__(self, database: Database, log: EventLog, user_id: str) -> None:
        self._database = database
        self._log = log
        self._user_id = user_id
        self.watershed = 0
        self.position = 0

    async def start(self) -> int:
        """Sets the watershed to the end of the log and returns it.

        The connection must already be registered for wakes, so that nothing falls between.
        """
        self.watershed = await self._database.read(self._log.last_seq, self._user_id)
        self.position = self.watershed
        return self.watershed

    async def live(self, bound: int) -> AsyncIterator[Appended]:
        """Yields the events that were not sent yet, up to ``bound``."""
        while self.position < bound:
            page = self._log.recent.between(self._user_id, self.position, bound)
            if page is None:
                page = await self.page(self.position, bound)
            if not page:
                return
            for event in page:
                self.position = event.seq
                yield event

    async def replay(self, after: int) -> AsyncIterator[Appended]:
        """Yields the events after ``after``, up to the watershed."""
        while after < self.watershed:
            page = await self.page(after, self.watershed)
            if not page:
                return
            for event in page:
                after = event.seq
                yield event

    async def page(self, after: int, up_to: int) -> list[Appended]:
        """Reads a part of the log."""
        return await self._database.read(self._log.read, self._user_id, after, up_to, PAGE)
