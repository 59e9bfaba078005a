"""Faults of the event stream on its way out: what is in the log, and does not come when it should."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

from backend.components import Components
from backend.faults import fault
from backend.store.engine import Database
from backend.store.events import Appended, EventLog
from backend.ws.cursor import Cursor


class _WaitsForTheResult(Cursor):
    async def live(self, bound: int) -> AsyncIterator[Appended]:
        waiting: Appended | None = None
        async for event in super().live(bound):
            if waiting is not None:
                yield waiting
            waiting = event if event.type == "tool_executing" else None
            if waiting is None:
                yield event
        if waiting is not None:
            self.position = waiting.seq - 1


@fault("tool-executing-held-back", group="events")
def tool_executing_held_back(components: Components) -> Components:
    """Customers learn of a tool call only when it is over: it waits for what follows it."""
    return replace(components, cursor=_WaitsForTheResult)


class _StopsAfterTheSecondResult(Cursor):
    def __init__(self, database: Database, log: EventLog, user_id: str) -> None:
        super().__init__(database, log, user_id)
        self._results: Counter[str] = Counter()
        self._stopped = False

    async def live(self, bound: int) -> AsyncIterator[Appended]:
        if self._stopped:
            return
        async for event in super().live(bound):
            yield event
            if event.type == "tool_completed":
                run_id = json.loads(event.text)["run_id"]
                self._results[run_id] += 1
                if self._results[run_id] > 1:
                    self._stopped = True
                    return


@fault("stream-stops-silently", group="events", family="broken-run")
def stream_stops_silently(components: Components) -> Components:
    """Customers see nothing more after the second tool result, and no error; only reconnecting would help."""
    return replace(components, cursor=_StopsAfterTheSecondResult)
