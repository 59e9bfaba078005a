"""Faults in what is kept for people who were away, and in how they get it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from backend.compose import EventComposer
from backend.faults import fault
from backend.store.events import EventLog
from backend.store.runs import Runs
from backend.store.schema import runs
from backend.ws.connection import Connection
from backend.ws.cursor import Cursor
from backend.ws.outbox import Reply, Wake

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection as Transaction

    from backend.components import Components
    from backend.compose import Encoder
    from backend.store.events import Appended
    from backend.store.holds import Holds
    from backend.ws.outbox import Replay

SETTLING_SECONDS = 0.5
"""How long a connection waits for a ``resume`` before it believes that none will come."""

REPLAYING_SECONDS = 0.1
"""How long a replay takes at least where it is slow."""

KEPT = 4
"""Events that a queue holds which is far too short."""


class _FromTheBeginning(Cursor):
    async def replay(self, after: int) -> AsyncIterator[Appended]:
        del after
        async for event in super().replay(0):
            yield event


@fault("replay-from-the-beginning", group="resilience")
def replay_from_the_beginning(components: Components) -> Components:
    """Whoever comes back sees everything again that they have seen already."""
    return replace(components, cursor=_FromTheBeginning)


class _LastTwice(Cursor):
    async def replay(self, after: int) -> AsyncIterator[Appended]:
        last: Appended | None = None
        async for event in super().replay(after):
            last = event
            yield event
        if last is not None:
            yield last


@fault("replay-duplicates-the-last-frame", group="resilience")
def replay_duplicates_the_last_frame(components: Components) -> Components:
    """Whoever comes back gets the last event twice, and two answers where there is one."""
    return replace(components, cursor=_LastTwice)


class _OneShort(Cursor):
    async def replay(self, after: int) -> AsyncIterator[Appended]:
        async for event in super().replay(after):
            if event.seq < self.watershed:
                yield event


@fault("resume-off-by-one-at-the-watershed", group="resilience")
def resume_off_by_one_at_the_watershed(components: Components) -> Components:
    """The last event before the return is neither replayed nor live: it is lost."""
    return replace(components, cursor=_OneShort)


class _ShortQueue(Cursor):
    async def replay(self, after: int) -> AsyncIterator[Appended]:
        async for event in super().replay(max(after, self.watershed - KEPT)):
            yield event


@fault("queue-drops-the-oldest", group="resilience")
def queue_drops_the_oldest(components: Components) -> Components:
    """Whoever was away for long gets the end of what they missed, without its beginning."""
    return replace(components, cursor=_ShortQueue)


class _MemoryLog(EventLog):
    def __init__(self, composer: EventComposer, encoder: Encoder, holds: Holds) -> None:
        super().__init__(composer, encoder, holds)
        self._begun = time.time()

    def read(
        self, connection: Transaction, user_id: str, after: int, up_to: int, at_most: int
    ) -> list[Appended]:
        events = super().read(connection, user_id, after, up_to, at_most)
        return [event for event in events if event.timestamp >= self._begun]


@fault("queue-lost-on-restart", group="resilience")
def queue_lost_on_restart(components: Components) -> Components:
    """A restart, even a planned one, loses every event that somebody has not seen yet."""
    return replace(components, event_log=_MemoryLog)


@fault("queue-in-memory-only", group="resilience")
def queue_in_memory_only(components: Components) -> Components:
    """What waits for somebody is kept in the memory of their connection, and is gone with it."""
    left_at: dict[str, int] = {}

    class Queue(Cursor):
        async def replay(self, after: int) -> AsyncIterator[Appended]:
            async for event in super().replay(after):
                if event.seq <= left_at.get(self._user_id, self.watershed):
                    yield event

    class Noticing(Connection):
        async def write(self) -> None:
            try:
                await super().write()
            finally:
                left_at[self.identity.user_id] = self.cursor.position

    return replace(components, cursor=Queue, connection=Noticing)


class _ReplayCoversAll(Connection):
    """Takes what comes before and while it replays for replayed."""

    settled = False
    held = 0

    async def establish(self) -> None:
        await super().establish()
        asyncio.get_running_loop().call_later(SETTLING_SECONDS, self.settle)

    async def catch_up(self, wake: Wake) -> None:
        if self.settled or self.cursor.watershed == 0:
            await super().catch_up(wake)
        else:
            self.held = max(self.held, wake.bound)

    def settle(self) -> None:
        self.settled = True
        if self.held > self.cursor.position and not self.closing:
            self.outbox.put(Wake(self.held))

    async def replay(self, item: Replay) -> None:
        await asyncio.sleep(REPLAYING_SECONDS)
        await super().replay(item)
        end = await self.ground.database.read(self.cursor._log.last_seq, self.identity.user_id)
        self.cursor.position = max(self.cursor.position, end)
        self.settled = True


@fault("replay-misses-frames-during-reconnect", group="resilience")
def replay_misses_frames_during_reconnect(components: Components) -> Components:
    """What happens in the moment of coming back is neither replayed nor sent."""
    return replace(components, connection=_ReplayCoversAll)


class _LiveInside(Cursor):
    async def replay(self, after: int) -> AsyncIterator[Appended]:
        async for event in super().replay(after):
            yield event
        await asyncio.sleep(REPLAYING_SECONDS)
        async for event in self.live(await self._database.read(self._log.last_seq, self._user_id)):
            yield event


@fault("live-frames-inside-the-replay", group="resilience")
def live_frames_inside_the_replay(components: Components) -> Components:
    """New events come among the replayed ones, and clients take them for old."""
    return replace(components, cursor=_LiveInside)


class _WritesAnew(Connection):
    replaying = False

    async def replay(self, item: Replay) -> None:
        self.replaying = True
        try:
            await super().replay(item)
        finally:
            self.replaying = False

    async def transmit(self, reply: Reply) -> None:
        if self.replaying and reply.type != "resumed":
            reply = Reply(reply.type, json.dumps(json.loads(reply.text), sort_keys=True))
        await super().transmit(reply)


@fault("replay-in-another-format", group="resilience")
def replay_in_another_format(components: Components) -> Components:
    """Replayed events are written anew, and whoever compares or checks them by their bytes is lost."""
    return replace(components, connection=_WritesAnew)


class _ForgetsThePlan(Runs):
    def previous_plan(self, connection: Transaction, run_id: str) -> str | None:
        del connection, run_id
        return None


@fault("follow-up-forgets-the-filter", group="resilience")
def follow_up_forgets_the_filter(components: Components) -> Components:
    """A question like "and by team?" is answered about everything, not about what was talked of before."""
    return replace(components, runs=_ForgetsThePlan)


class _ForgetsColleagues(Runs):
    def previous_plan(self, connection: Transaction, run_id: str) -> str | None:
        now = select(runs.c.previous_run_id, runs.c.user_id).where(runs.c.id == run_id).subquery()
        own = select(runs.c.plan).where(runs.c.id == now.c.previous_run_id, runs.c.user_id == now.c.user_id)
        return connection.execute(own).scalar()


@fault("follow-up-forgets-colleagues", group="resilience")
def follow_up_forgets_colleagues(components: Components) -> Components:
    """Whoever goes on with what a colleague has asked is answered as if nothing had been said before."""
    return replace(components, runs=_ForgetsColleagues)
