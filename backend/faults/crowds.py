"""Faults that strike where many people work at the same time."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import Connection as Transaction
from sqlalchemy import func, select

from backend.agent.narrator import Outcome
from backend.agent.plan import Plan
from backend.agent.run import RunLoop
from backend.components import Components
from backend.compose import FrameError
from backend.faults import fault
from backend.store.lane import DatabaseUnavailableError
from backend.store.people import Person
from backend.store.schema import runs
from backend.ws.connection import Connection
from backend.ws.router import Router

CROWD = 5
"""Open runs of other people from which on it is crowded."""
STRUCK = 2
"""The how many-th question of each person is struck."""
ROOM = 8
"""Messages that may wait for their turn at the same time."""


class _LosesTheSecond(RunLoop):
    asked: ClassVar[Counter[str]] = Counter()

    async def plan(self) -> Plan:
        self.asked[self.context.user_id] += 1
        self.nth = self.asked[self.context.user_id]
        return await super().plan()

    async def complete(self, plan: Plan, outcomes: list[Outcome]) -> None:
        if self.nth == STRUCK and await self.ground.database.read(self.crowded):
            raise RuntimeError("There are too many answers at once.")
        await super().complete(plan, outcomes)

    def crowded(self, connection: Transaction) -> bool:
        """Whether many others are at work, and nothing else of this person is."""
        others = runs.c.user_id != self.context.user_id
        open_runs = select(func.count()).select_from(runs).where(runs.c.open.is_(True))
        own = int(connection.execute(open_runs.where(~others)).scalar_one())
        return own == 1 and int(connection.execute(open_runs.where(others)).scalar_one()) >= CROWD


@fault("second-question-lost-in-a-crowd", group="isolation")
def second_question_lost_in_a_crowd(components: Components) -> Components:
    """Where many work at the same time everybody's second question fails; before and after it all is well."""
    return replace(components, run_loop=_LosesTheSecond)


class _TurnsTheCrowdAway(Router):
    waiting = 0

    async def admitted(self, connection: Connection, document: Mapping[str, Any] | FrameError) -> Person:
        self.waiting += 1
        try:
            if self.waiting > ROOM:
                raise DatabaseUnavailableError("There is no room for one more.")
            return await super().admitted(connection, document)
        finally:
            self.waiting -= 1


@fault("crowd-turned-away", group="isolation")
def crowd_turned_away(components: Components) -> Components:
    """On a busy morning customers are told that the service is out of order, though it is only busy."""
    return replace(components, router=_TurnsTheCrowdAway)
