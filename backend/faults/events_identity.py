"""Faults of the event stream: events under a wrong id, or in another run."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from backend.agent.narrator import Outcome
from backend.agent.plan import Plan, ToolCall
from backend.agent.run import RunLoop
from backend.components import Components
from backend.compose import RunKey
from backend.faults import fault
from backend.faults._tampering import TamperingLog, plan_of
from backend.ids import new_id
from backend.store.events import Appended, Draft, EventLog
from backend.store.schema import events, runs


class _StartsElsewhere(EventLog):
    """Files the start of some runs under another key: of those that look at spend by team."""

    def insert(self, connection: Connection, run: RunKey, draft: Draft, now: float) -> Appended:
        if draft.type != "agent_started":
            return super().insert(connection, run, draft, now)
        self.settle(connection, run, draft, now)
        plan = plan_of(connection, run.run_id)
        key = self.elsewhere(run) if plan and plan.group_by == "team" else run
        return super().insert(connection, key, replace(draft, also=None), now)

    @abstractmethod
    def elsewhere(self, run: RunKey) -> RunKey:
        """Returns the wrong key."""


class _StartsAnotherRun(_StartsElsewhere):
    def elsewhere(self, run: RunKey) -> RunKey:
        return replace(run, run_id=new_id("r"))


@fault("wrong-run-id", group="events")
def wrong_run_id(components: Components) -> Components:
    """Customers who ask about teams cannot tell which question the agent has begun: its id is another."""
    return replace(components, event_log=_StartsAnotherRun)


class _StartsInAnotherThread(_StartsElsewhere):
    def elsewhere(self, run: RunKey) -> RunKey:
        return replace(run, thread_id=new_id("t"))


@fault("wrong-thread-id", group="events")
def wrong_thread_id(components: Components) -> Components:
    """Customers who ask about teams see the agent begin in a conversation that does not exist."""
    return replace(components, event_log=_StartsInAnotherThread)


class _AnswersTheFirstCallAgain(TamperingLog):
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        if draft.type != "tool_completed":
            return [draft]
        first = select(events.c.tool_call_id).where(
            events.c.run_id == run.run_id, events.c.type == "tool_executing"
        )
        call = connection.execute(first.order_by(events.c.seq).limit(1)).scalar_one()
        return [replace(draft, fields={**draft.fields, "tool_call_id": call})]


@fault("tool-call-id-mismatch", group="events", family="broken-run")
def tool_call_id_mismatch(components: Components) -> Components:
    """Customers see the first tool finish again and again and the others never: ids are mixed up."""
    return replace(components, event_log=_AnswersTheFirstCallAgain)


class _ThinksBeforeItStarts(RunLoop):
    async def started(self, plan: Plan) -> None:
        if plan.group_by != "team":
            await super().started(plan)

    async def think(self, plan: Plan, outcomes: list[Outcome], coming: ToolCall | None) -> None:
        await super().think(plan, outcomes, coming)
        if plan.group_by == "team" and self.counts["agent_started"] == 0:
            await super().started(plan)


@fault("started-after-first-thinking", group="events")
def started_after_first_thinking(components: Components) -> Components:
    """Customers who ask about teams see reasoning of an agent that has not introduced itself yet."""
    return replace(components, run_loop=_ThinksBeforeItStarts)


class _FilesUnderAnotherRun(EventLog):
    def insert(self, connection: Connection, run: RunKey, draft: Draft, now: float) -> Appended:
        first_call = draft.type in {"tool_executing", "tool_completed"} and draft.nth == 1
        other = self.another_run(connection, run) if first_call else None
        return super().insert(connection, other or run, draft, now)

    def another_run(self, connection: Connection, run: RunKey) -> RunKey | None:
        """Returns the user's oldest other run that is open."""
        statement = (
            select(runs.c.id, runs.c.thread_id)
            .where(runs.c.user_id == run.user_id, runs.c.open.is_(True), runs.c.id != run.run_id)
            .order_by(runs.c.started_at, runs.c.id)
            .limit(1)
        )
        row = connection.execute(statement).one_or_none()
        return None if row is None else RunKey(row.id, run.user_id, row.thread_id)


@fault("events-of-two-runs-exchanged", group="events")
def events_of_two_runs_exchanged(components: Components) -> Components:
    """Customers who ask two things at once see the first tool call of the one question under the other."""
    return replace(components, event_log=_FilesUnderAnotherRun)
