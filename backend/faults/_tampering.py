"""A log that stores something else than what a run hands in: the ground of many faults."""

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from backend.agent.plan import Plan
from backend.compose import RunKey
from backend.store.events import Appended, Draft, EventLog
from backend.store.schema import runs


class TamperingLog(EventLog):
    """Stores other events in the place of one. Holds, leases and ``seq`` work as they should."""

    def insert(self, connection: Connection, run: RunKey, draft: Draft, now: float) -> Appended:
        """Stores what ``instead`` gives, in this order."""
        if draft.type == "agent_started":
            # The plan is kept along with the start, and what happens instead of an event depends on the plan.
            self.settle(connection, run, draft, now)
            draft = replace(draft, also=None)
        stored = self.instead(connection, run, draft)
        if draft not in stored:
            self.settle(connection, run, draft, now)
        last = self.last_seq(connection, run.user_id)
        appended = Appended(run.user_id, last, draft.type, "", now)
        for event in stored:
            appended = super().insert(connection, run, event, now)
        return appended

    @abstractmethod
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        """Returns the events to store in the place of one; none loses it."""


def plan_of(connection: Connection, run_id: str) -> Plan | None:
    """Returns the plan of a run, once it has one."""
    plan = connection.execute(select(runs.c.plan).where(runs.c.id == run_id)).scalar()
    return Plan.from_dict(json.loads(plan)) if plan else None


def planned_calls(connection: Connection, run_id: str) -> int:
    """Returns how many tool calls a run will make."""
    plan = plan_of(connection, run_id)
    return len(plan.calls) if plan else 0


def uses_several_tools(connection: Connection, run_id: str) -> bool:
    """Says whether a run makes more than one tool call; much that goes wrong goes wrong only then."""
    return planned_calls(connection, run_id) > 1
