"""The run loop: a plan is worked step by step, from the first sign of life to the answer."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from backend.agent.context import UserExecutionContext
from backend.agent.control import LeaseLostError, RunControl, StopRunError
from backend.agent.narrator import Answer, Outcome
from backend.agent.offers import UpgradeOffer
from backend.agent.plan import Plan, ToolCall
from backend.agent.stream import RunParts, RunStream
from backend.agent.tools import ToolResult
from backend.ids import new_id
from backend.store.events import Also
from backend.store.lane import DatabaseUnavailableError

MESSAGES: Mapping[str, str] = {
    "cancelled": "The question was cancelled.",
    "interrupted": "The service was interrupted before the answer was complete. Please ask again.",
    "tool_failed": "A tool failed, so there is no answer. Please ask again.",
    "internal": "Something went wrong on our side, so there is no answer. Please ask again.",
}
"""What ``agent_failed`` says to people, by its code."""


class ToolFailedError(Exception):
    """A tool raised."""


class RunLoop(RunStream):
    """Works on one run. A new one is made for each."""

    def __init__(self, parts: RunParts, context: UserExecutionContext, control: RunControl) -> None:
        super().__init__(parts, context, control)
        self.open_calls: dict[str, tuple[str, float]] = {}

    async def work(self) -> bool:
        """Works the run to its end.

        Returns:
            Whether it has its end in the log, or is another process's by now; if not, somebody must end it.
        """
        try:
            try:
                await self.answer()
            except StopRunError as told:
                await self.end(str(told))
            except ToolFailedError as problem:
                self.ground.journal.failure("tool_failed", problem, run_id=self.context.run_id)
                await self.end("tool_failed", "failed")
        except LeaseLostError:
            self.ground.journal.warning("lease_lost", run_id=self.context.run_id)
        except DatabaseUnavailableError:
            self.ground.journal.warning("run_without_database", run_id=self.context.run_id)
            return False
        except Exception as problem:  # noqa: BLE001 -- whatever a run meets ends this run and no other
            self.ground.journal.failure("run_failed", problem, run_id=self.context.run_id)
            return await self.end_after_failure()
        return True

    async def answer(self) -> None:
        """The run's steps, from the plan to the answer."""
        plan = await self.plan()
        await self.started(plan)
        outcomes: list[Outcome] = []
        for call in plan.calls:
            await self.think(plan, outcomes, call)
            outcomes.append(await self.call(call))
        await self.think(plan, outcomes, None)
        await self.complete(plan, outcomes)

    async def plan(self) -> Plan:
        """Plans the question."""
        return await self.ground.database.read(self.make_plan)

    def make_plan(self, connection: Connection) -> Plan:
        """Returns the plan, from the question, the organisation's words and what the thread asked before."""
        stored = self.stores.runs.previous_plan(connection, self.context.run_id)
        previous = None if stored is None else Plan.from_dict(json.loads(stored))
        vocabulary = self.stores.records.vocabulary(connection, self.context.organisation_id)
        return self.parts.planner.plan(self.context.question, previous, vocabulary, self.context.policy)

    async def started(self, plan: Plan) -> None:
        """Says that the agent has begun, and keeps the plan with the run for questions that follow it."""
        narrator = self.parts.narrator

        def keep_plan(connection: Connection, _timestamp: float) -> None:
            stored = json.dumps(plan.to_dict(), ensure_ascii=False)
            self.stores.runs.keep_plan(connection, self.context.run_id, stored)

        fields = {"agent_name": narrator.agent_name, "message": narrator.started(plan)}
        await self.emit("agent_started", fields, also=keep_plan)

    async def think(self, plan: Plan, outcomes: list[Outcome], coming: ToolCall | None) -> None:
        """Says what the agent is about to do, and why."""
        step = self.counts["agent_thinking"] + 1
        narrator = self.parts.narrator
        await self.emit(
            "agent_thinking",
            {
                "agent_name": narrator.agent_name,
                "reasoning": narrator.thinking(plan, step, outcomes, coming),
                "step": step,
            },
        )

    async def call(self, call: ToolCall) -> Outcome:
        """Runs one tool, between its two events."""
        tool_call_id = new_id("c")
        await self.emit(
            "tool_executing",
            {"tool_name": call.tool, "tool_call_id": tool_call_id, "arguments": dict(call.arguments)},
        )
        began = self.ground.clock.monotonic()
        self.open_calls[tool_call_id] = (call.tool, began)
        result = await self.run_tool(call)
        await self.tool_completed(tool_call_id, "ok", result.result, self.ground.clock.monotonic() - began)
        return Outcome(call, result, tool_call_id)

    async def run_tool(self, call: ToolCall) -> ToolResult:
        """Returns a tool's result, unless the run is told to end before it is there."""
        running = self.parts.tool_threads.run(
            self.context.user_id, lambda: self.ground.database.read_here(self.use_tool, call)
        )
        either: set[asyncio.Future[Any]] = {running, self.control.stopped}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self.control.reason is not None:
            running.cancel()
            raise StopRunError(self.control.reason)
        try:
            return running.result()
        except DatabaseUnavailableError:
            raise
        except Exception as problem:
            raise ToolFailedError(call.tool) from problem

    def use_tool(self, connection: Connection, call: ToolCall) -> ToolResult:
        """Calls the tool on the records of the asker's organisation. Runs in a thread."""
        return self.parts.toolbox.call(connection, self.context.organisation_id, call)

    async def tool_completed(
        self,
        tool_call_id: str,
        status: str,
        result: Mapping[str, object] | None,
        seconds: float,
        *,
        closing: bool = False,
    ) -> None:
        """Says that a tool call is over."""
        tool, _ = self.open_calls[tool_call_id]
        await self.emit(
            "tool_completed",
            {
                "tool_name": tool,
                "tool_call_id": tool_call_id,
                "status": status,
                "result": None if result is None else dict(result),
                "duration_ms": milliseconds(seconds),
            },
            closing=closing,
        )
        del self.open_calls[tool_call_id]

    async def complete(self, plan: Plan, outcomes: list[Outcome]) -> None:
        """Writes the answer, into the log and into the thread."""
        offer = await self.offer()
        answer = self.parts.narrator.answer(plan, outcomes, offer)
        await self.emit(
            "agent_completed", self.completed_fields(answer, offer), also=self.keep_answer(answer)
        )

    async def offer(self) -> UpgradeOffer | None:
        """Returns the upgrade offer that goes with the answer."""
        return await self.parts.tool_threads.run(
            self.context.user_id,
            lambda: self.ground.database.read_here(
                self.parts.offers.for_answer, self.context.organisation_id, self.context.policy.name
            ),
        )

    def completed_fields(self, answer: Answer, offer: UpgradeOffer | None) -> dict[str, object]:
        """Returns the fields of ``agent_completed``."""
        findings = [
            {
                "id": new_id("f"),
                "title": finding.title,
                "monthly_saving_cents": finding.monthly_saving_cents,
                "tool_call_id": finding.tool_call_id,
            }
            for finding in answer.findings
        ]
        fields: dict[str, object] = {
            "agent_name": self.parts.narrator.agent_name,
            "response": answer.response,
            "result": {"findings": findings},
            "duration_ms": milliseconds(self.ground.clock.monotonic() - self.context.began),
        }
        if offer is not None:
            fields["upgrade_offer"] = offer.as_dict()
        return fields

    def keep_answer(self, answer: Answer) -> Also:
        """Returns what stores the answer in the thread, in the transaction of the event that carries it."""

        def add(connection: Connection, timestamp: float) -> None:
            self.stores.threads.add(
                connection,
                self.context.thread_id,
                "assistant",
                answer.response,
                self.context.run_id,
                timestamp,
            )

        return add

    async def end(self, code: str, status: str = "cancelled") -> None:
        """Ends a run that will have no answer: closes its open tool calls, then ``agent_failed``."""
        now = self.ground.clock.monotonic()
        for tool_call_id, (_, began) in list(self.open_calls.items()):
            await self.tool_completed(tool_call_id, status, None, now - began, closing=True)
        await self.emit("agent_failed", {"code": code, "message": MESSAGES[code]}, closing=True)

    async def end_after_failure(self) -> bool:
        """Ends a run that met something unexpected; says whether that worked."""
        try:
            if not self.counts["agent_started"]:
                name = self.parts.narrator.agent_name
                fields = {"agent_name": name, "message": "I have your question."}
                await self.emit("agent_started", fields, closing=True)
            await self.end("internal", "failed")
        except LeaseLostError:
            return True
        except Exception as problem:  # noqa: BLE001 -- the sweeper ends what cannot be ended here
            self.ground.journal.failure("run_not_ended", problem, run_id=self.context.run_id)
            return False
        return True


def milliseconds(seconds: float) -> float:
    """Returns a duration in milliseconds, to the microsecond."""
    return round(max(0.0, seconds) * 1000, 3)
