"""Faults of isolation that need more than one process to show."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.faults import fault
from backend.store.events import Appended
from backend.store.schema import events, runs
from backend.ws.cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection as Transaction

    from backend.components import Components


class _SeesTheOtherProcess(Cursor):
    """Asks the log for what the other processes have written, and forgets to ask for whom."""

    seen_until = 0.0

    async def start(self) -> int:
        self.seen_until = time.time()
        return await super().start()

    async def live(self, bound: int) -> AsyncIterator[Appended]:
        async for event in super().live(bound):
            yield event
        for event in await self._database.read(self.from_others):
            self.seen_until = max(self.seen_until, event.timestamp)
            yield event

    def from_others(self, connection: Transaction) -> list[Appended]:
        """Returns the events of other people that other processes have written since the last look."""
        here = f"{os.getpid()}:%"
        statement = (
            select(events.c.user_id, events.c.seq, events.c.type, events.c.text, events.c.at)
            .join(runs, runs.c.id == events.c.run_id)
            .where(
                runs.c.owner.not_like(here), events.c.user_id != self._user_id, events.c.at > self.seen_until
            )
            .order_by(events.c.at, events.c.seq)
        )
        return [Appended(*row[:4], timestamp=row.at) for row in connection.execute(statement)]


@fault("leak-by-the-other-process", group="isolation")
def leak_by_the_other_process(components: Components) -> Components:
    """With two processes customers see what others are told by the other one; with one, all looks well."""
    return replace(components, cursor=_SeesTheOtherProcess)
