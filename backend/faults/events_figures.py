"""Faults of what the events say about the work: durations, steps, arguments, findings that are not true."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from backend.agent.money import money
from backend.agent.narrator import Answer, Finding, Narrator, Outcome
from backend.agent.plan import Plan
from backend.agent.run import RunLoop
from backend.components import Components
from backend.compose import RunKey
from backend.faults import fault
from backend.faults._tampering import TamperingLog, plan_of
from backend.store.events import Also, Draft
from backend.store.records import DIMENSIONS

SHOWN = 3
"""Findings that fit on a small screen."""


class _CountsMicroseconds(RunLoop):
    async def tool_completed(
        self,
        tool_call_id: str,
        status: str,
        result: Mapping[str, object] | None,
        seconds: float,
        *,
        closing: bool = False,
    ) -> None:
        await super().tool_completed(tool_call_id, status, result, seconds * 1000, closing=closing)


@fault("duration-exaggerated", group="events")
def duration_exaggerated(components: Components) -> Components:
    """Customers are told that tools worked far longer than they waited: durations are in microseconds."""
    return replace(components, run_loop=_CountsMicroseconds)


class _AlwaysTheFirstStep(TamperingLog):
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        plan = plan_of(connection, run.run_id) if draft.type == "agent_thinking" else None
        if plan is None or not plan.filters:
            return [draft]
        return [replace(draft, fields={**draft.fields, "step": 1})]


@fault("steps-not-counted", group="events")
def steps_not_counted(components: Components) -> Components:
    """Customers who ask about a part of their costs cannot see how far the agent is: each step is 1."""
    return replace(components, event_log=_AlwaysTheFirstStep)


class _ShowsNoFilters(TamperingLog):
    def instead(self, connection: Connection, run: RunKey, draft: Draft) -> Sequence[Draft]:
        del connection, run
        arguments = draft.fields.get("arguments")
        if not isinstance(arguments, dict):
            return [draft]
        shown = {name: value for name, value in arguments.items() if name not in DIMENSIONS}
        return [replace(draft, fields={**draft.fields, "arguments": shown})]


@fault("arguments-not-those-used", group="events")
def arguments_not_those_used(components: Components) -> Components:
    """Customers see a query of everything where the agent asked for a part: filters are not shown."""
    return replace(components, event_log=_ShowsNoFilters)


class _NamesTheFirstThree(Narrator):
    def savings(self, plan: Plan, findings: Sequence[Finding]) -> str:
        return super().savings(plan, findings[:SHOWN])


@fault("findings-cut-from-the-text", group="events")
def findings_cut_from_the_text(components: Components) -> Components:
    """Customers read of three savings and miss the others, which only programs can see."""
    return replace(components, narrator=_NamesTheFirstThree)


class _CountsEqualAmountsOnce(Narrator):
    def savings(self, plan: Plan, findings: Sequence[Finding]) -> str:
        amounts = [finding.monthly_saving_cents for finding in findings]
        text = super().savings(plan, findings)
        return text.replace(f"save {money(sum(amounts))} a", f"save {money(sum(set(amounts)))} a", 1)


@fault("equal-savings-counted-once", group="events")
def equal_savings_counted_once(components: Components) -> Components:
    """Customers with several resources of one price read that all of them save no more than one."""
    return replace(components, narrator=_CountsEqualAmountsOnce)


class _TellsAMonthOfTheForecast(Narrator):
    def details(self, plan: Plan, outcome: Outcome) -> Iterable[str]:
        told = dict(outcome.result.result)
        if outcome.call.tool == "forecast_spend":
            told["expected_cents"] //= told["months"]
        return super().details(plan, replace(outcome, result=replace(outcome.result, result=told)))


@fault("forecast-told-by-the-month", group="events")
def forecast_told_by_the_month(components: Components) -> Components:
    """Customers who ask about a quarter read what a month of it costs, and budget a third of it."""
    return replace(components, narrator=_TellsAMonthOfTheForecast)


class _CreditsTheFirstCall(Narrator):
    def findings(self, outcomes: Iterable[Outcome]) -> Iterable[Finding]:
        outcomes = list(outcomes)
        for finding in super().findings(outcomes):
            yield replace(finding, tool_call_id=outcomes[0].tool_call_id)


@fault("finding-from-another-call", group="events")
def finding_from_another_call(components: Components) -> Components:
    """Customers who check a saving are led to a result that does not show it."""
    return replace(components, narrator=_CreditsTheFirstCall)


class _ForgetsWhatItSaid(RunLoop):
    def keep_answer(self, answer: Answer) -> Also:
        del answer

        def nothing(connection: Connection, timestamp: float) -> None:
            del connection, timestamp

        return nothing


@fault("answer-missing-in-the-thread", group="events")
def answer_missing_in_the_thread(components: Components) -> Components:
    """Customers who come back find their questions and no answers: those were shown, and not kept."""
    return replace(components, run_loop=_ForgetsWhatItSaid)
