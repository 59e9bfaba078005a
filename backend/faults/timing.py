"""Faults of timing: everything comes, and too late.

Here alone something sleeps on purpose. The times are more than three times the longest that an acceptance
environment allows (variables/embedded.py). Most customers and most questions are served in time, as it is
where a cache is cold or a lock is contended now and then.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import ClassVar

from sqlalchemy import Connection as Transaction
from sqlalchemy import func, select

from backend.agent.narrator import Outcome
from backend.agent.plan import Plan, ToolCall
from backend.agent.run import RunLoop
from backend.components import Components
from backend.faults import fault
from backend.store.schema import runs
from backend.ws.connection import Connection
from backend.ws.outbox import Reply

LATE_SECONDS = 3.2
"""Over three times the second within which an agent should begin, and somebody who connects be welcomed."""

SILENT_SECONDS = 4.6
"""Over three times the second and a half for which an agent may be silent."""

EVERY = 8
"""One question in so many of a person is slow, the first among them."""

GROWTH_SECONDS = 0.009
"""Times the square of the number of questions: the nineteenth of a person takes 3.2 seconds longer."""

CROWD = 5
"""Open runs of other people from which on a person is slowed down."""

STALL_SECONDS = 0.76
"""Over three times the quarter of a second within which a ping should be answered."""

STALLED_EVERY = 18
"""One pong in so many of a connection comes late: more than five in a hundred."""

CONNECTED_EVERY = 12
"""One connection in so many of a person is slow: more than five in a hundred."""

CROWDED_EVERY = 5
"""One question in so many that a person asks in a crowd is slow, the first among them."""


class _Counting(RunLoop):
    asked: ClassVar[Counter[str]] = Counter()

    async def plan(self) -> Plan:
        self.asked[self.context.user_id] += 1
        self.nth = self.asked[self.context.user_id]
        return await super().plan()


class _BeginsLate(_Counting):
    async def started(self, plan: Plan) -> None:
        if self.nth % EVERY == 1:
            await asyncio.sleep(LATE_SECONDS)
        await super().started(plan)


@fault("first-sign-of-life-late", group="timing")
def first_sign_of_life_late(components: Components) -> Components:
    """Customers look at an empty screen for seconds before the agent shows that it has begun."""
    return replace(components, run_loop=_BeginsLate)


class _FallsSilent(_Counting):
    async def think(self, plan: Plan, outcomes: list[Outcome], coming: ToolCall | None) -> None:
        if self.nth % EVERY == 1 and len(plan.calls) > 1 and len(outcomes) == 1:
            await asyncio.sleep(SILENT_SECONDS)
        await super().think(plan, outcomes, coming)


@fault("long-silence-in-the-middle", group="timing")
def long_silence_in_the_middle(components: Components) -> Components:
    """Customers see the first of several results, and then nothing for so long that they give up."""
    return replace(components, run_loop=_FallsSilent)


class _GrowsSlow(_Counting):
    async def started(self, plan: Plan) -> None:
        await asyncio.sleep(GROWTH_SECONDS * self.nth**2)
        await super().started(plan)


@fault("latency-grows", group="timing")
def latency_grows(components: Components) -> Components:
    """Each question of a customer takes longer than the one before, as if all of them were read again."""
    return replace(components, run_loop=_GrowsSlow)


class _SuffersFromOthers(RunLoop):
    crowded: ClassVar[Counter[str]] = Counter()

    async def started(self, plan: Plan) -> None:
        user_id = self.context.user_id
        if await self.ground.database.read(self.open_runs_of_others) >= CROWD:
            self.crowded[user_id] += 1
            if self.crowded[user_id] % CROWDED_EVERY == 1:
                await asyncio.sleep(LATE_SECONDS)
        await super().started(plan)

    def open_runs_of_others(self, connection: Transaction) -> int:
        """Returns how many runs of other people are open, at whichever process."""
        statement = select(func.count()).where(runs.c.open.is_(True), runs.c.user_id != self.context.user_id)
        return int(connection.execute(statement).scalar_one())


@fault("one-user-slows-all", group="timing")
def one_user_slows_all(components: Components) -> Components:
    """Customers wait because others are at work: many open runs of anybody hold everybody up."""
    return replace(components, run_loop=_SuffersFromOthers)


class _StallsPongs(Connection):
    pongs = 0

    async def transmit(self, reply: Reply) -> None:
        self.pongs += reply.type == "pong"
        if reply.type == "pong" and self.pongs % STALLED_EVERY == 0:
            await asyncio.sleep(STALL_SECONDS)
        await super().transmit(reply)


@fault("round-trips-stall", group="timing")
def round_trips_stall(components: Components) -> Components:
    """Customers' messages are answered at once, but for a few in a hundred, which wait for a second."""
    return replace(components, connection=_StallsPongs)


class _WelcomesLate(Connection):
    welcomed: ClassVar[Counter[str]] = Counter()

    async def establish(self) -> None:
        self.welcomed[self.identity.user_id] += 1
        if self.welcomed[self.identity.user_id] % CONNECTED_EVERY == 0:
            await asyncio.sleep(LATE_SECONDS)
        await super().establish()


@fault("connecting-is-slow", group="timing")
def connecting_is_slow(components: Components) -> Components:
    """Customers who reconnect often wait for seconds, now and then, until they are welcomed again."""
    return replace(components, connection=_WelcomesLate)
