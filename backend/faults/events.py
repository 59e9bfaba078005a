"""Faults of the event stream: events that are lost, come twice, or come in the wrong order."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from backend.agent.narrator import AGENT_NAME
from backend.agent.run import MESSAGES
from backend.components import Components
from backend.compose import Encoder, EventComposer, RunKey
from backend.faults import fault
from backend.faults._tampering import TamperingLog, planned_calls, uses_several_tools
from backend.store.events import Draft
from backend.store.holds import Holds
from backend.store.schema import events


class _Keeping(TamperingLog):
    """Keeps an event of each run back, to store it later."""

    def __init__(self, composer: EventComposer, encoder: Encoder, holds: Holds) -> None:
        super().__init__(composer, encoder, holds)
        self.kept: dict[str, Draft] = {}

    def with_kept(self, run: RunKey, draft: Draft) -> Sequence[Draft]:
        """Returns the event, and behind it the one that was kept back, if any."""
        late = self.kept.pop(run.run_id, None)
        return [draft] if late is None else [draft, late]


class _AnswersBeforeTheLastResult(_Keeping):
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        calls = planned_calls(connection, run.run_id)
        if draft.type == "tool_completed" and draft.nth == calls > 1:
            self.kept[run.run_id] = draft
            return []
        return self.with_kept(run, draft) if draft.ends else [draft]


@fault("completion-before-last-tool-result", group="events", family="broken-run")
def completion_before_last_tool_result(components: Components) -> Components:
    """Customers see the answer while the last of several tools still works, and its result after it."""
    return replace(components, event_log=_AnswersBeforeTheLastResult)


class _StoresAResultTwice(TamperingLog):
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        again = (
            draft.type == "tool_completed" and draft.nth == 1 and uses_several_tools(connection, run.run_id)
        )
        return [draft, draft] if again else [draft]


@fault("duplicated-event", group="events", family="broken-run")
def duplicated_event(components: Components) -> Components:
    """Customers see a tool finish twice, because an event that was stored is stored again."""
    return replace(components, event_log=_StoresAResultTwice)


class _Losing(TamperingLog):
    lost = ""

    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        lost = draft.type == self.lost and draft.nth == 1 and uses_several_tools(connection, run.run_id)
        return [] if lost else [draft]


class _LosesStarted(_Losing):
    lost = "agent_started"


class _LosesThinking(_Losing):
    lost = "agent_thinking"


class _LosesExecuting(_Losing):
    lost = "tool_executing"


class _LosesResult(_Losing):
    lost = "tool_completed"


class _LosesAnswer(_Losing):
    lost = "agent_completed"


@fault("dropped-agent-started", group="events", family="broken-run")
def dropped_agent_started(components: Components) -> Components:
    """Customers are never told that the agent has begun when it will use several tools."""
    return replace(components, event_log=_LosesStarted)


@fault("dropped-agent-thinking", group="events", family="broken-run")
def dropped_agent_thinking(components: Components) -> Components:
    """Customers see the first of several tools used without a reason: the first reasoning is lost."""
    return replace(components, event_log=_LosesThinking)


@fault("dropped-tool-executing", group="events")
def dropped_tool_executing(components: Components) -> Components:
    """Customers see the result of a tool that they never saw at work: the first of several calls is lost."""
    return replace(components, event_log=_LosesExecuting)


@fault("dropped-tool-completed", group="events", family="broken-run")
def dropped_tool_completed(components: Components) -> Components:
    """Customers see a tool work for ever: the result of the first of several calls is lost."""
    return replace(components, event_log=_LosesResult)


@fault("dropped-agent-completed", group="events", family="broken-run")
def dropped_agent_completed(components: Components) -> Components:
    """Customers wait for ever for an answer that took several tools: it is in the thread and never comes."""
    return replace(components, event_log=_LosesAnswer)


class _SwapsNeighbours(_Keeping):
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        calls = planned_calls(connection, run.run_id)
        if draft.type == "tool_executing" and draft.nth == calls > 1:
            self.kept[run.run_id] = draft
            return []
        return self.with_kept(run, draft) if draft.type == "tool_completed" else [draft]


@fault("swapped-neighbours", group="events", family="broken-run")
def swapped_neighbours(components: Components) -> Components:
    """Customers see the last of several tools finish before it begins: two neighbours are swapped."""
    return replace(components, event_log=_SwapsNeighbours)


class _GoesOnAfterTheAnswer(TamperingLog):
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        if draft.type != "agent_completed" or not uses_several_tools(connection, run.run_id):
            return [draft]
        thought = select(func.count()).where(events.c.run_id == run.run_id, events.c.type == "agent_thinking")
        step = int(connection.execute(thought).scalar_one()) + 1
        said = {"agent_name": AGENT_NAME, "reasoning": "The answer is written. I am done.", "step": step}
        return [draft, Draft("agent_thinking", step, said)]


@fault("event-after-completion", group="events", family="broken-run")
def event_after_completion(components: Components) -> Components:
    """Customers see the agent think on after its answer, and do not know whether more will come."""
    return replace(components, event_log=_GoesOnAfterTheAnswer)


class _EndsTwice(TamperingLog):
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        if draft.type != "agent_completed" or not uses_several_tools(connection, run.run_id):
            return [draft]
        return [draft, Draft("agent_failed", 1, {"code": "internal", "message": MESSAGES["internal"]})]


@fault("two-ends", group="events", family="broken-run")
def two_ends(components: Components) -> Components:
    """Customers get an answer and are told at once that there is none: cleaning up reports a failure."""
    return replace(components, event_log=_EndsTwice)
